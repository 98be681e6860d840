"""tshark's messages: its PDML output brought into the common form, and its counts."""

import collections
import datetime
import re
import struct
import subprocess
import xml.etree.ElementTree as ElementTree

from normal import (
    DOUBLE_BIT, FILE_MODE, FILE_STATUS, IIN, OPERATION, PRIMARY, SECONDARY, STATUS, TRIP_CLOSE, USER_DATA, Message)

# A sensor emits what was sent twice once.
WANTED = "(mbtcp || mbudp || mbrtu || dnp3) && !tcp.analysis.retransmission"
PROTOCOLS = "mbtcp mbudp mbrtu modbus dnp3"


def version():
    """Which tshark it is."""
    return subprocess.run(
        ["tshark", "--version"], capture_output=True, text=True).stdout.splitlines()[0]


def truth(table):
    """Counts of a truth table, without retransmissions."""
    counts = collections.Counter()
    with open(table, encoding="utf-8") as lines:
        next(lines)
        for line in lines:
            layer, direction, code, name, _, without = line.rstrip("\n").split("\t")
            if layer == "dnp3.link":
                names = PRIMARY if direction == "primary" else SECONDARY
                direction, code = "-", names.get(int(code), "reserved")
                if code in USER_DATA:
                    continue
            if layer.startswith(("modbus.", "dnp3.")):
                counts[layer, direction, code] += int(without)
    return counts


def messages(capture):
    """All messages that tshark dissects, in the order of the packets."""
    run = subprocess.Popen(
        ["tshark", "-n", "-r", capture, "-Y", WANTED, "-T", "pdml", "-J", PROTOCOLS],
        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    for _, element in ElementTree.iterparse(run.stdout):
        if element.tag == "packet":
            yield from packet(element)
            element.clear()
    if run.wait() != 0:
        raise RuntimeError(f"tshark failed on {capture}")


def counts(messages):
    """The same counts as those of a truth table."""
    sums = collections.Counter()
    for message in messages:
        fields = message.fields
        if message.protocol == "modbus":
            direction = fields["direction"]
            sums["modbus.adu", direction, "-"] += 1
            sums["modbus.func", direction, str(fields["function"])] += 1
            if "exception" in fields:
                sums["modbus.exception", direction, str(fields["exception"])] += 1
        elif message.protocol == "dnp3":
            direction = "response" if fields["function"] >= 129 else "request"
            sums["dnp3.app", direction, str(fields["function"])] += 1
            for header, _ in message.objects:
                sums["dnp3.object", direction, f"g{header[0]}v{header[1]}"] += 1
        else:
            sums["dnp3.link", "-", fields["link_function"]] += 1
    return sums


def packet(element):
    """The messages of one packet."""
    number, common, header = 0, {}, {}
    for proto in element:
        name, text = proto.get("name"), proto.get("showname", "")
        if name == "geninfo":
            field = {each.get("name"): each for each in proto}
            number = int(field["num"].get("show"))
            common["time"] = moment(field["timestamp"].get("value"))
        elif name == "eth":
            common["src_mac"], common["dst_mac"] = ends(text, "Src: ([0-9a-f:]+), Dst: ([0-9a-f:]+)")
        elif name in ("ip", "ipv6"):
            common["src_ip"], common["dst_ip"] = ends(text, "Src: ([^,]+), Dst: ([^,]+)")
        elif name in ("tcp", "udp"):
            ports = ends(text, "Src Port: ([0-9]+), Dst Port: ([0-9]+)")
            common["src_port"], common["dst_port"] = map(int, ports)
        elif name in ("mbtcp", "mbudp", "mbrtu"):
            header = {each.get("name"): each for each in proto.iter()}
        elif name == "modbus":
            yield Message(number, "modbus", common | modbus(proto, header, common))
        elif name == "dnp3":
            message = dnp3(number, proto, common)
            if message:
                yield message


def ends(text, pattern):
    """Source and destination in the line that sums up a layer."""
    found = re.search(pattern, text)
    return found.groups() if found else (None, None)


def moment(seconds):
    """Seconds since 1970, with nine decimals, as Gridtap writes them."""
    whole, decimals = seconds.split(".")
    since = datetime.datetime(1970, 1, 1) + datetime.timedelta(seconds=int(whole))
    return f"{since:%Y-%m-%dT%H:%M:%S}.{decimals}Z"


def clock(ms):
    """A device's clock, in milliseconds since 1970; past the year 9999 as the number."""
    try:
        return moment(f"{ms // 1000}.{ms % 1000:03}000000")
    except OverflowError:
        return ms


def number(element):
    """The number that a field shows."""
    text = element.get("show")
    return {"True": 1, "False": 0}.get(text) if text in ("True", "False") else int(text, 0)


def raw(element):
    """The octets of a field."""
    return bytes.fromhex(element.get("value"))


# --- Modbus ---------------------------------------------------------------------------------------


def modbus(proto, header, common):
    """The fields of a Modbus PDU."""
    ports = common.get("dst_port"), common.get("src_port")
    direction = "request" if ports[0] == 502 else "response" if ports[1] == 502 else "other"
    fields = {"direction": direction}
    for name, key in (("mbtcp.trans_id", "transaction"), ("mbtcp.unit_id", "unit"),
                      ("mbrtu.unit_id", "unit")):
        if name in header:
            fields[key] = number(header[name])
    seen = collections.defaultdict(list)
    for each in proto.iter("field"):
        seen[each.get("name")].append(each)

    def take(key, *names):
        for name in names:
            if seen[name]:
                fields.setdefault(key, number(seen[name][0]))

    take("function", "modbus.func_code")
    take("exception", "modbus.exception_code")
    take("request_packet", "modbus.request_frame")
    take("subfunction", "modbus.diagnostic_code", "modbus.mei")
    take("address", "modbus.reference_num", "modbus.read_reference_num")
    take("quantity", "modbus.bit_cnt", "modbus.word_cnt", "modbus.read_word_cnt")
    take("write_address", "modbus.write_reference_num")
    take("write_quantity", "modbus.write_word_cnt")
    take("and_mask", "modbus.and_mask")
    take("or_mask", "modbus.or_mask")
    values = [number(each) for each in seen["modbus.regval_uint16"] or seen["modbus.bitval"]]
    data = b"".join(raw(each) for each in seen["modbus.data"] if each.get("value"))
    function = fields.get("function")
    if function in (5, 6) and len(data) >= 1 and not values:
        # A coil is written as two octets, of which tshark shows the first as data.
        values = [int(data[0] != 0)] if function == 5 else [int.from_bytes(data[:2], "big")]
    if values:
        fields["values"] = values
    return fields


# --- DNP3 -----------------------------------------------------------------------------------------


def dnp3(packet, proto, common):
    """The message that a link frame completes, if it does."""
    seen = {each.get("name"): each for each in reversed(list(proto.iter("field")))}
    if "dnp3.src" not in seen:
        return None
    fields = dict(common)
    fields["source"], fields["destination"] = number(seen["dnp3.src"]), number(seen["dnp3.dst"])
    if "dnp3.al.func" not in seen:
        primary, secondary = seen.get("dnp3.ctl.prifunc"), seen.get("dnp3.ctl.secfunc")
        names, code = (PRIMARY, primary) if primary is not None else (SECONDARY, secondary)
        function = names.get(number(code), "reserved")
        if function in USER_DATA:
            return None
        return Message(packet, "dnp3.link", fields | {"direction": "link", "link_function": function})
    function = number(seen["dnp3.al.func"])
    fields["direction"] = {130: "unsolicited"}.get(
        function, "response" if function >= 129 else "request")
    fields["function"], fields["sequence"] = function, number(seen["dnp3.al.seq"])
    for key in ("fir", "fin", "con", "uns"):
        fields[key] = bool(number(seen["dnp3.al." + key]))
    fields["iin"] = sorted(iin(seen.get("dnp3.al.iin")))
    objects, common_ms = [], None
    for each in proto.iter("field"):
        if each.get("name") != "dnp3.al.obj":
            continue
        header, points = read_object(each)
        objects.append((header, points))
        for point in points:
            # Relative times count from the common time of occurrence before them.
            relative_ms = point.pop("relative_ms", None)
            if relative_ms is not None and common_ms is not None:
                point["time"] = clock(common_ms + relative_ms)
        if header[0] == 51:
            times = (field for field in each.iter("field") if field.get("name") == "dnp3.al.timestamp")
            common_ms = next(map(little, times), None)
    return Message(packet, "dnp3", fields, objects)


def iin(element):
    """Names of the bits that are set; the octet sent first stands in the upper half."""
    if element is None:
        return []
    bits = number(element)
    bits = bits >> 8 | (bits & 0xFF) << 8
    return [name for bit, name in enumerate(IIN) if bits >> bit & 1]


def read_object(element):
    """An object header and its points."""
    group, variation = divmod(number(element), 256)
    seen = {each.get("name"): each for each in reversed(list(element.iter("field")))}
    prefix = number(seen["dnp3.al.objq.prefix"]) if "dnp3.al.objq.prefix" in seen else 0
    span = number(seen["dnp3.al.objq.range"]) if "dnp3.al.objq.range" in seen else 0
    start, stop, count = (
        number(seen[name]) if name in seen else None
        for name in ("dnp3.al.range.start", "dnp3.al.range.stop", "dnp3.al.range.quantity"))
    if start is not None and stop is not None:
        count = stop - start + 1
    points = []
    for each in element:
        show = each.get("show", "")
        if each.get("name") == "" and show.startswith(("Point Number", "Object: Size")):
            points.append(point(each, group))
            if prefix == 0 and span in (7, 8, 9, 11):
                # An index that nobody sent.
                points[-1].pop("index", None)
        elif each.get("name") in VALUES and points:
            read_value(each, points[-1], group)
    header = (group, variation, prefix << 4 | span, start, stop, count)
    return header, points


def point(element, group):
    """One point."""
    found = {}
    for each in element.iter("field"):
        if each.get("show", "").startswith("Quality:") and each.get("value"):
            found["flags"] = raw(each)[0]
            if group in (1, 2, 10, 11):
                found.setdefault("value", found["flags"] >> 7)
            elif group in (3, 4):
                found.setdefault("value", DOUBLE_BIT[found["flags"] >> 6])
        elif each.get("name") in VALUES:
            read_value(each, found, group)
    return found


def little(element):
    return int.from_bytes(raw(element), "little")


def real(element):
    octets = raw(element)
    return struct.unpack("<f" if len(octets) == 4 else "<d", octets)[0]


def text(element):
    return element.get("show")


def octets(element):
    return element.get("value") or ""


def named(names):
    return lambda element: names.get(number(element), "unknown")


VALUES = {
    "dnp3.al.index": ("index", number),
    "dnp3.al.point_index": ("index", number),
    "dnp3.al.bit": ("value", number),
    "dnp3.al.bocs": ("value", number),
    "dnp3.al.2bit": ("value", lambda element: DOUBLE_BIT[number(element)]),
    "dnp3.al.ana.int": ("value", number),
    "dnp3.al.ana.float": ("value", real),
    "dnp3.al.ana.double": ("value", real),
    "dnp3.al.anaout.int": ("value", number),
    "dnp3.al.anaout.float": ("value", real),
    "dnp3.al.anaout.double": ("value", real),
    "dnp3.al.cnt": ("value", number),
    "dnp3.al.time_delay": ("value", number),
    "dnp3.al.octet_string": ("value", octets),
    "dnp3.al.timestamp": ("time", lambda element: clock(little(element))),
    "dnp3.al.reltimestamp": ("relative_ms", little),
    "dnp3.al.ctrlstatus": ("status", named(STATUS)),
    "dnp3.ctl.op": ("operation", named(OPERATION)),
    "dnp3.ctl.clr": ("clear", lambda element: bool(number(element) & 2)),
    "dnp3.ctl.trip": ("trip_close", named(TRIP_CLOSE)),
    "dnp3.al.count": ("count", number),
    "dnp3.al.on_time": ("on_ms", number),
    "dnp3.al.off_time": ("off_ms", number),
    "dnp3.al.file.handle": ("handle", number),
    "dnp3.al.file.size": ("file_size", number),
    "dnp3.al.file.status": ("file_status", named(FILE_STATUS)),
    "dnp3.al.file.mode": ("file_mode", named(dict(enumerate(FILE_MODE)))),
    "dnp3.al.file.perms": ("permissions", number),
    "dnp3.al.file.blocknum": ("block", number),
    "dnp3.al.file.lastblock": ("last_block", lambda element: bool(number(element))),
    "dnp3.al.file.data": ("octets", octets),
    "dnp3.al.file_name": ("file_name", text),
}


def read_value(element, found, group):
    """Adds the value that a field holds to a point."""
    key, read = VALUES[element.get("name")]
    if key == "time" and group in (50, 51, 52):
        key = "value"
    found.setdefault(key, read(element))
