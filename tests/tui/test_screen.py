"""What the keys do, on the real app with a scripted session."""

import pytest

from hive_tui.events import AttemptEnded, CancelRequested, Outcome, RunEnded
from hive_tui.tui.geometry import ANSWER
from hive_tui.tui.session import CoreStatus, Offer


async def played(pilot, session, records) -> None:
    session.play(records)
    pilot.app.frames.frame()
    await pilot.pause()
    pilot.app.frames.frame()
    pilot.app.look()
    await pilot.pause()


def words(body) -> list[str]:
    """The words that a pane's rows show."""
    return " ".join(body.render_line(y).text for y in range(body.size.height)).split()


def status(screen) -> str:
    return "".join(text for text, _ in screen._status_line(160))


def test_tab_walks_the_panes_and_comes_back(drive, session, runs) -> None:
    async def act(pilot, screen) -> None:
        await played(pilot, session, runs["whole"])
        walked = []
        for _ in range(6):
            await pilot.press("tab")
            walked.append(screen.here())
        assert walked == [0, 1, 2, 3, ANSWER, None]
        await pilot.press("shift+tab")
        assert screen.here() == ANSWER
        await pilot.press("enter")
        assert screen.here() is None

    drive(act)


def test_an_empty_pane_takes_the_focus_and_hands_it_to_its_text(drive, session, runs) -> None:
    async def act(pilot, screen) -> None:
        await pilot.press("tab")
        assert screen.focused is screen.panes[0]
        await played(pilot, session, runs["live"])
        assert screen.focused is screen.panes[0].body

    drive(act)


def test_the_text_of_each_stream_stands_in_its_pane(drive, session, runs) -> None:
    async def act(pilot, screen) -> None:
        await played(pilot, session, runs["whole"])
        for pane in screen.panes:
            attempt = session.state.attempt(pane.stream)
            assert attempt is not None
            said = "".join(text for _channel, text in attempt.text.segments()).split()
            assert words(pane.body)
            assert words(pane.body) == said[-len(words(pane.body)) :]
        assert screen.answer.body.text == session.state.answer_text
        assert [pane.facts.verdict for pane in screen.panes] == ["", "", "ACCEPT", ""]

    drive(act)


def test_a_narrow_screen_shows_the_stage_that_speaks_and_then_the_answer(drive, session, runs) -> None:
    async def act(pilot, screen) -> None:
        await played(pilot, session, runs["live"])
        assert "pane.1" in screen.geometry.parts
        await played(pilot, session, runs["whole"][len(runs["live"]) :])

    async def whole(pilot, screen) -> None:
        await played(pilot, session, runs["whole"])
        assert "answer" in screen.geometry.parts
        await pilot.press("f3")
        assert "answer" not in screen.geometry.parts

    drive(act, (80, 24))
    session.__init__()
    drive(whole, (80, 24))


def test_maximise_gives_a_pane_the_screen_and_back(drive, session, runs) -> None:
    async def act(pilot, screen) -> None:
        await played(pilot, session, runs["live"])
        await pilot.press("tab", "tab", "m")
        await pilot.pause()
        assert [name for name in screen.geometry.parts if name.startswith("pane.")] == ["pane.1"]
        assert screen.panes[1].size.width == 160
        await pilot.press("m")
        await pilot.pause()
        assert screen.geometry.mode == "grid"

    drive(act)


def test_lanes_are_asked_for_only_while_one_is_shown(drive, session, runs) -> None:
    async def act(pilot, screen) -> None:
        await played(pilot, session, runs["live"])
        assert session.lanes_asked == 0
        await pilot.press("tab", "tab", "m")
        await pilot.pause()
        pilot.app.look()
        assert session.lanes_asked > 0
        lane = screen.panes[1].render_line(screen.panes[1].size.height - 2).text
        assert "█" in lane
        assert "3.3 s" in lane
        assert screen.panes[1].body.region.bottom == screen.panes[1].region.bottom - 2
        await pilot.press("m")
        await pilot.pause()
        asked = session.lanes_asked
        pilot.app.look()
        assert session.lanes_asked == asked

    drive(act, (100, 40))


def test_without_a_run_nobody_asks_for_lanes(drive, session) -> None:
    async def act(pilot, screen) -> None:
        await pilot.press("tab", "m")
        await pilot.pause()
        pilot.app.look()
        assert "lane.0" in screen.geometry.parts
        assert session.lanes_asked == 0

    drive(act)


def test_search_finds_marks_and_walks(drive, session, runs) -> None:
    async def act(pilot, screen) -> None:
        await played(pilot, session, runs["live"])
        await pilot.press("tab", "slash", *"blue")
        await pilot.pause()
        body = screen.panes[0].body
        assert body._search is not None
        first = body._search.current
        await pilot.press("enter")
        assert body._search.current != first
        await pilot.press(*"zz")
        await pilot.pause()
        assert screen.search.outcome == "not found"
        await pilot.press("escape")
        await pilot.pause()
        assert screen.focused is body
        assert "status" in screen.geometry.parts

    drive(act)


def test_the_answer_is_searched_as_it_is_shown(drive, session, runs) -> None:
    async def act(pilot, screen) -> None:
        await played(pilot, session, runs["whole"])
        body = screen.answer.body
        await pilot.press("shift+tab", "shift+tab", "slash", *"blue reaches")
        await pilot.pause()
        assert screen.search.outcome == ""
        assert any("blue reaches" in body.render_line(y).text for y in range(body.size.height)), "brought into sight"
        await pilot.press(*" x")
        await pilot.pause()
        assert screen.search.outcome == "not found"
        await pilot.press("escape", "n")
        assert screen.focused is body
        await pilot.press("slash", *"red", "enter")
        await pilot.pause()
        row = next(y for y in range(body.size.height) if "450 nm" in body.render_line(y).text)
        hit = next(piece for piece in body.render_line(row) if piece.text == "red")
        assert hit.style.bgcolor != body.rich_style.bgcolor, "marked, in a list that says `red`"

    drive(act)


def test_copy_takes_the_panes_text_without_escapes(drive, session, runs) -> None:
    async def act(pilot, screen) -> None:
        await played(pilot, session, runs["whole"])
        await pilot.press("c")
        assert pilot.app.clipboard.startswith("The sky is blue")
        assert "copied" in status(screen)

    async def focused(pilot, screen) -> None:
        await pilot.press("tab", "c")
        assert "nothing to copy" in status(screen)

    drive(focused)
    drive(act_with_focus(act))


def act_with_focus(act):
    async def focused(pilot, screen) -> None:
        await pilot.press("tab")
        await act(pilot, screen)

    return focused


def test_an_offer_is_taken_with_a_key_that_prints_nothing(drive, session) -> None:
    session.found = (Offer("found OPENROUTER_API_KEY: the council can ask OpenRouter"),)

    async def act(pilot, screen) -> None:
        pilot.app.look()
        await pilot.pause()
        assert "offers" in screen.geometry.parts
        await pilot.press(*"hi", "f2")
        assert ("take", 0) in session.calls
        assert screen.question.line.editor.value == "hi"
        await pilot.pause()
        assert "offers" not in screen.geometry.parts

    drive(act)


def test_the_status_line_says_of_the_core_only_what_is_so(drive, session, runs) -> None:
    async def act(pilot, screen) -> None:
        await played(pilot, session, runs["live"])
        session.core = CoreStatus.SILENT
        pilot.app.look()
        assert "core not answering" in status(screen)
        session.core = CoreStatus.ALIVE
        pilot.app.look()
        assert "core" not in status(screen)
        session.core = CoreStatus.DIED
        pilot.app.look()
        assert "core process died" in status(screen)
        text = words(screen.panes[0].body)
        await pilot.press("f5")
        assert ("restart",) in session.calls
        assert words(screen.panes[0].body) == text != []

    drive(act)


def test_leaving_and_entering_follow_mode_is_said_at_once(drive, session, runs) -> None:
    """Not with the next look at the gauges."""

    def edge(pane) -> str:
        return pane.render_line(pane.size.height - 1).text

    async def act(pilot, screen) -> None:
        await played(pilot, session, runs["whole"])
        pane = screen.panes[0]
        await pilot.press("tab", "pageup")
        assert "End follows" in edge(pane)
        await pilot.press("end")
        assert "End follows" not in edge(pane)

    drive(act, (60, 16))


def test_an_error_behind_a_text_is_said_beneath_it(drive, session, runs) -> None:
    from hive_tui.events import ErrorInfo, Record

    records = runs["live"]
    at, seq = records[-1].time_ns, records[-1].seq
    advice = "name the variable with --key-env, or ask again"
    error = ErrorInfo("truncated", "the stream ended without a finish reason", advice=advice)
    ending = Record(1, seq + 1, at, 2, AttemptEnded(Outcome.TRUNCATED, error=error))

    async def act(pilot, screen) -> None:
        pane = screen.panes[1]
        await played(pilot, session, records)
        rows = pane.body.size.height
        await played(pilot, session, [ending])
        await pilot.pause()
        assert pane.facts.note == "", "the state says it already"
        said = [pane.render_line(y).text for y in range(pane.size.height)]
        assert [line.strip("│┃ ") for line in said[-3:-1]] == [error.message, advice]
        assert pane.body.size.height == rows - 2
        assert words(pane.body)

    drive(act)


def test_a_cancelled_run_says_that_its_text_is_kept(drive, session, runs) -> None:
    from hive_tui.events import Record

    records = runs["live"]
    at, seq = records[-1].time_ns, records[-1].seq
    ending = [
        Record(1, seq + 1, at, 0, CancelRequested()),
        Record(1, seq + 2, at, 2, AttemptEnded(Outcome.CANCELLED)),
        Record(1, seq + 3, at, 0, RunEnded(Outcome.CANCELLED)),
    ]

    async def act(pilot, screen) -> None:
        await played(pilot, session, [*records, *ending])
        assert "cancelled, what came is kept" in status(screen)
        assert screen.panes[1].facts.state == "cancelled"
        assert words(screen.panes[1].body)

    drive(act)


def test_streaming_lays_nothing_out_again(drive, session, runs) -> None:
    """The count that guards the frame rate: text in the panes moves no widget."""
    records = runs["live"]

    async def act(pilot, screen) -> None:
        await played(pilot, session, records[:80])
        layouts = 0
        place = screen._place

        def counted(size):
            nonlocal layouts
            layouts += 1
            return place(size)

        screen._placed._places = counted
        for record in records[80:]:
            session.play([record])
            pilot.app.frames.frame()
            pilot.app.look()
        await pilot.pause()
        started = sum(type(record.event).__name__ == "AttemptStarted" for record in records[80:])
        assert layouts <= started

    drive(act)


def test_the_theme_is_changed_and_remembered(drive, tmp_path) -> None:
    async def act(pilot, _screen) -> None:
        assert pilot.app.theme == "hive-dark"
        await pilot.press("f6")
        assert pilot.app.theme == "hive-light"
        assert pilot.app.named_styles.look.name == "hive-light"

    drive(act)
    assert (tmp_path / "config" / "screen.toml").read_text() == 'theme = "hive-light"\n'


@pytest.mark.parametrize(
    ("keys", "heading"), [("", "In the question line"), ("tab", "In a stage's pane"), ("f7", "In the list of runs")]
)
def test_help_begins_with_the_keys_of_where_one_is(drive, keys: str, heading: str) -> None:
    async def act(pilot, _screen) -> None:
        await pilot.press(*keys.split())
        await pilot.pause()
        below = pilot.app.screen
        await pilot.press("f1")
        await pilot.pause()
        assert type(pilot.app.screen).__name__ == "HelpScreen"
        lines = pilot.app.export_screenshot().replace("&#160;", " ").replace("&#x27;", "'")
        assert heading in lines
        await pilot.press("escape")
        await pilot.pause()
        assert pilot.app.screen is below

    drive(act, (80, 24))


def test_help_and_palette_open_and_close(drive) -> None:
    async def act(pilot, screen) -> None:
        await pilot.press("f1")
        await pilot.pause()
        assert type(pilot.app.screen).__name__ == "HelpScreen"
        await pilot.press("escape", "ctrl+p")
        await pilot.pause()
        assert type(pilot.app.screen).__name__ == "CommandPalette"
        await pilot.press("escape")
        await pilot.pause()
        assert pilot.app.screen is screen

    drive(act)
