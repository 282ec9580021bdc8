"""Markers: named places of a run with a person's notes, in a file beside the log, which never changes for them."""

from __future__ import annotations

import os
import zlib
from collections.abc import Callable
from pathlib import Path

import msgspec

from hive_tui.recording.files import content
from hive_tui.recording.folder import MARKERS, held
from hive_tui.recording.navigation.walker import Place

VERSION = 1
NAME_LENGTH = 80
NOTE_LENGTH = 10_000


class MarkerError(ValueError):
    """Markers that cannot be read or set; the message says why, and what to do."""


class Marker(msgspec.Struct, frozen=True):
    """A place with a name. `seq` and `chunks` are those of `walker.Place`."""

    name: str
    note: str
    seq: int
    chunks: int
    made_wall_ns: int

    @property
    def place(self) -> Place:
        return Place(self.seq, self.chunks)


class _Markers(msgspec.Struct, frozen=True):
    run: str
    seq: int
    """The last event that a marker refers to."""
    markers: tuple[Marker, ...]
    version: int = VERSION


class _Stored(msgspec.Struct, frozen=True):
    markers: msgspec.Raw
    crc32: int
    """zlib's CRC-32 of the markers' bytes as they stand in the file."""


def read_markers(folder: Path, run: str) -> tuple[Marker, ...]:
    """A run's markers by their places; none when no file is there.

    Raises:
        MarkerError: the file is damaged, newer, or of another run.
        OSError: the file cannot be read.
    """
    path = folder / MARKERS
    try:
        data = content(path)
    except FileNotFoundError:
        return ()
    aside = f"; move {path} away to begin anew"
    try:
        stored = msgspec.json.decode(data, type=_Stored)
        version = msgspec.json.decode(stored.markers, type=dict[str, msgspec.Raw]).get("version", b"")
        if zlib.crc32(bytes(stored.markers)) != stored.crc32:
            raise MarkerError(f"the file's checksum is wrong{aside}")
        if bytes(version) != str(VERSION).encode():
            raise MarkerError(f"markers of version {bytes(version).decode()}; this Hive reads {VERSION}: update Hive")
        found = msgspec.json.decode(stored.markers, type=_Markers)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise MarkerError(f"not a file of markers ({error}){aside}") from error
    if found.run != run:
        raise MarkerError(f"they belong to run {found.run}{aside}")
    return found.markers


def add(folder: Path, run: str, marker: Marker) -> None:
    """Set a marker; whoever sets another at the same moment loses nothing.

    Raises:
        MarkerError: its name is taken or none, or as `read_markers`.
        OSError: the folder cannot be written.
    """
    if not marker.name.strip() or len(marker.name) > NAME_LENGTH or not marker.name.isprintable():
        raise MarkerError(f"a marker's name is 1 to {NAME_LENGTH} characters, none of them a control character")
    if len(marker.note) > NOTE_LENGTH:
        raise MarkerError(f"a note has at most {NOTE_LENGTH} characters")

    def added(markers: tuple[Marker, ...]) -> tuple[Marker, ...]:
        if any(each.name == marker.name for each in markers):
            raise MarkerError(f"there is a marker {marker.name!r} already; remove it first, or take another name")
        return tuple(sorted((*markers, marker), key=lambda each: (each.place, each.name)))

    _change(folder, run, added)


def remove(folder: Path, run: str, name: str) -> None:
    """Raises:
    MarkerError: there is none with that name, or as `read_markers`.
    OSError: the folder cannot be written.
    """

    def removed(markers: tuple[Marker, ...]) -> tuple[Marker, ...]:
        left = tuple(each for each in markers if each.name != name)
        if len(left) == len(markers):
            raise MarkerError(f"there is no marker {name!r}; the run's: {', '.join(m.name for m in markers) or 'none'}")
        return left

    _change(folder, run, removed)


def _change(folder: Path, run: str, change: Callable[[tuple[Marker, ...]], tuple[Marker, ...]]) -> None:
    with held(folder):
        markers = change(read_markers(folder, run))
        data = msgspec.json.encode(_Markers(run, max((each.seq for each in markers), default=0), markers))
        stored = msgspec.json.encode(_Stored(msgspec.Raw(data), zlib.crc32(data)))
        fresh = folder / f".{MARKERS}.{os.getpid()}"
        try:
            descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
            with open(descriptor, "wb") as file:
                file.write(stored + b"\n")
            fresh.replace(folder / MARKERS)
        except OSError:
            fresh.unlink(missing_ok=True)
            raise
