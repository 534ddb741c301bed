"""An adapter that says to the kernel what the data of each frame sent to it says, such as e1a (an error: no
acknowledgement) or sw096000 (a state).
"""

import slcan_adapter

slcan_adapter.connect()
for line in slcan_adapter.lines(4096):
    # A standard frame is t, three digits of the identifier, the length, the data in hexadecimal.
    if line.startswith(b"t"):
        slcan_adapter.write(bytes.fromhex(line[5:].decode()))
