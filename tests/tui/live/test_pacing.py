"""Pacing, rate and meters: pure bookkeeping over passed-in times."""

from __future__ import annotations

import pytest

from hive_tui.tui.live.meters import Meters, Samples
from hive_tui.tui.live.pacing import AHEAD, PATIENCE, Pacer
from hive_tui.tui.live.rate import STEPS, WINDOW, Rate


def answered_in(seconds: float) -> Pacer:
    pacer = Pacer()
    pacer.sent(0.0)
    pacer.answered(seconds)
    return pacer


def test_until_a_terminal_answers_only_the_bytes_in_flight_count() -> None:
    pacer = Pacer()
    for frame in range(20):
        assert pacer.may_send(frame * 0.01, 0)
        pacer.sent(frame * 0.01)
    assert not pacer.may_send(1.0, 1)
    assert not pacer.answers


@pytest.mark.parametrize(("round_trip", "ahead"), [(0.001, AHEAD), (0.02, 1), (0.2, 1)])
def test_a_near_terminal_may_have_more_frames_on_their_way(round_trip: float, ahead: int) -> None:
    pacer = answered_in(round_trip)
    sent = 0
    while pacer.may_send(1.0, 0) and sent < 10:
        pacer.sent(1.0)
        sent += 1
    assert sent == ahead
    pacer.answered(1.0 + round_trip)
    assert pacer.may_send(1.0 + round_trip, 0)


@pytest.mark.parametrize(("round_trip", "patience"), [(0.001, PATIENCE), (0.4, 1.6)])
def test_an_answer_that_never_comes_is_given_up(round_trip: float, patience: float) -> None:
    pacer = answered_in(round_trip)
    while pacer.may_send(1.0, 0):
        pacer.sent(1.0)
    assert not pacer.may_send(1.0 + patience - 0.01, 0)
    assert pacer.may_send(1.0 + patience + 0.01, 0)


def test_a_late_answer_is_not_taken_for_that_of_a_newer_frame() -> None:
    pacer = answered_in(0.02)
    pacer.sent(1.0)
    assert pacer.may_send(1.0 + PATIENCE + 0.1, 0)
    pacer.sent(2.0)
    pacer.answered(2.001)
    assert pacer.unanswered == 1
    assert pacer.round_trip is not None
    assert pacer.round_trip >= PATIENCE


def test_an_answer_that_was_given_up_may_come_yet_and_is_waited_for_before_the_terminal_is_left() -> None:
    pacer = answered_in(0.02)
    pacer.sent(1.0)
    assert pacer.may_send(1.0 + PATIENCE + 0.1, 0)
    assert pacer.unanswered == 1
    pacer.answered(3.0)
    assert pacer.unanswered == 0


def test_a_slow_frame_is_noticed() -> None:
    assert answered_in(0.05).slow
    assert not answered_in(0.005).slow


def test_after_leaving_the_terminal_nothing_is_waited_for() -> None:
    pacer = answered_in(0.02)
    pacer.sent(1.0)
    pacer.forget()
    assert pacer.may_send(1.0, 0)
    assert pacer.unanswered == 0


def drive(rate: Rate, seconds: float, late: float, work: float, start: float) -> float:
    now = start
    while now < start + seconds:
        now += max(rate.period, work)
        rate.frame(now, late, work)
    return now


def test_the_rate_steps_down_when_frames_come_late_and_back_when_there_is_room() -> None:
    rate = Rate()
    now = drive(rate, 3 * WINDOW, 0.0, 0.002, 0.0)
    assert rate.hertz == 120
    now = drive(rate, 3 * WINDOW, 0.012, 0.011, now)
    assert rate.hertz == 60
    now = drive(rate, 6 * WINDOW, 0.012, 0.03, now)
    assert rate.hertz == 30
    now = drive(rate, 8 * WINDOW, 0.0, 0.002, now)
    assert rate.hertz == 60
    drive(rate, 8 * WINDOW, 0.0, 0.002, now)
    assert rate.hertz == 120


def test_the_rate_does_not_swing() -> None:
    """Work that fits 60 a second and not 120 stays at 60."""
    rate = Rate()
    now = drive(rate, 4 * WINDOW, 0.006, 0.010, 0.0)
    assert rate.hertz == 60
    drive(rate, 40 * WINDOW, 0.0, 0.010, now)
    assert rate.hertz == 60


def test_one_hiccup_changes_nothing() -> None:
    rate = Rate()
    now = drive(rate, 2 * WINDOW, 0.0, 0.002, 0.0)
    rate.frame(now + 0.3, 0.3, 0.3)
    drive(rate, 2 * WINDOW, 0.0, 0.002, now + 0.3)
    assert rate.hertz == STEPS[0]


def test_samples_keep_the_newest() -> None:
    samples = Samples(3)
    assert samples.percentile(0.5) is None
    for value in (9.0, 1.0, 2.0, 3.0):
        samples.add(value)
    assert samples.percentile(0.5) == 2.0
    assert samples.percentile(0.99) == 3.0


def test_a_pause_is_no_interval() -> None:
    meters = Meters()
    for time in (0.0, 0.01):
        meters.frame(time)
    meters.pause()
    meters.frame(5.0)
    assert len(meters.intervals) == 1
    assert meters.frames_per_second(5.0) == 1


def test_key_to_paint_ends_where_the_effect_shows() -> None:
    meters = Meters()
    meters.key(1.0)
    meters.panes_painted(1.002)  # A frame of the streams: not what the key did.
    meters.composed(1.005)
    assert meters.key_to_paint.percentile(0) == pytest.approx(0.005)
    meters.key(2.0)
    meters.pane_moved()
    meters.panes_painted(2.001)
    meters.composed(2.2)
    assert len(meters.key_to_paint) == 2
