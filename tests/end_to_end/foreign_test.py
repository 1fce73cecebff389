"""Backups that other tools make, drilled: real tar, zip and sqlite3, planted defects and their
twins."""
import os
import sqlite3
import subprocess
import time
import unittest

import zstandard

from stage import Stage

CONFIGURATION = """\
version: 1
services:
  shop:
    sources:
      legacy: {type: foreign, %(source)s}
%(more)s
    repositories: [local]
    drills:
      weekly:
%(drill)s
repositories:
  local: {url: "%(repository)s", key: %(key)s}
"""
ORDERS = """\
        checks:
          - query:
              {name: orders, source: legacy, sql: "SELECT count(*) FROM orders", expect: ">= 100"}
"""
PLAIN = "        tier: full\n"


class ForeignStage(Stage):
    def setUp(self):
        super().setUp()
        self.dumps = self.place / "dumps"
        self.dumps.mkdir()
        self.work = self.place / "work"

    def configure_foreign(self, source, drill=ORDERS, more=""):
        (self.place / "lifeboat.yaml").write_text(CONFIGURATION % {
            "source": source, "drill": drill, "more": more, "repository": self.repository,
            "key": self.key})
        if not self.repository.exists():
            self.run_program("init")

    def shell(self, command):
        subprocess.run(command, shell=True, check=True, cwd=self.place,
                       env={"PATH": os.environ["PATH"]}, capture_output=True)

    def make_database(self, path, rows=200, table="orders"):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.unlink(missing_ok=True)
        database = sqlite3.connect(path)
        database.execute(f"CREATE TABLE {table}(id INTEGER PRIMARY KEY, what TEXT)")
        database.executemany(f"INSERT INTO {table}(what) VALUES (?)",
                             [(f"order {row}",) for row in range(rows)])
        database.commit()
        database.close()

    def make_tar(self, name="shop-2026-01-01.tar.gz", rows=200):
        """As a crontab does it: .backup, then tar with the uploads."""
        self.make_database(self.place / "live.db", rows)
        (self.work / "uploads").mkdir(parents=True, exist_ok=True)
        (self.work / "uploads" / "a.txt").write_text("upload")
        self.shell("sqlite3 live.db '.backup work/shop.db'")
        self.shell(f"tar czf dumps/{name} -C work .")
        # Named for the day, and the day is not the one of the test.
        stamp = time.mktime(time.strptime(name[5:15], "%Y-%m-%d"))
        os.utime(self.dumps / name, (stamp, stamp))
        return self.dumps / name

    def drill(self, status=0):
        return self.result("drill", "run", status=status)[0]["evidence"]

    def check(self, evidence, name):
        found = [check for check in evidence["checks"] if check["id"] == name]
        self.assertEqual(len(found), 1, [check["id"] for check in evidence["checks"]])
        return found[0]

    def rules(self, evidence):
        return [each["rule"] for each in evidence["diagnosis"]]


TAR = 'from: dumps, pattern: "shop-*.tar.gz", format: tar.gz, database: shop.db'


class ArchiveTest(ForeignStage):
    def test_whole_archive_is_proven_and_its_limits_are_said(self):
        self.make_tar()
        self.configure_foreign(TAR)
        evidence = self.drill()
        self.assertEqual(evidence["verdict"], "proven")
        self.assertIn("carries no facts", evidence["reason"])
        self.assertNotIn("snapshot", evidence)
        backup = evidence["foreign"][0]
        self.assertEqual(backup["name"], "shop-2026-01-01.tar.gz")
        self.assertEqual(backup["facts"]["counts"]["tables.orders.rows"], 200)
        self.assertEqual(self.check(evidence, "integrity.legacy")["outcome"], "passed")
        self.assertTrue(evidence["tear_down"]["clean"])
        shown = self.run_program("drill", "show", evidence["id"]).stdout
        self.assertIn("shop-2026-01-01.tar.gz", shown + self.page())

    def page(self):
        return next((self.state / "drills" / "shop").glob("*.html")).read_text()

    def test_first_drill_without_any_question_decides_nothing(self):
        self.make_tar()
        self.configure_foreign(TAR, PLAIN)
        evidence = self.drill(status=2)
        self.assertEqual(evidence["verdict"], "unverified")
        self.assertIn("nothing says yet what ought to be in legacy", evidence["reason"])
        self.assertEqual(self.rules(evidence), ["foreign-nothing-asked"])
        # The same backup again is no comparison; the next one is.
        self.assertEqual(self.drill(status=2)["verdict"], "unverified")
        self.make_tar("shop-2026-01-02.tar.gz", rows=210)
        evidence = self.drill()
        self.assertEqual(evidence["verdict"], "proven")
        self.assertEqual(self.check(evidence, "trend.legacy")["outcome"], "passed")

    def test_newest_by_its_name_is_drilled(self):
        self.make_tar("shop-2026-01-02.tar.gz")
        older = self.make_tar("shop-2026-01-01.tar.gz")
        os.utime(older)
        self.configure_foreign(TAR)
        self.assertEqual(self.drill()["foreign"][0]["name"], "shop-2026-01-02.tar.gz")

    def test_uncertain_newest_decides_nothing(self):
        self.make_tar("shop-2026-01-02.tar.gz")
        self.shell("cp dumps/shop-2026-01-02.tar.gz dumps/shop-final.tar.gz")
        self.configure_foreign(TAR)
        evidence = self.drill(status=2)
        self.assertEqual(evidence["verdict"], "unverified")
        self.assertIn("foreign-uncertain", self.rules(evidence))

    def test_stale_backup_fails_and_a_fresh_one_does_not(self):
        self.make_tar()
        self.configure_foreign(TAR + ", within: 26h")
        evidence = self.drill(status=1)
        self.assertEqual(self.check(evidence, "age.legacy")["outcome"], "failed")
        self.assertIn("foreign-stale", self.rules(evidence))
        self.make_tar("shop-" + time.strftime("%Y-%m-%d", time.gmtime()) + ".tar.gz")
        os.utime(max(self.dumps.iterdir()))
        self.assertEqual(self.drill()["verdict"], "proven")

    def test_no_backup_at_all_fails(self):
        self.configure_foreign(TAR)
        evidence = self.drill(status=1)
        self.assertIn("foreign-missing", self.rules(evidence))

    def spoil(self, rule, how, status=1):
        file = self.make_tar()
        self.configure_foreign(TAR)
        how(file)
        evidence = self.drill(status=status)
        self.assertIn(rule, self.rules(evidence), evidence["reason"])
        self.assertTrue(evidence["tear_down"]["clean"])
        return evidence

    def test_cut_archive_fails(self):
        self.spoil("foreign-cut", lambda file: os.truncate(file, file.stat().st_size // 2))

    def test_flipped_bit_fails(self):
        def flip(file):
            content = bytearray(file.read_bytes())
            content[-6] ^= 1
            file.write_bytes(content)
        self.spoil("foreign-cut", flip)

    def test_empty_archive_fails(self):
        self.spoil("foreign-empty", lambda file: self.shell(f"tar czf {file} -T /dev/null"))

    def test_well_formed_archive_of_nothing_fails(self):
        self.spoil("foreign-empty", lambda file: self.shell(f": | gzip > {file}; gzip -t {file}"))

    def test_archive_of_something_else_fails(self):
        self.spoil("foreign-not-inside",
                   lambda file: self.shell(f"tar czf {file} -C work uploads"))

    def test_cut_database_inside_fails(self):
        def cut(file):
            os.truncate(self.work / "shop.db", 5000)
            self.shell(f"tar czf {file} -C work .")
        self.spoil("foreign-database-damaged", cut)

    def test_empty_database_inside_fails(self):
        def empty(file):
            os.truncate(self.work / "shop.db", 0)
            self.shell(f"tar czf {file} -C work .")
        self.spoil("foreign-database-damaged", empty)

    def test_damaged_page_inside_fails(self):
        def damage(file):
            with open(self.work / "shop.db", "r+b") as database:
                database.seek(4096)
                database.write(b"\xff" * 4096)
            self.shell(f"tar czf {file} -C work .")
        evidence = self.spoil("foreign-unreadable", damage)
        self.assertEqual(evidence["verdict"], "failed")

    def test_other_database_fails_the_question(self):
        def exchange(file):
            self.make_database(self.work / "shop.db", 200, "others")
            self.shell(f"tar czf {file} -C work .")
        file = self.make_tar()
        self.configure_foreign(TAR)
        exchange(file)
        evidence = self.drill(status=2)
        self.assertEqual(evidence["verdict"], "unverified")
        self.assertIn("check-not-possible", self.rules(evidence))

    def test_archive_that_leads_outside_is_refused(self):
        (self.place / "evil").write_text("evil")
        evidence = self.spoil(
            "foreign-hostile", lambda file: self.shell(f"tar czPf {file} -C work ../evil"), 4)
        self.assertEqual(evidence["verdict"], "unverified")

    def test_archive_with_a_name_twice_is_refused(self):
        def append(file):
            self.shell("tar cf twice.tar -C work . && tar rf twice.tar -C work ./uploads/a.txt")
            self.shell(f"gzip -c twice.tar > {file}")
        self.assertEqual(self.spoil("foreign-unpacked-twice", append, 4)["verdict"], "unverified")

    def test_archive_that_unpacks_to_more_than_it_may_is_refused(self):
        self.make_tar()
        (self.work / "zeros").write_bytes(bytes(5_000_000))
        file = self.make_tar()
        self.assertLess(file.stat().st_size, 1_000_000)
        self.configure_foreign(TAR + ", unpacked: {bytes: 1MB}")
        evidence = self.drill(status=4)
        self.assertEqual(evidence["verdict"], "unverified")
        self.assertIn("foreign-bomb", self.rules(evidence))
        self.configure_foreign(TAR + ", unpacked: {bytes: 10MB}")
        self.assertEqual(self.rules(self.drill()), [])

    def test_link_that_leads_outside_is_a_finding(self):
        def link(file):
            (self.work / "way").symlink_to("/etc/passwd")
            self.shell(f"tar czf {file} -C work .")
        self.assertEqual(self.spoil("link-outside", link, 0)["verdict"], "proven")

    def test_archive_of_half_the_usual_size_is_a_finding(self):
        self.work.mkdir()
        (self.work / "noise").write_bytes(os.urandom(200_000))
        self.make_tar()
        self.configure_foreign(TAR)
        self.assertEqual(self.rules(self.drill()), [])
        (self.work / "noise").unlink()
        self.make_tar("shop-2026-01-02.tar.gz")
        evidence = self.drill()
        self.assertEqual(evidence["verdict"], "proven")
        self.assertIn("backup-halved", self.rules(evidence))

    def test_name_and_time_that_disagree_are_a_finding(self):
        evidence = self.spoil("date-unclear", os.utime, 0)
        self.assertEqual(evidence["verdict"], "proven")

    def test_table_that_vanished_fails_against_the_trend(self):
        self.make_tar()
        self.configure_foreign(TAR, PLAIN)
        self.drill(status=2)
        file = self.make_tar("shop-2026-01-02.tar.gz")
        self.make_database(self.work / "shop.db", 200, "others")
        self.shell(f"tar czf {file} -C work .")
        evidence = self.drill(status=1)
        self.assertIn("tables.orders.rows is gone", self.check(evidence, "trend.legacy")["message"])
        self.assertIn("foreign-shrunk", self.rules(evidence))
        # What failed is no measure for the next: it is compared with the first.
        self.make_tar("shop-2026-01-03.tar.gz")
        self.assertEqual(self.drill()["verdict"], "proven")

    def test_halved_table_fails_against_the_trend(self):
        self.make_tar()
        self.configure_foreign(TAR, PLAIN)
        self.drill(status=2)
        self.make_tar("shop-2026-01-02.tar.gz", rows=99)
        evidence = self.drill(status=1)
        self.assertIn("is 99, usual is 200", self.check(evidence, "trend.legacy")["message"])

    def test_changed_schema_is_a_finding(self):
        self.make_tar()
        self.configure_foreign(TAR, PLAIN)
        self.drill(status=2)
        file = self.make_tar("shop-2026-01-02.tar.gz")
        self.shell("sqlite3 work/shop.db 'CREATE INDEX orders_what ON orders(what)'")
        self.shell(f"tar czf {file} -C work .")
        evidence = self.drill()
        self.assertEqual(self.check(evidence, "trend.legacy")["outcome"], "warned")
        self.assertIn("foreign-schema-changed", self.rules(evidence))


class OtherFormsTest(ForeignStage):
    def test_zip_with_a_folder(self):
        (self.work / "uploads").mkdir(parents=True)
        (self.work / "uploads" / "a.txt").write_text("upload")
        self.shell("cd work && zip -qr ../dumps/shop.zip .")
        self.configure_foreign("from: dumps/shop.zip, format: zip, folder: uploads", PLAIN)
        evidence = self.drill(status=2)
        self.assertEqual(evidence["foreign"][0]["facts"]["counts"]["files"], 1)
        self.assertEqual(self.check(evidence, "readable.legacy")["outcome"], "passed")

    def test_encrypted_zip_decides_nothing(self):
        self.work.mkdir()
        (self.work / "a.txt").write_text("upload")
        self.shell("cd work && zip -qr -P secret ../dumps/shop.zip .")
        self.configure_foreign("from: dumps/shop.zip, format: zip", PLAIN)
        self.assertIn("foreign-encrypted", self.rules(self.drill(status=2)))

    def test_zstd_tree_copied_by_rsync_and_bare_database(self):
        self.make_tar()
        self.shell("tar cf plain.tar -C work .")
        (self.dumps / "shop.tar.zst").write_bytes(
            zstandard.ZstdCompressor(write_checksum=True).compress(
                (self.place / "plain.tar").read_bytes()))
        self.shell("cp -r work dumps/tree; cp work/shop.db dumps/bare.db")
        for source in ("from: dumps/shop.tar.zst, format: tar.zst, database: shop.db",
                       "from: dumps/tree, format: files, database: shop.db",
                       "from: dumps/bare.db, format: sqlite"):
            self.configure_foreign(source)
            self.assertEqual(self.drill()["verdict"], "proven", source)

    def test_copy_of_a_database_in_use_is_a_finding(self):
        live = sqlite3.connect(self.place / "live.db")
        live.execute("PRAGMA journal_mode=WAL")
        live.execute("CREATE TABLE orders(id INTEGER PRIMARY KEY)")
        live.executemany("INSERT INTO orders VALUES (?)", [(row,) for row in range(200)])
        live.commit()
        self.shell("cp live.db live.db-wal dumps/")
        live.close()
        self.configure_foreign("from: dumps/live.db, format: sqlite")
        evidence = self.drill()
        self.assertIn("copied-in-use", self.rules(evidence))
        (self.dumps / "live.db-wal").unlink()
        evidence = self.drill(status=1)
        self.assertEqual(evidence["verdict"], "failed")
        self.assertIn("foreign-unreadable", self.rules(evidence))

    def test_copy_without_the_log_that_held_its_newest_rows_fails_the_question(self):
        live = sqlite3.connect(self.place / "live.db")
        live.execute("CREATE TABLE orders(id INTEGER PRIMARY KEY)")
        live.execute("PRAGMA journal_mode=WAL")
        live.executemany("INSERT INTO orders VALUES (?)", [(row,) for row in range(200)])
        live.commit()
        self.shell("cp live.db dumps/")
        live.close()
        self.configure_foreign("from: dumps/live.db, format: sqlite")
        evidence = self.drill(status=1)
        self.assertEqual(evidence["verdict"], "failed")
        self.assertIn("foreign-answers-otherwise", self.rules(evidence))
        self.shell("cp live.db dumps/")
        self.assertEqual(self.drill()["verdict"], "proven")


class ProgramTest(ForeignStage):
    def test_program_fills_the_sandbox(self):
        self.make_tar()
        self.configure_foreign(
            "restore: 'echo restoring with $KEY; tar xzf \"$DUMPS/shop-2026-01-01.tar.gz\"', "
            "database: shop.db, environment: {DUMPS: \"%s\", KEY: \"${LIFEBOAT_PASSPHRASE}\"}"
            % self.dumps)
        evidence = self.drill()
        self.assertEqual(evidence["verdict"], "proven")
        self.assertNotIn("measured_ms", evidence["measures"]["rpo"])
        logs = list((self.state / "drills" / "shop").glob("*.legacy.restore.log"))
        self.assertEqual(logs[0].read_text(), "restoring with ***\n")
        self.assertNotIn("a passphrase of this test", str(evidence))

    def test_program_that_fails_or_hangs_or_brings_nothing(self):
        for command, status, rule in (("echo broken; exit 3", 2, "foreign-program-failed"),
                                      ("sleep 100", 2, "foreign-program-failed"),
                                      ("true", 1, "foreign-empty")):
            self.configure_foreign(f"restore: '{command}', timeout: 1s, database: shop.db")
            evidence = self.drill(status=status)
            self.assertIn(rule, self.rules(evidence), evidence["reason"])


class OtherProgramsTest(ForeignStage):
    """borg and restic themselves fill the sandbox; the commands are those of docs/foreign.md."""

    BORG = {"BORG_PASSPHRASE": "a secret of borg", "BORG_BASE_DIR": "%s/borg-base"}
    RESTIC = {"RESTIC_PASSWORD": "a secret of restic", "RESTIC_CACHE_DIR": "%s/restic-cache"}
    EXTRACT = 'borg extract "$REPO::$(borg list --last 1 --short "$REPO")"'
    RESTIC_INIT = 'restic -r "$REPO" init'
    RESTIC_BACKUP = 'restic -r "$REPO" backup .'
    RESTORE = 'restic -r "$REPO" restore latest --target .'

    def use(self, variables):
        self.environment = {name: value.replace("%s", str(self.place))
                            for name, value in variables.items()}
        self.environment["REPO"] = str(self.place / "repo")

    def tool(self, command):
        ran = subprocess.run(command, shell=True, cwd=self.work, capture_output=True, text=True,
                             check=False, env={"PATH": os.environ["PATH"], "HOME": str(self.place),
                                               **self.environment})
        self.assertEqual(ran.returncode, 0, ran.stderr)

    def configure_program(self, program, **more):
        for name, value in self.environment.items():
            self.variables["OF_" + name] = value
        known = ", ".join(f'{name}: "${{OF_{name}}}"' for name in self.environment)
        self.configure_foreign(f"restore: '{program}', environment: {{{known}}}, timeout: 2m, "
                               "database: shop.db", **more)

    def whole_then_half(self, program, take):
        """Proven by a question about the newest backup; failed once that lost half the rows."""
        self.make_database(self.work / "shop.db")
        take()
        self.configure_program(program)
        evidence = self.drill()
        self.assertEqual(evidence["verdict"], "proven", evidence["reason"])
        self.make_database(self.work / "shop.db", rows=90)
        take()
        evidence = self.drill(status=1)
        self.assertIn("foreign-answers-otherwise", self.rules(evidence))
        self.assertNotIn("a secret of", str(evidence))

    def spoil(self):
        """Bytes all over each file that holds data."""
        for file in (self.place / "repo" / "data").rglob("*"):
            if file.is_file() and file.stat().st_size > 100:
                file.chmod(0o600)
                content = bytearray(file.read_bytes())
                for place in range(50, len(content), 50):
                    content[place] ^= 1
                file.write_bytes(content)

    def expect_told(self):
        """The tool found its own repository damaged: it decides nothing, and its words are kept."""
        evidence = self.drill(status=2)
        self.assertIn("foreign-program-failed", self.rules(evidence), evidence["reason"])
        kept = list((self.state / "drills" / "shop").glob(evidence["id"] + ".legacy.restore.log"))
        self.assertTrue(kept[0].read_text().strip())

    def begin(self, variables, init):
        self.work.mkdir()
        self.use(variables)
        self.tool(init)

    def whole_then_half_then_damaged(self, program, backup):
        self.whole_then_half(program, lambda: self.tool(backup))
        self.spoil()
        self.expect_told()

    def test_borg_fills_the_sandbox(self):
        self.begin(self.BORG, 'borg init -e repokey "$REPO"')
        self.whole_then_half_then_damaged(self.EXTRACT, 'borg create "$REPO::{now}" .')

    def test_restic_fills_the_sandbox(self):
        self.begin(self.RESTIC, self.RESTIC_INIT)
        self.whole_then_half_then_damaged(self.RESTORE, self.RESTIC_BACKUP)

    def test_without_its_password_it_decides_nothing(self):
        self.begin(self.RESTIC, self.RESTIC_INIT)
        self.make_database(self.work / "shop.db")
        self.tool(self.RESTIC_BACKUP)
        self.environment["RESTIC_PASSWORD"] = "another"
        self.configure_program(self.RESTORE)
        self.expect_told()


class ServiceTest(ForeignStage):
    def test_is_never_taken_and_never_restored(self):
        self.make_tar()
        self.configure_foreign(TAR)
        said = self.run_program("backup", status=3).stderr
        self.assertIn("drilled, never taken", said)
        said = self.run_program("restore", "shop", "--to", self.place / "out", status=3).stderr
        self.assertIn("restored by the tool", said)
        self.run_program("drill", "sabotage", "shop", status=3)
        self.drill()
        self.run_program("status")
        self.run_program("doctor")

    def test_mixed_service_restores_the_one_and_unpacks_the_other(self):
        self.make_tar()
        self.seed()
        self.configure_foreign(TAR, more='      uploads: {type: files, path: "${UPLOADS}"}')
        self.run_program("backup")
        evidence = self.drill()
        self.assertEqual(evidence["verdict"], "proven")
        self.assertIn("equals what was backed up", evidence["reason"])
        self.assertIn("carries no facts", evidence["reason"])
        self.assertEqual(self.check(evidence, "contents.uploads")["outcome"], "passed")
        self.run_program("restore", "shop", "--to", self.place / "out", "--yes")
        self.assertFalse((self.place / "out" / "legacy").exists())
        (self.dumps / "shop-2026-01-01.tar.gz").unlink()
        self.assertEqual(self.drill(status=1)["verdict"], "failed")


if __name__ == "__main__":
    unittest.main()
