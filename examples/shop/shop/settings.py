"""The shop's configuration: four environment variables and nothing else."""

import os
from dataclasses import dataclass, field
from pathlib import Path

NAMES = ("DATABASE", "UPLOADS_DIR", "PORT", "TOKEN_KEY")
SHORTEST_TOKEN_KEY = 16


class SettingsError(Exception):
    """Names every variable that is missing or wrong, never a value that may be secret."""


@dataclass(frozen=True)
class Settings:
    database: Path
    uploads: Path
    port: int
    token_key: bytes = field(repr=False)


def from_environment(environment=os.environ):
    missing = [name for name in NAMES if not environment.get(name)]
    if missing:
        raise SettingsError("not set: " + ", ".join(missing))
    key = environment["TOKEN_KEY"].encode()
    if len(key) < SHORTEST_TOKEN_KEY:
        raise SettingsError(f"TOKEN_KEY is shorter than {SHORTEST_TOKEN_KEY} bytes")
    return Settings(Path(environment["DATABASE"]), Path(environment["UPLOADS_DIR"]),
                    _port(environment["PORT"]), key)


def _port(text):
    if not text.isdigit() or int(text) > 65535:
        raise SettingsError("PORT is not a number between 0 and 65535")
    return int(text)
