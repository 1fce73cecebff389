"""The drill of the example studio: its MongoDB database is restored to a private server, the studio
is booted on it where nothing leaves, and asked."""
import os
import pathlib
import shutil
import socket
import subprocess
import unittest

from stage import Stage

STUDIO = pathlib.Path(__file__).parents[2] / "examples" / "pixelcraft"
KEY = "a key that nobody may read"
# What a test does to the live database, as the studio's own driver would.
CHANGE = """
const { connect } = require('./src/database');
connect({ uri: process.env.MONGO_URI }).then(async ({ client, database }) => {
  await (%s)(database);
  await client.close();
});
"""


class Studio(Stage):
    def setUp(self):
        super().setUp()
        self.studio = self.place / "studio"
        shutil.copytree(STUDIO, self.studio, ignore=shutil.ignore_patterns("node_modules"))
        packages = pathlib.Path(os.environ["LIFEBOAT_PIXELCRAFT"]) / "node_modules"
        (self.studio / "node_modules").symlink_to(packages)
        self.server = os.environ["LIFEBOAT_FERRETDB"]
        self.change("lifeboat.yaml", "        tier: full\n        checks:\n          # Every",
                    f"        tier: full\n        sandbox: {{server: {self.server}}}\n"
                    "        checks:\n          # Every")
        self.change("lifeboat.yaml", "          directory: .\n",
                    f"          directory: .\n          visible: [{packages}]\n")
        self.variables.update({
            "LIFEBOAT_CONFIG": str(self.studio / "lifeboat.yaml"), "TOKEN_KEY": KEY,
            "MONGO_URI": f"mongodb://127.0.0.1:{self.start_server()}/pixelcraft",
            "UPLOADS_DIR": str(self.uploads), "LIFEBOAT_REPOSITORY": str(self.repository)})
        self.uploads.mkdir()
        self.node("seed.js")
        self.run_program("init")

    def start_server(self):
        with socket.create_server(("127.0.0.1", 0)) as free:
            port = free.getsockname()[1]
        data = self.place / "live"
        data.mkdir()
        started = subprocess.Popen(
            [self.server, "--handler=sqlite", f"--sqlite-url=file:{data}/", "--state-dir=-",
             f"--listen-addr=127.0.0.1:{port}", "--debug-addr=-", "--telemetry=disable",
             "--log-level=error"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            cwd=data)
        self.addCleanup(started.wait)
        self.addCleanup(started.kill)
        self.wait_until(lambda: self.listens(port))
        return port

    @staticmethod
    def listens(port):
        with socket.socket() as tried:
            return tried.connect_ex(("127.0.0.1", port)) == 0

    def node(self, *words):
        subprocess.run(["node", *words], cwd=self.studio, env=self.variables, check=True,
                       stdin=subprocess.DEVNULL, capture_output=True, timeout=60)

    def change(self, name, old, new):
        path = self.studio / name
        text = path.read_text()
        self.assertIn(old, text)
        path.write_text(text.replace(old, new, 1))

    def change_data(self, script):
        self.node("-e", CHANGE % script)

    def drill(self, *rules):
        """Fails for these reasons, by the rules of the diagnosis; or proves."""
        self.run_program("backup", "pixelcraft")
        drilled = self.result("drill", "run", "pixelcraft", status=1 if rules else 0)[0]
        evidence = drilled["evidence"]
        self.assertEqual(evidence["verdict"], "failed" if rules else "proven", evidence["reason"])
        self.assertLessEqual(set(rules), {each["rule"] for each in evidence["diagnosis"]})
        self.outcomes = {check["id"]: check["outcome"] for check in evidence["checks"]}
        return drilled

    def test_the_studio_that_works_is_proven(self):
        drilled = self.drill()
        self.assertEqual(set(self.outcomes.values()), {"passed"}, self.outcomes)
        for name in ("digests.db", "blobs.db.designs", "blobs.db.designs.orphans", "query.users",
                     "migrations.db._migrations", "command.migrate-status", "freshness.db.designs",
                     "isolation.network", "app.ready", "app.uses.db", "journey.token-key",
                     "journey.invalid-transition", "journey.artwork", "journey.projections",
                     "query.thrown-away", "journey.thrown-away",
                     "journey.load"):
            self.assertIn(name, self.outcomes)
        evidence = pathlib.Path(drilled["file"]).read_text()
        for secret in (KEY, "correct horse", self.variables["MONGO_URI"]):
            self.assertNotIn(secret, evidence)
        self.assertEqual(list((self.state / "sandboxes").glob("*")), [])

    def test_every_defect_that_is_planted_is_caught_and_explained(self):
        self.run_program("backup", "pixelcraft")
        score = self.result("drill", "sabotage", "pixelcraft")[0]
        self.assertEqual([each for each in score["defects"]
                          if each["planted"] and not each["caught"]], [])
        planted = {f"{each['source']} {each['defect']}" for each in score["defects"]
                   if each["planted"]}
        self.assertLessEqual(
            {"db collection-dropped", "db document-lost", "db document-changed",
             "db index-missing", "db migration-lost", "uploads file-lost", "db data-stale",
             "app never-ready", "app key-changed", "app login-broken"}, planted)

    def test_a_file_that_is_lost_is_named(self):
        next(self.uploads.rglob("*.png")).unlink()
        self.drill("blob-missing-at-the-source")
        self.assertEqual(self.outcomes["blobs.db.designs"], "failed")

    def test_a_file_without_a_design_is_warned_of(self):
        (self.uploads / "left-behind.png").write_bytes(b"x")
        self.run_program("backup", "pixelcraft")
        evidence = self.result("drill", "run", "pixelcraft")[0]["evidence"]
        self.assertEqual(evidence["verdict"], "proven", evidence["reason"])
        self.assertIn("orphan-files", {each["rule"] for each in evidence["diagnosis"]})
        orphans, = [check for check in evidence["checks"]
                    if check["id"] == "blobs.db.designs.orphans"]
        self.assertEqual(orphans["outcome"], "warned")
        self.assertIn("left-behind.png", orphans["message"])

    def test_a_database_and_files_of_two_moments_are_told_by_both_signs(self):
        self.change_data("(db) => db.collection('designs').deleteOne({title: 'Design 39'})")
        list(self.uploads.rglob("*.png"))[0].unlink()
        self.drill("blob-missing-at-the-source", "orphan-files")
        self.assertEqual(self.outcomes["blobs.db.designs"], "failed")
        self.assertEqual(self.outcomes["blobs.db.designs.orphans"], "warned")

    def test_a_release_without_a_resource_fails(self):
        self.change("src/application.js", "resources: { audit: {}, design:", "resources: { design:")
        self.drill("answers-otherwise")
        self.assertEqual(self.outcomes["journey.resources"], "failed")
        self.assertEqual(self.outcomes["digests.db"], "passed")

    def test_a_state_machine_that_allows_more_fails(self):
        self.change("src/designs.js", "draft: { submit: 'review' }",
                    "draft: { submit: 'review', archive: 'archived' }")
        self.drill("accepts-what-it-must-refuse", "answers-otherwise")
        self.assertEqual(self.outcomes["journey.transitions"], "failed")
        self.assertEqual(self.outcomes["journey.invalid-transition"], "failed")

    def test_a_projection_that_shows_too_much_fails(self):
        self.change("src/designs.js", "client: ['title',", "client: ['costCents', 'title',")
        self.drill("protection-lost")
        self.assertEqual(self.outcomes["journey.projections"], "failed")

    def test_a_design_that_was_thrown_away_and_is_shown_fails(self):
        self.change("src/designs.js", "({ deletedAt: null, ...", "({ ...")
        self.drill("answers-otherwise")
        self.assertEqual(self.outcomes["journey.thrown-away"], "failed")
        self.assertEqual(self.outcomes["query.thrown-away"], "passed")

    def test_a_migration_that_is_pending_is_seen_by_the_studio_and_by_the_check(self):
        self.change_data("(db) => db.collection('_migrations').deleteOne({name: '003-audit'})")
        self.drill("migrations-open")
        self.assertEqual(self.outcomes["command.migrate-status"], "failed")

    def test_a_backup_of_the_wrong_database_is_no_backup(self):
        self.change("lifeboat.yaml", "database: pixelcraft}", "database: other}")
        ran = self.run_program("backup", "pixelcraft", status=1)
        self.assertIn("the database other holds nothing", ran.stdout)
        self.assertIn("The server has: pixelcraft", ran.stdout)

    def test_an_administrator_who_is_gone_is_missed(self):
        self.change_data("(db) => db.collection('users').deleteOne({role: 'admin'})")
        self.drill("not-let-in")
        self.assertEqual(self.outcomes["journey.token-key"], "failed")


if __name__ == "__main__":
    unittest.main()
