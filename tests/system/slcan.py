"""A serial CAN adapter that is not there, on the kernel's slcan driver: prints its interface, then says to the kernel
what the data of each frame sent to it says, such as e1a (an error: no acknowledgement) or sw096000 (a state).
"""

import fcntl
import os
import pty
import struct
import termios
import tty

N_SLCAN = 17
SIOCGIFNAME = 0x8910

adapter, terminal = pty.openpty()
tty.setraw(adapter)
tty.setraw(terminal)
fcntl.ioctl(terminal, termios.TIOCSETD, struct.pack("i", N_SLCAN))
print(fcntl.ioctl(terminal, SIOCGIFNAME, bytes(64)).split(b"\0")[0].decode(), flush=True)

pending = b""
while True:
    pending += os.read(adapter, 4096)
    *lines, pending = pending.split(b"\r")
    for line in lines:
        # A standard frame is t, three digits of the identifier, the length, the data in hexadecimal.
        if line.startswith(b"t"):
            os.write(adapter, bytes.fromhex(line[5:].decode()) + b"\r")
