"""Appends records that are all there already in batches, so that not each of them costs a `write(2)`."""

from __future__ import annotations

from collections.abc import Iterable

from hive_tui.recording.blocks import span_of
from hive_tui.recording.writer import LogWriter

BATCH = 64 * 1024
"""Bytes of records from which on they are appended."""


def append_all(log: LogWriter, pieces: Iterable[bytes]) -> None:
    """Append pieces, each of whole records or empty.

    Raises:
        OSError: disk full or gone.
    """
    held: list[bytes] = []
    size = 0
    for piece in pieces:
        held.append(piece)
        size += len(piece)
        if size >= BATCH:
            _append(log, held)
            size = 0
    if size:
        _append(log, held)


def _append(log: LogWriter, held: list[bytes]) -> None:
    data = b"".join(held)
    log.append(data, span_of(data))
    held.clear()
