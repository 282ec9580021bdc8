"""A long answer keeps nobody waiting: it is read out of a recording in slices, and set as far as someone looks."""

from __future__ import annotations

from pathlib import Path

import pytest

from hive_tui.recording.timeline import Timeline
from hive_tui.tui import answer_reading
from hive_tui.tui.answer_reading import AnswerReading
from hive_tui.tui.widgets import markdown_view
from tests.tui.conftest import ANSWER, whole_run
from tests.tui.test_screen import played
from tests.tui.travel.test_session import RUN, Log


def test_read_in_slices_it_is_the_answer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(answer_reading, "SLICE_S", 0.0)
    monkeypatch.setattr(answer_reading, "SCREENFUL", 40)
    log = Log(tmp_path / RUN, whole_run())
    timeline = Timeline(log.folder)
    state = timeline.last_state()
    reading = AnswerReading(state)
    slices = 1
    while (text := reading.go_on()) is None:
        assert state.answer_text.startswith(reading.so_far)
        assert len(reading.so_far) > 40
        slices += 1
    assert text == state.answer_text
    assert text.split() == ANSWER.split()
    assert slices > 1
    assert AnswerReading(timeline.state_at(50)).go_on() == ""
    timeline.close()


def test_what_is_far_below_is_set_when_someone_scrolls_there_or_searches(
    drive, session, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(markdown_view, "AHEAD", 10)

    async def act(pilot, screen) -> None:
        await played(pilot, session, whole_run())
        body = screen.answer.body
        body.show("\n\n".join(f"paragraph {number}" for number in range(400)))
        body.draw(80)
        await pilot.pause()
        assert body._resting
        drawn = len(body._strips)
        assert drawn < 400
        body.focus()
        await pilot.press("pagedown", "pagedown")
        await pilot.pause()
        assert len(body._strips) > drawn
        assert body._resting
        body.search("paragraph 399")
        for _ in range(2_000):
            await pilot.pause(0.01)
            if not body._resting and body._next == len(body._blocks):
                break
        assert body.search("paragraph 399")

    drive(act)
