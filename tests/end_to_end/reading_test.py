"""Keeping and forgetting, keys, and the forms of the output."""
import json
import time
import unittest

from stage import Stage


class Reading(Stage):
    def backups(self, count):
        for number in range(count):
            (self.uploads / f"day-{number}").write_text(f"day {number}")
            self.run_program("backup")

    def test_forget_gives_its_reasons_and_prune_frees_the_space(self):
        self.ready(service="retention: {keep_last: 2}")
        self.backups(4)
        self.run_program("snapshots", "hold", "first", "--reason", "audit")
        plan = self.run_program("forget", "--dry-run").stdout
        self.assertIn("last 1 of 2", plan)
        self.assertIn("held", plan)
        self.assertEqual(len(self.result("snapshots")[0]["snapshots"]), 4)
        self.run_program("forget", status=4)
        self.run_program("forget", "--yes")
        self.assertEqual(len(self.result("snapshots")[0]["snapshots"]), 3)
        self.run_program("prune", "--dry-run")
        self.run_program("prune", "--yes")
        self.run_program("verify", "--read-data")
        self.assertEqual(self.result("drill", "run")[0]["evidence"]["verdict"], "proven")

    def test_prune_asks_only_where_there_is_something_to_free(self):
        self.ready(service="retention: {keep_last: 1}")
        self.add_bulk(4)
        self.run_program("backup")
        self.assertIn("Nothing to prune.", self.run_program("prune").stdout)
        for bulk in self.uploads.glob("bulk-*"):
            bulk.unlink()
        self.run_program("backup")
        self.run_program("forget", "--yes")
        self.assertIn("not confirmed", self.run_program("prune", status=4).stderr)
        self.run_program("prune", "--yes")
        self.assertIn("Nothing to prune.", self.run_program("prune").stdout)

    def test_what_verify_finds_damaged_is_stored_again_by_the_next_backup(self):
        self.ready()
        self.add_bulk(4)
        self.run_program("backup")
        pack = max(self.packs(), key=lambda path: path.stat().st_size)
        pack.chmod(0o600)
        with open(pack, "r+b") as file:
            file.seek(pack.stat().st_size // 2)
            byte = file.read(1)[0]
            file.seek(-1, 1)
            file.write(bytes([byte ^ 1]))
        self.run_program("restore", "shop", "--to", "lost", status=1)
        found = self.run_program("verify", "--read-data", status=1)
        self.assertIn("segments are lost", found.stdout)
        self.assertIn("next: run `lifeboat backup`", found.stdout)
        self.run_program("backup")
        self.run_program("restore", "shop", "--to", "back")
        for path in self.uploads.rglob("*.txt"):
            self.assertEqual((self.place / "back" / "uploads" / path.relative_to(self.uploads))
                             .read_bytes(), path.read_bytes())
        self.assertEqual(self.result("drill", "run")[0]["evidence"]["verdict"], "proven")

    def test_verify_promises_a_repair_only_after_it_has_opened_everything(self):
        self.ready()
        self.run_program("backup")
        for session in (self.repository / "sessions").rglob("*"):
            if session.is_file():
                session.unlink()
        for depth in ("objects", "hashes"):
            found = self.run_program("verify", "--depth", depth, status=1)
            self.assertIn("next: run `lifeboat verify --read-data`", found.stdout)
            self.assertNotIn("next: run `lifeboat backup`", found.stdout)
        self.assertIn("next: run `lifeboat backup`",
                      self.run_program("verify", "--read-data", status=1).stdout)
        self.run_program("backup")
        self.run_program("restore", "shop", "--to", "back")

    def ids(self):
        return [each["id"] for each in self.result("snapshots")[0]["snapshots"]]

    def test_a_snapshot_that_is_named_is_forgotten_after_a_confirmation(self):
        self.ready(service="retention: {keep_last: 9}")
        self.backups(3)
        first, second, third = self.ids()
        plan = self.run_program("forget", "--snapshot", second[:8], "--dry-run").stdout
        self.assertIn(second[:10], plan)
        self.assertNotIn(first[:10], plan)
        asked = self.run_program("forget", "--snapshot", second[:8], status=4)
        self.assertIn("not confirmed", asked.stderr)
        self.assertEqual(len(self.ids()), 3)
        self.run_program("forget", "--snapshot", second[:8], "--yes")
        self.assertEqual(self.ids(), [first, third])
        newest = self.run_program("forget", "shop", "--snapshot", third, "--snapshot", first,
                                  "--yes")
        self.assertIn("the newest complete one", newest.stdout)
        self.assertIn("2 snapshots forgotten", newest.stdout)
        self.assertEqual(self.ids(), [])

    def test_a_snapshot_that_must_stay_is_not_forgotten_and_says_why(self):
        self.ready()
        self.backups(3)
        first, second, third = self.ids()
        self.run_program("snapshots", "hold", first, "--reason", "audit")
        self.run_program("drill", "run", "--snapshot", second)
        held = self.run_program("forget", "--snapshot", third, "--snapshot", first, "--yes",
                                status=4)
        self.assertIn("is held", held.stderr)
        self.assertIn(f"lifeboat snapshots release {first[:10]}", held.stderr)
        proven = self.run_program("forget", "--snapshot", second, "--yes", status=4)
        self.assertIn("the last one that a drill has proven", proven.stderr)
        self.assertIn("lifeboat drill run", proven.stderr)
        self.assertEqual(self.ids(), [first, second, third], "none of them went")
        self.run_program("snapshots", "release", first)
        self.run_program("drill", "run", "--snapshot", third)
        self.run_program("forget", "--snapshot", first, "--snapshot", second, "--yes")
        self.assertEqual(self.ids(), [third])

    def test_a_word_that_names_no_snapshot_forgets_none(self):
        self.ready()
        self.backups(1)
        for word in ("latest", "abc", "ABCDEF"):
            self.assertIn("no snapshot's id",
                          self.run_program("forget", "--snapshot", word, "--yes", status=3).stderr)
        self.run_program("forget", "--snapshot", "0123456789", "--yes", status=2)
        self.assertEqual(len(self.ids()), 1)

    def test_a_writer_takes_backups_and_cannot_read_them(self):
        self.ready()
        self.run_program("key", "add", "--role", "writer", "--file", "writer.key")
        self.assertEqual((self.place / "writer.key").stat().st_mode & 0o777, 0o600)
        configuration = self.place / "lifeboat.yaml"
        own = configuration.read_text()
        configuration.write_text(own.replace(self.key,
                                             f'{{file: "{self.place}/writer.key"}}'))
        self.run_program("backup")
        ran = self.run_program("restore", "--to", "back", status=2)
        self.assertIn("role", ran.stderr)
        configuration.write_text(own)
        self.run_program("restore", "--to", "back")
        self.assertEqual(len(self.result("key", "list")["keys"]), 2)
        self.run_program("key", "remove", "writer", "--yes")
        self.assertEqual(len(self.result("key", "list")["keys"]), 1)

    def test_every_line_of_json_output_is_json(self):
        self.ready()
        for words in (["backup"], ["snapshots"], ["status"], ["drill", "run"], ["drill", "list"],
                      ["verify"], ["forget"], ["key", "list"], ["doctor"],
                      ["snapshots", "ls", "latest"], ["snapshots", "show", "latest"]):
            ran = self.run_program(*words, "--json")
            for line in ran.stdout.splitlines():
                json.loads(line)
        ran = self.run_program("restore", "--to", "/proc/nowhere", "--json", status=2)
        self.assertEqual(json.loads(ran.stdout.splitlines()[-1])["event"], "error")

    def test_status_tells_what_is_behind(self):
        self.ready()
        self.assertIn("never backed up", self.run_program("status", status=1).stdout)
        self.run_program("backup")
        self.assertIn("not proven yet", self.run_program("status").stdout)
        self.run_program("drill", "run")
        self.assertIn("fine", self.run_program("status").stdout)

    def test_diff_and_notes(self):
        self.ready()
        self.backups(2)
        ran = self.run_program("snapshots", "diff", "first", "latest")
        self.assertIn("+ uploads/day-1", ran.stdout)
        self.run_program("snapshots", "note", "latest", "before the move")
        self.assertIn("before the move", self.run_program("snapshots").stdout)

    def test_a_second_backup_stores_almost_nothing(self):
        self.ready()
        self.add_bulk(8)
        # Younger files are read again: their time stamps may not tell the next change.
        time.sleep(2.2)
        self.run_program("backup")
        second = self.result("backup")[0]["repositories"][0]
        self.assertLess(second["stats"]["stored"], 20_000)
        self.assertEqual(second["sources"][1]["unchanged"], 22, "every file")


if __name__ == "__main__":
    unittest.main()
