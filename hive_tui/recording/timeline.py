"""A run as a timeline: its state at any place, read from the log in any order.

A seek reads one block, takes the nearest keyframe before the place, and counts the few records between. Texts are read
when someone looks at them, and then their ends only.
"""

from __future__ import annotations

import struct
from array import array
from bisect import bisect_right
from collections import OrderedDict
from collections.abc import Iterator
from pathlib import Path
from typing import TypeVar

from hive_tui import wire
from hive_tui.events import AttemptStarted, Channel, Delta, Record, RunStarted
from hive_tui.recording.blocks import KEPT, Blocks
from hive_tui.recording.format import DamagedError
from hive_tui.recording.keyframes import Keyframe, Tracker, restored
from hive_tui.state import RunState
from hive_tui.streamtext import NOTHING, Lengths
from hive_tui.wire import CHUNK, DELTA_HEAD, DELTA_KIND, HEADER, HEADER_SIZE

_E = TypeVar("_E")
_DELTA = struct.Struct("<I28xII")
"""Of a delta's record: payload length, channel, number of chunks."""
_KINDS = struct.Struct("<II4xI16xI")
"""Of any record that is not the shortest: payload length, kind and flags, stream, and what a delta has as channel."""
_NUMBERED = struct.Struct("<I12xQ")
"""Of any record: payload length, sequence."""
_TEXT = HEADER_SIZE + DELTA_HEAD.size
LENGTHS_KEPT = 512
"""Blocks of which is kept how much text there was before: 1 MiB."""
_LAST_CHANNEL = int(max(Channel))
_EMPTY = array("I")
_ATTEMPT_STARTED = next(kind for kind, type_ in wire.KINDS.items() if type_ is AttemptStarted)


class Timeline:
    """Raises:
    FileNotFoundError: no log there.
    DamagedError: the file header is damaged or newer.
    """

    def __init__(self, folder: Path) -> None:
        self.blocks = Blocks(folder)
        self._words: dict[int, RunStarted | AttemptStarted] = {}
        """By sequence number: what keyframes leave out."""
        self._offsets: OrderedDict[int, dict[int, array[int]]] = OrderedDict()
        self._lengths: OrderedDict[int, tuple[Lengths, ...]] = OrderedDict()
        self._looked_at: dict[int, int] = {}
        """By stream, the block in which its text was looked for last."""

    def close(self) -> None:
        self.blocks.close()

    def rest(self) -> None:
        """Called by long searches each few milliseconds; nothing here. Who must not be kept waiting overrides it."""

    @property
    def last_seq(self) -> int:
        places = self.blocks.places
        return places[-1].span.last_seq if places else 0

    @property
    def duration_ns(self) -> int:
        """Time of the last record."""
        places = self.blocks.places
        return places[-1].span.last_ns if places else 0

    def state_at(self, seq: int) -> RunState:
        """The fold of all records up to `seq`, that one included.

        Raises:
            DamagedError: a block on the way there is damaged.
            hive_tui.wire.WireError: a sound block holds bytes that are no records.
        """
        index = self._block_of(seq)
        if index < 0:
            return RunState()
        keyframes = self.blocks.keyframes(index)
        keyframe = keyframes[bisect_right(keyframes, seq, key=lambda each: each.seq) - 1]
        raw = self.blocks.raw(index)
        between = raw[: _behind(raw, keyframe.offset, seq)]
        return self._restored(Tracker(keyframe).after(between, keyframe.offset))

    def last_state(self) -> RunState:
        """Raises as `state_at`."""
        return self.state_at(self.last_seq)

    def seq_at(self, time_ns: int) -> int:
        """The last record that is not later than the time; 0 before the first."""
        places = self.blocks.places
        index = bisect_right(places, time_ns, key=lambda place: place.span.first_ns) - 1
        if index < 0:
            return 0
        raw = self.blocks.raw(index)
        keyframes = self.blocks.keyframes(index)
        keyframe = keyframes[bisect_right(keyframes, time_ns, key=lambda each: each.time_ns) - 1]
        seq, offset = keyframe.seq, keyframe.offset
        while offset + HEADER_SIZE <= len(raw):
            length, _, _, _, _, number, at_ns = HEADER.unpack_from(raw, offset)
            if at_ns > time_ns:
                break
            seq = number
            offset += HEADER_SIZE + length
        return seq

    def record(self, seq: int) -> Record:
        """One record.

        Raises:
            LookupError: there is none with that number.
        """
        found = next(self.records(seq - 1), None)
        if found is None or found.seq != seq:
            raise LookupError(f"there is no event {seq}")
        return found

    def records(self, after: int) -> Iterator[Record]:
        """All records behind that one, as far as the log goes."""
        index = max(0, self._block_of(after + 1))
        while index < len(self.blocks.places):
            for record in self._records(index, self._offset_after(index, after)):
                if record.seq > after:
                    yield record
            index += 1

    # Texts, as `streamtext.Source`.

    def deltas(self, stream: int, start: int, stop: int) -> Iterator[tuple[int, Delta]]:
        """(record time in ns, delta) of a stream's deltas from number `start` up to `stop`, exclusive.

        Raises:
            DamagedError: a block in which some of them stand is damaged.
        """
        for index, begin, end in self._delta_blocks(stream, start, stop):
            raw = self.blocks.raw(index)
            for offset in self._by_stream(index).get(stream, _EMPTY)[begin:end]:
                record, _ = wire.decode(raw, offset)
                assert isinstance(record.event, Delta)
                yield record.time_ns, record.event

    def texts(self, stream: int, start: int, stop: int) -> Iterator[tuple[int, bytes]]:
        """(channel, UTF-8) of the same deltas; neighbours of one channel may come as one.

        For those in a block that is damaged come as many bytes that say so: `blocks.damaged` tells of it.
        """
        unpack = _DELTA.unpack_from
        for index, begin, end in self._delta_blocks(stream, start, stop):
            try:
                raw = self.blocks.raw(index)
            except DamagedError:
                lost, span = self._text_in(index, stream), self.blocks.places[index].span
                said = f"[events {span.first_seq} to {span.last_seq} cannot be read]".encode()
                yield lost.channel or 0, said[: lost.size].ljust(lost.size, b"?")
                continue
            last = -1
            found: list[bytes] = []
            for offset in self._by_stream(index).get(stream, _EMPTY)[begin:end]:
                length, channel, chunks = unpack(raw, offset)
                if channel != last and found:
                    yield last, b"".join(found)
                    found = []
                last = channel
                found.append(raw[offset + _TEXT + chunks * CHUNK.size : offset + HEADER_SIZE + length])
            if found:
                yield last, b"".join(found)

    def _delta_blocks(self, stream: int, start: int, stop: int) -> Iterator[tuple[int, int, int]]:
        """(block, from, to): where the deltas stand, counted among the block's own of that stream."""
        count = len(self.blocks.places)
        index = self._block_of_delta(stream, start)
        number = self._text_before(index, stream).deltas
        while number < stop and index < count:
            yield index, max(0, start - number), stop - number
            try:
                number += len(self._by_stream(index).get(stream, _EMPTY))
            except DamagedError:
                number += self._text_in(index, stream).deltas
            index += 1

    def _text_in(self, index: int, stream: int) -> Lengths:
        """How much of a stream's text stands in a block that cannot be read, as the next one tells.

        Raises:
            DamagedError: there is no next one.
        """
        if index + 1 == len(self.blocks.places):
            raise self.blocks.damaged[index]
        before, behind = self._text_before(index, stream), self._text_before(index + 1, stream)
        deltas, size = behind.deltas - before.deltas, behind.size - before.size
        return Lengths(deltas, behind.chunks - before.chunks, size, channel=behind.channel)

    def _block_of_delta(self, stream: int, number: int) -> int:
        """Where one begins to look for a delta; mostly where a text's tail was said to begin."""
        count = len(self.blocks.places)
        near = self._looked_at.get(stream, 0)
        begun = near < count and self._text_before(near, stream).deltas <= number
        if begun and (near + 1 == count or self._text_before(near + 1, stream).deltas > number):
            return near
        return max(0, bisect_right(range(count), number, key=lambda i: self._text_before(i, stream).deltas) - 1)

    def tail(self, stream: int, until: Lengths, size: int) -> int:
        """Number of the delta with which a block begins, so that at least `size` bytes of text come before `until`."""
        places = self.blocks.places
        # The last chunk came in this block or, by its age, a little before it was recorded.
        index = bisect_right(places, until.last_ns or 0, key=lambda place: place.span.first_ns) - 1
        while index > 0:
            before = self._text_before(index, stream)
            if before.deltas < until.deltas and until.size - before.size >= size:
                break
            index -= 1
        self._looked_at[stream] = index
        return self._text_before(index, stream).deltas if index > 0 else 0

    def _text_before(self, index: int, stream: int) -> Lengths:
        """What a stream had when the block began."""
        lengths = self._lengths_before(index)
        return lengths[stream - 1] if 0 < stream <= len(lengths) else NOTHING

    def _lengths_before(self, index: int) -> tuple[Lengths, ...]:
        """What each stream had when the block began."""
        found = self._lengths.get(index)
        if found is None:
            attempts = self.blocks.keyframes(index)[0].state.attempts
            found = self._lengths[index] = tuple(attempt.text.lengths for attempt in attempts)
            if len(self._lengths) > LENGTHS_KEPT:
                self._lengths.popitem(last=False)
        return found

    def _by_stream(self, index: int) -> dict[int, array[int]]:
        """Where the deltas of each stream begin in a block; those before their attempt's start belong to nothing."""
        found = self._offsets.get(index)
        if found is not None:
            self._offsets.move_to_end(index)
            return found
        found = {stream: array("I") for stream in range(1, len(self._lengths_before(index)) + 1)}
        add = {stream: offsets.append for stream, offsets in found.items()}
        raw = self.blocks.raw(index)
        unpack, offset, whole = _KINDS.unpack_from, 0, len(raw) - _DELTA.size
        while offset <= whole:
            length, kind, stream, channel = unpack(raw, offset)
            if kind == DELTA_KIND:
                if stream in add and channel <= _LAST_CHANNEL:
                    add[stream](offset)
            elif kind == _ATTEMPT_STARTED and stream not in found:
                found[stream] = array("I")
                add[stream] = found[stream].append
            offset += HEADER_SIZE + length
        # What is left is too short for a delta or an attempt's start.
        if index not in self.blocks.open:  # An open one grows.
            self._offsets[index] = found
            if len(self._offsets) > KEPT:
                self._offsets.popitem(last=False)
        return found

    def _block_of(self, seq: int) -> int:
        return bisect_right(self.blocks.places, seq, key=lambda place: place.span.first_seq) - 1

    def _offset_after(self, index: int, seq: int) -> int:
        """Where one may begin to look in a block for what is behind that record."""
        keyframes = self.blocks.keyframes(index)
        return keyframes[max(0, bisect_right(keyframes, seq, key=lambda each: each.seq) - 1)].offset

    def _records(self, index: int, offset: int) -> Iterator[Record]:
        raw = self.blocks.raw(index)
        while offset < len(raw):
            record, offset = wire.decode(raw, offset)
            yield record

    def _restored(self, keyframe: Keyframe) -> RunState:
        """Without question, plan or prompts that stand in a damaged block."""
        begun = [self._word(seq, AttemptStarted) for seq in keyframe.begun_in]
        started = self._word(keyframe.started_in, RunStarted) if keyframe.started_in else None
        return restored(keyframe, started, begun, self)

    def _word(self, seq: int, type_: type[_E]) -> _E | None:
        event = self._words.get(seq)
        if event is None:
            try:
                found = self.record(seq).event
            except DamagedError:
                return None
            except LookupError as error:
                raise DamagedError(f"a keyframe tells of event {seq}: {error}") from error
            if not isinstance(found, RunStarted | AttemptStarted):
                raise DamagedError(f"a keyframe takes event {seq} for a {type_.__name__}")
            event = self._words[seq] = found
        if not isinstance(event, type_):
            raise DamagedError(f"a keyframe takes event {seq} for a {type_.__name__}")
        return event


def _behind(raw: bytes, offset: int, seq: int) -> int:
    """Where the first record behind `seq` begins."""
    unpack, last = _NUMBERED.unpack_from, len(raw) - HEADER_SIZE
    while offset <= last:
        length, number = unpack(raw, offset)
        if number > seq:
            break
        offset += HEADER_SIZE + length
    return offset
