#!/usr/bin/python3
"""Boots the shop: environment, migrations, "listening on port N", then requests until a signal."""

import signal
import sqlite3
import sys
import threading
from contextlib import closing

from shop import accounts, application, database, log, migrations
from shop.settings import SettingsError, from_environment
from shop.web import Server


def main():
    try:
        settings = from_environment()
        make_folders(settings)
        # This connection stays open while the shop runs, so that requests, which each open their
        # own, never are the last to leave and fold the write-ahead log.
        with closing(database.connect(settings.database)) as connection:
            prepare(connection, settings)
            serve(settings)
    except SettingsError as error:
        log.fatal("configuration: " + str(error))
        return 3
    except (OSError, ValueError, sqlite3.Error) as error:
        log.fatal("cannot start: " + str(error))
        return 1
    return 0


def make_folders(settings):
    """On the first boot only: later, a missing uploads folder is a fault that /ready shall show."""
    if settings.database.exists():
        return
    settings.database.parent.mkdir(parents=True, exist_ok=True)
    settings.uploads.mkdir(parents=True, exist_ok=True)


def prepare(connection, settings):
    for name in migrations.apply_pending(connection):
        log.info("migration applied", name=name)
    for name, state in migrations.status(connection).items():
        if state == "unknown":
            log.warn("the ledger has a migration that this release does not", name=name)
    check_token_key(connection, accounts.key_check(settings.token_key))


def check_token_key(connection, check):
    """Another TOKEN_KEY than before is no error, but older tokens are then refused."""
    row = connection.execute("SELECT value FROM settings WHERE name = 'tokenKeyCheck'").fetchone()
    if row is None:
        connection.execute("INSERT INTO settings VALUES ('tokenKeyCheck', ?)", (check,))
    elif row["value"] != check:
        log.warn("TOKEN_KEY is not the one this database was served with: older tokens are refused")


def serve(settings):
    with Server(settings.port, lambda request: application.answer(settings, request)) as server:
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: threading.Thread(target=server.shutdown).start())
        log.info(f"listening on port {server.server_port}")
        server.serve_forever(poll_interval=0.1)
    log.info("stopped")


if __name__ == "__main__":
    sys.exit(main())
