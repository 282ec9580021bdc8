"""Keyframes: the states of a run at places of its log, so that a seek folds a few records and not all of them.

A keyframe holds no text. Of each stream it has the lengths; of the question, the plan and the prompts nothing, for
they stand in the records `RunStarted` and `AttemptStarted`, whose places it tells. So its size does not grow with a
run's length.
The keyframes of a block stand behind it in one frame of the log: MessagePack of `Keyframe`s, compressed with zstd.
All of it is derived: `Tracker` makes the same keyframes again from the blocks' records.
"""

from __future__ import annotations

from typing import Any

import msgspec
from msgspec.structs import replace

from hive_tui import wire
from hive_tui.events import AttemptStarted, Plan, Record, RunStarted
from hive_tui.recording.counts import FOREVER_NS, Counts, Tally, take_deltas
from hive_tui.recording.format import DamagedError
from hive_tui.recording.statehash import combined, messages_digest, words_digest
from hive_tui.state import RunState, fold
from hive_tui.streamtext import Lengths, Place, Source, StreamText

EVERY_RECORDS = 256
EVERY_NS = 1_000_000_000
"""A keyframe comes after so many records or so much time, whichever is first."""


class Keyframe(msgspec.Struct, frozen=True, array_like=True):
    """The state after the record `seq`."""

    seq: int
    offset: int
    """Where the next record begins in the block's raw payload."""
    started_in: int
    """Sequence number of the `RunStarted`; 0 before it."""
    begun_in: tuple[int, ...]
    """For each attempt, the sequence number of its `AttemptStarted`."""
    state: RunState


def _lengths_of(value: object) -> Lengths:
    if isinstance(value, StreamText):
        return value.lengths
    raise TypeError(type(value).__name__)


def _text_of(type_: type, value: Any) -> object:
    if type_ is StreamText:
        return StreamText(msgspec.convert(value, Lengths))
    raise TypeError(type_.__name__)


_encode = msgspec.msgpack.Encoder(enc_hook=_lengths_of).encode
_UNDECODABLE = (msgspec.MsgspecError, UnicodeDecodeError, RecursionError)


class StoredKeyframe(msgspec.Struct, frozen=True, array_like=True):
    """A `Keyframe` as it stands in the log. Its state is decoded when it is asked for: of a block's keyframes a seek
    needs one."""

    seq: int
    offset: int
    started_in: int
    begun_in: tuple[int, ...]
    encoded: msgspec.Raw

    @property
    def state(self) -> RunState:
        """Raises:
        DamagedError: not what `encode_keyframes` made.
        """
        try:
            return _decode_state(self.encoded)
        except _UNDECODABLE as error:
            raise DamagedError(f"keyframe of event {self.seq}: {error}") from error

    @property
    def time_ns(self) -> int:
        """Raises as `state`."""
        try:
            return _decode_moment(self.encoded).time_ns
        except _UNDECODABLE as error:
            raise DamagedError(f"keyframe of event {self.seq}: {error}") from error


class _Moment(msgspec.Struct):
    time_ns: int = 0


_decode = msgspec.msgpack.Decoder(tuple[StoredKeyframe, ...]).decode
_decode_state = msgspec.msgpack.Decoder(RunState, dec_hook=_text_of).decode
_decode_moment = msgspec.msgpack.Decoder(_Moment).decode


def encode_keyframes(keyframes: list[Keyframe]) -> bytes:
    return _encode(keyframes)


def decode_keyframes(data: bytes) -> tuple[StoredKeyframe, ...]:
    """Raises:
    DamagedError: not what `encode_keyframes` made.
    """
    try:
        found = _decode(data)
    except _UNDECODABLE as error:
        raise DamagedError(f"keyframes: {error}") from error
    if not found or min(each.offset for each in found) < 0:
        raise DamagedError("keyframes: none, or one that stands nowhere")
    return found


def restored(
    keyframe: Keyframe, started: RunStarted | None, begun: list[AttemptStarted | None], source: Source
) -> RunState:
    """The whole state: with the words that the keyframe left out, as far as they are known, and texts that `source`
    gives when asked.

    Raises:
        DamagedError: the keyframe tells of other attempts than it holds.
    """
    state = keyframe.state
    if len(begun) != len(state.attempts):
        raise DamagedError(f"keyframe of event {keyframe.seq}: {len(begun)} attempts, and {len(state.attempts)} states")
    attempts = tuple(
        replace(
            attempt,
            messages=() if event is None else event.messages,
            text=StreamText(attempt.text.lengths, Place(source, attempt.stream)),
        )
        for attempt, event in zip(state.attempts, begun, strict=True)
    )
    if started is None:
        return replace(state, attempts=attempts)
    return replace(state, question=started.question, plan=started.plan, attempts=attempts)


class Tracker:
    """Folds a run's records as `state.fold` does, but keeps no text; takes keyframes on the way."""

    def __init__(self, after: StoredKeyframe | None = None, tally: Tally = take_deltas) -> None:
        """Before the first record, or where a keyframe was taken."""
        self._tally = tally
        self._state = RunState() if after is None else after.state
        self._started_in = 0 if after is None else after.started_in
        self._begun_in = [] if after is None else list(after.begun_in)
        self._counts = [Counts.of(attempt) for attempt in self._state.attempts]
        self._words = words_digest(self._state.question, self._state.plan)

    @property
    def state(self) -> RunState:
        """After the last record: without question, plan and prompts, of texts the lengths only."""
        pairs = zip(self._state.attempts, self._counts, strict=True)
        return replace(self._state, attempts=tuple(replace(attempt, text=counts.text()) for attempt, counts in pairs))

    def block(self, raw: bytes) -> list[Keyframe]:
        """Take a block's records. Returns its keyframes; the first is the state before the block.

        Raises:
            hive_tui.wire.WireError: bytes that are no records.
        """
        keyframes = [self._keyframe(0)]
        offset, end = 0, len(raw)
        taken, due_ns = 0, self._state.time_ns + EVERY_NS
        while offset < end:
            if taken == EVERY_RECORDS or (taken and self._state.time_ns >= due_ns):
                keyframes.append(self._keyframe(offset))
                taken, due_ns = 0, self._state.time_ns + EVERY_NS
            offset, run = self._deltas(raw, offset, EVERY_RECORDS - taken, due_ns)
            taken += run
            if not run and offset < end:
                record, offset = wire.decode(raw, offset)
                self._take(record)
                taken += 1
        for counts in self._counts:
            counts.settle()
        return keyframes

    def after(self, raw: bytes, offset: int) -> Keyframe:
        """Take the records of a block from `offset` on, as far as they are given. Returns the keyframe behind them.

        Raises as `block`.
        """
        end = len(raw)
        while offset < end:
            offset, run = self._deltas(raw, offset, end, FOREVER_NS)
            if not run and offset < end:
                record, offset = wire.decode(raw, offset)
                self._take(record)
        return self._keyframe(offset)

    @property
    def hash(self) -> bytes:
        """`statehash.hash_of` the last state; only of a tracker that saw the run from its beginning."""
        attempts = [(counts.messages, counts.digest.digest()) for counts in self._counts]
        return combined(self.state, self._words, attempts)

    def _deltas(self, raw: bytes, offset: int, most: int, due_ns: int) -> tuple[int, int]:
        """Take deltas from `offset` on, until another record, `most` of them or the time. Returns where it stopped,
        and how many it took."""
        state = self._state
        counts = self._counts if state.outcome is None else []
        taken = self._tally(raw, offset, most, due_ns, state.seq, state.time_ns, state.missing, counts)
        if taken.records:
            self._state = replace(state, seq=taken.seq, time_ns=taken.time_ns, missing=taken.missing)
        return taken.offset, taken.records

    def _take(self, record: Record) -> None:
        before = self._state
        state = self._state = fold(before, record)
        if len(state.attempts) > len(self._counts):
            self._counts.append(Counts())
            self._counts[-1].messages = messages_digest(state.attempts[-1].messages)
            self._begun_in.append(record.seq)
            self._state = replace(state, attempts=(*state.attempts[:-1], replace(state.attempts[-1], messages=())))
        elif (
            isinstance(record.event, RunStarted)
            and not record.stream
            and before.outcome is None
            and state is not before
        ):
            self._started_in = record.seq
            self._words = words_digest(state.question, state.plan)
            self._state = replace(state, question="", plan=Plan(name="", stages=()))
        attempt = self._state.attempt(record.stream)
        if attempt is not None:
            self._counts[record.stream - 1].open = attempt.outcome is None

    def _keyframe(self, offset: int) -> Keyframe:
        return Keyframe(self._state.seq, offset, self._started_in, tuple(self._begun_in), self.state)
