"""The time keys on the real app: each does what the table says, in a pane, in the timeline and in an empty line."""

from __future__ import annotations

from pathlib import Path

import pytest
from textual.widgets import Input

from hive_tui.core.commands import FindPlace, PlaceFound, Refused
from hive_tui.events import ErrorInfo
from hive_tui.recording.navigation.walker import Place
from hive_tui.state import RunState, fold_all
from hive_tui.tui.widgets.timeline import TimelineBar
from tests.tui.conftest import whole_run
from tests.tui.test_screen import played, status, words
from tests.tui.travel.test_session import RUN, Log

HALF = 150


async def frame(pilot) -> None:
    """What is asked for is shown."""
    await pilot.pause()
    pilot.app.frames.frame()
    await pilot.pause()
    pilot.app.frames.frame()
    pilot.app.look()
    await pilot.pause()


@pytest.fixture
def watch(drive, session, tmp_path: Path):
    """Runs a scene over a live run that is recorded as far as it has come, or over a whole one."""

    def run(scene, size: tuple[int, int] = (160, 48), *, live: bool = True) -> None:
        async def act(pilot, screen) -> None:
            records = whole_run()[:HALF] if live else whole_run()
            Log(tmp_path / "data" / "runs" / RUN, records, over=not live)
            await played(pilot, session, records)
            await scene(pilot, screen)

        drive(act, size)

    return run


@pytest.mark.parametrize("place", ["question", "pane", "timeline"])
def test_left_rewinds_and_goes_to_the_timeline_and_end_returns(watch, place: str) -> None:
    async def scene(pilot, screen) -> None:
        if place == "pane":
            await pilot.press("tab")
        elif place == "timeline":
            await pilot.press("shift+tab")
        await pilot.press("left")
        await frame(pilot)
        assert screen.session.past
        assert screen.timeline.has_focus
        assert status(screen).startswith(" paused at ")
        assert "behind · End returns" in status(screen)
        assert screen.state == fold_all(whole_run()[: screen.state.seq])
        before = screen.state.seq
        await pilot.press("left")
        await frame(pilot)
        assert screen.state.seq < before
        await pilot.press("end")
        await frame(pilot)
        assert not screen.session.past
        assert screen.state is screen.session.present_state

    watch(scene)


def test_in_a_question_that_is_typed_left_moves_the_cursor(watch) -> None:
    async def scene(pilot, screen) -> None:
        await pilot.press("a", "left", "b")
        assert screen.question.line.editor.value == "ba"
        assert not screen.session.past
        await pilot.press("5", "space", "j", "end")
        assert screen.question.line.editor.value == "b5 ja"

    watch(scene)


def test_each_key_of_time(watch) -> None:
    async def scene(pilot, screen) -> None:
        session, end = screen.session, whole_run()[HALF - 1].time_ns
        await pilot.press("tab", "5")
        await frame(pilot)
        assert session.now_ns() == end * 50 // 100
        assert not screen.timeline.has_focus, "only Left leaves the pane"
        here = session.here[0]
        for key, by in (("comma", -1), ("full_stop", 1), ("less_than_sign", -1), ("greater_than_sign", 1)):
            await pilot.press(key)
            await frame(pilot)
            assert session.here == (here + by if by < 0 else here, 0)
        await pilot.press("home")
        await frame(pilot)
        assert session.here == (1, 0)
        await pilot.press("9", "0")
        await frame(pilot)
        assert session.here == (1, 0)
        await pilot.press("9")
        await frame(pilot)
        await pilot.press("j")
        assert session.direction == -1
        await pilot.press("j")
        assert session.speed == 2
        await pilot.press("k")
        assert session.direction == 0
        await pilot.press("l")
        assert (session.direction, session.speed) == (1, 1)
        await pilot.press("plus", "plus", "minus")
        assert session.speed == 2
        await pilot.press("space")
        assert session.direction == 0
        await pilot.press("escape")
        await frame(pilot)
        assert not session.past
        assert screen.focused is screen.question.line

    watch(scene)


def test_the_past_is_shown_by_every_pane_and_gauge_of_a_recording_and_the_viewers_own_are_marked(watch) -> None:
    async def scene(pilot, screen) -> None:
        line = "".join(text for text, _ in screen._gauge_lines(200, 1)[0])
        assert "●" not in line
        await pilot.press("shift+tab", "2")
        await frame(pilot)
        line = "".join(text for text, _ in screen._gauge_lines(200, 1)[0])
        assert "●fps 120/120" in line
        assert line.index("rate") < line.index("cost") < line.index("●fps")
        assert "chunks/s" in line
        first = screen.state.attempt(1)
        assert first is not None
        said = first.text.channel_text(0).split()
        assert words(screen.panes[0].body) == said
        assert screen.panes[0].facts.state == "streaming"
        assert screen.panes[1].facts.state == "waiting for its turn"

    watch(scene)


def test_while_one_scrubs_nothing_is_laid_out_but_where_a_stage_begins(watch, monkeypatch) -> None:
    async def scene(pilot, screen) -> None:
        await pilot.press("left", "4")
        await frame(pilot)
        await frame(pilot)
        layouts = []
        screen_type = type(screen)
        refresh = screen_type._refresh_layout
        monkeypatch.setattr(screen_type, "_refresh_layout", lambda *a, **k: layouts.append(1) or refresh(*a, **k))

        async def scrub(*keys: str) -> int:
            layouts.clear()
            before = screen.state.seq
            for key in keys:
                await pilot.press(key)
                pilot.app.frames.frame()
            await frame(pilot)
            assert screen.state.seq != before
            return len(layouts)

        assert await scrub(*["left"] * 30) == 0
        assert await scrub(*["right"] * 20) == 0
        assert await scrub(*["full_stop", "comma", "greater_than_sign"] * 5) == 0
        assert screen.state.stage("refiner").started_ns is None
        assert await scrub("9") == 1
        assert screen.state.stage("refiner").started_ns is not None

    watch(scene)


def test_what_belongs_to_the_present_is_not_done_in_the_past(watch, session) -> None:
    async def scene(pilot, screen) -> None:
        await pilot.press("tab", "5")
        await frame(pilot)
        await pilot.press("x", "r")
        assert not [call for call in session.calls if call[0] in ("cancel", "retry")]
        assert "End returns" in status(screen)
        await pilot.press("escape")
        assert not [call for call in session.calls if call[0] == "cancel"], "it leaves the past, and cancels nothing"

    watch(scene)


def test_panes_are_chosen_with_alt_and_their_number(watch) -> None:
    async def scene(pilot, screen) -> None:
        await pilot.press("tab", "alt+3")
        assert screen.here() == 2

    watch(scene)


def test_end_in_a_pane_that_was_scrolled_follows_its_text_first(watch) -> None:
    async def scene(pilot, screen) -> None:
        await pilot.press("tab", "9")
        await frame(pilot)
        screen.panes[0].body.scroll_rows(-2)
        assert not screen.panes[0].body.following
        await pilot.press("end")
        assert screen.panes[0].body.following
        assert screen.session.past
        await pilot.press("end")
        await frame(pilot)
        assert not screen.session.past

    watch(scene, (100, 30))


def test_escape_leads_from_the_past_of_a_run_that_was_opened_to_its_end(watch, session, tmp_path: Path) -> None:
    async def scene(pilot, screen) -> None:
        Log(tmp_path / "data" / "runs" / "other", whole_run()[:100])
        session.state = screen.session.present_state = RunState()
        assert screen.open_run("other", Place(40))
        await frame(pilot)
        await pilot.press("escape")
        await frame(pilot)
        assert not screen.session.past
        assert screen.state == fold_all(whole_run()[:100])
        assert screen.focused is screen.question.line

    watch(scene)


def test_escape_leads_from_another_run_back_to_ones_own_which_goes_on(watch, session, tmp_path: Path) -> None:
    async def scene(pilot, screen) -> None:
        Log(tmp_path / "data" / "runs" / "other", whole_run()[:100])
        assert screen.open_run("other", Place(40))
        await frame(pilot)
        await pilot.press("end")
        await frame(pilot)
        assert "Esc: back to yours" in status(screen)
        await pilot.press("escape")
        await frame(pilot)
        assert screen.state is screen.session.present_state
        assert ("cancel", None) not in session.calls
        await pilot.press("escape")
        assert ("cancel", None) in session.calls

    watch(scene)


def test_a_recorded_run_is_opened_from_the_screen_and_a_question_leaves_it(watch, session, tmp_path: Path) -> None:
    async def scene(pilot, screen) -> None:
        other = tmp_path / "data" / "runs" / "other"
        Log(other, whole_run()[:100])
        assert screen.open_run("other", Place(40))
        await frame(pilot)
        assert screen.state == fold_all(whole_run()[:40])
        assert screen.timeline.has_focus
        await pilot.press("end")
        await frame(pilot)
        assert screen.state == fold_all(whole_run()[:100])
        assert not screen.open_run("nothing")
        assert "there is no recording" in status(screen)
        await pilot.press("i", *"why", "enter")
        await frame(pilot)
        assert ("ask", "why") in session.calls
        assert not screen.session.foreign

    watch(scene, live=False)


@pytest.mark.parametrize("key", ["left", "comma", "less_than_sign", "3", "home", "j", "right_square_bracket"])
def test_who_moves_on_sees_the_moment_again_and_no_old_word(watch, session, key: str) -> None:
    async def scene(pilot, screen) -> None:
        await pilot.press("left")
        await frame(pilot)
        session.answers[FindPlace] = Refused(ErrorInfo("place", "no such place"))
        await pilot.press("left_square_bracket")
        await frame(pilot)
        assert "no such place" in status(screen)
        session.answers[FindPlace] = PlaceFound(60, 0, whole_run()[59].time_ns)
        await pilot.press(key)
        await frame(pilot)
        assert " at " in status(screen)
        assert "no such place" not in status(screen)

    watch(scene)


def test_nothing_blinks_in_a_dialog(watch) -> None:
    """A blink is a write to a terminal in which nothing happens."""

    async def scene(pilot, screen) -> None:
        await pilot.press("left")
        await frame(pilot)
        for key in ("g", "b", "M", "d"):
            await pilot.press(key)
            await pilot.pause()
            lines = pilot.app.screen.query(Input)
            assert lines
            assert not any(line.cursor_blink for line in lines)
            await pilot.press("escape")
            await pilot.pause()
            assert pilot.app.screen is screen

    watch(scene)


def test_the_speed_of_what_plays_is_said_beside_the_moment(watch) -> None:
    async def scene(pilot, screen) -> None:
        await pilot.press("left")
        await frame(pilot)
        await pilot.press("plus")
        assert status(screen).startswith(" speed 2x ")
        await pilot.press("j", "plus")
        await frame(pilot)
        assert status(screen).startswith(" backwards 2x at ")

    watch(scene)


def test_playing_stops_at_a_break_point(watch, session, clock) -> None:
    async def scene(pilot, screen) -> None:
        records, begun = whole_run(), clock.seconds
        session.answers[FindPlace] = PlaceFound(60, 0, records[59].time_ns)
        screen.breaks.set(["gap:100"])
        await pilot.press("tab", "home")
        await frame(pilot)
        await pilot.press("space")
        clock.seconds = begun + records[40].time_ns / 1e9
        await frame(pilot)
        assert screen.session.here == (41, 0)
        assert screen.session.direction == 1
        clock.seconds = begun + records[75].time_ns / 1e9
        await frame(pilot)
        await frame(pilot)
        assert screen.session.here == (60, 0)
        assert screen.session.direction == 0
        assert "gap:100 at " in status(screen)

    watch(scene, live=False)


def test_the_mouse_and_what_was_found_go_to_their_places(watch) -> None:
    async def scene(pilot, screen) -> None:
        end = whole_run()[HALF - 1].time_ns
        screen.timeline.post_message(TimelineBar.Wanted(end // 2))
        await frame(pilot)
        assert screen.session.now_ns() == end // 2
        screen.timeline.post_message(TimelineBar.Wanted(0, PlaceFound(77, 0, 1)))
        await frame(pilot)
        assert screen.session.here == (77, 0)

    watch(scene)


def test_left_before_any_run_says_so(drive) -> None:
    async def act(pilot, screen) -> None:
        await pilot.press("left")
        assert screen.focused is screen.question.line
        await pilot.press("tab", "left")
        pilot.app.look()
        assert "there is no run yet" in status(screen)

    drive(act)
