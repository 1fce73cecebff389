"""Nothing is said to be done before a power loss could not undo it: what a backup and a restore ask
of the kernel, and in which order."""
import os
import re
import unittest
from unittest import mock

from stage import Stage
from system_calls import CannotTrace, Disk, traced

MARKS = (".lifeboat-restore",)


class Durability(Stage):
    def setUp(self):
        super().setUp()
        # The sanitizer's search for leaks traces the program itself, and two cannot.
        options = self.variables.get("ASAN_OPTIONS", "")
        self.variables["ASAN_OPTIONS"] = f"{options}:detect_leaks=0".lstrip(":")

    def trace(self, *words):
        """The lines of the trace of a command that succeeds."""
        try:
            ran, lines = traced(self.command(*words), self.place / "trace", cwd=self.place,
                                env=self.variables, timeout=240)
        except CannotTrace as error:
            self.fail(str(error))
        self.assertEqual(ran.returncode, 0, ran.stdout + ran.stderr)
        return lines

    # A backup

    def undone_by_power_loss_of_a_backup(self, lines):
        """What is wrong with the order, in words."""
        wrong = []
        published = []
        repository = str(self.repository)
        unnamed = [repository + "/tmp/"]

        def before(call, disk):
            if call.name.startswith("rename") and call.names()[0].startswith(unnamed[0]):
                source, target = call.names()
                published.append(target)
                if source in disk.contents:
                    wrong.append(f"{target} gets its name before its contents are durable")
                if "/snapshots/" in target:
                    for path in disk.losable(repository, but=unnamed):
                        wrong.append(f"{path} is not durable when its snapshot is committed")
            if self.prints(call, ", complete"):
                for path in disk.losable(repository, but=unnamed):
                    wrong.append(f"{path} is not durable when the backup says that it is complete")
                published.append("said")

        Disk().play(lines, before)
        for folder in ("sessions", "packs", "index", "snapshots"):
            self.assertTrue([path for path in published if f"/{folder}/" in path],
                            f"the trace shows no object in {folder}/")
        self.assertEqual(published[-1], "said", "the trace shows nothing printed")
        return wrong

    @staticmethod
    def prints(call, text):
        return call.name == "write" and call.arguments.startswith("1<") and \
            text in call.arguments

    def test_a_backup_is_complete_only_when_all_of_it_is_durable(self):
        self.ready()
        lines = self.trace("backup", "shop")
        self.assertEqual(self.undone_by_power_loss_of_a_backup(lines), [])
        self.plant(lines, self.undone_by_power_loss_of_a_backup, {
            "gets its name before": without(r"fsync\(\d+<[^>]*/tmp/put-"),
            "its snapshot is committed": without(r"fsync\(\d+<[^>]*/packs/[^>]*>"),
            "says that it is complete": without(r"fsync\(\d+<[^>]*/snapshots/[^>]*>"),
        })

    # A restore

    def undone_by_power_loss_of_a_restore(self, lines, target, expected):
        wrong = []
        seen = set()

        def before(call, disk):
            if call.name.startswith("unlink") and MARKS[0] in call.names()[0]:
                # The one inside a source goes when that is durable, the one beside them at last.
                marked = os.path.dirname(call.names()[0])
                seen.add(marked)
                for path in disk.losable(marked, but=MARKS):
                    wrong.append(f"{path} is not durable when {marked} counts as restored")
            if self.prints(call, "Restored "):
                seen.add("said")
                for path in disk.losable(target.parent):  # they are new, both
                    wrong.append(f"{path} is not durable when the restore says that it is done")

        Disk().play(lines, before)
        self.assertLessEqual(expected, seen, "the trace does not show what is judged")
        return wrong

    def restored(self, *words, marked=()):
        self.ready()
        self.run_program("backup", "shop")
        target = self.place / "new" / "back"
        lines = self.trace("restore", "shop", *words, "--to", str(target))
        expected = {"said", *(str(target / name) for name in marked)}
        return lines, lambda of: self.undone_by_power_loss_of_a_restore(of, target, expected)

    def test_a_restore_is_done_only_when_all_of_it_is_durable(self):
        lines, judge = self.restored(marked=("", "uploads"))
        self.assertEqual(judge(lines), [])
        self.plant(lines, judge, {
            "uploads/2026/3.txt is not durable when": without(r"syncfs\("),
            "db.db is not durable when": without(r"fsync\(\d+<[^>]*/back(/db[^>]*)?>|syncfs\("),
            "the restore says that it is done": without(r"fsync\(\d+<[^>]*/back>|syncfs\("),
        })

    def test_a_database_alone_is_restored_into_new_folders_only_when_they_are_durable(self):
        lines, judge = self.restored("--only", "db")
        self.assertEqual(judge(lines), [])
        self.plant(lines, judge, {
            "db.db is not durable when": without(r"fsync\(\d+<[^>]*/back>"),
            "new is not durable when": without(rf"fsync\(\d+<{self.place}>"),
        })

    def test_where_tracing_is_forbidden_nothing_counts_as_shown(self):
        strace = self.place / "strace"
        strace.write_text("#!/bin/sh\nexit 1\n")
        strace.chmod(0o755)
        with mock.patch.dict(os.environ, PATH=f"{self.place}:{os.environ['PATH']}"), \
                self.assertRaises(CannotTrace):
            traced(["/bin/true"], self.place / "trace")

    def plant(self, lines, judge, defects):
        """Each trace that lacks something must be found wrong, and in these words."""
        for words, defect in defects.items():
            with self.subTest(words):
                less = [line for line in lines if not defect(line)]
                self.assertLess(len(less), len(lines), "nothing was left out")
                self.assertTrue([each for each in judge(less) if words in each], judge(less))


def without(pattern):
    """Calls that have not happened, whole or in two halves."""
    return re.compile(r"\d+ +" + f"(?:{pattern})").match


if __name__ == "__main__":
    unittest.main()
