"""python-can as a peer: udp_multicast both ways, and its client of socketcand.

python_can.py multicast GROUP PORT   sends messages, then prints those that it receives
python_can.py socketcand PORT CHANNEL   the same
"""
import sys

import can

FRAMES = [
    can.Message(arbitration_id=0x123, is_extended_id=False, data=[1, 2, 0xFF]),
    can.Message(arbitration_id=0x7FF, is_extended_id=False, data=[]),
    can.Message(arbitration_id=0x001, is_extended_id=False, data=range(8)),
]
MORE = [
    can.Message(arbitration_id=0x1FFFFFFF, data=[0x80]),
    can.Message(arbitration_id=0x123, is_extended_id=False, is_remote_frame=True, dlc=5),
    can.Message(arbitration_id=0x123, is_fd=True, bitrate_switch=True, data=bytes(64)),
    can.Message(timestamp=1700000000.25, arbitration_id=0x42, channel="can7", data=[7]),
]

kind = sys.argv[1]
if kind == "multicast":
    bus = can.Bus(interface="udp_multicast", channel=sys.argv[2], port=int(sys.argv[3]))
    frames = FRAMES + MORE
else:
    bus = can.Bus(interface="socketcand", host="127.0.0.1", port=int(sys.argv[2]), channel=sys.argv[3])
    frames = FRAMES
print("ready", flush=True)
sys.stdin.readline()
for frame in frames:
    bus.send(frame)
print("sent", flush=True)
while True:
    frame = bus.recv(60)
    # Its own datagrams come back: it does not know them for its own.
    if frame is None or any(frame.equals(each, timestamp_delta=None) for each in frames):
        continue
    flags = "".join(
        letter if flag else "-"
        for letter, flag in [
            ("X", frame.is_extended_id),
            ("R", frame.is_remote_frame),
            ("E", frame.is_error_frame),
            ("F", frame.is_fd),
            ("B", frame.bitrate_switch),
        ]
    )
    print(f"{frame.arbitration_id:x} {flags} {frame.dlc} {bytes(frame.data).hex()}", flush=True)
