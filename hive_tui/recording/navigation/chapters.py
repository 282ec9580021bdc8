"""The places of a run that one jumps to: where its stages and rounds begin, and where something went wrong."""

from __future__ import annotations

from typing import Literal

import msgspec

from hive_tui.recording.navigation.soonest import soonest
from hive_tui.recording.timeline import Timeline
from hive_tui.state import RunState


class Chapter(msgspec.Struct, frozen=True):
    """A stage, in one of its rounds."""

    name: str
    """As it is shown: the stage, and its round when there are several."""
    seq: int
    """Of the event with which it begins."""
    time_ns: int
    stage: str
    round: int


class Mark(msgspec.Struct, frozen=True):
    """Something that went wrong."""

    kind: Literal["error", "retry"]
    seq: int
    """Of the event that tells it."""
    time_ns: int
    stream: int
    """0 for the run itself."""


def chapters(timeline: Timeline) -> tuple[Chapter, ...]:
    """In the order of their beginnings; a few seeks for each, however long the run is.

    Raises:
        DamagedError: a block on the way there is damaged.
        hive_tui.wire.WireError: a sound block holds bytes that are no records.
    """
    found = []
    for stage in timeline.last_state().stages:
        name, number = stage.spec.stage, stage.round

        def begun(state: RunState, name: str = name, number: int = number) -> bool:
            return any(
                each.spec.stage == name and each.round == number and each.started_ns is not None
                for each in state.stages
            )

        seq = soonest(timeline, begun)
        if seq is not None:
            shown = name if number == 1 else f"{name}, round {number}"
            found.append(Chapter(shown, seq, timeline.record(seq).time_ns, name, number))
    return tuple(sorted(found, key=lambda each: each.seq))


def marks(timeline: Timeline) -> tuple[Mark, ...]:
    """Errors and retries, oldest first. Raises as `chapters`."""
    state, found = timeline.last_state(), []
    for attempt in state.attempts:
        stream = attempt.stream
        if attempt.retry is not None:
            found.append(_mark(timeline, "retry", stream))
        if attempt.error is not None:
            found.append(_mark(timeline, "error", stream))
    if state.error is not None:
        found.append(_mark(timeline, "error", 0))
    return tuple(sorted(found, key=lambda each: each.seq))


def _mark(timeline: Timeline, kind: Literal["error", "retry"], stream: int) -> Mark:
    def told(state: RunState) -> bool:
        if not stream:
            return state.error is not None
        attempt = state.attempt(stream)
        return attempt is not None and getattr(attempt, kind) is not None

    seq = soonest(timeline, told)
    assert seq is not None
    return Mark(kind, seq, timeline.record(seq).time_ns, stream)
