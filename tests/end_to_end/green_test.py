"""No place shows green for what was not proven: each verdict and objective in every place at once.

Places: exit status (also with --strict), result, record, terminal, page, Markdown, JUnit, list of
snapshots, check line, metrics, notice and heartbeat.
"""
import dataclasses
import json
import pathlib
import sys
import unittest
import xml.etree.ElementTree

from stage import Stage

sys.path.insert(0, str(pathlib.Path(__file__).parents[1] / "support"))
import receivers  # noqa: E402
from prometheus import parse_metrics  # noqa: E402

QUERY = "query: {name: many, source: db, sql: SELECT count(*) FROM orders, expect: '%s'}"
GOOD, BAD = QUERY % "== 200", QUERY % "== 7"
ASKS = "manual: {ask: 'Does it look right?'}"
NOTIFIERS = """\
notifiers:
  pager:
    type: webhook
    url: "${HOOK}"
    secret: "${HOOK_SECRET}"
    on: [proven, failed, unverified, missed]
  beats: {type: heartbeat, url: "${BEATS}"}
"""
MET, MISSED = "rpo: 1h, rto: 1h", "rpo: 1h, rto: 1ms"


@dataclasses.dataclass
class Row:
    """What is drilled, and what each place must show of it."""

    check: str
    objectives: str
    verdict: str
    status: int
    strict: int
    page: str
    faults: bool  # of the JUnit report
    level: int
    events: list
    waived: bool = False


TABLE = {
    "proven": Row(GOOD, MET, "proven", 0, 0, "good", False, 0, ["proven"]),
    "proven, but too slow":
        Row(GOOD, MISSED, "proven", 0, 1, "good", True, 0, ["proven", "missed"]),
    "waived": Row(BAD, MET, "proven with waivers", 0, 0, "waived", False, 0, ["proven"],
                  waived=True),
    "waived and too slow": Row(BAD, MISSED, "proven with waivers", 0, 1, "waived", True, 0,
                               ["proven", "missed"], waived=True),
    "failed": Row(BAD, MET, "failed", 1, 1, "bad", True, 2, ["failed"]),
    "failed and too slow": Row(BAD, MISSED, "failed", 1, 1, "bad", True, 2, ["failed"]),
    "nobody was asked": Row(ASKS, MET, "unverified", 2, 2, "open", True, 3, ["unverified"]),
    "nobody was asked and too slow":
        Row(ASKS, MISSED, "unverified", 2, 2, "open", True, 3, ["unverified"]),
}


class Green(Stage):
    def prepare(self, row):
        self.seed()
        self.hook = self.receiver()
        self.beats = self.receiver()
        self.variables |= {"HOOK": self.hook.url("/hook"), "HOOK_SECRET": "key",
                           "BEATS": self.beats.url("/beat")}
        self.configure(service=f"objectives: {{{row.objectives}}}\n    notify: [pager, beats]\n"
                               f"    drills: {{nightly: {{checks: [{{{row.check}}}]}}}}")
        with open(self.place / "lifeboat.yaml", "a", encoding="utf-8") as file:
            file.write(NOTIFIERS)
        self.run_program("init")
        self.run_program("backup")
        if row.waived:
            self.run_program("drill", "waive", "shop", "query.many", "--reason", "known", "--who",
                             "Ada", "--until", "14d")
        self.beats.requests.clear()

    def receiver(self):
        made = receivers.Web((200,))
        self.addCleanup(made.close)
        return made

    def report(self, form):
        return self.run_program("drill", "report", "latest", "--format", form).stdout

    def metrics(self):
        file = self.place / "lifeboat.prom"
        self.run_program("status", "--textfile", file)
        return parse_metrics(file.read_text())

    def assert_told_as_it_is(self, row):
        drilled = self.result("drill", "run", status=row.status)[0]
        self.assertEqual(drilled["evidence"]["verdict"], row.verdict)
        rules = [each["rule"] for each in drilled["evidence"]["diagnosis"]]
        self.assertEqual("recovery-too-slow" in rules, row.objectives == MISSED, rules)
        self.assert_notice(row)
        self.assert_reports(row)
        self.assert_monitoring(row)
        ran = self.run_program("drill", "run", "--strict", status=row.strict)
        self.assertIn(row.verdict.upper(), ran.stdout)
        self.assert_proof(row)

    def assert_notice(self, row):
        notice = json.loads(self.hook.requests[-1].body)
        self.assertEqual(notice["verdict"], row.verdict)
        self.assertEqual(notice["events"], row.events)
        self.assertIn(row.verdict, notice["text"])
        beats = [request for request in self.beats.requests if request.path == "/beat"]
        self.assertEqual(bool(beats), row.status == 0)

    def assert_reports(self, row):
        shown = self.run_program("drill", "show").stdout
        self.assertIn(row.verdict.upper(), shown)
        page = self.report("html")
        self.assertIn(f'<header class="{row.page}"><p class="verdict">{row.verdict}', page)
        self.assertEqual("This backup can be recovered" in page, row.page == "good")
        markdown = self.report("md")
        self.assertTrue(markdown.startswith(f"# {row.verdict.upper()}:"), markdown[:60])
        for text in (shown, page, markdown):
            self.assertEqual("1 ms: missed" in text, row.objectives == MISSED, text)
        suite = xml.etree.ElementTree.fromstring(self.report("junit"))
        self.assertEqual((suite.get("failures"), suite.get("errors")) != ("0", "0"), row.faults)

    def assert_monitoring(self, row):
        ran = self.run_program("status", "--check", status=row.level)
        word = ("OK", "WARNING", "CRITICAL", "UNKNOWN")[row.level]
        self.assertTrue(ran.stdout.startswith(f"LIFEBOAT {word} - "), ran.stdout)
        verdicts = {dict(labels)["verdict"]: value for (name, labels), value
                    in self.metrics().items() if name == "lifeboat_last_drill_verdict"}
        self.assertEqual([verdict for verdict, value in verdicts.items() if value], [row.verdict])

    def assert_proof(self, row):
        """Only what was wholly proven is found by its proof."""
        proven = row.verdict == "proven"
        self.run_program("snapshots", "show", "latest-proven", status=0 if proven else 2)
        listed = self.run_program("snapshots").stdout.replace("proven with waivers", "")
        self.assertEqual("proven" in listed, proven, listed)


def told(row):
    def test(self):
        self.prepare(row)
        self.assert_told_as_it_is(row)
    return test


for case, expected in TABLE.items():
    setattr(Green, "test_" + case.replace(",", "").replace(" ", "_"), told(expected))

if __name__ == "__main__":
    unittest.main()
