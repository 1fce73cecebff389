"""Runs a command beside a small disk, as the end of a bwrap command line, and fills that disk when
the command opens the last of some files: small_disk.py DISK SEED HELD,HELD… COMMAND…
What is in the folder SEED lies on the disk from the beginning."""
import errno
import pathlib
import shutil
import subprocess
import sys
import time

from held import Held


def fill(filler):
    try:
        while True:
            filler.write(bytes(1 << 20))
    except OSError as error:
        if error.errno != errno.ENOSPC:
            raise


def main(disk, seed, files, *command):
    shutil.copytree(seed, disk, dirs_exist_ok=True)
    first, *later = files.split(",")
    held = Held(first)
    started = subprocess.Popen(command)
    held.wait()
    for path in later:
        following = Held(path)
        held.release()
        held = following
        held.wait()
    with open(pathlib.Path(disk, "filler"), "wb", buffering=0) as filler:
        fill(filler)
        held.release()
        while started.poll() is None:
            fill(filler)
            time.sleep(0.01)
    return started.returncode


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
