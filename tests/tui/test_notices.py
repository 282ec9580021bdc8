"""A word to the person gives way to newer news: the status line never hides what is so behind what was."""

import asyncio

from hive_tui.tui import facts
from hive_tui.tui.session import CoreStatus


def status_of(app) -> str:
    return "".join(text for text, _ in app._council._status_line(120))


def test_a_notice_goes_when_a_run_ends_or_begins(make_app, session, runs) -> None:
    async def run() -> None:
        app = make_app()
        async with app.run_test(size=(160, 48)) as pilot:
            await pilot.pause()
            app._council.say("a word")
            assert "a word" in status_of(app)
            session.play(runs["live"])
            await pilot.pause(0.1)
            assert "refiner is streaming" in status_of(app)
            app._council.say("a word")
            session.play(runs["whole"])
            await pilot.pause(0.1)
            assert "answer (curator)" in status_of(app)
            app._council.say("a word")
            assert "a word" in status_of(app), "what is said later stands"

    asyncio.run(run())


def test_a_notice_goes_when_the_core_dies(make_app, session) -> None:
    async def run() -> None:
        app = make_app()
        async with app.run_test(size=(160, 48)) as pilot:
            await pilot.pause()
            app.look()
            app._council.say("a word")
            session.core = CoreStatus.DIED
            app.look()
            assert "core process died" in status_of(app)
            assert "a word" not in status_of(app)

    asyncio.run(run())


def test_a_core_that_said_why_it_ends_is_quoted(session) -> None:
    text, style = facts.status(session.state, CoreStatus.DIED, 0, "no space\x1b[2J left. Free some")
    assert text.startswith("core process died · F5 starts a new one · no space")
    assert "\x1b" not in text
    assert style == "bad"
