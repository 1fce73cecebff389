"""The golden repository of format 1 opens for ever: with today's program, and with the independent
reader, which was written from docs/format.md and docs/format-engines.md alone."""

import base64
import contextlib
import io
import json
import os
import shutil
import sqlite3
import subprocess
import sys
import tarfile
import tempfile
import unittest
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "support"))

import contents
import facts
import reader
import verifier

GOLDEN = HERE / "format-1"
EXPECTED = json.loads((GOLDEN / "expected.json").read_text())
PROGRAM = os.environ.get("LIFEBOAT", str(HERE.parent.parent / "build/release/lifeboat"))
PASSPHRASE = "passphrase:LIFEBOAT_PASSPHRASE"
MAY_READ = [PASSPHRASE, "file:keys/reader.key", "file:keys/recipient.key"]


def quietly(program, *arguments):
    """(exit status, everything it said)"""
    said = io.StringIO()
    with contextlib.redirect_stdout(said), contextlib.redirect_stderr(said):
        return program.main([str(each) for each in arguments]), said.getvalue()


class Golden(unittest.TestCase):
    maxDiff = None

    def setUp(self):
        # Not in /tmp, which may be a file system without extended attributes.
        self.place = Path(tempfile.mkdtemp(prefix="golden-", dir=Path(PROGRAM).parent))
        self.addCleanup(self.remove)
        with tarfile.open(GOLDEN / "repository.tar") as tar:
            tar.extractall(self.place)
        shutil.copytree(GOLDEN / "keys", self.place / "keys")
        self.repository = self.place / "repository"
        os.environ["LIFEBOAT_PASSPHRASE"] = EXPECTED["passphrase"]
        self.addCleanup(os.chdir, os.getcwd())
        os.chdir(self.place)

    def remove(self):
        for folder, _, _ in os.walk(self.place):
            os.chmod(folder, 0o700)
        shutil.rmtree(self.place)

    def run_program(self, *arguments, key=None):
        config = (GOLDEN / "lifeboat.yaml").read_text()
        if key:
            own = '{passphrase: "${LIFEBOAT_PASSPHRASE}"}'
            config = config.replace(own, f"{{file: keys/{key}}}")
        (self.place / "lifeboat.yaml").write_text(config)
        (self.place / "sandbox").mkdir(exist_ok=True)
        environment = {"PATH": os.environ["PATH"], "LIFEBOAT_PASSPHRASE": EXPECTED["passphrase"],
                       "LIFEBOAT_STATE": str(self.place / "state"),
                       "LIFEBOAT_CACHE": str(self.place / "cache")}
        done = subprocess.run([PROGRAM, "--json", "--yes", *arguments], env=environment,
                              stdout=subprocess.PIPE, text=True, check=False)
        lines = done.stdout.splitlines()
        return done.returncode, json.loads(lines[-1]) if lines else {}

    def assert_holds(self, snapshot, places):
        """`places`: where each source was restored to."""
        wanted = EXPECTED["snapshots"][snapshot]
        for source in ("app", "legacy"):
            self.assertEqual(contents.of_database(places[source]), wanted[source])
        found = contents.of_folder(places["uploads"])
        self.assertEqual(sorted(found), sorted(name for name in wanted["uploads"]
                                               if not name.endswith(".tmp")))
        for path, about in found.items():
            if "sparse" not in wanted["uploads"][path]:
                about.pop("sparse", None)  # more holes than before do no harm
            self.assertEqual(about, wanted["uploads"][path], path)


class TodaysProgram(Golden):
    def test_restores_every_snapshot(self):
        for snapshot in EXPECTED["snapshots"]:
            status, said = self.run_program(
                "restore", "shop", "--snapshot", snapshot, "--to", f"out-{snapshot}")
            self.assertEqual(status, 0, said)
            out = self.place / f"out-{snapshot}"
            self.assert_holds(snapshot, {"app": out / "app.db", "legacy": out / "legacy.db",
                                         "uploads": out / "uploads"})

    def test_finds_all_of_it_whole(self):
        status, said = self.run_program("verify", "--read-data")
        self.assertEqual(status, 0, said)

    def test_opens_it_with_every_key_file(self):
        for key in ("reader.key", "writer.key", "collector.key"):
            status, said = self.run_program("snapshots", "shop", key=key)
            self.assertEqual(status, 0, said)
            listed = [each["id"] for each in said["result"][0]["snapshots"]]
            self.assertEqual(sorted(listed), sorted(EXPECTED["snapshots"]))

    def test_drill_gives_evidence_that_the_verifier_believes_until_it_is_changed(self):
        status, said = self.run_program("drill", "run", "shop")
        self.assertEqual(status, 0, said)
        (file,) = (self.place / "state/drills/shop").glob("*.json")
        root = EXPECTED["root_public"]
        status, words = quietly(verifier, "evidence", file, root)
        self.assertEqual((status, words.split(",")[0]), (0, "proven"), words)
        changed = self.place / "changed.json"
        sealed = json.loads(file.read_text())
        payload = base64.b64decode(sealed["payload"]).replace(b'"passed"', b'"failed"', 1)
        changed.write_text(json.dumps(sealed | {"payload": base64.b64encode(payload).decode()}))
        self.assertEqual(quietly(verifier, "evidence", changed, root)[0], 1)


class IndependentReader(Golden):
    def test_lists_the_snapshots_with_every_key(self):
        for key in MAY_READ + ["file:keys/writer.key", "file:keys/collector.key"]:
            status, said = quietly(reader, "list", self.repository, key)
            self.assertEqual(status, 0, said)
            self.assertEqual([line.split()[0] for line in said.splitlines()], EXPECTED["order"])

    def test_restores_every_snapshot_with_every_key_that_may_read(self):
        for number, key in enumerate(MAY_READ):
            for snapshot in EXPECTED["snapshots"]:
                out = self.place / f"{number}-{snapshot}"
                status, said = quietly(reader, "restore", self.repository, key, snapshot, out)
                self.assertEqual(status, 0, said)
                self.assert_holds(snapshot, {
                    "app": out / "app/app.db", "legacy": out / "legacy/legacy.db",
                    "uploads": out / "uploads"})

    def test_finds_the_facts_that_were_sealed_into_every_snapshot(self):
        repository = reader.Repository(self.repository, reader.credential(PASSPHRASE))
        repository.load_index()
        for snapshot in repository.snapshots():
            out = self.place / snapshot.id
            with contextlib.redirect_stderr(io.StringIO()):
                reader.restore(repository, snapshot.id, out)
            for source in repository.body(snapshot)["sources"]:
                sealed, entries = source["facts"], repository.entries(source)
                if source["type"] == "files":
                    computed = facts.of_entries(entries) | {"excluded": 1}
                else:
                    computed = facts.of_database(out / source["name"] / f"{source['name']}.db")
                    compared = sealed.keys() - {"about", "migrations"}
                    sealed = {name: sealed[name] for name in compared}
                self.assertEqual(computed, sealed)

    def test_a_changed_row_gives_another_digest_of_its_table_only(self):
        quietly(reader, "restore", self.repository, PASSPHRASE, "latest", "out")
        path = self.place / "out/app/app.db"
        before = facts.of_database(path)["tables"]
        database = sqlite3.connect(path)
        database.execute("UPDATE codes SET price = price + 1 WHERE code = 'c3'")
        database.commit()
        database.close()
        after = facts.of_database(path)["tables"]
        changed = {name for name, about in after.items() if about != before[name]}
        self.assertEqual(changed, {"codes"})

    def test_tells_keys_that_may_not_read_from_damage(self):
        for key in ("file:keys/writer.key", "file:keys/collector.key"):
            status, said = quietly(reader, "restore", self.repository, key, "latest", "out")
            self.assertEqual(status, 2, said)
        os.environ["LIFEBOAT_PASSPHRASE"] = "another one"
        self.assertEqual(quietly(reader, "list", self.repository, PASSPHRASE)[0], 2)

    def test_finds_every_object_whole(self):
        status, said = quietly(verifier, self.repository, PASSPHRASE)
        self.assertEqual(status, 0, said)

    def test_finds_one_flipped_bit_in_any_object(self):
        objects = sorted(path for path in self.repository.rglob("*") if path.is_file())
        self.assertGreater(len(objects), 20)
        for path in objects:
            whole = path.read_bytes()
            for at in (len(whole) // 2, len(whole) - 1):
                flipped = bytearray(whole)
                flipped[at] ^= 1
                path.write_bytes(flipped)
                status, said = quietly(verifier, self.repository, "file:keys/reader.key")
                self.assertNotEqual(status, 0, f"{path} at {at}: {said}")
            path.write_bytes(whole)

    def test_finds_every_missing_object_but_what_nothing_refers_to(self):
        unnoticed = set()
        for kind in ("packs", "index", "sessions", "snapshots", "statements/forgotten"):
            for path in sorted(self.repository.joinpath(kind).rglob("*")):
                if path.is_file() and self.is_whole_without(path):
                    unnoticed.add(str(path.relative_to(self.repository)))
        self.assertEqual(unnoticed, set(self.unneeded()))

    def is_whole_without(self, path):
        whole = path.read_bytes()
        path.unlink()
        status, _ = quietly(verifier, self.repository, "file:keys/reader.key")
        path.write_bytes(whole)
        return status == 0

    def unneeded(self):
        """The newest snapshot, which no other has seen, and the session that a void ended."""
        for path in self.repository.glob("snapshots/*/*"):
            data, name = path.read_bytes(), str(path.relative_to(self.repository))
            if contents.sha256(data) == EXPECTED["order"][-1]:
                yield name
            elif data[4] == reader.VOID:
                yield name.replace("snapshots", "sessions")


class Evidence(unittest.TestCase):
    def check(self, change=lambda text: text, root=EXPECTED["root_public"]):
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder) / "evidence.json"
            file.write_text(change((GOLDEN / "evidence.json").read_text()))
            program = subprocess.run(
                [PROGRAM, "drill", "verify-evidence", str(file), "--key", root],
                stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False)
            return quietly(verifier, "evidence", file, root)[0], program.returncode

    def test_is_believed_by_the_program_and_by_the_verifier(self):
        self.assertEqual(self.check(), (0, 0))

    def test_white_space_and_the_order_of_keys_do_not_matter(self):
        def again(text):
            value = json.loads(text)
            return json.dumps(dict(reversed(value.items())), indent=7)
        self.assertEqual(self.check(again), (0, 0))

    def test_is_not_believed_when_a_verdict_or_number_or_time_was_changed(self):
        evidence = json.loads((GOLDEN / "evidence.json").read_text())["evidence"]
        for name in ("verdict", "started", "service", "id"):
            changed = self.check(lambda text, old=evidence[name]: text.replace(f'"{old}"', '"x"'))
            self.assertEqual(changed, (1, 1), name)
        restored = f'"entries_restored": {evidence["measures"]["entries_restored"]}'
        self.assertEqual(self.check(lambda text: text.replace(restored, restored + "0")), (1, 1))

    def test_is_not_believed_under_another_root_or_with_a_foreign_certificate(self):
        self.assertEqual(self.check(root="0" * 64), (1, 1))
        evidence = json.loads((GOLDEN / "evidence.json").read_text())
        certificate = evidence["signature"]["certificate"]  # a reader's: it begins with 03
        self.assertEqual(
            self.check(lambda text: text.replace(certificate, "01" + certificate[2:])), (1, 1))


if __name__ == "__main__":
    unittest.main()
