"""The Modbus hosts: two servers, two clients, and the rogue."""

import asyncio

from pymodbus.client import AsyncModbusTcpClient
from pymodbus.server import ModbusTcpServer
from pymodbus.simulator import DataType, SimData, SimDevice

import plan

COILS, DISCRETE_INPUTS, HOLDING, INPUT = 1, 2, 3, 4

# What the front end reads: unit, function, address, count.
TAP_CHANGER_READS = [(1, INPUT, 0, 12), (1, DISCRETE_INPUTS, 0, 8), (1, HOLDING, 8, 6), (1, COILS, 0, 8)]
COOLING_READS = [(2, INPUT, 0, 4), (2, HOLDING, 0, 10)]
FEEDER_READS = [(1, DISCRETE_INPUTS, 0, 6), (1, INPUT, 0, 11), (1, HOLDING, 0, 8), (1, COILS, 0, 4)]

SET_POINT, LEAST_VOLTS, MOST_VOLTS = 10, 200, 245


def device(unit: int, holding: list[int]) -> SimDevice:
    """A unit with 16 coils and discrete inputs, 20 input registers and these holding registers."""
    bits = [SimData(0, values=[False] * 16, datatype=DataType.BITS) for _ in range(2)]
    registers = [SimData(0, values=values, datatype=DataType.REGISTERS) for values in (holding, [0] * 20)]
    return SimDevice(unit, simdata=([bits[0]], [bits[1]], [registers[0]], [registers[1]]))


def wander(rng, value: float, centre: float, step: float) -> float:
    """A random step that leans back to the centre."""
    return value + (centre - value) * 0.05 + rng.gauss(0, step)


async def serve(run, devices: list[SimDevice], step) -> None:
    """Serves the units, and lets the plant behind them move twice a second."""
    server = ModbusTcpServer(devices, address=("0.0.0.0", 502))
    await server.serve_forever(background=True)
    while not run.is_over():
        await step(server)
        await asyncio.sleep(0.5)
    await server.shutdown()


async def transformer(run) -> None:
    """Unit 1 is the tap changer and its meters, unit 2 the cooling."""
    tap, volts, amps, oil, fans = 9, 220.0, 310.0, 61.0, 35.0

    async def step(server):
        nonlocal tap, volts, amps, oil, fans
        # Coils 0 and 1 order one tap up or down and fall back by themselves.
        for coil, way in ((0, 1), (1, -1)):
            if (await server.async_getValues(1, COILS, coil, 1))[0]:
                tap = min(17, max(1, tap + way))
                await server.async_setValues(1, COILS, coil, [False])
        set_point = (await server.async_getValues(1, HOLDING, SET_POINT, 1))[0]
        volts = wander(run.rng, volts, min(MOST_VOLTS, max(LEAST_VOLTS, set_point)), 0.3)
        amps = wander(run.rng, amps, 310, 2.0)
        oil = wander(run.rng, oil, 61, 0.05)
        fans = wander(run.rng, fans, 35, 0.2)
        phases = [round(volts + shift) for shift in (0, 1, -1)]
        currents = [round(amps + shift) for shift in (0, 4, -3)]
        power = round(volts * amps * 3 / 1000)
        inputs = [*phases, *currents, round(oil * 10), round(oil * 10) + 82, tap, power, power // 4, 5000]
        await server.async_setValues(1, INPUT, 0, inputs)
        await server.async_setValues(1, DISCRETE_INPUTS, 0, [True, tap == 17, tap == 1, oil > 80])
        await server.async_setValues(2, INPUT, 0, [round(fans * 10), round(fans * 10) - 41, 720, 715])
        await server.async_setValues(2, DISCRETE_INPUTS, 0, [True, True, False])

    tap_changer = device(1, [17, 9, 125, 60, 30, 5, 0, 0, 1, 0, 220, 2, 45, 1, 0, 0, 0, 0, 0, 0])
    cooling = device(2, [450, 550, 900, 2, 1, 0, 0, 0, 0, 0])
    await serve(run, [tap_changer, cooling], step)


async def feeder(run) -> None:
    """Two breakers on coils 0 and 1, their status on the discrete inputs, and a meter."""
    amps, energy = [120.0, 95.0], 481_200

    async def step(server):
        nonlocal amps, energy
        closed = await server.async_getValues(1, COILS, 0, 2)
        amps = [wander(run.rng, a, centre, 1.0) for a, centre in zip(amps, (120, 95))]
        flowing = [round(a) if shut else 0 for a, shut in zip(amps, closed)]
        power = [220 * a // 100 for a in flowing]
        energy += sum(power) // 50
        hertz = round(5000 + run.rng.gauss(0, 1.5))
        inputs = [220, 221, 219, *flowing, *power, hertz, 97, energy >> 16, energy & 0xFFFF]
        await server.async_setValues(1, INPUT, 0, inputs)
        await server.async_setValues(1, DISCRETE_INPUTS, 0, [*closed, not closed[0], not closed[1], True, False])

    relay = device(1, [400, 350, 20, 15, 1200, 5, 1, 0])
    breakers = relay.simdata[0][0]
    breakers.values[:2] = [True, True]
    await serve(run, [relay], step)


async def connect(name: str) -> AsyncModbusTcpClient:
    """A connection to a server of the plan, or an error: a demo without one is no demo."""
    client = AsyncModbusTcpClient(plan.HOSTS[name].address, name=name, timeout=2)
    if not await client.connect():
        raise SystemExit(f"no connection to {name}")
    return client


def reads(client: AsyncModbusTcpClient) -> dict:
    """The client's read functions by function code."""
    return {
        COILS: client.read_coils,
        DISCRETE_INPUTS: client.read_discrete_inputs,
        HOLDING: client.read_holding_registers,
        INPUT: client.read_input_registers,
    }


async def poll(run, client: AsyncModbusTcpClient, every: float, requests, until: float = float("inf")) -> None:
    """Reads each (unit, function, address, count) in turn, again and again."""
    while not run.is_over() and run.now() < until:
        for unit, function, address, count in requests:
            await reads(client)[function](address, count=count, device_id=unit)
        await run.pause(every)


async def write(client: AsyncModbusTcpClient, command: plan.Command) -> None:
    """Sends one command of the plan."""
    if command.deed == "write-coil":
        await client.write_coil(command.index, bool(command.value), device_id=1)
    else:
        await client.write_register(command.index, command.value, device_id=1)


async def operate(run, clients: dict) -> None:
    """Sends the plan's commands for this host, each at its time."""
    for command in run.commands:
        await run.until(command.at)
        await write(clients[command.target], command)


async def scada(run) -> None:
    """The front end: polls both servers about once a second; the operators' commands go through it."""
    await run.until(0.0)
    clients = {name: await connect(name) for name in ("transformer", "feeder")}
    await asyncio.gather(
        poll(run, clients["transformer"], 0.95, TAP_CHANGER_READS),
        poll(run, clients["transformer"], 2.1, COOLING_READS),
        poll(run, clients["feeder"], 1.0, FEEDER_READS),
        operate(run, clients),
    )
    for client in clients.values():
        client.close()


async def historian(run) -> None:
    """Reads what it archives; its connection to the transformer is made anew half way."""
    await run.until(0.4)
    client = await connect("feeder")
    feeding = asyncio.create_task(poll(run, client, 4.0, [(1, INPUT, 0, 11)]))
    for until in (run.seconds / 2, run.seconds):
        renewed = await connect("transformer")
        await poll(run, renewed, 3.0, [(1, INPUT, 0, 12), (1, HOLDING, 0, 20)], until)
        renewed.close()
        await run.pause(2.0)
    await feeding
    client.close()


async def rogue(run) -> None:
    """Silent until its attacks: it writes, leaves, and comes back to scan."""
    *writes, probe = run.commands
    await run.until(writes[0].at)
    client = await connect("transformer")
    for command in writes:
        await run.until(command.at)
        await write(client, command)
    client.close()
    await run.until(probe.at)
    await scan(plan.HOSTS[probe.target].address, run.seconds / plan.SECONDS)


async def scan(address: str, squeeze: float) -> None:
    """Tries function codes 1 to 127.

    The four octets after each (address 0xffff, one item) name a point that is
    not there, so that a function that exists answers but changes nothing.
    """
    reader, writer = await asyncio.open_connection(address, 502)
    for function in range(1, 128):
        writer.write(bytes([0, function, 0, 0, 0, 6, 1, function, 0xFF, 0xFF, 0, 1]))
        try:
            await asyncio.wait_for(reader.read(300), 1.0)
        except TimeoutError:
            pass
        await asyncio.sleep(0.1 * squeeze)
    writer.close()
    await writer.wait_closed()
