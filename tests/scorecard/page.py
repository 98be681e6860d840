"""The card as a page: SCORECARD.md, with the same figures in scorecard.json."""

import json
import pathlib
import tomllib

from bounds import poisson_upper, wilson

HEAD = """\
# Scorecard

Written by `make scorecard`; the figures with all their runs stand in `scorecard.json`. Rows that Gridtap loses stay in.

"""

# What leaves nothing on the wire where the machine in the middle has the master's addresses and its packets' hops: the
# master's own command arrives with another value that operators give (docs/threat-catalogue.md).
UNTOLD_AS_MASTER = ["changed-command"]


def write(folder, card):
    """Writes both files, whole as far as the card goes."""
    folder.mkdir(parents=True, exist_ok=True)
    text = json.dumps(card, indent=1, sort_keys=True)
    (folder / "scorecard.json").write_text(text + "\n", encoding="utf-8")
    parts = [HEAD, made(card)]
    for name in ("benign", "attacks", "contaminated", "lookalikes", "beside", "decode", "captures", "speed"):
        if name in card:
            parts.append(globals()[name](card[name], card))
    (folder / "SCORECARD.md").write_text("\n".join(parts), encoding="utf-8")


def made(card):
    peers = ", ".join(card["peers"].values()) or "none installed"
    return (f"{card['gridtap']} (SHA-256 of the program {card['sha256'][:16]}…). Sites: {', '.join(card['sites'])}. "
            f"Learned from {days(card['learned_days'])}, at the default budget. "
            f"Peers: {peers}.\n")


def days(count):
    return f"{count:g} day{'' if count == 1 else 's'}"


def table(head, rows):
    """A table; figures to the right."""
    lines = [f"| {' | '.join(head)} |", f"|{'|'.join([' --- '] + [' ---: '] * (len(head) - 1))}|"]
    lines += [f"| {' | '.join(str(cell) for cell in row)} |" for row in rows]
    return "\n".join(lines) + "\n"


def rate(count, span):
    """So many in so many days, and the bound of that."""
    return [count, f"{span:.1f}", f"{count / span:.2f}", f"{poisson_upper(count) / span:.2f}"] if span else [count, 0, "", ""]


def share(pair):
    """So many of so many."""
    found, of = pair
    return f"{found}/{of}" if of else "–"


def seen(side, kind):
    """The same of a kind, and of how many there was nothing to be seen: no message that belongs to them."""
    unseen = side["unseen"].get(kind, 0)
    return share(side["kinds"].get(kind, [0, 0])) + (f" ({unseen} unseen)" if unseen else "")


def total(pairs):
    pairs = list(pairs)
    return [sum(found for found, _ in pairs), sum(of for _, of in pairs)]


def percent(pair):
    found, of = pair
    if not of:
        return "–"
    low, high = wilson(found, of)
    return f"{100 * found / of:.1f} % ({100 * low:.1f} to {100 * high:.1f})"


def of_seeds(part):
    return f"Seeds: {', '.join(map(str, part['seeds']))}."


def by_kind(counts):
    return ", ".join(f"{kind} {count}" for kind, count in counts.items()) or "none"


def benign(part, card):
    whose = ("operators", "practised_operators")
    rows = [[site, *rate(each["wrong"], each["days"]), *(percent(each[who]) for who in whose)]
            for site, each in part["sites"].items()]
    every = part["sites"].values()
    rows.append(["**all**", *rate(sum(each["wrong"] for each in every), sum(each["days"] for each in every)),
                 *(percent(total(each[who] for each in every)) for who in whose)])
    said = "\n".join(f"- {site}: {by_kind(each['wrong_kinds'])}" for site, each in part["sites"].items())
    return ("## Benign days\n\nEpisodes on days without attacks, how many a day that is, and how many at most (95 %, "
            "one-sided); and how many of the operators' commands were alarmed (share, 95 % interval), of all, and of those whose "
            f"host gave 20 commands or more while learning. {of_seeds(part)}\n\n"
            + table(["site", "episodes", "days", "a day", "at most", "operators' commands alarmed", "after 20"], rows)
            + f"\nBy kind:\n\n{said}\n")


def attacks(part, card):
    sides = [part["own addresses"], part["as master"]]
    kinds = sorted({kind for side in sides for kind in side["kinds"]})
    rows = [[kind, *(seen(side, kind) for side in sides)] for kind in kinds]
    rows.append(["**all**", *(percent(total(side["kinds"].values())) for side in sides)])
    told = [pair for kind, pair in sides[1]["kinds"].items() if kind not in UNTOLD_AS_MASTER]
    rows.append([f"all but {', '.join(UNTOLD_AS_MASTER)}, as master", "", percent(total(told))])
    for name in sides[0]["trivial"]:
        rows.append([f"(trivial: {name})", *(f"{percent(side['trivial'][name]['recall'])}, "
                     f"{side['trivial'][name]['wrong'] / side['days']:.1f} wrong a day" for side in sides)])
    wrong = [[name, *rate(part[name]["wrong"], part[name]["days"])] for name in ("own addresses", "as master")]
    return ("## Attacks found\n\nEvents found of events done, by kind. *As master*: whoever attacks has the addresses of "
            f"the master, IP and Ethernet, and does not show in the middle. *Unseen*: no message belongs to it. {of_seeds(part)} "
            f"As master: {', '.join(map(str, part['as_master_seeds']))}.\n\n"
            + table(["kind", "own addresses", "as master"], rows)
            + "\nEpisodes without an attack in the same captures:\n\n"
            + table(["", "episodes", "days", "a day", "at most"], wrong)
            + "\nWhat they were raised for (own addresses; what an attack leaves behind counts as wrong here): "
            + f"{by_kind(part['own addresses']['wrong_kinds'])}.\n"
            + "\nWhy attacks are missed:\n\n" + why(kind for kind in kinds if missed(kind, sides)))


def missed(kind, sides):
    return any(found < of for found, of in (side["kinds"].get(kind, [0, 0]) for side in sides))


def why(kinds):
    """A line for each kind: why it is missed, where that is known."""
    text = (pathlib.Path(__file__).parent / "misses.toml").read_text(encoding="utf-8")
    known = tomllib.loads(text)
    return "".join(f"- {kind}: {known.get(kind, 'not looked at')}\n" for kind in kinds)


def contaminated(part, card):
    seeds = f"{of_seeds(part)} Of all acts: {', '.join(map(str, part['harshest_seeds']))}."
    part = part["shares"]
    shares = list(part)
    kinds = sorted({kind for each in part.values() for kind in each["kinds"]})
    rows = [[kind, *(share(part[it]["kinds"].get(kind, [0, 0])) for it in shares)] for kind in kinds]
    rows.append(["**all**", *(percent(total(part[it]["kinds"].values())) for it in shares)])
    return ("## Learned from days with attacks in them\n\nEvents found of events done, where attacks' commands were that share of "
            "the commands learned, and attacks asked as often as they commanded; and, the harshest there is, where attacks "
            "were that share of all acts, polls too: one of each kind a minute or so for three days. "
            f"{seeds}\n\n" + table(["kind", *shares], rows))


def lookalikes(part, card):
    rows = [[kind, share(pair)] for kind, pair in part["lookalikes"].items()]
    rows.append(["**all**", percent(total(part["lookalikes"].values()))])
    return ("## What only looks like an attack\n\nBenign events that an alert was about. Fewer is better; but nobody can "
            f"know that a laptop that was never there belongs to an engineer. {of_seeds(part)}\n\n" + table(["kind", "alerted"], rows))


def beside(part, card):
    names = list(part["by"])
    kinds = sorted({kind for each in part["by"].values() for kind in each["kinds"]})
    rows = [[kind, *(share(part["by"][name]["kinds"].get(kind, [0, 0])) for name in names)] for kind in kinds]
    rows.append(["**all**", *(percent(total(part["by"][name]["kinds"].values())) for name in names)])
    rows.append(["alerts", *(f"{part['by'][name]['alerts']:,}" for name in names)])
    rows.append(["wrong episodes a day", *(f"{part['by'][name]['wrong'] / part['by'][name]['days']:.1f}" for name in names)])
    return ("## Beside its peers\n\nThe same captures (own addresses), one rule for all: an alert finds an attack if it is "
            "raised while that lasts, 10 s before and after included, and names one of its hosts. Episodes are those of one "
            f"source until it is quiet for 15 minutes. {of_seeds(part)}\n\n"
            + table(["kind", *names], rows))


def decode(part, card):
    rows, part = [], part["sites"]
    for site, each in part.items():
        sent, ours, theirs = each["sent"], each["gridtap"], each.get("tshark")
        for protocol in ("modbus", "dnp3"):
            if sent[protocol]:
                rows.append([f"{site}, {protocol}", f"{sent[protocol]:,}", f"{ours.get(protocol, 0):,}",
                             f"{theirs.get(protocol, 0):,}" if theirs else "–"])
    wrong = [f"{site}: {sum(each['tshark']['wrong'].values())} of {each['tshark']['packets']:,} packets"
             for site, each in part.items() if "tshark" in each]
    return ("## Decoding\n\nMessages that were sent in one benign day of each site, and that were read.\n\n"
            + table(["", "sent", "gridtap", "tshark"], rows)
            + "\nWhat tshark calls malformed, an error, a wrong checksum or a TCP analysis event in these days: "
            + "; ".join(wrong) + ".\n")


def captures(part, card):
    said = "\n".join(f"    {line}" for line in part["summary"])
    ends = "All differences are explained." if part["all explained"] else "**Some differences are not explained.**"
    return f"## Decoding real captures\n\nMessage by message beside tshark (`make differential`):\n\n{said}\n\n{ends}\n"


def speed(part, card):
    bare = part["cpu_s"]["libpcap's bare loop"]
    ours = part["cpu_s"]["gridtap replay (learns half, judges half)"]
    rows = [[name, f"{seconds:.2f}", f"{part['packets'] / seconds:,.0f}", f"× {seconds / bare:.1f}", f"× {seconds / ours:.2f}"]
            for name, seconds in part["cpu_s"].items()]
    return (f"## Speed\n\nProcessor time of whole programs over a day of {part['site']} "
            f"({part['packets']:,} packets, {part['octets'] / 1e6:.0f} MB), the best of three runs in a row on the same "
            "machine.\n\n" + table(["", "CPU s", "packets a CPU s", "of libpcap", "of gridtap replay"], rows))
