"""A FerretDB for tests in Python, and enough of MongoDB's protocol to write into it."""

import contextlib
import itertools
import os
import pathlib
import socket
import struct
import subprocess
import time

PATIENCE = 30  # seconds
TRIES = 5


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as free:
        return free.getsockname()[1]


class Server:
    def __init__(self, folder, *options):
        folder.mkdir()
        for _ in range(TRIES):
            self.port = free_port()
            self.process = subprocess.Popen(
                [os.environ["LIFEBOAT_FERRETDB"], "--handler=sqlite",
                 f"--sqlite-url=file:{folder}/", "--state-dir=-",
                 f"--listen-addr=127.0.0.1:{self.port}", "--debug-addr=-",
                 "--telemetry=disable", "--log-level=error", *options], cwd=folder,
                stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            if self.comes_up():
                return
            self.stop()
        raise RuntimeError("FerretDB does not listen")

    def comes_up(self):
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline and self.process.poll() is None:
            if self.listens():
                return True
            time.sleep(0.05)
        return False

    def listens(self):
        """Itself, and not another process that took the port first."""
        for line in pathlib.Path("/proc/net/tcp").read_text().splitlines()[1:]:
            _, address, _, state, *_, inode = line.split()[:10]
            if int(address.split(":")[1], 16) == self.port and state == "0A":
                return f"socket:[{inode}]" in self.opened()
        return False

    def opened(self):
        opened = set()
        with contextlib.suppress(FileNotFoundError):  # a descriptor that was closed meanwhile
            for each in pathlib.Path(f"/proc/{self.process.pid}/fd").iterdir():
                opened.add(os.readlink(each))
        return opened

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
