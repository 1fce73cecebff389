"""Connections to the shop's SQLite database; each belongs to one thread and one request."""

import json
import sqlite3
from contextlib import contextmanager

from shop.clock import utc_text

BUSY_SECONDS = 5


def connect(path):
    connection = sqlite3.connect(path, timeout=BUSY_SECONDS, isolation_level=None)
    connection.row_factory = sqlite3.Row
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute("PRAGMA foreign_keys = ON")
    return connection


@contextmanager
def transaction(connection):
    """Takes the write lock at once, so that what is read inside cannot change before the commit."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield connection
    except BaseException:
        connection.execute("ROLLBACK")
        raise
    connection.execute("COMMIT")


def audit(connection, user_id, action, subject, **detail):
    connection.execute(
        "INSERT INTO audit_log (at, userId, action, subject, detail) VALUES (?, ?, ?, ?, ?)",
        (utc_text(), user_id, action, subject, json.dumps(detail, sort_keys=True)))
