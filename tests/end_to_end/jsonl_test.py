"""JSON lines out of a MongoDB server and into it, beside pymongo and its json_util, which the
scripts use that wrote such archives before."""
import csv
import datetime
import hashlib
import io
import json
import os
import pathlib
import pty
import random
import re
import signal
import subprocess
import sys
import tarfile
import unittest
import urllib.parse

CACHE = pathlib.Path(os.environ.get("XDG_CACHE_HOME") or pathlib.Path.home() / ".cache")
sys.path.insert(0, str(CACHE / "lifeboat" / "pymongo-4.10.1"))
import bson  # noqa: E402
import pymongo  # noqa: E402
from bson import json_util  # noqa: E402
from bson.raw_bson import RawBSONDocument  # noqa: E402

from stage import PROGRAM, Stage  # noqa: E402

FIXTURES = pathlib.Path(__file__).resolve().parent.parent / "fixtures" / "jsonl"
RENAME = ("--rename", "types_of_values=types of values")


def sample_hash(lines, size):
    """As the restore script computes it of the documents of a file."""
    hashed = hashlib.sha256()
    for line in lines[:size]:
        again = json.loads(json_util.dumps(json_util.loads(line)))
        hashed.update(json.dumps(again, sort_keys=True).encode())
    return hashed.hexdigest()


class Documents:
    """Random documents of all the types that the test's server takes."""

    def __init__(self, seed):
        self.random = random.Random(seed)

    def document(self, number):
        return {"_id": bson.ObjectId(f"{number:024x}"),
                **{f"k{field}": self.value(3) for field in range(self.random.randrange(8))}}

    def value(self, depth):
        rng = self.random
        plain = [
            lambda: rng.randrange(-2 ** 31, 2 ** 31),
            lambda: bson.Int64(rng.randrange(-2 ** 63, 2 ** 63)),
            lambda: bson.Int64(rng.randrange(10)),
            lambda: rng.choice([0.5, 5.0, 1e300, 1e-7, rng.random(), 1e16, 123456789.0]),
            lambda: "".join(rng.choices("aé☃😀\"\\\n\t/{}[]:, \x7f", k=rng.randrange(9))),
            lambda: rng.choice([True, False, None]),
            lambda: datetime.datetime(1970, 1, 1) + datetime.timedelta(
                milliseconds=rng.randrange(-10 ** 12, 10 ** 13)),
            lambda: rng.randbytes(rng.randrange(40)),
            lambda: bson.Binary(rng.randbytes(16), 4),
            lambda: bson.Regex(rng.choice(["^a/b", "x\"y"]), rng.choice(["", "i", "im"])),
            lambda: bson.Timestamp(rng.randrange(2 ** 31), rng.randrange(9)),
            lambda: bson.ObjectId(rng.randbytes(12)),
        ]
        kind = rng.randrange(len(plain) + (2 if depth else 0))
        if kind < len(plain):
            return plain[kind]()
        if kind == len(plain):
            return {f"n{field}": self.value(depth - 1) for field in range(rng.randrange(4))}
        # The server takes no array within an array.
        return [value for value in (self.value(depth - 1) for _ in range(rng.randrange(4)))
                if not isinstance(value, list)]


class JsonLinesTest(Stage):
    def setUp(self):
        super().setUp()
        data = self.place / "data"
        data.mkdir()
        self.socket = self.place / "db.sock"
        self.server = subprocess.Popen(
            [os.environ["LIFEBOAT_FERRETDB"], "--handler=sqlite", f"--sqlite-url=file:{data}/",
             "--listen-addr=", f"--listen-unix={self.socket}", "--state-dir=-", "--debug-addr=-",
             "--telemetry=disable", "--log-level=error"],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.addCleanup(self.end_server)
        self.wait_until(self.socket.exists)
        self.uri = f"mongodb://{urllib.parse.quote(str(self.socket), safe='')}/"
        self.client = pymongo.MongoClient(self.uri, directConnection=True)
        self.addCleanup(self.client.close)
        self.variables |= {"MONGO_URI": self.uri + "?directConnection=true", "MONGO_DB": "shop"}

    def end_server(self):
        self.server.kill()
        self.server.wait()

    def raw(self, collection, database="shop"):
        """The documents as bytes, by their _id."""
        options = bson.CodecOptions(document_class=RawBSONDocument)
        documents = self.client[database].get_collection(collection, codec_options=options)
        return {self.key_of(each): bytes(each.raw) for each in documents.find()}

    @staticmethod
    def key_of(document):
        return bson.encode({"_id": document["_id"]})

    def fill(self, count=300):
        documents = Documents(seed=20261122)
        database = self.client["shop"]
        database["mixed"].insert_many([documents.document(number) for number in range(count)])
        database["a/b c"].insert_one({"_id": 1, "x": bson.Int64(5)})
        database.create_collection("log", capped=True, size=65536)
        database["log"].insert_many([{"_id": number} for number in (3, 1, 2)])

    def script_archive(self, collections, metadata=None):
        """As backup_data.py packs it: relaxed lines, at the tar's root, names altered."""
        place = self.place / "backup_20250926_073727.tar"
        with tarfile.open(place, "w") as tar:
            for name, documents in collections.items():
                lines = "".join(json_util.dumps(each) + "\n" for each in documents)
                self.add_member(tar, name.replace("/", "_").replace(" ", "_") + ".jsonl", lines)
            if metadata is not None:
                self.add_member(tar, "collections_metadata.json", json.dumps(metadata))
        return place

    @staticmethod
    def add_member(tar, name, text):
        member = tarfile.TarInfo(name)
        member.size = len(text.encode())
        tar.addfile(member, io.BytesIO(text.encode()))

    def lines_of(self, folder, name):
        return (pathlib.Path(folder) / name).read_text().splitlines()

    # Out.

    def test_every_line_is_what_json_util_reads_and_the_hashes_match(self):
        self.fill()
        exported = self.result("export", "jsonl")
        for collection in exported["collections"]:
            lines = self.lines_of(exported["folder"], collection["file"])
            self.assertEqual(len(lines), collection["count"])
            self.assertEqual(collection["sample_hash"], sample_hash(lines, 100))
            there = self.raw(collection["name"])
            for line in lines:
                document = json_util.loads(line)
                self.assertEqual(bson.encode(document), there[self.key_of(document)])
        self.assertEqual({each["name"] for each in exported["collections"]},
                         {"mixed", "a/b c", "log"})

    def test_the_archive_holds_the_files_at_its_root_and_the_options_by_name(self):
        self.fill(3)
        exported = self.result("export", "jsonl", "--gzip", "--pretty")
        with tarfile.open(exported["archive"]) as tar:
            self.assertEqual(sorted(tar.getnames()), ["a%2Fb c.jsonl", "collections_metadata.json",
                                                      "log.jsonl", "mixed.jsonl"])
            metadata = json.load(tar.extractfile("collections_metadata.json"))
        self.assertEqual(metadata["log"]["capped"], True)
        self.assertEqual(metadata["log"]["size"], 65536)
        self.assertEqual(metadata["a/b c"], {})
        self.assertEqual(json_util.loads(json.dumps(metadata)), metadata)
        self.assertRegex(pathlib.Path(exported["archive"]).name,
                         r"^backup_\d{8}_\d{6}\.tar\.gz$")

    def test_counts_are_added_to_a_file(self):
        self.fill(3)
        self.run_program("export", "jsonl", "--csv", "counts.csv")
        self.run_program("export", "jsonl", "--csv", "counts.csv", "--out-dir", "other")
        rows = list(csv.DictReader(io.StringIO((self.place / "counts.csv").read_text())))
        self.assertEqual([row["documents"] for row in rows if row["collection"] == "log"],
                         ["3", "3"])
        self.assertEqual(rows[0]["digest"], rows[3]["digest"])

    def test_an_export_that_is_killed_shows_nothing(self):
        self.fill(20000)
        started = self.start("export", "jsonl")
        hidden = self.place / "backup_dtb"
        self.wait_until(lambda: list(hidden.glob(".backup_*/mixed.jsonl")) or
                        started.poll() is not None)
        started.send_signal(signal.SIGKILL)
        started.wait()
        self.assertEqual(list((self.place / "backup_dtb").glob("backup_2*")), [])
        self.assertEqual(list((self.place / "backup_dtb/backup_data").glob("backup_*")), [])
        self.run_program("export", "jsonl")

    # In.

    def test_the_scripts_archives_come_back_with_their_counts_and_hashes(self):
        rows = csv.DictReader(io.StringIO((FIXTURES / "sample_hashes.tsv").read_text()),
                              delimiter="\t")
        recorded = {(row["file"], row["sample_size"]): row["sample_hash"] for row in rows}
        for archive in ("backup_20261121_094500.tar", "backup_20261121_094501_pretty.tar"):
            report = self.result("import", "jsonl", FIXTURES / archive, "--yes", *RENAME,
                                 "--replace-existing")["report"]
            self.assertTrue(report["equal"])
            for each in report["collections"]:
                file = each["name"].replace(" ", "_") + ".jsonl"
                self.assertEqual(each["sample_hash"], recorded[file, "100"])
                there = self.client["shop"][each["name"]].count_documents({})
                self.assertEqual(each["db_count"], there)
            printed = self.run_program("import", "jsonl", FIXTURES / archive, "--yes", *RENAME,
                                       "--replace-existing").stdout
            for each in report["collections"]:
                self.assertIn("sample_hash  " + each["sample_hash"], printed)
                self.assertIn("digest       " + each["file_digest"], printed)
            self.assertNotIn("in the database  ", printed)
            hashes = [line for line in printed.splitlines() if re.search("[0-9a-f]{64}", line)]
            self.assertLessEqual(max(map(len, hashes)), 100)
        self.assertEqual(self.client["shop"]["orders"].count_documents({}), 2000)

    def test_documents_of_a_script_come_back_byte_for_byte_and_go_out_as_they_came(self):
        documents = Documents(seed=7)
        # Relaxed lines do not tell small int64 from int32, for the scripts neither.
        all_of_them = [json_util.loads(json_util.dumps(documents.document(number)))
                       for number in range(200)]
        archive = self.script_archive({"mixed": all_of_them, "types of values": [{"_id": 1}]},
                                      {"types of values": {}})
        self.run_program("import", "jsonl", archive, "--yes")
        there = self.raw("mixed")
        self.assertEqual(len(there), 200)
        for document in all_of_them:
            self.assertEqual(there[self.key_of(document)], bson.encode(document))
        exported = self.result("export", "jsonl")
        back = {str(each["_id"]): each for each in map(
            json_util.loads, self.lines_of(exported["folder"], "mixed.jsonl"))}
        for document in all_of_them:
            self.assertEqual(json_util.dumps(back[str(document["_id"])]), json_util.dumps(document))
        self.assertIn("types of values", self.client["shop"].list_collection_names())

    def test_what_is_there_goes_out_first_and_comes_back_with_the_printed_command(self):
        self.fill(50)
        before = self.raw("mixed")
        archive = self.script_archive({"orders": [{"_id": 1}]}, {})
        imported = self.result("import", "jsonl", archive, "--yes")
        self.assertEqual(imported["drop"], ["a/b c", "log", "mixed"])
        self.assertEqual(self.client["shop"].list_collection_names(), ["orders"])
        command = imported["go_back"].split()
        self.assertEqual(command[0], "lifeboat")
        self.run_program(*command[1:], "--yes", "--no-snapshot")
        self.assertEqual(self.raw("mixed"), before)
        self.assertEqual(sorted(self.client["shop"].list_collection_names()),
                         ["a/b c", "log", "mixed"])

    def test_nothing_is_changed_when_what_is_there_cannot_be_saved(self):
        self.fill(5)
        archive = self.script_archive({"orders": [{"_id": 1}]}, {})
        (self.place / "a-file").write_text("x")
        ran = self.run_program("import", "jsonl", archive, "--yes", "--snapshot-dir", "a-file",
                               status=2)
        self.assertIn("what is there could not be saved", ran.stderr)
        self.assertEqual(len(self.client["shop"].list_collection_names()), 3)
        self.run_program("import", "jsonl", archive, "--yes", "--no-snapshot")

    def test_a_dry_run_changes_nothing_and_an_unconfirmed_import_neither(self):
        self.fill(5)
        archive = self.script_archive({"orders": [{"_id": 1}], "log": []}, {})
        ran = self.run_program("import", "jsonl", archive, "--dry-run")
        for line in ("Drop    a/b c and mixed", "Create  orders", "Restore log and orders"):
            self.assertIn(line, ran.stdout)
        self.run_program("import", "jsonl", archive, status=4)
        self.assertEqual(len(self.client["shop"].list_collection_names()), 3)
        self.assertFalse((self.place / "backup_dtb").exists())

    def test_only_the_word_YES_confirms(self):
        archive = self.script_archive({"orders": [{"_id": 1}]}, {})
        self.assertEqual(self.import_typing(archive, "yes\n"), 4)
        self.assertEqual(self.client["shop"].list_collection_names(), [])
        self.assertEqual(self.import_typing(archive, "YES\n"), 0)
        self.assertEqual(self.client["shop"].list_collection_names(), ["orders"])

    def import_typing(self, archive, answer):
        keyboard, terminal = pty.openpty()
        ran = subprocess.Popen([PROGRAM, "import", "jsonl", str(archive)], env=self.variables,
                               cwd=self.place, stdin=terminal, stdout=subprocess.DEVNULL,
                               stderr=subprocess.DEVNULL)
        os.close(terminal)
        os.write(keyboard, answer.encode())
        status = ran.wait(timeout=120)
        os.close(keyboard)
        return status

    def test_a_document_that_is_another_is_a_no(self):
        self.client["shop"]["orders"].insert_one({"_id": 1, "old": True})
        archive = self.script_archive({"orders": [{"_id": 1}]}, {})
        printed = self.run_program("import", "jsonl", archive, "--yes", status=1).stdout
        report = self.result("import", "jsonl", archive, "--yes", status=1)["report"]
        orders = report["collections"][0]
        self.assertFalse(orders["equal"])
        self.assertIn("in the database  " + orders["db_digest"], printed)
        self.result("import", "jsonl", archive, "--yes", "--replace-existing")

    def test_hostile_archives_are_refused_and_nothing_is_changed(self):
        self.client["shop"]["orders"].insert_one({"_id": 1})

        def refused(change, status=4):
            archive = self.script_archive({"orders": [{"_id": 2}]}, {})
            with tarfile.open(archive, "a") as tar:
                change(tar)
            self.run_program("import", "jsonl", archive, "--yes", status=status)
            self.assertEqual(self.client["shop"]["orders"].find_one(), {"_id": 1})

        def special(name, kind, target=""):
            member = tarfile.TarInfo(name)
            member.type = kind
            member.linkname = target
            return lambda tar: tar.addfile(member)

        refused(special("passwd.jsonl", tarfile.SYMTYPE, "/etc/passwd"))
        refused(special("again.jsonl", tarfile.LNKTYPE, "orders.jsonl"))
        refused(special("null.jsonl", tarfile.CHRTYPE))
        refused(special("pipe.jsonl", tarfile.FIFOTYPE))
        refused(lambda tar: self.add_member(tar, "../outside.jsonl", "{}"))
        refused(lambda tar: self.add_member(tar, "/outside.jsonl", "{}"))
        refused(lambda tar: self.add_member(tar, "orders.jsonl", "{}"))
        refused(lambda tar: self.add_member(tar, "torn.jsonl", '{"_id": 1'), status=1)
        self.assertFalse((self.place.parent / "outside.jsonl").exists())

    def test_a_bomb_is_refused(self):
        bomb = self.place / "bomb.tar.gz"
        with tarfile.open(bomb, "w:gz", compresslevel=9) as tar:
            member = tarfile.TarInfo("orders.jsonl")
            member.size = 400_000_000
            tar.addfile(member, Spaces(member.size))
        ran = self.run_program("import", "jsonl", bomb, "--yes", status=4)
        self.assertIn("times its size", ran.stderr)

    # What mongodump wrote.

    def test_an_archive_of_mongodump_fills_an_empty_database(self):
        archive = FIXTURES.parent / "mongodump" / "pixelcraft.archive"
        self.run_program("import", "mongodump", archive, "--dry-run")
        self.assertEqual(self.client["shop"].list_collection_names(), [])
        imported = self.result("import", "mongodump", archive)
        self.assertEqual(imported["from"], "pixelcraft")
        self.assertTrue(imported["report"]["equal"])
        self.assertEqual(self.client["shop"]["orders"].count_documents({}), 2000)
        self.assertIn("email_1", self.client["shop"]["users"].index_information())
        refused = self.run_program("import", "mongodump", archive, status=4)
        self.assertIn("is not empty", refused.stderr)
        # The same documents as the script's archive holds, which was made of the same database.
        lines = self.result("import", "jsonl", FIXTURES / "backup_20261121_094500.tar", "--yes",
                            "--mongo-db", "other", *RENAME)["report"]["collections"]
        dumped = {each["name"]: each["db_digest"] for each in imported["report"]["collections"]}
        self.assertEqual(dumped["orders"], {each["name"]: each["db_digest"]
                                            for each in lines}["orders"])

    # Where the database is, and what is never said.

    def test_variables_come_from_the_environment_and_then_from_the_env_file(self):
        self.fill(3)
        without = {key: value for key, value in self.variables.items()
                   if not key.startswith("MONGO")}
        ran = self.run_program("export", "jsonl", variables=without, status=3)
        self.assertIn("MONGO_URI", ran.stderr)
        (self.place / ".env").write_text(f'export MONGO_URI="{self.uri}"\nMONGO_DB=nothing\n')
        self.assertIn("the database nothing", self.run_program("export", "jsonl", status=2,
                                                               variables=without).stderr)
        self.run_program("export", "jsonl", variables=without | {"MONGO_DB": "shop"})
        self.run_program("export", "jsonl", "--mongo-db", "shop", "--mongo-uri", "env:MONGO_URI",
                         "--out-dir", "other", variables=without)

    def test_a_password_is_refused_on_the_command_line_and_never_said(self):
        secret = "mongodb://anna:tiger%40home@127.0.0.1:1/?serverSelectionTimeoutMS=200"
        archive = self.script_archive({"orders": [{"_id": 1}]}, {})
        for words in (("export", "jsonl"), ("import", "jsonl", archive, "--yes")):
            ran = self.run_program(*words, "--mongo-uri", secret, status=4)
            self.assertNotIn("tiger", ran.stdout + ran.stderr)
            for more in ((), ("--mongo-uri", "env:OTHER"), ("--json",), ("-vv",)):
                ran = self.run_program(*words, *more, status=2,
                                       variables=self.variables | {"MONGO_URI": secret,
                                                                   "OTHER": secret})
                self.assertNotIn("tiger", ran.stdout + ran.stderr)
                self.assertNotIn("anna", ran.stdout + ran.stderr)


class Spaces:
    """A file of white space, as long as it is asked for."""

    def __init__(self, size):
        self.rest = size

    def read(self, size):
        part = min(size, self.rest)
        self.rest -= part
        return b" " * part


if __name__ == "__main__":
    unittest.main()
