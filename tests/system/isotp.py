"""Python's own ISO-TP socket: isotp.py INTERFACE RX_ID TX_ID OPTIONS send|receive

send     sends a PDU for each line of standard input, in hexadecimal
receive  prints "ready", then a line for each PDU

The identifiers are canid_t in hexadecimal, the options an object of JSON: "opts", "fc" and "ll" are the members of struct
can_isotp_options, can_isotp_fc_options and can_isotp_ll_options in their order.
"""

import json
import socket
import struct
import sys

SOL_CAN_ISOTP = 106
LAYOUTS = {"opts": (1, "=IIBBBB"), "fc": (2, "=BBB"), "ll": (5, "=BBB")}

interface, rx_id, tx_id, options, action = sys.argv[1:]
peer = socket.socket(socket.AF_CAN, socket.SOCK_DGRAM, socket.CAN_ISOTP)
for name, members in json.loads(options).items():
    option, layout = LAYOUTS[name]
    peer.setsockopt(SOL_CAN_ISOTP, option, struct.pack(layout, *members))
peer.bind((interface, int(rx_id, 16), int(tx_id, 16)))
if action == "send":
    for line in sys.stdin:
        peer.send(bytes.fromhex(line))
else:
    print("ready", flush=True)
    while True:
        print(peer.recv(1 << 20).hex(), flush=True)
