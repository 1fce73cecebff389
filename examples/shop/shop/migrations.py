"""Applies the files of migrations/ in the order of their names, each with its ledger row."""

import sqlite3
from pathlib import Path

from shop.clock import utc_now, utc_text
from shop.database import transaction

FOLDER = Path(__file__).resolve().parent.parent / "migrations"
LEDGER = """CREATE TABLE IF NOT EXISTS _migrations (
  name TEXT PRIMARY KEY NOT NULL,
  appliedAt TEXT NOT NULL,
  durationMs INTEGER NOT NULL
)"""


def available(folder=FOLDER):
    return sorted(path.name for path in folder.glob("*.sql"))


def applied(connection):
    if "_migrations" not in _tables(connection):
        return []
    return [row["name"] for row in connection.execute("SELECT name FROM _migrations")]


def status(connection, folder=FOLDER):
    """Maps each name to succeeded, pending or unknown (in the ledger, but without a file)."""
    files, ledger = available(folder), applied(connection)
    states = {name: "succeeded" if name in ledger else "pending" for name in files}
    states.update({name: "unknown" for name in ledger if name not in files})
    return dict(sorted(states.items()))


def apply_pending(connection, folder=FOLDER, clock=utc_now):
    """Returns the names applied now. A failing file changes nothing and stops the boot."""
    connection.execute(LEDGER)
    pending = [name for name, state in status(connection, folder).items() if state == "pending"]
    return [name for name in pending if _apply(connection, folder / name, clock)]


def _apply(connection, path, clock):
    with transaction(connection):
        if path.name in applied(connection):  # another process was faster
            return False
        begun = clock()
        for statement in split(path.read_text(encoding="utf-8")):
            connection.execute(statement)
        ended = clock()
        milliseconds = round((ended - begun).total_seconds() * 1000)
        connection.execute("INSERT INTO _migrations (name, appliedAt, durationMs) VALUES (?, ?, ?)",
                           (path.name, utc_text(ended), milliseconds))
    return True


def _tables(connection):
    return {row["name"] for row in connection.execute("SELECT name FROM sqlite_schema")}


def split(text):
    """Cuts a script into statements; a trigger with its inner semicolons stays whole."""
    statement = ""
    for line in text.splitlines(keepends=True):
        statement += line
        if sqlite3.complete_statement(statement):
            yield statement
            statement = ""
    if statement.strip():
        raise ValueError("the migration ends within a statement")
