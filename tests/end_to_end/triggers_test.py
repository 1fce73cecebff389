"""Drills that come by themselves: after a backup, when something changed, when their time has come;
and what is told when they do not."""
import json
import pathlib
import shutil
import sys
import unittest

from stage import Stage

sys.path.insert(0, str(pathlib.Path(__file__).parents[1] / "support"))
import receivers  # noqa: E402


class Triggers(Stage):
    def backed_up(self):
        return self.result("backup")[0]["repositories"][0]["snapshot"]["id"]

    def waiting(self):
        return [(row["what"], row["why"]) for row in self.result("schedule")["due"]
                if row["schedule"] == "drill run --due"]

    def due_run(self):
        return self.result("drill", "run", "--due")

    def test_after_a_backup_exactly_the_newest_snapshot_is_drilled(self):
        self.ready(service="drills: {each: {trigger: {after_backup: true}}, asked: {}}")
        self.assertEqual(self.waiting(), [])
        self.backed_up()
        (self.uploads / "more").write_text("more")
        newest = self.backed_up()
        self.assertEqual(self.waiting(), [("drill each", f"backup {newest[:10]} was taken")])
        drill, = self.due_run()
        self.assertEqual(drill["evidence"]["snapshot"]["id"], newest)
        self.assertEqual(drill["evidence"]["drill"], "each")
        self.assertEqual(drill["due"], f"backup {newest[:10]} was taken")
        self.assertIn("No drill is due.", self.run_program("drill", "run", "--due").stdout)

    def test_the_newest_backup_waits_until_it_was_drilled(self):
        self.ready(service="drills: {each: {trigger: {after_backup: true}}}")
        older = self.backed_up()
        (self.uploads / "more").write_text("more")
        newest = self.backed_up()
        waits = [("drill each", f"backup {newest[:10]} was taken")]
        self.run_program("drill", "run", "shop", "--drill", "each", "--snapshot", older)
        self.assertEqual(self.waiting(), waits)
        shutil.move(self.repository, self.place / "elsewhere")
        self.run_program("drill", "run", "--due", status=1)
        shutil.move(self.place / "elsewhere", self.repository)
        self.assertEqual(self.waiting(), waits)
        self.run_program("drill", "run", "shop", "--drill", "each", "--snapshot", newest)
        self.assertEqual(self.waiting(), [])

    def test_an_incomplete_backup_waits_for_no_drill(self):
        self.ready(service="drills: {each: {trigger: {after_backup: true}}}")
        (self.uploads / "secret").write_text("x")
        (self.uploads / "secret").chmod(0)
        self.run_program("backup", status=1)
        self.assertEqual(self.waiting(), [])

    def test_a_change_makes_a_drill_due_and_is_named(self):
        service = "drills: {changed: {trigger: {on_change: true}}}"
        self.ready(service=service)
        self.backed_up()
        self.assertEqual(self.waiting(), [("drill changed", "it never ran on this machine")])
        self.assertEqual(len(self.due_run()), 1)
        self.assertEqual(self.waiting(), [])
        self.configure(service=service, uploads=', exclude: ["*.tmp"]')
        self.assertEqual(self.waiting(),
                         [("drill changed", "sources changed since it last ran")])
        self.due_run()
        self.run_program("key", "add", "--role", "reader", "--name", "second", "--file",
                         self.place / "second.key")
        changed = [("drill changed", "keys changed since it last ran")]
        self.assertEqual(self.waiting(), changed)
        self.due_run()
        self.assertEqual(self.due_run(), [])
        self.run_program("key", "remove", "second", "--yes")
        (self.place / "second.key").unlink()
        self.run_program("key", "add", "--role", "reader", "--name", "second", "--file",
                         self.place / "second.key")
        self.assertEqual(self.waiting(), changed, "another key under the same name")

    def test_a_drill_with_times_is_caught_up(self):
        self.ready(service='drills: {hourly: {trigger: {cron: "0 * * * *"}}}')
        self.backed_up()
        self.assertEqual(len(self.due_run()), 1)
        self.assertEqual(self.due_run(), [])
        memory = self.state / "triggers" / "shop.json"
        known = json.loads(memory.read_text())
        known["hourly"]["ran"] = "2026-01-01T00:30:00Z"
        memory.write_text(json.dumps(known))
        self.assertEqual(self.waiting(), [("drill hourly", "it was due at 2026-01-01T01:00:00Z")])

    def test_a_backup_is_taken_first_and_exactly_it_is_drilled(self):
        self.ready()
        self.backed_up()
        (self.uploads / "since").write_text("not in the first one")
        drill, = self.result("drill", "run", "--take-backup")
        taken = drill["backup"]["repositories"][0]["snapshot"]["id"]
        self.assertEqual(drill["evidence"]["snapshot"]["id"], taken)
        self.assertEqual(len(self.result("snapshots")[0]["snapshots"]), 2)
        self.assertEqual(drill["evidence"]["verdict"], "proven")
        said = self.run_program("drill", "run", "--take-backup").stdout
        self.assertTrue(said.startswith("Backed up to local: snapshot "), said)

    def test_without_that_backup_nothing_else_is_drilled_instead(self):
        self.ready()
        self.backed_up()
        self.assertIn("--snapshot", self.run_program(
            "drill", "run", "--take-backup", "--snapshot", "latest", status=3).stderr)
        (self.uploads / "secret").write_text("x")
        (self.uploads / "secret").chmod(0)
        said = self.run_program("drill", "run", "--take-backup", status=1).stderr
        self.assertIn("incomplete", said)
        self.assertEqual(self.result("drill", "list")["drills"], [])
        (self.uploads / "secret").unlink()
        shutil.move(self.repository, self.place / "elsewhere")
        self.run_program("drill", "run", "--take-backup", status=2)
        self.assertEqual(self.result("drill", "list")["drills"], [])

    def test_a_sandbox_is_kept_when_somebody_asks_for_it(self):
        self.ready()
        self.backed_up()
        self.assertIn("The sandbox is gone.", self.run_program("drill", "run").stdout)
        drill, = self.result("drill", "run", "--keep")
        kept, = drill["evidence"]["tear_down"]["kept"]
        self.assertTrue(pathlib.Path(kept).is_dir())

    def test_what_is_due_says_itself_of_what(self):
        self.ready()
        said = self.run_program("drill", "run", "--due", "--snapshot", "latest", status=3).stderr
        self.assertIn("--snapshot does not go with --due", said)

    def test_what_is_overdue_is_told_once_until_it_comes(self):
        server = receivers.Web()
        self.addCleanup(server.close)
        self.seed()
        self.configure(service="notify: [pager]")
        with open(self.place / "lifeboat.yaml", "a", encoding="utf-8") as file:
            file.write('notifiers: {pager: {type: webhook, url: "${HOOK}", secret: "${KEY}"}}\n')
        self.variables.update(HOOK=server.url("/x"), KEY="key")
        self.run_program("init")

        def told():
            new = [json.loads(request.body) for request in server.requests]
            server.requests.clear()
            return [(each["subject"], each["verdict"], sorted(each["events"])) for each in new]

        self.run_program("status", "--check", status=2)
        self.assertEqual(told(), [("backup", "overdue", ["overdue"]),
                                  ("drill facts", "overdue", ["overdue"])])
        self.run_program("status", "--check", status=2)
        self.run_program("drill", "run", "--due")
        self.run_program("status", status=1)
        self.assertEqual(told(), [])
        self.run_program("backup")
        self.assertEqual(told(), [("backup", "complete", ["backup", "recovered"])])
        self.run_program("drill", "run")
        self.assertEqual(told(), [("drill facts", "proven", ["proven", "recovered"])])
        self.run_program("status", "--check")
        self.assertEqual(told(), [])
        self.run_program("status", "--check", "--backup-within", "1ms", status=2)
        self.assertEqual(told(), [("backup", "overdue", ["overdue"])])


if __name__ == "__main__":
    unittest.main()
