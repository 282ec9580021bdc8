"""Where a fork leaves its parent: the last event that it copies, whether its plan fits what was said until then, and
what becomes of a call that is cut there.

A fork's log is its own `RunStarted`, then the parent's records 2 to k at their numbers and times, then what comes live.
A call that was under way at the place is made once more, so k stands before its beginning; what it had said of its
answer it may be given to go on from.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec
from msgspec.structs import replace

from hive_tui.config.request import RunRequest
from hive_tui.council.recorded import Beginning, begun_answer
from hive_tui.events import Outcome, Plan, StageSpec
from hive_tui.models.prefix import NONE, WAYS, takes_prefix
from hive_tui.recording.format import DamagedError, Span
from hive_tui.recording.navigation.soonest import soonest
from hive_tui.recording.navigation.walker import Place, Walker
from hive_tui.recording.timeline import Timeline
from hive_tui.state import RunState, StageState
from hive_tui.wire import HEADER, HEADER_SIZE, WireError
from hive_tui.wording import number_of


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
    beginning: Beginning | None = None
    """From what the first of them goes on."""
    note: str = ""
    """What becomes of a call that is cut there; empty where none is."""


def branch(timeline: Timeline, place: Place, question: str, plan: Plan) -> Branch:
    """Where a fork with that question and plan leaves the run, at the place or before it.

    Raises:
        ForkError: what is changed was said already there.
        DamagedError: a block on the way there is damaged.
        hive_tui.wire.WireError: a sound block holds bytes that are no records.
    """
    state = timeline.state_at(last_copied(timeline, place))
    if state.outcome is not None and state.plan.tally != plan.tally:  # All of it stands but the decision.
        state = timeline.state_at(_before(timeline, lambda past: past.outcome is not None))
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


def beginning(state: RunState, request: RunRequest, wanted: str) -> tuple[Beginning | None, str]:
    """From what a fork with that request goes on that leaves its parent in that state, and what is to be said of the
    call that is cut there; empty words where none is.

    `wanted` is a way of `models.prefix`, `none` to ask anew, or empty for what the endpoint is known to take.

    Raises:
        ForkError: a way is wanted and there is no answer to go on from, or it is no way.
    """
    if wanted not in ("", NONE, *WAYS):
        raise ForkError(f"no way to go on is called {wanted}", f"one of: {NONE}, {', '.join(WAYS)}")
    cut = next((each for each in reversed(state.attempts) if each.outcome is None), None)
    settings = None if cut is None or state.outcome is not None else request.stages.get(cut.stage)
    begun = None if settings is None else begun_answer(state)
    if wanted in WAYS and begun is None:
        raise ForkError("no answer is under way there that a model could go on from", "name a place within an answer")
    if cut is None or settings is None:
        return None, ""
    anew = f"{cut.stage}: {settings.model} is asked anew"
    if begun is None:
        return None, f"{anew}: nothing of its answer was there yet"
    if wanted == NONE:
        return None, f"{anew}, as it was asked for"
    way = wanted or next((each.prefix for each in request.endpoints if each.name == settings.endpoint), NONE)
    if way == NONE:
        return None, f"{anew}: its endpoint {settings.endpoint} is not known to go on from the beginning of an answer"
    if not wanted and not takes_prefix(settings.model):
        return None, f"{anew}: it does not go on from the beginning of an answer"
    said = number_of(len(begun[1]), "character")
    return Beginning(*begun, way), f"{cut.stage}: {settings.model} goes on from the {said} that had been said"


def opened(folder: Path, place: Place, request: RunRequest, plan: Plan, wanted: str = "") -> tuple[Timeline, Branch]:
    """The parent, which the caller closes, and where a fork with that request leaves it; `wanted` as in `beginning`.

    Raises as `branch`; FileNotFoundError: there is no recording (any more).
    """
    timeline = Timeline(folder)
    try:
        if not timeline.last_seq:
            raise ForkError(f"{folder}: nothing is recorded there yet")
        found = branch(timeline, place, request.question, plan)
        begun, note = beginning(Walker(timeline).go(place), request, wanted)
        return timeline, replace(found, beginning=begun, note=note)
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
