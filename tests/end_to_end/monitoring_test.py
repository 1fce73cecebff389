"""What monitoring systems are told: plugin lines and exit statuses, and metrics as Prometheus reads
them."""
import json
import pathlib
import re
import shutil
import sqlite3
import sys
import unittest

from stage import Stage

sys.path.insert(0, str(pathlib.Path(__file__).parents[1] / "support"))
from prometheus import parse_metrics  # noqa: E402

PERFORMANCE = re.compile(r"^[^ =']+=(U|-?[0-9.]+(s|B)?)(;[0-9.]*){0,4}$")


class Monitoring(Stage):
    def check(self, *words, status):
        ran = self.run_program("status", "--check", *words, status=status)
        first = ran.stdout.splitlines()[0]
        word = ("OK", "WARNING", "CRITICAL", "UNKNOWN")[status]
        self.assertTrue(first.startswith(f"LIFEBOAT {word} - "), first)
        if " | " in first:
            for value in first.split(" | ")[1].split(" "):
                self.assertRegex(value, PERFORMANCE)
        return ran.stdout

    def metrics(self, *words):
        file = self.place / "lifeboat.prom"
        self.run_program("status", "--textfile", file, *words)
        self.assertEqual(list(self.place.glob("*.prom*")), [file])
        return parse_metrics(file.read_text())

    def level(self, check, **labels):
        labels = {"service": "shop", "check": check, **labels}
        return self.metrics()[("lifeboat_check_level", tuple(sorted(labels.items())))]

    def test_everything_is_fine_after_a_backup_and_a_drill(self):
        self.ready(service="objectives: {rpo: 1h}")
        self.run_program("backup")
        self.run_program("drill", "run")
        said = self.check(status=0)
        self.assertIn("shop_backup_age=", said)
        self.assertIn(";;3600;0", said)
        values = self.metrics()
        place = (("repository", "local"), ("service", "shop"))
        self.assertEqual(values[("lifeboat_repository_up", place)], 1)
        self.assertEqual(values[("lifeboat_snapshots", place)], 1)
        drill = (("drill", "facts"), ("repository", "local"), ("service", "shop"))
        self.assertEqual(values[("lifeboat_last_drill_verdict",
                                 (*drill, ("verdict", "proven")))], 1)
        self.assertTrue(all(value == 0 for (name, _), value in values.items()
                            if name == "lifeboat_check_level"))

    def test_what_was_never_done_is_named(self):
        self.ready()
        self.assertIn("there is no backup", self.check(status=2))
        self.run_program("backup")
        said = self.check(status=1)
        self.assertIn("no drill ever", said)
        self.assertIn("key admin of local never opened", said)
        self.assertEqual(self.level("drill"), 1)

    def test_what_is_too_old_is_named(self):
        self.ready()
        self.run_program("backup")
        self.run_program("drill", "run")
        self.check(status=0)
        self.assertIn("more than", self.check("--backup-within", "1ms", status=2))
        self.assertIn("the last drill was", self.check("--drill-within", "1ms", status=1))

    def test_a_failed_drill_is_critical_until_the_same_one_is_proven(self):
        self.ready(service="drills: {many: {checks: [{query: {name: many, source: db, sql: "
                           "'SELECT count(*) FROM orders', expect: '== 201'}}]}, plain: {}}")
        self.run_program("backup")
        self.run_program("drill", "run", "shop", "--drill", "many", status=1)
        self.run_program("drill", "run", "shop", "--drill", "plain")
        self.assertIn("the last drill many of local failed", self.check(status=2))
        self.assertEqual(self.level("verdict", repository="local"), 2)
        self.assertIn("drill failed: many", self.run_program("status", status=1).stdout)
        with sqlite3.connect(self.database) as database:
            database.execute("INSERT INTO orders(what) VALUES ('one more')")
        database.close()
        self.run_program("backup")
        self.run_program("drill", "run", "shop", "--drill", "many")
        self.check(status=0)
        self.assertIn("fine", self.run_program("status").stdout)

    def test_a_repository_that_does_not_answer_is_unknown(self):
        self.ready()
        self.run_program("backup")
        self.run_program("drill", "run")
        shutil.move(self.repository, self.place / "elsewhere")
        said = self.check(status=3)
        self.assertIn("no answer from local", said)
        self.assertEqual(self.level("copy", repository="local"), 3)
        shutil.move(self.place / "elsewhere", self.repository)
        self.check(status=0)

    def test_a_missing_snapshot_is_critical(self):
        self.ready()
        self.run_program("backup")
        self.run_program("drill", "run")
        (self.uploads / "more").write_text("more")
        self.run_program("backup")
        heads = sorted((self.repository / "snapshots").rglob("*"), key=str)
        [path for path in heads if path.is_file()][0].unlink()
        self.assertIn("missing or damaged in local", self.check(status=2))

    def test_a_key_for_safekeeping_is_named_until_it_has_restored(self):
        self.ready()
        self.run_program("backup")
        self.run_program("drill", "run")
        self.run_program("key", "add", "--role", "reader", "--name", "escrow", "--file", "escrow")
        self.run_program("key", "add", "--role", "writer", "--file", "writer.key")
        self.assertIn("key escrow of local never opened", self.check(status=1))
        configuration = self.place / "lifeboat.yaml"
        own = configuration.read_text()
        configuration.write_text(own.replace(self.key, f'{{file: "{self.place}/escrow"}}'))
        self.run_program("drill", "run")
        configuration.write_text(own)
        self.check(status=0)

    def test_a_host_that_cannot_read_can_be_monitored(self):
        self.ready()
        self.run_program("key", "add", "--role", "writer", "--file", "writer.key")
        self.run_program("backup")
        self.run_program("drill", "run")
        configuration = self.place / "lifeboat.yaml"
        configuration.write_text(configuration.read_text().replace(
            self.key, f'{{file: "{self.place}/writer.key"}}'))
        self.check(status=0)

    def test_without_a_configuration_the_answer_is_unknown(self):
        self.seed()
        self.check(status=3)
        self.configure()
        (self.place / "lifeboat.yaml").write_text("version: 1\nservices: [")
        self.check(status=3)
        self.check("shpo", status=3)

    def test_the_answer_is_there_as_json_too(self):
        self.ready()
        ran = self.run_program("status", "--check", "--json", status=2)
        last = json.loads(ran.stdout.splitlines()[-1])
        self.assertEqual(last["exit"], 2)
        self.assertEqual(last["result"]["check"]["status"], 2)
        causes = [each["cause"] for each in last["result"]["services"][0]["watch"]["answers"]]
        self.assertIn("backup-missing", causes)

    def test_a_file_that_cannot_be_written_leaves_the_old_one(self):
        self.ready()
        folder = self.place / "collector"
        folder.mkdir()
        self.run_program("status", "--textfile", folder / "lifeboat.prom")
        before = (folder / "lifeboat.prom").read_text()
        parse_metrics(before)
        folder.chmod(0o500)
        self.run_program("status", "--textfile", folder / "lifeboat.prom", status=2)
        self.assertEqual((folder / "lifeboat.prom").read_text(), before)
        self.run_program("status", "--backup-within", "1h", status=3)


if __name__ == "__main__":
    unittest.main()
