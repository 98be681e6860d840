#!/usr/bin/env python3
"""Compares the messages that Gridtap reads from captures with those that tshark reads.

Ends with status 1 if they differ in anything that explained.toml does not explain, or if an
explanation explains nothing.
"""

import argparse
import collections
import difflib
import fnmatch
import pathlib
import sys
import tomllib

import ours
import theirs
from normal import label

HERE = pathlib.Path(__file__).parent
SUFFIXES = (".pcap", ".pcapng", ".cap")


class Difference:
    """One kind of difference in one capture: how often, and where first."""

    def __init__(self, packet, ours, theirs):
        self.times, self.packet, self.ours, self.theirs = 0, packet, ours, theirs
        self.explanation = None


class Comparison:
    """What was found in one capture."""

    def __init__(self, name):
        self.name = name
        self.differences = {}
        self.compared = collections.Counter()
        self.by_field = collections.Counter()

    def differ(self, key, packet, mine, other):
        difference = self.differences.setdefault(key, Difference(packet, mine, other))
        difference.times += 1

    def counts(self, mine, other):
        for key in sorted(mine.keys() | other.keys()):
            self.compared["counts"] += 1
            if mine[key] != other[key]:
                self.differ(" ".join(("count", *key)), "-", mine[key], other[key])

    def messages(self, mine, other):
        packets = collections.defaultdict(lambda: ([], []))
        for which, messages in enumerate((mine, other)):
            for message in messages:
                packets[message.packet][which].append(message)
        for packet, (mine, other) in sorted(packets.items()):
            labels = [message.label() for message in mine], [message.label() for message in other]
            matcher = difflib.SequenceMatcher(None, *labels, autojunk=False)
            for kind, a, a_end, b, b_end in matcher.get_opcodes():
                if kind == "equal":
                    for left, right in zip(mine[a:a_end], other[b:b_end]):
                        self.message(left, right)
                    continue
                for each in labels[0][a:a_end]:
                    self.differ(f"message of ours alone: {each}", packet, each, "-")
                for each in labels[1][b:b_end]:
                    self.differ(f"message of tshark's alone: {each}", packet, "-", each)

    def message(self, mine, other):
        self.compared["messages"] += 1
        self.fields(mine.label(), mine.packet, mine.fields, other.fields)
        if mine.protocol == "dnp3":
            self.objects(mine, other)

    def objects(self, mine, other):
        for (header, points), (header_theirs, points_theirs) in zip(mine.objects, other.objects):
            name = f"g{header[0]}v{header[1]}"
            if header != header_theirs:
                key = f"{mine.label()}: object header {name}"
                self.differ(key, mine.packet, label(header), label(header_theirs))
                return
            self.compared["object headers"] += 1
            key = f"{mine.label()}: {name}"
            if len(points) != len(points_theirs):
                self.differ(f"{key} points", mine.packet, len(points), len(points_theirs))
            for left, right in zip(points, points_theirs):
                self.compared["points"] += 1
                self.fields(key, mine.packet, left, right)
        left, right = (message.objects[len(side.objects):] for message, side in
                       ((mine, other), (other, mine)))
        for headers, which in ((left, "ours"), (right, "tshark's")):
            for header, _ in headers:
                key = f"{mine.label()}: object header of {which} alone: g{header[0]}v{header[1]}"
                self.differ(key, mine.packet, len(mine.objects), len(other.objects))

    def fields(self, key, packet, mine, other):
        """Compares what tshark shows; it shows less than we do."""
        for field, value in other.items():
            self.by_field[field] += 1
            if mine.get(field) != value:
                self.differ(f"{key} {field}", packet, mine.get(field), value)


def main():
    options = arguments()
    root = options.captures.resolve()
    explanations = tomllib.loads(options.explained.read_text(encoding="utf-8")).get("difference", [])
    captures = sorted(path for path in root.rglob("*") if path.suffix in SUFFIXES)
    captures = [path for path in captures if fnmatch.fnmatch(name_of(path, root), options.only)]
    if not captures:
        sys.exit(f"no captures in {root}")
    print(f"{len(captures)} captures, against {theirs.version()}\n", flush=True)

    comparisons, failures, slowest = [], [], []
    for path in captures:
        name = name_of(path, root)
        run = ours.Run(options.gridtap, str(path))
        slowest.append((run.seconds, name))
        if run.status != 0:
            failures.append(f"{name}: status {run.status}: {run.stderr.strip()}")
        comparison = Comparison(name)
        comparison.compared["captures"] += 1
        comparison.compared["records"] += len(run.records)
        table = root / "truth" / (truth_name(path, root) + ".tsv")
        in_full = path.stat().st_size <= options.in_full_octets
        read = list(theirs.messages(str(path))) if in_full or not table.exists() else None
        comparison.counts(run.counts(), theirs.truth(table) if table.exists() else theirs.counts(read))
        if in_full:
            comparison.compared["captures in full"] += 1
            comparison.messages(run.messages(), read)
        explain(comparison, explanations)
        report(comparison)
        comparisons.append(comparison)
    sys.exit(conclude(comparisons, failures, slowest, explanations, options.only != "*"))


def arguments():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("captures", type=pathlib.Path, help="a folder of captures, truth/ in it if any")
    parser.add_argument("--gridtap", default="target/release/gridtap", help="the binary")
    parser.add_argument("--explained", type=pathlib.Path, default=HERE / "explained.toml")
    parser.add_argument("--only", default="*", help="only captures whose name fits, as modbus/*")
    parser.add_argument("--in-full-octets", type=int, default=1 << 30,
                        help="larger captures are compared by counts alone")
    return parser.parse_args()


def name_of(path, root):
    return path.relative_to(root).as_posix()


def truth_name(path, root):
    return path.relative_to(root).with_suffix("").as_posix().replace("/", "~")


def explain(comparison, explanations):
    """Finds the explanation of each difference: the first that fits."""
    for key, difference in comparison.differences.items():
        for each in explanations:
            if fits(comparison.name, each["captures"]) and fits(key, each["keys"]):
                difference.explanation = each
                each["found"] = each.get("found", 0) + difference.times
                break


def fits(name, patterns):
    return any(fnmatch.fnmatchcase(name, pattern) for pattern in patterns)


def report(comparison):
    """A table of one capture's differences; those that nothing explains are marked."""
    if not comparison.differences:
        return
    print(f"{comparison.name}\n  {'times':>5} {'packet':>6} {'ours':>12} {'tshark':>12}  what")
    for key, each in comparison.differences.items():
        sides = [str(side) if len(str(side)) <= 12 else "…" for side in (each.ours, each.theirs)]
        print(f"{'  ' if each.explanation else '? '}{each.times:5} {each.packet:>6} "
              f"{sides[0]:>12} {sides[1]:>12}  {key}")
        if not each.explanation and "…" in sides:
            print(f"    ours {each.ours}, tshark {each.theirs}")
    print(flush=True)


def conclude(comparisons, failures, slowest, explanations, partial):
    """The summary; returns the exit status."""
    compared = sum((each.compared for each in comparisons), collections.Counter())
    print("Compared: " + ", ".join(f"{count:,} {what}" for what, count in compared.items()))
    fields = sum((each.by_field for each in comparisons), collections.Counter())
    print(f"Of these {fields.total():,} fields: "
          + ", ".join(f"{count:,} {field}" for field, count in fields.most_common()))
    found = [each for comparison in comparisons for each in comparison.differences.values()]
    unexplained = sum(each.times for each in found if each.explanation is None)
    files = sum(bool(each.differences) for each in comparisons)
    print(f"Differences: {sum(each.times for each in found)} in {files} captures, "
          f"of which {unexplained} are not explained")
    reasons = collections.Counter()
    for each in explanations:
        reasons[each["class"], each["right"]] += each.get("found", 0)
    for (reason, right), times in sorted(reasons.items()):
        if times:
            print(f"  {times:7} {reason} (right: {right})")
    stale = [] if partial else [each for each in explanations if each.get("found", 0) != each["times"]]
    for each in stale:
        print(f"  explained {each['times']} times, found {each.get('found', 0)} times: "
              f"{', '.join(each['captures'])}: {', '.join(each['keys'])}")
    for each in failures:
        print(f"  {each}")
    seconds, name = max(slowest)
    print(f"Slowest run of gridtap: {seconds:.2f} s, {name}")
    return 1 if unexplained or stale or failures else 0


if __name__ == "__main__":
    main()
