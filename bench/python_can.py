"""The workloads for python-can: `bus SECONDS` as in bus.ts, `wake BUSES COUNT` as in wake.ts; prints lines of JSON."""

import asyncio
import json
import signal
import sys
import time

import can

CHANNEL = "vcan0"
BATCH = 64
# Messages between two readings of the clock. The default receive buffer holds this many on every kernel.
PORTION = 3 * BATCH

# Wake-ups at the start that are not counted.
WARM_UP = 100

# Length of the warm-up in seconds; short, because nothing is compiled here.
REHEARSAL = 0.05

seconds = 1.0
portion = [
    can.Message(arbitration_id=0x18FF0000 + i % BATCH, data=[i % BATCH, 1, 2, 3, 4, 5, 6, 7]) for i in range(PORTION)
]
read = 0.0


def open_bus():
    return can.Bus(channel=CHANNEL, interface="socketcan")


def use(message):
    """Reads a message as a user would."""
    global read
    read += message.arbitration_id + message.data[0] + message.timestamp


async def rate(run, fill, duration):
    """Returns portions per second, counting only the time spent in `run`."""
    portions = 0
    spent = 0.0
    end = time.perf_counter() + duration
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
    await rate(run, fill, REHEARSAL)
    print(json.dumps({"workload": workload, "value": PORTION * await rate(run, fill, seconds)}), flush=True)


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

        # python-can receives one message at a time, so both workloads are the same.
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


async def for_await():
    with open_bus() as sender, open_bus() as bus:
        reader = can.AsyncBufferedReader()
        notifier = can.Notifier(bus, [reader], loop=asyncio.get_running_loop())

        def fill():
            for message in portion:
                sender.send(message)

        async def iterate():
            count = 0
            async for message in reader:
                use(message)
                count += 1
                if count == PORTION:
                    break

        async def get_each():
            for _ in range(PORTION):
                use(await reader.get_message())

        await measure("for await", iterate, fill)
        await measure("recvAsync", get_each, fill)
        notifier.stop()


async def wake(buses, count):
    late = []
    reader = can.AsyncBufferedReader()
    opened = [
        can.Bus(
            channel=CHANNEL,
            interface="socketcan",
            can_filters=[{"can_id": i, "can_mask": 0x1FFFFFFF, "extended": True}],
        )
        for i in range(buses)
    ]
    notifier = can.Notifier(opened, [reader], loop=asyncio.get_running_loop())
    print("ready", flush=True)
    signal.alarm(60)  # ends the process if frames are lost
    async for message in reader:
        late.append((time.time() - message.timestamp) * 1e6)
        if len(late) == count:
            break
    notifier.stop()
    for bus in opened:
        bus.shutdown()
    late = sorted(late[WARM_UP:])
    for percent in (50, 99):
        workload = f"wake-up, {buses} {'buses' if buses > 1 else 'bus'}, p{percent}"
        print(json.dumps({"workload": workload, "value": late[len(late) * percent // 100]}))


async def main():
    global seconds
    if sys.argv[1] == "wake":
        await wake(int(sys.argv[2]), int(sys.argv[3]))
        return
    seconds = float(sys.argv[2])
    await sending()
    await receiving()
    await for_await()
    await round_trip()
    await asynchronous_round_trip()
    if not read > 0:
        sys.exit("the messages were empty")


asyncio.run(main())
