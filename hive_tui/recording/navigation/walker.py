"""A place in a timeline that moves: forward by folding what lies between, else by a seek."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec
from msgspec.structs import replace

from hive_tui.events import Delta, Record
from hive_tui.recording.format import DamagedError
from hive_tui.recording.timeline import Timeline
from hive_tui.state import RunState, fold
from hive_tui.wire import CHUNK, CONTINUES, LENGTH_MASK

STRIDE = 64
"""A place no more than so many events ahead is folded to; to seek costs about as much."""
HELD = 4_096
"""Events that are folded on from a seek, at most: what is folded holds its text, and a run may be played for hours."""


class Place(msgspec.Struct, frozen=True, order=True):
    """Behind the event `seq` and, when it is not 0, the first `chunks` chunks of the event that follows."""

    seq: int = 0
    chunks: int = 0


class Walker:
    """Gives the state at one place after another; keeps no more than the last."""

    def __init__(self, timeline: Timeline) -> None:
        self._timeline = timeline
        self._whole = RunState()
        self._sought = 0
        """Where `_whole` was last found by a seek."""
        self._ahead: Iterator[Record] | None = None
        self._next: Record | None = None
        self.place = Place()
        self.state = RunState()
        """At `place`."""

    def go(self, place: Place) -> RunState:
        """The state at a place; one behind the end is the end.

        Raises:
            DamagedError: a block on the way there is damaged.
            hive_tui.wire.WireError: a sound block holds bytes that are no records.
        """
        seq = min(place.seq, self._timeline.last_seq)
        try:
            near = 0 <= seq - self._whole.seq <= STRIDE and seq - self._sought <= HELD and self._fold(seq)
        except DamagedError:
            near = False  # A seek reads less of what lies between.
        if not near:
            self._whole, self._sought = self._timeline.state_at(seq), seq
            self._ahead = self._next = None
        # What stands behind is looked at only when a part of it is shown: it may be damaged.
        record = self._peek() if place.chunks and seq == place.seq else None
        chunks = place.chunks if record is not None else 0
        shown, chunks = _first_chunks(record, chunks)
        self.place = Place(seq, chunks)
        self.state = self._whole if shown is None else fold(self._whole, shown)
        return self.state

    def step(self, chunks: int) -> RunState:
        """One chunk forward or, with -1, back. An event that is no delta is a step of its own."""
        seq, shown = self.place.seq, self.place.chunks
        if chunks > 0:
            record = self._peek()
            if record is None:
                return self.state
            last = shown + 1 >= len(chunk_ends(record))
            return self.go(Place(record.seq) if last else Place(seq, shown + 1))
        if shown:
            return self.go(Place(seq, shown - 1))
        if not seq:
            return self.state
        return self.go(Place(seq - 1, len(chunk_ends(self._timeline.record(seq))) - 1))

    def _fold(self, seq: int) -> bool:
        while self._whole.seq < seq and (record := self._peek()) is not None and record.seq <= seq:
            self._whole = fold(self._whole, record)
            self._next = None
        return True

    def _peek(self) -> Record | None:
        """The record behind the whole state."""
        if self._next is None:
            if self._ahead is None:
                self._ahead = self._timeline.records(self._whole.seq)
            self._next = next(self._ahead, None)
            if self._next is None:
                self._ahead = None  # More may come.
        return self._next


def chunk_ends(record: Record) -> list[int]:
    """How many entries of a delta's chunk table each of its chunks ends behind; one end for any other event.

    Pieces that go on with a chunk of an earlier delta count as a chunk here.
    """
    event = record.event
    if not isinstance(event, Delta):
        return [0]
    lengths = [length for _, length in CHUNK.iter_unpack(event.table)]
    return [*(at for at in range(1, len(lengths)) if lengths[at] < CONTINUES), len(lengths)]


def _first_chunks(record: Record | None, chunks: int) -> tuple[Record | None, int]:
    """A record with its first chunks only, and how many these are; `None` for none of them, or all."""
    if record is None or not isinstance(record.event, Delta):
        return None, 0
    ends = chunk_ends(record)
    chunks = min(chunks, len(ends) - 1)
    if not chunks:
        return None, 0
    delta = record.event
    table = delta.table[: ends[chunks - 1] * CHUNK.size]
    size = sum(length & LENGTH_MASK for _, length in CHUNK.iter_unpack(table))
    return replace(record, event=replace(delta, table=table, data=delta.data[:size])), chunks
