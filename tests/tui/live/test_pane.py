"""What a person does in a pane: follow, scroll, select, copy, search."""

from __future__ import annotations

import random

from textual.geometry import Offset
from textual.selection import Selection

NUMBERS = "\n".join(f"line {number}" for number in range(100))


def shown(stage, pane) -> list[str]:
    """The pane's rows as they stand in the terminal."""
    region = pane.region
    rows = stage.app.emulator.screen.display[region.y : region.bottom]
    return [row[region.x : region.right].rstrip() for row in rows]


async def show(stage, text: str, channel: int = 0):
    stage.app.texts[0].pieces.append((channel, text))
    await stage.settle()
    return stage.panes[0]


def test_it_follows_until_scrolled_up_and_again_at_the_end(play) -> None:
    async def scene(stage) -> None:
        pane = await show(stage, NUMBERS)
        pane.focus()
        height = pane.extent[1]
        assert shown(stage, pane)[-1] == "line 99"
        await show(stage, "\nmore")
        assert shown(stage, pane)[-1] == "more"
        await stage.pilot.press("up")
        assert not pane.following
        await show(stage, "\nand more")
        assert shown(stage, pane)[-1] == "line 99"
        await stage.pilot.press("pageup")
        await stage.settle()
        assert shown(stage, pane)[-1] == f"line {99 - height + 1}"
        await stage.pilot.press("down", "down")
        await stage.settle()
        assert shown(stage, pane)[-1] == f"line {99 - height + 3}"
        await stage.pilot.press("ctrl+home")
        await stage.settle()
        assert shown(stage, pane)[0] == "line 0"
        assert pane.position < 0.5
        await stage.pilot.press("ctrl+end")
        await stage.settle()
        assert pane.following
        assert pane.position == 1.0
        assert shown(stage, pane)[-1] == "and more"

    play(scene)


def test_the_wheel_scrolls_and_scrolling_down_never_follows_by_itself(play) -> None:
    async def scene(stage) -> None:
        pane = await show(stage, NUMBERS)
        pane.scroll_rows(-3)
        assert not pane.following
        pane.scroll_rows(1000)
        await stage.settle()
        assert shown(stage, pane)[-1] == "line 99"
        assert not pane.following

    play(scene)


def test_a_short_text_stays_at_the_top_and_cannot_be_scrolled(play) -> None:
    async def scene(stage) -> None:
        pane = await show(stage, "one\ntwo")
        pane.scroll_rows(-1)
        await stage.settle()
        assert shown(stage, pane)[:3] == ["one", "two", ""]
        assert pane.following

    play(scene)


def test_reasoning_and_refusal_look_different_and_begin_their_own_row(play) -> None:
    async def scene(stage) -> None:
        await show(stage, "hm", 1)
        await show(stage, "yes", 0)
        pane = await show(stage, "no", 2)
        assert shown(stage, pane)[:3] == ["hm", "yes", "no"]
        x, y = pane.region.offset
        cells = [stage.app.emulator.screen.buffer[y + row][x] for row in range(3)]
        assert [cell.italics for cell in cells] == [True, False, False]
        assert len({cell.fg for cell in cells}) == 3

    play(scene)


def test_mouse_selection_copies_what_came_without_what_could_act(play) -> None:
    async def scene(stage) -> None:
        pane = await show(stage, "first \x1b[31mred\nsecond 👨\u200d👩 line\nthird")
        await stage.pilot.mouse_down(pane, offset=(2, 0))
        await stage.pilot.hover(pane, offset=(2, 2))
        await stage.pilot.mouse_up(pane, offset=(2, 2))
        await stage.settle()
        assert stage.app.screen.get_selected_text() == "rst ␛[31mred\nsecond 👨\u200d👩 line\nthi"
        assert stage.differences() == []

    play(scene)


def test_a_selection_outlives_new_text_and_a_new_width(play) -> None:
    async def scene(stage) -> None:
        pane = await show(stage, "alpha beta gamma delta epsilon zeta eta theta iota kappa " * 3)
        rows = pane._window.rows()
        stage.app.screen.selections = {pane: Selection(Offset(6, rows[0][0]), Offset(4, rows[1][0]))}
        await stage.settle()
        before = stage.app.screen.get_selected_text()
        await show(stage, "\nmore and more")
        stage.resize(60, 20)
        await stage.settle()
        assert stage.app.screen.get_selected_text() == before
        assert stage.differences() == []

    play(scene)


def test_search_goes_round_and_marks_hits_over_row_ends(play) -> None:
    async def scene(stage) -> None:
        pane = await show(stage, NUMBERS)
        assert pane.search("LINE 5") is False
        assert pane.search("line 5") is True
        hits = []
        for _ in range(12):
            assert pane.search_next()
            hits.append(pane._search.current[0])
        assert hits[11] == hits[0]
        assert pane.search_previous()
        assert pane._search.current[0] == hits[10]
        await stage.settle()
        assert any("line 5" in row for row in shown(stage, pane))
        assert not pane.following
        assert pane.search("nowhere") is False
        assert pane.search("") is False
        assert pane.search_next() is False

    play(scene)


def test_another_source_begins_anew(play) -> None:
    async def scene(stage) -> None:
        pane = await show(stage, NUMBERS)
        pane.scroll_rows(-5)
        pane.set_source(lambda: stage.app.texts[1])
        await stage.settle()
        assert shown(stage, pane)[0] == ""
        assert pane.following
        stage.app.texts[1].pieces.append((0, "other"))
        await stage.settle()
        assert shown(stage, pane)[0] == "other"
        pane.clear()
        await stage.settle()
        assert shown(stage, pane)[0] == ""

    play(scene)


def test_ten_megabytes_on_one_line_come_in_slices(play) -> None:
    async def scene(stage) -> None:
        pane = stage.panes[0]
        stage.app.texts[0].pieces.append((0, "x" * 10_000_000 + "END"))
        pane.advance()
        assert pane.busy
        assert pane._window.flow.length <= 262_144
        while pane.busy:
            pane.advance()
        await stage.settle()
        assert "".join(shown(stage, pane)).endswith("END")
        pane.action_scroll_home()
        await stage.settle()
        assert set("".join(shown(stage, pane))) == {"x"}

    play(scene)


def test_counts_of_a_steady_stream(play, monkeypatch) -> None:
    """Guards of speed that no clock is needed for: 1,000 tokens a pane, ten a frame."""
    from textual._compositor import Compositor

    async def scene(stage) -> None:
        chance = random.Random(0)
        for _ in range(3):
            stage.feed(chance)
        await stage.settle()
        layouts: list[int] = []
        composed: list[int] = []
        reflow, update = Compositor.reflow, Compositor.render_update
        monkeypatch.setattr(Compositor, "reflow", lambda *a: layouts.append(1) or reflow(*a))
        monkeypatch.setattr(Compositor, "render_update", lambda *a, **k: composed.append(1) or update(*a, **k))
        height = sum(pane.extent[1] for pane in stage.panes)
        width = stage.panes[0].extent[0]
        for frame in range(100):
            for text in stage.app.texts:
                text.pieces.append((0, "token " * 10))
            writes, written = stage.driver.writes, stage.driver.written
            painted = stage.frame()
            assert painted.reason == ""
            assert stage.driver.writes == writes + 1
            assert 4 <= painted.rows <= height
            assert stage.driver.written - written == painted.length
            assert painted.length <= painted.rows * (width + 60) + 40
            if frame % 10 == 0:
                await stage.pilot.pause()
        assert layouts == []
        assert composed == []
        assert stage.frame().rows == 0

    play(scene)


def test_a_frame_that_changes_nothing_writes_nothing(play) -> None:
    async def scene(stage) -> None:
        await show(stage, "text")
        before = stage.driver.writes
        for _ in range(10):
            assert stage.frame().rows == 0
        assert stage.driver.writes == before

    play(scene)


def test_an_error_in_the_fast_path_costs_speed_only(play, monkeypatch) -> None:
    from hive_tui.tui.live import private

    async def scene(stage) -> None:
        def broken(_screen: object) -> None:
            raise AttributeError("gone")

        with monkeypatch.context() as patch:
            patch.setattr(private, "obstacle", lambda *_: broken(None))
            stage.app.texts[0].pieces.append((0, "still here"))
            stage.frame()
        assert stage.painter.off == "AttributeError: gone"
        await stage.settle()
        assert shown(stage, stage.panes[0])[0] == "still here"
        stage.app.texts[0].pieces.append((0, " and on"))
        assert stage.frame().slow_rows == 1
        await stage.settle()
        assert shown(stage, stage.panes[0])[0] == "still here and on"
        assert stage.differences() == []

    play(scene)


def test_an_untested_textual_is_not_painted_directly(play, monkeypatch) -> None:
    from hive_tui.tui.live import private
    from hive_tui.tui.live.painter import Painter

    async def scene(stage) -> None:
        monkeypatch.setattr(private, "VERSIONS", frozenset())
        assert "was not tested" in Painter(stage.app, stage.panes).off

    play(scene)


def test_a_text_read_from_its_end_fills_the_pane_also_where_a_cell_takes_many_bytes(play) -> None:
    async def scene(stage) -> None:
        pieces = [(0, "\u0928\u093f ") for _ in range(20_000)]  # six bytes a cell

        class FromItsEnd:
            deltas = len(pieces)
            size = sum(len(text.encode()) for _, text in pieces)

            def segments(self, start: int = 0):
                return iter(pieces[start:])

            def tail(self, size: int) -> int:
                return max(0, len(pieces) - -(-size // 7))

        pane = stage.panes[0]
        await stage.settle()
        pane.set_source(FromItsEnd)
        await stage.settle()
        assert len(pane._window.rows()) == pane.extent[1]
        assert not pane._held.whole

    play(scene)
