"""A FerretDB for tests in Python, and enough of MongoDB's protocol to write into it."""

import itertools
import os
import socket
import struct
import subprocess
import time

PATIENCE = 30  # seconds


class Server:
    def __init__(self, folder, *options):
        folder.mkdir()
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.port = free.getsockname()[1]
        self.process = subprocess.Popen(
            [os.environ["LIFEBOAT_FERRETDB"], "--handler=sqlite", f"--sqlite-url=file:{folder}/",
             "--state-dir=-", f"--listen-addr=127.0.0.1:{self.port}", "--debug-addr=-",
             "--telemetry=disable", "--log-level=error", *options], cwd=folder,
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        deadline = time.monotonic() + PATIENCE
        while not self.listens():
            if time.monotonic() > deadline or self.process.poll() is not None:
                self.stop()
                raise RuntimeError("FerretDB does not listen")
            time.sleep(0.05)

    def listens(self):
        with socket.socket() as tried:
            return tried.connect_ex(("127.0.0.1", self.port)) == 0

    def uri(self, database=""):
        return f"mongodb://127.0.0.1:{self.port}/{database}"

    def stop(self):
        self.process.kill()
        self.process.wait()

    def command(self, database, **fields):
        """Its reply as bytes; fields in their order, the command first."""
        body = b"\0\0\0\0\0" + bson(fields | {"$db": database})
        with socket.create_connection(("127.0.0.1", self.port), PATIENCE) as connection:
            connection.sendall(struct.pack("<iiii", 16 + len(body), 1, 0, 2013) + body)
            reply = receive(connection, struct.unpack("<i", receive(connection, 4))[0] - 4)
        if b"\1ok\0" + struct.pack("<d", 1) not in reply or b"writeErrors" in reply:
            raise RuntimeError(f"{fields}: {reply!r}")
        return reply


def receive(connection, size):
    data = b""
    while len(data) < size:
        piece = connection.recv(size - len(data))
        if not piece:
            raise RuntimeError("FerretDB closed the connection")
        data += piece
    return data


def bson(fields):
    content = b"".join(element(key.encode() + b"\0", value) for key, value in fields.items())
    return struct.pack("<i", len(content) + 5) + content + b"\0"


def element(key, value):
    if isinstance(value, bool):
        return b"\x08" + key + bytes([value])
    if isinstance(value, int):
        return b"\x10" + key + struct.pack("<i", value)
    if isinstance(value, str):
        return b"\2" + key + struct.pack("<i", len(value.encode()) + 1) + value.encode() + b"\0"
    if isinstance(value, list):
        return b"\4" + key + bson(dict(zip(map(str, itertools.count()), value)))
    return b"\3" + key + bson(value)
