"""The data of the comparison: a tree of files and a SQLite file before and after a little work.
What is made here is the same on every machine: one seed, one algorithm."""

import os
import random
import shutil
import sqlite3
import subprocess
from collections import namedtuple
from pathlib import Path

SEED = 20261121
REAL_FOLDERS = (Path("/usr/lib"), Path("/usr/share"))
TREE_FILES = 100_000
TREE_BYTES = 4 * 10**9
MAX_FILE_BYTES = 64 << 20
ROWS = 900_000
ROWS_A_BATCH = 5_000
UPDATED_SHARE = 0.0001
APPENDED_SHARE = 0.001

Data = namedtuple("Data", "tree tree_kind quarter database changed_database")
Size = namedtuple("Size", "files bytes")


def provide(folder, scale, tree_choice):
    """Makes what is missing in `folder`; what is there from an earlier run is used again."""
    tree, kind = provide_tree(folder, scale, tree_choice)
    quarter = folder / f"quarter-of-{tree.name}"
    once(quarter, lambda path: link_every_fourth(tree, path))
    before = folder / "before.db"
    after = folder / "after.db"
    once(before, lambda path: make_database(path, max(1000, round(ROWS * scale))))
    once(after, lambda path: change_copy(before, path))
    return Data(tree, kind, quarter, before, after)


def once(path, make):
    """Half-made data never stands under its final name."""
    if path.exists():
        return
    part = path.with_name(path.name + ".part")
    if part.is_dir():
        shutil.rmtree(part)
    part.unlink(missing_ok=True)
    make(part)
    part.rename(path)


def provide_tree(folder, scale, choice):
    if choice == "auto":
        choice = "real" if scale == 1 and real_tree_is_enough() else "made"
    if choice == "made":
        files = max(20, round(TREE_FILES * scale))
        once(folder / "made", lambda path: make_tree(path, files, TREE_BYTES * scale))
        return folder / "made", f"made by the bench, scale {scale:g}"
    if choice == "real":
        once(folder / "real", lambda path: copy_folders(REAL_FOLDERS, path))
        return folder / "real", "a copy of /usr/lib and /usr/share"
    return Path(choice).resolve(), "given"


def real_tree_is_enough():
    size = Size(*map(sum, zip(*map(size_of, REAL_FOLDERS))))
    return size.files >= TREE_FILES and size.bytes >= TREE_BYTES


def size_of(folder):
    """Regular files below a folder; a hard-linked file counts once."""
    seen = set()
    files = total = 0
    for entry in entries(folder):
        if not entry.is_file(follow_symlinks=False):
            continue
        files += 1
        status = entry.stat(follow_symlinks=False)
        if status.st_nlink == 1 or status.st_ino not in seen:
            seen.add(status.st_ino)
            total += status.st_size
    return Size(files, total)


def entries(folder):
    for entry in os.scandir(folder):
        yield entry
        if entry.is_dir(follow_symlinks=False):
            yield from entries(entry.path)


def copy_folders(folders, target):
    target.mkdir()
    for folder in folders:
        subprocess.run(["cp", "-a", "--reflink=auto", folder, target], check=True)


def link_every_fourth(tree, target):
    """A quarter of the files, of the same mixture; at no cost where links are allowed."""
    files = sorted(entry.path for entry in entries(tree) if entry.is_file(follow_symlinks=False))
    for file in files[::4]:
        place = target / Path(file).relative_to(tree)
        place.parent.mkdir(parents=True, exist_ok=True)
        try:
            os.link(file, place)
        except OSError:
            shutil.copy2(file, place)


def make_tree(path, files, total):
    """Sizes as in real trees: many small, a few large. A part is text, a part looks like
    programs, a part cannot be compressed, and some files are there twice."""
    dice = random.Random(SEED)
    content = Content(dice)
    for number, size in enumerate(file_sizes(dice, files, total)):
        place = path / f"{number // 2000:03}" / f"{number // 40 % 50:02}"
        place.mkdir(parents=True, exist_ok=True)
        (place / f"{number:06}.{dice.choice(('so', 'txt', 'h', 'py', 'dat'))}").write_bytes(
            content.of_size(size))


def file_sizes(dice, files, total):
    sizes = [min(dice.lognormvariate(8.6, 2.0), MAX_FILE_BYTES / 10) for _ in range(files)]
    factor = total / sum(sizes)
    return [min(round(size * factor), MAX_FILE_BYTES) for size in sizes]


class Content:
    """Bytes of three kinds of compressibility."""

    def __init__(self, dice):
        self.dice = dice
        self.phrases = phrases(dice)
        self.weights = skewed_bytes(dice)
        self.earlier = b""

    def of_size(self, size):
        kind = self.dice.random()
        if kind < 0.05 and 0 < len(self.earlier) <= 2 * size:
            return self.earlier
        if kind < 0.40:
            self.earlier = self.text(size)
        elif kind < 0.85:
            self.earlier = self.dice.randbytes(size).translate(self.weights)
        else:
            self.earlier = self.dice.randbytes(size)
        return self.earlier

    def text(self, size):
        chosen = self.dice.choices(self.phrases, k=size // 12 + 2)
        return b" ".join(chosen)[:size]


def phrases(dice):
    """Groups of words, so that text is made quickly and compresses about as text does."""
    letters = "etaoinshrdlucmfwypvbgkjqxz"
    weights = [2 ** (-index / 4) for index in range(len(letters))]
    words = ["".join(dice.choices(letters, weights, k=dice.randint(2, 10))) for _ in range(6000)]
    return [" ".join(dice.choices(words, k=dice.randint(1, 3))).encode() for _ in range(30000)]


def skewed_bytes(dice):
    """A table that turns equally likely bytes into about five bits of surprise each."""
    values = [min(255, int(dice.expovariate(1 / 14))) for _ in range(256)]
    return bytes(values)


SCHEMA = """
CREATE TABLE documents (
  id INTEGER PRIMARY KEY,
  token TEXT NOT NULL UNIQUE,
  owner INTEGER NOT NULL,
  kind TEXT NOT NULL,
  amount REAL NOT NULL,
  created TEXT NOT NULL,
  title TEXT NOT NULL,
  body TEXT NOT NULL,
  attributes TEXT NOT NULL,
  digest BLOB NOT NULL
);
"""


def make_database(path, rows):
    """Rows of about 1 KB, found by a random token as in many applications: an append touches
    the index everywhere, which is what makes databases hard for large chunks."""
    writer = RowWriter(random.Random(SEED + 1), path)
    writer.connection.executescript(SCHEMA)
    writer.append(1, rows)
    writer.connection.close()


def change_copy(before, path):
    shutil.copyfile(before, path)
    writer = RowWriter(random.Random(SEED + 2), path)
    rows = writer.connection.execute("SELECT max(id) FROM documents").fetchone()[0]
    updated = max(1, round(rows * UPDATED_SHARE))
    for row in writer.dice.sample(range(1, rows + 1), updated):
        writer.connection.execute(
            "UPDATE documents SET amount = amount + 1, title = ? WHERE id = ?",
            (writer.words(60), row))
    writer.append(rows + 1, max(1, round(rows * APPENDED_SHARE)))
    writer.connection.close()


class RowWriter:
    def __init__(self, dice, path):
        self.dice = dice
        self.content = Content(dice)
        self.connection = sqlite3.connect(path)
        # Speed of making the data only; the pages are the same.
        self.connection.execute("PRAGMA synchronous = OFF")
        self.connection.execute("PRAGMA cache_size = -500000")

    def append(self, first, count):
        for start in range(first, first + count, ROWS_A_BATCH):
            batch = range(start, min(start + ROWS_A_BATCH, first + count))
            self.connection.executemany(
                "INSERT INTO documents VALUES (?,?,?,?,?,?,?,?,?,?)", map(self.row, batch))
        self.connection.commit()

    def row(self, number):
        dice = self.dice
        kind = dice.choice(("invoice", "letter", "order", "note"))
        created = f"2026-{number % 12 + 1:02}-{number % 28 + 1:02}T{number % 24:02}:00:00Z"
        attributes = (f'{{"state":"open","priority":{dice.randint(1, 5)},'
                      f'"tags":["{self.words(10)}","{self.words(10)}"],"version":{number % 7}}}')
        return (number, dice.randbytes(16).hex(), dice.randint(1, 60_000), kind,
                round(dice.uniform(1, 5000), 2), created, self.words(60),
                self.words(dice.randint(450, 850)), attributes, dice.randbytes(32))

    def words(self, size):
        return self.content.text(size).decode()
