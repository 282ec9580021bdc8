"""`hive mark RUN NAME --at PLACE` names a place of a run; `hive mark RUN` lists the names."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from pathlib import Path

import msgspec

from hive_tui.cli.document import encode_document
from hive_tui.cli.exits import DONE
from hive_tui.cli.parser import Parsed, UsageError
from hive_tui.cli.plaintext import one_line, write_text
from hive_tui.cli.recordings import opened, place_in, run_folder
from hive_tui.config.errors import ConfigError, FolderError
from hive_tui.recording.folder import MARKERS
from hive_tui.recording.navigation.markers import Marker, MarkerError, add, read_markers, remove
from hive_tui.recording.navigation.places import PlaceError, Where, parse


def main(parsed: Parsed) -> int:
    """Raises UsageError; ConfigError for a run, a place or a marker that is not there or cannot be read."""
    where, name = _asked(parsed)
    folder = run_folder(parsed.words[0])
    with opened(folder) as timeline:
        run = timeline.blocks.header.run
        try:
            if (gone := parsed.value("--remove")) is not None:
                _write(folder, lambda: remove(folder, run, gone))
            elif where is not None:
                place = place_in(timeline, folder, where)
                marker = Marker(name, parsed.value("--note") or "", place.seq, place.chunks, time.time_ns())
                _write(folder, lambda: add(folder, run, marker))
            _list(read_markers(folder, run), as_json=parsed.has("--json"))
        except MarkerError as error:
            raise ConfigError(str(error), str(folder / MARKERS)) from error
    return DONE


def _asked(parsed: Parsed) -> tuple[Where | None, str]:
    """The place and the name of a marker to set; no place for a list or a removal. Raises UsageError."""
    if not parsed.words:
        raise UsageError("which run? hive mark RUN NAME --at PLACE; `hive mark RUN` lists its markers")
    at, name = parsed.value("--at"), " ".join(parsed.words[1:])
    if parsed.has("--remove"):
        if at is not None or name or parsed.has("--note"):
            raise UsageError("--remove NAME stands alone: hive mark RUN --remove NAME")
        return None, ""
    if not name and (at is not None or parsed.has("--note")):
        raise UsageError("the marker needs a name: hive mark RUN NAME --at PLACE")
    if not name:
        return None, ""
    if at is None:
        raise UsageError(f"where? hive mark {parsed.words[0]} {name!r} --at PLACE, such as 50% or stage:refiner")
    try:
        return parse(at), name
    except PlaceError as error:
        raise UsageError(f"--at {error}") from error


def _write(folder: Path, change: Callable[[], None]) -> None:
    try:
        change()
    except OSError as error:
        todo = "the recording and its markers are as they were"
        raise FolderError(f"the markers cannot be written: {error.strerror}", str(folder), todo) from error


def _list(markers: tuple[Marker, ...], *, as_json: bool) -> None:
    if as_json:
        sys.stdout.buffer.write(encode_document([msgspec.to_builtins(each) for each in markers]))
        return
    for each in markers:
        place = f"event:{each.seq}" + (f" and {each.chunks} chunks" if each.chunks else "")
        write_text(sys.stdout, "\t".join((each.name, place, one_line(each.note))) + "\n")
