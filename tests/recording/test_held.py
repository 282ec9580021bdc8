"""Texts in memory are those of the log, whatever stretch of a run is held."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing

import pytest

import hive_tui.recording.held as held_module
from hive_tui.events import Channel
from hive_tui.recording.blocks import Blocks
from hive_tui.recording.format import DamagedError
from hive_tui.recording.held import held
from hive_tui.recording.navigation.walker import Place, Walker
from hive_tui.recording.timeline import Timeline
from hive_tui.state import RunState
from tests.corpus import FINISHED as ONE


@pytest.fixture
def timeline() -> Iterator[Timeline]:
    with closing(Timeline(ONE)) as opened:
        yield opened


def places(timeline: Timeline) -> list[Place]:
    step = max(1, timeline.last_seq // 9)
    return [Place(seq, chunks) for seq in range(0, timeline.last_seq + 1, step) for chunks in (0, 1)]


def test_the_state_is_the_same_at_any_place_from_any_place(timeline: Timeline) -> None:
    walker = Walker(timeline)
    for begin in places(timeline):
        since = walker.go(begin)
        for end in places(timeline):
            if end < begin:
                continue
            state = walker.go(end)
            found = held(timeline, state, since)
            assert found == state
            for one, other in zip(found.attempts, state.attempts, strict=True):
                for channel in Channel:
                    assert one.text.channel_text(channel) == other.text.channel_text(channel)
                assert list(one.text.arrivals(3)) == list(other.text.arrivals(3))
                assert one.text.tail(100) == other.text.tail(100)


def test_the_log_is_read_once(timeline: Timeline, monkeypatch: pytest.MonkeyPatch) -> None:
    state = timeline.last_state()
    found = held(timeline, state)
    monkeypatch.setattr(Timeline, "deltas", None)
    monkeypatch.setattr(Timeline, "texts", None)
    assert sum(len(list(attempt.text.arrivals())) for attempt in found.attempts) > 100
    assert found.answer_text


def test_too_much_stays_in_the_log(timeline: Timeline, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(held_module, "MOST", 5)
    state = timeline.last_state()
    assert held(timeline, state) is state


def test_a_damaged_log_is_left_to_those_who_tell_of_it(timeline: Timeline, monkeypatch: pytest.MonkeyPatch) -> None:
    state = timeline.last_state()

    def fail(_blocks: Blocks, _index: int) -> bytes:
        raise DamagedError("a flipped bit")

    monkeypatch.setattr(Blocks, "raw", fail)
    assert held(timeline, state) is state


def test_nothing_said_is_nothing_held(timeline: Timeline) -> None:
    state = timeline.state_at(1)
    assert held(timeline, state) is state
    assert held(timeline, RunState()) == RunState()
