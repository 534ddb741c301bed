"""A slow adapter: prints each frame as it takes it off the line, one every few milliseconds. Its queue, and so the
kernel's, is full most of the time.
"""

import queue
import threading
import time

import slcan_adapter

taken = queue.SimpleQueue()


def tell():
    while True:
        print(taken.get().decode(), flush=True)


slcan_adapter.connect()
# Whoever reads this may be blocked by sending, until frames are taken: printing must not hold that up.
threading.Thread(target=tell, daemon=True).start()
for line in slcan_adapter.lines(32):
    taken.put(line)
    time.sleep(0.003)
