"""What is refused for safety, or cannot be done, and what is left as it was."""
import shlex
import shutil
import subprocess
import unittest

from stage import PASSPHRASE, Stage


class Refusals(Stage):
    def test_a_wrong_passphrase_is_called_one(self):
        self.key = PASSPHRASE
        self.ready()
        wrong = {**self.variables, "LIFEBOAT_PASSPHRASE": "another"}
        for words in (["snapshots"], ["backup"], ["verify"], ["restore", "--to", "back"]):
            ran = self.run_program(*words, status=2, variables=wrong)
            self.assertIn("passphrase", ran.stderr + ran.stdout)
            self.assertNotIn("another passphrase of", ran.stderr)
            self.assertIn("The key is taken from ${LIFEBOAT_PASSPHRASE} "
                          "(repositories.local.key.passphrase in", ran.stderr + ran.stdout)
            self.assertIn("lifeboat doctor", ran.stderr + ran.stdout)

    def test_a_damaged_key_slot_is_not_called_a_wrong_passphrase(self):
        self.key = PASSPHRASE
        self.ready()
        for slot in (self.repository / "keys").rglob("*"):
            if slot.is_file():
                content = bytearray(slot.read_bytes())
                content[len(content) // 2] ^= 1
                slot.chmod(0o600)
                slot.write_bytes(content)
        ran = self.run_program("snapshots", status=1)
        self.assertIn("key slots are damaged", ran.stderr)

    def test_a_repository_inside_its_source_is_refused(self):
        inside = self.uploads / "backups"
        self.seed()
        self.configure(repository=inside)
        self.run_program("init")
        ran = self.run_program("backup", status=4)
        self.assertIn("inside the source uploads", ran.stdout + ran.stderr)
        self.assertIn("is inside the source", self.run_program("doctor", status=1).stdout)
        self.configure(uploads=', exclude: ["/backups"]', repository=inside)
        self.run_program("backup")

    def test_an_empty_directory_is_no_repository(self):
        self.ready()
        shutil.rmtree(self.repository)
        self.assertIn("repository local: there is no directory",
                      self.run_program("doctor", status=1).stdout)
        self.repository.mkdir()
        for words in (["snapshots"], ["verify"], ["backup"]):
            ran = self.run_program(*words, status=2)
            self.assertIn("lifeboat init", ran.stderr + ran.stdout)
        self.assertIn("shop was not backed up into local",
                      self.run_program("backup", status=2).stdout)
        self.run_program("init")
        self.run_program("backup")

    def test_a_restore_never_lands_on_the_source_unasked(self):
        self.ready()
        self.run_program("backup")
        for target in (f"db={self.database}", f"uploads={self.uploads}", self.uploads,
                       f"uploads={self.uploads / 'deeper'}"):
            ran = self.run_program("restore", "--to", target, "--yes", status=4)
            self.assertIn("live source", ran.stderr)
        ran = self.run_program("restore", "--to", self.repository, "--yes", "--overwrite", status=4)
        self.assertIn("repository local", ran.stderr)
        self.assertEqual(self.orders_in(self.database), 200)

    def test_a_place_that_is_not_empty_needs_a_flag_and_a_confirmation(self):
        self.ready()
        self.run_program("backup")
        target = f"uploads={self.place / 'target'}"
        (self.place / "target").mkdir()
        (self.place / "target" / "mine").write_text("mine")
        self.assertIn("not empty", self.run_program("restore", "--to", target, status=4).stderr)
        asked = self.run_program("restore", "--to", target, "--overwrite", status=4)
        self.assertIn("not confirmed", asked.stderr)
        done = self.result("restore", "--to", target, "--overwrite", "--yes")
        self.assertEqual((self.place / "target" / "mine").read_text(), "mine")
        self.assertEqual(done["before"]["service"], "shop.before-restore")
        self.run_program("restore", "--to", target, "--delete", "--yes")
        self.assertFalse((self.place / "target" / "mine").exists())

    def test_a_hold_that_the_storage_removed_goes_on_to_hold_where_it_was_known(self):
        self.ready()
        self.run_program("backup")
        self.run_program("backup")
        self.run_program("snapshots", "hold", "first", "--reason", "audit")
        hold, = self.repository.glob("statements/hold/*")
        content = hold.read_bytes()
        hold.unlink()
        said = " ".join(self.run_program("verify", status=1).stdout.split())
        self.assertIn(f"statements/hold/{hold.name}", said)
        self.assertIn("until a `lifeboat prune` on it puts them back", said)
        first = self.result("snapshots", "show", "first")["snapshot"]["id"]
        refused = self.run_program("forget", "--snapshot", first, "--yes", status=4).stderr
        self.assertIn("is held", refused)
        self.assertIn(f"statements/hold/{hold.name}", self.run_program("prune", "--dry-run").stdout)
        self.assertFalse(hold.exists())
        self.run_program("prune", "--yes")
        self.assertEqual(hold.read_bytes(), content)
        self.run_program("verify")
        hold.unlink()
        self.run_program("snapshots", "release", "first", "--reason", "over")
        self.run_program("forget", "--snapshot", first, "--yes")

    def test_a_service_without_any_log_is_not_told_to_begin_one(self):
        self.ready()
        self.assertIn("No source of shop keeps a log", self.run_program("log", "status").stdout)

    def test_what_a_restore_overwrote_is_brought_back_by_the_command_that_it_prints(self):
        self.ready()
        self.run_program("backup")
        target = self.place / "my target"
        target.mkdir()
        (target / "mine").write_text("mine")
        lines = self.run_program("restore", "--to", f"uploads={target}", "--delete",
                                 "--yes").stdout.splitlines()
        self.assertFalse((target / "mine").exists())
        said = [number for number, line in enumerate(lines) if "This brings it back" in line]
        program, *words = shlex.split(lines[said[0] + 1])
        self.assertEqual(program, "lifeboat")
        before = words[words.index("--snapshot") + 1]
        shown = self.result("snapshots", "show", before)
        self.assertEqual(shown["snapshot"]["service"], "shop.before-restore")
        self.assertIn("uploads/mine", self.run_program("snapshots", "ls", before).stdout)
        self.assertEqual(self.run_program("snapshots", "cat", before, "uploads/mine").stdout,
                         "mine")
        listed = self.run_program("snapshots").stdout
        self.assertIn("before a restore", " ".join(listed.split()))
        latest = self.result("snapshots", "show", "latest")["snapshot"]
        self.assertEqual(latest["service"], "shop", "what was saved before is never the latest")
        self.run_program("snapshots", "diff", before, latest["id"])
        self.run_program("snapshots", "note", before, "what was there")
        self.run_program("snapshots", "hold", before, "--reason", "until it is looked at")
        self.run_program(*words, "--yes")
        self.assertEqual([path.name for path in target.iterdir()], ["mine"])
        self.assertEqual((target / "mine").read_text(), "mine")

    def test_deleting_what_is_not_in_the_snapshot_keeps_what_the_source_excludes(self):
        app = self.place / "app"
        app.mkdir()
        self.database = app / "shop.db"
        self.uploads = app / "uploads"
        self.seed()
        self.variables.update(DATABASE=str(self.database), UPLOADS=str(app))
        everything = ["restore", "--to", f"db={self.database}", "--to", f"uploads={app}",
                      "--delete", "--yes"]
        self.configure(uploads=', exclude: ["/shop.db*"]')
        self.run_program("init")
        self.run_program("backup")
        (app / "stranger").write_text("new")
        self.run_program(*everything)
        self.assertFalse((app / "stranger").exists())
        self.assertEqual(self.orders_in(self.database), 200)
        self.run_program("restore", "--to", f"uploads={app}", "--delete", "--yes")
        self.assertEqual(self.orders_in(self.database), 200)
        # Excluded no more: then the folder's restore would remove what the database's made.
        self.configure(uploads=', exclude: ["/*", "!/uploads", "!/shop.db"]')
        self.run_program("backup")
        for words in (everything, ["restore", "--to", f"uploads={app}", "--delete", "--yes"]):
            said = " ".join(self.run_program(*words, status=4).stderr.split())
            self.assertIn("--delete would remove", said)
        self.assertEqual(self.orders_in(self.database), 200)

    def test_no_snapshot_of_the_target_is_taken_when_that_is_not_wanted(self):
        self.ready()
        self.run_program("backup")
        target = f"uploads={self.place / 'target'}"
        (self.place / "target").mkdir()
        (self.place / "target" / "mine").write_text("mine")
        heads = sorted((self.repository / "snapshots").rglob("*"))
        done = self.result("restore", "--to", target, "--overwrite", "--no-snapshot", "--yes")
        self.assertNotIn("before", done)
        self.assertEqual(sorted((self.repository / "snapshots").rglob("*")), heads)

    def test_a_backup_that_is_asked_to_be_incremental_says_that_it_is_a_full_one(self):
        self.ready()
        for kind in ("incremental", "differential"):
            self.assertIn("so the backup is a full one",
                          self.run_program("backup", "--type", kind).stderr)
        self.assertTrue(all(each["complete"] for each in
                            self.result("snapshots")[0]["snapshots"]))

    def test_live_data_is_replaced_when_that_is_confirmed(self):
        self.ready()
        self.run_program("backup")
        (self.uploads / "2026" / "3.txt").write_text("changed")
        ran = self.run_program("restore", "--to", f"uploads={self.uploads}", "--overwrite", "--yes")
        self.assertIn("replaces live data", ran.stdout)
        self.assertEqual((self.uploads / "2026" / "3.txt").read_text(), "upload 3\n" * 50)

    def test_what_the_snapshot_does_not_have_leaves_no_folder(self):
        self.ready()
        self.run_program("backup")
        for only, hint in (("db/nope", "Its tables are: orders"), ("uploads/nope", "snapshots ls")):
            ran = self.run_program("restore", "--only", only, "--to", "new/deeper", status=2)
            self.assertIn("nope", ran.stderr)
            self.assertIn(hint, ran.stderr)
            self.assertFalse((self.place / "new").exists(), only)
        self.run_program("restore", "--only", "db/orders", "--to", "new/deeper")
        self.assertEqual(self.orders_in(self.place / "new" / "deeper" / "db.db"), 200)

    def test_a_place_that_may_not_be_written_is_what_the_hint_is_about(self):
        self.ready()
        self.run_program("backup")
        closed = self.place / "closed"
        closed.mkdir(mode=0o500)
        for words in (["--to", closed / "back"], ["--to", f"uploads={closed / 'back'}"],
                      ["--to", f"db={closed / 'back.db'}"],
                      ["--only", "db/orders", "--to", f"db={closed / 'back.db'}"]):
            said = " ".join(self.run_program("restore", *words, status=2).stderr.split())
            self.assertIn(f"Run as a user that may write to {closed}", said)
            self.assertNotIn("may read the source", said)

    def test_a_drill_whose_sandbox_is_in_the_source_is_refused(self):
        self.ready(service='drills: {nightly: {sandbox: {directory: "'
                   + str(self.uploads) + '"}}}')
        self.run_program("backup")
        before = sorted(self.uploads.rglob("*"))
        self.run_program("drill", "run", status=4)
        self.assertEqual(sorted(self.uploads.rglob("*")), before)

    def test_a_drill_whose_sandbox_is_in_the_source_by_a_mount_is_refused(self):
        elsewhere = self.place / "elsewhere"
        elsewhere.mkdir()
        self.ready(service='drills: {nightly: {sandbox: {directory: "' + str(elsewhere) + '"}}}')
        self.run_program("backup")
        before = sorted(self.uploads.rglob("*"))
        for source, status in ((self.uploads, 4), (self.uploads / "2026", 4), (elsewhere, 0)):
            ran = subprocess.run(
                ["bwrap", "--dev-bind", "/", "/", "--bind", str(source), str(elsewhere),
                 *self.command("drill", "run")], env=self.variables, text=True, cwd=self.place,
                stdin=subprocess.DEVNULL, capture_output=True, timeout=60, check=False)
            self.assertEqual(ran.returncode, status, f"{source}\n{ran.stdout}\n{ran.stderr}")
        self.assertEqual(sorted(self.uploads.rglob("*")), before)

    def test_nothing_is_written_into_a_copy_of_the_repository(self):
        copy, other = self.place / "copies" / "monday", self.place / "copies" / "other"
        self.ready()
        self.run_program("backup")
        shutil.copytree(self.repository, copy)
        before = sorted(copy.rglob("*"))
        for target in (copy, copy / "deeper", f"uploads={copy.parent}"):
            ran = self.run_program("restore", "--to", target, "--yes", "--overwrite", status=4)
            self.assertIn(f"{copy}, a copy of repository local", ran.stderr)
        for place in (copy, copy.parent, copy / "packs"):
            self.configure(service='drills: {d: {sandbox: {directory: "' + str(place) + '"}}}')
            drilled = self.result("drill", "run", status=4)[0]["evidence"]
            self.assertEqual(drilled["verdict"], "unverified")
            self.assertIn("a copy of repository local", drilled["reason"])
        self.assertEqual(sorted(copy.rglob("*")), before)
        # Another repository in its place is not production.
        self.configure(repository=other)
        self.run_program("init")
        self.run_program("backup")
        self.configure(service='drills: {d: {sandbox: {directory: "' + str(other) + '"}}}')
        self.run_program("drill", "run")

    def test_a_file_that_may_not_be_read_makes_the_snapshot_incomplete(self):
        self.ready()
        self.run_program("backup")
        (self.uploads / "2026" / "5.txt").chmod(0)
        (self.uploads / "2026" / "6.txt").write_text("new")
        ran = self.run_program("backup", status=1)
        self.assertIn("INCOMPLETE", ran.stdout)
        self.assertIn("5.txt", ran.stdout)
        snapshots = self.result("snapshots")[0]["snapshots"]
        self.assertEqual([each["complete"] for each in snapshots], [True, False])
        self.drill_fails_by("snapshot-incomplete", snapshots[1]["id"])
        self.run_program("restore", "--to", "back")
        self.assertTrue((self.place / "back/uploads/2026/5.txt").exists(), "latest is complete")

    def test_where_every_snapshot_is_incomplete_that_is_said(self):
        self.ready()
        (self.uploads / "2026" / "5.txt").chmod(0)
        self.run_program("backup", status=1)
        only = self.result("snapshots")[0]["snapshots"][0]["id"]
        ran = self.run_program("restore", "--to", "back", status=1)
        self.assertIn("no snapshot of the service is complete", ran.stderr)
        self.assertIn(f"--snapshot {only[:10]}", ran.stderr)
        drilled = self.result("drill", "run", status=1)[0]["evidence"]
        self.assertIn("none-complete", [each["rule"] for each in drilled["diagnosis"]])
        self.run_program("restore", "--to", "back", "--snapshot", only)

    def drill_fails_by(self, rule, snapshot):
        drilled = self.result("drill", "run", "--snapshot", snapshot, status=1)[0]
        self.assertEqual(drilled["evidence"]["verdict"], "failed")
        rules = [each["rule"] for each in drilled["evidence"]["diagnosis"]]
        self.assertIn(rule, rules, drilled["evidence"]["reason"])

    def test_a_repository_that_may_not_be_written(self):
        self.ready()
        self.run_program("backup")
        for folder in self.repository.rglob("*"):
            if folder.is_dir():
                folder.chmod(0o500)
        (self.uploads / "more").write_text("more")
        ran = self.run_program("backup", status=2)
        self.assertIn("ermission", ran.stdout + ran.stderr)

    def test_a_user_who_may_only_read_the_sources_backs_them_up(self):
        self.seed()
        self.uploads = "/usr/share/common-licenses"
        self.variables["UPLOADS"] = self.uploads
        self.configure()
        self.run_program("init")
        self.run_program("backup")
        self.run_program("drill", "run")
        self.uploads = self.place


if __name__ == "__main__":
    unittest.main()
