"""The files of a checkout that the rules look at, and its table of rooms."""

import re
from collections import namedtuple

FOLDERS = ("src", "tests", "tools", "examples", ".ci")
SUFFIXES = (".cc", ".h", ".py", ".sh")
SCRIPTS = ("test", "quickstart")


class Breach(namedtuple("Breach", "path line message")):
    """One thing to mend, printed as compilers print it."""

    def __str__(self):
        return f"{self.path}:{self.line}: {self.message}"


class File:
    """One source file; `path` is relative to the root, with slashes."""

    def __init__(self, root, absolute):
        self.path = absolute.relative_to(root).as_posix()
        self.text = absolute.read_text(errors="replace")
        self.lines = self.text.splitlines()

    @property
    def is_cpp(self):
        return self.path.endswith((".cc", ".h"))

    @property
    def is_header(self):
        return self.path.endswith(".h")

    @property
    def is_test(self):
        name = self.path.rsplit("/", 1)[-1]
        return (self.path.startswith("tests/") or name.endswith("_test.cc")
                or name.startswith("test_"))

    @property
    def room(self):
        parts = self.path.split("/")
        return parts[1] if parts[0] == "src" and len(parts) > 2 else None


class Tree:
    def __init__(self, root):
        self.root = root
        self.files = [File(root, path) for path in sorted(self._paths())]
        self.allowed, self.options_of = read_directions(root / "cmake" / "Directions.cmake")

    def _paths(self):
        for script in SCRIPTS:
            if (self.root / script).is_file():
                yield self.root / script
        for folder in FOLDERS:
            for path in (self.root / folder).rglob("*"):
                if path.is_file() and is_source(path):
                    yield path

    @property
    def cpp_files(self):
        return [file for file in self.files if file.is_cpp]

    def test_depends(self, room):
        """The rooms that a room's tests may see besides the room's own."""
        lists = self.root / "src" / room / "CMakeLists.txt"
        if not lists.is_file():
            return []
        found = re.search(r"TEST_DEPENDS([a-z_\s]*)", lists.read_text())
        return found.group(1).split() if found else []


def is_source(path):
    if path.suffix in SUFFIXES:
        return True
    with path.open("rb") as file:
        return path.suffix == "" and file.read(2) == b"#!"


def read_directions(path):
    """The rooms each room may include, and those whose options.h config sees."""
    text = path.read_text()
    allowed = {}
    for name, rooms in re.findall(r'"([a-z_]+):([a-z_ ]*)"', text):
        allowed[name] = {"base", name, *rooms.split()}
    found = re.search(r"set\(LIFEBOAT_OPTIONS_OF([a-z_\s]*)\)", text)
    return allowed, set(found.group(1).split()) if found else set()
