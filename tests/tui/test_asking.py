"""The question line on the real app: what is sent, what stays, what comes back."""

from tests.tui.test_screen import played, status


def test_enter_asks_and_leaves_the_focus_in_the_line(drive, session) -> None:
    async def act(pilot, screen) -> None:
        await pilot.press(*"why", "ctrl+j", *"so?", "enter")
        assert session.calls == [("warm",), ("ask", "why\nso?")]
        assert screen.focused is screen.question.line
        assert screen.question.line.editor.value == ""

    drive(act)


def test_a_question_from_the_command_line_is_asked_at_once(drive, session) -> None:
    async def act(pilot, _screen) -> None:
        await pilot.pause()
        assert ("ask", "why?") in session.calls

    drive(act, question="why?")


def test_letters_belong_to_the_line_while_it_has_the_focus(drive) -> None:
    async def act(pilot, screen) -> None:
        await pilot.press(*"maRn?/ix1")
        assert screen.question.line.editor.value == "maRn?/ix1"
        assert not screen.view.maximised

    drive(act)


def test_escape_cancels_a_live_run_else_leaves_the_line(drive, session, runs) -> None:
    async def act(pilot, screen) -> None:
        await pilot.press("escape")
        assert screen.here() == 0
        await pilot.press("i")
        assert screen.focused is screen.question.line
        await played(pilot, session, runs["live"])
        await pilot.press("escape")
        assert [call for call in session.calls if call[0] != "query"] == [("cancel", None)]
        assert screen.focused is screen.question.line
        await pilot.press("tab", "escape")
        assert [call for call in session.calls if call[0] != "query"] == [("cancel", None)] * 2, (
            "the line's frame says so, wherever the focus is"
        )
        assert screen.here() == 0

    drive(act)


def test_a_second_question_waits_for_the_first(drive, session, runs) -> None:
    async def act(pilot, screen) -> None:
        await played(pilot, session, runs["live"])
        await pilot.press(*"more", "enter")
        assert screen.question.line.editor.value == "more"
        assert "Esc cancels it" in status(screen)
        assert ("ask", "more") not in session.calls

    drive(act)


def test_history_is_walked_at_the_first_and_last_row_only(drive) -> None:
    async def act(pilot, screen) -> None:
        line = screen.question.line
        await pilot.press(*"one", "enter", *"two", "ctrl+j", *"rows", "enter", *"draft")
        await pilot.press("up")
        assert line.editor.value == "two\nrows"
        await pilot.press("up")
        assert line.editor.value == "two\nrows"
        await pilot.press("up")
        assert line.editor.value == "one"
        await pilot.press("down")
        assert line.editor.value == "two\nrows"
        await pilot.press("down")
        assert line.editor.value == "draft"

    drive(act)


def test_the_question_box_grows_with_the_text_and_shrinks_again(drive) -> None:
    async def act(pilot, screen) -> None:
        height = screen.geometry.parts["question"][3]
        await pilot.press("a", "ctrl+j", "b", "ctrl+j", "c")
        await pilot.pause()
        assert screen.geometry.parts["question"][3] == height + 2
        await pilot.press("enter")
        await pilot.pause()
        assert screen.geometry.parts["question"][3] == height

    drive(act)
