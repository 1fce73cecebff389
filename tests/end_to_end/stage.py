"""A place to play one story in: a service with a database and a folder, a repository, the
program."""
import json
import os
import pathlib
import pty
import secrets
import shutil
import signal
import sqlite3
import subprocess
import tempfile
import time
import unittest

PROGRAM = os.environ["LIFEBOAT"]
NOBODY = 65534
if os.geteuid() == 0:
    # Root may read and write everything, so the refusals could not be tried.
    os.setgroups([])
    os.setgid(NOBODY)
    os.setuid(NOBODY)
    os.environ["HOME"] = "/nonexistent"

CONFIGURATION = """\
version: 1
services:
  shop:
    sources:
      db:      {type: sqlite, path: "${DATABASE}"}
      uploads: {type: files, path: "${UPLOADS}"%(uploads)s}
    repositories: [local]
    %(service)s
repositories:
  local: {url: "%(repository)s", key: %(key)s%(local)s}
"""

PASSPHRASE = '{passphrase: "${LIFEBOAT_PASSPHRASE}"}'


class Stage(unittest.TestCase):
    # With PASSPHRASE each command takes 64 MiB and a tenth of a second longer.
    KEY = '{file: "%s/repository.key"}'

    def setUp(self):
        self.place = pathlib.Path(tempfile.mkdtemp(prefix="lifeboat-stage-"))
        self.addCleanup(self.remove_place)
        self.key = self.KEY.replace("%s", str(self.place))
        (self.place / "repository.key").write_text(secrets.token_hex(32))
        (self.place / "repository.key").chmod(0o600)
        self.database = self.place / "shop.db"
        self.uploads = self.place / "uploads"
        self.repository = self.place / "repository"
        self.state = self.place / "state"
        self.variables = {
            "PATH": os.environ["PATH"], "HOME": str(self.place),
            "LIFEBOAT_STATE": str(self.state), "LIFEBOAT_CACHE": str(self.place / "cache"),
            "LIFEBOAT_CONFIG": str(self.place / "lifeboat.yaml"),
            "LIFEBOAT_PASSPHRASE": "a passphrase of this test",
            "DATABASE": str(self.database), "UPLOADS": str(self.uploads),
        }
        for name in ("ASAN_OPTIONS", "UBSAN_OPTIONS"):
            if name in os.environ:
                self.variables[name] = os.environ[name]

    def remove_place(self):
        for folder, _, _ in os.walk(self.place):
            os.chmod(folder, 0o700)
        shutil.rmtree(self.place)

    def configure(self, uploads="", service="", local="", repository=None):
        text = CONFIGURATION % {"uploads": uploads, "service": service, "local": local,
                                "repository": repository or self.repository, "key": self.key}
        (self.place / "lifeboat.yaml").write_text(text)

    def seed(self, rows=200, files=20):
        with sqlite3.connect(self.database) as database:
            database.execute("CREATE TABLE orders(id INTEGER PRIMARY KEY, what TEXT)")
            database.executemany("INSERT INTO orders(what) VALUES (?)",
                                 [(f"order {row}",) for row in range(rows)])
        database.close()
        (self.uploads / "2026").mkdir(parents=True)
        for number in range(files):
            (self.uploads / "2026" / f"{number}.txt").write_text(f"upload {number}\n" * 50)

    def add_bulk(self, megabytes):
        for number in range(megabytes // 4):
            (self.uploads / f"bulk-{number}").write_bytes(os.urandom(4_000_000))

    def ready(self, **configuration):
        self.seed()
        self.configure(**configuration)
        self.run_program("init")

    def command(self, *words):
        return [PROGRAM, *map(str, words)]

    def run_program(self, *words, status=0, variables=None):
        ran = subprocess.run(self.command(*words), env=variables or self.variables, text=True,
                             cwd=self.place, stdin=subprocess.DEVNULL, capture_output=True,
                             errors="replace", check=False, timeout=240)
        self.assertEqual(ran.returncode, status,
                         f"lifeboat {' '.join(map(str, words))}\n{ran.stdout}\n{ran.stderr}")
        return ran

    def result(self, *words, **more):
        """The result of a command with --json."""
        lines = self.run_program(*words, "--json", **more).stdout.splitlines()
        last = json.loads(lines[-1])
        self.assertEqual(last["event"], "result")
        return last["result"]

    def start(self, *words):
        started = subprocess.Popen(self.command(*words), env=self.variables, text=True,
                                   cwd=self.place, stdin=subprocess.DEVNULL,
                                   stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        self.addCleanup(self.end, started)
        return started

    def start_at_terminal(self, *words):
        """The command, and the other end of the terminal at which it asks."""
        ours, theirs = pty.openpty()
        self.addCleanup(os.close, ours)
        started = subprocess.Popen(self.command(*words), env=self.variables, text=True,
                                   cwd=self.place, stdin=theirs, stdout=subprocess.PIPE,
                                   stderr=subprocess.PIPE)
        os.close(theirs)
        self.addCleanup(self.end, started)
        return started, ours

    @staticmethod
    def end(started):
        if started.poll() is None:
            started.send_signal(signal.SIGKILL)
        started.communicate()

    def wait_until(self, condition, seconds=90):
        until = time.monotonic() + seconds
        while not condition():
            self.assertLess(time.monotonic(), until, "waited too long")
            time.sleep(0.02)

    def packs(self):
        return [path for path in (self.repository / "packs").rglob("*")
                if path.is_file() and not path.name.startswith(".")]

    def back_up_thrice(self):
        """Returns the objects of their sessions, the oldest first. Nothing that was stored in the
        second is in the newest: a drill of that one opens it to compare with, in its check."""
        more = self.uploads / "more"
        for happen in (lambda: None, lambda: more.write_text("more"), more.unlink):
            happen()
            self.run_program("backup")
        return sorted((path for path in (self.repository / "sessions").rglob("*")
                       if path.is_file()), key=lambda path: path.name)

    def without_sources(self):
        """The sources and their variables are gone, as after the disaster."""
        self.database.unlink()
        shutil.rmtree(self.uploads)
        kept = dict(self.variables)
        for name in ("DATABASE", "UPLOADS"):
            kept.pop(name)
        return kept

    def orders_in(self, path):
        database = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
        try:
            return database.execute("SELECT count(*) FROM orders").fetchone()[0]
        finally:
            database.close()
