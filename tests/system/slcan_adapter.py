"""A simulated serial CAN adapter on a pseudo-terminal, for the kernel's slcan driver."""

import fcntl
import os
import pty
import struct
import termios
import tty

N_SLCAN = 17
SIOCGIFNAME = 0x8910

# Kept open: the interface disappears with the terminal.
adapter, terminal = pty.openpty()


def connect():
    """Creates the interface and prints its name."""
    tty.setraw(adapter)
    tty.setraw(terminal)
    fcntl.ioctl(terminal, termios.TIOCSETD, struct.pack("i", N_SLCAN))
    print(fcntl.ioctl(terminal, SIOCGIFNAME, bytes(64)).split(b"\0")[0].decode(), flush=True)


def lines(most):
    """Yields the lines that the kernel sends to the adapter; reads at most this many bytes at a time."""
    pending = b""
    while True:
        pending += os.read(adapter, most)
        *whole, pending = pending.split(b"\r")
        yield from whole


def write(line):
    """Writes a line from the adapter to the kernel."""
    os.write(adapter, line + b"\r")
