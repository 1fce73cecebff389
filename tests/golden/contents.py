"""What a folder or a database holds, as JSON that can be compared: used by the maker of golden
repositories on the sources, and by the tests on what was restored."""

import hashlib
import os
import sqlite3
import stat

PLAIN_MODE = 0o1777  # what any user can restore


def sha256(data):
    return hashlib.sha256(data).hexdigest()


def of_folder(root):
    """{path: what is there}; names that are no UTF-8 as Python shows them."""
    found, first_names = {"": _of_object(root, {})}, {}
    for folder, folders, files in os.walk(root):
        folders.sort()
        for name in sorted(folders + files):
            path = os.path.join(folder, name)
            found[os.path.relpath(path, root)] = _of_object(path, first_names)
    names = {}
    for path in sorted(first_names, key=os.fsencode):  # the first name in the order of a walk
        names.setdefault(first_names[path], os.path.relpath(path, root))
    for path, key in first_names.items():
        found[os.path.relpath(path, root)]["same_file_as"] = names[key]
    return found


def _of_object(path, first_names):
    status = os.lstat(path)
    kind = stat.S_IFMT(status.st_mode)
    about = {"type": oct(kind), "modified_ns": status.st_mtime_ns}
    if kind == stat.S_IFLNK:
        return about | {"target": os.readlink(path)}
    about["mode"] = oct(status.st_mode & PLAIN_MODE)
    about["attributes"] = {name: os.getxattr(path, name).hex()
                           for name in sorted(os.listxattr(path)) if name.startswith("user.")}
    if kind != stat.S_IFDIR and status.st_nlink > 1:
        first_names[path] = status.st_ino
    if kind == stat.S_IFREG:
        with open(path, "rb") as file:
            about |= {"size": status.st_size, "sha256": sha256(file.read())}
        if status.st_blocks * 512 < status.st_size:
            about["sparse"] = True
    return about


def of_database(path):
    """Pragmas, schema and every row with its types; rows in any order."""
    database = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
    database.text_factory = bytes
    tables = database.execute(
        "SELECT name FROM sqlite_schema WHERE type = 'table' AND rootpage <> 0").fetchall()
    schema = database.execute("SELECT type, name, tbl_name, sql FROM sqlite_schema").fetchall()
    about = {"schema": sha256(repr(sorted(schema, key=repr)).encode()), "tables": {}}
    for name in ("page_size", "user_version", "application_id", "encoding", "integrity_check"):
        value = database.execute(f"PRAGMA {name}").fetchone()[0]
        about[name] = value.decode() if isinstance(value, bytes) else value
    for (name,) in sorted(tables):
        quoted = name.decode().replace('"', '""')
        rows = database.execute(f'SELECT * FROM "{quoted}"').fetchall()
        about["tables"][name.decode()] = [len(rows), sha256(repr(sorted(map(repr, rows))).encode())]
    database.close()
    return about
