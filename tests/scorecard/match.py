"""Which alerts are about which attack: the rule that is the same for every peer.

An attack is found by an alert at a time from its beginning to its end, the tolerance beyond both included, that names
one of its hosts as source or destination. Alerts of one source make one episode until it is quiet for 15 minutes. An
episode is wrong if none of its alerts finds an attack.
"""

import bisect
import collections
import csv
import dataclasses
import datetime

TOLERANCE_S = 10.0
QUIET_S = 15 * 60.0


@dataclasses.dataclass
class Attack:
    start: float
    end: float
    kind: str
    hosts: frozenset


@dataclasses.dataclass
class Alert:
    time: float
    source: str
    destination: str


def attacks(path):
    """The windows of a labels file."""
    with open(path, encoding="utf-8", newline="") as lines:
        return sorted((Attack(float(row["start"]), float(row["end"]), row["attack"],
                              frozenset(f"{row['actor']} {row['target']}".split()))
                       for row in csv.DictReader(lines)), key=lambda attack: attack.start)


def alerts(lines):
    """What an adapter printed."""
    for line in lines:
        time, source, destination, *_ = line.rstrip("\n").split("\t")
        yield Alert(float(time), source, destination)


def revisions(records):
    """Gridtap's own alerts as such: each revision at the time of its latest act, with its hosts."""
    for record in records:
        targets = [target.get("server_ip") if isinstance(target, dict) else target
                   for target in record.get("targets", [])]
        time = datetime.datetime.fromisoformat(record["last_time"][:26] + "+00:00").timestamp()
        source = record.get("client_ip", "")
        for target in {record.get("server_ip", ""), *filter(None, targets)}:
            yield Alert(time, source, target)


def score(attacks, alerts, from_s):
    """Recall by kind, and wrong episodes, of what was raised at or after a time."""
    alerts = sorted((alert for alert in alerts if alert.time >= from_s), key=lambda alert: alert.time)
    times = [alert.time for alert in alerts]
    finds = [False] * len(alerts)
    kinds = collections.defaultdict(lambda: [0, 0])
    for attack in attacks:
        first = bisect.bisect_left(times, attack.start - TOLERANCE_S)
        last = bisect.bisect_right(times, attack.end + TOLERANCE_S)
        found = [number for number in range(first, last)
                 if not attack.hosts or attack.hosts & {alerts[number].source, alerts[number].destination}]
        for number in found:
            finds[number] = True
        kinds[attack.kind][0] += bool(found)
        kinds[attack.kind][1] += 1
    return {"kinds": dict(kinds), "alerts": len(alerts), **episodes(alerts, finds)}


def episodes(alerts, finds):
    count, wrong, open_episodes = 0, 0, {}
    for alert, found in zip(alerts, finds):
        last, right = open_episodes.get(alert.source, (None, False))
        if last is None or alert.time - last >= QUIET_S:
            count, wrong = count + 1, wrong + 1
            right = False
        if found and not right:
            wrong, right = wrong - 1, True
        open_episodes[alert.source] = (alert.time, right)
    return {"episodes": count, "wrong": wrong}
