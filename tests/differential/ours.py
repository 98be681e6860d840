"""Gridtap's messages: `gridtap messages`, run and brought into the common form."""

import collections
import json
import subprocess
import time

from normal import USER_DATA, Message

MODBUS = (
    "transaction unit function subfunction address quantity values write_address write_quantity "
    "and_mask or_mask exception request_packet octets"
).split()
DNP3 = "source destination function sequence fir fin con uns iin".split()
POINT = (
    "index value flags time status operation trip_close clear count on_ms off_ms handle file_size "
    "file_status file_mode file_name permissions block last_block octets"
).split()


class Run:
    """One run over one capture."""

    def __init__(self, binary, capture):
        began = time.monotonic()
        done = subprocess.run(
            [binary, "messages", "--format", "jsonl", capture], capture_output=True, text=True)
        self.seconds = time.monotonic() - began
        self.status = done.returncode
        self.stderr = done.stderr
        self.records = [json.loads(line) for line in done.stdout.splitlines()]

    def counts(self):
        """How many messages of each kind, by the keys of the truth tables."""
        counts = collections.Counter()
        for record in self.records:
            function = record.get("function")
            if record["protocol"] == "modbus" and function is not None:
                counts["modbus.adu", record["direction"], "-"] += 1
                counts["modbus.func", record["direction"], str(function)] += 1
                if "exception" in record:
                    code = str(record["exception"])
                    counts["modbus.exception", record["direction"], code] += 1
            elif record["protocol"] == "dnp3" and function is not None:
                direction = "response" if function >= 129 else "request"
                counts["dnp3.app", direction, str(function)] += 1
                for each in record["objects"]:
                    code = f"g{each['group']}v{each['variation']}"
                    counts["dnp3.object", direction, code] += 1
            elif record.get("link_function") not in (None, *USER_DATA):
                counts["dnp3.link", "-", record["link_function"]] += 1
        return counts

    def messages(self):
        """The messages, in order."""
        return [message for message in map(read, self.records) if message]


def read(record):
    """A record in the common form, or nothing if it holds no message."""
    common = {key: record.get(key) for key in (
        "time", "src_ip", "src_port", "dst_ip", "dst_port", "src_mac", "dst_mac")}
    common["direction"] = record.get("direction")
    if record["protocol"] == "modbus":
        if "function" not in record:
            return None
        fields = {key: record[key] for key in MODBUS if key in record}
        return Message(record["packet"], "modbus", common | fields)
    if "function" not in record:
        # What should have been a frame of user data has told of no function.
        if record.get("link_function") in (None, *USER_DATA):
            return None
        fields = {key: record[key] for key in ("source", "destination", "link_function")}
        return Message(record["packet"], "dnp3.link", common | fields)
    fields = {key: record[key] for key in DNP3 if key in record}
    fields["iin"] = sorted(fields.get("iin", []))
    objects = []
    for each in record["objects"]:
        header = tuple(each.get(key) for key in (
            "group", "variation", "qualifier", "start", "stop", "count"))
        points = [{key: point[key] for key in POINT if key in point}
                  for point in each.get("points", [])]
        objects.append((header, points))
    return Message(record["packet"], "dnp3", common | fields, objects)
