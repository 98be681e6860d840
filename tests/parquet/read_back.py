"""Reads exported tables back, twice, and compares them with what the other commands print of the same capture.

    read_back.py FOLDER MESSAGES.jsonl ALERTS.jsonl

FOLDER is that of the capture. Prints the numbers of rows; an assertion that fails ends it with status 1.
"""

import json
import sys
from datetime import datetime

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

TABLES = ("messages", "events", "points", "alerts")


def nanoseconds(text):
    """A time of RFC 3339 with nine decimals, in nanoseconds since 1970 UTC."""
    seconds, decimals = text.rstrip("Z").split(".")
    return int(datetime.fromisoformat(seconds + "+00:00").timestamp()) * 10**9 + int(decimals)


def rows(table):
    """The rows as dictionaries, times as whole nanoseconds."""
    for at, field in enumerate(table.schema):
        if pa.types.is_timestamp(field.type):
            assert (field.type.unit, field.type.tz) == ("ns", "UTC"), field
            table = table.set_column(at, field.name, table.column(at).cast(pa.int64()))
    return table.to_pylist()


def lines(path):
    with open(path) as file:
        return [json.loads(line) for line in file]


def same(row, line, names):
    for column, field in names.items():
        assert row[column] == line.get(field), (column, row[column], line)


def check_messages(found, expected):
    assert len(found) == len(expected) > 0
    for row, line in zip(found, expected):
        assert row["time"] == nanoseconds(line["time"]), line
        assert row["packets"] == line.get("packets", [line["packet"]])
        assert row["values"] == line.get("values", []), line
        assert row["lost"] == line.get("lost", 0), line
        assert row["iin"] == line.get("iin", []), line
        objects = [{key: part.get(key) for key in ("group", "variation", "qualifier", "count", "start", "stop")}
                   for part in line.get("objects", [])]
        assert row["objects"] == objects, line
        same(row, line, {name: name for name in (
            "packet", "protocol", "transport", "src_ip", "src_port", "dst_ip", "dst_port", "src_mac", "dst_mac",
            "vlan", "direction", "status", "error_class", "error", "offset", "request_packet", "function",
            "transaction", "unit", "subfunction", "address", "quantity", "write_address", "exception", "exception_name", "source",
            "destination", "sequence", "con", "uns", "select_packet", "confirms_packet")})


def check_events(found):
    assert [row["event"] for row in found] == list(range(len(found)))
    asked = {row["event"] for row in found if row["stage"] == "requested"}
    ended = [row["request"] for row in found if row["stage"] == "ended"]
    assert asked and sorted(ended) == sorted(asked), "each request ends once"
    for row in found:
        if row["stage"] != "ended":
            continue
        request = found[row["request"]]
        same(row, request, {name: name for name in ("client", "server", "unit", "function", "targets")})
        if row["outcome"] == "unanswered":
            assert row["after_ns"] is None
        else:
            assert row["after_ns"] == row["time"] - request["time"]


def check_points(found, events):
    for row in found:
        event = events[row["event"]]
        same(row, event, {name: name for name in ("packet", "time", "client", "server", "unit", "intent")})
        assert (row["value"] is None) != (row["switch"] is None)
        if row["role"] == "commanded":
            assert event["stage"] == "requested"
            assert any(target["space"] == row["space"]
                       and target["start"] <= row["address"] < target["start"] + target["count"]
                       for target in event["targets"])
    assert {"commanded", "reported"} == {row["role"] for row in found}


def check_alerts(found, expected):
    last = {line["id"]: line for line in expected if line["final"]}
    assert len(found) == len(last) > 0 and {row["id"] for row in found} == set(last)
    for row in found:
        line = last[row["id"]]
        assert (row["time"], row["last_time"]) == (nanoseconds(line["time"]), nanoseconds(line["last_time"]))
        assert row["techniques"] == [technique["id"] for technique in line["techniques"]]
        assert len(row["findings"]) == len(line["findings"]) and len(row["targets"]) == len(line["targets"])
        same(row, line, {name: name for name in (
            "revision", "count", "severity", "kind", "hard", "surprise_bits", "what", "because", "normal_if", "actor",
            "packets", "baseline")})


def main(folder, messages, alerts):
    tables = {name: pq.read_table(f"{folder}/{name}.parquet") for name in TABLES}
    for name, table in tables.items():
        told = pq.read_metadata(f"{folder}/{name}.parquet").metadata
        assert told[b"gridtap.schema"] == f"gridtap.{name}/1".encode()
        assert all(field.metadata[b"about"] is not None for field in table.schema)
        data = duckdb.sql(f"select * from read_parquet('{folder}/{name}.parquet')")
        assert data.columns == table.column_names
        assert duckdb.sql("select count(*) from data").fetchall()[0] == (table.num_rows,)
    read = {name: rows(table) for name, table in tables.items()}
    check_messages(read["messages"], lines(messages))
    check_events(read["events"])
    check_points(read["points"], read["events"])
    check_alerts(read["alerts"], lines(alerts))

    # The same sums in SQL as in Python, over values, lists and times.
    points = f"read_parquet('{folder}/points.parquet')"
    total, first = duckdb.sql(f"select sum(value), epoch_ns(min(time)) from {points}").fetchall()[0]
    values = [row["value"] for row in read["points"] if row["value"] is not None]
    assert abs(total - sum(values)) < 1e-6 * max(1.0, abs(total))
    assert first == min(row["time"] for row in read["points"])
    listed, = duckdb.sql(
        f"select sum(len(packets)) from read_parquet('{folder}/messages.parquet')").fetchall()[0]
    assert listed == sum(len(row["packets"]) for row in read["messages"])
    print(json.dumps({name: len(rows) for name, rows in read.items()}))


main(*sys.argv[1:])
