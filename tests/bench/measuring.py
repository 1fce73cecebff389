"""Runs one command and says what it cost: wall and CPU seconds, peak anonymous memory."""

import os
import subprocess
import threading
import time
from collections import namedtuple
from pathlib import Path

SAMPLE_SECONDS = 0.02
# New children are looked for in every fifth sample: walking all threads costs more than
# reading one file.
CHILDREN_EVERY = 5
TAIL_BYTES = 2000

Cost = namedtuple("Cost", "wall user system memory")
# What to run: an argument list, what it needs in the environment, and where it runs.
Command = namedtuple("Command", "arguments environment directory", defaults=({}, None))


class CommandFailed(Exception):
    """A command that did not succeed; the message ends with the end of its output."""


def run(command, log):
    """The cost of the command with all its children, which must succeed."""
    with open(log, "ab") as output:
        started = time.perf_counter()
        process = subprocess.Popen(
            [str(argument) for argument in command.arguments], cwd=command.directory,
            env=clean_environment(command.environment), stdin=subprocess.DEVNULL,
            stdout=output, stderr=subprocess.STDOUT)
        sampler = MemorySampler(process.pid)
        sampler.start()
        _, status, usage = os.wait4(process.pid, 0)
        wall = time.perf_counter() - started
    process.returncode = os.waitstatus_to_exitcode(status)
    sampler.stop()
    if process.returncode != 0:
        raise CommandFailed(failure(command, process.returncode, log))
    return Cost(wall, usage.ru_utime, usage.ru_stime, sampler.peak)


def clean_environment(additions):
    """Nothing of the caller's settings may reach a candidate."""
    kept = {name: os.environ[name] for name in ("PATH", "TMPDIR", "LD_LIBRARY_PATH")
            if name in os.environ}
    return {**kept, "LC_ALL": "C.UTF-8", **{name: str(value)
                                          for name, value in additions.items()}}


def failure(command, status, log):
    tail = Path(log).read_bytes()[-TAIL_BYTES:].decode(errors="replace")
    line = " ".join(str(argument) for argument in command.arguments)
    return f"exit status {status} of: {line}\n{tail}"


class MemorySampler(threading.Thread):
    """The largest sum of RssAnon over a process and its children, in bytes."""

    def __init__(self, pid):
        super().__init__(daemon=True)
        self.root = pid
        self.peak = 0
        self.over = threading.Event()

    def stop(self):
        self.over.set()
        self.join()

    def run(self):
        pids = [self.root]
        sample = 0
        while not self.over.wait(SAMPLE_SECONDS):
            if sample % CHILDREN_EVERY == 0:
                pids = family(self.root)
            sample += 1
            self.peak = max(self.peak, sum(map(anonymous_bytes, pids)))


def family(pid):
    found = [pid]
    for parent in found:
        found += children(parent)
    return found


def children(pid):
    try:
        tasks = os.listdir(f"/proc/{pid}/task")
        texts = [Path(f"/proc/{pid}/task/{task}/children").read_text() for task in tasks]
    except OSError:
        return []
    return [int(word) for text in texts for word in text.split()]


def anonymous_bytes(pid):
    try:
        text = Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return 0
    for line in text.splitlines():
        if line.startswith("RssAnon:"):
            return int(line.split()[1]) * 1024
    return 0
