"""The lanes of two runs on one scale of time, so that they can stand side by side."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import msgspec

from hive_tui.recording.density import Density
from hive_tui.recording.timeline import Timeline
from hive_tui.state import RunState

if TYPE_CHECKING:
    from hive_tui.kernels.interface import Backend


class Lane(msgspec.Struct, frozen=True):
    """One call. Times are nanoseconds since its run began; what has not come is `None`."""

    stream: int
    stage: str
    round: int
    number: int
    started_ns: int
    first_ns: int | None
    ended_ns: int | None
    outcome: str | None
    bins: tuple[int, ...]
    """Bytes of text a bin, from the run's start to the last bin with any."""


class SideBySide(msgspec.Struct, frozen=True):
    bin_ns: int
    """The same in both runs."""
    lanes: tuple[tuple[Lane, ...], tuple[Lane, ...]]


def side_by_side(
    a: Timeline, b: Timeline, states: tuple[RunState, RunState], kernels: Backend, bins: int, pause: Callable[[], None]
) -> SideBySide:
    """The lanes of two runs up to those states, in no more than so many bins. `pause` is called between slices of work.

    Raises:
        DamagedError: a block of one of the recordings is damaged.
        hive_tui.wire.WireError: a sound block holds bytes that are no records.
    """
    longest = max(state.time_ns for state in states)
    bin_ns = 1 << (longest // max(1, bins - 1)).bit_length()
    return SideBySide(
        bin_ns, (_lanes(a, states[0], bin_ns, kernels, pause), _lanes(b, states[1], bin_ns, kernels, pause))
    )


def _lanes(
    timeline: Timeline, state: RunState, bin_ns: int, kernels: Backend, pause: Callable[[], None]
) -> tuple[Lane, ...]:
    rows, _ = Density(timeline, kernels, pause).rows(0, bin_ns, state.time_ns // bin_ns + 1)
    lanes = []
    for each in state.attempts:
        row = rows.get(each.stream, [])
        used = next((at for at in range(len(row), 0, -1) if row[at - 1]), 0)
        lanes.append(
            Lane(
                stream=each.stream,
                stage=each.stage,
                round=each.round,
                number=each.number,
                started_ns=each.started_ns,
                first_ns=each.text.first_ns,
                ended_ns=each.ended_ns,
                outcome=None if each.outcome is None else each.outcome.value,
                bins=tuple(row[:used]),
            )
        )
    return tuple(lanes)
