#!/usr/bin/python3
"""Makes sample data: DIR/shop.db and DIR/uploads/. With --seed every row and byte is the same each
time; --append adds to a folder made before, so that there is something new to back up."""

import argparse
import hashlib
import random
import struct
import sys
import zlib
from contextlib import closing
from datetime import datetime, timedelta, timezone
from pathlib import Path

from shop import accounts, database, images, migrations
from shop.clock import utc_now, utc_text
from shop.orders import TRANSITIONS

PASSWORD = "correct horse"
CHEAP_COST = (1 << 10, 8, 1)  # sample passwords are public; a thousand users still take no time
DISTINCT_HASHES = 8
FIXED_NOW = datetime(2026, 1, 31, 12, 0, tzinfo=timezone.utc)
ADJECTIVES = "Blue Quiet Heavy Round Golden Plain Northern Folding Late Woven".split()
NOUNS = "Lamp Kettle Chair Notebook Bicycle Blanket Clock Basket Ladder Radio".split()
FIRST = "Ada Bo Chidi Dana Émile Fatima Goran Hanna Ibrahim Jùn".split()
LAST = "Almeida Brandt Castro Dvořák Eze Fischer Grünwald Hansen Ito Jones".split()
SUPPLIERS = ["Hafen & Co", "Nordlicht", "Lagos Trading", None]
SUFFIX, KIND = "png", "image/png"


class Seeder:
    """Adds rows after those that are there; all randomness and all times come from the options."""

    def __init__(self, connection, uploads, options):
        self.connection, self.uploads, self.options = connection, uploads, options
        self.random = random.Random(f"{options.seed}/{self.count('orders')}/{self.count('users')}")
        self.span = timedelta(hours=1) if options.append else timedelta(days=90)
        pool = [hash_of(self.random) for _ in range(min(options.users, DISTINCT_HASHES))]
        self.hashes = pool or [""]

    def count(self, table):
        return self.connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0]

    def run(self):
        with database.transaction(self.connection):
            self.add_users()
            self.add_products()
            self.users, self.products = self.count("users"), self.count("products")
            self.add_images()
            self.add_orders()

    def moment(self, position, total):
        """Times rise with the position and end at `now`."""
        share = (total - 1 - position) / total
        return utc_text(self.options.now - self.span * share)

    def add_users(self):
        have = self.count("users")
        rows = [self.user(have, position) for position in range(self.options.users)]
        self.connection.executemany(
            "INSERT INTO users (email, name, role, passwordHash, createdAt, deletedAt)"
            " VALUES (?, ?, ?, ?, ?, ?)", rows)

    def user(self, have, position):
        number = have + position + 1
        admin = number == 1
        email = "admin@shop.example" if admin else f"customer{number - 1}@shop.example"
        name = f"{self.random.choice(FIRST)} {self.random.choice(LAST)}"
        made = self.moment(position, self.options.users)
        gone = utc_text(self.options.now) if number > 3 and number % 17 == 0 else None
        return (email, name, "admin" if admin else "customer",
                self.hashes[number % len(self.hashes)], made, gone)

    def add_products(self):
        have, total = self.count("products"), self.options.products
        rows = [self.product(have + position + 1, self.moment(position, total))
                for position in range(total)]
        self.connection.executemany(
            "INSERT INTO products (sku, name, description, priceCents, costCents, supplier, stock,"
            " weightKg, createdAt, updatedAt, deletedAt) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            rows)

    def product(self, number, made):
        pick = self.random
        name = f"{pick.choice(ADJECTIVES)} {pick.choice(NOUNS)}"
        price = pick.randrange(199, 49_900)
        gone = utc_text(self.options.now) if number % 13 == 0 else None
        return (f"SKU-{number:06d}", name, f"{name}, sample product {number}.", price,
                price * 6 // 10, pick.choice(SUPPLIERS), pick.randrange(10, 1000),
                round(pick.uniform(0.05, 30), 3), made, made, gone)

    def add_images(self):
        total = self.options.images
        rows = [self.image(self.moment(position, total)) for position in range(total)]
        self.connection.executemany(
            "INSERT INTO images (productId, key, size, sha256, contentType, createdAt)"
            " VALUES (?, ?, ?, ?, ?, ?)", rows)

    def image(self, made):
        content = noise_picture(self.random, self.options.image_bytes)
        digest = hashlib.sha256(content).hexdigest()
        key = images.make_key(made[:4], digest, KIND)
        target = self.uploads / key
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content)
        return self.random.randrange(self.products) + 1, key, len(content), digest, KIND, made

    def add_orders(self):
        have, total = self.count("orders"), self.options.orders
        made = [self.order(have + position + 1, self.moment(position, total))
                for position in range(total)]
        self.connection.executemany(
            "INSERT INTO orders (id, userId, state, note, createdAt, updatedAt, updatedBy,"
            " deletedAt) VALUES (?, ?, ?, ?, ?, ?, ?, ?)", [order for order, _ in made])
        self.connection.executemany(
            "INSERT INTO order_items (orderId, line, productId, quantity, unitCents)"
            " SELECT ?, ?, id, ?, priceCents FROM products WHERE id = ?",
            [line for _, lines in made for line in lines])
        self.connection.executemany(
            "INSERT INTO audit_log (at, userId, action, subject) VALUES (?, ?, 'order.create', ?)",
            [(order[4], order[1], f"order/{order[0]}") for order, _ in made])

    def order(self, number, made):
        pick = self.random
        state = "pending" if number == 1 else pick.choice(sorted(TRANSITIONS))
        user = min(2, self.users) if number == 1 else pick.randrange(self.users) + 1
        note = "call before delivery" if number % 10 == 0 else None
        gone = made if number % 29 == 0 else None
        lines = [(number, line, pick.randrange(1, 6), pick.randrange(self.products) + 1)
                 for line in range(1, pick.randrange(1, 5) + 1)]
        return (number, user, state, note, made, made, user, gone), lines


def hash_of(source):
    return accounts.hash_password(PASSWORD, source.randbytes(16), CHEAP_COST)


def noise_picture(source, size):
    """A valid grey PNG of random pixels: it does not compress, as real photographs do not."""
    side = max(8, round((source.uniform(0.5, 1.5) * size) ** 0.5))
    lines = b"".join(b"\0" + source.randbytes(side) for _ in range(side))
    header = struct.pack(">IIBBBBB", side, side, 8, 0, 0, 0, 0)
    return (b"\x89PNG\r\n\x1a\n" + _chunk(b"IHDR", header)
            + _chunk(b"IDAT", zlib.compress(lines, 0)) + _chunk(b"IEND", b""))


def _chunk(kind, content):
    body = kind + content
    return struct.pack(">I", len(content)) + body + struct.pack(">I", zlib.crc32(body))


def count(text):
    value = int(text)
    if value < 0:
        raise ValueError(text)
    return value


def moment(text):
    value = datetime.fromisoformat(text)
    return value.replace(tzinfo=value.tzinfo or timezone.utc).astimezone(timezone.utc)


def parse(arguments):
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("directory", type=Path, metavar="DIR")
    for name, default in (("users", 20), ("products", 40), ("orders", 200), ("images", 60)):
        parser.add_argument(f"--{name}", type=count, default=default, metavar="N")
    parser.add_argument("--image-bytes", type=int, default=8192, metavar="N", help="on average")
    parser.add_argument("--seed", type=int, help="fixes everything, and the times unless --now")
    parser.add_argument("--now", type=moment, metavar="TIME", help="time of the newest rows")
    parser.add_argument("--append", action="store_true", help="add to data made before")
    options = parser.parse_args(arguments)
    if options.now is None:
        options.now = utc_now() if options.seed is None else FIXED_NOW
    return parser, options


def main(arguments=None):
    parser, options = parse(arguments)
    path, uploads = options.directory / "shop.db", options.directory / "uploads"
    if path.exists() != options.append:
        parser.error(f"{path} is there: give --append, or another folder" if path.exists()
                     else f"{path} is not there: leave out --append")
    if not options.append and not (options.users and options.products):
        parser.error("a new shop needs at least one user and one product")
    uploads.mkdir(parents=True, exist_ok=True)
    with closing(database.connect(path)) as connection:
        migrations.apply_pending(connection, clock=lambda: options.now)
        Seeder(connection, uploads, options).run()
        counts = {table: connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0]
                  for table in ("users", "products", "orders", "images")}
    print(f"{path}: " + ", ".join(f"{count} {table}" for table, count in counts.items()))
    return 0


if __name__ == "__main__":
    sys.exit(main())
