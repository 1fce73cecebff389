"""Who may include what: directions between rooms, owners of third-party headers,
and headers that nobody includes."""

import re
from collections import namedtuple

from tidy_rules.tree import Breach

Include = namedtuple("Include", "file line header quoted")

INCLUDE = re.compile(r'^\s*#\s*include\s*(?:"([^"]+)"|<([^>]+)>)')

# The folders of src that may include a third-party header, by the header's prefix.
OWNERS = {
    "CLI/": ["cli"],
    "archive.h": ["engine/foreign"],
    "archive_entry.h": ["engine/foreign"],
    "boost/asio": ["api"],
    "boost/beast": ["api"],
    "boost/process": ["base"],
    "bson/": ["engine/mongodb"],
    "curl/": ["net"],
    "date/": ["base", "policy"],
    "fmt/": ["*"],
    "jq.h": ["drill"],
    "libpq-fe.h": ["engine/postgresql", "catalog"],
    "libssh/": ["net"],
    "mongoc/": ["engine/mongodb"],
    "nlohmann/": ["base"],
    "oneapi/tbb": ["*"],
    "openssl/": ["crypto"],
    "prometheus/": ["api"],
    "sodium": ["crypto"],
    "spdlog/": ["base"],
    "sqlite3.h": ["engine/sqlite", "catalog"],
    "tbb/": ["*"],
    "tl/": ["base"],
    "xxhash.h": ["backup", "crypto", "engine", "repository", "storage"],
    "yaml-cpp/": ["config"],
    "zlib.h": ["engine/foreign"],
    "zstd": ["engine/foreign", "repository"],
}

# Tests make what the product only reads, so they may include these wherever they are.
TEST_HEADERS = ("gtest/", "gmock/", "rapidcheck", "sqlite3.h")
BENCH_HEADERS = ("benchmark/",)

SYSTEM_FOLDERS = ("arpa", "linux", "net", "netinet", "sys")
SYSTEM_HEADERS = frozenset("""
    cpuid.h dirent.h dlfcn.h elf.h endian.h errno.h fcntl.h fnmatch.h ftw.h getopt.h glob.h grp.h
    ifaddrs.h immintrin.h libgen.h limits.h locale.h math.h mntent.h netdb.h poll.h pthread.h
    pwd.h regex.h sched.h signal.h spawn.h stdint.h stdio.h stdlib.h string.h strings.h syslog.h
    termios.h time.h unistd.h utime.h wait.h
    """.split())


def breaches(tree):
    includes = [include for file in tree.cpp_files for include in includes_of(file)]
    for include in includes:
        message = wrong_path(include) or wrong_direction(tree, include) or wrong_owner(include)
        if message:
            yield Breach(include.file.path, include.line, message)
    yield from dead_headers(tree, includes)


def includes_of(file):
    for number, line in enumerate(file.lines, 1):
        found = INCLUDE.match(line)
        if found:
            yield Include(file, number, found.group(1) or found.group(2), bool(found.group(1)))


def wrong_path(include):
    if include.header.startswith("../") or "/../" in include.header:
        return f'"{include.header}": an include never climbs with ..'
    if include.quoted and "/" not in include.header:
        return f'"{include.header}": name the room, as in "storage/backend.h"'
    return None


def wrong_direction(tree, include):
    room, target = include.file.room, include.header.split("/")[0]
    if not include.quoted or room not in tree.allowed or target not in tree.allowed:
        return None
    if target in tree.allowed[room]:
        return None
    if include.file.is_test and target in tree.test_depends(room):
        return None
    if room == "config" and target in tree.options_of and include.header.endswith("/options.h"):
        return None
    return f'"{include.header}": {room} may not include {target}'


def wrong_owner(include):
    if include.quoted or is_system(include.header):
        return None
    if include.file.is_test and include.header.startswith(TEST_HEADERS):
        return None
    if include.file.path.startswith("tests/bench/") and include.header.startswith(BENCH_HEADERS):
        return None
    owners = owners_of(include.header)
    if not owners:
        return f"<{include.header}>: no room owns it; add its owner to tools/tidy_rules/includes.py"
    if "*" in owners or any(include.file.path.startswith(f"src/{o}/") for o in owners):
        return None
    return f"<{include.header}> belongs to {' and '.join(owners)}"


def is_system(header):
    if "/" in header:
        return header.split("/")[0] in SYSTEM_FOLDERS
    return "." not in header and not header.startswith("rapidcheck") or header in SYSTEM_HEADERS


def owners_of(header):
    return [owner for prefix, owners in OWNERS.items() if header.startswith(prefix)
            for owner in owners]


def dead_headers(tree, includes):
    """A header that only its own .cc and _test.cc include has no user."""
    used = set()
    for include in includes:
        stem = re.sub(r"(_test)?\.(cc|h)$", "", include.file.path)
        for path in (f"src/{include.header}", f"tests/{include.header}", include.header):
            if path.removesuffix(".h") != stem:
                used.add(path)
    for file in tree.cpp_files:
        if file.is_header and file.path not in used:
            yield Breach(file.path, 1, "nobody includes this header")
