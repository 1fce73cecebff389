#!/usr/bin/python3
"""What MongoDB's log and documents of 16 MiB cost Lifeboat: pure replay, a transaction, both ways.

`tests/bench/mongodb.py` has the rest. Client CPU and memory only, so another's load changes little.
"""

import shutil
import statistics
import sys
from pathlib import Path

import mongodb
import report
from candidates import ROOT, first_line
from measuring import Command, run

MARKS = ("<!-- results of mongodb_limits -->", "<!-- end of results of mongodb_limits -->")
RATE_ENTRIES = 200_000
TRANSACTION_MB = 400  # more than the memory that is allowed
LARGEST = (16 << 20) - 100  # of a document; the rest of it is its name and its other fields
# Two in a collection: FerretDB sends sixteen at once, more than a message holds.
LARGE_DOCUMENTS = 8


def main():
    options = parse()
    work = options.work.resolve()
    if work.exists():
        raise SystemExit(f"{work} is there already: name another --work, or remove it")
    work.mkdir(parents=True)
    limits = Limits(work, options)
    try:
        limits.replay()
        limits.large_documents()
        text = limits.markdown()
    finally:
        limits.server.stop()
    shutil.rmtree(work)
    print(text)
    if options.write_docs:
        mongodb.write_docs(text, MARKS)
    return 0


def parse():
    parser = mongodb.parser_of("tests/bench/mongodb_limits.py", __doc__)
    release = ROOT / "build" / "release"
    parser.add_argument("--work", type=Path, default=ROOT / "build" / "bench-mongodb-limits")
    parser.add_argument("--replay", type=Path, default=release / "tests" / "bench" / "replay_bench",
                        help="cmake --build build/release --target replay_bench")
    return parser.parse_args()


class Limits(mongodb.Bench):
    def replay(self):
        said = self.work / "rate"
        rates = []
        for _ in range(self.options.rounds):
            said.unlink(missing_ok=True)
            run(Command([self.options.replay, "rate", RATE_ENTRIES]), said)
            rates.append(float(said.read_text().splitlines()[-1].split()[0]))
        self.rate = statistics.median(rates)
        self.measure("transaction", Command([self.options.replay, "transaction", TRANSACTION_MB]))

    def large_documents(self):
        place = self.work / "large"
        place.mkdir()
        for number in range(LARGE_DOCUMENTS):
            text = f"{self.random.getrandbits(8 * 1000):x}" * (LARGEST // 2000 + 1)
            self.client["live"][f"large{number // 2}"].insert_one(
                {"_id": number, "text": text[:LARGEST]})
        run(self.lifeboat(place, "init"), self.work / "log")
        self.measure("dump", self.lifeboat(place, "backup", "measured"))
        self.restore(place)

    def memory(self, what):
        return max(sample["memory"] for sample in self.samples[what]) / 1e6

    def bounds(self):
        yield report.at_least("replay: entries a second of CPU, pure translation", 20_000,
                              self.rate)
        for what, of in (("transaction", f"replay of a transaction of {TRANSACTION_MB} MB"),
                         ("dump", "dump of documents of 16 MiB"),
                         ("restore", "restore of documents of 16 MiB")):
            yield report.at_most(f"{of}: peak anonymous memory, MB", 250, self.memory(what))

    def markdown(self):
        machine = report.machine(self.work)
        return "\n".join([
            f"{machine['cores']} cores ({machine['cpu']}), {machine['memory_gb']} GB, Linux "
            f"{machine['kernel']}. Commit {report.git_commit()}; "
            f"{first_line([self.options.lifeboat, 'version'])}; {LARGE_DOCUMENTS} documents of "
            f"16 MiB on FerretDB v1.24.0; median of {self.options.rounds} rounds of "
            f"{RATE_ENTRIES} entries.", "", *mongodb.table_of(self.bounds())]) + "\n"


if __name__ == "__main__":
    sys.exit(main())
