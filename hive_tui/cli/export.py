"""`hive export` writes a run in another format, as it is or as it was at a moment."""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Callable, Iterator
from io import FileIO
from pathlib import Path
from typing import BinaryIO

import msgspec

from hive_tui.cli.document import document, encode_document
from hive_tui.cli.exits import DONE
from hive_tui.cli.parser import Parsed, UsageError, nearest
from hive_tui.cli.plaintext import one_line
from hive_tui.cli.recordings import opened, place_in, run_folder
from hive_tui.cli.streams import StdoutError
from hive_tui.config.errors import ConfigError, FolderError
from hive_tui.config.paths import paths
from hive_tui.export import asciicast, html, jsonl, markdown, mcap, parquet
from hive_tui.export.picture import LEAST
from hive_tui.recording.folder import is_written
from hive_tui.recording.navigation.markers import Marker, MarkerError, read_markers
from hive_tui.recording.navigation.places import PlaceError, Where, parse
from hive_tui.recording.navigation.walker import Place, Walker
from hive_tui.recording.timeline import Timeline
from hive_tui.tui.firstframe import theme_folders
from hive_tui.tui.themes import DEFAULT, Look, load

SIZE = (120, 40)
MOST = 500
"""Columns or rows of an asciicast."""


class _Job(msgspec.Struct, frozen=True):
    """What is to be exported."""

    timeline: Timeline
    place: Place
    """Up to where."""
    folder: Path
    """The run's."""
    size: tuple[int, int]
    """Columns and rows of an asciicast."""
    idle_ns: int | None
    """Longest pause of an asciicast; `None` keeps them."""
    look: Look
    """Of an asciicast."""

    @property
    def until(self) -> int:
        """The last event that is whole before the place."""
        return self.place.seq

    def markers(self) -> tuple[Marker, ...]:
        """The run's; none, and a word on stderr, when they cannot be read."""
        try:
            return read_markers(self.folder, self.timeline.blocks.header.run)
        except (MarkerError, OSError) as error:
            print(f"warning: exported without markers: {one_line(str(error))}", file=sys.stderr)
            return ()


class _OutputError(Exception):
    """The output cannot be written; the cause says why. No OSError: those of the recording are told otherwise."""


def _json(job: _Job) -> Iterator[bytes]:
    past = job.place < Place(job.timeline.last_seq)
    state = Walker(job.timeline).go(job.place)
    yield encode_document(document(state, os.path.realpath(job.folder), past=past))


def _jsonl(job: _Job) -> Iterator[bytes]:
    yield from jsonl.lines(job.timeline, job.until, simulated=job.timeline.state_at(job.until).simulated)


def _md(job: _Job) -> Iterator[bytes]:
    yield from markdown.pages(Walker(job.timeline).go(job.place))


def _asciicast(job: _Job) -> Iterator[bytes]:
    yield from asciicast.cast(job.timeline, job.until, job.markers(), size=job.size, idle_ns=job.idle_ns, look=job.look)


def _parquet(job: _Job) -> Iterator[bytes]:
    simulated = job.timeline.state_at(job.until).simulated
    yield from parquet.pieces(job.timeline, job.until, simulated=simulated)


def _html(job: _Job) -> Iterator[bytes]:
    blocks = job.timeline.blocks
    fault = "" if blocks.complete else "The recording has no sound end: this is what can be read of it."
    if fault and is_written(job.folder):
        fault = "The run went on when this was written: this is what had come by then."
    yield from html.pieces(job.timeline, job.until, job.markers(), fault=fault)


def _mcap(job: _Job) -> Iterator[bytes]:
    simulated = job.timeline.state_at(job.until).simulated
    yield from mcap.pieces(job.timeline, job.until, simulated=simulated)


Write = Callable[[_Job], Iterator[bytes]]
"""The file in pieces."""
FORMATS: dict[str, Write] = {
    "asciicast": _asciicast,
    "md": _md,
    "json": _json,
    "jsonl": _jsonl,
    "parquet": _parquet,
    "html": _html,
    "mcap": _mcap,
}
STATES = frozenset({_json, _md})
"""Those that tell of a moment, and not of all events before it."""
BINARY = frozenset({"parquet", "mcap"})
"""Those that no terminal is for."""


def main(parsed: Parsed) -> int:
    """Raises UsageError; ConfigError for a run that is not there or cannot be read, or an output that cannot be
    written."""
    if len(parsed.words) != 1:
        raise UsageError("which run? hive export RUN --format FORMAT --output FILE; `last` is the newest")
    write, output = _write(parsed.value("--format")), parsed.value("--output")
    if output is None:
        raise UsageError("where to? --output FILE, or --output - for stdout")
    if output == "-" and parsed.value("--format") in BINARY and sys.stdout.isatty():
        raise UsageError("that format is no text for a terminal: --output FILE")
    if output != "-" and Path(output).is_file() and not parsed.has("--force"):
        raise UsageError(f"{output} is there already; --force replaces it")
    where = _where(parsed.value("--until"))
    size, idle_ns = _size(parsed.value("--size")), _idle(parsed.value("--idle"))
    look = _look(parsed.value("--theme"))
    folder = run_folder(parsed.words[0])
    try:
        with opened(folder) as timeline:
            _say_how_whole(timeline, folder)
            place = Place(timeline.last_seq) if where is None else place_in(timeline, folder, where)
            if place.chunks and write not in STATES:
                print(f"note: exported in whole events: up to event {place.seq}", file=sys.stderr)
            _deliver(output, write(_Job(timeline, place, folder, size, idle_ns, look)))
    except parquet.NotMadeError as error:
        raise FolderError(f"cannot be made there: {one_line(str(error))}", tempfile.gettempdir()) from error
    except mcap.NeedsPackageError as error:
        todo = "pip install 'hive-tui[mcap]', or in a checkout: .venv/bin/python -m pip install mcap"
        raise ConfigError("needs the package mcap, which is not installed", "--format mcap", todo) from error
    except _OutputError as error:
        cause = error.__cause__
        assert cause is not None
        if output != "-" and isinstance(cause, OSError):
            raise FolderError(f"cannot be written: {cause.strerror}", output) from cause
        raise cause from None  # `dispatch` knows what a broken stdout means.
    return DONE


def _write(name: str | None) -> Write:
    known = ", ".join(FORMATS)
    if name is None:
        raise UsageError(f"in which format? --format {known}")
    if name not in FORMATS:
        near = nearest(name, tuple(FORMATS))
        raise UsageError(f"there is no format {name!r}; " + (f"did you mean {near}?" if near else f"known: {known}"))
    return FORMATS[name]


def _where(text: str | None) -> Where | None:
    try:
        return None if text is None else parse(text)
    except PlaceError as error:
        raise UsageError(f"--until: {error}") from error


def _size(text: str | None) -> tuple[int, int]:
    if text is None:
        return SIZE
    columns, _, rows = text.partition("x")
    size = (int(columns), int(rows)) if _number(columns) and _number(rows) else (0, 0)
    if size[0] < LEAST[0] or size[1] < LEAST[1] or max(size) > MOST:
        raise UsageError(f"--size: expected COLUMNSxROWS from {LEAST[0]}x{LEAST[1]} to {MOST}x{MOST}, got {text!r}")
    return size


def _number(text: str) -> bool:
    return text.isascii() and text.isdecimal() and len(text) <= 4


def _idle(text: str | None) -> int | None:
    if text is None:
        return None
    try:
        seconds = float(text)
    except ValueError:
        seconds = 0
    if not 0 < seconds < 1e6:
        raise UsageError(f"--idle: expected seconds above 0, got {text!r}")
    return int(seconds * 1e9)


def _look(name: str | None) -> Look:
    if name is None:
        return DEFAULT
    looks, _ = load([Path(folder) for folder in theme_folders(paths().config)])
    if name not in looks:
        raise UsageError(f"--theme: there is no theme {name!r}; known: {', '.join(sorted(looks))}")
    return looks[name]


def _say_how_whole(timeline: Timeline, folder: Path) -> None:
    if timeline.blocks.complete:
        return
    if is_written(folder):
        print(f"note: the run still goes on; exported is what came up to event {timeline.last_seq}", file=sys.stderr)
    else:
        print("warning: the recording has no sound end; exported is what can be read of it", file=sys.stderr)


def _deliver(output: str, pieces: Iterator[bytes]) -> None:
    """Raises _OutputError; whatever the pieces raise."""
    if output == "-":
        _copy(pieces, sys.stdout.buffer)
        return
    path = Path(output)
    if path.exists() and not path.is_file():  # A pipe or a device has no other name to be replaced under.
        with _opened(lambda: path.open("wb", buffering=0)) as out:
            _copy(pieces, out)
        return
    descriptor, fresh = _made(path)
    try:
        with os.fdopen(descriptor, "wb", buffering=0) as out:
            _copy(pieces, out)
        try:
            os.replace(fresh, path)
        except OSError as error:
            raise _OutputError from error
    except BaseException:
        os.unlink(fresh)
        raise


def _opened(open_: Callable[[], FileIO]) -> FileIO:
    try:
        return open_()
    except OSError as error:
        raise _OutputError from error


def _made(path: Path) -> tuple[int, str]:
    """A fresh file beside the output: who reads the output sees all of it or the one before."""
    try:
        return tempfile.mkstemp(prefix=f".{path.name[:100]}.", dir=path.parent)
    except OSError as error:
        raise _OutputError from error


def _copy(pieces: Iterator[bytes], out: FileIO | BinaryIO) -> None:
    for piece in pieces:
        view = memoryview(piece)
        try:
            while view:
                view = view[out.write(view) :]
        except (OSError, StdoutError) as error:
            raise _OutputError from error
    try:
        out.flush()
    except (OSError, StdoutError) as error:
        raise _OutputError from error
