#!/usr/bin/python3
"""Lifeboat on a MongoDB server beside a drain (every batch read, nothing done) and a plain insert.

Same server, same run, interleaved, medians. The server bounds all of them: its CPU stands beside.
"""

import argparse
import os
import random
import shutil
import socket
import statistics
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import report
from candidates import PASSWORD, ROOT, first_line
from measuring import Command, run

CACHE = Path.home() / ".cache" / "lifeboat"
sys.path.insert(0, str(CACHE / "pymongo-4.10.1"))

MARKS = ("<!-- results of mongodb -->", "<!-- end of results of mongodb -->")
COLLECTIONS = 10
CONNECTIONS = 4
BATCH = 1000
CHANGED = 0.001
TEXT_BYTES = 930  # a document of about 1 KB
TICKS = os.sysconf("SC_CLK_TCK")


def main():
    options = parse()
    if options.calibrate:
        return calibrate(*options.calibrate)
    work = options.work.resolve()
    if work.exists():
        raise SystemExit(f"{work} is there already: name another --work, or remove it")
    work.mkdir(parents=True)
    bench = Bench(work, options)
    try:
        bench.fill()
        for number in range(options.rounds):
            print(f"round {number + 1} of {options.rounds}", flush=True)
            bench.play(number)
        text = bench.markdown()
    finally:
        bench.server.stop()
    shutil.rmtree(work)
    print(text)
    if options.write_docs:
        write_docs(text)
    return 0


def parser_of(program, about):
    parser = argparse.ArgumentParser(prog=program, description=about.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--lifeboat", type=Path, default=ROOT / "build" / "release" / "lifeboat")
    parser.add_argument("--server", type=Path,
                        default=CACHE / "ferretdb-v1.24.0" / "ferretdb")
    parser.add_argument("--write-docs", action="store_true",
                        help="put the table into docs/benchmarks.md")
    return parser


def parse():
    parser = parser_of("tests/bench/mongodb.py", __doc__)
    parser.add_argument("--work", type=Path, default=ROOT / "build" / "bench-mongodb")
    parser.add_argument("--documents", type=int, default=400_000)
    parser.add_argument("--calibrate", nargs=2, metavar=("drain|insert", "URI"),
                        help=argparse.SUPPRESS)
    return parser.parse_args()


def client_of(uri, **options):
    import pymongo  # only where the measured process needs it
    return pymongo.MongoClient(uri, **options)


def names():
    return [f"things{number}" for number in range(COLLECTIONS)]


def calibrate(what, uri):
    """Runs as a process of its own, so that it is measured as Lifeboat is."""
    client = client_of(uri)
    with ThreadPoolExecutor(CONNECTIONS) as workers:
        list(workers.map({"drain": drain, "insert": insert}[what], [client] * COLLECTIONS, names()))
    return 0


def drain(client, name):
    for _ in client["live"][name].find_raw_batches(batch_size=20 * BATCH):
        pass


def insert(client, name):
    """The documents as they are, back into another database; reading them is not avoided."""
    from bson.raw_bson import RawBSONDocument
    for batch in client["live"][name].find_raw_batches(batch_size=BATCH):
        documents = [RawBSONDocument(each) for each in split(batch)]
        client["plain"][name].insert_many(documents, ordered=True)


def split(batch):
    at = 0
    while at < len(batch):
        size = int.from_bytes(batch[at:at + 4], "little")
        yield batch[at:at + size]
        at += size


class Server:
    """FerretDB, and what it costs. Without a log, whose ends it finds by reading all of it."""

    def __init__(self, program, place):
        place.mkdir()
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.port = free.getsockname()[1]
        self.process = subprocess.Popen(
            [program, "--handler=sqlite", f"--sqlite-url=file:{place}/", "--state-dir=-",
             f"--listen-addr=127.0.0.1:{self.port}", "--debug-addr=-", "--telemetry=disable",
             "--log-level=error"], cwd=place, stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL)
        while socket.socket().connect_ex(("127.0.0.1", self.port)) != 0:
            time.sleep(0.1)

    def uri(self, database=""):
        return f"mongodb://127.0.0.1:{self.port}/{database}?directConnection=true"

    def cpu(self):
        fields = Path(f"/proc/{self.process.pid}/stat").read_text().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / TICKS

    def stop(self):
        self.process.kill()
        self.process.wait()


class Bench:
    def __init__(self, work, options):
        self.work = work
        self.options = options
        self.server = Server(options.server, work / "server")
        self.client = client_of(self.server.uri())
        self.samples = {}
        self.random = random.Random(6)

    def fill(self):
        print(f"filling {self.options.documents} documents", flush=True)
        with ThreadPoolExecutor(CONNECTIONS) as workers:
            list(workers.map(self.fill_one, names()))

    def fill_one(self, name):
        source = random.Random(name)
        words = [f"{source.getrandbits(40):x}" for _ in range(5000)]
        count = self.options.documents // COLLECTIONS
        for first in range(0, count, BATCH):
            self.client["live"][name].insert_many(
                [self.document(source, words, number)
                 for number in range(first, min(first + BATCH, count))])

    @staticmethod
    def document(source, words, number):
        text = ""
        while len(text) < TEXT_BYTES:
            text += source.choice(words) + " "
        return {"_id": number, "number": source.random(), "at": number * 7, "text": text}

    def play(self, number):
        place = self.work / f"round{number}"
        place.mkdir()
        steps = [lambda: self.calibration("drain"), lambda: self.first_and_second(place),
                 lambda: self.calibration("insert"), lambda: self.restore(place)]
        turned = steps[:2] if number % 2 == 0 else steps[1::-1]
        for step in turned + (steps[2:] if number % 2 == 0 else steps[:1:-1]):
            step()
        shutil.rmtree(place)

    def calibration(self, what):
        self.client.drop_database("plain")
        script = [sys.executable, __file__, "--calibrate", what, self.server.uri()]
        self.measure(what, Command(script, {"HOME": Path.home()}))
        self.client.drop_database("plain")

    def lifeboat(self, place, *words):
        config = place / "lifeboat.yaml"
        config.write_text(
            "version: 1\nservices:\n  measured:\n    sources:\n"
            '      db: {type: mongodb, uri: "${MONGO_URI}", database: live}\n'
            "    repositories: [local]\nrepositories:\n"
            f'  local: {{url: "{place}/repository", '
            'key: {passphrase: "${LIFEBOAT_PASSPHRASE}"}}\n')
        return Command([self.options.lifeboat, *words], {
            "HOME": place, "LIFEBOAT_CONFIG": config, "LIFEBOAT_STATE": place / "state",
            "LIFEBOAT_CACHE": place / "cache", "LIFEBOAT_PASSPHRASE": PASSWORD,
            "MONGO_URI": self.server.uri(), "TARGET_URI": self.server.uri("restored")})

    def first_and_second(self, place):
        run(self.lifeboat(place, "init"), self.work / "log")
        first = self.measure("dump", self.lifeboat(place, "backup", "measured"))
        first["stored"] = stored(place)
        for name in names():
            for _ in range(int(self.options.documents * CHANGED / COLLECTIONS)):
                self.client["live"][name].update_one(
                    {"_id": self.random.randrange(self.options.documents // COLLECTIONS)},
                    {"$set": {"changed": self.random.random()}})
        second = self.measure("second dump", self.lifeboat(place, "backup", "measured"))
        second["stored"] = stored(place) - first["stored"]

    def restore(self, place):
        self.client.drop_database("restored")
        self.measure("restore", self.lifeboat(place, "restore", "measured", "--to",
                                              "db=env:TARGET_URI", "--yes"))
        self.client.drop_database("restored")

    def measure(self, what, command):
        before = self.server.cpu()
        cost = run(command, self.work / "log")
        sample = {**cost._asdict(), "server": self.server.cpu() - before}
        self.samples.setdefault(what, []).append(sample)
        print(f"  {what}: {cost.wall:.1f} s", flush=True)
        return sample

    def median(self, what, key):
        return statistics.median(sample[key] for sample in self.samples[what])

    def bounds(self):
        gigabytes = self.data_size() / 1e9
        wall = lambda ours, other: self.median(ours, "wall") / self.median(other, "wall")
        cpu = lambda what: (self.median(what, "user") + self.median(what, "system")) / gigabytes
        yield report.at_most("dump: wall / the drain", 1.1, wall("dump", "drain"))
        yield report.at_most("dump: client CPU, s per GB", 10, cpu("dump"))
        yield report.at_most("second dump: stored / the first", 0.02,
                             self.median("second dump", "stored") / self.median("dump", "stored"))
        yield report.at_most("restore: wall / the plain insert", 1.1, wall("restore", "insert"))
        yield report.at_most("restore: client CPU, s per GB", 8, cpu("restore"))
        yield report.at_most("peak anonymous memory, MB", 250,
                             max(sample["memory"] for what in ("dump", "second dump", "restore")
                                 for sample in self.samples[what]) / 1e6)

    def data_size(self):
        return sum(self.client["live"].command("collStats", name)["size"] for name in names())

    def markdown(self):
        machine = report.machine(self.work)
        lines = [
            f"{machine['cores']} cores ({machine['cpu']}), {machine['memory_gb']} GB, Linux "
            f"{machine['kernel']}. Commit {report.git_commit()}; "
            f"{first_line([self.options.lifeboat, 'version'])}, FerretDB v1.24.0 on SQLite; "
            f"{self.options.documents} documents in {COLLECTIONS} collections; medians of "
            f"{self.options.rounds} rounds.", "", *table_of(self.bounds()), "",
            "| | wall s (least–most) | user s | system s | memory MB | server's CPU s "
            "| stored MB |",
            "|---|---|---|---|---|---|---|"]
        for what, samples in self.samples.items():
            walls = [sample["wall"] for sample in samples]
            kept = f"{self.median(what, 'stored') / 1e6:.1f}" if "stored" in samples[0] else ""
            lines.append(
                f"| {what} | {statistics.median(walls):.2f} ({min(walls):.2f}–{max(walls):.2f}) | "
                f"{self.median(what, 'user'):.2f} | {self.median(what, 'system'):.2f} | "
                f"{self.median(what, 'memory') / 1e6:.0f} | {self.median(what, 'server'):.2f} | "
                f"{kept} |")
        return "\n".join(lines) + "\n"


def stored(place):
    return sum(path.stat().st_size for path in (place / "repository").rglob("*") if path.is_file())


def table_of(bounds):
    return ["| measure | bound | measured | |", "|---|---|---|---|",
            *(f"| {bound.measure} | {bound.limit} | {figure(bound.value)} | "
              f"{'met' if bound.met else '**missed**'} |" for bound in bounds)]


def figure(value):
    return f"{value:.3g}" if value < 1000 else f"{value:.0f}"


def write_docs(text, marks=MARKS):
    begin, end = marks
    before, rest = report.DOCS.read_text().split(begin)
    report.DOCS.write_text(f"{before}{begin}\n\n{text}\n{end}{rest.split(end)[1]}")


if __name__ == "__main__":
    sys.exit(main())
