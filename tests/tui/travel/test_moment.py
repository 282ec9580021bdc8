"""What is said of a moment, as far as there is room for it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hive_tui.recording.navigation.places import parse
from hive_tui.tui.facts import seconds
from hive_tui.tui.travel.moment import event, where

S = 1_000_000_000


@pytest.mark.parametrize(
    ("direction", "speed", "growing", "width", "said"),
    [
        (0, 1.0, True, 80, "paused at 2.0 s of 5.0 s · 3.0 s behind · End returns"),
        (0, 1.0, False, 80, "paused at 2.0 s of 5.0 s · 3.0 s to its end · End returns"),
        (1, 64.0, False, 80, "playing 64x at 2.0 s of 5.0 s · 3.0 s to its end · End returns"),
        (-1, 0.25, True, 58, "backwards 0.25x at 2.0 s of 5.0 s · 3.0 s behind"),
    ],
)
def test_where_one_is(direction: int, speed: float, growing: bool, width: int, said: str) -> None:
    assert where(2 * S, 5 * S, direction, speed, width, growing=growing) == said


def test_which_event_that_is() -> None:
    assert event((1204, 0)) == "event 1,204"
    assert event((7, 1)) == "event 7 + 1 chunk"
    assert event((7, 2)) == "event 7 + 2 chunks"


@given(st.integers(0, 10**15))
def test_a_moment_can_be_gone_to_by_the_words_that_say_it(at_ns: int) -> None:
    place = parse(seconds(at_ns))
    assert place.kind == "time"
    assert abs(place.number - at_ns) <= max(10**6, at_ns // 10)
