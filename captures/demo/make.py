"""Makes the demo capture: real protocol stacks in network namespaces, recorded with tcpdump.

Run as root, with the Python that has requirements.txt installed:

    python captures/demo/make.py [--seconds 900] [--out captures]

Nothing leaves the namespaces: they have no route and no link to the outside.
"""

import argparse
import hashlib
import os
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import labels
import plan

HERE = Path(__file__).resolve().parent
PREFIX = "gridtap-demo-"
SWITCH = PREFIX + "switch"
OFFLOADS = ("rx", "tx", "sg", "tso", "gso", "gro")
# From starting the hosts to second 0 of the run: Python needs a while to import.
LEAD_SECONDS = 5.0


def run(*command: str) -> None:
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)


def inside(space: str, *command: str) -> tuple[str, ...]:
    return ("ip", "netns", "exec", space, *command)


def add_space(space: str) -> None:
    """A namespace that says nothing of its own: without IPv6 there are no router solicitations."""
    run("ip", "netns", "add", space)
    for scope in ("all", "default"):
        run(*inside(space, "sysctl", "-q", "-w", f"net.ipv6.conf.{scope}.disable_ipv6=1"))
    run("ip", "-n", space, "link", "set", "lo", "up")


def add_switch() -> None:
    """A bridge that forgets addresses at once, so that it floods: its monitor port sees every frame once."""
    add_space(SWITCH)
    flooding = ("type", "bridge", "ageing_time", "0", "mcast_snooping", "0")
    run("ip", "-n", SWITCH, "link", "add", "name", "bridge", *flooding)
    run("ip", "-n", SWITCH, "link", "set", "bridge", "up")
    run("ip", "-n", SWITCH, "link", "add", "name", "span", "type", "veth", "peer", "name", "monitor")
    run("ip", "-n", SWITCH, "link", "set", "span", "master", "bridge", "up")
    run("ip", "-n", SWITCH, "link", "set", "monitor", "up")


def add_host(name: str, host: plan.Host) -> None:
    """A host on the switch. Without offloads, sizes and checksums are those of a real wire."""
    space, port = PREFIX + name, f"port{host.octet}"
    add_space(space)
    run("ip", "-n", SWITCH, "link", "add", "name", port, "type", "veth", "peer", "name", "eth0", "netns", space)
    off = [word for offload in OFFLOADS for word in (offload, "off")]
    for where, link in ((SWITCH, port), (space, "eth0")):
        run(*inside(where, "ethtool", "-K", link, *off))
    run("ip", "-n", SWITCH, "link", "set", port, "master", "bridge", "up")
    run("ip", "-n", space, "link", "set", "eth0", "address", host.mac)
    run("ip", "-n", space, "address", "add", f"{host.address}/24", "dev", "eth0")
    run("ip", "-n", space, "link", "set", "eth0", "up")


def remove_site() -> None:
    """Removes this script's namespaces, with the links in them."""
    listed = subprocess.run(("ip", "netns", "list"), check=True, capture_output=True, text=True).stdout
    for line in listed.splitlines():
        if line.startswith(PREFIX):
            run("ip", "netns", "delete", line.split()[0])


def start_recording(capture: Path) -> subprocess.Popen:
    """tcpdump on the monitor port, ready when it says that it listens."""
    command = inside(SWITCH, "tcpdump", "-n", "-Z", "root", "-i", "monitor", "--immediate-mode", "-w", str(capture))
    recorder = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
    first = recorder.stderr.readline()
    if "listening" not in first:
        end([recorder])
        raise SystemExit(f"tcpdump: {first.strip()}")
    return recorder


def start_host(name: str, start: float, seconds: float, log: Path) -> subprocess.Popen:
    command = inside(PREFIX + name, sys.executable, "-B", str(HERE / "hosts.py"), name, str(start), str(seconds))
    with log.open("w") as errors:
        return subprocess.Popen(command, stdout=errors, stderr=errors)


def end(processes: list[subprocess.Popen]) -> None:
    """Ends what still runs, and waits for it."""
    for process in processes:
        if process.poll() is None:
            process.terminate()
    for process in processes:
        try:
            process.wait(5)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def wait_for(hosts: dict[str, subprocess.Popen], deadline: float, logs: Path) -> None:
    """Waits until every host has ended by itself; one that fails ends the run."""
    while any(process.poll() is None for process in hosts.values()):
        failed = [name for name, process in hosts.items() if process.poll()]
        if failed:
            raise SystemExit(f"{failed[0]} failed:\n{(logs / failed[0]).read_text()}")
        if time.monotonic() > deadline:
            raise SystemExit("the hosts did not end in time")
        time.sleep(0.5)


def record(seconds: float, capture: Path, logs: Path) -> None:
    """Builds the site, lets it run, and takes it down whatever happens."""
    # On two processors a frame's copy at the monitor port may come after the answer to it.
    os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    processes: list[subprocess.Popen] = []
    try:
        remove_site()
        add_switch()
        for name, host in plan.HOSTS.items():
            add_host(name, host)
        processes.append(start_recording(capture))
        start = time.monotonic() + LEAD_SECONDS
        hosts = {}
        for name in plan.HOSTS:
            hosts[name] = start_host(name, start, seconds, logs / name)
            processes.append(hosts[name])
        wait_for(hosts, start + seconds + 30, logs)
        time.sleep(0.5)
    finally:
        end(processes[::-1])
        remove_site()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=plan.SECONDS, help="less squeezes the plan, for trials")
    parser.add_argument("--out", type=Path, default=HERE.parent, help="folder for the capture and its labels")
    args = parser.parse_args()
    if os.geteuid() != 0:
        raise SystemExit("namespaces need root")
    # A plain kill must take the site down too.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("ended"))

    with tempfile.TemporaryDirectory() as folder:
        capture = Path(folder) / "demo.pcap"
        record(args.seconds, capture, Path(folder))
        rows = labels.table(str(capture), args.seconds)
        packed = args.out / "demo.pcap.zst"
        run("zstd", "-q", "-f", "-19", str(capture), "-o", str(packed))
    (args.out / "demo.labels.csv").write_text(rows)
    digest = hashlib.sha256(packed.read_bytes()).hexdigest()
    print(f"{packed}: {packed.stat().st_size} octets, SHA-256 {digest}")


if __name__ == "__main__":
    main()
