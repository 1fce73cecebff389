#!/usr/bin/python3
"""Makes a golden repository with today's program: make.py LIFEBOAT DIRECTORY (see README.md).

DIRECTORY must not exist. What is random in a repository is random here too, so that two runs give
different bytes with the same meaning: golden files are made once.
"""

import json
import os
import random
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import tarfile
import time
from pathlib import Path

from nacl.public import PrivateKey

import contents

WORK = Path("/tmp/lifeboat-golden")  # its paths are in the snapshots
HOST = "golden"
PASSPHRASE = "a golden passphrase"
PASSPHRASE_IN_USE = {"LIFEBOAT_PASSPHRASE": PASSPHRASE}
KIB = 1024

CONFIG = """# Of the golden repository; its keys are no secrets.
version: 1
services:
  shop:
    owner: ops@shop.example
    sources:
      app:     {type: sqlite, path: data/app.db}
      legacy:  {type: sqlite, path: data/legacy.db}
      uploads: {type: files, path: data/uploads, exclude: ["*.tmp"], limits: {workers: 1READ}}
    repositories: [local]
    retention: {keep_last: 2}
    drills:
      nightly: {tier: full, sandbox: {directory: sandbox}}
repositories:
  local: {url: repository, key: {KEY}}
"""
KEYS = {"admin": 'passphrase: "${LIFEBOAT_PASSPHRASE}"', "writer": "file: keys/writer.key",
        "reader": "file: keys/reader.key", "collector": "file: keys/collector.key"}


def noise(name, size):
    """Bytes that do not compress, the same each time."""
    return random.Random(name).randbytes(size)


class Maker:
    def __init__(self, program):
        self.program, self.snapshots = program, {}
        (WORK / "keys").mkdir(parents=True)
        for folder in ("data", "sandbox"):
            (WORK / folder).mkdir()
        for role, key in KEYS.items():
            self.config(role, key)
        self.config("slow", KEYS["writer"], ", read: 20KB/s")
        self.environment = PASSPHRASE_IN_USE | {
            "PATH": os.environ["PATH"], "LIFEBOAT_STATE": str(WORK / "state"),
            "LIFEBOAT_CACHE": str(WORK / "cache")}

    def config(self, name, key, read=""):
        text = CONFIG.replace("KEY", key).replace("READ", read)
        (WORK / f"{name}.yaml").write_text(text)

    def command(self, role, *arguments):
        return [self.program, "--config", str(WORK / f"{role}.yaml"), "--json", "--yes", *arguments]

    def run(self, role, *arguments):
        done = subprocess.run(self.command(role, *arguments), env=self.environment, cwd=WORK,
                              stdout=subprocess.PIPE, text=True, check=False)
        if done.returncode != 0:
            raise SystemExit(f"{arguments}: {done.returncode}\n{done.stdout}")
        return json.loads(done.stdout.splitlines()[-1])["result"]

    def backup(self, role):
        before = set((WORK / "repository/snapshots").glob("*/*"))
        self.run(role, "backup", "shop")
        (made,) = set((WORK / "repository/snapshots").glob("*/*")) - before
        held = {"app": contents.of_database(WORK / "data/app.db"),
                "legacy": contents.of_database(WORK / "data/legacy.db"),
                "uploads": contents.of_folder(WORK / "data/uploads")}
        self.snapshots[contents.sha256(made.read_bytes())] = held

    def kill_a_backup(self):
        """Its session stays, without an end, until a collection voids it."""
        before = set((WORK / "repository/sessions").glob("*/*"))
        running = subprocess.Popen(self.command("slow", "backup", "shop"), env=self.environment,
                                   cwd=WORK, stdout=subprocess.DEVNULL)
        while set((WORK / "repository/sessions").glob("*/*")) == before:
            time.sleep(0.01)
        running.send_signal(signal.SIGKILL)
        running.wait()


def make_databases():
    app = sqlite3.connect(WORK / "data/app.db")
    app.executescript('''
        PRAGMA journal_mode = WAL; PRAGMA user_version = 7; PRAGMA application_id = 1279677000;
        CREATE TABLE kinds(id INTEGER PRIMARY KEY, value, note TEXT NOT NULL);
        CREATE TABLE codes(code TEXT PRIMARY KEY, price REAL) WITHOUT ROWID;
        CREATE TABLE computed(a INT, twice INT AS (a * 2) STORED, half REAL AS (a / 2.0) VIRTUAL);
        CREATE TABLE "odd ""name"""(rowid TEXT, "a b" BLOB);
        CREATE TABLE orders(id INTEGER PRIMARY KEY AUTOINCREMENT, total INT, state TEXT);
        CREATE TABLE schema_migrations(version TEXT PRIMARY KEY);
        CREATE VIRTUAL TABLE words USING fts5(body);
        CREATE INDEX by_state ON orders(state) WHERE state <> 'paid';
        CREATE VIEW unpaid AS SELECT * FROM orders WHERE state <> 'paid';
        CREATE TRIGGER lower_codes AFTER INSERT ON orders BEGIN
          UPDATE orders SET state = lower(state) WHERE id = new.id; END;
        INSERT INTO schema_migrations VALUES ('001'), ('002');
        INSERT INTO words VALUES ('lifeboats are drilled'), ('so are backups');
    ''')
    values = [None, 0, -1, 2**63 - 1, -2**63, 0.0, -0.0, 1e308, 5e-324, float("inf"), "", "Ünï ✓",
              "with\0zero", b"", b"\0\xff", noise("blob", 3000)]
    app.executemany("INSERT INTO kinds(value, note) VALUES (?, ?)",
                    [(value, type(value).__name__) for value in values])
    app.execute("INSERT INTO kinds(value, note) VALUES (CAST(x'ff41' AS TEXT), 'no UTF-8')")
    app.executemany("INSERT INTO codes VALUES (?, ?)", [(f"c{n}", n) for n in range(20)])
    app.executemany("INSERT INTO computed(a) VALUES (?)", [(n,) for n in range(9)])
    app.execute('INSERT INTO "odd ""name""" VALUES (?, ?)', ("no rowid", b"x"))
    app.executemany("INSERT INTO orders(total, state) VALUES (?, 'OPEN')",
                    [(n,) for n in range(500)])
    app.commit()
    legacy = sqlite3.connect(WORK / "data/legacy.db")
    legacy.executescript("""PRAGMA encoding = 'UTF-16le'; PRAGMA page_size = 1024;
        CREATE TABLE notes(text TEXT); INSERT INTO notes VALUES ('grüße'), ('plain');""")
    legacy.close()
    return app


def make_uploads():
    root = WORK / "data/uploads"
    (root / "empty folder").mkdir(parents=True)
    (root / "deep/er/still").mkdir(parents=True)
    (root / "a-dead.bin").write_bytes(noise("dead", 400 * KIB))
    (root / "b-kept.bin").write_bytes(noise("kept", 50 * KIB))
    (root / "twin-of-kept.bin").write_bytes(noise("kept", 50 * KIB))
    (root / "c-many").mkdir()
    for number in range(60):
        (root / f"c-many/{number:02}").write_bytes(noise(f"many {number}", 1500))
    (root / "empty").touch()
    (root / "left out.tmp").write_text("excluded")
    (root / "deep/er/still/text.txt").write_text("line\n" * 1000)
    for number, name in enumerate([b"no \xff UTF-8", b"new\nline", b"-rf", b" space ", b"'\"\\$`",
                                   "ünï ✓".encode(), b"*?[", b"n" * 255, b"...", b"\x01\x7f"]):
        Path(os.fsdecode(os.path.join(os.fsencode(root), name))).write_text(f"file {number}")
    os.symlink("deep/er/still/text.txt", root / "link")
    os.symlink(b"to \xff nowhere", root / "dangling")
    os.symlink("/etc", root / "absolute")
    (root / "z-first").write_text("two names")
    os.link(root / "z-first", root / "z-second")
    os.link(root / "z-first", root / "deep/another")
    with open(root / "sparse", "wb") as file:
        file.seek(512 * KIB)
        file.write(noise("sparse", 5000))
        file.truncate(2048 * KIB)
    os.mkfifo(root / "fifo")
    os.setxattr(root / "empty", "user.origin", b"\0binary\xff")
    os.setxattr(root / "deep", "user.kept", b"on a folder")
    (root / "empty").chmod(0o400)
    (root / "deep").chmod(0o1750)
    os.utime(root / "empty", ns=(0, -1_000_000_001))
    os.utime(root / "link", ns=(0, 86_400_123_456_789), follow_symlinks=False)
    os.utime(root / "empty folder", ns=(0, 4_102_444_800_999_999_999))


def play(maker):
    """The life of the repository; returns the open database, or its log would vanish."""
    app = make_databases()
    make_uploads()
    maker.run("admin", "init")
    for role in ("writer", "reader", "collector"):
        maker.run("admin", "key", "add", "--role", role, "--name", f"{role} of gold", "--file",
                  f"keys/{role}.key")
    seed = noise("recipient", 32)
    (WORK / "keys/recipient.key").write_text(seed.hex() + "\n")
    public = bytes(PrivateKey.from_seed(seed).public_key).hex()
    maker.run("admin", "key", "add", "--role", "reader", "--name", "escrow", "--recipient", public)

    maker.backup("admin")
    (WORK / "data/uploads/a-dead.bin").unlink()
    for number in range(55):  # a segment of which few chunks live: thin, then sparse
        (WORK / f"data/uploads/c-many/{number:02}").unlink()
    app.execute("UPDATE orders SET state = 'paid' WHERE id % 50 = 0")
    app.commit()
    maker.backup("admin")
    maker.backup("writer")
    maker.kill_a_backup()
    first = next(iter(maker.snapshots))
    maker.run("collector", "forget", "shop")
    pruned = maker.run("collector", "prune")
    print("prune:", json.dumps(pruned))
    del maker.snapshots[first]
    (WORK / "data/uploads/new.bin").write_bytes(noise("new", 20 * KIB))
    app.execute("DELETE FROM codes WHERE price > 15")
    app.commit()
    maker.backup("admin")
    newest = list(maker.snapshots)[-1]
    maker.run("admin", "snapshots", "hold", newest)
    maker.run("admin", "snapshots", "note", newest, "made of gold")
    maker.run("admin", "verify", "--read-data")
    maker.run("reader", "drill", "run", "shop")
    maker.run("reader", "restore", "shop", "--to", str(WORK / "restored"))
    return app


def keep(maker, directory):
    directory.mkdir()
    with tarfile.open(directory / "repository.tar", "w", format=tarfile.USTAR_FORMAT) as tar:
        tar.add(WORK / "repository", "repository", filter=anonymous)
    shutil.copytree(WORK / "keys", directory / "keys")
    shutil.copy(WORK / "admin.yaml", directory / "lifeboat.yaml")
    (evidence,) = (WORK / "state/drills/shop").glob("*.json")
    shutil.copy(evidence, directory / "evidence.json")
    listed = maker.run("admin", "key", "list")
    expected = {"passphrase": PASSPHRASE, "root_public": listed["root_public"],
                "version": maker.run("admin", "version"), "order": list(maker.snapshots),
                "snapshots": maker.snapshots}
    text = json.dumps(expected, indent=1, sort_keys=True) + "\n"
    (directory / "expected.json").write_text(text)
    for path in directory.rglob("*"):  # as a version control system keeps them
        path.chmod(0o755 if path.is_dir() else 0o644)


def anonymous(member):
    member.uid = member.gid = 0
    member.uname = member.gname = "root"
    member.mode = 0o755 if member.isdir() else 0o644
    return member


def main():
    program, directory = str(Path(sys.argv[1]).resolve()), Path(sys.argv[2]).resolve()
    if socket.gethostname() != HOST:  # snapshots name the host that made them
        mapped = [] if os.geteuid() == 0 else ["--user", "--map-root-user"]
        inside = f'hostname {HOST} && exec /usr/bin/python3 "$0" "$@"'
        os.execvp("unshare", ["unshare", *mapped, "--uts", "sh", "-c", inside, __file__, program,
                              str(directory)])
    if directory.exists() or WORK.exists():
        raise SystemExit(f"{directory} or {WORK} is there: golden files are never overwritten")
    maker = Maker(program)
    app = play(maker)
    keep(maker, directory)
    app.close()
    shutil.rmtree(WORK)


if __name__ == "__main__":
    main()
