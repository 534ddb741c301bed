"""Raw CAN frames in hexadecimal, from and to the kernel: the peer for frames that can-utils and python-can lack.

raw_socket.py INTERFACE send     sends a frame for each line of standard input
raw_socket.py INTERFACE receive  prints "ready", then a line for each frame
"""

import errno
import socket
import sys

CAN_RAW_FD_FRAMES = 5
CAN_RAW_XL_FRAMES = 7
CAN_RAW_XL_VCID_OPTS = 8
PASS = b"\x06\x00\x00\x00"  # send a frame's own VCID, receive frames of every VCID

interface, action = sys.argv[1:]
peer = socket.socket(socket.AF_CAN, socket.SOCK_RAW, socket.CAN_RAW)
peer.setsockopt(socket.SOL_CAN_RAW, CAN_RAW_FD_FRAMES, 1)
peer.setsockopt(socket.SOL_CAN_RAW, CAN_RAW_XL_FRAMES, 1)
try:
    peer.setsockopt(socket.SOL_CAN_RAW, CAN_RAW_XL_VCID_OPTS, PASS)
except OSError as error:
    if error.errno != errno.ENOPROTOOPT:  # before Linux 6.9, which passes every VCID
        raise
peer.bind((interface,))
if action == "send":
    for line in sys.stdin:
        peer.send(bytes.fromhex(line))
else:
    print("ready", flush=True)
    while True:
        print(peer.recv(4096).hex(), flush=True)
