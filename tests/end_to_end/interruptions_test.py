"""Runs that end too soon, and those that meet each other."""
import base64
import json
import os
import signal
import unittest

from stage import Stage

SLOWLY = ", limits: {read: 2MB/s}"


class Interruptions(Stage):
    def started_backup(self):
        self.ready(uploads=SLOWLY)
        self.add_bulk(24)
        backup = self.start("backup")
        self.wait_until(lambda: list((self.repository / "sessions").rglob("*")))
        return backup

    def test_control_c_stops_a_backup_and_says_what_is_kept(self):
        backup = self.started_backup()
        backup.send_signal(signal.SIGINT)
        _, said = backup.communicate(timeout=90)
        self.assertEqual(backup.returncode, 130, said)
        self.assertIn("What was stored stays", said)
        self.assertEqual(self.result("snapshots")[0]["snapshots"], [])
        self.configure()
        self.run_program("backup")
        self.run_program("verify", "--read-data")

    def test_two_backups_at_once(self):
        backup = self.started_backup()
        ran = self.run_program("backup", status=2)
        self.assertIn("in use", ran.stderr)
        backup.send_signal(signal.SIGINT)
        self.configure()
        self.run_program("backup", "--lock-wait", "90s")
        self.assertEqual(len(self.result("snapshots")[0]["snapshots"]), 1)

    def test_a_killed_backup_stores_nothing_twice_but_its_open_pack(self):
        self.ready(uploads=", limits: {read: 40MB/s}")
        self.add_bulk(100)
        backup = self.start("backup")
        self.wait_until(lambda: len(self.packs()) > 1 or backup.poll() is not None)
        backup.kill()
        backup.communicate()
        self.configure()
        self.run_program("backup")
        stored = sum(pack.stat().st_size for pack in self.packs())
        self.assertLess(stored, 100_000_000 * 1.01)
        self.run_program("verify", "--read-data")
        self.assertEqual(self.result("drill", "run")[0]["evidence"]["verdict"], "proven")

    def slow_restore(self):
        """One that has begun to write into "back", with most still to come."""
        self.ready()
        self.add_bulk(16)
        self.run_program("backup")
        self.configure(local=", limits: {download: 2MB/s}")
        restore = self.start("restore", "shop", "--to", "back")
        self.wait_until(lambda: list((self.place / "back").glob("uploads/*")))
        return restore

    def assert_unfinished_and_completed_by_the_same_command(self):
        marks = [path.name for path in (self.place / "back").rglob(".lifeboat-restore*")]
        self.assertIn(".lifeboat-restore-in-progress", marks)
        self.configure()
        self.run_program("restore", "shop", "--to", "back")
        self.assertEqual(list((self.place / "back").rglob(".lifeboat-restore*")), [])
        for path in self.uploads.rglob("*"):
            if path.is_file():
                back = self.place / "back" / "uploads" / path.relative_to(self.uploads)
                self.assertEqual(back.read_bytes(), path.read_bytes())
        self.assertEqual(self.orders_in(self.place / "back" / "db.db"), 200)

    def test_a_killed_restore_says_so_in_the_target_and_goes_on(self):
        restore = self.slow_restore()
        restore.kill()
        restore.communicate()
        self.assert_unfinished_and_completed_by_the_same_command()

    def test_control_c_stops_a_restore_that_goes_on_later(self):
        restore = self.slow_restore()
        restore.send_signal(signal.SIGINT)
        _, said = restore.communicate(timeout=90)
        self.assertEqual(restore.returncode, 130, said)
        self.assert_unfinished_and_completed_by_the_same_command()

    def test_a_restore_that_was_interrupted_does_not_go_on_with_another_snapshot(self):
        restore = self.slow_restore()
        restore.send_signal(signal.SIGINT)
        _, said = restore.communicate(timeout=90)
        record = json.loads(next((self.state / "restores" / "shop").glob("*.json")).read_text())
        payload = json.loads(base64.b64decode(record["payload"]))
        self.assertEqual(payload["predicate"]["outcome"], "interrupted")
        self.configure()
        first = self.result("snapshots")[0]["snapshots"][0]["id"]
        self.assertIn(f"--snapshot {first[:10]}", said)
        there = [path.name for path in (self.place / "back" / "uploads").iterdir()
                 if path.name.startswith("bulk")]
        gone = there[0] if there else "bulk-0"
        (self.uploads / gone).unlink()
        self.run_program("backup")
        ran = self.run_program("restore", "shop", "--to", "back", status=4)
        hint = " ".join(ran.stderr.split())
        self.assertIn(f"--snapshot {first[:10]} to go on", hint)
        self.run_program("restore", "shop", "--to", "back", "--snapshot", first[:10])
        self.assertTrue((self.place / "back" / "uploads" / gone).exists())
        self.run_program("restore", "shop", "--to", "back", "--delete", "--no-snapshot", "--yes")
        self.assertFalse((self.place / "back" / "uploads" / gone).exists())

    def test_the_next_drill_cleans_up_after_one_that_was_killed(self):
        self.ready()
        self.add_bulk(16)
        self.run_program("backup")
        self.configure(local=", limits: {download: 2MB/s}")
        drill = self.start("drill", "run")
        sandboxes = self.state / "sandboxes"
        self.wait_until(lambda: [path for path in sandboxes.glob("*/*") if path.is_dir()])
        drill.kill()
        drill.communicate()
        self.assertTrue(list(sandboxes.iterdir()))
        self.configure()
        self.run_program("drill", "run")
        self.assertEqual(list(sandboxes.iterdir()), [])

    def test_control_c_tears_a_drill_down(self):
        self.ready()
        self.add_bulk(16)
        self.run_program("backup")
        self.configure(local=", limits: {download: 2MB/s}")
        drill = self.start("drill", "run")
        sandboxes = self.state / "sandboxes"
        self.wait_until(lambda: [path for path in sandboxes.glob("*/*") if path.is_dir()])
        drill.send_signal(signal.SIGINT)
        said, _ = drill.communicate(timeout=90)
        self.assertEqual(drill.returncode, 130, said)
        self.assertEqual(list(sandboxes.iterdir()), [])

    def asking(self, drill):
        """A drill at a terminal where nobody answers, as soon as it asks."""
        self.ready(service="drills: {d: {%schecks: [{manual: {ask: 'Is it right?'}}]}}" % drill)
        self.run_program("backup")
        asking, terminal = self.start_at_terminal("drill", "run")
        for line in asking.stderr:
            if "The restored data is in" in line:
                return asking, terminal
        return self.fail("nobody was asked")

    def test_a_person_who_does_not_answer_is_not_waited_for_longer_than_the_drill_may_take(self):
        asking, _ = self.asking("within: 5s, ")
        said, _ = asking.communicate(timeout=60)
        self.assertEqual(asking.returncode, 2, said)
        self.assertIn("longer than the drill may take", said)
        self.assertEqual(list((self.state / "sandboxes").iterdir()), [])

    def test_control_c_at_a_question_ends_it(self):
        asking, _ = self.asking("")
        asking.send_signal(signal.SIGINT)
        said, _ = asking.communicate(timeout=60)
        self.assertEqual(asking.returncode, 130, said)

    def test_a_person_who_answers_is_believed(self):
        asking, terminal = self.asking("within: 10m, ")
        os.write(terminal, b"yes\nall three agree\nAda\n")
        said, _ = asking.communicate(timeout=60)
        self.assertEqual(asking.returncode, 0, said)
        self.assertIn("Ada says that it is right", said)


if __name__ == "__main__":
    unittest.main()
