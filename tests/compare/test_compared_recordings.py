"""Two recordings: a place that shows the chunk which differs, and lanes on one scale."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing

import pytest

from hive_tui.compare.lanes import side_by_side
from hive_tui.compare.places import place_of, word_of
from hive_tui.compare.runs import Moment
from hive_tui.kernels.plain import PlainBackend
from hive_tui.recording.navigation.places import parse, resolve
from hive_tui.recording.navigation.walker import Walker
from hive_tui.recording.timeline import Timeline
from tests.corpus import FINISHED as ONE


@pytest.fixture
def timeline() -> Iterator[Timeline]:
    with closing(Timeline(ONE)) as opened:
        yield opened


def test_the_place_of_a_chunk_shows_it_and_no_later_one(timeline: Timeline) -> None:
    walker = Walker(timeline)
    for attempt in timeline.last_state().attempts:
        for number, (time_ns, _, _) in enumerate(attempt.text.arrivals(), 1):
            place = place_of(timeline, Moment(time_ns, attempt.stream, number))
            shown = walker.go(place).attempt(attempt.stream)
            assert shown is not None
            assert (shown.text.chunks, shown.text.last_ns) == (number, time_ns)


def test_the_word_of_a_place_leads_to_it(timeline: Timeline) -> None:
    for attempt in timeline.last_state().attempts:
        for number in range(1, attempt.text.chunks + 1, 7):
            place = place_of(timeline, Moment(0, attempt.stream, number))
            assert resolve(parse(word_of(timeline, place)), timeline, {}) == place


def test_what_is_no_chunk_is_where_it_was_recorded(timeline: Timeline) -> None:
    state = timeline.last_state()
    ended = state.attempts[0].ended_ns
    assert ended is not None
    place = place_of(timeline, Moment(ended))
    assert timeline.state_at(place.seq).attempts[0].ended_ns == ended
    assert timeline.state_at(place.seq).time_ns == ended
    assert word_of(timeline, place) == f"event:{place.seq}"


@pytest.mark.parametrize("bins", [2, 24, 240])
def test_lanes_are_on_one_scale_and_hold_all_text(timeline: Timeline, bins: int) -> None:
    whole = timeline.last_state()
    half = timeline.state_at(timeline.last_seq // 2)
    found = side_by_side(timeline, timeline, (whole, half), PlainBackend(), bins, lambda: None)
    for lanes, state in zip(found.lanes, (whole, half), strict=True):
        assert [lane.stream for lane in lanes] == [attempt.stream for attempt in state.attempts]
        assert all(len(lane.bins) <= bins for lane in lanes)
    assert [sum(lane.bins) for lane in found.lanes[0]] == [attempt.text.size for attempt in whole.attempts]
    assert max(len(lane.bins) for lane in found.lanes[0]) * 4 >= bins, "no coarser than it must be"
