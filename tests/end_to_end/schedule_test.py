"""What is due, and the same for the programs that start things: read by those programs."""
import json
import os
import pathlib
import re
import subprocess
import unittest

import jsonschema
import yaml
from stage import Stage

WORKFLOW_SCHEMA = pathlib.Path(__file__).parents[1] / "support" / "github-workflow.schema.json"

SCHEDULE = """tz: Europe/Berlin
    schedule: {full: "0 3 * * *", incremental: "*/30 9-17 * * mon-fri"}
    drills: {nightly: {trigger: {cron: "0 5 13 * fri"}}}"""


class Schedule(Stage):
    def units(self):
        files = self.result("schedule", "--export", "systemd")["files"]
        folder = self.place / "units"
        folder.mkdir()
        for file in files:
            (folder / file["name"]).write_text(file["text"])
        return folder

    def analyze(self, *words):
        ran = subprocess.run(["systemd-analyze", *map(str, words)], text=True, check=False,
                             capture_output=True, env={**os.environ, "SYSTEMD_COLORS": "0"})
        self.assertEqual(ran.returncode, 0, ran.stdout + ran.stderr)
        return ran

    def test_what_is_due_next_comes_first(self):
        self.ready(service=SCHEDULE)
        due = self.result("schedule")["due"]
        self.assertEqual({row["what"] for row in due},
                         {"backup full", "backup incremental", "drill nightly"})
        self.assertEqual(due, sorted(due, key=lambda row: row["next"]))
        self.assertIn("Europe/Berlin", self.run_program("schedule").stdout)

    def test_systemd_reads_its_units(self):
        self.ready(service=SCHEDULE)
        folder = self.units()
        self.assertEqual(len(list(folder.glob("*.timer"))), 3)
        for timer in folder.glob("*.timer"):
            for line in timer.read_text().splitlines():
                if line.startswith("OnCalendar="):
                    self.assertIn("Next elapse", self.analyze(
                        "calendar", line.removeprefix("OnCalendar=")).stdout)
        said = self.analyze("verify", *sorted(folder.iterdir())).stderr
        ours = [line for line in said.splitlines() if "lifeboat-" in line]
        self.assertEqual(ours, [])

    def test_systemd_and_lifeboat_agree_on_the_next_time(self):
        self.ready(service=SCHEDULE.replace("0 5 13 * fri", "7 4 * * *"))
        due = {row["what"]: row["next"] for row in self.result("schedule")["due"]}
        timer = self.units() / "lifeboat-shop-drill-nightly.timer"
        calendar = next(line for line in timer.read_text().splitlines()
                        if line.startswith("OnCalendar=")).removeprefix("OnCalendar=")
        # 4:07 in Berlin is 2:07 or 3:07 in UTC, never 4:07.
        expected = due["drill nightly"].rstrip("Z").replace("T", " ")
        self.assertRegex(expected, " 0[23]:07:00$")
        self.assertEqual(self.next_in_utc(calendar), expected)
        lost = calendar.removesuffix(" Europe/Berlin")
        self.assertNotEqual(self.next_in_utc(lost), expected, "a zone that is lost is noticed")

    def next_in_utc(self, calendar):
        """When systemd itself would start it."""
        ran = subprocess.run(["systemd-analyze", "calendar", calendar], text=True, check=True,
                             capture_output=True, env={**os.environ, "TZ": "UTC"}).stdout
        next_one = next(line for line in ran.splitlines() if "Next elapse:" in line)
        return re.search(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d", next_one)[0]

    def test_an_export_that_cannot_keep_the_zone_is_refused(self):
        self.ready(service=SCHEDULE)
        said = self.run_program("schedule", "--export", "github-actions", status=4).stderr
        self.assertIn("Europe/Berlin", said)
        self.assertIn("systemd", said)

    def test_what_was_exported_runs(self):
        self.ready(service=SCHEDULE.replace("tz: Europe/Berlin", "owner: ops@shop.example"))
        text = self.result("schedule", "--export", "github-actions")["files"][0]["text"]
        steps = [line.strip().removeprefix("run: ").strip("'")
                 for line in text.splitlines() if line.strip().startswith("run: '/")]
        self.assertEqual(len(steps), 3)
        for step in steps:
            subprocess.run(step, shell=True, check=True, env=self.variables, cwd=self.place,
                           stdin=subprocess.DEVNULL, capture_output=True)

    def workflow(self, service):
        self.ready(service=service)
        text = self.result("schedule", "--export", "github-actions")["files"][0]["text"]
        # YAML 1.1 reads the key `on` as a truth; GitHub reads it as a word.
        read = yaml.load(text, Loader=yaml.BaseLoader)
        read["jobs"]["lifeboat"]["timeout-minutes"] = int(
            read["jobs"]["lifeboat"]["timeout-minutes"])
        read["on"]["workflow_dispatch"] = read["on"]["workflow_dispatch"] or None
        return read

    def complaints(self, workflow):
        schema = json.loads(WORKFLOW_SCHEMA.read_text())
        checker = jsonschema.Draft7Validator(schema)
        return [error.message for error in checker.iter_errors(workflow)]

    def test_the_workflow_is_what_githubs_schema_allows(self):
        service = SCHEDULE.replace("tz: Europe/Berlin", "owner: ops@shop.example")
        workflow = self.workflow(service.replace(
            "drills: {", "drills: {each: {trigger: {after_backup: true}}, "))
        self.assertEqual(self.complaints(workflow), [])
        self.assertIn("workflow_dispatch", workflow["on"])
        steps = workflow["jobs"]["lifeboat"]["steps"]
        self.assertEqual([step["name"] for step in steps],
                         ["backup full of shop", "backup incremental of shop",
                          "drill nightly of shop", "due drills of shop", "Say that it failed"])
        self.assertEqual(steps[-1]["if"], "${{ failure() }}")
        for broken in ({**workflow, "on": {"schedule": [{"crom": "0 3 * * *"}]}},
                       {**workflow, "jobs": {}},
                       {key: value for key, value in workflow.items() if key != "on"}):
            self.assertNotEqual(self.complaints(broken), [], "the schema finds what is wrong")

    def test_a_wrong_schedule_is_named(self):
        self.ready(service=SCHEDULE.replace("0 3 * * *", "0 25 * * *"))
        said = self.run_program("schedule", status=3).stderr
        self.assertIn('"25" is no hour', said)
        self.assertIn("backup full of shop", said)


if __name__ == "__main__":
    unittest.main()
