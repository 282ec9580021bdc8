"""Break points and markers on the timeline: set, gone to, stopped at and removed."""

from __future__ import annotations

from pathlib import Path

import pytest
from textual.widgets import Input

from hive_tui.config.paths import paths
from hive_tui.recording.navigation.markers import Marker, add, read_markers, remove
from tests.tui.recorded import RUN, RecordedSession, opened, passing, rows_of, status, until

WIDE = (120, 48)


@pytest.fixture
def session(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> RecordedSession:
    monkeypatch.setenv("HIVE_HOME", str(tmp_path))
    return RecordedSession(Path(paths().runs))


def test_break_points_are_set_found_and_removed(drive, session) -> None:
    async def act(pilot, screen) -> None:
        await opened(pilot, screen, session)
        await pilot.press("0")
        await until(pilot, lambda: screen.session.past)
        await pilot.press("n")
        assert "no break point is set" in status(screen)
        await pilot.press("b", *"gap:often", "enter")
        dialog = pilot.app.screen
        assert "expected text:PATTERN" in str(dialog.query_one("#condition-title").render())
        await pilot.press("ctrl+u", *"text:exponent", "enter", *"cost:0.003", "enter")
        assert screen.breaks.conditions == ("text:exponent", "cost:0.003")
        assert dialog.query_one("#condition", Input).value == ""
        await pilot.press("escape", "n")
        await until(pilot, lambda: "cost:0.003 at" in status(screen))
        first = screen.session.here
        await pilot.press("n")
        await until(pilot, lambda: "text:exponent at" in status(screen))
        await pilot.press("N")
        await until(pilot, lambda: screen.session.here == first)
        await pilot.press("b", "down", "ctrl+r", "escape")
        assert screen.breaks.conditions == ("cost:0.003",)

    drive(act, WIDE)


def test_playing_stops_at_a_break_point(drive, session, clock) -> None:
    async def act(pilot, screen) -> None:
        await opened(pilot, screen, session)
        screen.breaks.set(["cost:0.003"])
        await pilot.press("0")
        await until(pilot, lambda: screen.session.past)
        screen.session.change_speed(6)
        await pilot.press("space")
        await until(pilot, lambda: "cost:0.003" in status(screen), passing(clock))
        assert screen.session.direction == 0
        await until(pilot, lambda: float(sum(each.cost_usd or 0 for each in screen.state.attempts)) > 0.003)
        assert screen.state.outcome is None

    drive(act, WIDE)


def test_a_jump_over_a_break_point_is_no_reason_to_go_back(drive, session, clock) -> None:
    async def act(pilot, screen) -> None:
        await opened(pilot, screen, session)
        screen.breaks.set(["cost:0.003"])
        await pilot.press("0")
        await until(pilot, lambda: screen.session.past)
        await pilot.press("space")
        await until(pilot, lambda: screen.breaks.stop_ahead(RUN, screen.session.here, 1) is not None)
        await pilot.press("9")
        await until(pilot, lambda: not screen.session.past, passing(clock))
        assert "cost:0.003" not in status(screen)

    drive(act, WIDE)


def test_a_marker_is_set_gone_to_and_removed(drive, session) -> None:
    async def act(pilot, screen) -> None:
        await opened(pilot, screen, session)
        await pilot.press("5")
        await until(pilot, lambda: screen.session.past)
        here = screen.session.here
        await pilot.press("M", "enter")
        dialog = pilot.app.screen
        assert "it needs one" in str(dialog.query_one("#name-title").render())
        await pilot.press(*"odd", "tab", *"a note", "enter")
        await until(pilot, lambda: pilot.app.screen is screen)
        (marker,) = read_markers(session.runs / RUN, RUN)
        assert (marker.name, marker.note, (marker.seq, marker.chunks)) == ("odd", "a note", here)
        assert "marker odd set" in status(screen)
        await until(pilot, lambda: any("◆odd" in row for row in rows_of(screen)))
        await pilot.press("home")
        await until(pilot, lambda: screen.session.here != here)
        await pilot.press("right_square_bracket")
        await until(pilot, lambda: screen.session.here == here)
        await pilot.press("home")
        await until(pilot, lambda: screen.session.here != here)
        await pilot.press("M", "down", "enter")
        await until(pilot, lambda: screen.session.here == here)
        await pilot.press("M", *"odd", "enter")
        title = pilot.app.screen.query_one("#name-title")
        await until(pilot, lambda: "there is a marker 'odd' already" in str(title.render()))
        await pilot.press("down", "ctrl+r")
        await until(pilot, lambda: not read_markers(session.runs / RUN, RUN))
        await pilot.press("escape")
        await until(pilot, lambda: not any("◆" in row for row in rows_of(screen)))

    drive(act, WIDE)


def test_a_marker_that_another_sets_or_removes_is_seen(drive, session) -> None:
    async def act(pilot, screen) -> None:
        await opened(pilot, screen, session)
        add(session.runs / RUN, RUN, Marker("odd", "", 20, 0, 0))
        await until(pilot, lambda: any("◆odd" in row for row in rows_of(screen)))
        remove(session.runs / RUN, RUN, "odd")
        await until(pilot, lambda: not any("◆" in row for row in rows_of(screen)))

    drive(act, WIDE)
