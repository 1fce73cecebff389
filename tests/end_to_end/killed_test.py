"""Drills that are killed in each of their stages, at a moment that does not depend on time: while
they wait for a file that the test holds. Nothing outside of the sandbox has changed then, and the
next drill removes what is left, names it and decides as if nothing had been."""
import json
import os
import pathlib
import secrets
import shutil
import signal
import unittest

import slow_server
from held import Held
from stage import Stage

DRILL = """\
drills:
      d:
        before: [{name: ahead, run: "cat %(place)s/before"}]
        checks:
          - command: {name: inside, run: "cat %(place)s/commands",
                      visible: ["%(place)s/commands"]}
        app:
          start: "cat %(place)s/app && exec sleep 600"
          visible: ["%(place)s/app"]
          ready: {log: "^up$", within: 60s}
"""


class Killed(Stage):
    def setUp(self):
        super().setUp()
        for name in ("before", "commands", "app"):
            (self.place / name).write_text("up\n")

    def drilled_before(self):
        """With three backups, and a drill that proved the newest."""
        self.ready(service=DRILL % {"place": self.place})
        sessions = self.back_up_thrice()
        self.assert_proven_and_named([])
        return sessions

    def sandboxes(self):
        return sorted(map(str, (self.state / "sandboxes").glob("*")))

    def outside(self):
        """What no drill may change before it writes its record."""
        places = [self.database, *self.uploads.rglob("*"), *self.repository.rglob("*"),
                  *(self.state / "drills").rglob("*")]
        return {path: path.read_bytes() for path in places if path.is_file()}

    def kill_in(self, stage, first, *later):
        """Kills the drill while it waits for the last of these files; those that are not there
        yet are made by a function."""
        before = self.outside()
        held = Held(first)
        drill = self.start("drill", "run", "-vv")
        held.wait()
        for make in later:
            following = Held(make())
            held.release()
            held = following
            held.wait()
        drill.send_signal(signal.SIGKILL)
        drill.wait(timeout=60)
        held.release()
        _, said = drill.communicate(timeout=60)
        self.assertEqual(drill.returncode, -signal.SIGKILL, said)
        stages = [line for line in said.splitlines() if line.startswith("debug: stage ")]
        self.assertEqual(stages[-1], f"debug: stage {stage}", said)
        self.assertEqual(self.outside(), before, stage)

    def assert_proven_and_named(self, left):
        evidence = self.result("drill", "run")[0]["evidence"]
        self.assertEqual(evidence["verdict"], "proven", evidence["reason"])
        named = [each["subject"] for each in evidence["findings"]
                 if each["code"] == "sandbox-reaped"]
        self.assertEqual(sorted(named), left)
        self.assertEqual(self.sandboxes(), [])
        return evidence

    def killed(self, stage, *files, leaves=True):
        with self.subTest(stage=stage):
            self.kill_in(stage, *files)
            left = self.sandboxes()
            self.assertEqual(len(left), 1 if leaves else 0)
            records = len(list((self.state / "drills").rglob("*.json")))
            evidence = self.assert_proven_and_named(left)
            self.assertEqual(evidence["chain"]["position"], records + 1)

    def test_killed_before_it_has_a_sandbox_it_leaves_nothing(self):
        _, _, newest = self.drilled_before()
        self.killed("before", self.place / "before", leaves=False)
        self.killed("locate", next((self.place / "cache").rglob("seen.json")), leaves=False)
        self.killed("fetch", newest, leaves=False)

    def test_killed_while_it_cleans_up_it_leaves_that_to_the_next(self):
        self.drilled_before()
        token = secrets.token_hex(12)
        orphan = self.state / "sandboxes" / f"lifeboat-sandbox-{token}"
        orphan.mkdir()
        note = orphan / ".lifeboat-sandbox.json"
        note.write_text(json.dumps({"token": token, "purpose": "drill shop/d"}))
        self.killed("preflight", note)

    def test_killed_with_a_sandbox_it_leaves_that_to_the_next(self):
        _, second, _ = self.drilled_before()
        self.killed("restore", next((self.place / "cache").rglob("index-table")))
        self.killed("check", second)
        self.killed("commands", self.place / "commands")
        self.killed("app", self.place / "app")
        self.wait_until(lambda: not self.processes_that_name(self.state / "sandboxes"))

    def processes_that_name(self, place):
        found = []
        for each in pathlib.Path("/proc").glob("[0-9]*/cmdline"):
            try:
                found += [each] if os.fsencode(place) in each.read_bytes() else []
            except OSError:
                pass
        return found

    def copied_token(self):
        """The sandbox's token as another file, which nobody has open: the next who looks whether
        the sandbox is still the drill's own is its tear-down."""
        token = next((self.state / "sandboxes").glob("*/.lifeboat-sandbox.json"))
        shutil.copy(token, self.place / "token")
        os.rename(self.place / "token", token)
        return token

    def asking(self):
        """A drill at a terminal, as soon as it asks, and the terminal; and what it said."""
        drill, terminal = self.start_at_terminal("drill", "run", "-vv")
        said = []
        for line in drill.stderr:
            said.append(line)
            if "The restored data is in" in line:
                return drill, terminal, said
        return self.fail("nobody was asked: " + "".join(said))

    def test_killed_while_it_asks_a_person_it_leaves_its_sandbox_to_the_next(self):
        self.ready(service="drills: {d: {checks: [{manual: {ask: 'Is it right?'}}]}}")
        self.run_program("backup")
        before = self.outside()
        drill, _, said = self.asking()
        drill.send_signal(signal.SIGKILL)
        drill.communicate(timeout=60)
        self.assertEqual(drill.returncode, -signal.SIGKILL)
        stages = [line for line in said if line.startswith("debug: stage ")]
        self.assertEqual(stages[-1], "debug: stage manual\n", said)
        self.assertEqual(self.outside(), before)
        left, = self.sandboxes()
        drill, terminal, _ = self.asking()
        os.write(terminal, b"yes\nall of it\nAda\n")
        said, complaints = drill.communicate(timeout=60)
        self.assertEqual(drill.returncode, 0, said + complaints)
        evidence = self.result("drill", "show")["evidence"]
        self.assertEqual(evidence["verdict"], "proven")
        self.assertIn(("sandbox-reaped", left),
                      [(each["code"], each["subject"]) for each in evidence["findings"]])
        self.assertEqual(self.sandboxes(), [])
        self.assertEqual(evidence["chain"]["position"], 1, "the killed one left no record")

    def test_killed_as_its_tear_down_begins_it_leaves_that_to_the_next(self):
        self.drilled_before()
        # Measuring opens nothing: whoever is killed while it measures leaves the same.
        self.killed("tear-down", self.place / "app", self.copied_token)

    def test_killed_as_it_seals_it_leaves_no_record_and_no_sandbox(self):
        self.drilled_before()
        record = next((self.state / "drills").rglob("*.json"))
        self.killed("seal", self.place / "app", lambda: record, leaves=False)
        self.run_program("drill", "verify-evidence",
                         *sorted((self.state / "drills").rglob("*.json")))

    def test_killed_as_it_starts_a_server_it_leaves_neither_that_nor_a_sandbox(self):
        held = slow_server.prepare(self)
        self.assert_proven_and_named([])
        self.killed("provision", held)
        self.wait_until(lambda: not self.processes_that_name(self.state / "sandboxes"))


if __name__ == "__main__":
    unittest.main()
