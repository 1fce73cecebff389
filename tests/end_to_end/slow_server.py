"""A service whose dump a drill gives back to a server, which starts once it has read a file."""
import os
import pathlib
import shutil

LINES = pathlib.Path(__file__).resolve().parent.parent / "fixtures/jsonl/backup_20261121_094500.tar"
CONFIGURATION = """\
version: 1
services:
  shop:
    sources:
      db: {type: foreign, from: dumps, pattern: "*", format: jsonl, server: FerretDB 1.24}
    repositories: [local]
    drills:
      d:
        sandbox: {server: "%(place)s/ferretdb"}
        checks:
          - query: {name: orders, source: db, count: {collection: orders}, expect: "== 2000"}
repositories:
  local: {url: "%(repository)s", key: %(key)s}
"""


def prepare(stage):
    """In the place of the stage; the file that the server reads first."""
    stage.uploads.mkdir()
    stage.database.touch()
    (stage.place / "dumps").mkdir()
    shutil.copy(LINES, stage.place / "dumps")
    server, held = stage.place / "ferretdb", stage.place / "provision"
    held.touch()
    server.write_text(f'#!/bin/sh\ncat {held}\nexec {os.environ["LIFEBOAT_FERRETDB"]} "$@"\n')
    server.chmod(0o700)
    (stage.place / "lifeboat.yaml").write_text(CONFIGURATION % {
        "place": stage.place, "repository": stage.repository, "key": stage.key})
    stage.run_program("init")
    return held
