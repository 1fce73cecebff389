"""The facts of docs/format-engines.md, computed anew: of a folder from its entries, of a database
from its file. What a drill compares can so be checked without Lifeboat."""

import datetime
import hashlib
import os
import sqlite3
import stat
import struct

from reader import FILE, FOLDER, HARD_LINK, SPECIAL, SYMLINK, read_metadata, sized

COUNTED = {"files": FILE, "directories": FOLDER, "symlinks": SYMLINK, "hardlinks": HARD_LINK,
           "specials": SPECIAL}


def digest_sum(records):
    """The sum of the records' SHA-256 modulo 2^256."""
    return sum(int.from_bytes(hashlib.sha256(each).digest(), "little")
               for each in records) % (1 << 256)


# ---- 1. files ----

def of_entries(entries):
    """All but `excluded`, which only the walk knows."""
    all_of_them = [(entry, read_metadata(entry)) for entry in entries]
    pairs = [pair for pair in all_of_them if not is_device(pair[1])]
    files = [entry for entry, _ in pairs if entry.kind == FILE]
    facts = {name: sum(entry.kind == kind for entry, _ in pairs) for name, kind in COUNTED.items()}
    attributes = [record for record in (attributes_record(*pair) for pair in pairs) if record]
    return facts | {
        "engine": "files", "bytes": sum(entry.size for entry in files),
        "largest": max((entry.size for entry in files), default=0),
        "newest": rfc3339(max((entry.modified for entry in files), default=None)),
        "root_mode": f"{pairs[0][1].mode & 0o1777:04o}",
        "tree_digest": f"{digest_sum(tree_record(*pair) for pair in pairs):064x}",
        "attributes_digest": f"{digest_sum(attributes):064x}",
        "owners_digest": f"{digest_sum(owners_record(*pair) for pair in all_of_them):064x}"}


def is_device(metadata):
    return stat.S_IFMT(metadata.mode) in (stat.S_IFCHR, stat.S_IFBLK)


def tree_record(entry, metadata):
    size = entry.size if entry.kind == FILE else 0
    mode = 0 if entry.kind == SYMLINK else metadata.mode & 0o1777
    numbers = struct.pack("<QIq", size, mode, entry.modified)
    return bytes([entry.kind]) + sized(entry.path) + numbers + sized(metadata.link)


def attributes_record(entry, metadata):
    kept = [(name, value) for name, value in metadata.attributes
            if name.startswith((b"user.", b"system."))]
    return kept and sized(entry.path) + b"".join(sized(name) + sized(value) for name, value in kept)


def owners_record(entry, metadata):
    owners = [metadata.user or b"%d" % metadata.uid, metadata.group or b"%d" % metadata.gid]
    record = b"".join(map(sized, [entry.path, *owners])) + struct.pack("<I", metadata.mode & 0o6000)
    if not is_device(metadata):
        return record
    return record + struct.pack("<III", stat.S_IFMT(metadata.mode), os.major(metadata.device),
                                os.minor(metadata.device))


def rfc3339(nanoseconds):
    if nanoseconds is None:
        return None
    epoch = datetime.datetime(1970, 1, 1)
    moment = epoch + datetime.timedelta(microseconds=nanoseconds // 1000)
    return moment.isoformat(timespec="microseconds") + "Z"


# ---- 2. sqlite ----

class Text(bytes):
    """What SQLite calls a text, in UTF-8, which need not be valid."""


def of_database(path):
    """All but `migrations` and `about`."""
    database = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
    database.text_factory = Text
    facts = {"engine": "sqlite", "encoding": pragma(database, "encoding").decode()}
    for name in ("page_size", "page_count", "freelist_count", "auto_vacuum", "user_version",
                 "application_id"):
        facts[name] = pragma(database, name)
    rows = database.execute("SELECT type, name, tbl_name, sql, rootpage FROM sqlite_schema")
    schema = sorted(rows, key=lambda row: row[:3])
    facts["schema_fingerprint"] = hashlib.sha256(b"".join(map(schema_record, schema))).hexdigest()
    facts["objects"] = {name_of(kind + b" " + name): described(kind, table, sql, page)
                        for kind, name, table, sql, page in schema}
    facts["tables"] = {name_of(name): of_table(database, name)
                       for kind, name, _, _, page in schema if kind == b"table" and page}
    database.close()
    return facts


def pragma(database, name):
    return database.execute(f"PRAGMA {name}").fetchone()[0]


def schema_record(row):
    sql = row[3]
    return b"".join(map(sized, row[:3])) + bytes([sql is not None]) + sized(sql or b"")


def described(kind, table, sql, page):
    about = {"table": name_of(table), "sql_sha256": sql and hashlib.sha256(sql).hexdigest()}
    return about | ({"virtual": True} if kind == b"table" and not page else {})


def name_of(name):
    try:
        return name.decode()
    except UnicodeDecodeError:
        return "bytes:" + name.hex()


def quoted(name):
    return '"' + name.decode().replace('"', '""') + '"'


def of_table(database, name):
    about = database.execute(f"PRAGMA table_xinfo({quoted(name)})").fetchall()
    columns = [row[1] for row in about if row[6] in (0, 3)]  # plain, and stored generated ones
    rowid = name_of_rowid(database, name, {row[1].lower() for row in about})
    wanted = ", ".join(rowid + [quoted(column) for column in columns])
    rows = database.execute(f"SELECT {wanted} FROM {quoted(name)} NOT INDEXED").fetchall()
    encoding = pragma(database, "encoding").decode()
    digest = digest_sum(b"".join(encoded(value, encoding) for value in row) for row in rows)
    return {"rows": len(rows), "columns": [name_of(column) for column in columns],
            "without_rowid": not rowid, "digest": digest.to_bytes(32, "little").hex()}


def name_of_rowid(database, table, columns):
    """A list of one, or of none."""
    free = [name for name in ("rowid", "_rowid_", "oid") if name.encode() not in columns]
    try:
        database.execute(f"SELECT {free[0]} FROM {quoted(table)} LIMIT 0")
        return free[:1]
    except (IndexError, sqlite3.OperationalError):
        return []


def encoded(value, encoding):
    if value is None:
        return b"\5"
    if isinstance(value, int):
        return struct.pack("<Bq", 1, value)
    if isinstance(value, float):
        return struct.pack("<Bd", 2, value)
    if isinstance(value, Text) and encoding != "UTF-8":
        value = Text(value.decode().encode(encoding))  # as stored
    return bytes([3 if isinstance(value, Text) else 4]) + sized(value)
