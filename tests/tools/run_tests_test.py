"""tools/run_tests: what counts as passed, and how the run closes."""

import importlib.machinery
import importlib.util
import io
import tempfile
import unittest
from pathlib import Path

SCRIPT = Path(__file__).resolve().parent.parent.parent / "tools" / "run_tests"


def load():
    loader = importlib.machinery.SourceFileLoader("run_tests", str(SCRIPT))
    module = importlib.util.module_from_spec(importlib.util.spec_from_loader("run_tests", loader))
    loader.exec_module(module)
    return module


def junit(*statuses):
    cases = "".join(f'<testcase name="t{n}" status="{status}"><system-out>said</system-out>'
                    "</testcase>" for n, status in enumerate(statuses))
    return f'<?xml version="1.0"?><testsuite>{cases}</testsuite>'


class OutcomeTest(unittest.TestCase):
    def outcome(self, *statuses):
        outcome = load().Outcome()
        outcome.add_junit("dev", junit(*statuses))
        return outcome

    def closing_line(self, outcome):
        printed = io.StringIO()
        outcome.print(printed)
        return printed.getvalue().splitlines()[-1]

    def test_all_passed_is_success(self):
        outcome = self.outcome("run", "run")
        self.assertEqual(self.closing_line(outcome), "2 passed, 0 failed")
        self.assertEqual(outcome.exit_status(), 0)

    def test_one_failure_is_failure(self):
        outcome = self.outcome("run", "fail")
        self.assertEqual(self.closing_line(outcome), "1 passed, 1 failed")
        self.assertEqual(outcome.exit_status(), 1)

    def test_what_was_skipped_or_not_built_did_not_pass(self):
        outcome = self.outcome("run", "notrun", "disabled")
        self.assertEqual(self.closing_line(outcome), "1 passed, 2 failed")
        self.assertEqual(outcome.exit_status(), 1)

    def test_no_test_at_all_is_failure(self):
        outcome = load().Outcome()
        self.assertEqual(self.closing_line(outcome), "0 passed, 0 failed")
        self.assertEqual(outcome.exit_status(), 1)

    def test_a_stage_without_a_test_is_failure_even_when_others_have_some(self):
        outcome = self.outcome("run")
        outcome.add_junit("fuzz", junit())
        self.assertEqual(self.closing_line(outcome), "1 passed, 1 failed")
        self.assertEqual(outcome.exit_status(), 1)

    def test_a_broken_build_is_failure_even_when_tests_passed(self):
        outcome = self.outcome("run")
        outcome.add_failure("fuzz: build", "see above")
        self.assertEqual(self.closing_line(outcome), "1 passed, 1 failed")
        self.assertEqual(outcome.exit_status(), 1)

    def test_an_unreadable_report_is_failure(self):
        outcome = load().Outcome()
        outcome.add_junit("dev", "<testsuite>")
        self.assertEqual(self.closing_line(outcome), "0 passed, 1 failed")

    def test_what_a_failed_test_said_is_printed(self):
        printed = io.StringIO()
        self.outcome("fail").print(printed)
        self.assertIn("FAILED dev: t0", printed.getvalue())
        self.assertIn("said", printed.getvalue())


class ShardTest(unittest.TestCase):
    """Tests that share a process: ctest sees the process, its report the tests."""

    def outcome(self, status, report):
        outcome = load().Outcome()
        with tempfile.TemporaryDirectory() as folder:
            if report is not None:
                (Path(folder) / "room_test#1.xml").write_text(report)
            outcome.add_junit(
                "dev", f'<testsuite><testcase name="room_test#1" status="{status}">'
                "<system-out>said</system-out></testcase></testsuite>", Path(folder))
        return outcome

    def report(self, *cases):
        return "<testsuites><testsuite>" + "".join(cases) + "</testsuite></testsuites>"

    GOOD = '<testcase classname="Suite" name="Good" status="run" result="completed"/>'
    BAD = ('<testcase classname="Suite" name="Bad" status="run" result="completed">'
           '<failure message="why">why it failed</failure></testcase>')
    SKIPPED = '<testcase classname="Suite" name="Skipped" status="run" result="skipped"/>'

    def counts(self, outcome):
        return len(outcome.passed), [name for name, _ in outcome.failed]

    def test_each_test_of_a_shard_counts(self):
        outcome = self.outcome("run", self.report(self.GOOD, self.GOOD))
        self.assertEqual(self.counts(outcome), (2, []))

    def test_a_failed_test_is_named_once_with_what_it_said(self):
        outcome = self.outcome("fail", self.report(self.GOOD, self.BAD))
        self.assertEqual(self.counts(outcome), (1, ["dev: Suite.Bad"]))
        self.assertIn("why it failed", outcome.failed[0][1])

    def test_a_skipped_test_of_a_shard_did_not_pass(self):
        outcome = self.outcome("run", self.report(self.GOOD, self.SKIPPED))
        self.assertEqual(self.counts(outcome), (1, ["dev: Suite.Skipped"]))

    def test_a_shard_that_crashed_is_failure(self):
        outcome = self.outcome("fail", None)
        self.assertEqual(self.counts(outcome), (0, ["dev: room_test#1"]))
        self.assertIn("said", outcome.failed[0][1])

    def test_a_shard_that_failed_after_its_tests_passed_is_failure(self):
        outcome = self.outcome("fail", self.report(self.GOOD))
        self.assertEqual(self.counts(outcome), (1, ["dev: room_test#1"]))

    def test_what_a_sanitizer_found_is_said_in_the_first_line(self):
        said = "lines before\nSUMMARY: ThreadSanitizer: data race x.cc:1\nand after"
        outcome = load().Outcome()
        outcome.add_junit("tsan", junit("fail").replace("said", said))
        self.assertEqual(outcome.failed[0][1].splitlines()[0],
                         "[fail] SUMMARY: ThreadSanitizer: data race x.cc:1")

    def test_a_shard_that_passed_without_a_report_is_failure(self):
        for report in None, "<testsuites>":
            with self.subTest(report=report):
                outcome = self.outcome("run", report)
                self.assertEqual(self.counts(outcome), (0, ["dev: room_test#1"]))


if __name__ == "__main__":
    unittest.main()
