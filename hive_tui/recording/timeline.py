"""A run as a timeline: its state at any place, read from the log in any order.

A seek reads one block, takes the nearest keyframe before the place, and folds the few records between. Texts are read
when someone looks at them, and then their ends only.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator
from pathlib import Path
from typing import TypeVar

from hive_tui import wire
from hive_tui.events import AttemptStarted, Delta, Record, RunStarted
from hive_tui.recording.blocks import Blocks
from hive_tui.recording.format import DamagedError
from hive_tui.recording.keyframes import Keyframe, restored
from hive_tui.state import RunState, fold
from hive_tui.wire import HEADER, HEADER_SIZE

_E = TypeVar("_E")
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
        index = self._block_of(seq)
        if index >= 0:
            keyframes = self.blocks.keyframes(index)
            before = keyframes[bisect_right(keyframes, seq - 1, key=lambda each: each.state.seq) - 1]
            for record in self._records(index, before.offset):
                if record.seq == seq:
                    return record
        raise LookupError(f"there is no event {seq}")

    # Texts, as `streamtext.Source`.

    def deltas(self, stream: int, start: int, stop: int) -> Iterator[tuple[int, Delta]]:
        """(record time in ns, delta) of a stream's deltas from number `start` up to `stop`, exclusive."""
        index = max(
            0, bisect_right(range(len(self.blocks.places)), start, key=lambda i: self._deltas_before(i, stream)) - 1
        )
        number = self._deltas_before(index, stream)
        while number < stop and index < len(self.blocks.places):
            for time_ns, delta in self._deltas_in(index, stream):
                if start <= number < stop:
                    yield time_ns, delta
                number += 1
            index += 1

    def _deltas_before(self, index: int, stream: int) -> int:
        attempt = self.blocks.keyframes(index)[0].state.attempt(stream)
        return 0 if attempt is None else attempt.text.deltas

    def _deltas_in(self, index: int, stream: int) -> Iterator[tuple[int, Delta]]:
        """The stream's deltas of one block; those that stand before its attempt's start belong to nothing."""
        raw = self.blocks.raw(index)
        begun = self.blocks.keyframes(index)[0].state.attempt(stream) is not None
        offset = 0
        while offset < len(raw):
            length, kind, flags, _, of, _, time_ns = HEADER.unpack_from(raw, offset)
            start = offset + HEADER_SIZE
            offset = start + length
            if of != stream:
                continue
            begun = begun or kind == _ATTEMPT_STARTED
            if kind == wire.DELTA_KIND and begun:
                event = wire.decode_payload(kind, flags, memoryview(raw)[start:offset])
                if isinstance(event, Delta):
                    yield time_ns, event

    def _block_of(self, seq: int) -> int:
        return bisect_right(self.blocks.places, seq, key=lambda place: place.span.first_seq) - 1

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
