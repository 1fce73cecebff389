"""A service whose database keeps a log: incremental and differential backups, restores to what lies
between two full ones, and restores of collections under another name."""
import os
import pathlib
import re
import subprocess
import sys
import time
import unittest
import urllib.parse

CACHE = pathlib.Path(os.environ.get("XDG_CACHE_HOME") or pathlib.Path.home() / ".cache")
sys.path.insert(0, str(CACHE / "lifeboat" / "pymongo-4.10.1"))
import pymongo  # noqa: E402

from stage import Stage  # noqa: E402

CONFIGURATION = """\
version: 1
services:
  shop:
    sources: {{db: {{type: mongodb, uri: "${{MONGO_URI}}", database: shop}}{more}}}
    repositories: [local]
repositories:
  local: {{url: "{repository}", key: {key}}}
"""


class DatabaseWithALog(Stage):
    def setUp(self):
        super().setUp()
        data = self.place / "data"
        data.mkdir()
        socket = self.place / "db.sock"
        self.server = subprocess.Popen(
            [os.environ["LIFEBOAT_FERRETDB"], "--handler=sqlite", f"--sqlite-url=file:{data}/",
             "--listen-addr=", f"--listen-unix={socket}", "--state-dir=-", "--debug-addr=-",
             "--telemetry=disable", "--log-level=error", "--repl-set-name=rs0"],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.addCleanup(self.server.wait)
        self.addCleanup(self.server.kill)
        self.wait_until(socket.exists)
        uri = f"mongodb://{urllib.parse.quote(str(socket), safe='')}/"
        self.client = pymongo.MongoClient(uri, directConnection=True)
        self.addCleanup(self.client.close)
        self.client["local"].create_collection("oplog.rs", capped=True, size=1 << 20)
        self.orders = self.client["shop"]["orders"]
        self.orders.insert_many([{"_id": number} for number in range(100)])
        self.variables |= {"MONGO_URI": uri + "?directConnection=true",
                           "TARGET": uri + "restored?directConnection=true"}
        self.configure_log()
        self.run_program("init")

    def configure_log(self, more=""):
        text = CONFIGURATION.format(more=more, repository=self.repository, key=self.key)
        (self.place / "lifeboat.yaml").write_text(text)

    def snapshots(self):
        return len(self.result("snapshots")[0]["snapshots"])

    def insert_and_back_up(self, first, kind):
        """What the log then reaches to, as a position."""
        self.orders.insert_many([{"_id": number} for number in range(first, first + 10)])
        time.sleep(3)  # FerretDB knows its log until shortly before now
        backed_up = self.result("backup", "--type", kind)
        log, = backed_up["repositories"][0]["logs"]
        self.assertEqual((log["source"], log["pieces"]), ("db", 1))
        self.assertNotIn("broken", log)
        return re.search(r"\((.*)\)", log["reaches"])[1]

    def orders_at(self, *moment):
        self.run_program("restore", "shop", *moment, "--to", "db=env:TARGET", "--overwrite",
                         "--delete", "--no-snapshot", "--yes")
        return self.client["restored"]["orders"].count_documents({})



class LogOfADatabase(DatabaseWithALog):
    def test_incremental_and_differential_backups_archive_the_log_and_make_no_snapshot(self):
        self.run_program("backup")
        incremental = self.insert_and_back_up(1000, "incremental")
        differential = self.insert_and_back_up(2000, "differential")
        self.assertEqual(self.snapshots(), 1)
        self.assertEqual(self.orders_at("--at-position", incremental), 110)
        self.assertEqual(self.orders_at("--at-position", differential), 120)
        self.assertEqual(self.orders_at(), 100, "the snapshot itself")
        ranges = self.result("log", "status", "shop")["repositories"][0]["ranges"]
        self.assertEqual(len(ranges), 1)
        self.assertIn(differential, ranges[0]["to"])

    def test_one_without_a_full_backup_before_it_is_a_full_one(self):
        ran = self.run_program("backup", "--type", "incremental")
        self.assertIn("there is no snapshot that a log could go on from, so the backup is a full",
                      " ".join(ran.stderr.split()))
        self.assertEqual(self.snapshots(), 1)

    def test_one_whose_log_does_not_go_on_is_a_full_one_from_which_it_goes_on(self):
        self.run_program("backup")
        self.client["local"].drop_collection("oplog.rs")
        self.client["local"].create_collection("oplog.rs", capped=True, size=1 << 20)
        self.orders.insert_one({"_id": 500})
        ran = self.run_program("backup", "--type", "incremental")
        self.assertIn("its log does not go on, so the backup is a full one",
                      " ".join(ran.stderr.split()))
        self.assertEqual(self.snapshots(), 2)
        later = self.insert_and_back_up(1000, "incremental")
        self.assertEqual(self.orders_at("--at-position", later), 111)

    def test_one_is_a_full_one_while_no_log_leads_on_from_the_newest_snapshot(self):
        def said_of_incremental():
            return " ".join(self.run_program("backup", "--type", "incremental").stderr.split())
        self.run_program("backup")
        local = self.client["local"]
        entries = list(local["oplog.rs"].find())
        local.drop_collection("oplog.rs")
        self.assertIn("its log does not go on, so the backup is a full one", said_of_incremental())
        self.assertEqual(self.snapshots(), 2)
        local.create_collection("oplog.rs", capped=True, size=1 << 20).insert_many(entries)
        self.assertIn("no log leads on from its newest snapshot, so the backup is a full one",
                      said_of_incremental())
        self.assertEqual(self.snapshots(), 3)
        self.assertNotIn("a full one", said_of_incremental())
        self.assertEqual(self.snapshots(), 3)

    def test_one_beside_a_source_without_a_log_is_a_full_one(self):
        self.uploads.mkdir()
        self.configure_log(f', uploads: {{type: files, path: "{self.uploads}"}}')
        self.run_program("backup")
        ran = self.run_program("backup", "--type", "differential")
        self.assertIn("not all of its sources keep a log", " ".join(ran.stderr.split()))
        self.assertEqual(self.snapshots(), 2)


class CollectionsUnderAnotherName(DatabaseWithALog):
    def setUp(self):
        super().setUp()
        self.orders.create_index("number", name="by_number")
        self.client["shop"]["people"].insert_many([{"_id": number} for number in range(5)])
        self.run_program("backup")

    def there(self, database="restored"):
        """How many documents each collection has."""
        return {name: self.client[database][name].count_documents({})
                for name in self.client[database].list_collection_names()}

    def restore(self, *arguments, status=0):
        return self.run_program("restore", "shop", *arguments, "--yes", status=status)

    def test_the_plan_says_it_and_all_comes_back_under_the_new_name(self):
        planned = self.restore("--rename", "orders=orders of old", "--to", "db=env:TARGET",
                               "--dry-run")
        self.assertIn("orders of db comes back as orders of old", planned.stdout)
        self.assertEqual(self.there(), {})
        self.restore("--rename", "db/orders=orders of old", "--to", "db=env:TARGET")
        self.assertEqual(self.there(), {"orders of old": 100, "people": 5})
        indexes = self.client["restored"]["orders of old"].index_information()
        self.assertEqual(indexes["by_number"]["key"], [("number", 1)])

    def test_the_log_is_replayed_onto_it(self):
        position = self.insert_and_back_up(1000, "incremental")
        self.restore("--at-position", position, "--rename", "orders=former",
                     "--to", "db=env:TARGET")
        self.assertEqual(self.there(), {"former": 110, "people": 5})

    def test_one_alone_comes_beside_the_live_one_and_replaces_nothing(self):
        self.orders.delete_many({"_id": {"$lt": 40}})
        self.variables["TARGET"] = self.variables["MONGO_URI"].replace("/?", "/shop?")
        beside = ("--only", "db/orders", "--rename", "orders=orders_old", "--to", "db=env:TARGET",
                  "--overwrite", "--no-snapshot")
        self.restore(*beside)
        expected = {"orders": 60, "orders_old": 100, "people": 5}
        self.assertEqual(self.there("shop"), expected)
        refused = self.restore(*beside, status=4)
        self.assertIn("there is a collection orders_old already", " ".join(refused.stderr.split()))
        self.assertEqual(self.there("shop"), expected)

    def test_names_that_cannot_be_are_refused_before_anything_is_made(self):
        for renames, words in [
                (["oders=x"], "no collection oders among those that are restored"),
                (["orders=x", "people=x"], "orders and people would both be x"),
                (["orders=people"], "orders and people would both be people"),
                (["orders=a", "db/orders=b"], "names orders of db twice"),
                (["orders=system.x"], "is no name for a collection"),
                (["orders"], "is no [SOURCE/]OLD=NEW")]:
            named = [word for rename in renames for word in ("--rename", rename)]
            refused = self.restore(*named, "--to", "db=env:TARGET", status=3)
            self.assertIn(words, " ".join(refused.stderr.split()))
        self.assertEqual(self.there(), {})


class FilesUnderAnotherName(Stage):
    def test_are_refused_for_only_collections_can_be_renamed(self):
        self.ready()
        self.run_program("backup")
        for rename in ("orders=x", "db/orders=x"):
            refused = self.run_program("restore", "shop", "--to", str(self.place / "restored"),
                                       "--rename", rename, status=3)
            self.assertIn("Only collections", " ".join(refused.stderr.split()))


if __name__ == "__main__":
    unittest.main()
