"""One JSON object a line on standard output, with the numeric levels that pino made common."""

import json
import sys
import threading

from shop.clock import utc_text

LEVELS = {"debug": 20, "info": 30, "warn": 40, "error": 50, "fatal": 60}
_lock = threading.Lock()


def write(level, message, **fields):
    line = {"level": LEVELS[level], "time": utc_text(), "msg": message, **fields}
    with _lock:
        print(json.dumps(line, separators=(",", ":"), default=str), flush=True, file=sys.stdout)


def info(message, **fields):
    write("info", message, **fields)


def warn(message, **fields):
    write("warn", message, **fields)


def error(message, **fields):
    write("error", message, **fields)


def fatal(message, **fields):
    write("fatal", message, **fields)
