"""J1939 messages, from and to the kernel by Python's own socket module: the peer of J1939Socket.

j1939_socket.py INTERFACE ADDRESS NAME send     sends a message for each line of standard input:
                                                PGN DESTINATION NAME PRIORITY DATA
j1939_socket.py INTERFACE ADDRESS NAME receive  prints "ready", then a line for each message:
                                                PGN SOURCE NAME DESTINATION NAME PRIORITY DATA
Numbers are hexadecimal, and so are the data, after a dot.
"""

import socket
import sys

SOL_CAN_J1939 = 107

interface, address, name, action = sys.argv[1:]
peer = socket.socket(socket.AF_CAN, socket.SOCK_DGRAM, socket.CAN_J1939)
peer.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
peer.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 20)
peer.bind((interface, int(name, 16), socket.J1939_NO_PGN, int(address, 16)))
if action == "send":
    for line in sys.stdin:
        pgn, destination, name, priority, data = line.split()
        peer.setsockopt(SOL_CAN_J1939, socket.SO_J1939_SEND_PRIO, int(priority, 16))
        to = (interface, int(name, 16), int(pgn, 16), int(destination, 16))
        peer.sendto(bytes.fromhex(data[1:]), to)
else:
    print("ready", flush=True)
    while True:
        data, controls, flags, (_, name, pgn, source) = peer.recvmsg(1 << 20, 512)
        found = {kind: value for level, kind, value in controls if level == SOL_CAN_J1939}
        destination = found.get(socket.SCM_J1939_DEST_ADDR, b"\xff")[0]
        to = int.from_bytes(found.get(socket.SCM_J1939_DEST_NAME, b""), "little")
        priority = found[socket.SCM_J1939_PRIO][0]
        print(f"{pgn:x} {source:x} {name:x} {destination:x} {to:x} {priority:x} .{data.hex()}", flush=True)
