#!/usr/bin/python3
"""Makes a golden repository with pieces of a log: make_log.py LIFEBOAT DIRECTORY (see README.md).

A FerretDB with a log (LIFEBOAT_FERRETDB) is backed up once and followed piece by piece; after each
is written down what the database held. DIRECTORY must not exist.
"""

import json
import os
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "support"))

import ferretdb
import log_reader
import reader
from make import anonymous

PASSPHRASE = "a golden passphrase"
CONFIG = """# Of the golden repository with a log.
version: 1
services:
  shop:
    sources:
      db: {type: mongodb, uri: "${MONGO_URI}", database: shop}
    repositories: [local]
repositories:
  local: {url: repository, key: {passphrase: "${LIFEBOAT_PASSPHRASE}"}}
"""


class Shop:
    """The database, and a model of it."""

    def __init__(self, server):
        self.server, self.model = server, {}
        server.command("local", create="oplog.rs", capped=True, size=1 << 20)

    def put(self, collection, identity, **fields):
        document = {"_id": identity} | fields
        self.server.command("shop", update=collection, updates=[
            {"q": {"_id": identity}, "u": document, "upsert": True}])
        self.model.setdefault(collection, {})[str(identity)] = document

    def remove(self, collection, identity):
        self.server.command("shop", delete=collection,
                            deletes=[{"q": {"_id": identity}, "limit": 1}])
        del self.model[collection][str(identity)]


def write(shop, step):
    """Inserts, changes with fewer fields, deletes, and a collection that the log makes."""
    for number in range(5):
        shop.put("orders", 1000 * step + number, state="open", total=number, place={"row": [step]})
    shop.put("orders", step, state="paid")
    shop.remove("orders", 50 + step)
    shop.put(f"made-{step}", 1, text="Ünï ✓")


def make(program, directory, work):
    server = ferretdb.Server(work / "server", "--repl-set-name=rs0")
    environment = {"PATH": os.environ["PATH"], "LIFEBOAT_PASSPHRASE": PASSPHRASE,
                   "LIFEBOAT_STATE": str(work / "state"), "LIFEBOAT_CACHE": str(work / "cache"),
                   "MONGO_URI": server.uri()}
    (work / "lifeboat.yaml").write_text(CONFIG)

    def run(*arguments):
        subprocess.run([program, "--yes", *arguments], env=environment, cwd=work, check=True)

    try:
        shop = Shop(server)
        for number in range(100):
            shop.put("orders", number, state="open", total=number)
        run("init")
        run("backup", "shop")
        held = {}
        for step in range(1, 5):
            write(shop, step)
            run("log", "follow", "shop", "--once")
            os.environ["LIFEBOAT_PASSPHRASE"] = PASSPHRASE
            repository = reader.Repository(
                work / "repository", reader.credential("passphrase:LIFEBOAT_PASSPHRASE"))
            last = log_reader.pieces(repository, "shop", "db")[-1].head["about"]["last"]
            held[f"{last['seconds']}.{last['increment']}"] = json.loads(json.dumps(shop.model))
    finally:
        server.stop()
    directory.mkdir()
    with tarfile.open(directory / "repository.tar", "w", format=tarfile.USTAR_FORMAT) as tar:
        tar.add(work / "repository", "repository", filter=anonymous)
    (directory / "lifeboat.yaml").write_text(CONFIG)
    expected = {"passphrase": PASSPHRASE, "held": held}
    (directory / "expected.json").write_text(json.dumps(expected, indent=1) + "\n")


def main():
    program, directory = str(Path(sys.argv[1]).resolve()), Path(sys.argv[2]).resolve()
    if directory.exists():
        raise SystemExit(f"{directory} is there: golden files are never overwritten")
    with tempfile.TemporaryDirectory() as work:
        make(program, directory, Path(work))


if __name__ == "__main__":
    main()
