"""The walk through whole blocks on numpy, which needs no compiling: records as columns, looked at all at once.

Only what is sound throughout is vouched for here. Where anything is not, or numbers are so large that they might not
fit, plain Python goes through the block and says what it is: faults are worded in one place.
"""

from __future__ import annotations

from bisect import bisect_left
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np

from hive_tui.events import Channel
from hive_tui.kernels.interface import Verified
from hive_tui.kernels.plain import PlainBackend
from hive_tui.recording.counts import Counts, Taken, take_deltas
from hive_tui.wire import CHUNK, CONTINUES, DELTA_HEAD, DELTA_KIND, HEADER, HEADER_SIZE, LENGTH_MASK

_TEXT, _ENTRY, _LAST_CHANNEL = HEADER_SIZE + DELTA_HEAD.size, CHUNK.size, max(Channel)
_FAR = 1 << 61
"""Sequence numbers and times from here on are left to plain Python, whose integers have no end."""
_HEAD = np.dtype([("length", "<u4"), ("kind", "<u4"), ("", "<u4"), ("stream", "<u4"), ("seq", "<u8"), ("time", "<u8")])
"""A header; flags stand above the kind."""
AT_ONCE = 14_000
"""Bytes that are gathered at a time: 110 kB of indices. Those of a whole block would be memory that the system gives
anew each time, which doubles what gathering costs."""
_Array = np.ndarray[Any, np.dtype[Any]]


class VectorBackend(PlainBackend):
    """See `interface.Backend`. Keeps the columns of the last buffer: who verifies one counts it next."""

    name = f"numpy {np.__version__}"

    def __init__(self) -> None:
        self._last: tuple[bytes, _Block | None] = (b"", None)

    def _block(self, raw: bytes) -> _Block | None:
        seen, block = self._last
        if seen is not raw:
            block = _sound(raw)
            self._last = raw, block
        return block

    def verify(self, data: bytes, seq: int, time_ns: int) -> Verified:
        block = self._block(data)
        if block is None or block.first != seq + 1 or block.times[0] < time_ns:
            return super().verify(data, seq, time_ns)
        count = len(block.begins)
        return Verified(count, len(data), seq + count, block.times[-1], None)

    def tally(
        self,
        raw: bytes,
        offset: int,
        most: int,
        due_ns: int,
        seq: int,
        time_ns: int,
        missing: int,
        counts: list[Counts],
    ) -> Taken:
        block = self._block(raw)
        if block is None or time_ns >= due_ns or offset >= len(raw):
            return take_deltas(raw, offset, most, due_ns, seq, time_ns, missing, counts)
        begin = bisect_left(block.begins, offset)
        if begin == len(block.begins) or block.begins[begin] != offset or block.first + begin != seq + 1:
            return take_deltas(raw, offset, most, due_ns, seq, time_ns, missing, counts)
        end = min(begin + most, block.run_of(begin))
        end = min(end, bisect_left(block.times, due_ns, begin, end) + 1)
        if end == begin:
            return Taken(offset, 0, seq, time_ns, missing)
        block.deltas.count(begin, end, counts)
        offset = block.begins[end] if end < len(block.begins) else len(raw)
        return Taken(offset, end - begin, block.first + end - 1, block.times[end - 1], missing)


class _Block(NamedTuple):
    """Records that are sound from the first to the last. Columns of Python's integers: few of them are looked at."""

    first: int
    """Number of the first."""
    begins: memoryview
    times: memoryview
    others: memoryview
    """Which are no deltas."""
    deltas: _Deltas

    def run_of(self, begin: int) -> int:
        """Where a run of deltas ends that goes on with that record."""
        other = bisect_left(self.others, begin)
        return self.others[other] if other < len(self.others) else len(self.begins)


class _Columns(NamedTuple):
    """Of deltas."""

    rows: _Array
    """Which record of the block each is."""
    streams: _Array
    payloads: _Array
    """Where each payload begins."""
    sizes: _Array
    """Of the payloads."""
    texts: _Array
    """Bytes of text."""
    chunks: _Array
    """That begin in it."""
    channels: _Array
    has_chunks: _Array
    """Whether its table has entries."""
    first_ns: _Array
    last_ns: _Array


class _Sorted(NamedTuple):
    """Deltas, those of a stream next to each other. What ends with `_before` is the sum over those before each, and
    behind the last that of all."""

    groups: list[tuple[int, int, int]]
    """(stream, from, to)."""
    data: bytes
    """Their payloads, end to end."""
    rows: memoryview
    sizes_before: memoryview
    texts_before: memoryview
    chunks_before: memoryview
    channels: memoryview
    has_chunks: memoryview
    first_ns: memoryview
    last_ns: memoryview

    def add_to(self, counts: Counts, one: int, other: int) -> None:
        """Count these of one stream."""
        counts.parts.append(self.data[self.sizes_before[one] : self.sizes_before[other]])
        counts.deltas += other - one
        counts.size += self.texts_before[other] - self.texts_before[one]
        counts.chunks += self.chunks_before[other] - self.chunks_before[one]
        counts.channel = self.channels[other - 1]
        if counts.first_ns is None:
            while one < other and not self.has_chunks[one]:
                one += 1
            counts.first_ns = self.first_ns[one] if one < other else None
        while other > one and not self.has_chunks[other - 1]:
            other -= 1
        if other > one:
            counts.last_ns = self.last_ns[other - 1]


class _Deltas:
    """The deltas of a block, sorted when somebody counts them."""

    def __init__(self, raw: bytes, columns: _Columns) -> None:
        self._raw, self._columns = raw, columns

    def count(self, begin: int, end: int, counts: list[Counts]) -> None:
        """Count those of these records; see `recording.counts.Tally`."""
        found, streams = self._sorted, len(counts)
        for stream, first, last in found.groups:
            if 0 < stream <= streams and counts[stream - 1].open:
                one = bisect_left(found.rows, begin, first, last)
                other = bisect_left(found.rows, end, one, last)
                if one < other:
                    found.add_to(counts[stream - 1], one, other)

    @cached_property
    def _sorted(self) -> _Sorted:
        streams = self._columns.streams
        # Keys of 16 bits are sorted by counting, in a third of the time.
        small = not len(streams) or streams.max() < 1 << 16
        order = np.argsort(streams.astype(np.uint16) if small else streams, kind="stable")
        columns = _Columns(*(column[order] for column in self._columns))
        streams = columns.streams
        ends = [*(np.flatnonzero(streams[1:] != streams[:-1]) + 1).tolist(), len(streams)] if len(streams) else []
        begins = [0, *ends[:-1]] if ends else []
        return _Sorted(
            list(zip(streams[begins].tolist(), begins, ends, strict=True)),
            _joined(self._raw, columns.payloads, columns.sizes),
            columns.rows.data,
            *(_sums(each).data for each in (columns.sizes, columns.texts, columns.chunks)),
            *(each.data for each in columns[-4:]),
        )


def _sound(raw: bytes) -> _Block | None:
    """`None` where the records are not sound from the first, whatever its number, to the last."""
    first = HEADER.unpack_from(raw)[5] if len(raw) >= HEADER_SIZE else _FAR
    begins = None if first >= _FAR else _begins(raw, first)
    if begins is None:
        return None
    heads = _at(raw, "V32", begins).view(_HEAD)
    times = heads["time"]
    if bool((heads["seq"] != first + np.arange(len(begins), dtype=np.uint64)).any()):
        return None
    if times[-1] >= _FAR or bool((times[1:] < times[:-1]).any()):
        return None
    deltas = _deltas(raw, begins, heads)
    if deltas is None:
        return None
    others = np.flatnonzero(heads["kind"] != DELTA_KIND)
    return _Block(first, begins.data, times.astype(np.int64).data, others.data, _Deltas(raw, deltas))


def _begins(raw: bytes, first: int) -> _Array | None:
    """Where the records begin, the first with that number; `None` when they do not end with the buffer.

    A delta's kind and a number that may be one's own stand together hardly anywhere else: what is found so and forms
    one chain from the first byte to the last is the records. Where it does not, they are walked.
    """
    octets, room = np.frombuffer(raw, np.uint8), len(raw) - HEADER_SIZE + 1
    zero = octets[5 : room + 7] == 0
    like = octets[4 : room + 4] == DELTA_KIND
    for behind in range(3):
        like &= zero[behind : behind + room]
    begins = np.flatnonzero(like)
    begins = begins[_at(raw, "<u8", begins + 16) - np.uint64(first) <= len(raw) // HEADER_SIZE]
    ends = begins + HEADER_SIZE + _at(raw, "<u4", begins)
    if len(begins) and not begins[0] and ends[-1] == len(raw) and bool((ends[:-1] == begins[1:]).all()):
        return begins
    walked, offset, head_at = [], 0, CHUNK.unpack_from
    while offset < room:
        walked.append(offset)
        offset += HEADER_SIZE + head_at(raw, offset)[0]
    return np.array(walked, np.int64) if offset == len(raw) else None


def _deltas(raw: bytes, begins: _Array, heads: _Array) -> _Columns | None:
    """`None` where one is not sound, or of a channel that is not known."""
    rows = np.flatnonzero(heads["kind"] == DELTA_KIND)
    if len(rows) < len(begins):
        heads, begins = heads[rows], begins[rows]
    payloads = begins + HEADER_SIZE
    sizes, times = heads["length"].astype(np.int64), heads["time"].astype(np.int64)
    if bool((sizes < DELTA_HEAD.size).any()):
        return None
    head = _at(raw, "<u8", payloads)
    channels, entries = head & 0xFFFF_FFFF, (head >> 32).astype(np.int64)
    texts = sizes - DELTA_HEAD.size - entries * _ENTRY
    if bool((channels > _LAST_CHANNEL).any()) or bool((texts < 0).any()):
        return None
    if bool((entries == 1).all()):
        ages, lengths = _entries(raw, payloads + DELTA_HEAD.size)
        told, chunks, last_ages = lengths & LENGTH_MASK, lengths < CONTINUES, ages
    else:
        ends = np.cumsum(entries)
        starts = ends - entries
        at = np.repeat(payloads + DELTA_HEAD.size - starts * _ENTRY, entries) + np.arange(entries.sum()) * _ENTRY
        all_ages, lengths = _entries(raw, at)
        told_before, chunks_before = _sums(lengths & LENGTH_MASK), _sums(lengths < CONTINUES)
        told, chunks = told_before[ends] - told_before[starts], chunks_before[ends] - chunks_before[starts]
        all_ages = np.append(all_ages, 0)  # For one without chunks that comes last.
        ages, last_ages = all_ages[starts], all_ages[ends - 1]
    if bool(((told != texts) & (entries > 0)).any()) or not _is_text(raw, payloads + sizes - texts, texts):
        return None
    first_ns, last_ns = times - ages * 1000, times - last_ages * 1000
    return _Columns(rows, heads["stream"], payloads, sizes, texts, chunks, channels, entries > 0, first_ns, last_ns)


def _entries(raw: bytes, at: _Array) -> tuple[_Array, _Array]:
    """(ages, lengths) of the entries of chunk tables at these places."""
    entries = _at(raw, "<u8", at)
    return (entries & 0xFFFF_FFFF).astype(np.int64), (entries >> 32).astype(np.int64)


def _is_text(raw: bytes, begins: _Array, sizes: _Array) -> bool:
    """Whether each of these pieces is UTF-8, and cut inside no character."""
    data = _joined(raw, begins, sizes)
    if data.isascii():
        return True
    # Then all of it is, and no piece begins inside a character.
    leads = np.frombuffer(raw, np.uint8)[begins[sizes > 0]]
    if bool(((leads & 0xC0) == 0x80).any()):
        return False
    try:
        data.decode()
    except UnicodeDecodeError:
        return False
    return True


def _at(raw: bytes, type_: str, places: _Array) -> _Array:
    """What stands at each of these places, on whatever byte."""
    size = np.dtype(type_).itemsize
    found: _Array = np.ndarray((max(0, len(raw) - size + 1),), type_, raw, strides=(1,))[places]
    return found


def _joined(raw: bytes, begins: _Array, sizes: _Array) -> bytes:
    """These pieces, end to end."""
    octets, ends, parts = np.frombuffer(raw, np.uint8), np.cumsum(sizes), []
    shifts = begins - (ends - sizes)
    done, step = 0, max(1, AT_ONCE * len(sizes) // max(1, int(sizes.sum())))
    for at in range(0, len(sizes), step):
        places = np.repeat(shifts[at : at + step], sizes[at : at + step])
        places += np.arange(done, done + len(places))
        done += len(places)
        parts.append(octets[places].tobytes())
    return b"".join(parts)


def _sums(numbers: _Array) -> _Array:
    """The sum of those before each, and behind the last that of all."""
    sums = np.zeros(len(numbers) + 1, np.int64)
    np.cumsum(numbers, out=sums[1:])
    return sums
