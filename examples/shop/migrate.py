#!/usr/bin/python3
"""`migrate.py status` prints each migration with succeeded, pending or unknown; exit 1 unless all
succeeded. It changes nothing. The database is named by the environment variable DATABASE."""

import os
import sqlite3
import sys
from contextlib import closing
from pathlib import Path

from shop import migrations


def main(arguments):
    path = os.environ.get("DATABASE")
    if arguments != ["status"] or not path:
        print("usage: DATABASE=FILE migrate.py status", file=sys.stderr)
        return 3
    try:
        address = Path(path).resolve().as_uri() + "?mode=ro"
        with closing(sqlite3.connect(address, uri=True)) as database:
            database.row_factory = sqlite3.Row
            states = migrations.status(database)
    except sqlite3.Error as error:
        print(f"cannot read {path}: {error}", file=sys.stderr)
        return 2
    for name, state in states.items():
        print(f"{name} {state}")
    return 0 if set(states.values()) == {"succeeded"} else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
