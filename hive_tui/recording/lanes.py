"""Density of a run's streams over its time, from its log; follows a run that goes on at the cost of what is new.

Time is divided into bins of a width that doubles, and neighbours merge, when the run outgrows them: what was read once
is never read again, and a run of any length is told in no more bins than were asked for.
"""

from __future__ import annotations

from array import array
from pathlib import Path
from typing import TYPE_CHECKING

from hive_tui.recording.reader import LogCursor

if TYPE_CHECKING:
    from hive_tui.kernels.interface import Backend

FIRST_BIN_NS = 1 << 20
"""About a millisecond."""


class Lanes:
    """Bytes of text by stream and time."""

    def __init__(self, folder: Path, kernels: Backend, bins: int) -> None:
        """`bins`, an even number, is how many there are at most.

        Raises:
            FileNotFoundError: no log there.
            DamagedError: the file header is damaged or newer.
        """
        self._cursor = LogCursor(folder)
        self._kernels = kernels
        self._bins = bins
        self._bin_ns = FIRST_BIN_NS
        self._rows: dict[int, array[int]] = {}
        self.duration_ns = 0
        """Time of the last record."""

    def read(self) -> None:
        """Take what has come since the last call.

        Raises:
            OSError: the log cannot be read.
            hive_tui.wire.WireError: a sound block holds bytes that are no records.
        """
        for block in self._cursor.read():
            records = self._kernels.scan_records(block)
            for stream in sorted(set(records.streams) - self._rows.keys() - {0}):
                self._rows[stream] = array("Q", bytes(8 * self._bins))
            self.duration_ns = records.times[-1]
            while self._bin_ns * self._bins <= self.duration_ns:
                self._widen()
            self._count(block)

    def rows(self) -> dict[int, tuple[int, ...]]:
        """By stream, in their order: bytes a bin, from the run's start to its last record."""
        used = self.duration_ns // self._bin_ns + 1
        return {stream: tuple(self._rows[stream][:used]) for stream in sorted(self._rows)}

    def _count(self, block: bytes) -> None:
        streams = array("I", self._rows)
        chunks = self._kernels.scan_chunks(block)
        counts = self._kernels.density(chunks, streams, 0, self._bin_ns, self._bins, "bytes")
        for place, (stream, row) in enumerate(self._rows.items()):
            fresh = counts[place * self._bins : (place + 1) * self._bins]
            self._rows[stream] = array("Q", map(int.__add__, row, fresh))

    def _widen(self) -> None:
        self._bin_ns *= 2
        free = array("Q", bytes(8 * (self._bins // 2)))
        for stream, row in self._rows.items():
            self._rows[stream] = array("Q", map(int.__add__, row[0::2], row[1::2])) + free
