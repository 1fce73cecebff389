"""Medians, ratios and bounds of a run: result.json and tables in Markdown."""

import json
import os
import platform
import re
import statistics
import subprocess
from collections import namedtuple
from pathlib import Path

import data as data_maker
from candidates import CANDIDATES, ROOT
from phases import SHARES, VERBS

OURS = "lifeboat"
PEER = "restic"
MEMORY_LIMIT = 250e6
MEMORY_GROWTH = 1.25  # where four times as much is stored
DOCS = ROOT / "docs" / "benchmarks.md"
TITLES = {
    "first-backup": "First backup of the tree",
    "second-backup": "Second backup of the tree, nothing changed",
    "database-first": "First backup of the SQLite file",
    "increment": "Second backup of the SQLite file after a little work",
    "restore": "Full restore of the tree",
    "verify": "Verify all data of the tree's repository",
    "drill": "Drill of the SQLite file",
    "memory": "Lifeboat on a quarter of the tree's files and on all of them",
}

Bound = namedtuple("Bound", "measure limit value met")


class Medians:
    """The median of one measure of one tool in one phase; nothing when it was not measured."""

    def __init__(self, samples):
        self.samples = samples

    def of(self, phase, tool, key):
        values = [sample[key] for sample in self.samples.get(phase, {}).get(tool, [])
                  if key in sample]
        return statistics.median(values) if values else None

    def ratio(self, phase, key, tools=(OURS, PEER)):
        ours, other = (self.of(phase, tool, key) for tool in tools)
        return ours / other if ours is not None and other else None


def publish(run, options, work):
    result = collect(run, options)
    (work / "result.json").write_text(json.dumps(result, indent=1) + "\n")
    text = markdown(result)
    (work / "result.md").write_text(text)
    if options.write_docs:
        write_docs(text)
    print(text)
    print(f"{work}/result.json, result.md, logs and profiles are kept.")
    return 1 if run.failures else 0


def collect(run, options):
    size = data_maker.size_of(run.data.tree) if run.data.tree.exists() else None
    return {
        "machine": machine(run.logs),
        "versions": {name: CANDIDATES[name].version() for name in options.tools},
        "commit": git_commit(),
        "data": {"tree": run.data.tree_kind, "size": size and size._asdict(),
                 "scale": options.scale},
        "rounds": options.rounds,
        "samples": run.samples,
        "failures": run.failures,
        "bounds": [bound._asdict() for bound in bounds(Medians(run.samples))],
    }


def machine(folder):
    model = re.search(r"model name\s*:\s*(.*)", Path("/proc/cpuinfo").read_text())
    memory = int(re.search(r"MemTotal:\s*(\d+)", Path("/proc/meminfo").read_text())[1])
    system = subprocess.run(["stat", "-f", "-c", "%T", folder], capture_output=True, text=True,
                            check=False).stdout.strip()
    return {"cpu": model[1] if model else platform.machine(), "cores": os.cpu_count(),
            "memory_gb": round(memory / 1e6, 1), "kernel": platform.release(),
            "file_system": system}


def git_commit():
    return subprocess.run(["git", "-C", ROOT, "rev-parse", "--short", "HEAD"],
                          capture_output=True, text=True, check=False).stdout.strip()


def bounds(medians):
    """The rows of the table of bounds, in its order."""
    first, second = "first-backup", "second-backup"
    yield at_least("first backup: speed, restic's wall / ours", 2.4,
                   inverse(medians.ratio(first, "wall")))
    yield at_most("first backup: user CPU / restic's", 0.4, medians.ratio(first, "user"))
    yield at_most("first backup: stored / restic's", 1.03, medians.ratio(first, "stored"))
    yield at_most("second backup, unchanged: wall / restic's", 0.3, medians.ratio(second, "wall"))
    yield at_most("SQLite increment: stored / the file", 0.03, increment_share(medians))
    yield at_most("full restore: wall / the bare copy", 1.2, restore_ratio(medians))
    yield at_most("full restore: user CPU / restic's", 0.45, medians.ratio("restore", "user"))
    yield at_least("verify all data: restic's wall / ours", 1.75,
                   inverse(medians.ratio("verify", "wall")))
    yield at_most("peak anonymous memory of any phase, MB", MEMORY_LIMIT / 1e6,
                  peak_memory(medians.samples))
    yield at_most("the same, all of the tree / a quarter of it; the worst of " + ", ".join(VERBS),
                  MEMORY_GROWTH, memory_growth(medians))
    yield at_most("drill without restore and integrity check / its restore", 1.5,
                  drill_ratio(medians))


def at_most(measure, limit, value):
    met = None if value is None else value <= limit
    return Bound(measure, f"at most {limit:g}", value, met)


def at_least(measure, limit, value):
    met = None if value is None else value >= limit
    return Bound(measure, f"at least {limit:g}", value, met)


def inverse(ratio):
    return 1 / ratio if ratio else None


def increment_share(medians):
    added = medians.of("increment", OURS, "stored")
    return None if added is None else added / medians.of("increment", OURS, "source_bytes")


def restore_ratio(medians):
    ours = medians.of("restore", OURS, "wall")
    copies = [medians.of("restore", name, "wall")
              for name in ("bare copy", "bare copy, 2 threads")]
    if ours is None or None in copies:
        return None
    return ours / min(copies)


def drill_ratio(medians):
    rest = medians.of("drill", OURS, "rest")
    return None if rest is None else rest / medians.of("drill", OURS, "restore_stage")


def peak_memory(samples):
    """The worst sample, not a median: a limit is a limit."""
    peaks = [sample["memory"] for phase in samples.values() for sample in phase.get(OURS, [])]
    return max(peaks) / 1e6 if peaks else None


def memory_growth(medians):
    ratios = []
    for verb in VERBS:
        small, large = (medians.of("memory", f"{verb} of {share}", "memory") for share in SHARES)
        ratios.append(large / small if small and large else None)
    return None if None in ratios else max(ratios)


def markdown(result):
    parts = [heading(result), bounds_table(result["bounds"])]
    parts += [phase_table(result["samples"], phase) for phase in TITLES
              if phase in result["samples"]]
    if result["failures"]:
        parts.append("Failed: " + "; ".join(
            f"{failure['tool']} in {failure['phase']}" for failure in result["failures"]))
    return "\n\n".join(parts) + "\n"


def heading(result):
    host = result["machine"]
    versions = ", ".join(result["versions"].values())
    size = result["data"]["size"]
    tree = result["data"]["tree"]
    if size:
        tree += f": {size['files']} files, {size['bytes'] / 1e9:.2f} GB"
    return (f"{host['cores']} cores ({host['cpu']}), {host['memory_gb']} GB, Linux "
            f"{release(host['kernel'])}, {host['file_system']}. Commit {result['commit']}; "
            f"{versions}. The tree is {tree}; scale {result['data']['scale']:g}; "
            f"medians of {result['rounds']} rounds.")


def release(kernel):
    """The number that says which Linux it is, without the name of one machine's build."""
    return ".".join(kernel.split("-")[0].split(".")[:2])


def bounds_table(rows):
    lines = ["| measure | bound | measured | |", "|---|---|---|---|"]
    for row in rows:
        value = "not measured" if row["value"] is None else f"{row['value']:.3g}"
        verdict = {None: "", True: "met", False: "**missed**"}[row["met"]]
        lines.append(f"| {row['measure']} | {row['limit']} | {value} | {verdict} |")
    return "\n".join(lines)


def phase_table(samples, phase):
    medians = Medians(samples)
    lines = [f"**{TITLES[phase]}**", "",
             "| | wall s (least–most) | user s | system s | cores busy | memory MB | stored MB "
             f"| wall / {PEER} | user / {PEER} |", "|---|---|---|---|---|---|---|---|---|"]
    lines += [phase_row(medians, phase, tool) for tool in samples[phase]]
    return "\n".join(lines)


def phase_row(medians, phase, tool):
    walls = [sample["wall"] for sample in medians.samples[phase][tool]]
    wall, user, system = (medians.of(phase, tool, key) for key in ("wall", "user", "system"))
    stored = medians.of(phase, tool, "stored")
    cells = [tool.replace("|", "\\|"), f"{wall:.2f} ({min(walls):.2f}–{max(walls):.2f})",
             f"{user:.2f}", f"{system:.2f}", f"{(user + system) / wall:.2f}",
             f"{medians.of(phase, tool, 'memory') / 1e6:.0f}",
             "" if stored is None else f"{stored / 1e6:.1f}",
             number(medians.ratio(phase, "wall", (tool, PEER))),
             number(medians.ratio(phase, "user", (tool, PEER)))]
    return "| " + " | ".join(cells) + " |"


def number(value):
    return "" if value is None else f"{value:.2f}"


def write_docs(text):
    """Between the two marks; the rest of the page is written by people."""
    page = DOCS.read_text()
    marked = re.compile(r"(<!-- results -->\n).*(<!-- end of results -->)", re.DOTALL)
    DOCS.write_text(marked.sub(lambda match: f"{match[1]}\n{text}\n{match[2]}", page))
