"""Where something begins to hold in a run, found from the keyframes: a run of any length costs a few seeks."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable

from hive_tui.recording.timeline import Timeline
from hive_tui.state import RunState, fold


def soonest(timeline: Timeline, holds: Callable[[RunState], bool]) -> int | None:
    """Sequence number of the record after which it holds first; `None` when it never does.

    `holds` must go on holding once it does, and looks at no text: states are those of keyframes.

    Raises:
        DamagedError: a block on the way there is damaged.
        hive_tui.wire.WireError: a sound block holds bytes that are no records.
    """
    blocks = timeline.blocks
    index = bisect_left(range(len(blocks.places)), True, key=lambda i: holds(blocks.keyframes(i)[0].state)) - 1
    if index < 0:
        return None
    keyframes = blocks.keyframes(index)
    state = keyframes[bisect_left(keyframes, True, key=lambda each: holds(each.state)) - 1].state
    for record in timeline.records(state.seq):
        state = fold(state, record)
        if holds(state):
            return record.seq
    return None
