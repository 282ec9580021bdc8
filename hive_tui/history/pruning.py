"""Does what the limits of retention say: surplus runs go to the trash, and what lay there for long goes for good."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import msgspec

from hive_tui.config.retention import Retention
from hive_tui.history.catalogue import Catalogue
from hive_tui.history.filters import Wanted
from hive_tui.history.keeping import KeepingError, Thrown, delete, empty, trash
from hive_tui.history.pages import Row
from hive_tui.history.retention import surplus


class Pruning(msgspec.Struct, frozen=True):
    moved: Sequence[tuple[Row, str]] = ()
    """Runs, each with the limit that it is beyond."""
    emptied: Sequence[Thrown] = ()
    left: Sequence[str] = ()
    """Why others stay that were to go."""


def prune(root: Path, catalogue: Catalogue, limits: Retention, now_ns: int, *, really: bool = True) -> Pruning:
    """Without `really`, only say what would be done.

    Raises:
        OSError: the folder cannot be read or written.
        sqlite3.Error: another process holds the catalogue.
    """
    now_s = now_ns // 10**9
    before_s = now_s - int(limits.trash_s)
    moved, left = [], []
    going = []
    if limits.limited:
        catalogue.sync()
        going = surplus(catalogue.page(Wanted()).rows, limits, now_ns)
    if not really:
        return Pruning(going, [each for each in trash(root) if each.at_s < before_s])
    for row, why in going:
        try:
            delete(root, row.summary.run, now_s)
        except KeepingError as error:
            left.append(str(error))
        else:
            moved.append((row, why))
    emptied = empty(root, before_s)
    if emptied:
        catalogue.scrub()
    return Pruning(moved, emptied, left)
