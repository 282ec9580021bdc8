"""The player's place in a run: it stays inside, never jumps by a change of speed, and only the newest seek counts."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hive_tui.tui.travel.player import SPEEDS, Player, Wanted, Wish

SECOND = 1_000_000_000
times = st.integers(0, 10**13)


def paused(at: int = 0) -> Player:
    return Player(at_ns=at, end_ns=100 * SECOND, since_ns=0)


def test_paused_it_stays() -> None:
    assert paused(7).place(50 * SECOND) == 7


def test_it_plays_at_the_runs_own_pace_and_stops_at_the_end() -> None:
    playing = paused().toggle(0)
    assert playing.place(3 * SECOND) == 3 * SECOND
    assert playing.place(300 * SECOND) == 100 * SECOND


def test_toggling_twice_stays_where_it_came_to() -> None:
    assert paused().toggle(0).toggle(2 * SECOND).place(9 * SECOND) == 2 * SECOND


def test_shuttle_turns_round_and_gets_faster() -> None:
    back = paused(50 * SECOND).shuttle(-1, 0)
    assert back.place(SECOND) == 49 * SECOND
    faster = back.shuttle(-1, SECOND)
    assert faster.place(2 * SECOND) == 47 * SECOND
    assert faster.shuttle(1, 2 * SECOND).place(3 * SECOND) == 48 * SECOND


def test_a_percentage_is_of_the_duration() -> None:
    assert [paused().percent(p, 0).place(0) for p in (0, 50, 100)] == [0, 50 * SECOND, 100 * SECOND]


def test_waiting_at_the_end_it_goes_on_without_a_jump_when_the_run_grows() -> None:
    waiting = paused().toggle(0).grown(200 * SECOND, 150 * SECOND)
    assert waiting.place(150 * SECOND) == 100 * SECOND
    assert waiting.place(151 * SECOND) == 101 * SECOND


@given(times, times, st.sampled_from(SPEEDS), st.sampled_from((-1, 0, 1)), st.integers(-12, 12))
def test_a_change_of_speed_never_moves_the_place(at: int, now: int, speed: float, direction: int, steps: int) -> None:
    player = Player(at_ns=min(at, 10**12), end_ns=10**12, since_ns=0, speed=speed, direction=direction)
    assert player.change_speed(steps, now).place(now) == player.place(now)


@given(st.lists(times, min_size=1))
def test_only_the_newest_seek_is_taken_and_once(asked: list[int]) -> None:
    wanted = Wanted()
    for at in asked:
        wanted.ask(at)
    assert wanted.take() == Wish(asked[-1])
    assert wanted.take() is None


@given(st.lists(st.tuples(st.sampled_from(("ns", "events", "chunks")), st.integers(-5, 5))))
def test_steps_between_two_frames_add_up_whatever_was_asked_before(steps: list[tuple[str, int]]) -> None:
    wanted = Wanted()
    wanted.ask(7)
    for what, by in steps:
        wanted.move(**{what: by})
    sums = {what: sum(by for each, by in steps if each == what) for what in ("ns", "events", "chunks")}
    assert wanted.take() == Wish(7, sums["ns"], sums["events"], sums["chunks"])


@pytest.mark.parametrize(("steps", "speed"), [(-100, 0.1), (100, 64.0), (1, 2.0), (-1, 0.5)])
def test_speeds_go_from_a_tenth_to_sixty_four_and_no_further(steps: int, speed: float) -> None:
    assert Player(0, 1_000, 0).change_speed(steps, 0).speed == speed
