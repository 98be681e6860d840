"""Commands as a table for a paper: who commanded which point, how often, how it ended, and what was raised.

    gridtap export --parquet tables monday.pcap tuesday.pcap
    python3 docs/examples/commands.py tables > commands.csv

Needs duckdb (pip install duckdb).
"""

import csv
import sys

import duckdb

COMMANDS = """
with
    -- A command is a point of a request; its end is the event that names this request.
    command as (
        select c.*, e.outcome, e.after_ns
        from points c join events e on e.capture = c.capture and e.request = c.event
        where c.role = 'commanded'
    ),
    -- An alert names the first 64 packets of its acts.
    raised as (select distinct capture, unnest(packets) as packet from alerts)
select
    protocol, client, server, unit, space, address,
    count(*) as commands,
    count(distinct coalesce(switch, value::varchar)) as different,
    count(*) filter (where outcome = 'refused') as refused,
    count(*) filter (where outcome = 'unanswered') as unanswered,
    round(median(after_ns) / 1e6, 3) as answer_ms,
    count(raised.packet) as in_alerts
from command left join raised using (capture, packet)
group by all
order by commands desc, protocol, client, server, unit, space, address
"""


def main(tables):
    data = duckdb.connect()
    for name in ("events", "points", "alerts"):
        data.sql(f"create view {name} as from read_parquet('{tables}/*/{name}.parquet')")
    found = data.sql(COMMANDS)
    out = csv.writer(sys.stdout)
    out.writerow(found.columns)
    out.writerows(found.fetchall())


main(sys.argv[1])
