"""What works when the sources are gone, and their variables with them."""
import json
import re
import shutil
import unittest

from stage import PASSPHRASE, Stage


class Disaster(Stage):
    KEY = PASSPHRASE

    def setUp(self):
        super().setUp()
        self.ready()
        self.run_program("backup")
        self.left = self.without_sources()

    def test_restores_everything_to_another_place(self):
        ran = self.run_program("restore", "shop", "--to", "back", variables=self.left)
        for name in ("source shop/db", "source shop/uploads"):
            self.assertIn("no place was compared with it: " + name, " ".join(ran.stdout.split()))
        self.assertEqual(self.orders_in(self.place / "back" / "db.db"), 200)
        self.assertEqual((self.place / "back/uploads/2026/7.txt").read_text(), "upload 7\n" * 50)

    def test_where_a_repository_is_not_known_only_a_new_place_is_filled(self):
        text = (self.place / "lifeboat.yaml").read_text()
        (self.place / "lifeboat.yaml").write_text(
            text + '  offsite: {url: "${OFFSITE}", key: %s}\n' % self.key)
        self.run_program("restore", "--to", "back", variables=self.left)
        over = ["restore", "--to", "back", "--overwrite", "--yes"]
        refused = self.run_program(*over, status=4, variables=self.left)
        self.assertIn("repository offsite cannot be told", " ".join(refused.stderr.split()))
        self.run_program(*over, variables={**self.left, "OFFSITE": str(self.place / "offsite")})

    def test_restores_one_folder_and_one_table(self):
        self.run_program("restore", "--only", "uploads/2026/3.txt", "--to", "part",
                         variables=self.left)
        self.assertEqual([path.name for path in (self.place / "part").rglob("*.txt")], ["3.txt"])
        self.run_program("restore", "--only", "db/orders", "--to", "db=orders.db",
                         variables=self.left)
        self.assertEqual(self.orders_in(self.place / "orders.db"), 200)

    def test_a_dry_run_changes_nothing(self):
        ran = self.run_program("restore", "--to", "back", "--dry-run", variables=self.left)
        self.assertIn("dry run", ran.stdout)
        self.assertFalse((self.place / "back").exists())

    def test_drills_and_the_evidence_holds_without_the_repository(self):
        drill = self.result("drill", "run", variables=self.left)[0]
        self.assertEqual(drill["evidence"]["verdict"], "proven")
        self.assertIn("proven", self.run_program("snapshots", variables=self.left).stdout)
        root = self.result("key", "list", variables=self.left)["root_public"]
        bare = {"PATH": self.left["PATH"]}
        good = self.run_program("drill", "verify-evidence", drill["file"], "--key", root,
                                variables=bare)
        self.assertIn("The signature is good", good.stdout)
        self.run_program("drill", "verify-evidence", drill["file"], "--key", "00" * 32, status=1,
                         variables=bare)
        forged = json.loads(open(drill["file"]).read())
        signature = forged["signatures"][0]
        signature["sig"] = ("B" if signature["sig"][0] == "A" else "A") + signature["sig"][1:]
        (self.place / "forged.json").write_text(json.dumps(forged))
        self.run_program("drill", "verify-evidence", "forged.json", status=1, variables=bare)

    def test_lists_verifies_and_looks_into_snapshots(self):
        self.assertIn("complete", self.run_program("snapshots", variables=self.left).stdout)
        self.assertIn("as it should be", self.run_program("verify", variables=self.left).stdout)
        self.run_program("verify", "--read-data", variables=self.left)
        listed = self.run_program("snapshots", "ls", "latest", "uploads", variables=self.left)
        self.assertIn("uploads/2026/7.txt", listed.stdout)
        cat = self.run_program("snapshots", "cat", "latest", "uploads/2026/7.txt",
                               variables=self.left)
        self.assertEqual(cat.stdout, "upload 7\n" * 50)
        self.assertIn("db (sqlite)",
                      self.run_program("snapshots", "show", "latest", variables=self.left).stdout)

    def test_a_new_machine_recovers_the_configuration(self):
        (self.place / "lifeboat.yaml").unlink()
        self.left.pop("LIFEBOAT_CONFIG")
        self.run_program("init", "--from-repository", self.repository, variables=self.left)
        self.run_program("restore", "shop", "--to", "back", variables=self.left)
        self.assertEqual(self.orders_in(self.place / "back" / "db.db"), 200)

    def test_a_key_from_the_safe_brings_it_back(self):
        made = self.result("key", "generate", "--recipient", "escrow.key")
        self.run_program("key", "add", "--role", "reader", "--name", "escrow", "--recipient",
                         made["recipient"])
        self.run_program("key", "generate", "--recipient", "other.key")
        bare = {name: value for name, value in self.left.items() if name != "LIFEBOAT_PASSPHRASE"}
        bare.pop("LIFEBOAT_CONFIG")
        (self.place / "lifeboat.yaml").unlink()
        shutil.rmtree(self.place / "cache")
        wrong = self.run_program("init", "--from-repository", self.repository, "--recipient",
                                 "other.key", status=2, variables=bare)
        self.assertIn("recipient's key opens none", wrong.stderr)
        moved = self.repository.rename(self.place / "from the $afe")
        self.run_program("init", "--from-repository", moved.name, "--recipient", "escrow.key",
                         variables=bare)
        self.run_program("restore", "shop", "--to", "back", variables=bare)
        self.assertEqual(self.orders_in(self.place / "back" / "db.db"), 200)
        drill = self.result("drill", "run", variables=bare)[0]
        self.assertEqual(drill["evidence"]["verdict"], "proven")

    def test_a_moved_copy_takes_no_other_entry(self):
        text = (self.place / "lifeboat.yaml").read_text()
        local = text[text.index("  local: "):]
        copy = local.replace("local", "offsite").replace(str(self.repository), "offsite")
        (self.place / "lifeboat.yaml").write_text(
            text.replace("[local]", "[local, offsite]") + copy)
        self.seed()
        self.run_program("init")
        self.run_program("backup")
        self.left["LIFEBOAT_CONFIG"] = str(self.place / "found.yaml")
        found = self.run_program("init", "--from-repository", "./offsite", "--output",
                                 "found.yaml", variables=self.left)
        self.assertNotIn("cannot be told", found.stdout)
        self.assertIn(str(self.repository), (self.place / "found.yaml").read_text())
        (self.place / "offsite").rename(self.place / "moved")
        moved = self.run_program("init", "--from-repository", "moved", "--output", "moved.yaml",
                                 variables=self.left)
        self.assertIn("(local, offsite) was opened cannot be told", " ".join(moved.stdout.split()))
        written = (self.place / "moved.yaml").read_text()
        self.assertIn(f'#   url: "{self.place / "moved"}"', written)

    def test_says_which_moments_there_are(self):
        ran = self.run_program("restore", "--at", "2020-01-01T00:00:00Z", "--to", "back",
                               "--dry-run", status=2, variables=self.left)
        self.assertIn("can be restored: the nearest after is", " ".join(ran.stderr.split()))
        snapshot = self.result("snapshots", variables=self.left)[0]["snapshots"][0]
        second = snapshot["time"][:19] + "Z"
        self.run_program("restore", "--at", second, "--to", "back", "--dry-run",
                         variables=self.left)

    def test_a_backup_without_its_sources_is_no_backup(self):
        ran = self.run_program("backup", status=3, variables=self.left)
        self.assertIn("DATABASE", ran.stdout + ran.stderr)
        ran = self.run_program("backup", status=2)
        self.assertEqual(len(self.result("snapshots")[0]["snapshots"]), 1)


if __name__ == "__main__":
    unittest.main()
