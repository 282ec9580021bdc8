"""The folder of a run, and how a person names a run."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from hive_tui.recording.files import open_file

LOG = "log"
SUMMARY = "summary.json"
MARKERS = "markers.json"


class NoSuchRunError(LookupError):
    """No run, or more than one, goes by that name; the message says what to type instead."""


def open_name(number: int) -> str:
    """File of the raw records of block `number`, until it is sealed."""
    return f"open-{number:08d}"


def run_ids(root: Path) -> list[str]:
    """Ids of all recorded runs under the runs' folder, newest first (ids sort by their time)."""
    try:
        found = [entry.name for entry in os.scandir(root) if entry.is_dir() and not entry.name.startswith(".")]
    except FileNotFoundError:
        return []
    return sorted((name for name in found if (root / name / LOG).is_file()), reverse=True)


def find_run(root: Path, name: str) -> Path:
    """The folder of a run by id, unique prefix, `last`, or path of its folder or log.

    Raises:
        NoSuchRunError: nothing, or more than one run, fits.
    """
    path = Path(name)
    if os.sep in name or (name and (path / LOG).is_file()):
        folder = path.parent if path.name == LOG and path.is_file() else path
        if (folder / LOG).is_file():
            return folder
        raise NoSuchRunError(f"{name}: no recording there (a run's folder holds a file named {LOG})")
    ids = run_ids(root)
    if name == "last":
        if not ids:
            raise NoSuchRunError(f"no run has been recorded yet in {root}")
        return root / ids[0]
    if name.lower() in ids:
        return root / name.lower()
    fits = [each for each in ids if each.startswith(name.lower())]
    if name and len(fits) == 1:
        return root / fits[0]
    if name and fits:
        shown = ", ".join(fits[:4])
        raise NoSuchRunError(f"{name}: {len(fits)} runs begin so ({shown}); type more of the id")
    raise NoSuchRunError(f"{name or '(empty)'}: no such run in {root}; `hive runs` lists them")


def is_written(folder: Path) -> bool:
    """Whether a live process holds the run's log for writing.

    Raises:
        OSError: what is there cannot be read.
    """
    try:
        log = open_file(folder / LOG)
    except FileNotFoundError:
        return False
    with log:
        # An empty one is just being begun: its writer must not find our lock there before it has its own.
        if not os.fstat(log.fileno()).st_size:
            return True
        try:
            fcntl.flock(log, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
    return False


@contextmanager
def held(folder: Path) -> Iterator[None]:
    """Change the files beside the log, one process at a time; the folder itself is locked, for the log's lock is its
    writer's.

    Raises:
        OSError: the folder is not there or cannot be read.
    """
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)
