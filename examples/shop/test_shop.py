"""Exercises the shop over HTTP, as its clients would: python3 -m unittest, in this folder."""

import hashlib
import json
import os
import re
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import time
import unittest
from contextlib import closing
from http.client import HTTPConnection
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))

import seed  # noqa: E402
from shop import accounts, images, migrations  # noqa: E402

KEY = "a key that only these tests know"
PICTURE = b"\x89PNG\r\n\x1a\n not much of a picture"


class Shop:
    """A server of our own on a free port, with its log."""

    def __init__(self, folder, key=KEY, **environment):
        self.environment = {"DATABASE": f"{folder}/shop.db", "UPLOADS_DIR": f"{folder}/uploads",
                            "PORT": "0", "TOKEN_KEY": key, **environment}
        self.process = subprocess.Popen(
            [sys.executable, "-B", str(HERE / "server.py")], env=self.environment,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        self.log = []
        self.port = self._wait_for_port()
        self.token = None

    def _wait_for_port(self):
        for line in self.process.stdout:
            self.log.append(line)
            found = re.search(r"listening on port (\d+)", line)
            if found:
                return int(found[1])
        self.process.stdout.close()
        self.process.wait()
        return None

    def stop(self):
        if self.process.poll() is None:
            self.process.terminate()
            self.log += self.process.stdout.readlines()
        self.process.stdout.close()
        return self.process.wait(timeout=10)

    def call(self, method, path, body=None, headers=None, token=None):
        headers = dict(headers or {})
        token = token or self.token
        if token:
            headers["Authorization"] = f"Bearer {token}"
        if isinstance(body, (dict, list)):
            body = json.dumps(body)
        with closing(HTTPConnection("127.0.0.1", self.port, timeout=20)) as connection:
            connection.request(method, path, body, headers)
            answer = connection.getresponse()
            content = answer.read()
        if answer.headers["Content-Type"] == "application/json" and content:
            content = json.loads(content)
        return answer.status, content

    def log_in(self, email, password=seed.PASSWORD):
        status, content = self.call("POST", "/login", {"email": email, "password": password})
        assert status == 200, content
        return content["token"]


def make_data(folder, *options):
    with open(os.devnull, "w", encoding="utf-8") as quiet:
        subprocess.run([sys.executable, "-B", str(HERE / "seed.py"), str(folder), *options],
                       check=True, stdout=quiet)


class WithShop(unittest.TestCase):
    """One seeded shop for all tests of a class; each test leaves what others need alone."""

    @classmethod
    def setUpClass(cls):
        cls.folder = Path(tempfile.mkdtemp(prefix="shop-test-"))
        cls.addClassCleanup(shutil.rmtree, cls.folder)
        make_data(cls.folder, "--seed", "1")
        cls.shop = Shop(cls.folder)
        cls.addClassCleanup(cls.shop.stop)
        cls.admin = cls.shop.log_in("admin@shop.example")
        cls.customer = cls.shop.log_in("Customer1@shop.example")

    def get(self, path, token=None, expect=200):
        status, content = self.shop.call("GET", path, token=token or self.admin)
        self.assertEqual(status, expect, content)
        return content

    def post(self, path, body=None, token=None, expect=200):
        status, content = self.shop.call("POST", path, body, token=token or self.admin)
        self.assertEqual(status, expect, content)
        return content

    def database(self):
        return closing(sqlite3.connect(self.folder / "shop.db"))

    def new_order(self, token=None):
        body = {"items": [{"productId": 1, "quantity": 2}, {"productId": 2, "quantity": 1}]}
        return self.post("/api/v1/order", body, token or self.customer, 201)


class Service(WithShop):
    def test_says_that_it_is_healthy_and_ready_without_a_login(self):
        self.assertEqual(self.shop.call("GET", "/health"), (200, {"status": "ok"}))
        self.assertEqual(self.shop.call("GET", "/ready"), (200, {"status": "ready"}))

    def test_describes_every_resource_and_its_fields_for_each_role(self):
        shown = self.get("/_describe")["resources"]
        self.assertEqual(sorted(shown), ["audit", "image", "order", "product", "user"])
        self.assertIn("costCents", shown["product"]["admin"])
        self.assertNotIn("costCents", shown["product"]["customer"])

    def test_unknown_paths_and_wrong_methods_say_what_is_wrong(self):
        self.assertEqual(self.get("/nothing", expect=404)["code"], "NOT_FOUND")
        content = self.post("/api/v1/product/1", expect=405)
        self.assertEqual(content["allowed"], ["DELETE", "GET", "PATCH"])

    def test_a_body_that_is_too_large_or_not_json_is_refused(self):
        status, content = self.shop.call("POST", "/login", b"", {"Content-Length": "99999999"})
        self.assertEqual((status, content["code"]), (413, "TOO_LARGE"))
        status, content = self.shop.call("POST", "/login", b"{")
        self.assertEqual((status, content["code"]), (400, "INVALID_JSON"))
        status, content = self.shop.call("POST", "/login", b"[]")
        self.assertEqual((status, content["code"]), (400, "INVALID_JSON"))

    def test_head_answers_without_a_body(self):
        self.assertEqual(self.shop.call("HEAD", "/health"), (200, b""))


class Accounts(WithShop):
    def test_a_wrong_password_and_an_unknown_address_answer_alike(self):
        for email, password in (("admin@shop.example", "wrong"), ("who@shop.example", "wrong")):
            body = {"email": email, "password": password}
            status, content = self.shop.call("POST", "/login", body)
            self.assertEqual((status, content["code"]), (401, "INVALID_CREDENTIALS"))

    def test_a_softly_deleted_user_cannot_log_in_nor_use_an_old_token(self):
        with self.database() as database:
            number, email = database.execute(
                "SELECT id, email FROM users WHERE deletedAt IS NOT NULL").fetchone()
        body = {"email": email, "password": seed.PASSWORD}
        self.assertEqual(self.shop.call("POST", "/login", body)[0], 401)
        token = accounts.make_token(KEY.encode(), number, "customer")
        self.get("/me", token, expect=401)

    def test_a_token_signed_with_the_configured_key_is_as_good_as_a_login(self):
        self.assertEqual(self.get("/me", accounts.make_token(KEY.encode(), 1, "admin"))["id"], 1)

    def test_tokens_that_are_forged_expired_or_malformed_are_refused(self):
        old = accounts.make_token(KEY.encode(), 1, "admin", now=time.time() - 10**6)
        foreign = accounts.make_token(b"another key, also long", 1, "admin")
        for token in (old, foreign, "x", "a.b.c", self.admin[:-2], self.admin + ".x"):
            self.assertEqual(self.get("/me", token, expect=401)["code"], "UNAUTHENTICATED")

    def test_the_role_is_the_databases_whatever_the_token_claims(self):
        token = accounts.make_token(KEY.encode(), 2, "admin")
        self.get("/api/v1/audit", token, expect=403)

    def test_a_customer_sees_no_other_users(self):
        self.assertEqual(self.get("/api/v1/user", self.customer)["total"], 1)
        self.get("/api/v1/user/1", self.customer, expect=404)
        self.assertGreater(self.get("/api/v1/user")["total"], 10)


class Catalogue(WithShop):
    def test_each_role_gets_exactly_the_fields_that_are_described(self):
        shown = self.get("/_describe")["resources"]
        for role, token in (("admin", self.admin), ("customer", self.customer)):
            for resource in ("product", "image", "order", "user"):
                record = self.get(f"/api/v1/{resource}", token)["results"][0]
                self.assertEqual(sorted(record), sorted(shown[resource][role]))

    def test_a_product_is_created_changed_deleted_softly_and_restored(self):
        body = {"sku": "NEW-1", "name": "New", "priceCents": 100, "costCents": 60}
        path = f"/api/v1/product/{self.post('/api/v1/product', body, expect=201)['id']}"
        changed = self.shop.call("PATCH", path, {"stock": 4}, token=self.admin)[1]
        self.assertEqual(changed["stock"], 4)
        self.assertEqual(self.shop.call("DELETE", path, token=self.admin)[0], 200)
        self.get(path, self.customer, expect=404)
        self.assertIsNotNone(self.get(path)["deletedAt"])
        self.post(path + "/restore")
        self.get(path, self.customer)

    def test_products_that_make_no_sense_are_refused(self):
        for body in ({"name": "x"}, {"sku": "S", "name": 1, "priceCents": 1, "costCents": 1},
                     {"sku": "S", "name": "x", "priceCents": 1, "costCents": 1, "id": 7}):
            self.assertEqual(self.post("/api/v1/product", body, expect=400)["code"],
                             "INVALID_FIELDS")
        body = {"sku": "SKU-000001", "name": "x", "priceCents": 1, "costCents": 1}
        self.assertEqual(self.post("/api/v1/product", body, expect=409)["code"], "CONFLICT")
        self.post("/api/v1/product", body, self.customer, expect=403)

    def test_lists_come_in_pages(self):
        first = self.get("/api/v1/product?limit=5")
        second = self.get("/api/v1/product?limit=5&offset=5")
        self.assertEqual(len(first["results"]), 5)
        self.assertLess(first["results"][-1]["id"], second["results"][0]["id"])
        self.get("/api/v1/product?limit=-1", expect=400)


class Images(WithShop):
    def upload(self, content=PICTURE, kind="image/png", product=1, token=None):
        return self.shop.call("POST", f"/api/v1/image?productId={product}", content,
                              {"Content-Type": kind}, token or self.admin)

    def test_an_uploaded_image_comes_back_as_it_was(self):
        status, image = self.upload()
        self.assertEqual((status, image["size"]), (201, len(PICTURE)))
        self.assertEqual(self.get(image["url"], self.customer), PICTURE)
        self.assertEqual((self.folder / "uploads" / image["key"]).read_bytes(), PICTURE)

    def test_uploads_need_an_admin_a_product_and_an_image_type(self):
        self.assertEqual(self.upload(token=self.customer)[0], 403)
        self.assertEqual(self.upload(product=99999)[0], 404)
        self.assertEqual(self.upload(kind="text/html")[1]["code"], "INVALID_CONTENT_TYPE")

    def test_a_missing_and_a_damaged_file_are_told_apart(self):
        image = self.upload(PICTURE + b"1")[1]
        target = self.folder / "uploads" / image["key"]
        target.write_bytes(b"other")
        self.assertEqual(self.get(image["url"], expect=500)["code"], "BLOB_DAMAGED")
        target.unlink()
        self.assertEqual(self.get(image["url"], expect=404)["code"], "BLOB_NOT_FOUND")

    def test_a_key_that_leaves_the_folder_is_never_opened(self):
        image = self.upload(PICTURE + b"2")[1]
        self.addCleanup(self.set_key, image["id"], image["key"])
        self.set_key(image["id"], "../shop.db")
        self.assertEqual(self.get(image["url"], expect=500)["code"], "INVALID_KEY")

    def set_key(self, number, key):
        with self.database() as database, database:
            database.execute("UPDATE images SET key = ? WHERE id = ?", (key, number))

    def test_a_deleted_image_keeps_its_file(self):
        image = self.upload(PICTURE + b"3")[1]
        self.shop.call("DELETE", f"/api/v1/image/{image['id']}", token=self.admin)
        self.get(image["url"], self.customer, expect=404)
        self.assertTrue((self.folder / "uploads" / image["key"]).exists())


class Orders(WithShop):
    def test_an_order_goes_its_way_and_says_each_time_what_is_next(self):
        order = self.new_order()
        self.assertEqual(order["availableTransitions"], ["cancel", "pay"])
        path = f"/api/v1/order/{order['id']}"
        self.assertEqual(self.post(path + "/pay", token=self.customer)["state"], "paid")
        self.assertEqual(self.post(path + "/ship")["availableTransitions"], ["deliver"])
        self.assertEqual(self.post(path + "/deliver")["state"], "delivered")

    def test_an_invalid_transition_answers_400_with_the_allowed_ones(self):
        content = self.post("/api/v1/order/1/ship", expect=400)
        self.assertEqual(content["code"], "INVALID_TRANSITION")
        self.assertEqual(content["allowed"], ["cancel", "pay"])
        self.assertEqual(self.get("/api/v1/order/1")["state"], "pending")

    def test_shipping_is_for_admins(self):
        path = f"/api/v1/order/{self.new_order()['id']}"
        self.post(path + "/pay", token=self.customer)
        self.post(path + "/ship", token=self.customer, expect=403)

    def test_a_customer_sees_only_their_own_orders(self):
        own = self.get("/api/v1/order?limit=500", self.customer)["total"]
        self.assertLess(own, self.get("/api/v1/order")["total"])
        foreign = self.new_order(self.admin)["id"]
        self.get(f"/api/v1/order/{foreign}", self.customer, expect=404)
        self.post(f"/api/v1/order/{foreign}/pay", token=self.customer, expect=404)

    def test_totals_are_the_sum_of_the_lines(self):
        order = self.new_order()
        self.assertEqual(order["totalCents"],
                         sum(i["quantity"] * i["unitCents"] for i in order["items"]))

    def test_stock_goes_down_and_comes_back_when_an_order_is_cancelled(self):
        before = self.get("/api/v1/product/1")["stock"]
        path = f"/api/v1/order/{self.new_order()['id']}/cancel"
        self.assertEqual(self.get("/api/v1/product/1")["stock"], before - 2)
        self.post(path, token=self.customer)
        self.assertEqual(self.get("/api/v1/product/1")["stock"], before)

    def test_a_refused_order_leaves_nothing_behind(self):
        total = self.get("/api/v1/order")["total"]
        stock = self.get("/api/v1/product/1")["stock"]
        items = [{"productId": 1, "quantity": 1}, {"productId": 2, "quantity": 99999}]
        self.post("/api/v1/order", {"items": items}, expect=409)
        self.assertEqual(self.get("/api/v1/order")["total"], total)
        self.assertEqual(self.get("/api/v1/product/1")["stock"], stock)
        for items in ([], [7], [{"productId": 1}], [{"productId": 1, "quantity": 0}], "x"):
            self.post("/api/v1/order", {"items": items}, expect=400)
        unknown = [{"productId": 99999, "quantity": 1}]
        self.assertEqual(self.post("/api/v1/order", {"items": unknown}, expect=400)["code"],
                         "UNKNOWN_PRODUCT")

    def test_every_change_of_state_is_in_the_audit_log(self):
        number = self.new_order()["id"]
        self.post(f"/api/v1/order/{number}/pay", token=self.customer)
        entries = [e for e in self.get("/api/v1/audit")["results"]
                   if e["subject"] == f"order/{number}"]
        self.assertEqual([e["action"] for e in entries], ["order.state", "order.create"])
        self.assertEqual(entries[0]["detail"], {"from": "pending", "to": "paid"})
        self.assertEqual(entries[0]["userId"], 2)


class Boot(unittest.TestCase):
    def setUp(self):
        self.folder = Path(tempfile.mkdtemp(prefix="shop-test-"))
        self.addCleanup(shutil.rmtree, self.folder)

    def boot(self, *arguments, **environment):
        shop = Shop(self.folder, *arguments, **environment)
        self.addCleanup(shop.stop)
        return shop

    def test_the_first_boot_makes_the_database_and_writes_the_ledger(self):
        folder = self.folder / "new"
        shop = Shop(folder)
        self.addCleanup(shop.stop)
        self.assertEqual(shop.call("GET", "/ready")[0], 200)
        with closing(sqlite3.connect(folder / "shop.db")) as database:
            rows = list(database.execute("SELECT name, appliedAt, durationMs FROM _migrations"))
            mode = database.execute("PRAGMA journal_mode").fetchone()[0]
        self.assertEqual([name for name, _, _ in rows], migrations.available())
        self.assertTrue(all(at.endswith("Z") and ms >= 0 for _, at, ms in rows))
        self.assertEqual(mode, "wal")

    def test_booting_on_existing_data_changes_none_of_its_rows(self):
        make_data(self.folder, "--seed", "1")
        with closing(sqlite3.connect(self.folder / "shop.db")) as database:
            before = list(database.iterdump())
            self.boot().stop()
            after = list(database.iterdump())
        added = [line for line in after if line not in before]
        self.assertEqual(len(added), 1)
        self.assertIn("tokenKeyCheck", added[0])

    def test_log_lines_are_json_with_levels_and_stopping_is_clean(self):
        shop = self.boot()
        shop.call("GET", "/health")
        self.assertEqual(shop.stop(), 0)
        lines = [json.loads(line) for line in shop.log]
        self.assertEqual({line["level"] for line in lines}, {30})
        self.assertIn({"method": "GET", "path": "/health", "status": 200}.items(),
                      [{k: x[k] for k in ("method", "path", "status")}.items()
                       for x in lines if x["msg"] == "request"])

    def test_missing_settings_are_all_named_and_no_value_is_shown(self):
        shop = self.boot(key="short", PORT="")
        self.assertEqual((shop.port, shop.stop()), (None, 3))
        self.assertEqual(json.loads(shop.log[0])["level"], 60)
        self.assertIn("PORT", shop.log[0])
        again = self.boot(key="short")
        self.assertEqual(again.stop(), 3)
        self.assertNotIn('"short"', again.log[0])

    def test_a_database_that_is_none_stops_the_boot(self):
        (self.folder / "shop.db").write_bytes(b"no database" * 100)
        shop = self.boot()
        self.assertEqual(shop.stop(), 1)
        self.assertIn("not a database", shop.log[-1])

    def test_a_missing_uploads_folder_makes_it_unready(self):
        make_data(self.folder, "--seed", "1")
        shutil.rmtree(self.folder / "uploads")
        status, content = self.boot().call("GET", "/ready")
        self.assertEqual((status, content["reasons"]), (503, ["the uploads folder is missing"]))

    def test_another_token_key_is_warned_of_and_old_tokens_are_refused(self):
        make_data(self.folder, "--seed", "1")
        shop = self.boot()
        token = shop.log_in("admin@shop.example")
        shop.stop()
        again = self.boot("quite another key for tokens")
        self.assertTrue(any("TOKEN_KEY is not" in line for line in again.log))
        self.assertEqual(again.call("GET", "/me", token=token)[0], 401)


class Migrations(unittest.TestCase):
    def setUp(self):
        self.folder = Path(tempfile.mkdtemp(prefix="shop-test-"))
        self.addCleanup(shutil.rmtree, self.folder)
        make_data(self.folder, "--seed", "1")

    def status(self):
        result = subprocess.run(
            [sys.executable, "-B", str(HERE / "migrate.py"), "status"], text=True,
            env={"DATABASE": f"{self.folder}/shop.db"}, capture_output=True, check=False)
        return result.returncode, result.stdout

    def change(self, statement):
        with closing(sqlite3.connect(self.folder / "shop.db")) as database, database:
            database.execute(statement)

    def test_status_says_succeeded_pending_and_unknown(self):
        code, text = self.status()
        self.assertEqual(code, 0)
        self.assertEqual(text.count("succeeded"), len(migrations.available()))
        self.change("INSERT INTO _migrations VALUES ('0099_later.sql', '', 0)")
        self.change("DELETE FROM _migrations WHERE name LIKE '0004%'")
        code, text = self.status()
        self.assertEqual(code, 1)
        self.assertIn("0004_order_totals.sql pending", text)
        self.assertIn("0099_later.sql unknown", text)

    def test_a_failing_migration_stops_the_boot_and_changes_nothing(self):
        self.change("DELETE FROM _migrations WHERE name LIKE '0003%'")
        shop = Shop(self.folder)
        self.assertEqual(shop.stop(), 1)
        self.assertIn("orders already exists", shop.log[-1])
        self.assertIn("0003_orders.sql pending", self.status()[1])


class Seed(unittest.TestCase):
    def setUp(self):
        self.folder = Path(tempfile.mkdtemp(prefix="shop-test-"))
        self.addCleanup(shutil.rmtree, self.folder)

    def content(self, name):
        root = self.folder / name
        return {str(path.relative_to(root)): path.read_bytes()
                for path in root.rglob("*") if path.is_file()}

    def test_the_same_seed_makes_the_same_bytes_and_another_does_not(self):
        for name, number in (("a", "7"), ("b", "7"), ("c", "8")):
            make_data(self.folder / name, "--seed", number)
        self.assertEqual(self.content("a"), self.content("b"))
        self.assertNotEqual(self.content("a"), self.content("c"))

    def test_every_row_points_at_a_file_with_its_size_and_hash(self):
        make_data(self.folder)
        with closing(sqlite3.connect(self.folder / "shop.db")) as database:
            rows = database.execute("SELECT key, size, sha256 FROM images").fetchall()
        self.assertGreater(len(rows), 50)
        for key, size, digest in rows:
            self.assertRegex(key, r"^\d{4}/[0-9a-f]{2}/[0-9a-f]{62}\.png$")
            content = (self.folder / "uploads" / key).read_bytes()
            self.assertEqual((len(content), hashlib.sha256(content).hexdigest()), (size, digest))

    def test_numbers_are_kept_and_appending_adds_to_them(self):
        make_data(self.folder, "--users", "5", "--orders", "30", "--images", "9")
        self.assertEqual(self.counts(), (5, 30, 9))
        make_data(self.folder, "--append", "--users", "1", "--products", "0", "--orders", "2",
                  "--images", "3")
        self.assertEqual(self.counts(), (6, 32, 12))

    def test_it_refuses_to_overwrite(self):
        make_data(self.folder)
        with self.assertRaises(subprocess.CalledProcessError):
            subprocess.run([sys.executable, "-B", str(HERE / "seed.py"), str(self.folder)],
                           check=True, stderr=subprocess.DEVNULL)

    def test_sample_data_keeps_every_rule_of_the_schema(self):
        make_data(self.folder, "--seed", "3")
        with closing(sqlite3.connect(self.folder / "shop.db")) as database:
            self.assertEqual(database.execute("PRAGMA integrity_check").fetchall(), [("ok",)])
            self.assertEqual(database.execute("PRAGMA foreign_key_check").fetchall(), [])
            states = database.execute("SELECT count(DISTINCT state) FROM orders").fetchone()[0]
        self.assertEqual(states, 6)

    def counts(self):
        with closing(sqlite3.connect(self.folder / "shop.db")) as database:
            return tuple(database.execute(f"SELECT count(*) FROM {table}").fetchone()[0]
                         for table in ("users", "orders", "images"))


class Pieces(unittest.TestCase):
    def test_passwords_match_only_themselves(self):
        stored = accounts.hash_password("secret", cost=(1 << 10, 8, 1))
        self.assertTrue(accounts.password_matches("secret", stored))
        self.assertFalse(accounts.password_matches("Secret", stored))
        self.assertNotIn("secret", stored)

    def test_keys_have_two_levels(self):
        self.assertEqual(images.make_key(2026, "ab" * 32, "image/png"),
                         "2026/ab/" + "ab" * 31 + ".png")

    def test_a_script_is_cut_at_statements_not_at_semicolons(self):
        script = "CREATE TRIGGER t AFTER DELETE ON a BEGIN\n SELECT 1;\nEND;\nSELECT 2;\n"
        self.assertEqual(len(list(migrations.split(script))), 2)
        with self.assertRaises(ValueError):
            list(migrations.split("SELECT 1"))


if __name__ == "__main__":
    unittest.main()
