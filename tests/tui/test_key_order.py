"""Keys that come in one burst, as they do over a slow line, do what they would do one by one."""

import asyncio
from collections.abc import Sequence

from textual import events


def burst(keys: Sequence[tuple[str, str | None]], make_app, check) -> None:
    app = make_app()

    async def run() -> None:
        async with app.run_test(size=(160, 48)) as pilot:
            await pilot.pause()
            for key, character in keys:
                app.post_message(events.Key(key, character))
            await pilot.pause()
            check(app._council)

    asyncio.run(run())


def test_each_tab_is_a_step(make_app) -> None:
    def check(council) -> None:
        assert council.here() == 2

    burst([("tab", "\t")] * 3, make_app, check)


def test_what_is_typed_behind_a_key_lands_where_that_key_leads(make_app) -> None:
    def check(council) -> None:
        assert council.question.line.editor.value == "x"
        assert council.question.line.has_focus

    burst([("tab", "\t"), ("i", "i"), ("x", "x")], make_app, check)


def test_what_is_typed_behind_enter_is_the_next_question(make_app, session) -> None:
    def check(council) -> None:
        assert ("ask", "a") in session.calls
        assert council.question.line.editor.value == "b"

    burst([("a", "a"), ("enter", "\r"), ("b", "b")], make_app, check)


def test_a_key_behind_up_is_added_to_the_older_question(make_app) -> None:
    def check(council) -> None:
        assert council.question.line.editor.value == "ab"

    burst([("a", "a"), ("enter", "\r"), ("up", None), ("b", "b")], make_app, check)
