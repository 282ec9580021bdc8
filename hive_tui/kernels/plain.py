"""The kernels in plain Python: always there, and the fastest for a frame's worth of records."""

from __future__ import annotations

import struct
from array import array
from itertools import repeat
from typing import TYPE_CHECKING

from hive_tui import wire
from hive_tui.events import Channel
from hive_tui.kernels.interface import Chunks, Facts, Fault, Records, Verified, Weight, publish_step
from hive_tui.recording.counts import take_deltas
from hive_tui.wire import CONTINUES, DELTA_HEAD, DELTA_KIND, HEADER, HEADER_SIZE, LENGTH_MASK, WireError

if TYPE_CHECKING:
    from hive_tui.ring.reader import RingReader
    from hive_tui.ring.writer import RingWriter

_LENGTH = struct.Struct("<I")
_CHANNELS = len(Channel)
_DELTA = struct.Struct("<II8xQQII4xI")
"""Of a delta's record: length, kind and flags, sequence, time; channel, chunks; its first chunk's length."""


def _entries(data: bytes, offset: int, length: int) -> tuple[int, tuple[int, ...], int]:
    """(channel, ages and lengths in turn, where the text begins) of the delta whose header is at `offset`."""
    start = offset + HEADER_SIZE
    if length < DELTA_HEAD.size:
        raise WireError(f"chunk table of the delta at byte {offset} cut short")
    channel, count = DELTA_HEAD.unpack_from(data, start)
    text = start + DELTA_HEAD.size + count * wire.CHUNK.size
    if text > start + length:
        raise WireError(f"chunk table of the delta at byte {offset} cut short")
    return channel, struct.unpack_from(f"<{2 * count}I", data, start + DELTA_HEAD.size), text


class PlainBackend:
    """See `interface.Backend`."""

    name = "python"
    tally = staticmethod(take_deltas)

    def publish(self, writer: RingWriter, data: bytes) -> int:
        limit, step, size = writer.record_limit, publish_step(writer.capacity), len(data)
        steps: list[tuple[int, int, int]] = []
        begin = offset = count = 0
        while offset < size:
            if offset + HEADER_SIZE > size:
                raise WireError(f"record at byte {offset} cut short")
            length = HEADER_SIZE + _LENGTH.unpack_from(data, offset)[0]
            if length > limit or offset + length > size:
                raise WireError(f"record at byte {offset} cut short, or longer than {limit} bytes")
            if offset + length - begin > step:
                steps.append((begin, offset, count))
                begin, count = offset, 0
            offset += length
            count += 1
        steps.append((begin, offset, count))
        view = memoryview(data)
        for begin, stop, count in steps:
            writer.publish(view[begin:stop], count)
        return writer.position

    def drain(self, reader: RingReader) -> bytes:
        return reader.read()

    def scan_records(self, data: bytes) -> Records:
        offsets, kinds, flags = array("Q"), array("H"), array("H")
        streams, seqs, times = array("I"), array("Q"), array("Q")
        offset, last = 0, len(data) - HEADER_SIZE
        while offset <= last:
            length, kind, flag, _slot, stream, seq, time_ns = HEADER.unpack_from(data, offset)
            stop = offset + HEADER_SIZE + length
            if stop > len(data):
                break
            offsets.append(offset)
            kinds.append(kind)
            flags.append(flag)
            streams.append(stream)
            seqs.append(seq)
            times.append(time_ns)
            offset = stop
        return Records(offsets, kinds, flags, streams, seqs, times, offset)

    def scan_chunks(self, data: bytes) -> Chunks:
        streams, times, lengths = array("I"), array("Q"), array("I")
        channels, begins = array("B"), array("B")
        offset = 0
        while offset < len(data):
            length, kind, flags, _slot, stream, _seq, time_ns = _header(data, offset)
            if kind == DELTA_KIND and not flags:
                channel, entries, _text = _entries(data, offset, length)
                if channel < _CHANNELS:
                    count = len(entries) // 2
                    streams.extend(repeat(stream, count))
                    times.extend([max(time_ns - age * 1000, 0) for age in entries[0::2]])
                    lengths.extend([entry & LENGTH_MASK for entry in entries[1::2]])
                    channels.extend(repeat(channel, count))
                    begins.extend([entry < CONTINUES for entry in entries[1::2]])
            offset += HEADER_SIZE + length
        return Chunks(streams, times, lengths, channels, begins)

    def density(
        self, chunks: Chunks, streams: array[int], start_ns: int, bin_ns: int, bins: int, weight: Weight
    ) -> array[int]:
        counts = array("Q", bytes(8 * bins * len(streams)))
        rows = {stream: row * bins for row, stream in enumerate(streams)}
        weights = chunks.lengths if weight == "bytes" else chunks.begins
        for stream, time_ns, each in zip(chunks.streams, chunks.times, weights, strict=True):
            row = rows.get(stream)
            column = (time_ns - start_ns) // bin_ns
            if row is not None and 0 <= column < bins:
                counts[row + column] += each
        return counts

    def index(self, data: bytes, ends: array[int]) -> Facts:
        blocks: list[list[int]] = []
        streams: dict[int, list[int]] = {}
        offset = 0
        for end in ends:
            block = [0, 0, 0, 0, 0]
            while offset < end:
                length, kind, flags, _slot, stream, seq, time_ns = _header(data, offset)
                block = (
                    [block[0] + 1, block[1], seq, block[3], time_ns] if block[0] else [1, seq, seq, time_ns, time_ns]
                )
                row = streams.setdefault(stream, [stream, seq, seq, time_ns, time_ns, 0, 0])
                row[2], row[4] = seq, time_ns
                if kind == DELTA_KIND and not flags:
                    channel, entries, text = _entries(data, offset, length)
                    if channel < _CHANNELS:
                        row[5] += offset + HEADER_SIZE + length - text
                        row[6] += sum([entry < CONTINUES for entry in entries[1::2]])
                offset += HEADER_SIZE + length
            blocks.append(block)
            if offset != end:
                raise WireError(f"block end {end} is not between two records")
        if offset != len(data):
            raise WireError(f"{len(data) - offset} bytes behind the last block's end")
        by_block = [array("Q", column) for column in zip(*blocks, strict=True)] or [array("Q") for _ in range(5)]
        rows = list(streams.values())
        by_stream = [array("Q", [row[column] for row in rows]) for column in range(1, 7)]
        columns = [*by_block, array("I", [row[0] for row in rows]), *by_stream]
        return Facts(*columns)

    def verify(self, data: bytes, seq: int, time_ns: int) -> Verified:
        offset = records = 0
        fault: Fault | None = None
        unpack, size, whole = _DELTA.unpack_from, len(data), len(data) - _DELTA.size
        while offset < size:
            if offset <= whole:
                # Most are deltas of one chunk; what is not one that is plainly sound is looked at below.
                length, kind, number, at_ns, channel, chunks, told = unpack(data, offset)
                text, stop = offset + _DELTA.size, offset + HEADER_SIZE + length
                if (
                    kind == DELTA_KIND
                    and number == seq + 1
                    and at_ns >= time_ns
                    and chunks == 1
                    and channel < _CHANNELS
                    and text + (told & LENGTH_MASK) == stop <= size
                    and data[text:stop].isascii()
                ):
                    offset, seq, time_ns = stop, number, at_ns
                    records += 1
                    continue
            fault = _check(data, offset, seq, time_ns)
            if fault is not None:
                break
            length, _kind, _flags, _slot, _stream, seq, time_ns = HEADER.unpack_from(data, offset)
            offset += HEADER_SIZE + length
            records += 1
        return Verified(records, offset, seq, time_ns, fault)


def _header(data: bytes, offset: int) -> tuple[int, int, int, int, int, int, int]:
    """Raises:
    WireError: the buffer ends inside the record.
    """
    if offset + HEADER_SIZE > len(data):
        raise WireError(f"record at byte {offset} cut short")
    header: tuple[int, int, int, int, int, int, int] = HEADER.unpack_from(data, offset)
    if offset + HEADER_SIZE + header[0] > len(data):
        raise WireError(f"record at byte {offset} cut short")
    return header


def _check(data: bytes, offset: int, seq: int, time_ns: int) -> Fault | None:
    try:
        length, kind, flags, _slot, _stream, own_seq, own_ns = _header(data, offset)
    except WireError:
        return Fault.CUT
    if own_seq != seq + 1:
        return Fault.SEQUENCE
    if own_ns < time_ns:
        return Fault.TIME
    if kind != DELTA_KIND or flags:
        return None
    try:
        channel, entries, text = _entries(data, offset, length)
    except WireError:
        return Fault.TABLE
    stop = offset + HEADER_SIZE + length
    if channel >= _CHANNELS:
        return None
    if entries and sum(entry & LENGTH_MASK for entry in entries[1::2]) != stop - text:
        return Fault.SUM
    try:
        data[text:stop].decode()
    except UnicodeDecodeError:
        return Fault.TEXT
    return None
