"""A serial CAN adapter that is not there, on the kernel's slcan driver: the adapter's side is a pseudo-terminal's."""

import fcntl
import os
import pty
import struct
import termios
import tty

N_SLCAN = 17
SIOCGIFNAME = 0x8910

# Kept open: the interface goes with the terminal.
adapter, terminal = pty.openpty()


def connect():
    """Makes the interface and prints its name."""
    tty.setraw(adapter)
    tty.setraw(terminal)
    fcntl.ioctl(terminal, termios.TIOCSETD, struct.pack("i", N_SLCAN))
    print(fcntl.ioctl(terminal, SIOCGIFNAME, bytes(64)).split(b"\0")[0].decode(), flush=True)


def lines(most):
    """What the kernel sends to the adapter, line by line; at most so many bytes are taken at a time."""
    pending = b""
    while True:
        pending += os.read(adapter, most)
        *whole, pending = pending.split(b"\r")
        yield from whole


def write(line):
    """What the adapter says to the kernel."""
    os.write(adapter, line + b"\r")
