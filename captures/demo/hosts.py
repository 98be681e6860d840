"""Runs one host of the site: `hosts.py NAME START SECONDS`.

START is a reading of the machine's monotonic clock, the same for all hosts,
so that they keep one time line without talking to each other.
"""

import asyncio
import random
import sys
import time

import dnp3_side
import modbus_side
import plan

ROLES = {
    "transformer": modbus_side.transformer,
    "feeder": modbus_side.feeder,
    "scada": modbus_side.scada,
    "historian": modbus_side.historian,
    "rogue": modbus_side.rogue,
    "outstation-1": dnp3_side.outstation,
    "outstation-2": dnp3_side.outstation,
    "dnp3-master-1": dnp3_side.master,
    "dnp3-master-2": dnp3_side.master,
}


class Run:
    """The run as one host sees it: its name, the time line, its own random numbers."""

    def __init__(self, name: str, start: float, seconds: float):
        self.name = name
        self.start = start
        self.seconds = seconds
        # Named after the host: what one host draws must not move with what another does.
        self.rng = random.Random(f"{plan.SEED} {name}")
        self.commands = [c for c in plan.timeline(seconds) if c.actor == name]

    def now(self) -> float:
        """Seconds since the run began."""
        return time.monotonic() - self.start

    def is_over(self) -> bool:
        return self.now() >= self.seconds

    async def until(self, at: float) -> None:
        """Sleeps until this second of the run."""
        await asyncio.sleep(max(0.0, at - self.now()))

    async def pause(self, seconds: float) -> None:
        """Sleeps about this long, but not past the end of the run."""
        await self.until(min(self.seconds, self.now() + seconds * self.rng.uniform(0.9, 1.1)))


def main() -> None:
    name, start, seconds = sys.argv[1], float(sys.argv[2]), float(sys.argv[3])
    # Servers outlive their clients a little, so that connections end in order.
    grace = 1.0 if name in plan.SERVERS else 0.0
    run = Run(name, start, seconds)
    run.seconds += grace
    asyncio.run(ROLES[name](run))


if __name__ == "__main__":
    main()
