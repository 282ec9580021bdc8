"""What `recording.counts.take_deltas` does, compiled: counts deltas of each stream and puts their payloads together."""

from __future__ import annotations

from array import array
from typing import Any

import numpy as np
from numba import njit, types

from hive_tui.events import Channel
from hive_tui.recording.counts import Counts, Taken, take_deltas
from hive_tui.ring.kernels import OCTETS, octets
from hive_tui.wire import CHUNK, DELTA_HEAD, DELTA_KIND, HEADER_SIZE

_ROWS = types.Array(types.int64, 2, "C")
_SPANS = types.Array(types.int64, 1, "C")
_BYTES = types.Array(types.uint8, 1, "C")
_SIX = types.UniTuple(types.int64, 6)  # type: ignore[no-untyped-call]
_CHANNELS, _TEXT, _ENTRY = len(Channel), HEADER_SIZE + DELTA_HEAD.size, CHUNK.size
_LIMIT = 1 << 61
"""Sequence numbers and times from here on are left to plain Python, whose integers have no end."""
_DELTAS, _CHUNKS, _SIZE, _FIRST, _LAST, _CHANNEL, _OPEN, _COLUMNS = range(8)
_NONE = -(1 << 62)
"""In `_FIRST` and `_LAST`: not known."""


@njit(types.int64(OCTETS, types.int64), cache=True, nogil=True)
def _u32(data: Any, at: int) -> Any:
    return (
        np.int64(data[at]) | np.int64(data[at + 1]) << 8 | np.int64(data[at + 2]) << 16 | np.int64(data[at + 3]) << 24
    )


@njit(types.int64(OCTETS, types.int64), cache=True, nogil=True)
def _u64(data: Any, at: int) -> Any:
    """`_LIMIT` for every number from there on."""
    high = _u32(data, at + 4)
    return _LIMIT if high >= _LIMIT >> 32 else high << 32 | _u32(data, at)


@njit(
    _SIX(OCTETS, types.int64, types.int64, types.int64, types.int64, types.int64, _ROWS, _SPANS),
    cache=True,
    nogil=True,
)
def _take(data: Any, offset: int, most: int, due: int, seq: int, time: int, rows: Any, spans: Any) -> Any:
    """(where it stopped, how many were taken, seq, time, missing, spans). `spans` gets (row, from, to) of each payload
    that counts."""
    taken = missing = found = 0
    while taken < most and time < due and offset + _TEXT <= len(data):
        chunks, stop = _u32(data, offset + HEADER_SIZE + 4), offset + HEADER_SIZE + _u32(data, offset)
        text = offset + _TEXT + chunks * _ENTRY
        number, at = _u64(data, offset + 16), _u64(data, offset + 24)
        if (
            _u32(data, offset + 4) != DELTA_KIND
            or _u32(data, offset + HEADER_SIZE) >= _CHANNELS
            or text > stop
            or stop > len(data)
            or number >= _LIMIT
            or at >= _LIMIT
        ):
            break
        if number > seq:
            missing += number - seq - 1
            seq, time = number, at
            row = _u32(data, offset + 12) - 1
            if 0 <= row < len(rows) and rows[row, _OPEN]:
                spans[found], spans[found + 1], spans[found + 2] = row, offset + HEADER_SIZE, stop
                found += 3
                rows[row, _DELTAS] += 1
                rows[row, _SIZE] += stop - text
                rows[row, _CHANNEL] = data[offset + HEADER_SIZE]
                if chunks:
                    if rows[row, _FIRST] == _NONE:
                        rows[row, _FIRST] = at - _u32(data, offset + _TEXT) * 1000
                    rows[row, _LAST] = at - _u32(data, text - _ENTRY) * 1000
                for entry in range(chunks):
                    # The highest byte of the entry's length holds the bit of a piece that continues a chunk.
                    rows[row, _CHUNKS] += data[offset + _TEXT + entry * _ENTRY + 7] < 0x80
        offset = stop
        taken += 1
    return offset, taken, seq, time, missing, found


@njit(types.void(OCTETS, _SPANS, types.int64, _SPANS, _BYTES), cache=True, nogil=True)
def _gather(data: Any, spans: Any, found: int, ends: Any, joined: Any) -> None:
    """The payloads stream by stream; row r ends at `ends[r]`."""
    for each in range(0, found, 3):
        ends[spans[each]] += spans[each + 2] - spans[each + 1]
    total = 0
    for row in range(len(ends)):
        total += ends[row]
        ends[row] = total - ends[row]
    for each in range(0, found, 3):
        to = ends[spans[each]]
        for at in range(spans[each + 1], spans[each + 2]):
            joined[to] = data[at]
            to += 1
        ends[spans[each]] = to


def tally(
    raw: bytes, offset: int, most: int, due_ns: int, seq: int, time_ns: int, missing: int, counts: list[Counts]
) -> Taken:
    """As `recording.counts.Tally` tells."""
    try:
        columns = array("q", [number for each in counts for number in _numbers(each)])
    except OverflowError:
        return take_deltas(raw, offset, most, due_ns, seq, time_ns, missing, counts)
    if max(seq, time_ns) >= _LIMIT:
        return take_deltas(raw, offset, most, due_ns, seq, time_ns, missing, counts)
    source, rows = octets(raw), np.frombuffer(columns, np.int64).reshape(len(counts), _COLUMNS)
    bound = max(0, min(most, (len(raw) - offset) // _TEXT))
    spans = np.empty(3 * bound, np.int64)
    begin = offset
    offset, taken, seq, time_ns, left_out, found = _take(
        source, offset, most, min(due_ns, _LIMIT), seq, time_ns, rows, spans
    )
    missing += left_out
    if found:
        ends, joined = np.zeros(len(counts), np.int64), np.empty(offset - begin, np.uint8)
        _gather(source, spans, found, ends, joined)
        _give(counts, columns, joined.tobytes(), ends.tolist())
    if taken < most and time_ns < due_ns:
        rest = take_deltas(raw, offset, most - taken, due_ns, seq, time_ns, missing, counts)
        return rest._replace(records=taken + rest.records)
    return Taken(offset, taken, seq, time_ns, missing)


def _numbers(counts: Counts) -> tuple[int, ...]:
    first, last = counts.first_ns, counts.last_ns
    return (
        counts.deltas,
        counts.chunks,
        counts.size,
        _NONE if first is None else first,
        _NONE if last is None else last,
        -1 if counts.channel is None else counts.channel,
        counts.open,
    )


def _give(counts: list[Counts], columns: array[int], joined: bytes, ends: list[int]) -> None:
    begin = 0
    for row, (each, end) in enumerate(zip(counts, ends, strict=True)):
        if end > begin:
            each.parts.append(joined[begin:end])
            deltas, chunks, size, first, last, channel = columns[row * _COLUMNS : row * _COLUMNS + _OPEN]
            each.deltas, each.chunks, each.size, each.channel = deltas, chunks, size, channel
            each.first_ns, each.last_ns = (None if first == _NONE else first), (None if last == _NONE else last)
        begin = end
