"""A state whose texts are in memory, read from the log in one pass: for those who look at every stream's text whole.

A lazy text is read stream by stream, each time it is looked at; ten streams would cost ten passes over the log.
"""

from __future__ import annotations

import struct
from array import array
from bisect import bisect_right
from collections.abc import Iterator

from msgspec.structs import replace

from hive_tui.events import Channel, Delta
from hive_tui.recording.format import DamagedError
from hive_tui.recording.timeline import Timeline
from hive_tui.state import RunState
from hive_tui.streamtext import NOTHING, Lengths, Place, StreamText
from hive_tui.wire import CHUNK, DELTA_HEAD, DELTA_KIND, HEADER, HEADER_SIZE

MOST = 4_000_000
"""Deltas that are held, at most: about 45 bytes each, their text included. Of more the texts stay lazy."""
_RECORD = struct.Struct(HEADER.format + DELTA_HEAD.format.removeprefix("<"))
_TEXT = HEADER_SIZE + DELTA_HEAD.size
EMPTY = RunState()


def held(timeline: Timeline, state: RunState, since: RunState = EMPTY) -> RunState:
    """The same state of this timeline; what its texts have more than those of `since` is read now.

    Where a block is damaged, or there is too much, it stays as it was.

    Raises:
        hive_tui.wire.WireError: a sound block holds bytes that are no records.
    """
    begins = [_before(since, attempt.stream) for attempt in state.attempts]
    wanted = sum(
        attempt.text.before.deltas - begun.deltas for attempt, begun in zip(state.attempts, begins, strict=True)
    )
    if not 0 < wanted <= MOST:
        return state
    source = _Held(timeline, begins)
    try:
        source.read(_whole_seq(since), state.seq)
    except DamagedError:
        return state
    attempts = []
    for attempt in state.attempts:
        text = StreamText(attempt.text.before, Place(source, attempt.stream))
        for time_ns, delta in attempt.text.all_deltas(attempt.text.before.deltas):
            text = text.append(time_ns, delta)
        attempts.append(replace(attempt, text=text))
    return replace(state, attempts=tuple(attempts))


def _before(state: RunState, stream: int) -> Lengths:
    attempt = state.attempt(stream)
    return NOTHING if attempt is None else attempt.text.before


def _whole_seq(state: RunState) -> int:
    """The last record that is in the state whole: in the middle of a delta the one before it."""
    parts = any(attempt.text.deltas > attempt.text.before.deltas for attempt in state.attempts)
    return state.seq - parts


class _Stream:
    """Deltas, end to end; `tables[i]` and `ends[i]` are where delta i ends."""

    __slots__ = ("channels", "data", "ends", "first", "table", "tables", "times")

    def __init__(self, first: int) -> None:
        self.first = first
        """Number of the first delta."""
        self.times = array("Q")
        self.channels = bytearray()
        self.table = bytearray()
        self.tables = array("Q")
        self.data = bytearray()
        self.ends = array("Q")


class _Held:
    """Implements `streamtext.Source`."""

    def __init__(self, timeline: Timeline, begins: list[Lengths]) -> None:
        """`begins` tells of each stream what need not be read."""
        self._timeline = timeline
        self._streams = {number: _Stream(begun.deltas) for number, begun in enumerate(begins, 1)}

    def read(self, after: int, until: int) -> None:
        """Take the deltas of the records behind `after`, up to `until`."""
        blocks = self._timeline.blocks
        index = max(0, bisect_right(blocks.places, after + 1, key=lambda place: place.span.first_seq) - 1)
        while index < len(blocks.places) and blocks.places[index].span.first_seq <= until:
            self._take(blocks.raw(index), after, until)
            index += 1

    def _take(self, raw: bytes, after: int, until: int) -> None:
        unpack, offset, whole = _RECORD.unpack_from, 0, len(raw) - _RECORD.size
        streams = self._streams
        while offset <= whole:
            length, kind, flags, _, number, seq, time_ns, channel, chunks = unpack(raw, offset)
            stop = offset + HEADER_SIZE + length
            if kind == DELTA_KIND and after < seq <= until and not flags and number in streams and channel in _CHANNELS:
                stream, text = streams[number], offset + _TEXT + chunks * CHUNK.size
                stream.times.append(time_ns)
                stream.channels.append(channel)
                stream.table += raw[offset + _TEXT : text]
                stream.tables.append(len(stream.table))
                stream.data += raw[text:stop]
                stream.ends.append(len(stream.data))
            offset = stop

    def deltas(self, stream: int, start: int, stop: int) -> Iterator[tuple[int, Delta]]:
        held = self._streams[stream]
        if start < held.first:
            yield from self._timeline.deltas(stream, start, min(stop, held.first))
        for index in range(max(0, start - held.first), min(stop - held.first, len(held.times))):
            table, begin = (held.tables[index - 1], held.ends[index - 1]) if index else (0, 0)
            delta = Delta(
                _CHANNELS[held.channels[index]],
                bytes(held.table[table : held.tables[index]]),
                bytes(held.data[begin : held.ends[index]]),
            )
            yield held.times[index], delta

    def texts(self, stream: int, start: int, stop: int) -> Iterator[tuple[int, bytes]]:
        held = self._streams[stream]
        if start < held.first:
            yield from self._timeline.texts(stream, start, min(stop, held.first))
        index, end = max(0, start - held.first), min(stop - held.first, len(held.times))
        while index < end:
            channel, last = held.channels[index], index + 1
            while last < end and held.channels[last] == channel:
                last += 1
            yield channel, bytes(held.data[held.ends[index - 1] if index else 0 : held.ends[last - 1]])
            index = last

    def tail(self, stream: int, until: Lengths, size: int) -> int:
        return self._timeline.tail(stream, until, size)


_CHANNELS = {int(channel): channel for channel in Channel}
