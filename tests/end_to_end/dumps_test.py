"""Dumps of MongoDB that other tools made, drilled as they are: brought into a private server,
compared, asked, and an application booted on them; planted defects and their twins."""
import gzip
import os
import pathlib
import tarfile
import unittest

from stage import Stage

FIXTURES = pathlib.Path(__file__).resolve().parent.parent / "fixtures"
ARCHIVE = FIXTURES / "mongodump" / "pixelcraft.archive"
LINES = FIXTURES / "jsonl" / "backup_20261121_094500.tar"
APPLICATION = FIXTURES.parent / "support" / "counting_application.py"
CONFIGURATION = """\
version: 1
services:
  shop:
    sources:
      db: {type: foreign, from: dumps, pattern: "*", server: FerretDB 1.24, %(source)s}
    repositories: [local]
    drills:
      weekly:
        sandbox: {server: "%(server)s"}
        checks:
          - query: {name: orders, source: db, count: {collection: orders}, expect: "== 2000"}
%(app)s
repositories:
  local: {url: "%(repository)s", key: %(key)s}
"""
APP = """\
        app:
          start: exec python3 app.py
          directory: app
          environment: {PORT: "${sandbox.port}", MONGO_URI: "${sandbox.db.uri}", COLLECTION: users}
          ready: {http: /, within: 20s}
          journey:
            - get: /
              expect: {jq: ".total == %(users)d"}
"""


class DumpsTest(Stage):
    def setUp(self):
        super().setUp()
        self.dumps = self.place / "dumps"
        self.dumps.mkdir()
        (self.place / "app").mkdir()
        (self.place / "app" / "app.py").write_bytes(APPLICATION.read_bytes())

    def configure_dumps(self, source, app=""):
        (self.place / "lifeboat.yaml").write_text(CONFIGURATION % {
            "source": source, "app": app, "server": os.environ["LIFEBOAT_FERRETDB"],
            "repository": self.repository, "key": self.key})
        if not self.repository.exists():
            self.run_program("init")

    def drill(self, verdict, *rules):
        status = {"proven": 0, "failed": 1, "unverified": None}[verdict]
        evidence = self.result("drill", "run", status=status)[0]["evidence"]
        self.assertEqual(evidence["verdict"], verdict, evidence["reason"])
        self.assertLessEqual(set(rules), {each["rule"] for each in evidence["diagnosis"]})
        self.assertTrue(evidence["tear_down"]["clean"])
        self.outcomes = {check["id"]: check["outcome"] for check in evidence["checks"]}
        return evidence

    def add(self, name, content):
        (self.dumps / name).write_bytes(content)

    def test_the_newest_dump_is_brought_in_asked_and_served(self):
        whole = ARCHIVE.read_bytes()
        self.add("shop-2026-01-01.archive.gz", gzip.compress(whole))
        self.configure_dumps("format: mongodump, database: pixelcraft", APP % {"users": 500})
        evidence = self.drill("proven")
        self.assertEqual(evidence["foreign"][0]["type"], "mongodb")
        self.assertEqual(evidence["foreign"][0]["facts"]["counts"]["collections.users.documents"],
                         500)
        for name in ("import.db", "query.orders", "readable.db", "integrity.db",
                     "migrations.db._migrations", "app.uses.db", "journey.1"):
            self.assertEqual(self.outcomes[name], "passed", name)
        self.configure_dumps("format: mongodump", APP % {"users": 501})
        self.drill("failed")
        self.assertEqual(self.outcomes["journey.1"], "failed")
        # A newer one that its disk cut short is found although it unpacks.
        self.configure_dumps("format: mongodump")
        self.add("shop-2026-01-02.archive.gz", gzip.compress(whole[:-3000]))
        self.drill("failed", "foreign-cut")
        self.add("shop-2026-01-02.archive.gz", gzip.compress(whole)[:-4])
        self.drill("failed", "foreign-cut")
        self.add("shop-2026-01-02.archive.gz", gzip.compress(whole))
        self.drill("proven")
        self.assertEqual(self.outcomes["trend.db"], "passed")

    def test_archives_of_json_lines_are_drilled_and_their_indexes_missed(self):
        self.add(LINES.name, LINES.read_bytes())
        self.configure_dumps("format: jsonl")
        self.drill("proven", "indexes-not-in-format")
        with tarfile.open(LINES) as archive:
            archive.extractall(self.place / "lines")
        orders = self.place / "lines" / "orders.jsonl"
        orders.write_bytes(orders.read_bytes()[:-7])
        with tarfile.open(self.dumps / "backup_20261122_094500.tar", "w") as archive:
            archive.add(self.place / "lines", ".")
        self.drill("failed", "foreign-cut")

    def test_a_dump_of_another_kind_is_no_pass(self):
        self.add("shop-2026-01-01.archive", LINES.read_bytes())
        self.configure_dumps("format: mongodump")
        self.drill("failed")
        ran = self.run_program("backup", "shop", status=3)
        self.assertIn("drilled, never taken", ran.stdout + ran.stderr)


if __name__ == "__main__":
    unittest.main()
