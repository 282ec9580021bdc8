"""A run as a timeline: its state at any place, read from the log in any order.

A seek reads one block, takes the nearest keyframe before the place, and folds the few records between. Texts are read
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
from hive_tui.recording.keyframes import Keyframe, restored
from hive_tui.state import RunState, fold
from hive_tui.streamtext import NOTHING, Lengths
from hive_tui.wire import CHUNK, DELTA_HEAD, DELTA_KIND, HEADER, HEADER_SIZE

_E = TypeVar("_E")
LENGTH = CHANNEL = struct.Struct("<I")
_CHANNELS = frozenset(int(channel) for channel in Channel)
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

    def close(self) -> None:
        self.blocks.close()

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
        keyframe = keyframes[bisect_right(keyframes, seq, key=lambda each: each.state.seq) - 1]
        state = self._restored(keyframe)
        for record in self._records(index, keyframe.offset):
            if record.seq > seq:
                break
            state = fold(state, record)
        return state

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
        keyframe = keyframes[bisect_right(keyframes, time_ns, key=lambda each: each.state.time_ns) - 1]
        seq, offset = keyframe.state.seq, keyframe.offset
        while offset < len(raw):
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
        """(record time in ns, delta) of a stream's deltas from number `start` up to `stop`, exclusive."""
        for raw, offset in self._delta_offsets(stream, start, stop):
            record, _ = wire.decode(raw, offset)
            assert isinstance(record.event, Delta)
            yield record.time_ns, record.event

    def texts(self, stream: int, start: int, stop: int) -> Iterator[tuple[int, bytes]]:
        """(channel, UTF-8) of the same deltas."""
        for raw, offset in self._delta_offsets(stream, start, stop):
            channel, chunks = DELTA_HEAD.unpack_from(raw, offset + HEADER_SIZE)
            text = offset + HEADER_SIZE + DELTA_HEAD.size + chunks * CHUNK.size
            yield channel, raw[text : offset + HEADER_SIZE + LENGTH.unpack_from(raw, offset)[0]]

    def _delta_offsets(self, stream: int, start: int, stop: int) -> Iterator[tuple[bytes, int]]:
        """A block's payload, and where the delta's record begins in it."""
        count = len(self.blocks.places)
        index = max(0, bisect_right(range(count), start, key=lambda i: self._text_before(i, stream).deltas) - 1)
        number = self._text_before(index, stream).deltas
        while number < stop and index < count:
            raw, offsets = self.blocks.raw(index), self._by_stream(index).get(stream, _EMPTY)
            for offset in offsets[max(0, start - number) : stop - number]:
                yield raw, offset
            number += len(offsets)
            index += 1

    def tail(self, stream: int, until: Lengths, size: int) -> int:
        """Number of the delta with which a block begins, so that at least `size` bytes of text come before `until`."""
        places = self.blocks.places
        # The last chunk came in this block or, by its age, a little before it was recorded.
        index = bisect_right(places, until.last_ns or 0, key=lambda place: place.span.first_ns) - 1
        while index > 0:
            before = self._text_before(index, stream)
            if before.deltas < until.deltas and until.size - before.size >= size:
                return before.deltas
            index -= 1
        return 0

    def _text_before(self, index: int, stream: int) -> Lengths:
        """What a stream had when the block began."""
        attempt = self.blocks.keyframes(index)[0].state.attempt(stream)
        return NOTHING if attempt is None else attempt.text.lengths

    def _by_stream(self, index: int) -> dict[int, array[int]]:
        """Where the deltas of each stream begin in a block; those before their attempt's start belong to nothing."""
        found = self._offsets.get(index)
        if found is not None and index not in self.blocks.open:
            self._offsets.move_to_end(index)
            return found
        state = self.blocks.keyframes(index)[0].state
        found = {attempt.stream: array("I") for attempt in state.attempts}
        raw = self.blocks.raw(index)
        offset, end = 0, len(raw)
        while offset < end:
            length, kind, flags, _, stream, _, _ = HEADER.unpack_from(raw, offset)
            if kind == DELTA_KIND and stream in found and not flags:
                if CHANNEL.unpack_from(raw, offset + HEADER_SIZE)[0] in _CHANNELS:
                    found[stream].append(offset)
            elif kind == _ATTEMPT_STARTED:
                found.setdefault(stream, array("I"))
            offset += HEADER_SIZE + length
        self._offsets[index] = found
        if len(self._offsets) > KEPT:
            self._offsets.popitem(last=False)
        return found

    def _block_of(self, seq: int) -> int:
        return bisect_right(self.blocks.places, seq, key=lambda place: place.span.first_seq) - 1

    def _offset_after(self, index: int, seq: int) -> int:
        """Where one may begin to look in a block for what is behind that record."""
        keyframes = self.blocks.keyframes(index)
        return keyframes[max(0, bisect_right(keyframes, seq, key=lambda each: each.state.seq) - 1)].offset

    def _records(self, index: int, offset: int) -> Iterator[Record]:
        raw = self.blocks.raw(index)
        while offset < len(raw):
            record, offset = wire.decode(raw, offset)
            yield record

    def _restored(self, keyframe: Keyframe) -> RunState:
        if not keyframe.started_in:
            return keyframe.state
        begun = [self._word(seq, AttemptStarted) for seq in keyframe.begun_in]
        return restored(keyframe, self._word(keyframe.started_in, RunStarted), begun, self)

    def _word(self, seq: int, type_: type[_E]) -> _E:
        event = self._words.get(seq)
        if event is None:
            found = self.record(seq).event
            assert isinstance(found, RunStarted | AttemptStarted)
            event = self._words[seq] = found
        if not isinstance(event, type_):
            raise DamagedError(f"a keyframe takes event {seq} for a {type_.__name__}")
        return event
