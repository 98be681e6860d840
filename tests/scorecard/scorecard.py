#!/usr/bin/env python3
"""Measures Gridtap, and the peers that are installed, and writes SCORECARD.md and scorecard.json.

Simulated sites with the reporting seeds of seeds.toml: benign days, every kind of attack with and without the
addresses of the master, the same after learning from contaminated days, and what only looks like an attack. Then how
completely messages are decoded, and how fast. What was measured once stands in the folder of results and is not
measured again by the same program: an interrupted run goes on where it was.
"""

import argparse
import collections
import pathlib
import shutil
import sys
import tempfile
import tomllib
import json

import decode
import match
import page
import peers as adapters
import speed
from lab import Lab, say

HERE = pathlib.Path(__file__).parent
ROOT = HERE.parent.parent
DAY_S = 86_400
# Capture time that each attack or look-alike has for itself.
ATTACK_S, LOOKALIKE_S = 3_600, 3 * 3_600
SHARES, HARSHEST = ["1 %", "10 %"], "10 % of all acts"


def main():
    options = arguments()
    seeds = tomllib.loads((HERE / "seeds.toml").read_text(encoding="utf-8"))
    if set(seeds["tuning"]) & set(seeds["reporting"]):
        sys.exit("seeds.toml: a seed is in both lists")
    peers = list(adapters.installed(options.peer))
    measure = Measure(options, seeds["reporting"], peers)
    card = {"schema": "gridtap.scorecard/1", "gridtap": measure.lab.run("--version").strip(),
            "sha256": measure.lab.digest, "sites": options.sites, "learned_days": options.learn_days,
            "peers": {peer.name: peer.version for peer in peers}}
    for name in options.parts or PARTS:
        say(name)
        result = getattr(measure, name)()
        if result is None:
            say(f"{name}: nothing to measure it with, left out")
            continue
        card[name] = result
        page.write(options.out, card)
    say(f"{options.out / 'SCORECARD.md'} is written")


class Measure:
    """The parts of the card. Each gives a part, or nothing where what it needs is not there."""

    def __init__(self, options, seeds, peers):
        self.lab = Lab(options.gridtap, options.results, options.keep)
        self.options, self.peers = options, peers
        self.seeds, self.attack_seeds = seeds[:options.seeds], seeds[:options.attack_seeds or options.seeds]
        self.learn_s = int(options.learn_days * DAY_S)

    def benign(self):
        """Days without attacks."""
        return {"seeds": self.seeds, "sites": {
            site: together(self.benign_run(site, seed) for seed in self.seeds) for site in self.options.sites}}

    def benign_run(self, site, seed):
        lasts = f"{self.learn_s + int(self.options.days * DAY_S)}s"

        def make():
            with self.lab.simulate(site, seed, "--for", lasts) as made:
                return self.evaluate(made)[0]
        return self.lab.once(f"benign-{site}-{seed}", {"lasts": lasts, "learn_s": self.learn_s}, make)

    def attacks(self):
        """Every kind of attack, by whoever has addresses of his own, and by whoever has the master's."""
        masked = self.attack_seeds[:self.options.as_master_seeds or len(self.attack_seeds)]
        sides = (("own addresses", self.attack_seeds, False), ("as master", masked, True))
        return {"seeds": self.attack_seeds, "as_master_seeds": masked, **{
            name: together(self.attack_run(site, seed, as_master)["none"] for seed in seeds for site in self.options.sites)
            for name, seeds, as_master in sides}}

    def contaminated(self):
        """The same (own addresses), learned from days with acts of these attacks in them."""
        runs = [self.attack_run(site, seed, False) for seed in self.attack_seeds for site in self.options.sites]
        harshest = (self.harshest_run(site, seed) for seed in self.seeds for site in self.options.sites)
        return {"seeds": self.attack_seeds, "harshest_seeds": self.seeds,
                "shares": {**{share: together(run[share] for run in runs) for share in ("none", *SHARES)},
                           HARSHEST: together(harshest)}}

    def attack_run(self, site, seed, as_master):
        options = self.attack_options(site) + (["--as-master"] if as_master else [])

        # Who has the master's addresses is measured with what was learned clean alone.
        shares = [] if as_master else SHARES

        def make():
            more = [word for share in shares for word in ("--contaminate", share.replace(" ", ""))]
            with self.lab.simulate(site, seed, *options) as made:
                return dict(zip(("none", *shares), self.evaluate(made, *more), strict=True))
        name = f"attacks-{site}-{seed}{'-as-master' if as_master else ''}"
        return self.lab.once(name, {"options": options, "shares": shares}, make)

    def harshest_run(self, site, seed):
        options = self.attack_options(site)

        def make():
            with self.lab.simulate(site, seed, *options) as made:
                return self.evaluate(made, "--contaminate-all", "10%")[1]
        return self.lab.once(f"harshest-{site}-{seed}", {"options": options}, make)

    def attack_options(self, site):
        lasts = self.learn_s + ATTACK_S * self.kinds(site, "all")
        return ["--for", f"{lasts}s", "--attack", "all", "--attack-after", f"{self.learn_s}s"]

    def lookalikes(self):
        """What only looks like attacks."""
        runs = (self.lookalike_run(site, seed) for seed in self.seeds for site in self.options.sites)
        return {"seeds": self.seeds, **together(runs)}

    def lookalike_run(self, site, seed):
        lasts = self.learn_s + LOOKALIKE_S * self.kinds(site, "look-alikes")
        options = ["--for", f"{lasts}s", "--attack", "look-alikes", "--attack-after", f"{self.learn_s}s"]

        def make():
            with self.lab.simulate(site, seed, *options) as made:
                return self.evaluate(made)[0]
        return self.lab.once(f"lookalikes-{site}-{seed}", {"options": options}, make)

    def beside(self):
        """The peers on captures with attacks, and Gridtap's alerts by the same rule."""
        if not self.peers:
            return None
        seed = self.attack_seeds[0]
        runs = [self.beside_run(site, seed) for site in self.options.sites]
        return {"seeds": [seed], "by": {name: {
            "kinds": pairs(run[name]["kinds"] for run in runs),
            **{key: sum(run[name][key] for run in runs) for key in ("alerts", "episodes", "wrong", "days")}}
            for name in runs[0]}}

    def beside_run(self, site, seed):
        options, lasts = self.attack_options(site), self.learn_s + ATTACK_S * self.kinds(site, "all")

        def make():
            with self.lab.simulate(site, seed, *options) as made:
                first = self.lab.first_second(made.capture)
                attacks, from_s = match.attacks(made.windows), first + self.learn_s
                days = (lasts - self.learn_s) / DAY_S
                by = {"gridtap": match.score(attacks, self.own_alerts(made), from_s)}
                by |= {peer.name: match.score(attacks, peer.alerts(made.capture), from_s) for peer in self.peers}
                return {name: {**it, "days": days} for name, it in by.items()}
        versions = {peer.name: peer.version for peer in self.peers}
        return self.lab.once(f"beside-{site}-{seed}", {"options": options, "peers": versions}, make)

    def own_alerts(self, made):
        """Gridtap's alerts as an adapter would print them: each revision, at the time of its latest act."""
        path = made.folder / "alerts.jsonl"
        self.lab.run("replay", "-q", "--format", "jsonl", "--learn-for", f"{self.learn_s}s", "--alerts", path, made.capture)
        with open(path, encoding="utf-8") as lines:
            return list(match.revisions(map(json.loads, lines)))

    def decode(self):
        """A benign day of each site, as it was sent, and as Gridtap and tshark read it."""
        full = shutil.which("tshark") is not None
        lasts, seed = int(min(1, self.options.days) * DAY_S), self.seeds[0]
        return {"seeds": [seed], "sites": {site: self.lab.once(
            f"decode-{site}-{seed}", {"lasts": lasts, "tshark": full},
            lambda site=site: decode.day(self.lab, site, seed, lasts, full)) for site in self.options.sites}}

    def captures(self):
        """Real captures, message by message beside tshark."""
        folder = self.options.captures
        if not folder or not folder.is_dir() or not shutil.which("tshark"):
            return None
        compare = ROOT / "tests" / "differential" / "compare.py"
        return self.lab.once("captures", {"folder": str(folder)}, lambda: decode.real(self.lab, compare, folder))

    def speed(self):
        """Processor time over a benign day, beside libpcap and the peers."""
        lasts, seed = int(min(1, self.options.days) * DAY_S), self.seeds[0]
        site = self.options.sites[0]
        return self.lab.once("speed", {"site": site, "lasts": lasts, "peers": [peer.version for peer in self.peers]},
                             lambda: speed.measure(self.lab, self.peers, site, seed, lasts))

    def kinds(self, site, word):
        """How many kinds a site has devices for."""
        with tempfile.TemporaryDirectory() as folder:
            self.lab.run("simulate", "--out", folder, "--site", site, "--for", "1s", "--attack", word, "-q")
            manifest = json.loads(pathlib.Path(folder, f"{site}-1.json").read_text(encoding="utf-8"))
            return len(manifest["options"]["attacks"])

    def evaluate(self, made, *more):
        """The figures of each pass, without what the card has no room for."""
        path = made.folder / "evaluation.json"
        self.lab.run("evaluate", "-q", "--learn-for", f"{self.learn_s}s", "--json", path, *more, made.capture)
        passes = json.loads(path.read_text(encoding="utf-8"))["passes"]
        for each in passes:
            del each["figures"]["curve"]
        return [each["figures"] for each in passes]


def together(runs):
    """The sums of runs."""
    runs = list(runs)
    kinds = collections.Counter()
    for run in runs:
        kinds.update(run["wrong_kinds"])
    both = lambda share: (share["count"], share["of"])
    return {
        "runs": len(runs),
        "wrong": sum(run["wrong_episodes"]["count"] for run in runs),
        "days": sum(run["benign_days"] for run in runs),
        "wrong_kinds": dict(kinds.most_common()),
        **{who: list(map(sum, zip(*(both(run["commands"][who]) for run in runs))))
           for who in ("operators", "practised_operators")},
        "kinds": pairs({it["kind"]: both(it["recall"]) for it in run["kinds"]} for run in runs),
        "unseen": dict(sum((collections.Counter({it["kind"]: it["unseen"] for it in run["kinds"]}) for run in runs),
                           collections.Counter())),
        "lookalikes": pairs({it["kind"]: both(it["alarmed"]) for it in run["lookalikes"]} for run in runs),
        "trivial": {name: {
            "recall": pairs({it["name"]: both(it["recall"]) for it in run["trivial"]} for run in runs)[name],
            "wrong": sum(it["wrong_episodes"]["count"] for run in runs for it in run["trivial"] if it["name"] == name)}
            for name in [it["name"] for it in runs[0]["trivial"]]},
    }


def pairs(runs):
    """Sums of (found, of) by name."""
    sums = collections.defaultdict(lambda: [0, 0])
    for run in runs:
        for name, (found, of) in run.items():
            sums[name][0] += found
            sums[name][1] += of
    return dict(sorted(sums.items()))


PARTS = ("benign", "attacks", "contaminated", "lookalikes", "beside", "decode", "captures", "speed")


def arguments():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("parts", nargs="*", metavar="PART", help=f"which parts, of {', '.join(PARTS)} [default: all]")
    parser.add_argument("--gridtap", default=ROOT / "target/release/gridtap", type=pathlib.Path, help="the binary")
    parser.add_argument("--sites", nargs="+", default=["substation", "feeder", "plant"], metavar="SITE")
    parser.add_argument("--seeds", type=int, default=3, metavar="N", help="how many of the reporting seeds")
    parser.add_argument("--attack-seeds", type=int, metavar="N", help="the same for attacks [default: as --seeds]")
    parser.add_argument("--as-master-seeds", type=int, metavar="N",
                        help="the same for attackers with the master's addresses [default: as --attack-seeds]")
    parser.add_argument("--days", type=float, default=7, metavar="D", help="judged benign days of each")
    parser.add_argument("--learn-days", type=float, default=3, metavar="D",
                        help="days that are learned from; with two or fewer nothing is known of habits")
    parser.add_argument("--captures", type=pathlib.Path, metavar="DIR", help="real captures to compare decoding over")
    parser.add_argument("--peer", action="append", default=[], metavar="NAME=COMMAND", help="one more adapter")
    parser.add_argument("--results", type=pathlib.Path, default=ROOT / "target/scorecard", metavar="DIR",
                        help="where results are kept, one by one")
    parser.add_argument("--out", type=pathlib.Path, default=ROOT, metavar="DIR", help="where the card is written")
    parser.add_argument("--keep", action="store_true", help="keep the captures")
    options = parser.parse_args()
    for part in options.parts:
        if part not in PARTS:
            parser.error(f"{part}: the parts are {', '.join(PARTS)}")
    options.gridtap = options.gridtap.resolve()
    return options


if __name__ == "__main__":
    main()
