"""A slow adapter: takes a frame every few milliseconds and prints it. Its queue, and so the kernel's, is full most of
the time.
"""

import queue
import threading
import time

import slcan_adapter

taken = queue.SimpleQueue()


def report():
    while True:
        print(taken.get().decode(), flush=True)


slcan_adapter.connect()
# The reader of this output may be blocked in a send until frames are taken: printing must not delay taking them.
threading.Thread(target=report, daemon=True).start()
for line in slcan_adapter.lines(32):
    taken.put(line)
    time.sleep(0.003)
