#!/usr/bin/python3
"""Verification by the independent reader: every object, and what they say of each other.

  verifier.py REPO KEY                      a repository; KEY as for reader.py
  verifier.py evidence FILE                 the signed record of a drill or restore, without any
                                            repository (docs/evidence.md)
  verifier.py evidence FILE… KEY            the same, signed or vouched for by this public key; of
                                            several drills also that each follows the one before

Exit status: 0 yes, 1 damage was found, 2 it cannot be read, or wrong usage.
"""

import base64
import collections
import json
import re
import struct
import sys
from pathlib import Path

from nacl.signing import VerifyKey
from reader import (
    COLLECT, DIRECTORY, KEY_SLOT, MALFORMED, PACK, SIGNERS, Cursor, Repository, Unreadable,
    canonical, credential, digest, from_hex, need, open_segment, prefixed, read_certificate,
    read_directory, read_index, read_sealed, unseal)

LARGEST_PACK = 256 << 20
SIGNERS.update({  # the rest of §1 and §9
    "collect": "ca", "collected": "ca", "verified": "ra", "proven": "ra", "restored": "ra",
    "signed-off": "ra", "waived": "ra", "resolved": "ra",
    "hold": "caw", "released": "caw", "note": "awrc", "stored": "awrc"})


# ---- evidence ----

STATEMENT = "application/vnd.in-toto+json"


def public_key(text):
    """The 32 bytes of an Ed25519 public key: hex, PEM, or the name of a file of either."""
    if re.fullmatch("[0-9a-f]{64}", text.strip()):
        return bytes.fromhex(text.strip())
    if not text.startswith("-----BEGIN"):
        return public_key(Path(text).read_text())
    der = base64.b64decode("".join(text.strip().splitlines()[1:-1]), validate=True)
    need(der[:-32] == bytes.fromhex("302a300506032b6570032100"), "not an Ed25519 public key")
    return der[-32:]


def signed_form(payload):
    """What DSSE 1.0 signs."""
    kind = STATEMENT.encode()
    return b"DSSEv1 %d %s %d %s" % (len(kind), kind, len(payload), payload)


def check_certified(evidence, signer, expected):
    """The certificate by which the repository vouches for the signer, and who was expected."""
    root, key = from_hex(signer["root_public"], 32), from_hex(signer["public_key"], 32)
    need(expected in (None, root, key), f"signed by another key: {key.hex()} of {root.hex()}")
    certificate = from_hex(signer["certificate"], len(signer["certificate"]) // 2)
    repository = from_hex(evidence["repository"]["id"], 16)
    certified = read_certificate(certificate, repository, root)
    need(certified.public == key, "the certificate is of another key")
    need(certified.role in ("admin", "reader"), f"a {certified.role} cannot have restored")
    return certified.name


def check_envelope(sealed, expected=None):
    """(evidence, the name of the signer, the record's digest); Damage when it is not as signed."""
    need(sealed["payloadType"] == STATEMENT, "another type of payload")
    payload = base64.b64decode(sealed["payload"], validate=True)
    statement = json.loads(payload, parse_float=int, parse_constant=int)
    evidence = statement["predicate"]
    signer = evidence["signer"]
    key = VerifyKey(from_hex(signer["public_key"], 32))
    key.verify(signed_form(payload), base64.b64decode(sealed["signatures"][0]["sig"]))
    need(statement["_type"] == "https://in-toto.io/Statement/v1", "no in-toto statement")
    kind = f"urn:x-lifeboat:{evidence['kind']}:1"
    need(statement["predicateType"] == kind, "of another type than it says")
    snapshot = evidence.get("snapshot")
    if snapshot:
        named = snapshot["id"] if isinstance(snapshot, dict) else snapshot
        need(statement["subject"][0]["digest"] == {"sha256": named}, "about another snapshot")
    return evidence, check_certified(evidence, signer, expected), digest(payload).hex()


def check_first_form(sealed, expected=None):
    """The same of a record made before records were envelopes."""
    evidence, signature = sealed["evidence"], sealed["signature"]
    again = json.dumps(evidence, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    root = from_hex(signature["root_public"], 32)
    need(expected in (None, root), f"signed under another repository's key: {root.hex()}")
    certificate = from_hex(signature["certificate"], len(signature["certificate"]) // 2)
    repository = from_hex(evidence["repository"]["id"], 16)
    signer = read_certificate(certificate, repository, root)
    message = b"lifeboat 1 evidence" + again.encode()
    VerifyKey(signer.public).verify(message, from_hex(signature["value"], 64))
    need(signer.role in ("admin", "reader"), f"a {signer.role} cannot have restored anything")
    return evidence, signer.name, digest(again.encode()).hex()


def check_evidence(text, expected=None):
    sealed = json.loads(text, parse_float=int, parse_constant=int)
    check = check_envelope if "payloadType" in sealed else check_first_form
    return check(sealed, public_key(expected) if expected else None)


def check_chain(records):
    """Each of them (evidence, digest) follows the one before."""
    first = records[0][0]
    for (before, known_as), (after, _) in zip(records, records[1:]):
        need((after["service"], after["repository"]["id"]) ==
             (first["service"], first["repository"]["id"]), "of another service or repository")
        need(after["chain"]["position"] == before["chain"]["position"] + 1,
             f"{after['id']} is not the record after {before['id']}")
        need(after["chain"]["previous"] == known_as, f"{after['id']} follows another record")


# ---- packs, and what heads name of them ----

def read_pack(data, keys):
    """The directory's plaintext of a whole pack (§6.2)."""
    header = prefixed(data, PACK, "a pack")
    salt = header.take(32)
    need(104 <= len(data) <= LARGEST_PACK, "a pack is too short or over its limit")
    length, count, _, _, again, magic = struct.unpack("<II8sQ32s8s", data[-64:])
    need((again, magic) == (salt, b"LFBTPACK"), "a pack's trailer is wrong")
    need(length <= len(data) - 104, "a pack's trailer names too long a directory")
    part = bytes(data[-64 - length:-64])
    plain = unseal(keys.index, keys.repository, (DIRECTORY, "packs/"), header.before(), part)
    segments, end = read_directory(plain)
    need((len(segments), end) == (count, len(data) - 64 - length), "a directory is of another pack")
    return plain


def read_births(plain, what):
    """{(birth salt, segment number)} (§5)"""
    found, cursor = set(), Cursor(plain, what)
    for _ in range(cursor.number()):
        salt, first = cursor.fields("32sI")
        found |= {(salt, first + 8 * at + bit) for at, byte in enumerate(cursor.sized())
                  for bit in range(8) if byte >> bit & 1}
    cursor.end()
    return found


# ---- the whole repository ----

def numbered(repository, folder):
    """(name, (writer, seq)) of sessions or snapshots."""
    for name in repository.names(folder):
        match = re.fullmatch(folder + "/([0-9a-f]{16})/([0-9a-f]{16})", name)
        need(match, f"{name} is no name of an object")
        yield name, (match[1], int(match[2], 16))


class Verification:
    """Looks at every object, and at all that they say of each other."""

    def __init__(self, repository):
        self.repository, self.findings = repository, []
        self.lengths, self.held = {}, collections.defaultdict(set)

    def attempt(self, name, check, *arguments):
        try:
            return check(*arguments)
        except MALFORMED as damage:
            self.findings.append(f"{name}: {damage}")
            return None

    def run(self):
        repository = self.repository
        for name in repository.names("keys"):
            self.attempt(name, lambda name=name: prefixed(repository.get(name), KEY_SLOT, name))
        for name, place in numbered(repository, "sessions"):
            self.attempt(name, repository.session_key, *place)
        directories = {name: self.attempt(name, self.pack, name)
                       for name in repository.names("packs")}
        for name in repository.names("index"):
            self.attempt(name, self.index, name, directories)
        for name in repository.names("statements"):
            if name.split("/")[1] in SIGNERS:  # later versions add kinds
                self.attempt(name, repository.statement, name)
        for name in repository.names("collect"):
            self.attempt(name, self.collect, name)
        self.attempt("the index", repository.load_index)
        self.attempt("the history", self.history)
        return self.findings

    def pack(self, name):
        repository, data = self.repository, self.repository.get(name)
        plain = read_pack(data, repository.keys)
        for segment in read_directory(plain)[0]:
            key = repository.session_key(*segment.birth.session)
            stored = data[segment.offset:segment.offset + segment.stored]
            for chunk, content in open_segment(segment, stored, key, repository.keys).items():
                self.lengths[chunk] = len(content)
                self.held[chunk].add((segment.birth.salt, segment.number))
        return len(data), plain

    def index(self, name, directories):
        for pack, entry in read_index(self.repository.get(name), self.repository.keys).items():
            need(directories.get(pack) in (None, entry), f"it describes {pack} otherwise than that")

    def collect(self, name):
        keys = self.repository.keys
        canonical(read_sealed(self.repository.get(name), (COLLECT, name), keys, "collect"), name)

    def history(self):
        """Every snapshot, and that no sequence number is missing (§5)."""
        repository, kept = self.repository, []
        forgotten = [repository.statement(name)
                     for name in repository.names("statements/forgotten")]
        gone = {each["snapshot"] for each in forgotten}
        ended = {(each["writer"], each["seq"]) for each in forgotten}
        for name, place in numbered(repository, "snapshots"):
            ended.add(place)
            snapshot = self.attempt(name, repository.end_of_session, name)
            if snapshot and snapshot.id not in gone:
                kept.append(snapshot)
                self.attempt(name, self.snapshot, snapshot)
        ids = {snapshot.id for snapshot in kept}
        for snapshot in kept:
            for other in set(snapshot.head["needs"]) - ids:
                self.findings.append(f"{snapshot.name} needs {other}, which is not there")
        self.sequences(ended, kept)

    def sequences(self, ended, kept):
        begun = {place for _, place in numbered(self.repository, "sessions")}
        highest, promised = collections.Counter(), set()
        for writer, seq in begun | ended:
            highest[writer] = max(highest[writer], seq)
        for snapshot in kept:
            for writer, seen in snapshot.head["seen"].items():
                highest[writer] = max(highest[writer], seen["max"])
                ended_then = set(range(1, seen["max"] + 1)) - set(seen["open"])
                promised |= {(writer, number) for number in ended_then}
        for writer, last in highest.items():
            for seq in range(1, last + 1):
                if (writer, seq) not in ended | begun - promised:
                    self.findings.append(f"snapshots/{writer}/{seq:016x}: hidden or lost")

    def snapshot(self, snapshot):
        used, thin = (read_births(each, snapshot.name) for each in snapshot.segments)
        need(thin <= used, "a thin segment that is not used")
        for source in self.repository.body(snapshot)["sources"]:
            listed = source["entries"]["chunks"]
            self.used(used, ((from_hex(chunk, 32), size) for chunk, size in listed))
            for entry in self.repository.entries(source):
                self.used(used, entry.chunks)

    def used(self, used, chunks):
        for chunk, length in chunks:
            need(self.lengths.get(chunk) == length, f"chunk {chunk.hex()} is missing or shorter")
            need(used & self.held[chunk], f"chunk {chunk.hex()} is in no segment that is used")


def verify_repository(place, key):
    findings = Verification(Repository(place, credential(key))).run()
    for finding in findings:
        print(finding)
    need(not findings, f"{len(findings)} findings")


def verify_evidence(files, expected=None):
    checked = [check_evidence(Path(file).read_text(), expected) for file in files]
    check_chain([(evidence, known_as) for evidence, _, known_as in checked])
    for evidence, signer, _ in checked:
        print(f"{evidence.get('verdict', 'signed')}, signed by {signer}",
              "" if expected else "under a key that was not named")


def main(arguments):
    try:
        if arguments[:1] == ["evidence"] and len(arguments) > 1:
            *files, key = arguments[1:] if len(arguments) > 2 else [arguments[1], ""]
            verify_evidence(files, None if key in ("", "-") else key)
        elif len(arguments) == 2:
            verify_repository(*arguments)
        else:
            raise Unreadable(__doc__)
    except MALFORMED as damage:
        print(f"damaged: {damage!r}", file=sys.stderr)
        return 1
    except (Unreadable, OSError) as error:
        print(f"cannot read: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
