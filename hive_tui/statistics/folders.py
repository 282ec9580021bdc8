"""Statistics over all recorded runs: each run's calls stand in a derived file of its folder, which is made once."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

import msgspec

from hive_tui.recording.derived import NotDerivableError, add_derived, sha256_of
from hive_tui.recording.folder import LOG, SUMMARY, is_written, run_ids
from hive_tui.recording.format import DamagedError
from hive_tui.recording.held import held
from hive_tui.recording.reader import LogCursor
from hive_tui.recording.summary import read_summary
from hive_tui.recording.timeline import Timeline
from hive_tui.statistics.groups import Group, Wanted
from hive_tui.statistics.rows import Row, rows_of
from hive_tui.statistics.table import CallTable, TableError
from hive_tui.wire import WireError

FILE = "calls-1.parquet"
"""The number counts what its columns mean: a file of an older one is made again under a new name."""


class Across(msgspec.Struct, frozen=True):
    groups: tuple[Group, ...]
    runs: int
    """Of which calls were looked at."""
    fresh: int
    """Of them, runs that were read now: their files had not been made."""
    live: int
    """Runs that still go on: they count when they have ended."""
    unread: tuple[str, ...]
    """Ids of runs whose recording is damaged, gone, or cannot be read."""


def across(root: Path, wanted: Wanted, tell: Callable[[int, int], None] = lambda _done, _all: None) -> Across:
    """What the calls of the runs under `root` took. Reads what is new, and nothing twice. Blocks.

    A redacted copy whose source is there is passed over: its calls were made, and paid for, in the source. `tell` hears
    how many runs of how many have been looked at. A folder that cannot be written is read each time.

    Raises:
        hive_tui.statistics.table.TableError: DuckDB cannot write or read the files.
        OSError: `root` cannot be read.
    """
    with TemporaryDirectory(prefix="hive-stats-") as spare, CallTable() as table:
        reading = _Reading(root, table, Path(spare))
        runs = run_ids(root)
        there = frozenset(runs)
        for done, run in enumerate(runs, 1):
            if _source(root / run) not in there:
                reading.look_at(run, again=False)
            tell(done, len(runs))
        try:
            groups = table.groups(list(reading.files.values()), wanted)
        except TableError:
            # A file is another than it was made: its run is read again.
            for run in [run for run, path in reading.files.items() if not _is_as_made(path)]:
                del reading.files[run]
                reading.look_at(run, again=True)
            groups = table.groups(list(reading.files.values()), wanted)
    unread = tuple(reading.unread)
    return Across(tuple(groups), len(reading.files), reading.fresh, reading.live, unread)


class _Reading:
    """What has been found under the runs' folder so far."""

    def __init__(self, root: Path, table: CallTable, spare: Path) -> None:
        """`spare` is a folder for the files of runs whose own folders take none."""
        self._root = root
        self._table = table
        self._spare = spare
        self.files: dict[str, Path] = {}
        """By run."""
        self.fresh = 0
        self.live = 0
        self.unread: list[str] = []

    def look_at(self, run: str, *, again: bool) -> None:
        folder = self._root / run
        path = folder / FILE
        if path.exists() and not again:
            self.files[run] = path
            return
        try:
            if is_written(folder) and not _was_emptied(folder):
                self.live += 1
                return
            with closing(Timeline(folder)) as timeline:
                rows = rows_of(held(timeline, timeline.last_state()))
        except (OSError, DamagedError, WireError):
            self.unread.append(run)
            return
        self.files[run] = self._made(folder, rows)
        self.fresh += 1

    def _made(self, folder: Path, rows: list[Row]) -> Path:
        try:
            return add_derived(folder, FILE, partial(self._table.write, rows))
        except (NotDerivableError, OSError, TableError):
            path = self._spare / f"{folder.name}.parquet"
            self._table.write(rows, path)
            return path


def _source(folder: Path) -> str:
    """The run of which this one is a redacted copy; empty also where nobody can tell, as `look_at` will."""
    try:
        return LogCursor(folder).header.source
    except (DamagedError, OSError):
        return ""


def _was_emptied(folder: Path) -> bool:
    """Whether nothing is left of a run that had ended; one that is just being begun has no summary."""
    return not (folder / LOG).stat().st_size and (folder / SUMMARY).exists()


def _is_as_made(path: Path) -> bool:
    """Whether a file is what its run's summary says."""
    summary = read_summary(path.parent)
    named = {each.name: each.sha256 for each in summary.derived} if summary is not None else {}
    try:
        return named.get(path.name) == sha256_of(path)
    except OSError:
        return False
