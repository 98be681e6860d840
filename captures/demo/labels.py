"""Labels a capture of the demo by the plan: `labels.py CAPTURE SECONDS` writes CSV to the standard output.

Every control request found in the capture must be the plan's next one between
its two hosts, at its time; whatever does not fit ends the labelling.
"""

import csv
import io
import subprocess
import sys
from dataclasses import dataclass

import plan

FIELDS = (
    "frame.number",
    "frame.time_relative",
    "ip.src",
    "ip.dst",
    "arp.src.proto_ipv4",
    "arp.dst.proto_ipv4",
    "tcp.stream",
    "tcp.dstport",
    "tcp.payload",
)
COLUMNS = ("packet", "label", "attack", "actor", "target", "points")
ROGUE = plan.HOSTS["rogue"].address
MODBUS, DNP3 = "502", "20000"
# Seconds between a command's time in the plan and its last request in the capture: a poll may go first.
LATE = 3.0


@dataclass(frozen=True)
class Packet:
    """What labelling needs of a packet."""

    number: int
    at: float
    source: str
    target: str
    stream: str
    to_port: str
    payload: bytes


@dataclass(frozen=True)
class Request:
    """A control request: function code, point, value."""

    function: int
    point: str = ""
    value: int = 0


def read(capture: str) -> list[Packet]:
    """All packets; an ARP packet has its IP addresses as source and target."""
    command = ["tshark", "-n", "-r", capture, "-T", "fields", "-E", "separator=|"]
    for field in FIELDS:
        command += ["-e", field]
    lines = subprocess.run(command, check=True, capture_output=True, text=True).stdout.splitlines()
    packets = []
    for line in lines:
        number, at, ip_source, ip_target, arp_source, arp_target, stream, port, payload = line.split("|")
        source, target = ip_source or arp_source, ip_target or arp_target
        packets.append(Packet(int(number), float(at), source, target, stream, port, bytes.fromhex(payload)))
    return packets


def modbus_request(adu: bytes) -> Request | None:
    """The write of one coil or register that this ADU asks for."""
    kinds = {5: "coil", 6: "holding-register"}
    if adu[7] not in kinds:
        return None
    address, value = int.from_bytes(adu[8:10], "big"), int.from_bytes(adu[10:12], "big")
    return Request(adu[7], f"{kinds[adu[7]]}:{address}", value)


def dnp3_fragment(frame: bytes) -> bytes:
    """The application fragment of a link frame, without CRCs and transport header."""
    blocks = [frame[at : at + 18][:-2] for at in range(10, len(frame), 18)]
    return b"".join(blocks)[1:]


def dnp3_request(frame: bytes) -> Request | None:
    """The control request in this frame: one point, qualifier 0x17, as the library writes it."""
    fragment = dnp3_fragment(frame)
    if len(fragment) < 2 or fragment[1] not in (3, 4, 5, 6, 13, 14):
        return None
    function = fragment[1]
    if len(fragment) == 2:
        return Request(function)
    group, index = fragment[2], fragment[6]
    if group == 12:
        return Request(function, f"binary-output:{index}", fragment[7])
    return Request(function, f"analog-output:{index}", int.from_bytes(fragment[7:11], "little", signed=True))


def control_request(packet: Packet) -> Request | None:
    """The control request that a packet carries, if any."""
    if not packet.payload:
        return None
    if packet.to_port == MODBUS:
        return modbus_request(packet.payload)
    if packet.to_port == DNP3:
        return dnp3_request(packet.payload)
    return None


def expected(seconds: float) -> dict[tuple[str, str], list[tuple[plan.Command, Request]]]:
    """The plan's control requests, by actor's and target's address, in order."""
    requests: dict = {}
    for command in plan.timeline(seconds):
        pair = plan.HOSTS[command.actor].address, plan.HOSTS[command.target].address
        for function in plan.FUNCTIONS.get(command.deed, ()):
            request = Request(function, command.point, plan.wire_value(command))
            requests.setdefault(pair, []).append((command, request))
    return requests


def answer(packets: list[Packet], position: int) -> Packet:
    """The next octets from the other side of the connection: requests there go one at a time."""
    request = packets[position]
    later = (p for p in packets[position:] if p.stream == request.stream and p.source == request.target)
    return next(p for p in later if p.payload)


def row(packet: Packet, command: plan.Command) -> tuple:
    actor, target = plan.HOSTS[command.actor].address, plan.HOSTS[command.target].address
    return packet.number, int(bool(command.attack)), command.attack, actor, target, command.point


def rogue_rows(packets: list[Packet]) -> dict[int, tuple]:
    """Every packet from or to the rogue host, by the attack on the host it speaks with."""
    attacks = {c.target: c for c in plan.ATTACKS if c.actor == "rogue"}
    rows = {}
    for packet in packets:
        if ROGUE in (packet.source, packet.target):
            other = packet.target if packet.source == ROGUE else packet.source
            attack = attacks[plan.NAMES[other]]
            rows[packet.number] = (packet.number, 1, attack.attack, ROGUE, other, "")
    return rows


def label(packets: list[Packet], seconds: float) -> list[tuple]:
    """The rows of the table, checked against the plan."""
    rows = rogue_rows(packets)
    waiting = expected(seconds)
    scanned = plan.HOSTS["feeder"].address
    for position, packet in enumerate(packets):
        request = control_request(packet)
        if request is None or (packet.source, packet.target) == (ROGUE, scanned):
            continue
        planned = waiting.get((packet.source, packet.target))
        if not planned:
            raise SystemExit(f"packet {packet.number}: {request} is not in the plan")
        command, wanted = planned.pop(0)
        if request != wanted or not -0.1 <= packet.at - command.at <= LATE:
            raise SystemExit(f"packet {packet.number} at {packet.at}: {request} is not {command}")
        rows[packet.number] = row(packet, command)
        if command.attack:
            response = answer(packets, position)
            rows[response.number] = row(response, command)
    left = [command for planned in waiting.values() for command, _ in planned]
    if left:
        raise SystemExit(f"not in the capture: {left}")
    return [rows[number] for number in sorted(rows)]


def table(capture: str, seconds: float) -> str:
    """The labels of a capture as CSV."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(COLUMNS)
    writer.writerows(label(read(capture), seconds))
    return text.getvalue()


if __name__ == "__main__":
    sys.stdout.write(table(sys.argv[1], float(sys.argv[2])))
