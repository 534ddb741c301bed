"""The periodic tasks of periods.ts with python-can: periods.py SECONDS."""

import sys
import time

import can

with can.Bus("vcan0", interface="socketcan") as bus:
    for i, period in enumerate([0.001, 0.01, 0.1]):
        bus.send_periodic(can.Message(arbitration_id=i, is_extended_id=False, data=[1, 2, 3, 4, 5, 6, 7, 8]), period)
    time.sleep(float(sys.argv[1]))
