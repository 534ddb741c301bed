"""Prints what cantools makes of the databases in a folder, as files.ts and payloads.ts expect it: expected.py FOLDER."""

import json
import pathlib
import random
import sys

import cantools

MESSAGES = 12
PAYLOADS = 4


def plain(value):
    """JavaScript's numbers are whole up to 2^53, and JSON has no infinity."""
    if isinstance(value, int):
        return value if abs(value) <= 2**53 else str(value)
    return value if value - value == 0 else str(value)


def signal(each):
    choices = each.choices and {str(value): str(label) for value, label in each.choices.items()}
    return {
        "name": each.name,
        "start": each.start,
        "length": each.length,
        "byteOrder": each.byte_order,
        "signed": each.is_signed,
        "float": each.is_float,
        "scale": each.scale,
        "offset": each.offset,
        "min": each.minimum,
        "max": each.maximum,
        "unit": each.unit or None,
        "multiplexer": each.is_multiplexer,
        "multiplexIds": each.multiplexer_ids,
        "choices": choices or None,
    }


def signals(message):
    """In KCD and SYM, a signal that several values of a multiplexer select, or that is one too, is several of one name."""
    by_name = {}
    for each in message.signals:
        first = by_name.setdefault(each.name, signal(each))
        first["multiplexer"] |= each.is_multiplexer
        if each.multiplexer_ids:
            first["multiplexIds"] = sorted({*(first["multiplexIds"] or []), *each.multiplexer_ids})
    return list(by_name.values())


def payload(message, data):
    try:
        raw = message.decode(data, decode_choices=False, scaling=False)
        physical = message.decode(data, decode_choices=False)
        named = message.decode(data)
    except (cantools.database.DecodeError, KeyError, ValueError, OverflowError) as error:
        return {"data": data.hex(), "error": str(error)}
    labels = {name: str(value) for name, value in named.items() if not isinstance(value, (int, float))}
    return {
        "data": data.hex(),
        "raw": {name: plain(value) for name, value in raw.items()},
        "physical": {name: plain(value) for name, value in physical.items()},
        "labels": labels,
    }


def message(each):
    return {
        "id": each.frame_id,
        "extended": each.is_extended_frame,
        "name": each.name,
        "length": each.length,
        "senders": each.senders,
        "cycleTime": each.cycle_time,
        "isFd": each.is_fd,
        "comment": each.comment,
        "signals": signals(each),
        "cases": [payload(each, random.randbytes(each.length)) for _ in range(PAYLOADS)],
    }


def database(path):
    try:
        read = cantools.database.load_file(path, strict=False)
    except cantools.database.UnsupportedDatabaseFormatError as error:
        return {"file": path.name, "refused": str(error)}
    return {
        "file": path.name,
        "version": read.version,
        "nodes": [node.name for node in read.nodes],
        "messageCount": len(read.messages),
        "signalCount": sum(len(signals(each)) for each in read.messages),
        "messages": [message(each) for each in read.messages[:MESSAGES]],
    }


random.seed(1)
print(json.dumps([database(path) for path in sorted(pathlib.Path(sys.argv[1]).iterdir())], indent=1))
