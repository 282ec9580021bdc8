"""Recordings that a killed core left without an end: checked in the background, so that lists need not read them again.

The log itself is never changed: its longest sound prefix is the recording. What is written is the summary, which is
derived and says `unfinished`.
"""

from __future__ import annotations

from array import array
from pathlib import Path

import msgspec

from hive_tui.kernels.choose import Kernels
from hive_tui.recording.folder import SUMMARY, is_written, run_ids
from hive_tui.recording.format import DamagedError
from hive_tui.recording.reader import LogCursor, fold_log
from hive_tui.recording.summary import summarise, write_summary
from hive_tui.wire import WireError

BULK = 4 * 1024 * 1024
"""Raw bytes to check from which on the compiled kernels are loaded for it."""


class Recovered(msgspec.Struct, frozen=True):
    """A recording without an end."""

    run: str
    records: int
    """Sound records."""
    streams: int
    fault: str
    """What is wrong behind them; empty for a mere torn tail."""


def recover(root: Path, kernels: Kernels) -> list[Recovered]:
    """Check and summarise each run under `root` that has no summary and no live writer. Blocks; for a thread."""
    left = {root / run: size for run in run_ids(root) if (size := _left(root / run))}
    if sum(left.values()) > BULK:
        kernels.load()
    found = []
    for folder in left:
        try:
            found.append(_recover(folder, kernels))
        except (DamagedError, WireError, OSError):
            continue  # Nothing can be derived from it; who opens the run is told what is wrong.
    return found


def _left(folder: Path) -> int:
    """The bytes of a run that nobody has summarised or writes; 0 of any other, and of one that goes meanwhile."""
    try:
        if (folder / SUMMARY).exists() or is_written(folder):
            return 0
        return sum(path.stat().st_size for path in folder.iterdir())
    except OSError:
        return 0


def _recover(folder: Path, kernels: Kernels) -> Recovered:
    cursor = LogCursor(folder)
    seq, time_ns, records, streams, fault = 0, 0, 0, set[int](), ""
    for block in cursor.read():
        verified = kernels.verify(block, seq, time_ns)
        facts = kernels.index(block[: verified.used], array("Q", [verified.used]))
        streams.update(stream for stream in facts.streams if stream)
        seq, time_ns, records = verified.seq, verified.time_ns, records + verified.records
        if verified.fault is not None:
            fault = f"record {seq + 1}: {verified.fault.value}"
            break
    state, _torn = fold_log(folder)
    if state.run and not fault:
        write_summary(folder, summarise(state))
    return Recovered(folder.name, records, len(streams), fault)
