"""Marks that keep a run, and the trash: what lies in the runs' folder beside the runs.

A mark is an empty file named for the run in `.marked`. The trash is `.trash`: a run that is deleted is moved there in
one step, under its id and the time, and can be moved back until the trash is emptied of it.
"""

from __future__ import annotations

import errno
import fcntl
import os
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec

from hive_tui.recording.files import NoFileError, open_file
from hive_tui.recording.folder import LOG

MARKED, TRASH = ".marked", ".trash"
_THROWN = re.compile(r"(?P<run>[^.].*)\.(?P<at>\d{1,15})")
_DOOMED = re.compile(r"\.gone-.+")


class KeepingError(Exception):
    """It is not done; the message says why, and what to do."""


class Thrown(msgspec.Struct, frozen=True):
    """A run in the trash."""

    run: str
    at_s: int
    """Unix time at which it was deleted."""

    @property
    def name(self) -> str:
        return f"{self.run}.{self.at_s}"


def marked_runs(root: Path) -> set[str]:
    """Ids of the marked runs, also of such as are not there now."""
    try:
        return set(os.listdir(root / MARKED))
    except FileNotFoundError:
        return set()


def mark(root: Path, run: str) -> None:
    """Keep a run: nothing but a person's own word takes it away from now on.

    Raises:
        OSError: the folder cannot be written.
    """
    (root / MARKED).mkdir(mode=0o700, exist_ok=True)
    os.close(os.open(root / MARKED / run, os.O_WRONLY | os.O_CREAT, 0o600))


def unmark(root: Path, run: str) -> None:
    """Raises:
    OSError: the folder cannot be written.
    """
    (root / MARKED / run).unlink(missing_ok=True)


def delete(root: Path, run: str, now_s: int) -> Thrown:
    """Move a run to the trash.

    Raises:
        KeepingError: it is marked, goes on, or is not there.
        OSError: the folder cannot be written; the run is where it was.
    """
    if run in marked_runs(root):
        raise KeepingError(f"{run} is marked, so it is kept; to delete it all the same: hive runs unmark {run}")
    thrown = Thrown(run, now_s)
    with _unwritten(root / run):
        (root / TRASH).mkdir(mode=0o700, exist_ok=True)
        try:
            (root / run).rename(root / TRASH / thrown.name)
        except FileNotFoundError:
            raise _gone(root / run) from None  # Another hive was faster.
    return thrown


def restore(root: Path, run: str) -> None:
    """Move the run back that was deleted last under this id.

    Raises:
        KeepingError: none is in the trash, or the run is there.
        OSError: the folder cannot be written.
    """
    found = [each for each in trash(root) if each.run == run]
    if not found:
        raise KeepingError(f"{run} is not in the trash; `hive runs trash` lists what is")
    # Renaming a folder onto one that holds files fails, so a run that is there is never written over.
    try:
        (root / TRASH / found[0].name).rename(root / run)
    except OSError as error:
        if error.errno in (errno.ENOTEMPTY, errno.EEXIST, errno.ENOTDIR):
            raise KeepingError(f"{run} is there already: {root / run}") from error
        if error.errno == errno.ENOENT:
            raise KeepingError(f"{run}: another hive has just taken it out of the trash") from error
        raise


def trash(root: Path) -> list[Thrown]:
    """What can be moved back, the newest first.

    Raises:
        OSError: it cannot be read.
    """
    try:
        names = os.listdir(root / TRASH)
    except FileNotFoundError:
        return []
    found = [Thrown(match["run"], int(match["at"])) for name in names if (match := _THROWN.fullmatch(name))]
    return sorted(found, key=lambda each: (each.at_s, each.run), reverse=True)


def empty(root: Path, before_s: int) -> list[Thrown]:
    """Remove for good what was deleted before that time; gives what is gone.

    Raises:
        OSError: something of it cannot be removed.
    """
    old = [each for each in trash(root) if each.at_s < before_s]
    gone = []
    for each in old:
        # Whoever restores it at this moment has it whole or not at all.
        doomed = root / TRASH / f".gone-{each.name}"
        try:
            (root / TRASH / each.name).rename(doomed)
        except FileNotFoundError:
            continue
        gone.append(each)
    try:
        left = [name for name in os.listdir(root / TRASH) if _DOOMED.fullmatch(name)]
    except FileNotFoundError:
        left = []
    for name in left:
        try:
            shutil.rmtree(root / TRASH / name)
        except FileNotFoundError:
            continue  # Another hive is at it.
    return gone


@contextmanager
def _unwritten(folder: Path) -> Iterator[None]:
    """While this holds, no process begins to write the run. Raises KeepingError."""
    try:
        log = open_file(folder / LOG)
    except (FileNotFoundError, NotADirectoryError, NoFileError):
        raise _gone(folder) from None
    with log:
        # An empty log is just being begun: its writer must not find our lock there before it has its own.
        if not os.fstat(log.fileno()).st_size:
            raise KeepingError(f"{folder.name} is just being begun; cancel it first")
        try:
            fcntl.flock(log, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            raise KeepingError(f"{folder.name} is still running; cancel it first") from None
        yield


def _gone(folder: Path) -> KeepingError:
    return KeepingError(f"{folder.name}: no such run in {folder.parent}")
