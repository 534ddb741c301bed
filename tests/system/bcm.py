"""Python's own broadcast manager socket: bcm.py INTERFACE, JSON lines in and out.

Each line of standard input is a message to the kernel: an object with the fields of struct bcm_msg_head (times in
microseconds) and "frames", structures in hexadecimal. Messages from the kernel are printed in the same form, with their
interface. "done" is printed at the end of standard input.
"""

import json
import socket
import struct
import sys
import threading

HEAD = struct.Struct("=III4xqqqqII")
SO_RCVBUFFORCE = 33
CAN_FD_FRAME = socket.CAN_BCM_CAN_FD_FRAME


lock = threading.Lock()


def put(value):
    with lock:  # two threads print
        print(json.dumps(value), flush=True)


def pack(fields):
    frames = [bytes.fromhex(frame) for frame in fields.get("frames", [])]
    first, second = (divmod(fields.get(name, 0), 1000000) for name in ("ival1", "ival2"))
    head = HEAD.pack(
        getattr(socket, "CAN_BCM_" + fields["opcode"]),
        sum(getattr(socket, "CAN_BCM_" + name) for name in fields.get("flags", [])),
        fields.get("count", 0),
        *first,
        *second,
        fields["canId"],
        len(frames),
    )
    return head + b"".join(frames)


def unpack(data, interface):
    opcode, flags, count, sec1, usec1, sec2, usec2, can_id, nframes = HEAD.unpack_from(data)
    size = 72 if flags & CAN_FD_FRAME else 16
    frames = [data[HEAD.size + i * size :][:size].hex() for i in range(nframes)]
    return {
        "opcode": opcode,
        "flags": flags,
        "count": count,
        "ival1": sec1 * 1000000 + usec1,
        "ival2": sec2 * 1000000 + usec2,
        "canId": can_id,
        "frames": frames,
        "from": interface,
    }


def receive(bcm):
    while True:
        data, address = bcm.recvfrom(65536)
        put(unpack(data, address[0]))


with socket.socket(socket.AF_CAN, socket.SOCK_DGRAM, socket.CAN_BCM) as bcm:
    bcm.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, 1 << 22)
    bcm.connect((sys.argv[1],))
    threading.Thread(target=receive, args=[bcm], daemon=True).start()
    for line in sys.stdin:
        bcm.send(pack(json.loads(line)))
    put("done")
    threading.Event().wait()
