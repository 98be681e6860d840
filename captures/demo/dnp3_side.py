"""The DNP3 hosts: outstations, and for each of them one master."""

import asyncio

from dnp3.application.builder import build_cold_restart_request, build_write_request
from dnp3.application.fragment import ObjectBlock
from dnp3.application.qualifiers import ObjectHeader
from dnp3.core.enums import ControlCode
from dnp3.core.flags import IIN
from dnp3.core.timestamp import DNP3Timestamp
from dnp3.database import AnalogInputConfig, BinaryOutputConfig, CounterConfig, Database, EventClass
from dnp3.master import Master, MasterConfig, MasterRunnerError, MasterTcpRunner
from dnp3.outstation import CommandResult, DefaultCommandHandler, Outstation, OutstationConfig, OutstationTcpRunner
from dnp3.transport_io.channel import ChannelError

import plan

OUTSTATIONS = {"dnp3-master-1": "outstation-1", "dnp3-master-2": "outstation-2"}
ANALOG_INPUTS = {"outstation-1": 10, "outstation-2": 24}
OUTPUTS = 8
RESTART_SECONDS = 3


class Relay(DefaultCommandHandler):
    """Carries out commands: each binary output drives the binary input of its index."""

    def __init__(self, database: Database):
        self.database = database
        self.restart = asyncio.Event()

    def select_binary_output(self, index, code, count, on_time, off_time):
        return CommandResult.success() if index < OUTPUTS else CommandResult.not_supported()

    def operate_binary_output(self, index, code, count, on_time, off_time, select_sequence):
        return self.direct_operate_binary_output(index, code, count, on_time, off_time)

    def direct_operate_binary_output(self, index, code, count, on_time, off_time):
        if index >= OUTPUTS:
            return CommandResult.not_supported()
        closed = code in (ControlCode.CLOSE_PULSE_ON, ControlCode.LATCH_ON)
        self.database.update_binary_output(index, closed)
        self.database.update_binary_input(index, closed)
        return CommandResult.success()

    def direct_operate_analog_output(self, index, value):
        return CommandResult.success()

    def cold_restart(self):
        self.restart.set()
        return RESTART_SECONDS * 1000


def points(analog_inputs: int) -> Database:
    """The outstation's points as they are after a start: breakers closed, meters near nominal."""
    database = Database()
    for index in range(16):
        database.add_binary_input(index)
        database.update_binary_input(index, index < 3)
    for index in range(OUTPUTS):
        # The library would report an output's event as an input's (group 2): none then.
        database.add_binary_output(index, BinaryOutputConfig(event_class=EventClass.NONE))
        database.update_binary_output(index, index < 3)
    for index in range(analog_inputs):
        database.add_analog_input(index, AnalogInputConfig(event_class=EventClass.CLASS_2, deadband=20))
        database.update_analog_input(index, 1000 + 150 * index)
    for index in range(2):
        database.add_analog_output(index)
        database.update_analog_output(index, 100)
    for index in range(4):
        database.add_counter(index, CounterConfig(event_class=EventClass.CLASS_3, deadband=25))
        database.update_counter(index, 5000 * (index + 1))
    database.clear_events()
    return database


def move(run, database: Database) -> None:
    """Half a second of plant: meters wander about their nominal value, counters count."""
    for index, point in database.analog_inputs.items():
        nominal = 1000 + 150 * index
        drifted = point.value + (nominal - point.value) * 0.05 + run.rng.gauss(0, 4)
        database.update_analog_input(index, round(drifted))
    for index in database.counters:
        database.increment_counter(index, run.rng.randrange(3))


async def outstation(run) -> None:
    """Serves until the end of the run; a cold restart takes it off the network for a while."""
    while not run.is_over():
        database = points(ANALOG_INPUTS[run.name])
        relay = Relay(database)
        config = OutstationConfig(address=plan.LINKS[run.name], master_address=plan.MASTER)
        runner = OutstationTcpRunner(Outstation(config, database, relay))
        serving = asyncio.create_task(runner.run())
        while not run.is_over() and not relay.restart.is_set():
            move(run, database)
            await asyncio.sleep(0.5)
        await runner.stop()
        await serving
        if not run.is_over():
            await asyncio.sleep(RESTART_SECONDS)


class Station:
    """A master, its one connection, and the requests that go over it in turn."""

    def __init__(self, run):
        self.run = run
        target = OUTSTATIONS[run.name]
        self.master = Master(MasterConfig(address=plan.MASTER, outstation_address=plan.LINKS[target]))
        self.runner = MasterTcpRunner(self.master, plan.HOSTS[target].address, response_timeout=3.0)
        # One request at a time; a select and its operate must not have a poll between them.
        self.turn = asyncio.Lock()

    async def start(self) -> None:
        """What a master does on a new connection: read everything, clear the restart bit, set the clock."""
        await self.runner.open()
        everything = await self.runner.integrity_poll()
        if IIN.DEVICE_RESTART in everything[-1].iin:
            await self.runner.request(self.clear_restart())
        await self.runner.disable_unsolicited()
        await self.runner.request(self.master.build_delay_measure())
        await self.runner.request(self.set_clock())

    async def ask(self, *builders) -> None:
        """Sends requests one after the other; starts anew if the link fails."""
        async with self.turn:
            try:
                for build in builders:
                    await self.runner.request(build())
            except (MasterRunnerError, ChannelError):
                await self.start_again()

    async def start_again(self) -> None:
        """Tries every two seconds until the outstation is back."""
        while not self.run.is_over():
            await self.runner.close()
            await self.run.pause(2.0)
            try:
                return await self.start()
            except (MasterRunnerError, ChannelError):
                continue

    async def every(self, seconds: float, *builders) -> None:
        """Sends the same requests again and again."""
        while not self.run.is_over():
            await self.run.pause(seconds)
            if not self.run.is_over():
                await self.ask(*builders)

    async def operate(self) -> None:
        """Sends the plan's commands for this host, each at its time."""
        for command in self.run.commands:
            await self.run.until(command.at)
            await self.ask(*self.requests(command))

    def requests(self, command: plan.Command) -> list:
        """What builds the requests of a command. They draw their sequence numbers when sent."""
        if command.deed == "cold-restart":
            return [lambda: build_cold_restart_request(seq=self.master.next_request_sequence())]
        order = self.master.command_builder()
        if command.deed == "set-analog":
            order.add_analog(command.index, command.value)
        else:
            order.add_crob(command.index, ControlCode(plan.wire_value(command)), on_time=100)
        if command.deed == "select-operate":
            return [
                lambda: self.master.build_select(order.build_select()),
                lambda: self.master.build_operate(order.build_operate()),
            ]
        return [lambda: self.master.build_direct_operate(order.build_direct_operate())]

    def clear_restart(self):
        """WRITE of internal indication 7 as 0: group 80 variation 1, indexes 7 to 7."""
        return self.write_one(80, 0x00, bytes([7, 7, 0]))

    def set_clock(self):
        """WRITE of the time: group 50 variation 1, a count of one."""
        return self.write_one(50, 0x07, bytes([1]) + DNP3Timestamp.now().to_bytes())

    def write_one(self, group: int, qualifier: int, octets: bytes):
        block = ObjectBlock(ObjectHeader(group, 1, qualifier), octets)
        return build_write_request((block,), seq=self.master.next_request_sequence())


async def master(run) -> None:
    """Polls events every few seconds and everything every minute; the operators' commands go through it."""
    await run.until(0.8)
    station = Station(run)
    await station.start()
    build = station.master
    await asyncio.gather(
        station.every(2.5, lambda: build.build_class_poll(class_1=True, class_2=False, class_3=False)),
        station.every(5.0, lambda: build.build_class_poll(class_1=False, class_2=True, class_3=True)),
        station.every(60.0, build.build_integrity_poll),
        station.every(240.0, build.build_delay_measure, station.set_clock),
        station.operate(),
    )
    await station.runner.close()
