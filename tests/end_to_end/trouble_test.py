"""Drills that something happens to: they meet others, the disk fills, the store closes.
Whatever happens, nothing is left lying about and nothing unproved is called proven."""
import json
import pathlib
import re
import shutil
import subprocess
import sys
import unittest

import slow_server
from stage import PASSPHRASE, Stage

SLOWLY = ", limits: {download: 4MB/s}"
DRILL = """drills: {d: {checks: [{command: {name: long, run: sleep 1}}]}}"""

SMALL_DISK = pathlib.Path(__file__).with_name("small_disk.py")
# More than SQLite keeps in memory: it sorts on the disk of the temporary files.
SORTS = """drills: {d: {checks: [{query: {name: sorts, source: db, expect: "== 400000", sql: "
      WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n WHERE x < 400000)
      SELECT count(DISTINCT x || hex(zeroblob(50))) FROM n"}}]}}"""

COUNTS = """drills: {d: {checks: [{query: {name: orders, source: db, expect: "== 200",
      sql: "SELECT count(*) FROM orders"}}]}}"""


class Trouble(Stage):
    def rules(self, body):
        return [each["rule"] for each in body["evidence"]["diagnosis"]]

    def drilled(self, *words, status=0):
        return self.result("drill", "run", *words, status=status)[0]

    def begun(self, *words):
        """A drill that fetches slowly, as soon as something of it lies in its sandbox."""
        self.configure(local=SLOWLY, service=DRILL)
        drill = self.start("drill", "run", "--json", *words)
        self.wait_until(lambda: list((self.state / "sandboxes").glob("*/data")))
        return drill

    def end_of(self, drill):
        said, complaints = drill.communicate(timeout=120)
        result = json.loads(said.splitlines()[-1])["result"][0]
        return drill.returncode, result, complaints

    def test_of_two_drills_at_once_one_is_told_so_and_one_that_waits_is_proven(self):
        self.ready()
        self.add_bulk(8)
        self.run_program("backup")
        first = self.begun()
        refused = self.run_program("drill", "run", status=2)
        self.assertIn("in use", refused.stderr)
        self.configure()
        second = self.drilled("--lock-wait", "120s")
        status, result, complaints = self.end_of(first)
        self.assertEqual((status, result["evidence"]["verdict"]), (0, "proven"), complaints)
        self.assertEqual(second["evidence"]["verdict"], "proven")
        self.assertEqual(second["evidence"]["chain"]["position"],
                         result["evidence"]["chain"]["position"] + 1)

    def test_a_prune_and_a_backup_beside_a_drill_disturb_nothing(self):
        self.ready()
        self.run_program("backup")
        self.add_bulk(40)
        self.run_program("backup")
        drill = self.begun()
        self.configure(service="retention: {keep_last: 1}")
        self.assertIn("in use", self.run_program("forget", "--yes", status=2).stderr)
        elsewhere = self.variables | {"LIFEBOAT_STATE": str(self.place / "other-state"),
                                      "LIFEBOAT_CACHE": str(self.place / "other-cache")}
        self.run_program("forget", "--yes", variables=elsewhere)
        self.run_program("prune", "--yes", variables=elsewhere)
        (self.uploads / "more").write_text("more")
        self.run_program("backup", variables=elsewhere)
        self.assertIsNone(drill.poll(), "the drill was over before")
        status, result, complaints = self.end_of(drill)
        self.assertEqual((status, result["evidence"]["verdict"]), (0, "proven"), complaints)

    def on_small_disk(self, *files, disk=None, seed=None):
        """A drill with a disk of 100 MB, which is full once the last of these files is opened."""
        seed = seed or self.place / "seed"
        seed.mkdir(exist_ok=True)
        disk = disk or self.state
        command = ["bwrap", "--die-with-parent", "--dev-bind", "/", "/",
                   "--size", "100000000", "--tmpfs", str(disk),
                   sys.executable, SMALL_DISK, disk, seed, ",".join(map(str, files)),
                   *self.command("drill", "run", "--json")]
        ran = subprocess.run(command, env=self.variables, text=True, cwd=self.place,
                             stdin=subprocess.DEVNULL, capture_output=True, timeout=120,
                             check=False)
        said = ran.stdout.splitlines()
        self.assertTrue(said, ran.stderr)
        return ran.returncode, json.loads(said[-1]), ran.stderr

    def assert_unverified_for_its_disk(self, drilled, rule):
        status, last, complaints = drilled
        body = last["result"][0]
        evidence = body["evidence"]
        self.assertEqual((status, evidence["verdict"]), (2, "unverified"), complaints)
        self.assertIn(rule, self.rules(body), evidence["reason"])
        return evidence

    def test_a_disk_that_is_full_ahead_of_the_drill_says_nothing_of_the_backup(self):
        held = self.place / "held"
        held.touch()
        self.ready(service=f"drills: {{d: {{before: [{{name: ahead, run: 'cat {held} && echo on > "
                           f"{self.state}/wrote'}}]}}}}")
        self.run_program("backup")
        self.assertEqual(self.drilled()["evidence"]["verdict"], "proven")
        evidence = self.assert_unverified_for_its_disk(self.on_small_disk(held),
                                                       "not-ready-to-drill")
        self.assertEqual(self.stages_done(evidence), ["tear-down"])

    def test_a_cache_that_is_full_when_the_snapshot_is_looked_for_says_nothing_of_the_backup(self):
        self.ready()
        self.run_program("backup")
        self.drilled()
        self.assert_unverified_for_its_cache(next((self.place / "cache").rglob("seen.json")))

    def test_a_cache_that_is_full_when_the_snapshot_is_fetched_says_nothing_of_the_backup(self):
        self.ready()
        _, _, newest = self.back_up_thrice()
        self.drilled()
        self.assert_unverified_for_its_cache(newest)

    def assert_unverified_for_its_cache(self, file):
        """The disk of the cache is full once this file is opened, and the index not in it."""
        cache, seed = self.place / "cache", self.place / "seed"
        shutil.copytree(cache, seed)
        for table in seed.rglob("index-table"):
            table.unlink()
        drilled = self.on_small_disk(file, disk=cache, seed=seed)
        evidence = self.assert_unverified_for_its_disk(drilled, "cache-full")
        self.assertIn(f"the cache {cache}/", evidence["reason"])
        self.assertIn("LIFEBOAT_CACHE", str(evidence["diagnosis"]))
        self.assertEqual(self.drilled()["evidence"]["verdict"], "proven")

    def test_a_disk_that_is_full_when_a_server_is_started_leaves_nothing_proven(self):
        held = slow_server.prepare(self)
        self.assertEqual(self.drilled()["evidence"]["verdict"], "proven")
        status, last, complaints = self.on_small_disk(held)
        evidence = last["result"][0]["evidence"]
        self.assertEqual(evidence["verdict"], "unverified", complaints)
        self.assertNotEqual(status, 0)
        self.assertNotIn("restore", self.stages_done(evidence))

    @staticmethod
    def stages_done(evidence):
        return [each["name"] for each in evidence["stages"] if each["outcome"] == "done"]

    def test_a_disk_that_is_full_when_the_data_is_restored_says_nothing_of_the_backup(self):
        self.ready()
        self.add_bulk(16)
        self.run_program("backup")
        self.drilled()
        index = next((self.place / "cache").rglob("index-table"))
        self.assert_unverified_for_its_disk(self.on_small_disk(index), "sandbox-too-small")
        # What that disk held is gone with it; the repository has the record.
        self.assertEqual(self.drilled()["evidence"]["chain"]["position"], 3)

    def test_a_disk_that_is_full_when_an_archive_is_unpacked_makes_no_bomb_of_it(self):
        self.ready(service=COUNTS)
        archive = self.place / "shop.tar.gz"
        subprocess.run(["tar", "czf", archive, "-C", self.place, "shop.db"], check=True)
        file = self.place / "lifeboat.yaml"
        file.write_text(re.sub(r"db: .*\n.*uploads: .*", 'db: {type: foreign, from: "%s", '
                               "format: tar.gz, database: shop.db}" % archive, file.read_text()))
        self.assertEqual(self.drilled()["evidence"]["verdict"], "proven")
        evidence = self.assert_unverified_for_its_disk(self.on_small_disk(archive),
                                                       "sandbox-too-small")
        self.assertIn("preflight", self.stages_done(evidence))
        self.assertIn(f"that {self.state}/", evidence["reason"])

    def test_a_disk_that_is_full_when_the_data_is_asked_leaves_that_question_open(self):
        self.ready(service=SORTS)
        _, second, _ = self.back_up_thrice()
        self.assertEqual(self.drilled()["evidence"]["verdict"], "proven")
        self.variables["TMPDIR"] = str(self.state)
        evidence = self.assert_unverified_for_its_disk(self.on_small_disk(second), "disk-full")
        self.assertIn("disk is full", evidence["reason"])

    def test_a_disk_that_is_full_once_the_data_is_checked_leaves_programs_undecided(self):
        held = self.place / "held"
        held.touch()
        self.ready(service=DRILL.replace("sleep 1", f"cat {held} && sleep 600").replace(
            "name: long", f'name: long, visible: ["{held}"]'))
        self.run_program("backup")
        evidence = self.assert_unverified_for_its_disk(self.on_small_disk(held),
                                                       "program-undecided")
        self.assertIn("disk", evidence["reason"])
        self.configure()
        trend = self.drilled()["evidence"]["trend"]
        self.assertEqual([each["verdict"] for each in trend], ["unverified"])

    def test_a_disk_that_is_full_when_the_record_is_sealed_leaves_no_verdict(self):
        held = self.place / "held"
        held.write_text("held")
        drill = DRILL.replace("sleep 1", f"cat {held}").replace(
            "name: long", f'name: long, visible: ["{held}"]')
        self.ready(service=drill)
        self.run_program("backup")
        self.assertEqual(self.drilled()["evidence"]["verdict"], "proven")
        record = next((self.state / "drills").rglob("*.json"))
        seed, disk = self.place / "seed", self.place / "disk"
        seed.mkdir()
        disk.mkdir()
        shutil.copytree(self.state, seed / "state")
        shutil.copytree(self.repository, seed / "repository")
        self.configure(service=drill, repository=disk / "repository")
        self.variables["LIFEBOAT_STATE"] = str(disk / "state")
        status, last, complaints = self.on_small_disk(
            held, disk / "state" / record.relative_to(self.state), disk=disk, seed=seed)
        self.assertEqual((status, last["event"]), (2, "error"), complaints)
        self.assertIn("No space left", json.dumps(last))
        self.assertNotIn("proven", json.dumps(last))

    def test_a_store_that_may_not_be_read_fails_the_drill(self):
        self.ready()
        self.run_program("backup")
        for closed in (self.repository, self.repository / "snapshots"):
            closed.chmod(0)
            result = self.drilled(status=1)
            self.assertEqual(result["evidence"]["verdict"], "failed")
            self.assertEqual(self.rules(result), ["store-denied"], closed)
            closed.chmod(0o700)
            self.assertEqual(self.drilled()["evidence"]["verdict"], "proven")

    def test_without_an_opened_repository_the_verdict_and_its_cause_are_printed(self):
        self.key = PASSPHRASE
        self.ready()
        self.run_program("backup")
        self.variables["LIFEBOAT_PASSPHRASE"] = "another passphrase"
        said = self.run_program("drill", "run", status=1).stdout
        self.assertIn("FAILED", said)
        self.assertIn("The key at hand is not the one", said)
        self.assertIn("Evidence none", said)


if __name__ == "__main__":
    sys.exit(unittest.main())
