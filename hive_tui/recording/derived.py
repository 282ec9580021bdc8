"""Files in a run's folder that are made from its log: the summary names each with its hash, `hive verify` checks it.

Each can be made again, so that one that is missing is no fault; one that is another is. Whenever the work is cut off,
a file is missing or is what the summary says.
"""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Callable
from pathlib import Path

from msgspec.structs import replace

from hive_tui.recording.files import open_file
from hive_tui.recording.folder import LOG, MARKERS, SUMMARY, held
from hive_tui.recording.summary import Derived, read_summary, write_summary

PIECE = 1 << 20
"""Bytes that are hashed at a time."""
BEING_MADE = re.compile(r"\.derived\..+\.\d+")
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,99}")


class NotDerivableError(ValueError):
    """A file that this run's folder does not take; the message says why."""


def add_derived(folder: Path, name: str, make: Callable[[Path], None]) -> Path:
    """Make a file and put it into the run's folder, in place of one of that name. Returns its path.

    `make` writes the file at the path that it is given, which is not there yet.

    Raises:
        NotDerivableError: the run has no summary as yet, or the name is one of the recording's own.
        OSError: the folder cannot be written; an older file of that name may be gone.
    """
    if not _NAME.fullmatch(name) or name in (LOG, SUMMARY, MARKERS) or name.startswith("open-"):
        raise NotDerivableError(f"{name!r} is no name for a derived file")
    fresh, path = folder / f".derived.{name}.{os.getpid()}", folder / name
    try:
        make(fresh)
        entry = Derived(name, sha256_of(fresh))
        with held(folder):
            summary = read_summary(folder)
            if summary is None:
                raise NotDerivableError("the run has no sound summary, in which the file would be named")
            path.unlink(missing_ok=True)
            others = [each for each in summary.derived if each.name != name]
            write_summary(folder, replace(summary, derived=tuple(sorted([*others, entry], key=_name))))
            fresh.replace(path)
    finally:
        fresh.unlink(missing_ok=True)
    return path


def sha256_of(path: Path) -> str:
    """Raises:
    OSError: the file cannot be read.
    """
    digest = hashlib.sha256()
    with open_file(path) as file:
        while data := file.read(PIECE):
            digest.update(data)
    return digest.hexdigest()


def _name(entry: Derived) -> str:
    return entry.name
