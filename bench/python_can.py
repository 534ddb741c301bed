"""The workload for python-can: `python_can.py SECONDS` prints one line of JSON for each part."""

import asyncio
import json
import sys
import time

import can

CHANNEL = "vcan0"
BATCH = 64
# Messages between two looks at the clock: the default receive buffer holds as many on every kernel.
PORTION = 3 * BATCH

seconds = float(sys.argv[1]) if len(sys.argv) > 1 else 1.0
portion = [
    can.Message(arbitration_id=0x18FF0000 + i % BATCH, data=[i % BATCH, 1, 2, 3, 4, 5, 6, 7]) for i in range(PORTION)
]
read = 0.0


def open_bus():
    return can.Bus(channel=CHANNEL, interface="socketcan")


def use(message):
    """What a user does with a message."""
    global read
    read += message.arbitration_id + message.data[0] + message.timestamp


async def rate(run, fill):
    """Portions a second, of the time spent in `run` alone."""
    portions = 0
    spent = 0.0
    end = time.perf_counter() + seconds
    while time.perf_counter() < end:
        if fill:
            fill()
        start = time.perf_counter()
        running = run()
        if running:
            await running
        spent += time.perf_counter() - start
        portions += 1
    return portions / spent


async def measure(workload, run, fill=None):
    """Warms up as long as it then measures."""
    await rate(run, fill)
    print(json.dumps({"workload": workload, "value": PORTION * await rate(run, fill)}), flush=True)


async def sending():
    with open_bus() as bus:

        def send():
            for message in portion:
                bus.send(message)

        await measure("send", send)


async def receiving():
    with open_bus() as sender, open_bus() as bus:

        def fill():
            for message in portion:
                sender.send(message)

        def receive():
            count = 0
            while (message := bus.recv(0)) is not None:
                use(message)
                count += 1
            if count != PORTION:
                sys.exit(f"{count} frames arrived of {PORTION}: is something else on {CHANNEL}?")

        # python-can receives one message at a time: both parts are the same to it.
        await measure("receive one", receive, fill)
        await measure("drain", receive, fill)


async def round_trip():
    with open_bus() as a, open_bus() as b:

        def run():
            for message in portion:
                a.send(message)
                b.send(b.recv(1))
                use(a.recv(1))

        await measure("round trip", run)


async def asynchronous_round_trip():
    with open_bus() as a, open_bus() as b:
        loop = asyncio.get_running_loop()
        answers, requests = can.AsyncBufferedReader(), can.AsyncBufferedReader()
        notifiers = [can.Notifier(a, [answers], loop=loop), can.Notifier(b, [requests], loop=loop)]

        async def echo():
            async for message in requests:
                b.send(message)

        async def run():
            for message in portion:
                a.send(message)
                use(await answers.get_message())

        task = asyncio.create_task(echo())
        await measure("asynchronous round trip", run)
        task.cancel()
        for notifier in notifiers:
            notifier.stop()


async def main():
    await sending()
    await receiving()
    await round_trip()
    await asynchronous_round_trip()
    if not read > 0:
        sys.exit("the messages were empty")


asyncio.run(main())
