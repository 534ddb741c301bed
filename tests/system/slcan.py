"""An adapter that writes the data of each frame that it gets to the kernel, as an slcan command: e1a (an error: no
acknowledgement) or sw096000 (a state), say.
"""

import slcan_adapter

slcan_adapter.connect()
for line in slcan_adapter.lines(4096):
    # A standard frame is: t, three digits of the identifier, the length, the data in hexadecimal.
    if line.startswith(b"t"):
        slcan_adapter.write(bytes.fromhex(line[5:].decode()))
