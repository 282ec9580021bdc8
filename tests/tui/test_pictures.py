"""Pictures of the screen at three sizes, each looked at by a person before it was accepted."""

import pytest
from textual import events

from hive_tui.recording.reader import read_records
from hive_tui.tui.session import CoreStats, CoreStatus, Offer
from tests.corpus import FINISHED as RECORDED

SIZES = [(160, 48), (80, 24), (60, 20)]
sizes = pytest.mark.parametrize("size", SIZES, ids=[f"{w}x{h}" for w, h in SIZES])


async def settle(pilot):
    """Until what was played has been drawn."""
    app = pilot.app
    for _ in range(4):
        await pilot.pause(0.02)
        if app.frames is not None:
            app.frames.frame()
        app.look()
    await pilot.pause()


@sizes
def test_idle(snap_compare, make_app, size):
    assert snap_compare(make_app(), terminal_size=size, run_before=settle)


@sizes
@pytest.mark.parametrize("run", ["live", "whole", "failed"])
def test_run(snap_compare, make_app, session, runs, size, run):
    async def play(pilot):
        await pilot.pause()
        session.play(runs[run])
        await settle(pilot)

    assert snap_compare(make_app(), terminal_size=size, run_before=play)


async def pressed(pilot, *keys):
    await pilot.press(*keys)
    await settle(pilot)


CASES = {
    "help": (("f1",), (80, 24)),
    "help-gauges": (("f1", "end"), (110, 50)),
    "palette": (("ctrl+p", *"the"), (80, 24)),
    "settings": (("tab", "tab", "s"), (80, 24)),
    "settings-models": (("tab", "s", "end", *("backspace",) * 5, "down", "down"), (80, 24)),
    "settings-fault": (("tab", "s", "shift+tab", "ctrl+u", "9"), (60, 20)),
    "focus": (("tab", "tab"), (160, 48)),
    "maximised": (("tab", "tab", "m"), (100, 30)),
    "search": (("tab", "slash", *"blue", "enter"), (100, 30)),
    "multi-line": ((*"Compare", "ctrl+j", *"three things", "ctrl+j", *"at once"), (80, 24)),
}


@pytest.mark.parametrize("case", CASES)
def test_keys(snap_compare, make_app, session, runs, case):
    keys, size = CASES[case]

    async def press(pilot):
        await pilot.pause()
        session.play(runs["live"])
        await settle(pilot)
        await pressed(pilot, *keys)

    assert snap_compare(make_app(), terminal_size=size, run_before=press)


@pytest.mark.parametrize("theme", ["hive-light", "hive-contrast"])
def test_theme(snap_compare, make_app, session, runs, theme):
    async def play(pilot):
        await pilot.pause()
        session.play(runs["whole"])
        await settle(pilot)

    assert snap_compare(make_app(theme=theme), terminal_size=(120, 40), run_before=play)


def test_no_colour(snap_compare, make_app, session, runs, monkeypatch):
    monkeypatch.setenv("NO_COLOR", "1")

    async def play(pilot):
        await pilot.pause()
        session.play(runs["live"])
        await settle(pilot)
        await pressed(pilot, "tab")

    assert snap_compare(make_app(), terminal_size=(100, 30), run_before=play)


@sizes
def test_core_died(snap_compare, make_app, session, runs, size):
    async def play(pilot):
        await pilot.pause()
        session.play(runs["live"])
        await settle(pilot)
        session.core = CoreStatus.DIED
        session.figures = CoreStats()
        await settle(pilot)

    assert snap_compare(make_app(), terminal_size=size, run_before=play)


def test_offers(snap_compare, make_app, session):
    session.found = (
        Offer("found OPENROUTER_API_KEY: the council can ask OpenRouter"),
        Offer("found Ollama on port 11434: the council can ask it"),
    )
    assert snap_compare(make_app(), terminal_size=(80, 24), run_before=settle)


def test_pasted(snap_compare, make_app):
    async def paste(pilot):
        await pilot.pause()
        await pilot.press(*"Sum up: ")
        pilot.app.post_message(events.Paste("a line of text\n" * 70_000))
        await settle(pilot)

    assert snap_compare(make_app(), terminal_size=(80, 24), run_before=paste)


def test_tiny(snap_compare, make_app, session, runs):
    async def play(pilot):
        await pilot.pause()
        session.play(runs["live"])
        await settle(pilot)

    assert snap_compare(make_app(), terminal_size=(20, 6), run_before=play)


def test_recorded(snap_compare, make_app, session):
    """The README's picture: a run that the simulator answered, read back from its recording."""

    async def play(pilot):
        await pilot.pause()
        session.figures = CoreStats()  # Figures of a core that is not there are unknown.
        session.play(list(read_records(RECORDED)))
        await settle(pilot)

    assert snap_compare(make_app(), terminal_size=(160, 48), run_before=play)
