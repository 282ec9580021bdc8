"""Shared memory without the resource tracker, and the registry that replaces it.

Before Python 3.13 `SharedMemory` hands every segment, also one that is only attached, to a tracker process that
unlinks it when this process exits: a reader that leaves would take the writer's ring away (seen on 3.11; CPython
issue 82300). So segments are opened untracked, and their names stand in a registry of 0600 files, written before the
segment is made, from which a later start removes what a killed core left behind.
"""

from __future__ import annotations

import _posixshmem  # type: ignore[import-not-found]
import os
import secrets
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing import shared_memory
from pathlib import Path

import msgspec

from hive_tui.ring.process_time import start_time

_swap = threading.Lock()


class _Untracked:
    """Stands in for the tracker while a segment is opened or unlinked."""

    @staticmethod
    def register(_name: str, _kind: str) -> None: ...

    @staticmethod
    def unregister(_name: str, _kind: str) -> None: ...


@contextmanager
def _without_tracker() -> Iterator[None]:
    with _swap:
        tracker = shared_memory.resource_tracker  # type: ignore[attr-defined]
        shared_memory.resource_tracker = _Untracked  # type: ignore[attr-defined]
        try:
            yield
        finally:
            shared_memory.resource_tracker = tracker  # type: ignore[attr-defined]


def open_segment(name: str, *, create_size: int = 0) -> shared_memory.SharedMemory:
    """Attach to a segment, or with `create_size` (bytes) make it.

    Raises:
        FileNotFoundError: no such segment.
        FileExistsError: `create_size` is given and the segment exists.
        OSError: there is not so much shared memory.
    """
    create = create_size > 0
    if sys.version_info >= (3, 13):
        segment = shared_memory.SharedMemory(name, create=create, size=create_size, track=False)
    else:
        with _without_tracker():
            segment = shared_memory.SharedMemory(name, create=create, size=create_size)
    if create:
        try:
            _reserve(name, create_size)
        except OSError:
            segment.close()
            unlink_segment(name)
            raise
    return segment


def _reserve(name: str, size: int) -> None:
    """Take the pages now. Writing to one that is not there any more kills the process (SIGBUS), and a container's
    shared memory is small. macOS has no such call, and no limit but its memory."""
    if sys.platform != "darwin":
        descriptor = _posixshmem.shm_open(f"/{name}", os.O_RDWR, mode=0o600)
        try:
            os.posix_fallocate(descriptor, 0, size)
        finally:
            os.close(descriptor)


def memory(segment: shared_memory.SharedMemory) -> memoryview:
    """All bytes of an open segment."""
    if segment.buf is None:
        raise ValueError("the segment is closed")
    return segment.buf


def unlink_segment(name: str) -> None:
    """Remove the name; processes that are attached keep their memory.

    By the name alone: a process that is killed between making a segment and giving it its size leaves one that nobody
    can attach to.

    Raises:
        FileNotFoundError: no such segment.
    """
    _posixshmem.shm_unlink(f"/{name}")


class Entry(msgspec.Struct, frozen=True):
    """Who owns a segment: a process is known by its pid and its start time, for pids come again."""

    pid: int
    started: str


def new_name() -> str:
    """At most 31 bytes with the leading slash: macOS takes no more."""
    return f"hive-{os.getpid()}-{secrets.token_hex(4)}"


def register(folder: Path, name: str) -> Path:
    """Write the registry entry of a segment that this process is about to make; returns its path."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    path = folder / name
    entry = Entry(pid=os.getpid(), started=start_time(os.getpid()) or "")
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(msgspec.json.encode(entry))
    return path


def sweep(folder: Path) -> list[str]:
    """Remove the segments whose owner is gone; returns their names."""
    removed = []
    for path in sorted(folder.glob("hive-[0-9]*-*")):
        if _has_owner(path):
            continue
        try:
            unlink_segment(path.name)
        except FileNotFoundError:
            path.unlink(missing_ok=True)
            continue
        except OSError:
            continue  # Shared memory that is read-only by now; the entry stays for a later sweep.
        path.unlink(missing_ok=True)
        removed.append(path.name)
    return removed


def _has_owner(path: Path) -> bool:
    """Whether the process lives that a registry entry names. One that cannot be read may be just being written by
    another `hive`: then the pid in its name is believed."""
    try:
        entry = msgspec.json.decode(path.read_bytes(), type=Entry)
    except (OSError, msgspec.MsgspecError):
        return start_time(int(path.name.split("-")[1])) is not None
    return bool(entry.started) and start_time(entry.pid) == entry.started
