#!/usr/bin/python3
"""Tries the protocol of collection exhaustively: every interleaving, breadth first, of the
scenarios below. The protocol must keep every invariant of README.md in every state that can be
reached; each planted mistake must break one, or the model is blind. Exit status 0 only when both
are so, in a minute of processor time for all of it together. `--traces` also prints, step by step,
how each planted mistake does its harm; `--seconds N` is another limit.
"""

import argparse
import resource
import signal
import sys
import time
from collections import deque
from dataclasses import replace
from multiprocessing import Pool, Value

from protocol import DEAD, LIVE, OTHER, P, R, Model, Protocol, Scenario

FORGETTING = Scenario(writers=1, old_refs=DEAD, forgets="old new", late=True)
RECOVERY = Scenario(writers=1, packs=0, tries=2, stores=True, late=True)
MOVES = Scenario(writers=1, holds_p=DEAD | LIVE, wants=(LIVE,), old_refs=LIVE, moves=True)
READING = replace(MOVES, writers=0, reader=True, forgets="old")
COPY = Scenario(writers=1, tries=2, stores=True, copies=True, late=True)
DAMAGE = Scenario(late=True, damage=True)
SPARSE = Scenario(writers=1, old_refs=DEAD, sparse=DEAD, forgets="old")

SECONDS = 120  # of processor time, a minute of two cores: what takes longer is not run each time

# The protocol is safe in each of these.
SAFE = [
    ("three writers, two collectors", Scenario(writers=3, late=True)),
    ("an old snapshot is forgotten meanwhile", FORGETTING),
    ("new snapshots are forgotten meanwhile", Scenario(forgets="new")),
    ("two packs, a stale index comes late",
     Scenario(writers=1, packs=P | R, wants=(DEAD, OTHER), old_refs=OTHER, forgets="old")),
    ("packs of live and crashed sessions", replace(RECOVERY, births=True)),
    ("the same, listed before their session ends", RECOVERY),
    ("the same beside an old pack", replace(RECOVERY, packs=P, late=False, births=True)),
    ("a plan that a writer cannot read", DAMAGE),
    ("the same, packs of a crashed session", replace(RECOVERY, births=True, damage=True)),
    ("segments are moved beside a writer", replace(MOVES, wants=(DEAD, LIVE))),
    ("segments are moved, snapshots forgotten", replace(MOVES, forgets="old")),
    ("segments are moved under a reader", READING),
    ("a copy into this repository", COPY),
    ("a copy, and forgetting", replace(COPY, tries=1, forgets="new")),
    ("sparse segments", SPARSE),
]

# Each of these mistakes loses data, or breaks what it names, and the model must see it.
PLANTED = [
    ("the index is read before collect/", Scenario(), {"opening": ("session", "index", "collect")}),
    ("the session is created after the list", Scenario(),
     {"opening": ("collect", "session", "index")}),
    ("the collector does not wait for sessions", Scenario(), {"waits": False}),
    ("it does not read references again", Scenario(), {"rereads": False}),
    ("a writer ignores that it was voided", Scenario(), {"obeys_void": False}),
    ("a plan that cannot be read counts as none", DAMAGE, {"distrusts_damaged": False}),
    ("a collection ends before its deletions", RECOVERY, {"tail": ("publish", "end", "delete")}),
    ("what is forgotten meanwhile does not count", FORGETTING, {"names_forgotten": False}),
    ("an ended collection is acted upon", FORGETTING, {"checks_open": False}),
    ("a collector that gives up ends the collection", Scenario(), {"gives_up": True}),
    ("a number is used again", FORGETTING, {"unique_numbers": False}),
    ("index entries are believed without a listing",
     Scenario(writers=1, packs=P | R, wants=(OTHER,), old_refs=OTHER, forgets="old"),
     {"lists_packs": False}),
    ("recovery takes packs that are listed", RECOVERY, {"recovery_skips": False}),
    ("packs are deleted before the index is published", READING,
     {"tail": ("delete", "publish", "end")}),
    ("a reader does not read the index again", READING, {"reader_rereads": False}),
    ("collectors judge by their own measure", replace(MOVES, wants=(DEAD, LIVE)),
     {"judges_alike": False}),
    ("a listed pack counts as elsewhere", replace(MOVES, writers=0), {"elsewhere_unlisted": False}),
    ("a copy relies on a listed pack", COPY, {"copy_skips": False}),
    ("a copy gives a collected pack its old name", COPY,
     {"copy_renames": False, "copy_waits": True}),
    ("writers dedup against sparse segments", SPARSE, {"avoids_sparse": False}),
    ("the sparse list goes with its collection", SPARSE, {"sparse_stays": False}),
]


def explore(model):
    """Breadth first over all states: (number of states, None or (invariant, trace))."""
    first = model.initial()
    before, queue = {first: None}, deque([first])
    while queue:
        state = queue.popleft()
        for _, following in model.steps(state):
            if following in before:
                continue
            before[following] = state
            broken = model.broken(following)
            if broken:
                return len(before), (broken, trace(model, before, following))
            queue.append(following)
    return len(before), None


def trace(model, before, state):
    names = []
    while before[state] is not None:
        previous = before[state]
        names.append(next(name for name, after in model.steps(previous) if after == state))
        state = previous
    return names[::-1]


class TooLong(Exception):
    """The processor time for all scenarios together is used up."""


def limit(seconds, used):
    """Of one process: what the scenarios before it have left."""
    def stop(*_):
        raise TooLong
    signal.signal(signal.SIGXCPU, stop)
    left = max(1, round(seconds - used.value))
    resource.setrlimit(resource.RLIMIT_CPU, (left, left + 5))


def examine(job):
    """One line of the result; the trace of a violation is kept for whoever asks."""
    name, scenario, change = job
    begun = time.process_time()
    states, violation = explore(Model(scenario, replace(Protocol(), **change), not change))
    as_expected = bool(violation) == bool(change)
    verdict = "violation found, as expected" if violation else "safe"
    if not as_expected:
        verdict = "VIOLATION" if violation else "NO VIOLATION FOUND: the model is blind to this"
    seconds = time.process_time() - begun
    line = f"{name:48} {states:8} states {seconds:6.2f} s  {verdict}"
    return as_expected, line, violation, seconds


def examine_all(jobs, seconds, traces):
    used = Value("d", 0.0)
    good = True
    with Pool(2, limit, (seconds, used), maxtasksperchild=1) as pool:
        for as_expected, line, violation, taken in pool.imap(examine, jobs):
            print(line, flush=True)
            if violation and (not as_expected or traces):
                print("    " + violation[0] + ":\n    - " + "\n    - ".join(violation[1]))
            good = good and as_expected
            used.value += taken
            if used.value > seconds:
                raise TooLong
    print(f"{used.value:.0f} s of processor time")
    return good


def main(arguments):
    parser = argparse.ArgumentParser()
    parser.add_argument("--traces", action="store_true")
    parser.add_argument("--seconds", type=int, default=SECONDS)
    asked = parser.parse_args(arguments)
    jobs = [(name, scenario, {}) for name, scenario in SAFE] + PLANTED
    try:
        return 0 if examine_all(jobs, asked.seconds, asked.traces) else 1
    except TooLong:
        print(f"The scenarios take more than {asked.seconds} s of processor time: not all of them "
              "were explored. Make them smaller, or the steps of protocol.py cheaper.")
        return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
