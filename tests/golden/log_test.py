"""The golden pieces of a log open for ever: today's program restores every moment of them, and the
independent reader, which was written from the documents alone, reads every entry."""

import contextlib
import json
import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
import unittest
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "support"))

import ferretdb
import log_reader
import reader

GOLDEN = HERE / "log-1"
EXPECTED = json.loads((GOLDEN / "expected.json").read_text())
PROGRAM = os.environ.get("LIFEBOAT", str(HERE.parent.parent / "build/release/lifeboat"))


def plain(value):
    """Canonical Extended JSON as Python has it."""
    if isinstance(value, list):
        return [plain(each) for each in value]
    if not isinstance(value, dict):
        return value
    if set(value) == {"$numberInt"}:
        return int(value["$numberInt"])
    return {key: plain(each) for key, each in value.items()}


class GoldenLog(unittest.TestCase):
    maxDiff = None

    def setUp(self):
        self.place = Path(tempfile.mkdtemp(prefix="golden-log-"))
        self.addCleanup(shutil.rmtree, self.place)
        with tarfile.open(GOLDEN / "repository.tar") as tar:
            tar.extractall(self.place)
        self.repository = self.place / "repository"
        shutil.copy(GOLDEN / "lifeboat.yaml", self.place)
        os.environ["LIFEBOAT_PASSPHRASE"] = EXPECTED["passphrase"]

    def open_repository(self):
        return reader.Repository(
            self.repository, reader.credential("passphrase:LIFEBOAT_PASSPHRASE"))

    def test_is_read_to_its_last_entry_by_the_independent_reader(self):
        found = log_reader.pieces(self.open_repository(), "shop", "db")
        self.assertGreaterEqual(len(found), len(EXPECTED["held"]))
        ends = {f"{last['seconds']}.{last['increment']}" for last in
                (piece.head["about"]["last"] for piece in found)}
        self.assertLessEqual(set(EXPECTED["held"]), ends)

    def test_one_flipped_bit_of_any_piece_is_found(self):
        repository = self.open_repository()
        for path in sorted(self.repository.joinpath("logs").rglob("*")):
            if not path.is_file():
                continue
            whole = path.read_bytes()
            for at in range(0, len(whole), max(1, len(whole) // 40)):
                flipped = bytearray(whole)
                flipped[at] ^= 1
                path.chmod(0o600)
                path.write_bytes(flipped)
                with self.assertRaises((*reader.MALFORMED, reader.Unreadable)):
                    log_reader.pieces(repository, "shop", "db")
            path.write_bytes(whole)
        log_reader.pieces(repository, "shop", "db")

    def test_every_moment_is_restored_by_todays_program(self):
        server = ferretdb.Server(self.place / "server")
        self.addCleanup(server.stop)
        for number, (position, held) in enumerate(EXPECTED["held"].items()):
            database = f"restored{number}"
            with self.subTest(position):
                self.run_program(server, "restore", "shop", "--at-position", position, "--to",
                                 f"db={server.uri(database)}")
                self.assertEqual(self.documents(server, database), held)

    def run_program(self, server, *arguments):
        environment = {"PATH": os.environ["PATH"], "MONGO_URI": server.uri(),
                       "LIFEBOAT_PASSPHRASE": EXPECTED["passphrase"],
                       "LIFEBOAT_STATE": str(self.place / "state"),
                       "LIFEBOAT_CACHE": str(self.place / "cache")}
        done = subprocess.run([PROGRAM, "--yes", *arguments], env=environment, cwd=self.place,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                              check=False)
        self.assertEqual(done.returncode, 0, done.stdout)

    def documents(self, server, database):
        """{collection: {_id: document}}"""
        out = self.place / f"of-{database}"
        self.run_program(server, "export", "jsonl", "--mongo-uri", server.uri(), "--mongo-db",
                         database, "--out-dir", str(out))
        (archive,) = out.rglob("*.tar")
        held = {}
        with contextlib.closing(tarfile.open(archive)) as tar:
            for member in tar:
                if not member.name.endswith(".jsonl"):
                    continue
                collection = Path(member.name).stem
                lines = tar.extractfile(member).read().decode().splitlines()
                documents = [plain(json.loads(line)) for line in lines]
                held[collection] = {str(each["_id"]): each for each in documents}
        return held


if __name__ == "__main__":
    unittest.main()
