"""What a run was made from, as the head of its log says: known at once, without the run being read."""

from __future__ import annotations

from pathlib import Path

import msgspec

from hive_tui.events import RunStarted
from hive_tui.recording.format import DamagedError
from hive_tui.recording.reader import LogCursor
from hive_tui.wire import WireError


class Kin(msgspec.Struct, frozen=True):
    parent: str = ""
    """The run that it was forked from."""
    source: str = ""
    """The run of which it is a redacted copy."""


def read_kin(folder: Path) -> Kin:
    """Nothing where nothing can be read: what is wrong, `read_run` says."""
    try:
        cursor = LogCursor(folder)
        first = next(cursor.records(), None)
    except (DamagedError, WireError, OSError):
        return Kin()
    parent = first.event.parent if first is not None and isinstance(first.event, RunStarted) else ""
    return Kin(parent, cursor.header.source)
