"""Pictures of the timeline and its dialogs at three sizes, each looked at by a person before it was accepted."""

from __future__ import annotations

from pathlib import Path

import pytest

from hive_tui.config.paths import paths
from hive_tui.events import (
    AttemptEnded,
    Carried,
    Decision,
    ErrorInfo,
    Outcome,
    Record,
    RetryScheduled,
    RunEnded,
    Verdict,
)
from hive_tui.recording.navigation.markers import Marker, add
from tests.tui.conftest import ANSWER, DRAFT, Script
from tests.tui.recorded import RUN, RecordedSession, until

SIZES = [(160, 48), (80, 24), (60, 20)]
sizes = pytest.mark.parametrize("size", SIZES, ids=[f"{w}x{h}" for w, h in SIZES])


@pytest.fixture
def session(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> RecordedSession:
    monkeypatch.setenv("HIVE_HOME", str(tmp_path))
    return RecordedSession(Path(paths().runs))


def eventful_run() -> list[Record]:
    """A wait, a failure that another call stands in for, a stall, two verdicts, and a call that ran out of time."""
    script = Script().begin("Why is the sky blue?")
    refused = ErrorInfo("rate_limit", "too many requests", 429, "wait a little")
    first = script.attempt("generator")
    script.text(first, DRAFT).finish(first, "generator", 118, "0.00214")
    second = script.attempt("refiner")
    script.add(RetryScheduled(400, refused), second, 300)
    script.add(AttemptEnded(Outcome.ERRORED, error=refused), second)
    script.time += 400_000_000
    third = script.attempt("refiner", reason="retry")
    script.text(third, DRAFT[:200], after_ms=25)
    script.time += 2_600_000_000
    script.text(third, DRAFT[200:]).finish(third, "refiner", 131, "0.00187")
    fourth = script.attempt("validator")
    script.text(fourth, "REVISE\n\nThe ratio lacks its exponent.").finish(
        fourth, "validator", 24, "0.00009", Verdict.REVISE
    )
    fifth = script.attempt("curator")
    script.text(fifth, ANSWER, after_ms=15)
    script.add(AttemptEnded(Outcome.TIMED_OUT, error=ErrorInfo("timeout_total", "it took too long")), fifth)
    script.add(RunEnded(Outcome.FINISHED, Decision.PARTIAL, Carried(third)))
    return script.records


async def rewound(pilot, session, *keys: str) -> None:
    """The eventful run at its middle, the timeline in focus."""
    app = pilot.app
    await until(pilot, lambda: app.frames is not None)
    screen = app.screen
    session.play(eventful_run())
    session.end()
    add(session.runs / RUN, RUN, Marker("the stall", "what did it do?", 90, 0, 0))  # Before anyone asks for markers.
    await until(pilot, lambda: screen.state.outcome is not None)
    screen.use_timeline()
    screen.action_percent(50)
    await until(pilot, lambda: screen.session.past and screen.timeline.view.data is not None and screen._asking._last)
    for key in keys:
        await pilot.press(key)
    still = 0
    while still < 5:
        app.look()
        still = 0 if app.frames.frame() else still + 1
        await pilot.pause(0.01)
    await pilot.pause()


@sizes
def test_timeline(snap_compare, make_app, session, size):
    async def play(pilot):
        await rewound(pilot, session)

    assert snap_compare(make_app(), terminal_size=size, run_before=play)


KEYS = {
    "zoomed": ("z", "z", "z"),
    "chosen": ("2", "v", "6", "v"),
    "go-to": ("g",),
    "go-to-fault": ("g", *"stage:nobody", "enter"),
    "break-points": ("b", *"gap:2000", "enter", *"text:exponent", "enter"),
    "markers": ("M", *"the curator", "down"),
}


@sizes
@pytest.mark.parametrize("case", KEYS)
def test_keys(snap_compare, make_app, session, size, case):
    async def play(pilot):
        await rewound(pilot, session, *KEYS[case])

    assert snap_compare(make_app(), terminal_size=size, run_before=play)


def test_without_colours(snap_compare, make_app, session, monkeypatch):
    monkeypatch.setenv("NO_COLOR", "1")

    async def play(pilot):
        await rewound(pilot, session, "2", "v", "6")

    assert snap_compare(make_app(), terminal_size=(100, 44), run_before=play)


def test_many_calls(snap_compare, make_app, session):
    """A panel of 24: as many lanes as there are rows."""
    script = Script().begin("Why is the sky blue?")
    streams = [script.attempt("generator", reason="retry" if number else "first") for number in range(24)]
    for word in range(12):
        for stream in streams:
            if (word + stream) % 5:
                script.text(stream, f"word{word}", after_ms=12)

    async def play(pilot):
        await until(pilot, lambda: pilot.app.frames is not None)
        screen = pilot.app.screen
        session.play(script.records)
        await until(pilot, lambda: len(screen.state.attempts) == 24)
        screen.use_timeline()
        await until(pilot, lambda: screen.timeline.view.data is not None and len(screen.timeline.view.data.lanes) == 24)
        await pilot.press("down", "down", "down")
        await pilot.pause()

    assert snap_compare(make_app(), terminal_size=(120, 44), run_before=play)
