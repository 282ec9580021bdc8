"""The kernels in Numba, for bulk. Importing this module compiles them, or loads them from Numba's cache (0.2-0.7 s).

They look at the same bytes twice, once to count and once to fill, so that columns are made in their final size. Where
one finds its input malformed, the plain kernel is asked to say what is wrong: errors are worded in one place.
"""

from __future__ import annotations

from array import array
from typing import Any

import numba
import numpy as np
from numba import njit, types

from hive_tui.events import Channel
from hive_tui.kernels.interface import Chunks, Facts, Fault, Records, Verified, Weight, publish_step
from hive_tui.kernels.plain import PlainBackend
from hive_tui.kernels.tally import tally
from hive_tui.kernels.utf8 import is_utf8
from hive_tui.ring import kernels as ring_kernels
from hive_tui.ring.kernels import OCTETS, length_at, octets
from hive_tui.ring.reader import RingReader
from hive_tui.ring.writer import RingWriter
from hive_tui.wire import CHUNK, DELTA_HEAD, DELTA_KIND, HEADER_SIZE, LENGTH_MASK

_U8, _U16, _U32, _U64 = (types.Array(each, 1, "C") for each in (types.uint8, types.uint16, types.uint32, types.uint64))
_I32 = types.Array(types.int32, 1, "C")
_TWO = types.Tuple((types.int64,) * 2)  # type: ignore[no-untyped-call]
_FOUR = types.Tuple((types.int64,) * 4)  # type: ignore[no-untyped-call]
_ROWS = types.Array(types.uint64, 2, "C")
_CHANNELS, _TEXT, _ENTRY = len(Channel), HEADER_SIZE + DELTA_HEAD.size, CHUNK.size
_FAULTS = (None, Fault.CUT, Fault.SEQUENCE, Fault.TIME, Fault.TABLE, Fault.SUM, Fault.TEXT)
_TABLE = -2
"""What `_count` says of a delta whose chunk table is longer than its payload; -1: it is no delta that is known."""


@njit(types.int64(OCTETS, types.int64), cache=True, nogil=True)
def _u32(data: Any, at: int) -> Any:
    return (
        np.int64(data[at]) | np.int64(data[at + 1]) << 8 | np.int64(data[at + 2]) << 16 | np.int64(data[at + 3]) << 24
    )


@njit(types.uint64(OCTETS, types.int64), cache=True, nogil=True)
def _u64(data: Any, at: int) -> Any:
    return np.uint64(_u32(data, at)) | np.uint64(_u32(data, at + 4)) << np.uint64(32)


@njit(types.int64(OCTETS, types.int64, types.int64), cache=True, nogil=True)
def _count(data: Any, offset: int, length: int) -> int:
    """Entries in the chunk table of the record at `offset`."""
    if data[offset + 4] != DELTA_KIND or data[offset + 5] or data[offset + 6] or data[offset + 7]:
        return -1
    if length < _TEXT:
        return _TABLE
    count = _u32(data, offset + HEADER_SIZE + 4)
    if _TEXT + count * _ENTRY > length:
        return _TABLE
    return count if _u32(data, offset + HEADER_SIZE) < _CHANNELS else -1


@njit(_TWO(OCTETS), cache=True, nogil=True)
def _count_records(data: Any) -> tuple[int, int]:
    """(whole records, their bytes)."""
    offset = count = 0
    while offset < len(data):
        length = length_at(data, offset)
        if length < 0:
            break
        offset += length
        count += 1
    return count, offset


@njit(types.void(OCTETS, _U64, _U16, _U16, _U32, _U64, _U64), cache=True, nogil=True)
def _fill_records(data: Any, offsets: Any, kinds: Any, flags: Any, streams: Any, seqs: Any, times: Any) -> None:
    offset = 0
    for row in range(len(offsets)):
        offsets[row] = offset
        kinds[row] = np.uint16(data[offset + 4]) | np.uint16(data[offset + 5]) << 8
        flags[row] = np.uint16(data[offset + 6]) | np.uint16(data[offset + 7]) << 8
        streams[row] = _u32(data, offset + 12)
        seqs[row] = _u64(data, offset + 16)
        times[row] = _u64(data, offset + 24)
        offset += length_at(data, offset)


@njit(types.int64(OCTETS), cache=True, nogil=True)
def _count_chunks(data: Any) -> int:
    offset = chunks = 0
    while offset < len(data):
        length = length_at(data, offset)
        if length < 0:
            return -1
        count = _count(data, offset, length)
        if count == _TABLE:
            return -1
        chunks += max(count, 0)
        offset += length
    return chunks


@njit(types.void(OCTETS, _U32, _U64, _U32, _U8, _U8), cache=True, nogil=True)
def _fill_chunks(data: Any, streams: Any, times: Any, lengths: Any, channels: Any, begins: Any) -> None:
    offset = row = 0
    while offset < len(data):
        stream, time = _u32(data, offset + 12), _u64(data, offset + 24)
        length = length_at(data, offset)
        for entry in range(_count(data, offset, length)):
            at = offset + _TEXT + entry * _ENTRY
            age = np.uint64(_u32(data, at)) * np.uint64(1000)
            piece = _u32(data, at + 4)
            streams[row] = stream
            times[row] = time - age if age < time else np.uint64(0)
            lengths[row] = piece & LENGTH_MASK
            channels[row] = data[offset + HEADER_SIZE]
            begins[row] = piece <= LENGTH_MASK
            row += 1
        offset += length


@njit(
    [
        types.void(_U32, _U64, weights, _U32, _I32, types.uint64, types.uint64, types.int64, _U64)
        for weights in (_U32, _U8)
    ],
    cache=True,
    nogil=True,
)
def _density(
    streams: Any, times: Any, weights: Any, known: Any, rows: Any, start: Any, width: Any, bins: int, counts: Any
) -> None:
    """`known` are the wanted streams in order, `rows` their rows."""
    stream, row = np.int64(-1), -1
    for each in range(len(streams)):
        if streams[each] != stream:
            stream = np.int64(streams[each])
            found = np.searchsorted(known, streams[each])
            row = rows[found] if found < len(known) and known[found] == streams[each] else -1
        if row < 0 or times[each] < start:
            continue
        column = (times[each] - start) // width
        if column < np.uint64(bins):
            counts[row * bins + np.int64(column)] += np.uint64(weights[each])


@njit(types.int64(OCTETS, _U64, _ROWS, _U32, _ROWS, _I32), cache=True, nogil=True)
def _index(data: Any, ends: Any, blocks: Any, streams: Any, rows: Any, table: Any) -> int:
    """Streams found; -1: malformed; -2: more streams than rows. `table` is a hash table of rows, -1 where free."""
    offset = found = 0
    for block in range(len(ends)):
        while np.uint64(offset) < ends[block]:
            length = length_at(data, offset)
            if length < 0:
                return -1
            seq, time = _u64(data, offset + 16), _u64(data, offset + 24)
            if blocks[0, block] == 0:
                blocks[1, block] = seq
                blocks[3, block] = time
            blocks[0, block] += np.uint64(1)
            blocks[2, block] = seq
            blocks[4, block] = time
            stream = _u32(data, offset + 12)
            place = (stream * 0x9E3779B1 >> 8) & (len(table) - 1)
            while table[place] >= 0 and streams[table[place]] != stream:
                place = (place + 1) & (len(table) - 1)
            row = table[place]
            if row < 0:
                if found == len(streams):
                    return -2
                row = found
                table[place] = row
                streams[row] = stream
                rows[0, row] = seq
                rows[2, row] = time
                found += 1
            rows[1, row] = seq
            rows[3, row] = time
            count = _count(data, offset, length)
            if count == _TABLE:
                return -1
            if count >= 0:
                rows[4, row] += np.uint64(length - _TEXT - count * _ENTRY)
            for entry in range(count):
                # The highest byte of the entry's length holds the bit of a piece that continues a chunk.
                if data[offset + _TEXT + entry * _ENTRY + 7] < 0x80:
                    rows[5, row] += np.uint64(1)
            offset += length
        if np.uint64(offset) != ends[block]:
            return -1
    return found if offset == len(data) else -1


@njit(types.int64(OCTETS, types.int64, types.uint64, types.uint64), cache=True, nogil=True)
def _check(data: Any, offset: int, seq: Any, time: Any) -> int:
    """Index into `_FAULTS`."""
    length = length_at(data, offset)
    if length < 0:
        return 1
    own = _u64(data, offset + 16)
    if own != seq + np.uint64(1) or own == 0:
        return 2
    if _u64(data, offset + 24) < time:
        return 3
    count = _count(data, offset, length)
    if count == _TABLE:
        return 4
    if count < 0:
        return 0
    text, total = offset + _TEXT + count * _ENTRY, 0
    for entry in range(count):
        total += _u32(data, offset + _TEXT + entry * _ENTRY + 4) & LENGTH_MASK
    if count and total != offset + length - text:
        return 5
    return 0 if is_utf8(data, text, offset + length) else 6


@njit(_FOUR(OCTETS, types.uint64, types.uint64), cache=True, nogil=True)
def _verify(data: Any, seq: Any, time: Any) -> Any:
    """(records, bytes, where the last sound one begins, fault)."""
    offset = records = 0
    last = -1
    while offset < len(data):
        fault = _check(data, offset, seq, time)
        if fault:
            return records, offset, last, fault
        seq, time, last = _u64(data, offset + 16), _u64(data, offset + 24), offset
        offset += length_at(data, offset)
        records += 1
    return records, offset, last, 0


def _columns(codes: str, count: int) -> tuple[list[array[int]], list[Any]]:
    """Columns of zeros and the kernels' views of them."""
    made = [array(code, bytes(array(code).itemsize * count)) for code in codes]
    return made, [np.frombuffer(column, np.dtype(column.typecode)) for column in made]


class CompiledBackend:
    """See `interface.Backend`."""

    name = f"numba {numba.__version__}"
    tally = staticmethod(tally)
    cache_path = str(_verify.stats.cache_path)
    """Where Numba really keeps them: not the folder that was asked for, if that could not be written."""

    def __init__(self) -> None:
        self._plain = PlainBackend()

    def publish(self, writer: RingWriter, data: bytes) -> int:
        if not ring_kernels.publish(writer, data, publish_step(writer.capacity)):
            return self._plain.publish(writer, data)
        return writer.position

    def drain(self, reader: RingReader) -> bytes:
        return ring_kernels.drain(reader)

    def scan_records(self, data: bytes) -> Records:
        source = octets(data)
        count, used = _count_records(source)
        columns, views = _columns("QHHIQQ", count)
        _fill_records(source, *views)
        offsets, kinds, flags, streams, seqs, times = columns
        return Records(offsets, kinds, flags, streams, seqs, times, used)

    def scan_chunks(self, data: bytes) -> Chunks:
        source = octets(data)
        count = _count_chunks(source)
        if count < 0:
            return self._plain.scan_chunks(data)
        columns, views = _columns("IQIBB", count)
        _fill_chunks(source, *views)
        return Chunks(*columns)

    def density(
        self, chunks: Chunks, streams: array[int], start_ns: int, bin_ns: int, bins: int, weight: Weight
    ) -> array[int]:
        (counts,), (view,) = _columns("Q", bins * len(streams))
        known = np.frombuffer(streams, np.uint32)
        rows = np.argsort(known).astype(np.int32)
        weights = np.frombuffer(*((chunks.lengths, np.uint32) if weight == "bytes" else (chunks.begins, np.uint8)))
        columns = np.frombuffer(chunks.streams, np.uint32), np.frombuffer(chunks.times, np.uint64)
        _density(*columns, weights, known[rows], rows, start_ns, bin_ns, bins, view)
        return counts

    def index(self, data: bytes, ends: array[int]) -> Facts:
        source, found, room = octets(data), -2, 32
        while found == -2:
            room *= 4
            blocks, streams = np.zeros((5, len(ends)), np.uint64), np.zeros(room, np.uint32)
            rows, table = np.zeros((6, room), np.uint64), np.full(4 * room, -1, np.int32)
            found = _index(source, np.frombuffer(ends, np.uint64), blocks, streams, rows, table)
        if found < 0:
            return self._plain.index(data, ends)
        columns = [array("Q", row.tobytes()) for row in blocks]
        columns.append(array("I", streams[:found].tobytes()))
        columns += [array("Q", row[:found].tobytes()) for row in rows]
        return Facts(*columns)

    def verify(self, data: bytes, seq: int, time_ns: int) -> Verified:
        source = octets(data)
        records, used, last, fault = _verify(source, seq, time_ns)
        if last >= 0:
            seq, time_ns = int(_u64(source, last + 16)), int(_u64(source, last + 24))
        return Verified(records, used, seq, time_ns, _FAULTS[fault])
