"""The programs that are compared. Each gives the commands for one repository with one thing in
it; all that a candidate keeps (repository, caches, state) lies below its own fresh folder."""

import shutil
import subprocess
from pathlib import Path

from measuring import Command

ROOT = Path(__file__).resolve().parent.parent.parent
PASSWORD = "a passphrase for measuring only"
RUSTIC_VERSION = "0.11.4"


class Candidate:
    """`source` is a folder, or a SQLite file when `is_database`."""

    name = ""
    program = ""

    def __init__(self, place, source, is_database):
        self.place = place
        self.source = source
        self.is_database = is_database
        self.repository = place / "repository"
        self.backups = 0
        place.mkdir(parents=True)

    def command(self, *arguments, directory=None):
        return Command([self.program, *arguments], self.environment(), directory)

    def environment(self):
        return {"HOME": self.place / "home"}

    @classmethod
    def missing(cls):
        """What to do when the program is not there, or nothing."""
        return None if shutil.which(cls.program) else f"install {cls.name} (tools/install bench)"

    @classmethod
    def version(cls):
        return first_line([cls.program, "version"])


class Lifeboat(Candidate):
    name = "lifeboat"
    program = ROOT / "build" / "release" / "lifeboat"
    service = "measured"

    def __init__(self, place, source, is_database):
        super().__init__(place, source, is_database)
        kind = "sqlite" if is_database else "files"
        self.config = place / "lifeboat.yaml"
        self.state = place / "state"
        self.config.write_text(
            f'version: 1\nservices:\n  {self.service}:\n'
            f'    sources: {{data: {{type: {kind}, path: "{source}"}}}}\n'
            f'    repositories: [local]\nrepositories:\n'
            f'  local: {{url: "{self.repository}", '
            f'key: {{passphrase: "${{LIFEBOAT_PASSPHRASE}}"}}}}\n')

    def environment(self):
        return {**super().environment(), "LIFEBOAT_PASSPHRASE": PASSWORD,
                "LIFEBOAT_STATE": self.state, "LIFEBOAT_CACHE": self.place / "cache",
                "LIFEBOAT_CONFIG": self.config}

    def init(self):
        return self.command("init")

    def backup(self):
        return self.command("backup", self.service)

    def restore(self, target):
        return self.command("restore", self.service, "--to", target, "--yes")

    def verify(self):
        return self.command("verify", "--read-data")

    def drill(self):
        return self.command("drill", "run", self.service, "--json")

    @classmethod
    def missing(cls):
        return None if Path(cls.program).is_file() else "build it: tools/dev build release lifeboat"


class Restic(Candidate):
    name = "restic"
    program = "restic"

    def environment(self):
        return {**super().environment(), "RESTIC_PASSWORD": PASSWORD,
                "RESTIC_REPOSITORY": self.repository, "RESTIC_CACHE_DIR": self.place / "cache"}

    def init(self):
        return self.command("init", "--quiet", "--repository-version", "2")

    def backup(self):
        return self.command("backup", "--quiet", self.source)

    def restore(self, target):
        return self.command("restore", "latest", "--quiet", "--target", target)

    def verify(self):
        return self.command("check", "--quiet", "--read-data")


class Borg(Candidate):
    name = "borg"
    program = "borg"

    def environment(self):
        return {**super().environment(), "BORG_PASSPHRASE": PASSWORD,
                "BORG_REPO": self.repository, "BORG_BASE_DIR": self.place / "home",
                "BORG_CACHE_DIR": self.place / "cache"}

    def init(self):
        return self.command("init", "--encryption", "repokey-blake2")

    def backup(self):
        self.backups += 1
        return self.command("create", f"::{self.backups}", self.source)

    def restore(self, target):
        target.mkdir()
        return self.command("extract", f"::{self.backups}", directory=target)

    def verify(self):
        return self.command("check", "--verify-data")

    @classmethod
    def version(cls):
        return first_line([cls.program, "--version"])


class Rustic(Candidate):
    name = "rustic"
    home = Path.home() / ".cache" / "lifeboat" / f"rustic-{RUSTIC_VERSION}"
    program = home / "bin" / "rustic"

    def environment(self):
        return {**super().environment(), "RUSTIC_PASSWORD": PASSWORD,
                "RUSTIC_REPOSITORY": self.repository, "RUSTIC_CACHE_DIR": self.place / "cache",
                "RUSTIC_NO_PROGRESS": "true"}

    def init(self):
        return self.command("init")

    def backup(self):
        return self.command("backup", self.source)

    def restore(self, target):
        return self.command("restore", "latest", target)

    def verify(self):
        return self.command("check", "--read-data")

    @classmethod
    def missing(cls):
        if Path(cls.program).is_file():
            return None
        return "build it once: tests/bench/run --build-rustic (Rust 1.91 or newer)"

    @classmethod
    def version(cls):
        return first_line([cls.program, "--version"])


CANDIDATES = {kind.name: kind for kind in (Lifeboat, Restic, Borg, Rustic)}


def build_rustic():
    """Takes minutes; what it makes is kept for later runs."""
    if shutil.which("cargo") is None:
        raise SystemExit("rustic is built by cargo, which is not installed")
    subprocess.run(["cargo", "install", "--version", RUSTIC_VERSION, "--locked", "--root",
                    Rustic.home, "rustic-rs"], check=True)


def first_line(command):
    said = subprocess.run(command, capture_output=True, text=True, check=False).stdout
    return said.strip().splitlines()[0] if said.strip() else "unknown"
