"""A drill that makes databases on a server which others use too: what it makes is gone at its end,
however it ends, production is refused, and what is others' is as it was, byte by byte."""
import os
import pathlib
import signal
import sys
import unittest

HERE = pathlib.Path(__file__).parent
sys.path.insert(0, str(HERE.parent / "support"))
CACHE = pathlib.Path(os.environ.get("XDG_CACHE_HOME") or pathlib.Path.home() / ".cache")
sys.path.insert(0, str(CACHE / "lifeboat" / "pymongo-4.10.1"))
import pymongo  # noqa: E402

import ferretdb  # noqa: E402
from held import Held  # noqa: E402
from stage import Stage  # noqa: E402

PASSWORD = "nobody-may-read-this"
CONFIGURATION = """\
version: 1
services:
  shop:
    sources:
      db:      {type: mongodb, uri: "${MONGO_URI}", database: shop}
      uploads: {type: files, path: "${UPLOADS}"}
    repositories: [local]
    drills:
      d:
        sandbox: {type: database, uri: "${SCRATCH_URI}"}
        checks:
          - query: {name: orders, source: db, count: {collection: orders}, expect: "== 500"}
repositories:
  local: {url: "%s", key: %s}
"""


class ScratchDatabases(Stage):
    def setUp(self):
        super().setUp()
        self.live = self.start_server("live")
        self.orders = self.connect(self.live.uri())["shop"]["orders"]
        self.orders.insert_many([{"_id": number, "what": "x" * 100} for number in range(500)])
        self.orders.create_index("what")
        self.other = self.start_server(
            "other", "--test-enable-new-auth", "--setup-database=people",
            "--setup-username=keeper", f"--setup-password={PASSWORD}")
        uri = (f"mongodb://keeper:{PASSWORD}@127.0.0.1:{self.other.port}/"
               "?authSource=people&authMechanism=SCRAM-SHA-256")
        self.others = self.connect(uri)
        self.others["others"]["items"].insert_many([{"_id": number} for number in range(200)])
        self.uploads.mkdir()
        (self.uploads / "one").write_text("one")
        self.variables |= {"MONGO_URI": self.live.uri(), "SCRATCH_URI": uri}
        (self.place / "lifeboat.yaml").write_text(CONFIGURATION % (self.repository, self.key))
        self.run_program("init")

    def start_server(self, name, *options):
        server = ferretdb.Server(self.place / name, *options)
        self.addCleanup(server.stop)
        return server

    def connect(self, uri):
        client = pymongo.MongoClient(uri, directConnection=True)
        self.addCleanup(client.close)
        return client

    def scratch(self):
        return [name for name in self.others.list_database_names() if name.startswith("lifeboat_")]

    def of_others(self):
        """Their documents, and the files in which the server keeps them."""
        files = {path.name: path.read_bytes() for path in (self.place / "other").iterdir()
                 if path.name.startswith("others.") and not path.name.endswith("-shm")}
        self.assertTrue(files)
        return files, list(self.others["others"]["items"].find())

    def drill(self, *words, status=0):
        return self.result("drill", "run", *words, status=status)[0]

    def assert_nothing_left(self):
        self.assertEqual(self.scratch(), [])
        self.assertEqual(list((self.state / "sandboxes").glob("*")), [])

    def test_it_is_proven_there_and_leaves_nothing(self):
        self.run_program("backup")
        before = self.of_others()
        drilled = self.drill()
        evidence = drilled["evidence"]
        self.assertEqual(evidence["verdict"], "proven", evidence["reason"])
        outcomes = {check["id"]: check["outcome"] for check in evidence["checks"]}
        for name in ("scratch", "digests.db", "counts.db", "catalog.db", "query.orders"):
            self.assertEqual(outcomes[name], "passed")
        token = evidence["tear_down"]["token"]
        self.assertIn(f"lifeboat_{token}_1_db on 127.0.0.1:{self.other.port}",
                      evidence["tear_down"]["removed"])
        self.assert_nothing_left()
        self.assertEqual(self.of_others(), before)
        self.assertNotIn(PASSWORD, pathlib.Path(drilled["file"]).read_text())

    def test_killed_while_it_compares_it_leaves_that_to_the_next(self):
        sessions = self.back_up_thrice()
        before = self.of_others()
        held = Held(sessions[1])
        drill = self.start("drill", "run", "-vv")
        held.wait()
        left, = self.scratch()
        drill.send_signal(signal.SIGKILL)
        drill.wait(timeout=60)
        held.release()
        _, said = drill.communicate(timeout=60)
        self.assertIn("debug: stage check", said)
        self.assertNotIn("debug: stage tear-down", said)
        self.assertNotIn(PASSWORD.encode(), b"".join(
            path.read_bytes() for path in self.state.rglob("*") if path.is_file()))
        self.assertEqual(self.others[left]["orders"].count_documents({}), 500)
        evidence = self.drill()["evidence"]
        self.assertEqual(evidence["verdict"], "proven", evidence["reason"])
        self.assertIn(("scratch-reaped", f"{left} on 127.0.0.1:{self.other.port}"),
                      [(each["code"], each["subject"]) for each in evidence["findings"]])
        self.assert_nothing_left()
        self.assertEqual(self.of_others(), before)

    def test_a_document_that_is_lost_there_fails_it(self):
        sessions = self.back_up_thrice()
        held = Held(sessions[1])
        drill = self.start("drill", "run", "--json", "-vv")
        held.wait()
        name, = self.scratch()
        self.others[name]["orders"].delete_one({"_id": 7})
        held.release()
        drill.communicate(timeout=120)
        self.assert_nothing_left()
        self.assertEqual(self.result("drill", "show")["evidence"]["verdict"], "failed")

    def test_the_source_is_refused_by_whatever_name(self):
        self.run_program("backup")
        for uri in (self.live.uri(), f"mongodb://localhost:{self.live.port}/other"):
            self.variables["SCRATCH_URI"] = uri
            evidence = self.drill(status=4)["evidence"]
            self.assertEqual(evidence["verdict"], "unverified")
            self.assertIn("scratch-refused", {each["rule"] for each in evidence["diagnosis"]})
        self.assertEqual(self.connect(self.live.uri()).list_database_names(), ["shop"])

    def test_a_source_that_cannot_be_asked_is_no_excuse(self):
        self.run_program("backup")
        self.live.stop()
        evidence = self.drill(status=4)["evidence"]
        self.assertIn("source shop/db cannot be told", evidence["reason"])
        self.assert_nothing_left()


if __name__ == "__main__":
    unittest.main()
