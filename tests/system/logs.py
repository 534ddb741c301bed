"""Log files with python-can. "logs.py read FILE" prints the messages of a file as JSON lines on standard output;
"logs.py write FILE" writes a file from such lines on standard input."""

import json
import sys

import can

FIELDS = {
    "arbitrationId": "arbitration_id",
    "isExtendedId": "is_extended_id",
    "isRemoteFrame": "is_remote_frame",
    "isErrorFrame": "is_error_frame",
    "isFd": "is_fd",
    "bitrateSwitch": "bitrate_switch",
    "errorStateIndicator": "error_state_indicator",
    "dlc": "dlc",
    "channel": "channel",
    "timestamp": "timestamp",
    "isRx": "is_rx",
}


def read(path):
    options = {"relative_timestamp": False} if path.endswith(".asc") else {}
    for message in can.LogReader(path, **options):
        fields = {ours: getattr(message, theirs) for ours, theirs in FIELDS.items()}
        print(json.dumps({**fields, "data": list(message.data)}))


def write(path):
    with can.Logger(path) as log:
        for line in sys.stdin:
            fields = json.loads(line)
            data = bytes(fields.pop("data"))
            arguments = {theirs: fields[ours] for ours, theirs in FIELDS.items() if ours in fields}
            arguments["timestamp"] = float(arguments["timestamp"])
            log.on_message_received(can.Message(data=data, **arguments))


{"read": read, "write": write}[sys.argv[1]](sys.argv[2])
