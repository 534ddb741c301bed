"""A slow serial CAN adapter that is not there, on the kernel's slcan driver: prints its interface, then each frame as it
takes it off the line, one every few milliseconds. Its queue, and so the kernel's, is full most of the time.
"""

import fcntl
import os
import pty
import queue
import struct
import termios
import threading
import time
import tty

N_SLCAN = 17
SIOCGIFNAME = 0x8910

adapter, terminal = pty.openpty()
tty.setraw(adapter)
tty.setraw(terminal)
fcntl.ioctl(terminal, termios.TIOCSETD, struct.pack("i", N_SLCAN))
print(fcntl.ioctl(terminal, SIOCGIFNAME, bytes(64)).split(b"\0")[0].decode(), flush=True)

taken = queue.SimpleQueue()


def tell():
    while True:
        print(taken.get().decode(), flush=True)


# Whoever reads this may be blocked by sending, until frames are taken: printing must not hold that up.
threading.Thread(target=tell, daemon=True).start()
pending = b""
while True:
    pending += os.read(adapter, 32)
    *lines, pending = pending.split(b"\r")
    for line in lines:
        taken.put(line)
        time.sleep(0.003)
