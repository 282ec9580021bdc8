"""Where two runs part, as places of their recordings that can be gone to."""

from __future__ import annotations

from functools import partial

from hive_tui.compare.runs import Moment
from hive_tui.recording.navigation.places import behind_chunk, chunks_of
from hive_tui.recording.navigation.walker import Place, Walker
from hive_tui.recording.timeline import Timeline
from hive_tui.state import RunState


def place_of(timeline: Timeline, moment: Moment) -> Place:
    """Behind the chunk that differs, or behind what happened last at that time.

    Raises:
        DamagedError: a block on the way there is damaged.
        hive_tui.wire.WireError: a sound block holds bytes that are no records.
    """
    if moment.stream:
        found = behind_chunk(timeline, moment.chunks, partial(_chunks, moment.stream))
        if found is not None:
            return found
    return Place(timeline.seq_at(moment.time_ns))


def word_of(timeline: Timeline, place: Place) -> str:
    """The place as `recording.places` reads it. Raises as `place_of`."""
    return f"chunk:{chunks_of(Walker(timeline).go(place))}" if place.chunks else f"event:{place.seq}"


def _chunks(stream: int, state: RunState) -> int:
    attempt = state.attempt(stream)
    return 0 if attempt is None else attempt.text.chunks
