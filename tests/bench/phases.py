"""What is measured, a function for each phase; PHASES names them in the order of a round."""

import base64
import json
import shutil
import subprocess
from pathlib import Path

import data as data_maker
from measuring import Command

HERE = Path(__file__).resolve().parent
TAR = "tar | zstd -1"
BARE_COPIES = {"bare copy": ["1"], "bare copy, 2 threads": ["2"],
               "bare copy, 2 threads, synced": ["2", "sync"]}
VERBS = ("backup", "restore", "verify")
SHARES = {"a quarter": "quarter", "all": "tree"}  # of the tree, and the subject that it is


def first_backup(run):
    for name in run.order([*run.tools, TAR]):
        run.warm(run.data.tree)
        if name == TAR:
            archive = run.folder / "tree.tar.zst"
            if run.measure("first-backup", name, tar_command(run.data.tree, archive)):
                run.note("first-backup", name, stored=archive.stat().st_size)
            archive.unlink(missing_ok=True)
        elif candidate := run.fresh(name, "tree"):
            if run.measure("first-backup", name, candidate.backup()):
                run.note("first-backup", name, stored=stored(candidate))


def second_backup(run):
    for name in run.order(run.tools):
        if not (candidate := run.with_backup(name, "tree")):
            continue
        before = stored(candidate)
        run.warm(run.data.tree)
        if run.measure("second-backup", name, candidate.backup()):
            run.note("second-backup", name, stored=stored(candidate) - before)


def increment(run):
    """The live file is put back for each candidate, so that each sees the same change."""
    for name in run.order(run.tools):
        run.put_database(run.data.database)
        if not (candidate := run.fresh(name, "database")):
            continue
        run.warm(run.database)
        if not run.measure("database-first", name, candidate.backup()):
            continue
        before = stored(candidate)
        run.note("database-first", name, stored=before)
        run.put_database(run.data.changed_database)
        run.warm(run.database)
        if run.measure("increment", name, candidate.backup()):
            run.note("increment", name, stored=stored(candidate) - before,
                     source_bytes=run.database.stat().st_size)


def restore(run):
    target = run.folder / "restored"
    for name in run.order([*run.tools, *BARE_COPIES]):
        if name in BARE_COPIES:
            run.warm(run.data.tree)
            run.measure("restore", name, bare_copy(run, target, BARE_COPIES[name]))
        elif candidate := run.with_backup(name, "tree"):
            run.warm(candidate.repository)
            if run.measure("restore", name, candidate.restore(target)):
                compare_sizes(run, "restore", name, target)
        shutil.rmtree(target, ignore_errors=True)


def compare_sizes(run, phase, name, target):
    """A restore that lost something would be fast."""
    wanted = data_maker.size_of(run.data.tree)
    got = data_maker.size_of(target)
    if got != wanted:
        run.fail(phase, name, f"restored {got}, the source has {wanted}")


def verify(run):
    for name in run.order(run.tools):
        if candidate := run.with_backup(name, "tree"):
            run.warm(candidate.repository)
            run.measure("verify", name, candidate.verify())


def drill(run):
    """Its parts are read from the evidence: the restore, the structural check that every engine
    brings (reported apart), and all the rest."""
    if "lifeboat" not in run.tools:
        return
    run.put_database(run.data.database)
    if not (candidate := run.with_backup("lifeboat", "database")):
        return
    run.warm(candidate.repository)
    if run.measure("drill", "lifeboat", candidate.drill()):
        run.note("drill", "lifeboat", **drill_parts(newest_evidence(candidate)))


def newest_evidence(candidate):
    files = sorted((candidate.state / "drills" / candidate.service).glob("*.json"))
    payload = base64.b64decode(json.loads(files[-1].read_text())["payload"])
    return json.loads(payload)["predicate"]


def drill_parts(evidence):
    stages = {stage["name"]: stage["milliseconds"] / 1000 for stage in evidence["stages"]}
    integrity = sum(check["milliseconds"] / 1000 for check in evidence["checks"]
                    if check["id"].startswith("integrity."))
    return {"restore_stage": stages["restore"], "integrity_check": integrity,
            "rest": sum(stages.values()) - stages["restore"] - integrity,
            "stages": stages, "verdict": evidence["verdict"]}


def memory(run):
    """What is held in memory must not grow with the repository: two sizes of it."""
    if "lifeboat" not in run.tools:
        return
    target = run.folder / "restored"
    for share, subject in SHARES.items():
        if not (candidate := run.fresh("lifeboat", subject)):
            continue
        commands = {"backup": candidate.backup(), "restore": candidate.restore(target),
                    "verify": candidate.verify()}
        for verb in VERBS:
            run.measure("memory", f"{verb} of {share}", commands[verb])
        shutil.rmtree(target, ignore_errors=True)


PHASES = {"first-backup": first_backup, "second-backup": second_backup, "increment": increment,
          "restore": restore, "verify": verify, "drill": drill, "memory": memory}


def tar_command(tree, archive):
    line = f"tar -C '{tree}' -cf - . | zstd -q -1 -T2 -o '{archive}'"
    return Command(["bash", "-o", "pipefail", "-c", line])


def bare_copy(run, target, arguments):
    program = run.folder / "bare_copy"
    if not program.exists():
        subprocess.run(["g++", "-std=c++20", "-O2", "-pthread", HERE / "bare_copy.cc", "-o",
                        program], check=True)
    return Command([program, run.data.tree, target, *arguments])


def stored(candidate):
    return data_maker.size_of(candidate.repository).bytes
