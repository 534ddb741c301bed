"""Log files with python-can. "logs.py read FILE" prints the messages of a file as JSON lines on standard output;
"logs.py write FILE" writes a file from such lines on standard input; "logs.py count" prints how many messages are in
each file that is named on standard input, and what was wrong."""

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


def count():
    found = []
    for path in sys.stdin.read().splitlines():
        result = {"messages": 0, "complaint": None}
        try:
            for _ in can.LogReader(path):
                result["messages"] += 1
        except Exception as error:
            result["complaint"] = repr(error)
        found.append(result)
    print(json.dumps(found))


{"read": read, "write": write, "count": count}[sys.argv[1]](*sys.argv[2:])
