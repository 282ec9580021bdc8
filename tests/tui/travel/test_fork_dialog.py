"""The dialog that forks: where from, what a stage is from there on, and what is wrong said in place."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from hive_tui.config.forking import parse_change
from hive_tui.config.paths import paths
from hive_tui.events import ErrorInfo
from hive_tui.tui.travel.fork_dialog import ForkDialog, of_run
from tests.tui.conftest import Script
from tests.tui.recorded import RUN, RecordedSession, until
from tests.tui.travel.test_timeline_pictures import rewound, sizes


@pytest.fixture
def session(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> RecordedSession:
    monkeypatch.setenv("HIVE_HOME", str(tmp_path))
    return RecordedSession(Path(paths().runs))


def forks(session: RecordedSession) -> list[tuple[object, ...]]:
    return [call[1:] for call in session.calls if call[0] == "fork"]


@sizes
def test_picture(snap_compare, make_app, session, size):
    async def play(pilot):
        await rewound(pilot, session, "F", "down")

    assert snap_compare(make_app(), terminal_size=size, run_before=play)


def played(make_app, session, *steps) -> None:
    """The eventful run at its middle, then keys, waits and looks."""

    async def run() -> None:
        async with make_app().run_test(size=(120, 40)) as pilot:
            await rewound(pilot, session)
            await pilot.press("F")
            await until(pilot, lambda: isinstance(pilot.app.screen, ForkDialog))
            for step in steps:
                if isinstance(step, str):
                    await pilot.press(step)
                else:
                    await until(pilot, lambda step=step: step(pilot.app.screen))

    asyncio.run(run())


def left(screen: object) -> bool:
    return not isinstance(screen, ForkDialog)


def test_a_stage_is_changed_from_the_shown_moment_on(make_app, session) -> None:
    typed = ("tab", "ctrl+u", *"other", "tab", *"0.5")
    played(make_app, session, *["down"] * 3, *typed, "up", "down", "enter", left)
    ((run, told, here, changes, prefix),) = forks(session)
    assert (run, told) == (RUN, RUN)
    assert here[0] > 1
    assert prefix == ""
    assert changes == tuple(map(parse_change, ("stages.curator.model=other", "stages.curator.temperature=0.5")))


def test_it_leaves_from_a_place_that_is_named(make_app, session) -> None:
    played(make_app, session, *"stage:refiner", "enter", left)
    ((_, _, (seq, chunks), changes, _),) = forks(session)
    assert (seq > 1, chunks, changes) == (True, 0, ())


def test_the_run_itself_is_changed_in_the_first_row(make_app, session) -> None:
    typed = ("tab", "ctrl+u", *"Why?", "tab", "ctrl+u", *"single", "tab", *"none")
    played(make_app, session, *["up"] * 5, *typed, "down", "enter", left)
    ((_, _, _, changes, prefix),) = forks(session)
    assert changes == (parse_change("question=Why?"), parse_change("plan=single"))
    assert prefix == "none"


def test_plan_and_tally_stand_in_one_field(make_app, session) -> None:
    typed = ("tab", "tab", "ctrl+u", *"pipeline majority")
    played(make_app, session, *["up"] * 5, *typed, "enter", left)
    assert forks(session)[0][3] == (parse_change("tally=majority"),)


@pytest.mark.parametrize(
    ("typed", "changes"),
    [
        ("single", ["plan=single"]),
        ("single direct", ["plan=single", "tally=direct"]),
        ("pipeline chain", []),
        ("", ["plan="]),
        ("single direct now", ["plan=single direct now"]),
    ],
)
def test_what_was_typed_of_plan_and_tally(typed: str, changes: list[str]) -> None:
    assert of_run("plan", typed, "pipeline chain") == changes


def test_what_cannot_be_is_said_and_can_be_put_right(make_app, session) -> None:
    def says(words: str):
        return lambda screen: any(words in str(each.content) for each in screen.query("Label, #note"))

    session.fork_fault = ErrorInfo("config", "stage generator cannot be changed there", advice="fork from the start")
    wrong_place = (*"stage:nobody", "enter", says("there is no such stage"), "ctrl+u")
    wrong_value = ("tab", "tab", *"hot", "enter", says("expected 0 to 2"), "ctrl+u")
    played(make_app, session, *wrong_place, *wrong_value, "enter", says("cannot be changed"), "escape", left)
    assert len(forks(session)) == 1


def test_nothing_is_forked_without_a_run_or_over_one_that_goes_on(make_app, session) -> None:
    async def run() -> None:
        async with make_app().run_test(size=(120, 40)) as pilot:
            await until(pilot, lambda: pilot.app.frames is not None)
            screen = pilot.app.screen
            screen.action_fork()
            session.play(Script().begin("Why?").records)
            await until(pilot, lambda: screen.state.run)
            screen.action_fork()
            await pilot.pause()
            assert pilot.app.screen is screen

    asyncio.run(run())
    assert forks(session) == []
