"""Runs: captures that are simulated, what gridtap and peers say of them; each result is kept, and not made twice."""

import hashlib
import json
import pathlib
import resource
import subprocess
import time


class Lab:
    """A folder of results, each under a name and with what it was made from."""

    def __init__(self, gridtap, folder, keep=False):
        self.gridtap, self.folder, self.keep = str(gridtap), pathlib.Path(folder), keep
        self.folder.mkdir(parents=True, exist_ok=True)
        self.digest = sha256(gridtap)

    def once(self, name, made_from, make):
        """The result of this name, made now if it was made of something else, or never."""
        key = {"gridtap": self.digest, **made_from}
        path = self.folder / f"{name}.json"
        if path.exists():
            known = json.loads(path.read_text(encoding="utf-8"))
            if known["key"] == key:
                return known["result"]
        start = time.monotonic()
        result = make()
        say(f"{name}: {time.monotonic() - start:.0f} s")
        path.write_text(json.dumps({"key": key, "result": result}, indent=1), encoding="utf-8")
        return result

    def run(self, *arguments):
        """Runs gridtap; what it prints."""
        command = [self.gridtap, *map(str, arguments)]
        done = subprocess.run(command, capture_output=True, text=True)
        if done.returncode not in (0, 1):
            raise RuntimeError(f"{' '.join(command)}: status {done.returncode}: {done.stderr.strip()}")
        return done.stdout

    def first_second(self, capture):
        """The second of the first packet of a pcap file in little endian, as simulate writes it."""
        with open(capture, "rb") as file:
            return int.from_bytes(file.read(28)[24:28], "little")

    def simulate(self, site, seed, *options):
        """Makes a capture, which whoever asked removes."""
        folder = self.folder / f"captures-{site}-{seed}-{hashlib.sha256(repr(options).encode()).hexdigest()[:8]}"
        folder.mkdir(exist_ok=True)
        self.run("simulate", "--out", folder, "--site", site, "--seed", seed, "-q", *options)
        return Simulated(folder, f"{site}-{seed}", self.keep)


class Simulated:
    """A capture with its labels, removed with its folder when it is no longer needed."""

    def __init__(self, folder, stem, keep):
        self.folder, self.keep = folder, keep
        self.manifest = json.loads((folder / f"{stem}.json").read_text(encoding="utf-8"))
        self.capture = folder / self.manifest["files"][0]["name"]
        self.labels = folder / f"{stem}.labels.csv"
        self.windows = folder / f"{stem}.windows.csv"
        self.lookalikes = folder / f"{stem}.lookalikes.csv"

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if not self.keep:
            for path in self.folder.iterdir():
                path.unlink()
            self.folder.rmdir()


def timed(command, **options):
    """Runs a command; processor seconds it took with all that it started."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run([str(word) for word in command], check=True, **options)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def sha256(path):
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def say(what):
    print(f"[{time.strftime('%H:%M:%S')}] {what}", flush=True)
