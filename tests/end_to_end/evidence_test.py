"""The record of a drill: chained, checked by strangers, rendered, signed, waived, worked off."""
import base64
import json
import pathlib
import sqlite3
import subprocess
import sys
import unittest
import xml.etree.ElementTree

from stage import Stage

sys.path.insert(0, str(pathlib.Path(__file__).parents[1] / "support"))
import verifier

SERVICE = """drills:
      nightly:
        checks:
          - blobs: {rows: db.images, key: key, in: uploads}"""
BLOBS = "blobs.db.images"


class Evidence(Stage):
    def setUp(self):
        super().setUp()
        self.seed()
        with sqlite3.connect(self.database) as database:
            database.execute("CREATE TABLE images(id INTEGER PRIMARY KEY, key TEXT)")
            database.executemany("INSERT INTO images(key) VALUES (?)",
                                 [(f"2026/{number}.txt",) for number in range(20)])
        database.close()
        self.configure(service=SERVICE)
        self.run_program("init")
        self.run_program("backup")
        self.root = self.result("key", "list")["root_public"]

    def drill(self, status=0):
        return self.result("drill", "run", status=status)[0]

    def lose_a_blob(self):
        (self.uploads / "2026" / "7.txt").unlink()
        self.run_program("backup")

    def believes(self, *files, key=None, **more):
        """What the program says of records, without any configuration; the verifier must agree."""
        bare = {"PATH": self.variables["PATH"]}
        words = ["drill", "verify-evidence", *files, "--key", key or self.root, "--json"]
        for name, value in more.items():
            words += [f"--{name}", value]
        ran = subprocess.run(self.command(*words), env=bare, cwd=self.place, text=True,
                             capture_output=True, check=False)
        said = json.loads(ran.stdout.splitlines()[-1])
        self.assertEqual(said["event"], "result", ran.stdout)
        defect = said["result"].get("doubt", {}).get("defect")
        self.assertEqual(ran.returncode, 1 if defect else 0, ran.stdout)
        if not more:
            independent = verifier.main(["evidence", *map(str, files), key or self.root])
            self.assertEqual(independent, ran.returncode, defect)
        return defect

    def changed(self, file, old, new):
        """A copy in which one word of what was signed is another."""
        sealed = json.loads(pathlib.Path(file).read_text())
        payload = base64.b64decode(sealed["payload"])
        self.assertIn(old.encode(), payload)
        payload = payload.replace(old.encode(), new.encode(), 1)
        sealed["payload"] = base64.b64encode(payload).decode()
        copy = self.place / "changed.json"
        copy.write_text(json.dumps(sealed))
        return copy


class Chain(Evidence):
    def test_is_believed_by_program_and_stranger_until_it_is_touched(self):
        files = [self.drill()["file"] for _ in range(3)]
        self.assertIsNone(self.believes(*files))
        self.assertIsNone(self.believes(files[2], service="shop"))
        self.assertEqual(self.believes(files[0], files[2]), "gap")
        self.assertEqual(self.believes(files[1], files[0]), "reordered")
        self.assertEqual(self.believes(files[0], key="0" * 64), "other_key")
        self.assertEqual(self.believes(files[0], service="blog"), "other_service")
        self.assertEqual(self.believes(self.changed(files[1], "proven", "failed")), "edited")
        cut = self.place / "cut.json"
        cut.write_text(pathlib.Path(files[0]).read_text()[:-200])
        self.assertEqual(self.believes(cut), "unreadable")

    def test_is_continued_on_a_machine_that_knows_only_the_repository(self):
        first = self.drill()
        self.variables["LIFEBOAT_STATE"] = str(self.place / "another state")
        second = self.drill()
        self.assertEqual(second["evidence"]["chain"]["position"], 2)
        self.assertIsNone(self.believes(first["file"], second["file"]))

    def test_takes_a_key_from_a_pem_file(self):
        drill = self.drill()
        der = bytes.fromhex("302a300506032b6570032100" + self.root)
        pem = self.place / "root.pem"
        pem.write_text("-----BEGIN PUBLIC KEY-----\n" + base64.b64encode(der).decode() +
                       "\n-----END PUBLIC KEY-----\n")
        self.assertIsNone(self.believes(drill["file"], key=str(pem)))

    def signed_restore(self, *words):
        record = self.result("restore", "shop", *words)["record"]
        self.assertIsNone(self.believes(record))
        payload = base64.b64decode(json.loads(pathlib.Path(record).read_text())["payload"])
        return json.loads(payload)["predicate"]

    def test_a_restore_leaves_a_record_of_the_same_form(self):
        for words, stages in (
                (["--to", "back"], ["plan", "recover", "prepare", "write", "finish"]),
                (["--to", "back", "--overwrite", "--yes"],
                 ["plan", "recover", "save", "prepare", "write", "finish"]),
                (["--to", "part", "--only", "db/orders"],
                 ["plan", "recover", "prepare", "write", "finish", "extract"])):
            said = self.signed_restore(*words)
            self.assertEqual([each["name"] for each in said["stages"]], stages)
            self.assertEqual({each["outcome"] for each in said["stages"]}, {"done"})
            together = sum(each["milliseconds"] for each in said["stages"])
            self.assertGreater(together, 0)
            self.assertLess(said["milliseconds"] - together, len(stages), "rounded down, each")
            self.assertGreaterEqual(said["milliseconds"], together)
            self.assertGreater(next(each["milliseconds"] for each in said["stages"]
                                    if each["name"] == "plan"), 0)


class Reports(Evidence):
    def report(self, form):
        return self.run_program("drill", "report", "latest", "--format", form).stdout

    def test_of_a_proven_drill_are_green_everywhere(self):
        self.drill()
        self.assertTrue(self.report("md").startswith("# PROVEN: "))
        suite = xml.etree.ElementTree.fromstring(self.report("junit"))
        self.assertEqual((suite.get("failures"), suite.get("errors")), ("0", "0"))
        self.assertGreater(int(suite.get("tests")), 5)
        self.assertIn('<header class="good">', self.report("html"))
        self.assertEqual(json.loads(self.report("json"))["payloadType"],
                         "application/vnd.in-toto+json")

    def test_of_a_failed_drill_name_cause_and_next_command(self):
        self.lose_a_blob()
        drill = self.drill(status=1)
        diagnosis = drill["evidence"]["diagnosis"][0]
        self.assertEqual(diagnosis["rule"], "blob-missing-at-the-source")
        self.assertIn("2026/7.txt", diagnosis["grounds"])
        for text in (self.run_program("drill", "show").stdout, self.report("md"),
                     self.report("html")):
            self.assertIn("at different moments", " ".join(text.split()))
        suite = xml.etree.ElementTree.fromstring(self.report("junit"))
        self.assertEqual(int(suite.get("failures")), 2)  # the check, and the verdict
        self.assertIn('<header class="bad">', self.report("html"))

    def test_lost_and_damaged_packs_are_told_apart(self):
        pack = self.packs()[0]
        whole = pack.read_bytes()
        pack.unlink()
        rules = [each["rule"] for each in self.drill(status=1)["evidence"]["diagnosis"]]
        self.assertIn("object-lost", rules)
        pack.write_bytes(whole[:50] + bytes([whole[50] ^ 1]) + whole[51:])
        rules = [each["rule"] for each in self.drill(status=1)["evidence"]["diagnosis"]]
        self.assertIn("object-damaged", rules)

    def test_an_unknown_form_or_drill_is_said(self):
        self.drill()
        self.run_program("drill", "report", "--format", "pdf", status=3)
        self.run_program("drill", "report", "ffffffff", "--format", "md", status=2)


class People(Evidence):
    def make_key(self, name):
        key = self.place / f"{name}.pem"
        key.write_text("-----BEGIN PRIVATE KEY-----\n" + base64.b64encode(
            bytes.fromhex("302e020100300506032b657004220420") + name.encode().ljust(32)).decode() +
            "\n-----END PRIVATE KEY-----\n")
        return key

    def sign(self, name, *more):
        return self.result("drill", "sign-off", "latest", "--key", self.make_key(name), "--name",
                           name, "--role", "owner", "--comment", "read <b>it</b>", *more)

    def test_sign_off_and_take_it_back(self):
        self.drill()
        signed = self.sign("Ada")
        self.sign("Bob")
        self.assertEqual(signed["verdict"], "proven")
        envelope = json.loads(pathlib.Path(signed["file"]).read_text())
        statement = json.loads(base64.b64decode(envelope["payload"]))
        self.assertEqual(statement["subject"][0]["digest"]["sha256"], signed["record"])
        self.sign("Ada", "--revoke")
        page = self.run_program("drill", "report", "--format", "html").stdout
        self.assertIn("revoked</b> Ada", page)
        self.assertIn("Bob (owner)", page)
        self.assertNotIn("<b>it", page)
        self.assertIsNone(self.believes(self.result("drill", "show")["file"]))

    def test_a_signature_on_a_failed_drill_makes_it_no_better(self):
        self.lose_a_blob()
        self.drill(status=1)
        self.assertEqual(self.sign("Ada")["verdict"], "failed")
        self.assertIn("# FAILED", self.run_program("drill", "report", "--format", "md").stdout)

    def test_a_waiver_is_said_everywhere_and_ends(self):
        proven = self.drill()["evidence"]["snapshot"]["id"]
        self.lose_a_blob()
        self.drill(status=1)
        words = ["drill", "waive", "shop", BLOBS, "--reason", "ticket 42", "--who", "Ada"]
        self.run_program(*words[:3], "isolation.network", *words[4:], "--until", "14d", status=3)
        self.run_program(*words, "--until", "14d")
        waived = self.drill()["evidence"]
        self.assertEqual(waived["verdict"], "proven with waivers")
        self.assertIn("PROVEN WITH WAIVERS", self.run_program("drill", "show").stdout)
        self.assertIn("ticket 42", self.run_program("drill", "report", "--format", "md").stdout)
        latest = self.result("snapshots", "show", "latest-proven")["snapshot"]
        self.assertEqual(latest["id"], proven)
        self.run_program(*words, "--until", "2020-01-01")
        again = self.drill(status=1)["evidence"]
        self.assertIn("waiver-expired", [each["code"] for each in again["findings"]])

    def test_findings_stay_until_somebody_closes_them(self):
        self.lose_a_blob()
        self.drill(status=1)
        (self.uploads / "2026" / "7.txt").write_text("found again\n")
        self.run_program("backup")
        self.assertEqual(self.drill()["evidence"]["verdict"], "proven")
        found = self.result("findings")[0]["findings"]
        self.assertEqual([each["rule"] for each in found], ["blob-missing-at-the-source"])
        self.assertFalse(found[0]["seen"])
        self.run_program("findings", "close", found[0]["id"], "--who", "Ada", status=3)
        self.run_program("findings", "close", found[0]["id"], "--who", "Ada", "--reason", "found")
        self.assertIn("Nothing is open", self.run_program("findings").stdout)
        self.assertEqual(self.drill()["evidence"]["open"], [])
        self.run_program("findings", "close", found[0]["id"], "--who", "A", "--reason", "b",
                         status=2)


if __name__ == "__main__":
    unittest.main()
