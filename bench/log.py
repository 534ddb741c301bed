"""python-can's side of bench/log.ts: log.py read FILE, or log.py write FROM TO. Prints the processor time in seconds."""

import sys
import time

import can

command, *paths = sys.argv[1:]
if command == "read":
    start = time.process_time()
    count = sum(1 for _ in can.LogReader(paths[0]))
else:
    messages = list(can.LogReader(paths[0]))
    count = len(messages)
    start = time.process_time()
    with can.Logger(paths[1]) as log:
        for message in messages:
            log.on_message_received(message)
print(count, time.process_time() - start)
