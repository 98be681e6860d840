"""The site and its time line: who is there, who commands what, and when.

The hosts act by this plan and the labels are checked against it, so that a
command can neither be made nor labelled twice in two ways.
"""

import random
from dataclasses import dataclass, replace

SEED = 1815
SECONDS = 900


@dataclass(frozen=True)
class Host:
    """A host of the site, by the last octet of its address."""

    octet: int

    @property
    def address(self) -> str:
        return f"10.20.0.{self.octet}"

    @property
    def mac(self) -> str:
        return f"02:00:0a:14:00:{self.octet:02x}"


SERVERS = {
    "transformer": Host(21),
    "feeder": Host(22),
    "outstation-1": Host(31),
    "outstation-2": Host(32),
}
CLIENTS = {
    "scada": Host(10),
    "historian": Host(11),
    "dnp3-master-1": Host(12),
    "dnp3-master-2": Host(13),
    "rogue": Host(66),
}
HOSTS = SERVERS | CLIENTS
NAMES = {host.address: name for name, host in HOSTS.items()}

# DNP3 link addresses.
MASTER = 1
LINKS = {"outstation-1": 10, "outstation-2": 20}


@dataclass(frozen=True)
class Command:
    """One command: at what second, from whom, to whom, what. Attacks carry their name."""

    at: float
    actor: str
    target: str
    deed: str
    point: str = ""
    value: int = 0
    attack: str = ""

    @property
    def index(self) -> int:
        return int(self.point.split(":")[1])


# What a deed sends: the function codes of its requests, in order, and how its value stands on the wire.
FUNCTIONS = {
    "write-coil": (5,),
    "write-register": (6,),
    "select-operate": (3, 4),
    "direct-operate": (5,),
    "set-analog": (5,),
    "cold-restart": (13,),
}
OCTETS = {
    "write-coil": {0: 0x0000, 1: 0xFF00},
    "select-operate": {0: 0x81, 1: 0x41},  # trip, close: PULSE_ON with the trip-close code
    "direct-operate": {0: 0x04, 1: 0x03},  # LATCH_OFF, LATCH_ON
}


def wire_value(command: Command) -> int:
    """The command's value as its request carries it."""
    return OCTETS.get(command.deed, {}).get(command.value, command.value)


@dataclass(frozen=True)
class Routine:
    """A kind of operator command: its values in the first third, and those after it."""

    actor: str
    target: str
    deed: str
    point: str
    learned: tuple[int, ...]
    later: tuple[int, ...]


# After the first third the operators do nothing new: no new point, no value out of the range seen.
SET_POINT = "holding-register:10"
ROUTINES = (
    Routine("scada", "transformer", "write-coil", "coil:0", (1, 1, 1, 1), (1, 1, 1)),
    Routine("scada", "transformer", "write-coil", "coil:1", (1, 1, 1, 1), (1, 1, 1)),
    Routine("scada", "transformer", "write-register", SET_POINT, (220, 218, 222, 219, 221), (220, 219, 221, 220)),
    Routine("scada", "feeder", "write-coil", "coil:0", (0, 1, 0, 1), (0, 1)),
    Routine("scada", "feeder", "write-coil", "coil:1", (0, 1, 0, 1), (0, 1)),
    Routine("dnp3-master-1", "outstation-1", "select-operate", "binary-output:0", (0, 1, 0, 1), (0, 1)),
    Routine("dnp3-master-1", "outstation-1", "select-operate", "binary-output:1", (0, 1, 0, 1), (0, 1)),
    Routine("dnp3-master-1", "outstation-1", "direct-operate", "binary-output:3", (1, 0, 1, 0), (1, 0)),
    Routine("dnp3-master-1", "outstation-1", "set-analog", "analog-output:0", (100, 95, 105, 98), (102, 97)),
    Routine("dnp3-master-2", "outstation-2", "select-operate", "binary-output:0", (0, 1, 0, 1), (0, 1)),
)

ATTACKS = (
    Command(630.0, "rogue", "transformer", "write-register", SET_POINT, 228, "rogue-write"),
    Command(632.4, "rogue", "transformer", "write-register", SET_POINT, 236, "rogue-write"),
    Command(634.1, "rogue", "transformer", "write-coil", "coil:0", 1, "rogue-write"),
    Command(635.5, "rogue", "transformer", "write-coil", "coil:0", 1, "rogue-write"),
    Command(680.0, "rogue", "feeder", "function-scan", attack="function-scan"),
    Command(735.0, "dnp3-master-1", "outstation-1", "select-operate", "binary-output:6", 1, "operate-unused-point"),
    Command(785.0, "scada", "transformer", "write-register", SET_POINT, 2500, "set-point-out-of-range"),
    Command(840.0, "dnp3-master-2", "outstation-2", "cold-restart", attack="cold-restart"),
)

# Seconds kept free of operator commands before and after each line of ATTACKS: the scan lasts about 15.
CLEAR = (6.0, 20.0)
# Least seconds between two operator commands.
APART = 1.5


def free(at: float, taken: list[float]) -> bool:
    """Whether an operator may act at this second."""
    before, after = CLEAR
    return all(abs(at - other) >= APART for other in taken) and not any(
        attack.at - before <= at <= attack.at + after for attack in ATTACKS
    )


def moments(rng: random.Random, count: int, start: float, end: float, taken: list[float]) -> list[float]:
    """One moment in each of `count` equal slots, uneven but in order; adds them to `taken`."""
    slot = (end - start) / count
    chosen = []
    for number in range(count):
        at = rng.uniform(0, slot)
        while not free(start + number * slot + at, taken):
            at = rng.uniform(0, slot)
        chosen.append(round(start + number * slot + at, 2))
        taken.append(chosen[-1])
    return chosen


def operations() -> list[Command]:
    """What the operators do, over the whole run."""
    rng = random.Random(SEED)
    taken: list[float] = []
    commands = []
    for routine in ROUTINES:
        for values, start, end in ((routine.learned, 12, 290), (routine.later, 310, 885)):
            for at, value in zip(moments(rng, len(values), start, end, taken), values):
                commands.append(Command(at, routine.actor, routine.target, routine.deed, routine.point, value))
    return commands


def timeline(seconds: float = SECONDS) -> list[Command]:
    """Every command in order of time; a run shorter than SECONDS is squeezed."""
    squeeze = seconds / SECONDS
    commands = [replace(command, at=command.at * squeeze) for command in (*operations(), *ATTACKS)]
    return sorted(commands, key=lambda command: command.at)
