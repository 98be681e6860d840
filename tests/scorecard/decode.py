"""Decode completeness: messages that were sent, that gridtap reads, and that tshark reads."""

import collections
import json
import subprocess

# What tshark calls wrong, field by field: the value that says so, or any at all.
ERROR = 8388608
WRONG = {
    "_ws.malformed": None, "_ws.short": None, "tcp.analysis.flags": None,
    "ip.checksum.status": "0", "tcp.checksum.status": "0",
    "dnp.hdr.CRC.status": "0", "dnp.data_chunk.CRC.status": "0",
}
FIELDS = ["modbus.func_code", "dnp3.al.func", "_ws.expert.severity", *WRONG]


def tshark(capture):
    """Messages of each protocol, and packets in which something is wrong, by what."""
    command = ["tshark", "-nr", str(capture), "-o", "ip.check_checksum:TRUE", "-o", "tcp.check_checksum:TRUE",
               "-T", "fields", *(word for field in FIELDS for word in ("-e", field))]
    counts, wrong = collections.Counter(), collections.Counter()
    packets = 0
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as running:
        for line in running.stdout:
            packets += 1
            modbus, dnp3, severity, *cells = line.rstrip("\n").split("\t")
            counts["modbus"] += values(modbus)
            counts["dnp3"] += values(dnp3)
            if any(int(value) >= ERROR for value in severity.split(",") if value):
                wrong["_ws.expert.severity"] += 1
            for (field, bad), cell in zip(WRONG.items(), cells):
                if cell and (bad is None or bad in cell.split(",")):
                    wrong[field] += 1
    if running.returncode:
        raise RuntimeError(f"tshark: status {running.returncode}")
    return {"packets": packets, **counts, "wrong": dict(wrong)}


def values(cell):
    return sum(1 for value in cell.split(",") if value)


def gridtap(lab, capture):
    """Messages of each protocol, and those that are not sound, of what gridtap reads."""
    command = [lab.gridtap, "messages", "-q", "--format", "jsonl", str(capture)]
    counts = collections.Counter()
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as running:
        for line in running.stdout:
            message = json.loads(line)
            if message.get("direction") != "link":
                counts[message["protocol"]] += 1
            counts["not ok"] += message["status"] != "ok"
    if running.returncode:
        raise RuntimeError(f"gridtap messages: status {running.returncode}")
    return dict(counts)


def day(lab, site, seed, seconds, full):
    """A benign day of a site, read by both."""
    with lab.simulate(site, seed, "--for", f"{seconds}s") as made:
        counts = made.manifest["counts"]
        result = {"sent": {"packets": counts["packets"], "modbus": counts["modbus_messages"],
                           "dnp3": counts["dnp3_messages"]},
                  "gridtap": gridtap(lab, made.capture)}
        if full:
            result["tshark"] = tshark(made.capture)
        return result


def real(lab, differential, captures):
    """The comparison over real captures: its summary, and whether all is explained."""
    command = ["python3", str(differential), "--gridtap", lab.gridtap, str(captures)]
    done = subprocess.run(command, capture_output=True, text=True)
    words = ("Compared:", "Differences:")
    summary = [line for line in done.stdout.splitlines() if line.startswith(words)]
    if not summary:
        raise RuntimeError(f"{differential}: {done.stderr.strip() or done.stdout[-300:]}")
    return {"summary": summary, "all explained": done.returncode == 0}
