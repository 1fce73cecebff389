#!/usr/bin/python3
"""Lifeboat beside restic, borg and rustic: same data, same run, interleaved, medians.

Everything is made below one folder (--work) and removed at the end, except for the data, the
results and the profiles, which later runs and people use.
"""

import argparse
import os
import shutil
import subprocess
import sys
from pathlib import Path

import data as data_maker
import report
from candidates import CANDIDATES, ROOT, Lifeboat, build_rustic
from measuring import CommandFailed, run as run_command
from phases import PHASES

MARK = ".lifeboat-bench"


def main():
    options = parse()
    if options.build_rustic:
        build_rustic()
    require_programs(options.tools)
    work = open_work(options.work)
    provided = data_maker.provide(work / "data", options.scale, options.tree)
    require_space(work, provided)
    run = Run(work, provided, options)
    try:
        run.rounds(options.rounds)
        if options.profile:
            run.profile()
    finally:
        shutil.rmtree(run.folder)
    if options.remove_data:
        shutil.rmtree(work / "data")
    return report.publish(run, options, work)


def parse():
    parser = argparse.ArgumentParser(prog="tools/dev bench", description=__doc__.splitlines()[0])
    parser.add_argument("--work", type=Path, default=ROOT / "build" / "bench",
                        help="the folder for everything (build/bench)")
    parser.add_argument("--only", action="append", choices=PHASES, metavar="PHASE",
                        help=f"only this phase, may be repeated: {', '.join(PHASES)}")
    parser.add_argument("--tools", type=tool_names, default=["lifeboat", "restic", "borg"],
                        help=f"comma-separated, of {', '.join(CANDIDATES)}")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--scale", type=float, default=1.0,
                        help="the share of the data; 0.01 for trying the bench out")
    parser.add_argument("--tree", default="auto",
                        help="auto (a copy of /usr/lib and /usr/share when large enough, else "
                             "made), made, real, or a folder, which is only read")
    parser.add_argument("--lifeboat", type=Path, help="the program (build/release/lifeboat)")
    parser.add_argument("--build-rustic", action="store_true", help="build rustic first, once")
    parser.add_argument("--profile", action="store_true",
                        help="then run each phase of Lifeboat once more under perf")
    parser.add_argument("--write-docs", action="store_true",
                        help="put the tables into docs/benchmarks.md")
    parser.add_argument("--remove-data", action="store_true",
                        help="do not keep the data for the next run")
    options = parser.parse_args()
    if options.lifeboat:
        Lifeboat.program = options.lifeboat.resolve()
    return options


def tool_names(text):
    names = text.split(",")
    unknown = [name for name in names if name not in CANDIDATES]
    if unknown:
        raise argparse.ArgumentTypeError(f"no such tool: {', '.join(unknown)}")
    return names


def require_programs(names):
    missing = [f"{name} is not there: {advice}" for name in names
               if (advice := CANDIDATES[name].missing())]
    if missing:
        raise SystemExit("\n".join(missing))


def open_work(work):
    """Only a folder that this bench made is ever cleared."""
    work = work.resolve()
    if work.is_dir() and any(work.iterdir()) and not (work / MARK).exists():
        raise SystemExit(f"{work} is not empty and not from an earlier run: name another --work")
    (work / "data").mkdir(parents=True, exist_ok=True)
    (work / MARK).touch()
    return work


def require_space(work, provided):
    """Four repositories and a restored tree at a time, roughly."""
    needed = 4 * data_maker.size_of(provided.tree).bytes + 6 * provided.database.stat().st_size
    free = shutil.disk_usage(work).free
    if free < needed:
        raise SystemExit(f"{work} needs {needed >> 20} MiB free and has {free >> 20}")


class Run:
    """One comparison: what is measured with, where, and what came out."""

    def __init__(self, work, provided, options):
        self.data = provided
        self.tools = options.tools
        self.phases = [name for name in PHASES if name in (options.only or PHASES)]
        self.folder = work / "run"
        self.logs = work / "logs"
        self.profiles = work / "profiles"
        self.samples = {}
        self.failures = []
        self.candidates = {}
        self.round = 0
        self.profiling = False
        for folder in (self.folder, self.logs, self.profiles):
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir()
        self.database = self.folder / "live.db"

    def rounds(self, count):
        for self.round in range(count):
            print(f"round {self.round + 1} of {count}", flush=True)
            for name in self.phases:
                PHASES[name](self)
            self.forget_candidates()

    def profile(self):
        if shutil.which("perf") is None:
            raise SystemExit("--profile needs perf: install linux-perf")
        self.profiling = True
        self.tools = ["lifeboat"]
        self.rounds(1)

    def order(self, names):
        """Another goes first in each round."""
        wanted = [name for name in names if name in CANDIDATES or not self.profiling]
        shift = self.round % len(wanted)
        return wanted[shift:] + wanted[:shift]

    def fresh(self, name, subject):
        """A candidate with an empty repository; nothing when it cannot make one."""
        place = self.folder / f"{name}-{subject}"
        shutil.rmtree(place, ignore_errors=True)
        source = {"tree": self.data.tree, "quarter": self.data.quarter,
                  "database": self.database}[subject]
        candidate = CANDIDATES[name](place, source, subject == "database")
        self.candidates[name, subject] = candidate
        return candidate if self.attempt("init", name, candidate.init()) else None

    def with_backup(self, name, subject):
        """A candidate whose repository has a backup, taken unmeasured when there is none."""
        if (name, subject) in self.candidates:
            return self.candidates[name, subject]
        candidate = self.fresh(name, subject)
        taken = candidate and self.attempt("preparing", name, candidate.backup())
        return candidate if taken else None

    def forget_candidates(self):
        for candidate in self.candidates.values():
            shutil.rmtree(candidate.place, ignore_errors=True)
        self.candidates.clear()

    def put_database(self, source):
        """Into the same file, as an application's work would be."""
        shutil.copyfile(source, self.database)

    def warm(self, path):
        """The page cache is warm for all alike, and nobody waits for another's writes."""
        subprocess.run(f"find '{path}' -type f -print0 | xargs -0 -r cat > /dev/null",
                       shell=True, check=True)
        os.sync()

    def measure(self, phase, name, command):
        if self.profiling:
            return self.record_profile(phase, name, command)
        cost = self.attempt(phase, name, command)
        if cost is None:
            return False
        self.samples.setdefault(phase, {}).setdefault(name, []).append(cost._asdict())
        print(f"  {phase:14} {name:28} {cost.wall:8.2f} s wall {cost.user:8.2f} s user "
              f"{cost.memory / 1e6:7.0f} MB", flush=True)
        return True

    def note(self, phase, name, **values):
        if not self.profiling:
            self.samples[phase][name][-1].update(values)

    def attempt(self, phase, name, command):
        log = self.logs / f"{phase}-{name.replace(' ', '-').replace('|', '')}.log"
        try:
            return run_command(command, log)
        except (CommandFailed, OSError) as error:
            self.fail(phase, name, str(error))
            return None

    def fail(self, phase, name, message):
        self.failures.append({"round": self.round, "phase": phase, "tool": name,
                              "message": message})
        print(f"  {phase:14} {name:28} FAILED: {message}", flush=True)

    def record_profile(self, phase, name, command):
        recorded = self.profiles / f"{phase}.perf"
        arguments = ["perf", "record", "--quiet", "-F", "499", "-g", "-o", recorded, "--",
                     *command.arguments]
        done = self.attempt(phase, name, command._replace(arguments=arguments))
        if done:
            said = subprocess.run(
                ["perf", "report", "--stdio", "--no-children", "-g", "none", "--percent-limit",
                 "0.5", "--sort", "dso,symbol", "-i", recorded],
                capture_output=True, text=True, check=False).stdout
            (self.profiles / f"{phase}.txt").write_text(said)
        return done is not None

if __name__ == "__main__":
    sys.exit(main())
