"""Drills that something happens to: they are killed, meet others, the disk fills, the store closes.
Whatever happens, nothing is left lying about and nothing unproved is called proven."""
import json
import os
import signal
import subprocess
import sys
import time
import unittest

from stage import Stage

SLOWLY = ", limits: {download: 4MB/s}"
MOMENTS = 8
DRILL = """drills: {d: {checks: [{command: {name: long, run: sleep 1}}]}}"""

# Inside a small disk of this process's own, and beside a program that fills it when it is told.
SMALL_DISK = """
mkdir -p {state}
( until {moment}; do sleep 0.01; done
  while kill -0 $$; do cat /dev/zero >> {state}/filler; sleep 0.01; done
) > /dev/null 2> {state}/../filled &
exec "$@"
"""


class Trouble(Stage):
    def rules(self, body):
        return [each["rule"] for each in body["evidence"]["diagnosis"]]

    def sandboxes(self):
        folder = self.state / "sandboxes"
        return list(folder.iterdir()) if folder.is_dir() else []

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

    def test_a_drill_killed_at_any_moment_leaves_nothing_that_the_next_does_not_remove(self):
        self.ready(service=DRILL)
        self.run_program("backup")
        began = time.monotonic()
        self.drilled()
        whole = time.monotonic() - began
        for moment in range(1, MOMENTS + 1):
            drill = self.start("drill", "run")
            time.sleep(whole * moment / MOMENTS)
            drill.send_signal(signal.SIGKILL)
            drill.communicate()
            for row in self.result("drill", "list")["drills"]:
                self.assertEqual(row["verdict"], "proven", row)
        # One that was made just now and has no token yet may be that of a drill that begins.
        for sandbox in self.sandboxes():
            os.utime(sandbox, (0, 0))
        last = self.drilled()
        self.assertEqual(last["evidence"]["verdict"], "proven", last)
        self.assertEqual(set(self.rules(last)) - {"sandbox-reaped"}, set())
        self.assertEqual(self.sandboxes(), [])
        records = sorted((self.state / "drills").rglob("*.json"))
        self.run_program("drill", "verify-evidence", *records)

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

    def on_small_disk(self, moment):
        """A drill on a disk of 100 MB that something fills at that moment."""
        script = SMALL_DISK.format(state=self.state, moment=moment)
        command = ["bwrap", "--dev-bind", "/", "/", "--unshare-pid", "--proc", "/proc",
                   "--size", "100000000", "--tmpfs", str(self.state), "/bin/sh", "-c", script, "sh",
                   *self.command("drill", "run", "--json")]
        ran = subprocess.run(command, env=self.variables, text=True, cwd=self.place,
                             stdin=subprocess.DEVNULL, capture_output=True, timeout=60,
                             check=False)
        self.assertIn("No space", (self.place / "filled").read_text(), "the disk was not filled")
        return ran.returncode, json.loads(ran.stdout.splitlines()[-1])["result"][0], ran.stderr

    def test_a_disk_that_is_full_when_the_data_is_restored_says_nothing_of_the_backup(self):
        self.ready()
        self.add_bulk(16)
        self.run_program("backup")
        self.configure(local=SLOWLY)
        moment = f"test -e {self.state}/sandboxes/*/data"
        status, result, complaints = self.on_small_disk(moment)
        self.assertEqual((status, result["evidence"]["verdict"]), (2, "unverified"), complaints)
        self.assertIn("sandbox-too-small", self.rules(result))
        # What that disk held is gone with it; the repository has the record.
        self.configure()
        self.assertEqual(self.drilled()["evidence"]["chain"]["position"], 2)

    def test_a_disk_that_is_full_once_the_data_is_checked_leaves_programs_undecided(self):
        self.ready(service=DRILL.replace("sleep 1", "sleep 30"))
        self.run_program("backup")
        moment = f"pgrep -f '^sleep 30$' > {self.place}/found"
        status, result, complaints = self.on_small_disk(moment)
        self.assertEqual((status, result["evidence"]["verdict"]), (2, "unverified"), complaints)
        self.assertIn("disk", result["evidence"]["reason"])
        self.configure()
        trend = self.drilled()["evidence"]["trend"]
        self.assertEqual([each["verdict"] for each in trend], ["unverified"])

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
        self.ready()
        self.run_program("backup")
        self.variables["LIFEBOAT_PASSPHRASE"] = "another passphrase"
        said = self.run_program("drill", "run", status=1).stdout
        self.assertIn("FAILED", said)
        self.assertIn("The key at hand is not the one", said)
        self.assertIn("Evidence none", said)


if __name__ == "__main__":
    sys.exit(unittest.main())
