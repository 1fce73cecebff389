"""Bad input: sources, repositories, disks and clocks that are not as they should be. What is wrong
is said with its place and the next step, the exit status is that of the manual, and whatever was
backed up before is restored exactly once the trouble is over."""
import os
import shutil
import sqlite3
import subprocess
import unittest

from stage import Stage

ROWS = 60


def flip(path, at=0.5):
    content = bytearray(path.read_bytes())
    content[int(len(content) * at)] ^= 1
    put(path, content)


def put(path, content):
    """Objects are read-only: who damages them does not ask."""
    path.unlink(missing_ok=True)
    path.write_bytes(content)


class BadInput(Stage):
    """Two snapshots and a note."""

    def setUp(self):
        super().setUp()
        self.seed(rows=ROWS, files=5)
        self.configure()
        self.run_program("init")
        self.run_program("backup")
        self.contents = self.tree(self.uploads)
        (self.uploads / "later.txt").write_text("later")
        self.run_program("backup")
        self.run_program("snapshots", "note", "first", "long before it happens")
        self.run_program("snapshots", "note", "latest", "before it happens")
        self.first, self.second = [each["id"] for each in
                                   self.result("snapshots")[0]["snapshots"]]

    @staticmethod
    def tree(folder):
        return {str(path.relative_to(folder)): path.read_bytes()
                for path in folder.rglob("*") if path.is_file()}

    def assert_first_is_restored_exactly(self):
        back = self.place / "back"
        self.run_program("restore", "--snapshot", self.first, "--to", back)
        self.assertEqual(self.tree(back / "uploads"), self.contents)
        self.assertEqual(self.orders_in(back / "db.db"), ROWS)
        shutil.rmtree(back)

    def said(self, *words, status, **more):
        ran = self.run_program(*words, status=status, **more)
        return " ".join((ran.stdout + ran.stderr).split())


class Sources(BadInput):
    def only_the_database(self):
        file = self.place / "lifeboat.yaml"
        file.write_text("".join(line for line in file.read_text().splitlines(keepends=True)
                                if "uploads:" not in line))

    def expect_unreadable(self, message, hint):
        """Beside a source that is whole the snapshot is incomplete; alone there is none."""
        said = self.said("backup", status=1)
        self.assertIn("INCOMPLETE", said)
        self.only_the_database()
        alone = self.said("backup", status=2)
        for each in (said, alone):
            self.assertIn(message, each)
            self.assertEqual(each.count(message), 1, "said once: " + each)
            self.assertIn("db", each)
            self.assertIn(hint, each)
        doctor = self.said("doctor", status=1)
        self.assertIn(message, doctor)
        self.configure()
        states = [each["complete"] for each in self.result("snapshots")[0]["snapshots"]]
        self.assertEqual(states, [True, True, False])
        latest = self.result("snapshots", "show", "latest")["snapshot"]
        self.assertEqual(latest["id"], self.second)
        self.assert_first_is_restored_exactly()

    def test_an_empty_file_is_no_database(self):
        self.database.write_bytes(b"")
        self.expect_unreadable("is empty: 0 bytes", "hint")

    def test_something_else_is_no_database(self):
        self.database.write_bytes(b"x" * 9000)
        self.expect_unreadable("not a SQLite database", "hint")

    def test_a_database_that_is_cut_short(self):
        os.truncate(self.database, self.database.stat().st_size - 4096)
        self.expect_unreadable("is cut short", "hint")

    def test_a_database_that_is_gone(self):
        self.database.unlink()
        self.expect_unreadable("there is no database", "hint")

    def test_a_database_that_may_not_be_read(self):
        self.database.chmod(0)
        self.expect_unreadable("may not be read by this user", "Run as a user that may read it")

    def left_by_a_killed_application(self):
        """The database and the -wal with its newest rows, as they lie there while it runs."""
        live = sqlite3.connect(self.database)
        self.addCleanup(live.close)
        live.execute("PRAGMA journal_mode=WAL")
        live.execute("PRAGMA wal_autocheckpoint=0")
        live.executemany("INSERT INTO orders(what) VALUES (?)", [("late" * 40,)] * 400)
        live.commit()
        return self.database.read_bytes(), (self.place / "shop.db-wal").read_bytes()

    def make_of(self, database, wal):
        for path in self.place.glob("shop.db*"):
            path.unlink()
        self.database.write_bytes(database)
        if wal is not None:
            (self.place / "shop.db-wal").write_bytes(wal)

    def test_a_wal_that_is_older_than_its_database(self):
        database, wal = self.left_by_a_killed_application()
        self.make_of(database, wal)
        with sqlite3.connect(self.database) as live:
            live.execute("DELETE FROM orders WHERE id > 10")
            live.commit()
            live.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        live.close()
        self.make_of(self.database.read_bytes(), wal)
        self.expect_unreadable("older than the database", "hint")

    def test_a_copy_without_its_wal_is_what_a_closed_database_is_and_only_doctor_warns(self):
        database, wal = self.left_by_a_killed_application()
        self.make_of(database, None)
        self.assertIn("no -wal lies beside it", self.said("doctor", status=0))
        self.run_program("backup")
        self.run_program("restore", "--to", "copy")
        self.assertEqual(self.orders_in(self.place / "copy" / "db.db"), ROWS)
        self.make_of(database, wal)
        self.assertNotIn("no -wal lies beside it", self.said("doctor", status=0))
        self.run_program("backup")
        self.run_program("restore", "--to", "whole")
        self.assertEqual(self.orders_in(self.place / "whole" / "db.db"), ROWS + 400)
        self.assert_first_is_restored_exactly()


class Objects(BadInput):
    """An object of each kind, damaged in each way, met by each command."""
    KINDS = {"config": ["config"], "keys": ["keys/*"], "sessions": ["sessions/*/*"],
             "packs": ["packs/*/*"], "index": ["index/*"], "snapshots": ["snapshots/*/*"],
             "statements": ["statements/*/*"], "collect": ["collect/*"]}

    def setUp(self):
        super().setUp()
        self.run_program("key", "add", "--role", "writer", "--file", "writer.key")
        self.whole = self.place / "whole"
        self.keep_whole()

    def keep_whole(self):
        shutil.rmtree(self.whole, ignore_errors=True)
        self.whole.mkdir()
        for folder in (self.repository, self.state, self.place / "cache"):
            shutil.copytree(folder, self.whole / folder.name, symlinks=True)

    def begin_anew(self):
        for folder in (self.repository, self.state, self.place / "cache"):
            shutil.rmtree(folder)
            shutil.copytree(self.whole / folder.name, folder, symlinks=True)

    def objects(self, kind):
        """The oldest first."""
        found = [path for pattern in self.KINDS[kind] for path in self.repository.glob(pattern)]
        return sorted(found, key=lambda path: (path.stat().st_mtime_ns, path.name))

    def damage(self, kind, how):
        """Damages the newest object of its kind; what is to be put back when it is over."""
        objects = self.objects(kind)
        self.assertTrue(objects, kind)
        newest, oldest = objects[-1], objects[0]
        kept = {path: path.read_bytes() for path in (oldest, newest)}
        if how == "truncated":
            put(newest, kept[newest][:len(kept[newest]) // 2])
        elif how == "flipped":
            flip(newest)
        elif how == "missing":
            newest.unlink()
        elif how == "swapped":
            put(newest, kept[oldest])
            put(oldest, kept[newest])
        elif how == "replayed":
            put(newest, kept[oldest])
        return newest, kept

    def try_each(self, kind, expected):
        """Exit statuses of verify, restore and backup, in this order, for each damage; and what
        verify names where it cannot name the object."""
        for how, (*statuses, names) in expected.items():
            with self.subTest(f"{kind} {how}"):
                self.begin_anew()
                newest, kept = self.damage(kind, how)
                self.meet(names or str(newest.relative_to(self.repository)), statuses)
                for path, content in kept.items():
                    put(path, content)
                self.assert_first_is_restored_exactly()

    def meet(self, key, statuses):
        verify, restore, backup = statuses
        said = self.said("verify", "--read-data", status=verify)
        if verify == 1:
            self.assertIn(key, said)
            self.assertNotIn(f"{key}: {key}", said)
        told = self.said("restore", "--to", "now", status=restore)
        self.assert_explained(told, restore)
        if restore == 0:
            self.assertEqual(self.orders_in(self.place / "now" / "db.db"), ROWS)
        shutil.rmtree(self.place / "now", ignore_errors=True)
        self.assert_explained(self.said("backup", status=backup), backup)

    def assert_explained(self, said, status):
        if status != 0:
            self.assertIn("hint", said)

    def test_config(self):
        self.try_each("config", {"truncated": (1, 1, 1, None), "flipped": (1, 1, 1, None),
                                 "missing": (1, 1, 1, None)})

    def test_key_slots(self):
        self.try_each("keys", {"truncated": (1, 0, 0, None), "flipped": (1, 0, 0, None),
                               "missing": (0, 0, 0, None), "swapped": (1, 1, 1, "keys/"),
                               "replayed": (1, 0, 0, None)})

    def test_sessions(self):
        self.try_each("sessions", {"truncated": (1, 1, 0, None), "flipped": (1, 1, 0, None),
                                   "missing": (1, 1, 0, None), "swapped": (1, 1, 0, None),
                                   "replayed": (1, 1, 0, None)})

    def test_packs(self):
        self.try_each("packs", {"truncated": (1, 1, 0, None), "flipped": (1, 1, 0, None),
                                "missing": (1, 1, 0, None), "swapped": (1, 1, 0, None),
                                "replayed": (1, 1, 0, None)})

    def test_index_objects(self):
        self.try_each("index", {"truncated": (1, 0, 0, None), "flipped": (1, 0, 0, None),
                                "missing": (1, 0, 0, "index/"), "swapped": (1, 0, 0, None),
                                "replayed": (1, 0, 0, None)})

    def test_snapshots(self):
        self.try_each("snapshots", {"truncated": (1, 0, 0, None), "flipped": (1, 0, 0, None),
                                    "missing": (1, 0, 0, None), "swapped": (1, 1, 0, None),
                                    "replayed": (1, 0, 0, None)})

    def test_statements(self):
        self.try_each("statements", {"truncated": (1, 0, 0, None), "flipped": (1, 0, 0, None),
                                     "missing": (1, 0, 0, None), "swapped": (1, 0, 0, None),
                                     "replayed": (1, 0, 0, None)})

    def begin_to_prune(self):
        """A plan whose prune gave up: a backup on another machine, killed, is within its
        patience."""
        self.run_program("forget", "--snapshot", self.result("backup")[0]["repositories"][0][
            "snapshot"]["id"], "--yes")
        self.configure(local=", limits: {upload: 1MB/s}")
        self.add_bulk(8)
        elsewhere = str(self.place / "elsewhere")
        self.variables["LIFEBOAT_CACHE"], here = elsewhere, self.variables["LIFEBOAT_CACHE"]
        sessions = len(self.objects("sessions"))
        backup = self.start("backup")
        self.wait_until(lambda: len(self.objects("sessions")) > sessions)
        self.end(backup)
        self.variables["LIFEBOAT_CACHE"] = here
        self.configure()
        for path in self.uploads.glob("bulk-*"):
            path.unlink()
        self.assertIn("is running since", self.said("prune", "--yes", status=2))
        self.assertEqual(len(self.objects("collect")), 1)
        self.keep_whole()

    def test_collections(self):
        self.begin_to_prune()
        self.try_each("collect", {"truncated": (1, 0, 0, None), "flipped": (1, 0, 0, None),
                                  "missing": (0, 0, 0, None)})
        self.begin_anew()
        self.assertNotIn("stores everything again", self.said("backup", status=0))
        newest, _ = self.damage("collect", "flipped")
        self.assertIn("stores everything again", self.said("backup", status=0))
        self.assertIn("next: bring the damaged object below collect/ back",
                      self.said("verify", status=1))
        refused = self.said("prune", "--yes", status=1)
        self.assertIn(str(newest.relative_to(self.repository)), refused)
        self.assertIn("remove that object", refused)
        self.assert_first_is_restored_exactly()

    def test_heads_are_given_up_by_a_person_alone(self):
        for how in ("truncated", "flipped"):
            with self.subTest(how):
                self.begin_anew()
                newest, _ = self.damage("snapshots", how)
                key = str(newest.relative_to(self.repository))
                self.assertIn("next: bring the snapshots that cannot be read back",
                              self.said("verify", status=1))
                refused = self.said("prune", "--yes", status=1)
                self.assertIn(key, refused)
                self.assertIn("prune with --despite-missing", refused)
                planned = self.said("prune", "--despite-missing", "--dry-run", status=0)
                self.assertIn(f"{key}: is given up", planned)
                self.assertTrue(newest.exists())
                self.run_program("verify", status=1)
                self.assertIn(f"{key} is given up",
                              self.said("prune", "--despite-missing", "--yes", status=0))
                self.run_program("verify", "--read-data")
                self.assert_first_is_restored_exactly()
                self.run_program("backup")
                self.run_program("prune", "--yes")

    def test_a_head_of_a_newer_format_is_never_given_up(self):
        newest = self.objects("snapshots")[-1]
        content = bytearray(newest.read_bytes())
        content[5] = 2
        put(newest, content)
        for words in (["--yes"], ["--despite-missing", "--yes"]):
            said = self.said("prune", *words, status=2)
            self.assertIn("newer version", said)
            self.assertEqual(newest.read_bytes(), content)
        self.assertIn("next: use the version of Lifeboat", self.said("verify", status=1))
        self.assert_first_is_restored_exactly()

    def test_what_was_removed_and_comes_back_tells_no_lie(self):
        self.run_program("forget", "--snapshot", self.first, "--yes")
        self.run_program("prune", "--yes")
        shutil.copytree(self.whole / "repository", self.repository, dirs_exist_ok=True)
        listed = self.result("snapshots")[0]["snapshots"]
        self.assertEqual([each["id"] for each in listed], [self.second])
        self.run_program("verify", "--read-data")
        self.run_program("restore", "--to", "now")
        self.assertEqual(self.orders_in(self.place / "now" / "db.db"), ROWS)


class Formats(BadInput):
    EVERY = (["snapshots"], ["verify"], ["backup"], ["restore", "--to", "now"], ["forget"],
             ["key", "list"])

    def test_a_repository_of_a_newer_format(self):
        config = self.repository / "config"
        whole = config.read_bytes()
        put(config, whole.replace(b'"format":1', b'"format":2'))
        for words in self.EVERY:
            said = self.said(*words, status=2)
            self.assertIn("repository local", said)
            self.assertIn("newer version", said)
            self.assertIn("Use a newer version of Lifeboat", said)
        self.assertFalse((self.place / "now").exists())
        put(config, whole)
        self.run_program("verify", "--read-data")
        self.assert_first_is_restored_exactly()

    def test_a_snapshot_of_a_newer_format_hides_no_older_one(self):
        newest = max((self.repository / "snapshots").glob("*/*"), key=lambda path: path.name)
        content = bytearray(newest.read_bytes())
        content[5] = 2
        put(newest, content)
        said = self.said("snapshots", status=0)
        self.assertIn("newer version", said)
        self.assertIn("newer version", self.said("verify", status=1))
        self.assert_first_is_restored_exactly()


FULL_REPOSITORY = """
cp -a {place}/kept/. {repository}/
cat /dev/zero > {repository}/filler 2> {place}/filled
{program} backup > {place}/backup.said 2>&1; echo $? > {place}/backup.status
rm {repository}/filler
{program} verify --read-data > {place}/verify.said 2>&1; echo $? > {place}/verify.status
{program} restore --snapshot {first} --to {place}/back > {place}/restore.said 2>&1
echo $? > {place}/restore.status
{program} backup > {place}/again.said 2>&1; echo $? > {place}/again.status
"""


class FullDisks(BadInput):
    def on_small_disk(self, folder, size, script):
        """A disk of so many bytes at the folder, which is gone afterwards."""
        ran = subprocess.run(
            ["bwrap", "--die-with-parent", "--dev-bind", "/", "/",
             "--size", str(size), "--tmpfs", str(folder), "/bin/sh", "-c", script],
            env=self.variables, text=True, cwd=self.place,
            stdin=subprocess.DEVNULL, capture_output=True, timeout=120, check=False)
        self.assertEqual(ran.returncode, 0, ran.stdout + ran.stderr)

    def outcome(self, name):
        said = " ".join((self.place / f"{name}.said").read_text().split())
        return int((self.place / f"{name}.status").read_text()), said

    def test_a_repository_whose_disk_is_full_takes_nothing_and_loses_nothing(self):
        shutil.copytree(self.repository, self.place / "kept")
        (self.uploads / "new").write_bytes(os.urandom(3_000_000))
        self.on_small_disk(self.repository, 10_000_000, FULL_REPOSITORY.format(
            place=self.place, repository=self.repository, program=self.command()[0],
            first=self.first))
        self.assertIn("No space", (self.place / "filled").read_text(), "the disk was not filled")
        status, said = self.outcome("backup")
        self.assertEqual(status, 2, said)
        self.assertIn("No space left on device", said)
        self.assertIn("Free some space or choose another place", said)
        self.assertEqual(self.outcome("verify")[0], 0, self.outcome("verify"))
        self.assertEqual(self.outcome("restore")[0], 0, self.outcome("restore"))
        self.assertEqual(self.tree(self.place / "back" / "uploads"), self.contents)
        self.assertEqual(self.outcome("again")[0], 0, self.outcome("again"))

    def test_a_cache_whose_disk_is_full_ends_the_backup_and_loses_nothing(self):
        program, cache = self.command()[0], self.place / "cache"
        self.on_small_disk(cache, 4_000_000, f"""
cat /dev/zero > {cache}/filler 2> {self.place}/filled
{program} backup > {self.place}/backup.said 2>&1; echo $? > {self.place}/backup.status
rm {cache}/filler
{program} backup > {self.place}/again.said 2>&1; echo $? > {self.place}/again.status
""")
        self.assertIn("No space", (self.place / "filled").read_text(), "the disk was not filled")
        status, said = self.outcome("backup")
        self.assertEqual(status, 2, said)
        said = " ".join(said.split())
        self.assertIn("No space left on device", said)
        self.assertIn(f"the cache {cache}/", said)
        self.assertIn("Free some space there, or name another folder in LIFEBOAT_CACHE", said)
        self.assertEqual(self.outcome("again")[0], 0, self.outcome("again"))
        self.run_program("verify", "--read-data")
        self.assertEqual(len(self.result("snapshots")[0]["snapshots"]), 3)
        self.assert_first_is_restored_exactly()

    def test_a_target_whose_disk_is_full_is_marked_and_named(self):
        (self.uploads / "large").write_bytes(os.urandom(3_000_000))
        self.run_program("backup")
        target = self.place / "small"
        target.mkdir()
        program = self.command()[0]
        self.on_small_disk(target, 1_000_000, f"""
{program} restore --to {target}/back > {self.place}/restore.said 2>&1
echo $? > {self.place}/restore.status
ls -A {target}/back > {self.place}/left
""")
        status, said = self.outcome("restore")
        self.assertEqual(status, 2, said)
        self.assertIn("Free some space or choose another place", said)
        self.assertIn(".lifeboat-restore-unfinished", (self.place / "left").read_text())
        self.assert_first_is_restored_exactly()


CLOCK = """
#include <stdlib.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>
int clock_gettime(clockid_t which, struct timespec* now) {
  const long done = syscall(SYS_clock_gettime, which, now);
  if (done == 0 && which == CLOCK_REALTIME) now->tv_sec += atol(getenv("SECONDS_OFF"));
  return (int)done;
}
"""


class Clocks(BadInput):
    def setUp(self):
        super().setUp()
        source, self.clock = self.place / "clock.c", self.place / "clock.so"
        source.write_text(CLOCK)
        subprocess.run(["cc", "-shared", "-fPIC", "-o", str(self.clock), str(source)], check=True)

    def off_by(self, seconds):
        return self.variables | {
            "LD_PRELOAD": str(self.clock), "SECONDS_OFF": str(seconds),
            "ASAN_OPTIONS": self.variables.get("ASAN_OPTIONS", "") + ":verify_asan_link_order=0"}

    def test_a_clock_that_went_back_is_told_and_loses_nothing(self):
        (self.uploads / "back.txt").write_text("by the clock of last month")
        self.run_program("backup", variables=self.off_by(-30 * 86400))
        snapshots = self.result("snapshots")[0]["snapshots"]
        self.assertEqual(len(snapshots), 3)
        self.assertTrue(all(each["complete"] for each in snapshots))
        self.assertIn("the clock of", self.said("snapshots", status=0))
        verified = self.said("verify", status=1)
        self.assertIn("went back", verified)
        older = min(snapshots, key=lambda each: each["time"])
        self.run_program("restore", "--snapshot", older["id"], "--to", "back-then")
        self.assertTrue((self.place / "back-then" / "uploads" / "back.txt").exists())
        self.assert_first_is_restored_exactly()

    def test_a_backup_by_a_clock_of_the_future_is_told_by_doctor(self):
        self.run_program("backup", variables=self.off_by(30 * 86400))
        said = self.said("doctor", status=1)
        self.assertIn("which is in the future", said)
        self.assertIn("Set the clock of this machine", said)
        self.run_program("backup")
        self.assertIn("went back", self.said("verify", status=1))
        self.assert_first_is_restored_exactly()


if __name__ == "__main__":
    unittest.main()
