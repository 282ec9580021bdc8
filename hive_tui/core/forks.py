"""Where a fork leaves its parent: the last event that it copies, and whether its plan fits what was said until then.

A fork's log is its own `RunStarted`, then the parent's records 2 to k at their numbers and times, then what comes live.
A stage or a call that was under way at the place is made anew, so k stands before its beginning.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec

from hive_tui.events import Outcome, Plan, StageSpec
from hive_tui.recording.format import DamagedError, Span
from hive_tui.recording.navigation.soonest import soonest
from hive_tui.recording.navigation.walker import Place
from hive_tui.recording.timeline import Timeline
from hive_tui.state import RunState, StageState
from hive_tui.wire import HEADER, HEADER_SIZE, WireError


class ForkError(ValueError):
    """The run cannot be forked there, or not so; the message says why, and `todo` what to do."""

    def __init__(self, message: str, todo: str = "") -> None:
        super().__init__(message)
        self.todo = todo


class Branch(msgspec.Struct, frozen=True):
    """Where a fork leaves its parent."""

    state: RunState
    """After the last event that is copied."""
    asked: tuple[StageSpec, ...]
    """The stages of the new plan whose models are called."""


def branch(timeline: Timeline, place: Place, question: str, plan: Plan) -> Branch:
    """Where a fork with that question and plan leaves the run, at the place or before it.

    Raises:
        ForkError: what is changed was said already there.
        DamagedError: a block on the way there is damaged.
        hive_tui.wire.WireError: a sound block holds bytes that are no records.
    """
    state = timeline.state_at(last_copied(timeline, place))
    settled = [stage for stage in state.stages if _is_settled(state, stage)]
    begun = [stage for stage in state.stages if stage.started_ns is not None or stage.ended_ns is not None]
    specs = {spec.stage: spec for spec in plan.stages}
    for stage in settled if state.outcome is None else state.stages:
        name = stage.spec.stage
        if specs.get(name) != stage.spec:
            when = "the run has ended" if state.outcome is not None else f"{name} has been asked"
            raise ForkError(f"stage {name} cannot be changed there: {when} already", _earlier(name, stage))
    if state.outcome is not None and len(plan.stages) != len(state.stages):
        raise ForkError("the plan cannot be changed there: the run has ended already", "fork from an earlier place")
    first = [spec.stage for spec in plan.stages[: len(begun)]]
    if state.outcome is None and first != [stage.spec.stage for stage in begun]:
        raise ForkError(f"the plan {plan.name} does not begin with what was asked there already", "fork from the start")
    if question != state.question and state.attempts:
        raise ForkError("the question cannot be changed there: it has been asked already", "fork from the start")
    over = {stage.spec.stage for stage in settled}
    asked = () if state.outcome is not None else tuple(spec for spec in plan.stages if spec.stage not in over)
    return Branch(state, asked)


def last_copied(timeline: Timeline, place: Place) -> int:
    """Sequence number of the parent's last event that a fork from the place has.

    Raises:
        DamagedError: a block on the way there is damaged.
        hive_tui.wire.WireError: a sound block holds bytes that are no records.
    """
    seq = max(1, min(place.seq, timeline.last_seq))
    state = timeline.state_at(seq)
    if state.outcome is not None:
        return seq
    if state.cancelling:  # What a person stopped there is not stopped in the fork.
        seq = _before(timeline, lambda past: past.cancelling)
        state = timeline.state_at(seq)
    live = next((each for each in state.stages if each.started_ns is not None and each.ended_ns is None), None)
    if live is None:
        return seq
    last = state.attempt(live.streams[-1]) if live.streams else None
    if last is not None and last.outcome is not None:
        return seq
    if last is not None and len(live.streams) > 1:
        return _before(timeline, lambda past: len(past.attempts) >= last.stream)
    name = live.spec.stage
    return _before(timeline, lambda past: _has_begun(past, name))


def copies(timeline: Timeline, last: int, slot: int) -> Iterator[tuple[bytes, Span]]:
    """The run's records 2 to `last`, a block at a time, as they stand in a log whose slot is that one.

    Raises as `branch`.
    """
    for index, place in enumerate(timeline.blocks.places):
        if place.span.first_seq > last:
            return
        raw = bytearray(timeline.blocks.raw(index))
        offset, begin, count = 0, 0, 0
        first = after = (0, 0)
        while offset + HEADER_SIZE <= len(raw):
            length, kind, flags, _, stream, seq, time_ns = HEADER.unpack_from(raw, offset)
            if seq > last:
                break
            HEADER.pack_into(raw, offset, length, kind, flags, slot, stream, seq, time_ns)
            offset += HEADER_SIZE + length
            if seq < 2:
                begin = offset
                continue
            first, after = first if count else (seq, time_ns), (seq, time_ns)
            count += 1
        if count:
            yield bytes(raw[begin:offset]), Span(count, first[0], after[0], first[1], after[1])


def opened(folder: Path, place: Place, question: str, plan: Plan) -> tuple[Timeline, Branch]:
    """The parent, which the caller closes, and where a fork leaves it.

    Raises as `branch`; FileNotFoundError: there is no recording (any more).
    """
    timeline = Timeline(folder)
    try:
        if not timeline.last_seq:
            raise ForkError(f"{folder}: nothing is recorded there yet")
        return timeline, branch(timeline, place, question, plan)
    except (ForkError, DamagedError, WireError, OSError):
        timeline.close()
        raise


def _is_settled(state: RunState, stage: StageState) -> bool:
    """Whether the stage is over, or has the reply with which it will be."""
    if stage.ended_ns is not None:
        return True
    last = state.attempt(stage.streams[-1]) if stage.streams else None
    return last is not None and last.outcome is Outcome.FINISHED


def _earlier(name: str, stage: StageState) -> str:
    return f"fork from stage:{name}" if stage.started_ns is not None else "fork from an earlier place"


def _has_begun(state: RunState, name: str) -> bool:
    return any(each.spec.stage == name and each.started_ns is not None for each in state.stages)


def _before(timeline: Timeline, holds: Callable[[RunState], bool]) -> int:
    """The event before that after which it holds first; it does hold once."""
    seq = soonest(timeline, holds)
    assert seq is not None
    return seq - 1
