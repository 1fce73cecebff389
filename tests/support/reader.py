#!/usr/bin/python3
"""An independent reader of repositories, written from docs/format.md alone (its sections are §n);
what engines keep is in docs/format-engines.md (E). It shares no code with Lifeboat.

  reader.py list    REPO KEY
  reader.py restore REPO KEY SNAPSHOT DEST     makes DEST/SOURCE/… of every source

REPO is a directory, KEY `passphrase:VARIABLE` of the environment or `file:PATH` of a key file or a
recipient's seed. SNAPSHOT is an id, the beginning of one, or `latest`. Every hash, commitment, tag,
certificate and signature that is met is checked; verifier.py beside this meets all there are.
Exit status: 0 yes, 1 damage was found, 2 this key or program cannot read it, or wrong usage.
"""

import collections
import functools
import hashlib
import hmac
import json
import os
import re
import stat
import struct
import sys
from pathlib import Path

import zstandard
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from nacl.exceptions import CryptoError
from nacl.public import PrivateKey, SealedBox
from nacl.pwhash import argon2id
from nacl.signing import SigningKey, VerifyKey

KEY_SLOT, SESSION, PACK, INDEX, SNAPSHOT, VOID, STATEMENT, COLLECT = range(1, 9)  # objects
ROLE_BUNDLE, INFORMATION, DIRECTORY, _, HEAD, BODY, _, _, SEGMENT = range(1, 10)  # sealed parts
ROLES = {1: "admin", 2: "writer", 3: "reader", 4: "collector"}
SIGNERS = {  # §1 and §9, by the first letters of roles
    "session": "wca", "index": "wca", "snapshot": "wa", "void": "wca", "forgotten": "ca"}
FILE, FOLDER, SYMLINK, HARD_LINK, SPECIAL, DATABASE = range(1, 7)
LARGEST_SEALED, LARGEST_OBJECT = 256 << 20, 257 << 20
LARGEST_SEGMENT, LARGEST_CHUNK, LARGEST_RECORD = 8 << 20, 1 << 20, 1 << 30
SPECIALS = (stat.S_IFIFO, stat.S_IFCHR, stat.S_IFBLK)
TYPES = {FILE: [stat.S_IFREG], FOLDER: [stat.S_IFDIR], SYMLINK: [stat.S_IFLNK], SPECIAL: SPECIALS,
         HARD_LINK: (stat.S_IFREG, stat.S_IFLNK, *SPECIALS)}
BLOCK = 4096  # of zeros, that becomes a hole

class Damage(Exception):
    """Something is not what the document says it must be."""

class WrongKey(Damage):
    """A commitment differs."""

class Unreadable(Exception):
    """This key, or this program, cannot read it; nothing is said about its health."""

# Whatever libraries refuse, and code that believes JSON to be of the promised shape, is damage too.
MALFORMED = (Damage, InvalidTag, CryptoError, zstandard.ZstdError, KeyError, TypeError,
             AttributeError, ValueError, IndexError, RecursionError)

def need(condition, message):
    if not condition:
        raise Damage(message)

# ---- §1 conventions ----
class Cursor:
    """Takes fields from the front of some bytes, and never more than there are."""

    def __init__(self, data, what):
        self.data, self.what, self.at = data, what, 0

    def take(self, size):
        need(size <= len(self.data) - self.at, f"{self.what} ends too early")
        self.at += size
        return bytes(self.data[self.at - size:self.at])

    def fields(self, layout):
        return struct.unpack("<" + layout, self.take(struct.calcsize("<" + layout)))

    def number(self, layout="I"):
        return self.fields(layout)[0]

    def sized(self, limit=LARGEST_OBJECT):
        size = self.number()
        need(size <= limit, f"{self.what} has a field over its limit")
        return self.take(size)

    def text(self, limit=LARGEST_OBJECT):
        text = self.sized(limit).decode()
        need("\0" not in text, f"{self.what} has a text with a zero")
        return text

    def short(self):
        return self.take(self.number("B"))

    def before(self):
        return bytes(self.data[:self.at])

    def rest(self):
        return self.take(len(self.data) - self.at)

    def end(self):
        need(self.at == len(self.data), f"{self.what} has bytes after its end")

def canonical(data, what):
    """Parses JSON with whole numbers only, and insists on the one way to write it."""
    value = json.loads(data.decode(), parse_float=int, parse_constant=int)
    again = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    need(again.encode() == data, f"{what} is not canonical JSON")
    return value

def from_hex(text, size, what="a JSON text"):
    need(re.fullmatch(f"([0-9a-f]{{2}}){{{size}}}", text), f"{what} has no {size} bytes in hex")
    return bytes.fromhex(text)

def prefixed(data, expected, what):
    """A cursor behind the prefix of an object."""
    cursor = Cursor(data, what)
    magic, kind, version, reserved = cursor.fields("4sBBH")
    need(magic == b"LFBT", f"{what} does not begin as an object")
    if version > 1:
        raise Unreadable(f"{what} was made by a newer version (format {version})")
    need((kind, version, reserved) == (expected, 1, 0), f"{what} is of another type")
    return cursor

def sized(data):
    return struct.pack("<I", len(data)) + data

def digest(data):
    return hashlib.sha256(data).digest()

# ---- §3 keys and seals ----
def hkdf(key, salt, information, length):
    return HKDF(hashes.SHA256(), length, salt, information).derive(key)

def sealing(key, salt, kind):
    """(AES key, commitment)."""
    return struct.unpack("32s32s", hkdf(key, salt + bytes([kind]), b"lifeboat 1 sealed", 64))

def expand(method, length, body, what):
    """Undoes method 0 or 1, to exactly the promised length."""
    need(method in (0, 1), f"{what} has an unknown compression")
    if method == 1:
        need(zstandard.frame_content_size(body) in (-1, length), f"{what} has a wrong frame")
        body = zstandard.ZstdDecompressor().decompress(
            body, max_output_size=max(length, 1), allow_extra_data=False)
    need(len(body) == length, f"{what} has another length than it says")
    return body

def unseal(key, repository, place, clear, part):
    """The plaintext of a sealed part; `place` is (type, name)."""
    (kind, name), what = place, f"the sealed part of {place[1]}"
    cursor = Cursor(part, what)
    salt, commitment = cursor.fields("32s32s")
    aes, expected = sealing(key, salt, kind)
    if not hmac.compare_digest(commitment, expected):
        raise WrongKey(f"{what} is sealed under another key")
    bound = repository + struct.pack("<BH", kind, 1) + sized(name.encode()) + clear
    plain = Cursor(AESGCM(aes).decrypt(bytes(12), cursor.rest(), bound), what)
    method, length = plain.fields("BI")
    need(length <= LARGEST_SEALED, f"{what} is over its limit")
    return expand(method, length, plain.rest(), what)

Certificate = collections.namedtuple("Certificate", "role name public")

def read_certificate(data, repository, root_public):
    cursor = Cursor(data, "a certificate")
    role, name = cursor.number("B"), cursor.text(100)
    message = b"lifeboat 1 certificate" + repository + cursor.before()
    public, signature = cursor.fields("32s64s")
    cursor.end()
    need(role in ROLES and re.fullmatch("[^\x00-\x1f\x7f]+", name), "a certificate is malformed")
    VerifyKey(root_public).verify(message + public, signature)
    return Certificate(ROLES[role], name, public)

class Keys:
    """What a role bundle gives, checked against itself, its slot and the repository."""

    def __init__(self, plain, slot, repository, config_hash):
        bundle = canonical(plain, "a role bundle")
        self.role, self.repository = bundle["role"], repository
        need(bundle["format"] == 1 and (self.role, bundle["name"]) == slot, "another slot's bundle")
        need(from_hex(bundle["repository"], 16) == repository, "a bundle is another repository's")
        need(from_hex(bundle["config"], 32) == config_hash, "config is not the one of the keys")
        self.root_public = from_hex(bundle["root_public"], 32)
        signing = SigningKey(from_hex(bundle["signing_seed"], 32))
        certificate = from_hex(bundle["certificate"], len(bundle["certificate"]) // 2)
        need(read_certificate(certificate, repository, self.root_public)
             == Certificate(*slot, bytes(signing.verify_key)), "a certificate is not its role's")
        given = {name: from_hex(bundle[name], 32)
                 for name in ("root", "index", "chunk_id", "box_seed") if name in bundle}
        if self.role == "admin":
            for name in ("index", "chunk id", "box seed"):
                given[name.replace(" ", "_")] = hkdf(
                    given["root"], repository, b"lifeboat 1 " + name.encode(), 32)
        self.index, self.chunk_id, self.box = given["index"], given.get("chunk_id"), None
        if self.role in ("admin", "reader"):
            self.box = PrivateKey.from_seed(given["box_seed"])
            need(bytes(self.box.public_key) == from_hex(bundle["recipients"][0], 32),
                 "the first recipient is not the repository")

    def check_signed(self, cursor, name, kind):
        """Takes certificate and signature from the end of an object and judges both."""
        signer = read_certificate(cursor.sized(1024), self.repository, self.root_public)
        message = b"lifeboat 1 signed" + self.repository + sized(name.encode()) + cursor.before()
        signature = cursor.take(64)
        cursor.end()
        VerifyKey(signer.public).verify(digest(message), signature)
        need(signer.role[0] in SIGNERS[kind], f"{cursor.what}: a {signer.role} may not sign it")
        if kind in ("session", "snapshot") or (kind == "void" and signer.role == "writer"):
            writer = digest(signer.public)[:8].hex()
            need(name.split("/")[1] == writer, f"{cursor.what} is signed by another writer")

def slot_key(kind, cursor, passphrase, secret):
    """K of a slot, the cursor at its kind fields, or nothing when it is for another kind of key."""
    if kind == 1:
        salt, memory, passes = cursor.fields("16sQI")
        need(memory <= 1 << 30 and passes <= 32, "a key slot asks for too much work")
        return passphrase is not None and argon2id.kdf(
            32, passphrase, salt, opslimit=passes, memlimit=memory)
    if kind == 2:
        return secret and hkdf(secret, None, b"lifeboat 1 key file", 32)
    need(kind == 3, "a key slot is of an unknown kind")
    public, box = cursor.fields("32s80s")
    private = PrivateKey.from_seed(secret) if secret else None
    return private and bytes(private.public_key) == public and SealedBox(private).decrypt(box)

def read_key_slot(data, credential, repository, config_hash):
    """The Keys, or None when the credential is not for this slot."""
    cursor = prefixed(data, KEY_SLOT, "a key slot")
    kind, role, name = *cursor.fields("BB"), cursor.text(100)
    key = slot_key(kind, cursor, *credential)
    clear, part = cursor.before(), cursor.rest()
    return key and Keys(unseal(key, repository, (ROLE_BUNDLE, "keys/"), clear, part),
                        (ROLES.get(role), name), repository, config_hash)

# ---- §2 and §4 to §9: the other objects ----
Birth = collections.namedtuple("Birth", "salt session commitment")
Segment = collections.namedtuple("Segment", "birth number offset stored raw method chunks")
Snapshot = collections.namedtuple("Snapshot", "id name head segments sealed")
Entry = collections.namedtuple("Entry", "path kind size modified chunks metadata")
Metadata = collections.namedtuple(
    "Metadata", "mode uid gid user group sparse link device attributes")

def read_config(data):
    """The repository id."""
    need(len(data) <= 64 << 10, "config is over its limit")
    config = canonical(data, "config")
    need(config["magic"] == "lifeboat repository", "this is no repository")
    if config["format"] > 1 or config["features"]["read"]:
        raise Unreadable("the repository was made by a newer version")
    need(config["format"] == 1, "config has an unknown format")
    return from_hex(config["id"], 16, "config")

def read_session(data, name, keys):
    """The session key."""
    cursor = prefixed(data, SESSION, name)
    _, _, count = cursor.fields("QQH")
    boxes = dict(cursor.fields("32s80s") for _ in range(count))
    clear, part = cursor.before(), cursor.sized()
    keys.check_signed(cursor, name, "session")
    canonical(unseal(keys.index, keys.repository, (INFORMATION, name), clear, part), name)
    if not keys.box:
        raise Unreadable(f"the role {keys.role} may not read contents")
    need(bytes(keys.box.public_key) in boxes, f"{name} is not sealed to the repository")
    return SealedBox(keys.box).decrypt(boxes[bytes(keys.box.public_key)])

def read_snapshot(data, name, keys):
    cursor = prefixed(data, SNAPSHOT, name)
    prefix, head, body = cursor.before(), cursor.sized(), cursor.sized()
    keys.check_signed(cursor, name, "snapshot")
    plain = Cursor(unseal(keys.index, keys.repository, (HEAD, name), prefix, head), name)
    content = canonical(plain.sized(), name)
    need(f"snapshots/{content['writer']}/{content['seq']:016x}" == name, f"{name} is of elsewhere")
    segments = plain.sized(), plain.sized()  # used, thin
    plain.end()
    return Snapshot(digest(data).hex(), name, content, segments, (prefix + sized(head), body))

def read_sealed(data, place, keys, signers):
    """The plaintext of an index, statement or collect object; `place` is (type, name)."""
    cursor = prefixed(data, *place)
    prefix, part = cursor.before(), cursor.sized()
    keys.check_signed(cursor, place[1], signers)
    return unseal(keys.index, keys.repository, place, prefix, part)

def read_index(data, keys):
    """{pack name: (size, directory plaintext)}"""
    plain = Cursor(read_sealed(data, (INDEX, "index/"), keys, "index"), "an index")
    found = {}
    for _ in range(plain.number()):
        name, size, _ = plain.fields("32sQ8s")  # and the origin, which is for writers
        found[f"packs/{name.hex()[:2]}/{name.hex()}"] = (size, plain.sized())
    plain.end()
    return found

def read_directory(plain):
    """(segments, where the last one ends)."""
    cursor, offset, births, segments = Cursor(plain, "a pack directory"), 40, [], []
    for _ in range(cursor.number("H")):
        salt, writer, seq, commitment = cursor.fields("32s8sQ32s")
        births.append(Birth(salt, (writer.hex(), seq), commitment))
    for _ in range(cursor.number()):
        birth, number, at, stored, raw, method, count = cursor.fields("HIIIIBH")
        need(birth < len(births) and at == offset and 16 < stored <= raw + 16
             and raw <= LARGEST_SEGMENT and count, "a pack directory is inconsistent")
        chunks = tuple(cursor.take(32) for _ in range(count))
        segments.append(Segment(births[birth], number, at, stored, raw, method, chunks))
        offset += stored
    cursor.end()
    need(segments, "a pack directory is empty")
    return segments, offset

def open_segment(segment, stored, session_key, keys):
    """{chunk id: chunk}, each chunk's id recomputed."""
    what, birth = f"segment {segment.number}", segment.birth
    aes, commitment = sealing(session_key, birth.salt, SEGMENT)
    need(hmac.compare_digest(commitment, birth.commitment), f"{what} is sealed under another key")
    clear = (keys.repository + struct.pack("<BH", SEGMENT, 1) + birth.salt
             + struct.pack("<IIIB", segment.number, segment.stored, segment.raw, segment.method))
    plain = AESGCM(aes).decrypt(struct.pack("<IQ", 0, segment.number), stored, clear)
    cursor = Cursor(expand(segment.method, segment.raw, plain, what), what)
    need(cursor.number() == len(segment.chunks), f"{what} counts its chunks wrongly")
    lengths, found = [cursor.number() for _ in segment.chunks], {}
    for expected, length in zip(segment.chunks, lengths):
        need(1 <= length <= LARGEST_CHUNK, f"{what} has a chunk of an impossible length")
        found[expected] = cursor.take(length)
        actual = hmac.digest(keys.chunk_id, found[expected], "sha256")
        need(hmac.compare_digest(actual, expected), f"{what} has a chunk of another id")
    cursor.end()
    return found

def read_entries(stream):  # §5
    cursor = Cursor(stream, "an entry stream")
    while cursor.at < len(stream):
        yield read_entry(cursor.sized(LARGEST_RECORD))

def read_entry(record):
    cursor = Cursor(record, "an entry")
    path = cursor.sized(64 << 10)
    kind, size, modified, _, _ = cursor.fields("BQqBI")
    metadata, count = cursor.sized(), cursor.number()
    need(count * 36 == len(record) - cursor.at, f"{path!r} counts its chunks wrongly")
    need(FILE <= kind <= DATABASE, f"{path!r} is of an unknown kind")
    need(b"\0" not in path and (not path or not {b"", b".", b".."} & set(path.split(b"/"))),
         f"{path!r} is no safe path")
    chunks = [cursor.fields("32sI") for _ in range(count)]
    return Entry(path, kind, size, modified, chunks, metadata)

def read_metadata(entry):
    cursor = Cursor(entry.metadata, f"the metadata of {entry.path!r}")
    if cursor.number("B") > 1:
        raise Unreadable(f"{cursor.what} is of a newer version")
    metadata = (database_metadata if entry.kind == DATABASE else file_metadata)(cursor, entry)
    cursor.end()
    return metadata

def file_metadata(cursor, entry):  # E1
    flags, mode, uid, gid = cursor.fields("BIII")
    user, group = cursor.short(), cursor.short()
    link = cursor.sized(1 << 20) if flags & 2 else b""
    device = os.makedev(*cursor.fields("II")) if flags & 4 else 0
    attributes = [(cursor.short(), cursor.sized(64 << 10))
                  for _ in range(cursor.number("H") if flags & 8 else 0)]
    need(stat.S_IFMT(mode) in TYPES[entry.kind] and flags < 16
         and bool(link) == (entry.kind in (SYMLINK, HARD_LINK)), f"{cursor.what} does not fit")
    return Metadata(mode, uid, gid, user, group, flags & 1, link, device, attributes)

def database_metadata(cursor, entry):  # E2
    mode, uid, gid = cursor.fields("III")
    user, group, (_, page_size, pages) = cursor.sized(256), cursor.sized(256), cursor.fields("qII")
    need(page_size * pages == entry.size, f"{cursor.what} promises another size")
    return Metadata(mode & 0o777, uid, gid, user, group, 0, b"", 0, [])

# ---- a repository in a directory ----
class Repository:
    """Objects by name. Whatever is asked for is there and checked, or Damage is raised."""

    def __init__(self, root, credential):
        self.root, self.places = Path(root), {}
        config = self.get("config")
        self.keys = self._unlock(credential, read_config(config), digest(config))

    def get(self, name):
        path = self.root / name
        need(path.is_file() and not path.is_symlink(), f"{name} is missing")
        need(path.stat().st_size <= LARGEST_OBJECT, f"{name} is over its limit")
        data = path.read_bytes()
        if name.split("/")[0] in ("keys", "index", "statements", "packs"):
            need(digest(data).hex() == path.name, f"{name} is not what its name says")
        return data

    def names(self, folder):
        return [str(path.relative_to(self.root))
                for path in sorted((self.root / folder).rglob("*")) if not path.is_dir()]

    def _unlock(self, credential, identity, config_hash):
        """The first slot that opens, but rather one that may read contents."""
        found, damaged = None, []
        for name in self.names("keys"):
            try:
                keys = read_key_slot(self.get(name), credential, identity, config_hash)
                found = keys if keys and (found is None or not found.box) else found
            except WrongKey:
                continue
            except MALFORMED as damage:
                damaged.append(f"{name}: {damage}")
        if not found:
            raise Unreadable("; ".join(["no key slot opens with this key"] + damaged))
        return found

    @functools.lru_cache(None)
    def session_key(self, writer, seq):
        name = f"sessions/{writer}/{seq:016x}"
        return read_session(self.get(name), name, self.keys)

    def statement(self, name):
        kind = name.split("/")[1]
        place = (STATEMENT, f"statements/{kind}/")
        content = canonical(read_sealed(self.get(name), place, self.keys, kind), name)
        need(content["kind"] == kind and content["time"], f"{name} is of another kind")
        return content

    def snapshots(self):
        """Those that count, oldest first."""
        gone = {self.statement(name)["snapshot"] for name in self.names("statements/forgotten")}
        found = [self.end_of_session(name) for name in self.names("snapshots")]
        return sorted((each for each in found if each and each.id not in gone),
                      key=lambda each: (each.head["time"], each.id))

    def end_of_session(self, name):
        """The Snapshot at a name, or None for a void."""
        data = self.get(name)
        if data[4:5] != bytes([VOID]):
            return read_snapshot(data, name, self.keys)
        cursor = prefixed(data, VOID, name)
        cursor.text()  # the reason
        self.keys.check_signed(cursor, name, "void")
        return None

    def choose(self, wanted):
        found = self.snapshots()
        chosen = found[-1:] if wanted == "latest" else [s for s in found if s.id.startswith(wanted)]
        if len(chosen) != 1:
            raise Unreadable(f"{wanted} names {len(chosen)} snapshots")
        return chosen[0]

    def body(self, snapshot):
        key = self.session_key(snapshot.head["writer"], snapshot.head["seq"])
        plain = unseal(key, self.keys.repository, (BODY, snapshot.name), *snapshot.sealed)
        body = canonical(plain, snapshot.name)
        named = [{"name": source["name"], "type": source["type"]} for source in body["sources"]]
        heads = [{"name": source["name"], "type": source["type"]}
                 for source in snapshot.head["sources"]]
        need(named == heads, f"{snapshot.name}: head and body differ")
        return body

    def load_index(self):
        """Chunk id to a (pack, segment) that holds it."""
        directories, present = {}, set(self.names("packs"))
        for name in self.names("index"):
            directories.update(read_index(self.get(name), self.keys))
        for name in present & directories.keys():
            for segment in read_directory(directories[name][1])[0]:
                self.places.update((chunk, (name, segment)) for chunk in segment.chunks)

    @functools.lru_cache(64)
    def decode(self, name, segment):
        with open(self.root / name, "rb") as pack:
            pack.seek(segment.offset)
            stored = pack.read(segment.stored)
        return open_segment(segment, stored, self.session_key(*segment.birth.session), self.keys)

    def chunk(self, chunk, length):
        need(chunk in self.places, f"no pack holds the chunk {chunk.hex()}")
        content = self.decode(*self.places[chunk])[chunk]
        need(len(content) == length, f"chunk {chunk.hex()} has another length than its list says")
        return content

    def entries(self, source):
        listed = source["entries"]
        stream = b"".join(self.chunk(from_hex(each[0], 32), each[1]) for each in listed["chunks"])
        entries = list(read_entries(stream))
        need((len(stream), len(entries)) == (listed["size"], listed["count"]),
             "an entry stream has another size or count than its body says")
        return entries

# ---- commands ----
def credential(text):
    """(passphrase, None) or (None, the 32 bytes of a key file)"""
    kind, _, value = text.partition(":")
    if kind == "passphrase" and value in os.environ:
        return os.environb[os.fsencode(value)], None
    file = kind == "file" and re.fullmatch(rb"([0-9a-f]{64})(\r?\n)?", Path(value).read_bytes())
    if not file:
        raise Unreadable("KEY is passphrase:VARIABLE, which is set, or file:PATH of a key file")
    return None, bytes.fromhex(file[1].decode())

def list_snapshots(repository):
    for snapshot in repository.snapshots():
        head = snapshot.head
        print(snapshot.id, head["time"], head["service"], f"{head['entries']} entries",
              f"{head['bytes']} bytes", "" if head["complete"] else "incomplete")

def restore(repository, wanted, destination):
    snapshot = repository.choose(wanted)
    os.mkdir(destination, 0o700)
    repository.load_index()
    for source in repository.body(snapshot)["sources"]:
        need(re.fullmatch("[A-Za-z0-9_-]+", source["name"]), f"{source['name']!r} is no safe name")
        tree = Tree(repository, os.fsencode(os.path.join(destination, source["name"])))
        for entry in repository.entries(source):
            tree.add(entry)
        tree.finish()

class Tree:
    """One source below a folder of its own. What it made itself is no link that leads elsewhere."""

    def __init__(self, repository, root):
        self.repository, self.root = repository, root
        self.folders, self.made = {b"": None}, set()
        os.mkdir(root, 0o700)

    def add(self, entry):
        metadata = read_metadata(entry)
        need(entry.path.rpartition(b"/")[0] in self.folders, f"{entry.path!r} comes too early")
        target = os.path.join(self.root, entry.path)
        if entry.kind == FOLDER:
            os.makedirs(target, 0o700, exist_ok=not entry.path)
            self.folders[entry.path] = entry, metadata
            return
        if entry.kind == HARD_LINK:
            need(metadata.link in self.made, f"{entry.path!r} is a link to nothing")
            os.link(os.path.join(self.root, metadata.link), target, follow_symlinks=False)
            return
        self.make(entry, metadata, target)
        self.made.add(entry.path)
        self.set_properties(entry, metadata)

    def make(self, entry, metadata, target):
        if entry.kind == SYMLINK:
            os.symlink(metadata.link, target)
        elif entry.kind == SPECIAL:
            os.mknod(target, stat.S_IFMT(metadata.mode) | 0o600, metadata.device)
        else:
            with open(target, "xb") as file:
                for chunk in entry.chunks:
                    self.write(file, self.repository.chunk(*chunk), metadata.sparse)
                file.truncate(file.tell())

    def write(self, file, content, sparse):
        for at in range(0, len(content), BLOCK):
            block = content[at:at + BLOCK]
            hole = sparse and block.count(0) == len(block)
            file.seek(len(block), os.SEEK_CUR) if hole else file.write(block)

    def set_properties(self, entry, metadata):
        """Owner by number, attributes, mode, time; what this user may not set is said."""
        target, mode = os.path.join(self.root, entry.path), stat.S_IMODE(metadata.mode)
        ids = (metadata.uid, metadata.gid)
        if not attempt("owner", target, os.chown, *ids, follow_symlinks=False):
            mode &= ~(stat.S_ISUID | stat.S_ISGID)
        for name, value in sorted(metadata.attributes, key=lambda each: each[0][:7] == b"system."):
            attempt(name, target, os.setxattr, name, value, follow_symlinks=False)
        if entry.kind != SYMLINK:
            attempt("mode", target, os.chmod, mode)
        attempt("time", target, os.utime, ns=(entry.modified,) * 2, follow_symlinks=False)

    def finish(self):
        for made in filter(None, reversed(list(self.folders.values()))):
            self.set_properties(*made)

def attempt(what, target, action, *arguments, **options):
    try:
        action(target, *arguments, **options)
    except OSError as error:
        print(f"not set: {what} of {target!r}: {error.strerror}", file=sys.stderr)
        return False
    return True

def main(arguments):
    commands = {("list", 3): list_snapshots, ("restore", 5): restore}
    os.umask(0o077)
    try:
        action = commands.get((*arguments[:1], len(arguments)))
        if not action:
            raise Unreadable(__doc__)
        action(Repository(arguments[1], credential(arguments[2])), *arguments[3:])
    except MALFORMED as damage:
        print(f"damaged: {damage!r}", file=sys.stderr)
        return 1
    except (Unreadable, OSError) as error:
        print(f"cannot read: {error}", file=sys.stderr)
        return 2
    return 0

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
