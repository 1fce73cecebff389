"""What a program asked of the kernel, as strace wrote it down, and what of it a power loss could
undo at each moment: contents that no fsync has covered, names whose folder was not synced."""
import dataclasses
import posixpath
import re
import subprocess

WRITES = ("write", "writev", "pwrite64", "pwritev", "pwritev2", "ftruncate", "fallocate",
          "copy_file_range")
NAMES = ("openat", "mkdir", "mkdirat", "rename", "renameat", "renameat2", "link", "linkat",
         "symlink", "symlinkat", "unlink", "unlinkat", "rmdir")
SYNCS = ("fsync", "fdatasync", "syncfs", "sync")
LINE = re.compile(r"(?P<thread>\d+) +(?:<\.\.\. (?P<resumed>\w+) resumed>|(?P<name>\w+)\()"
                  r"(?P<rest>.*)")
RESULT = re.compile(r".*\) += (-?\d+)")
TEXT = r'"((?:[^"\\]|\\.)*)"'
FOLDER = r"(?:AT_FDCWD|\d+)<([^>]*)>"  # a descriptor and what it stands for


class CannotTrace(Exception):
    pass


def traced(command, log, **how):
    """Runs the command and gives what it printed and the lines of its trace."""
    tracer = ["strace", "-f", "-y", "-qq", "-s", "200", "-e", "signal=none",
              "-e", "trace=" + ",".join(WRITES + NAMES + SYNCS), "-o", str(log)]
    try:
        probe = subprocess.run([*tracer, "/bin/true"], capture_output=True, text=True, check=False)
    except FileNotFoundError as error:
        raise CannotTrace("strace is not installed: run tools/install test") from error
    if probe.returncode != 0:
        raise CannotTrace("strace may trace nothing here (does this container or this machine "
                          "forbid ptrace?), so durability cannot be shown:\n" + probe.stderr)
    ran = subprocess.run([*tracer, *command], text=True, capture_output=True, check=False, **how)
    return ran, log.read_text(errors="replace").splitlines()


@dataclasses.dataclass
class Call:
    name: str
    arguments: str
    result: int = -1
    began: int = 0

    def files(self):
        """The files behind its descriptors."""
        return re.findall(FOLDER, self.arguments)

    def written(self):
        """The file that it writes to: data may look like descriptors."""
        descriptors = re.match(rf"{FOLDER}(?:, [^,]*, {FOLDER})?", self.arguments)
        return descriptors[2] or descriptors[1]

    def names(self):
        """The names that it is about, whole."""
        found = re.findall(rf"(?:{FOLDER}, )?{TEXT}", self.arguments)
        return [posixpath.join(folder, name) for folder, name in found]


def calls(lines):
    """Each call twice, as it begins and as it ends: ("begin", call), ("end", call)."""
    unfinished = {}
    for line in lines:
        found = LINE.match(line)
        if not found:
            continue
        thread, rest = found["thread"], found["rest"]
        if found["resumed"]:
            call = unfinished.pop(thread, None)
            if call is None:
                continue
            call.arguments += rest
        elif found["name"] not in WRITES + NAMES + SYNCS:
            continue  # one that strace does not know by name is shown whatever was asked for
        else:
            call = Call(found["name"], rest.removesuffix("<unfinished ...>"))
            yield "begin", call
            if rest.endswith("<unfinished ...>"):
                unfinished[thread] = call
                continue
        ended = RESULT.match(call.arguments)
        call.result = int(ended[1]) if ended else -1
        yield "end", call


class Disk:
    """What is not durable yet. `before(call, disk)` is asked as a call begins, with this state."""

    def __init__(self):
        self.contents = {}  # paths of files, and the number of their last write
        self.names = {}     # paths that were made, moved or removed, and the number of that
        self.number = 0

    def play(self, lines, before):
        for moment, call in calls(lines):
            self.number += 1
            if moment == "begin":
                call.began = self.number
                before(call, self)
            elif call.result >= 0:
                self.done(call)

    def done(self, call):
        if call.name in SYNCS:
            self.synced(call)
        elif call.name in WRITES:
            self.contents[call.written()] = self.number
        elif call.name == "openat":
            if "O_CREAT" in call.arguments:
                self.names.setdefault(call.names()[0], self.number)
        elif call.name.startswith("rename"):
            old, new = call.names()
            self.names[old] = self.names[new] = self.number
            if old in self.contents:
                self.contents[new] = self.contents.pop(old)
        else:  # made or removed; of a link, the name that is new comes last
            name = call.names()[-1]
            self.names[name] = self.number
            if call.name.startswith(("unlink", "rmdir")):
                self.contents.pop(name, None)

    def synced(self, call):
        """What was done before it began is durable now."""
        whole = call.name in ("sync", "syncfs")
        for kept, is_name in ((self.contents, False), (self.names, True)):
            for path, number in list(kept.items()):
                at = posixpath.dirname(path) if is_name else path
                if number < call.began and (whole or at == call.files()[0]):
                    del kept[path]

    def losable(self, below, but=()):
        """What below this folder a power loss could undo, without what is called so."""
        return sorted({path for path in [*self.contents, *self.names]
                       if (path + "/").startswith(f"{below}/")
                       and not any(part in path for part in but)})
