"""Speed: processor time of whole programs over one capture, beside libpcap's bare read loop in the same run."""

import ctypes
import ctypes.util
import subprocess
import time

import lab as runs

RUNS = 3


def libpcap(path):
    """Processor seconds that libpcap takes to read a capture and do nothing with it."""
    name = ctypes.util.find_library("pcap")
    if not name:
        return None
    library = ctypes.CDLL(name)
    library.pcap_open_offline.restype = ctypes.c_void_p
    library.pcap_loop.argtypes = [ctypes.c_void_p, ctypes.c_int, ctypes.c_void_p, ctypes.c_void_p]
    library.pcap_close.argtypes = [ctypes.c_void_p]
    # A function of C that takes what it is given and does nothing with it.
    nothing = ctypes.cast(ctypes.CDLL(None).labs, ctypes.c_void_p)
    why = ctypes.create_string_buffer(256)
    handle = library.pcap_open_offline(str(path).encode(), why)
    if not handle:
        raise RuntimeError(why.value.decode())
    start = time.process_time()
    library.pcap_loop(handle, -1, nothing, None)
    taken = time.process_time() - start
    library.pcap_close(handle)
    return taken


def measure(lab, peers, site, seed, seconds):
    """The best of some runs each, in processor seconds, over one simulated day."""
    with lab.simulate(site, seed, "--for", f"{seconds}s") as made:
        path = made.capture
        best = lambda run: min(run() for _ in range(RUNS))
        quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        half = f"{seconds // 2}s"
        rows = {
            "libpcap's bare loop": best(lambda: libpcap(path)),
            "gridtap replay (learns half, judges half)": best(lambda: runs.timed(
                [lab.gridtap, "replay", "-q", "--shards", "1", "--format", "jsonl", "--learn-for", half, path],
                **quiet)),
            "gridtap messages --format jsonl": best(lambda: runs.timed(
                [lab.gridtap, "messages", "-q", "--shards", "1", "--format", "jsonl", path], **quiet)),
        }
        for peer in peers:
            rows[peer.name] = best(lambda: runs.timed([*peer.command, path], **quiet))
        return {"site": site, "seed": seed, "packets": made.manifest["counts"]["packets"],
                "octets": path.stat().st_size, "cpu_s": rows}
