"""The drill of the example shop: the restored shop is booted where nothing leaves, and asked."""
import pathlib
import shutil
import subprocess
import time
import unittest

from stage import Stage

SHOP = pathlib.Path(__file__).parents[2] / "examples" / "shop"
KEY = "a key that nobody may read"


class Application(Stage):
    def setUp(self):
        super().setUp()
        self.shop = self.place / "shop"
        shutil.copytree(SHOP, self.shop, ignore=shutil.ignore_patterns("__pycache__"))
        self.data = self.place / "data"
        subprocess.run(["/usr/bin/python3", self.shop / "seed.py", self.data], check=True,
                       capture_output=True)
        self.variables.update({
            "LIFEBOAT_CONFIG": str(self.shop / "lifeboat.yaml"), "TOKEN_KEY": KEY,
            "DATABASE": str(self.data / "shop.db"), "UPLOADS_DIR": str(self.data / "uploads"),
            "LIFEBOAT_REPOSITORY": str(self.repository)})
        self.run_program("init")
        self.run_program("backup", "shop")

    def drill(self, rules=()):
        """Fails for these reasons, by the rules of the diagnosis, and no others; or proves."""
        drilled = self.result("drill", "run", "shop", status=1 if rules else 0)[0]
        self.evidence = drilled["evidence"]
        self.assertEqual(self.evidence["verdict"], "failed" if rules else "proven",
                         self.evidence["reason"])
        kept = {"log-kept"} if rules else set()
        self.assertEqual({each["rule"] for each in self.evidence["diagnosis"]} - kept, set(rules))
        self.outcomes = {check["id"]: check["outcome"] for check in self.evidence["checks"]}
        return drilled

    def change(self, name, old, new):
        path = self.shop / name
        text = path.read_text()
        self.assertIn(old, text)
        path.write_text(text.replace(old, new))

    def test_the_shop_that_works_is_proven_in_half_a_minute(self):
        begun = time.monotonic()
        drilled = self.drill()
        self.assertLess(time.monotonic() - begun, 30)
        self.assertEqual(set(self.outcomes.values()), {"passed"}, self.outcomes)
        for name in ("before.release", "command.migrate-status", "query.audit-log",
                     "isolation.network", "app.ready", "journey.admin-login", "journey.file",
                     "journey.invalid-transition", "journey.projections", "journey.load"):
            self.assertIn(name, self.outcomes)
        self.assertNotIn(KEY, pathlib.Path(drilled["file"]).read_text())
        self.assertNotIn("correct horse", pathlib.Path(drilled["file"]).read_text())
        self.assertEqual(list((self.state / "sandboxes").glob("*")), [])
        self.assertEqual(self.unticked(), [])

    def unticked(self):
        """The lines of the checklist that are not ticked."""
        text = self.run_program("drill", "report", "latest", "--format", "md").stdout
        lines = [line for line in text.splitlines() if line.startswith("- [")]
        self.assertEqual(len(lines), 17)
        return [line for line in lines if not line.startswith("- [x] ")]

    def test_every_defect_that_is_planted_is_caught_and_explained(self):
        score = self.result("drill", "sabotage", "shop")[0]
        missed = [each for each in score["defects"] if each["planted"] and not each["caught"]]
        self.assertEqual(missed, [])
        self.assertEqual(score["caught"], score["planted"])
        planted = {f"{each['source']} {each['defect']}" for each in score["defects"]
                   if each["planted"]}
        self.assertLessEqual(
            {"db table-dropped", "db table-emptied", "db row-lost", "db value-changed",
             "db index-missing", "db migration-lost", "uploads file-lost",
             "uploads files-swapped", "uploads mode-changed", "db data-stale",
             "service snapshot-stale", "db data-unreadable", "uploads data-unreadable",
             "app program-missing", "app never-ready", "app key-changed",
             "app login-broken"}, planted)
        self.assertEqual(list((self.state / "sandboxes").glob("*")), [])
        self.assertEqual(list((self.state / "drills" / "shop").glob("*.log")), [])

    def test_a_drill_that_looks_less_closely_misses_defects_and_says_which(self):
        self.change("lifeboat.yaml", "      data:\n", "      data:\n        tier: quick\n")
        ran = self.run_program("drill", "sabotage", "shop", "--drill", "data", status=1)
        said = " ".join(ran.stdout.split())
        for defect in ("value-changed in db", "mode-changed in uploads"):
            self.assertIn(defect + " was not caught", said)
        self.assertIn("explained as any of values-changed. Found: proven, by nothing", said)
        self.assertNotIn("byte-changed in uploads was", said)

    def test_the_live_shop_and_its_secrets_are_not_there_inside(self):
        """Even when they lie among the application's own files."""
        shutil.move(self.data, self.shop / "live")
        self.variables["DATABASE"] = str(self.shop / "live" / "shop.db")
        self.variables["UPLOADS_DIR"] = str(self.shop / "live" / "uploads")
        (self.shop / ".env").write_text("SMTP_PASSWORD=production\n")
        self.change("server.py", "def main():\n", "def main():\n    import glob\n    for path in "
                    "['.env', 'live/shop.db', *glob.glob('live/uploads/*/*/*')]:\n"
                    "        assert not open(path, 'rb').read(1), path\n")
        self.drill()

    def test_where_a_source_is_not_known_nothing_of_this_machine_is_shown(self):
        """As from cron, without the variables: the shop itself gets its own from the drill."""
        self.variables.pop("DATABASE")
        evidence = self.result("drill", "run", "shop", status=2)[0]["evidence"]
        self.assertEqual(evidence["verdict"], "unverified")
        self.assertIn("source shop/db is not known here", evidence["reason"])
        self.assertIn("DATABASE", evidence["reason"])
        self.assertIn("production-unknown", {each["rule"] for each in evidence["diagnosis"]})
        outcomes = {check["id"]: check["outcome"] for check in evidence["checks"]}
        self.assertEqual(outcomes["isolation.network"], "not_run")
        self.assertNotIn("app.ready", outcomes)
        self.assertEqual(outcomes["digests.db"], "passed")
        self.assertIn("never to production – **not run** source shop/db",
                      " ".join(self.unticked()))

    def test_a_release_without_a_resource_fails(self):
        self.change("shop/projections.py", '    "audit": ["id", "at"', '    "trail": ["id", "at"')
        self.drill({"answers-otherwise"})
        self.assertEqual(self.outcomes["journey.resources"], "failed")
        self.assertEqual(self.outcomes["digests.db"], "passed")

    def test_a_state_machine_that_allows_everything_fails(self):
        self.change("shop/orders.py", '"pending": {"pay": "paid"', '"pending": {"ship": "paid"')
        self.drill({"accepts-what-it-must-refuse", "answers-otherwise"})
        self.assertEqual(self.outcomes["journey.transitions"], "failed")
        self.assertEqual(self.outcomes["journey.invalid-transition"], "failed")

    def test_a_projection_that_shows_too_much_fails(self):
        self.change("shop/projections.py", '"product": ["id", "sku"',
                    '"product": ["id", "costCents", "sku"')
        self.drill({"protection-lost"})
        self.assertEqual(self.outcomes["journey.projections"], "failed")

    def test_a_login_that_is_broken_fails(self):
        self.change("shop/accounts.py", "return hmac.compare_digest(again", "return not (again")
        self.drill({"not-let-in", "application-not-asked"})
        self.assertEqual(self.outcomes["journey.admin-login"], "failed")
        self.assertIn("Login works, and each role sees what it may – **failed**",
                      " ".join(self.unticked()))

    def test_a_shop_that_does_not_start_fails_with_its_own_words(self):
        self.change("server.py", "def main():\n", "def main():\n    raise OSError('no cache')\n")
        drilled = self.drill({"app-ended"})
        self.assertEqual(self.outcomes["app.ready"], "failed")
        self.assertIn("no cache", drilled["evidence"]["reason"])

    def test_a_migration_that_boots_itself_is_reported_apart(self):
        # The checks of pending migrations would say so first.
        path = self.shop / "lifeboat.yaml"
        kept = [line for line in path.read_text().splitlines(keepends=True)
                if "- migrations:" not in line and "migrate-status" not in line]
        path.write_text("".join(kept))
        (self.shop / "migrations" / "0005_new.sql").write_text("CREATE TABLE later (id INTEGER);\n")
        self.drill()
        changes = [check for check in self.evidence["checks"] if check["id"] == "app.changes.db"]
        self.assertIn("later", str(changes))
        self.assertEqual(self.outcomes["catalog.db"], "passed")


if __name__ == "__main__":
    unittest.main()
