"""Pieces of a log, read by docs/format.md (§11) and docs/format-engines.md ("The log") alone, on
the independent reader beside this. Whatever is not as those say raises reader.Damage."""

import collections
import struct

from nacl.public import SealedBox

import reader
from reader import need

LOG = 9  # object
LOG_HEAD, LOG_CONTENT = 10, 11  # sealed parts
reader.SIGNERS["log"] = "wa"
SIZES = {1: 8, 6: 0, 7: 12, 8: 1, 9: 8, 10: 0, 16: 4, 17: 8, 18: 8}  # of BSON, by type

Piece = collections.namedtuple("Piece", "name start end head entries")
Entry = collections.namedtuple("Entry", "position bytes")


def pieces(repository, service, source):
    """In their order, each of them sound, and each the one after the one before it."""
    found = sorted((read_piece(repository, name) for name in repository.names("logs")),
                   key=lambda piece: (piece.start, piece.end))
    found = [piece for piece in found
             if (piece.head["service"], piece.head["source"]) == (service, source)]
    for earlier, later in zip(found, found[1:]):
        need(later.entries[0] == earlier.entries[-1], f"{later.name} does not follow")
        need(later.head["about"]["previous"] == earlier.head["about"]["content"],
             f"{later.name} was made after another piece")
    return found


def read_piece(repository, name):
    keys = repository.keys
    cursor = reader.prefixed(repository.get(name), LOG, name)
    prefix, sealed_head = cursor.before(), cursor.sized()
    boxes = dict(cursor.fields("32s80s") for _ in range(cursor.number("H")))
    clear, sealed_content = cursor.before(), cursor.sized()
    keys.check_signed(cursor, name, "log")
    head = reader.canonical(
        reader.unseal(keys.index, keys.repository, (LOG_HEAD, name), prefix, sealed_head), name)
    key = SealedBox(keys.box).decrypt(boxes[bytes(keys.box.public_key)])
    content = reader.unseal(key, keys.repository, (LOG_CONTENT, name), clear, sealed_content)
    start, end = (int(part, 16) for part in name.rsplit("/", 1)[1].split("-"))
    piece = Piece(name, start, end, head, list(entries_in(content, name)))
    check(piece, content)
    return piece


def check(piece, content):
    about, entries = piece.head["about"], piece.entries
    need(piece.head["size"] == len(content), f"{piece.name} has another size")
    need(about["content"] == reader.digest(content).hex(), f"{piece.name} has other entries")
    need(about["entries"] == len(entries) > 0, f"{piece.name} has another number of entries")
    need(piece.start == entries[0].position and piece.end >= entries[-1].position,
         f"{piece.name} is not named as its entries are")
    for point, entry in ((about["first"], entries[0]), (about["last"], entries[-1])):
        need(point["seconds"] << 32 | point["increment"] == entry.position
             and point["hash"] == reader.digest(entry.bytes).hex(),
             f"{piece.name} begins or ends otherwise than it says")
    need(all(a.position < b.position for a, b in zip(entries, entries[1:])),
         f"{piece.name} is not in order")


def entries_in(content, name):
    at = 0
    while at < len(content):
        need(len(content) - at >= 5, f"{name} ends within an entry")
        size = struct.unpack_from("<i", content, at)[0]
        need(5 <= size <= len(content) - at, f"{name} ends within an entry")
        document = content[at:at + size]
        yield Entry(position_in(document, name), document)
        at += size


def position_in(document, name):
    """The `ts` of an entry: increment and seconds, as one number that orders."""
    cursor = reader.Cursor(document[4:-1], name)
    while cursor.at < len(cursor.data):
        kind = cursor.number("B")
        key = bytearray()
        while (byte := cursor.number("B")) != 0:
            key.append(byte)
        if kind == 17 and key == b"ts":
            return cursor.number("Q")
        pass_over(cursor, kind)
    raise reader.Damage(f"{name} has an entry without its time")


def pass_over(cursor, kind):
    if kind in (2, 13, 14):
        cursor.take(cursor.number())
    elif kind in (3, 4):
        cursor.take(cursor.number() - 4)
    elif kind == 5:
        cursor.take(cursor.number() + 1)
    else:
        cursor.take(SIZES[kind])
