"""The timeline on the screen: keys, mouse, jumps and dialogs over a recorded run."""

from __future__ import annotations

from pathlib import Path

import pytest

from hive_tui.config.paths import paths
from hive_tui.core.commands import FindPlace, RemoveMarker, SetMarker, StopFinding, TimelineLanes
from hive_tui.events import AttemptStarted, Plan, RunStarted, StageSpec, StageStarted
from hive_tui.tui.session import CoreStatus
from tests.tui.conftest import MS, Script
from tests.tui.recorded import RUN, RecordedSession, asked, opened, rows_of, status, until

WIDE = (120, 48)


@pytest.fixture
def session(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> RecordedSession:
    monkeypatch.setenv("HIVE_HOME", str(tmp_path))
    return RecordedSession(Path(paths().runs))


def test_the_core_is_asked_for_what_is_in_view_and_no_oftener(drive, session) -> None:
    async def act(pilot, screen) -> None:
        await opened(pilot, screen, session)
        bar = screen.timeline
        first = asked(session, TimelineLanes)[-1]
        assert (first.run, first.start_ns, first.stop_ns) == (RUN, 0, None)
        await until(pilot, lambda: asked(session, TimelineLanes)[-1].bins == bar.asked.bins)
        await until(pilot, lambda: screen._asking._last)
        count = len(asked(session, TimelineLanes))
        for _ in range(5):
            pilot.app.look()
            await pilot.pause(0.002)
        assert len(asked(session, TimelineLanes)) == count
        await pilot.press("z", "z")
        await until(pilot, lambda: bar.view.data.start_ns > 0)
        assert asked(session, TimelineLanes)[-1].start_ns == bar.stretch.start_ns
        assert bar.stretch.length_ns == bar.stretch.end_ns // 4

    drive(act, WIDE)


def test_zoom_pan_and_scrolling_of_lanes(drive, session) -> None:
    async def act(pilot, screen) -> None:
        await opened(pilot, screen, session)
        bar = screen.timeline
        end = bar.stretch.end_ns
        await pilot.press("5")
        await until(pilot, lambda: bar.view.place_ns == end // 2)
        await pilot.press("z")
        assert bar.stretch.length_ns == pytest.approx(end / 2, abs=2)
        assert bar.stretch.column(bar.view.place_ns, 100) == 50
        start = bar.stretch.start_ns
        await pilot.press("shift+right")
        assert bar.stretch.start_ns > start
        await pilot.press("shift+left")
        assert bar.stretch.start_ns == start
        await pilot.press("Z", "Z")
        assert bar.whole

    drive(act, WIDE)


def test_many_calls_are_scrolled(drive, session) -> None:
    script = Script().begin("Why?")
    for number in range(24):
        stream = script.attempt("generator", reason="first" if not number else "retry")
        script.text(stream, "a few words")

    async def act(pilot, screen) -> None:
        session.play(script.records)
        await until(pilot, lambda: len(screen.state.attempts) == 24)
        screen.use_timeline()
        await until(pilot, lambda: screen.timeline.view.data is not None and len(screen.timeline.view.data.lanes) == 24)
        bar = screen.timeline
        room = bar._shown().lane_rows
        assert 1 < room < 24
        for _ in range(30):
            await pilot.press("up")
        top = rows_of(screen)[2]
        await pilot.press("down")
        assert rows_of(screen)[2] != top
        for _ in range(30):
            await pilot.press("down")
        assert bar._first == 24 - room

    drive(act, WIDE)


def test_a_run_of_more_stages_than_panes_is_walked_through(drive, session) -> None:
    specs = tuple(StageSpec(f"panellist-{number}", "panellist", "simulator", "sim/atlas-large") for number in range(8))
    script = Script().add(RunStarted(RUN, "Why?", Plan("panel", specs), "default", True, 0), after_ms=0)
    for stream, spec in enumerate(specs, 1):
        script.add(StageStarted(spec.stage))
        script.add(AttemptStarted(spec.stage, spec.model, "simulator"), stream)
        script.text(stream, "a few words")

    async def act(pilot, screen) -> None:
        session.play(script.records)
        await until(pilot, lambda: len(screen.state.attempts) == 8)
        for _ in range(12):
            await pilot.press("tab")
        screen.use_timeline()
        await until(pilot, lambda: screen.timeline.view.data is not None and len(screen.timeline.view.data.lanes) == 8)

    drive(act, WIDE)


def test_the_mouse_goes_to_a_moment_and_drags_on(drive, session) -> None:
    async def act(pilot, screen) -> None:
        await opened(pilot, screen, session)
        bar = screen.timeline
        shown = bar._shown()
        await pilot.mouse_down(bar, (shown.label + shown.cells // 4, 3))
        await until(pilot, lambda: screen.session.past)
        quarter = bar.view.place_ns
        assert bar.stretch.column(quarter, shown.cells) == shown.cells // 4
        await pilot.hover(bar, (shown.label + shown.cells // 2, 3))
        await until(pilot, lambda: bar.view.place_ns > quarter)
        assert bar.stretch.column(bar.view.place_ns, shown.cells) == shown.cells // 2
        await pilot.mouse_up(bar, (shown.label + shown.cells // 2, 3))
        here = bar.view.place_ns
        await pilot.hover(bar, (shown.label + 2, 3))
        pilot.app.look()
        assert bar.view.place_ns == here, "the button is up"

    drive(act, WIDE)


def test_moving_through_a_run_lays_nothing_out(drive, session, monkeypatch) -> None:
    async def act(pilot, screen) -> None:
        await opened(pilot, screen, session)
        await pilot.press("5")
        await until(pilot, lambda: screen.session.past)
        await pilot.pause()
        layouts = 0
        really = type(screen)._refresh_layout

        def counted(self, *words, **more) -> None:
            nonlocal layouts
            layouts += 1
            really(self, *words, **more)

        monkeypatch.setattr(type(screen), "_refresh_layout", counted)
        for key in ("left", "left", "comma", "less_than_sign", "right", "z", "shift+left", "Z"):
            place = screen.timeline.view
            await pilot.press(key)
            pilot.app.frames.frame()
            pilot.app.look()
            await pilot.pause()
            assert screen.timeline.view is not place
        assert layouts == 0

    drive(act, WIDE)


def test_jumps_go_to_stages_errors_and_markers(drive, session) -> None:
    async def act(pilot, screen) -> None:
        await opened(pilot, screen, session)
        starts = [each.start_ns for each in screen.timeline.view.data.stages]
        await pilot.press("left_curly_bracket")
        await until(pilot, lambda: screen.session.now_ns() == starts[3])
        await pilot.press("left_curly_bracket")
        await until(pilot, lambda: screen.session.now_ns() == starts[2])
        await pilot.press("right_curly_bracket")
        await until(pilot, lambda: screen.session.now_ns() == starts[3])
        await pilot.press("e")
        await until(pilot, lambda: "no error after this place" in status(screen))
        await pilot.press("right_square_bracket")
        await until(pilot, lambda: "no marker after this place" in status(screen))

    drive(act, WIDE)


def test_go_to_any_place_by_its_name(drive, session) -> None:
    async def act(pilot, screen) -> None:
        await opened(pilot, screen, session)
        await pilot.press("g", *"stage:refiner", "enter")
        refiner = screen.timeline.view.data.stages[1]
        await until(pilot, lambda: pilot.app.screen is screen and screen.session.now_ns() == refiner.start_ns)
        assert screen.timeline.has_focus

    drive(act, WIDE)


def test_what_names_no_place_is_said_beside_the_field(drive, session) -> None:
    async def act(pilot, screen) -> None:
        await opened(pilot, screen, session)
        await pilot.press("g")
        await pilot.pause()
        dialog = pilot.app.screen
        title, note = dialog.query_one("#place-title"), dialog.query_one("#note")
        await pilot.press("enter")
        assert "type one" in str(title.render())
        await pilot.press(*"event:99999", "enter")
        await until(pilot, lambda: "there is no such event" in str(title.render()))
        assert "the run has" in str(note.render())
        await pilot.press("ctrl+u", "down", "down", "enter")
        await until(pilot, lambda: pilot.app.screen is screen)
        assert screen.session.now_ns() == screen.timeline.view.data.stages[0].start_ns, "a marked row is gone to"

    drive(act, WIDE)


def test_a_search_can_be_given_up(drive, session, monkeypatch) -> None:
    async def act(pilot, screen) -> None:
        await opened(pilot, screen, session)
        monkeypatch.setattr(session, "query", lambda command, _tell: session.calls.append(("query", command)))
        monkeypatch.setattr(screen.session, "query", session.query)
        await pilot.press("g", *"text:elephant", "enter", "escape")
        dialog = pilot.app.screen
        assert asked(session, StopFinding)
        assert "given up" in str(dialog.query_one("#note").render())
        await pilot.press("escape")
        assert pilot.app.screen is screen

    drive(act, WIDE)


def test_who_looks_back_learns_that_the_core_died(drive, session) -> None:
    async def act(pilot, screen) -> None:
        await opened(pilot, screen, session)
        await pilot.press("5")
        await until(pilot, lambda: screen.session.past)
        session.core = CoreStatus.DIED
        session.query = lambda _command, tell: tell(None)
        await until(pilot, lambda: "core process died · F5" in status(screen))
        assert "paused at" in status(screen)
        assert "core process died · F5" in "".join(text for text, _ in screen._status_line(60))
        await pilot.press("e")
        await until(pilot, lambda: "core process died: F5 starts a new one" in status(screen))

    drive(act, WIDE)


def test_a_chosen_stretch_goes_from_press_to_press(drive, session) -> None:
    async def act(pilot, screen) -> None:
        await opened(pilot, screen, session)
        bar = screen.timeline
        await pilot.press("2")
        await until(pilot, lambda: bar.view.place_ns == bar.stretch.end_ns // 5)
        await pilot.press("v", "6")
        await until(pilot, lambda: bar.view.place_ns == bar.stretch.end_ns * 3 // 5)
        assert bar.selecting
        await pilot.press("v", "9")
        end = bar.stretch.end_ns
        await until(pilot, lambda: bar.view.place_ns == end * 9 // 10)
        assert bar.selection == (end // 5, end * 3 // 5)
        assert "━━━" in rows_of(screen)[0]
        await pilot.press("v", "v")
        assert bar.selection is None

    drive(act, WIDE)


def test_a_core_that_died_is_said(drive, session, monkeypatch) -> None:
    async def act(pilot, screen) -> None:
        await opened(pilot, screen, session)
        monkeypatch.setattr(session, "query", lambda _command, tell: tell(None))
        monkeypatch.setattr(screen.session, "query", session.query)
        await pilot.press("g", *"50%", "enter")
        assert "the core process died" in str(pilot.app.screen.query_one("#place-title").render())
        await pilot.press("escape", "M", *"odd", "enter")
        assert "the core process died" in str(pilot.app.screen.query_one("#name-title").render())
        await pilot.press("escape")

    drive(act, WIDE)


def test_questions_name_the_place_where_one_is(drive, session) -> None:
    async def act(pilot, screen) -> None:
        await opened(pilot, screen, session)
        await pilot.press("5")
        await until(pilot, lambda: screen.session.past)
        await pilot.press("less_than_sign")
        await until(pilot, lambda: screen.timeline.view.here == screen.session.here)
        here = screen.session.here
        await pilot.press("E")
        await until(pilot, lambda: asked(session, FindPlace))
        find = asked(session, FindPlace)[-1]
        assert (find.where, (find.seq, find.chunks), find.backwards) == ("next:error", here, True)
        assert not asked(session, SetMarker)
        assert not asked(session, RemoveMarker)
        assert screen.state.time_ns < 100_000 * MS

    drive(act, WIDE)
