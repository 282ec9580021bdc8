"""The fast path's law: the terminal shows, cell by cell, what a full repaint would show.

Everything that is written goes to an emulator while random things happen on the screen, with fast frames between.
After settling, a full repaint into a fresh emulator must give the same cells. The controls break the law on purpose:
a comparison that does not notice proves nothing.
"""

from __future__ import annotations

import random

import pytest
from textual.command import CommandPalette
from textual.geometry import Offset
from textual.selection import Selection
from textual.widgets import Static

from hive_tui.tui.live.painter import Painter
from hive_tui.tui.live.pane import StreamPane

THEMES = ("textual-dark", "textual-light", "nord", "ansi-dark", "ansi-light", "solarized-light")
SIZES = ((80, 24), (60, 20), (101, 31))
STEPS = 24


async def palette(stage, _chance) -> None:
    if CommandPalette.is_open(stage.app):
        stage.app.pop_screen()
    elif len(stage.app.screen_stack) == 1:
        stage.app.action_command_palette()
    await stage.pilot.pause(0.03)  # Textual cannot pop a palette that is still opening.


async def modal(stage, _chance) -> None:
    if len(stage.app.screen_stack) > 1:
        if not CommandPalette.is_open(stage.app):
            stage.app.pop_screen()
    else:
        stage.push_modal()


async def toast(stage, chance) -> None:
    if chance.random() < 0.5:
        stage.app.notify("something 中文 happened " * chance.randint(1, 4), timeout=60)
    else:
        stage.app.clear_notifications()


async def resize(stage, chance) -> None:
    stage.resize(*chance.choice(SIZES))
    await stage.pilot.pause(0.02)


async def theme(stage, chance) -> None:
    stage.app.theme = chance.choice(THEMES)


async def focus(stage, _chance) -> None:
    if len(stage.app.screen_stack) == 1:
        stage.app.screen.focus_next()


async def scroll(stage, chance) -> None:
    pane = chance.choice(stage.panes)
    chance.choice((lambda: pane.scroll_rows(chance.randint(-30, 10)), pane.action_scroll_home, pane.follow))()


async def select(stage, chance) -> None:
    screen = stage.app.screen_stack[0]
    if chance.random() < 0.3:
        screen.clear_selection()
        return
    pane = chance.choice(stage.panes)
    rows = pane._window.rows()
    if rows:
        a, b = sorted((chance.choice(rows)[0], chance.choice(rows)[0]))
        screen.selections = {pane: Selection(Offset(chance.randint(0, 9), a), Offset(chance.randint(0, 30), b))}


async def search(stage, chance) -> None:
    pane = chance.choice(stage.panes)
    chance.choice(
        (lambda: pane.search(chance.choice(("model", "中", "s a", ""))), pane.search_next, pane.search_previous)
    )()


async def maximise(stage, chance) -> None:
    screen = stage.app.screen_stack[0]
    if screen.maximized:
        screen.minimize()
    else:
        screen.maximize(chance.choice(stage.panes), container=False)


async def hide(stage, chance) -> None:
    box = chance.choice(stage.panes).parent
    box.display = not box.display


async def float_(stage, chance) -> None:
    floats = list(stage.app.screen_stack[0].query(".float"))
    if floats and chance.random() < 0.4:
        await chance.choice(floats).remove()
        return
    if not floats or chance.random() < 0.5:
        floats = [Static("floating 😀", classes="float")]
        await stage.app.screen_stack[0].mount(floats[0])
    floats[0].styles.offset = (chance.randint(0, 60), chance.randint(0, 18))
    floats[0].styles.width = chance.randint(1, 60)


async def fade(stage, chance) -> None:
    # Not a hidden one: to restyle it and then show its parent leaves Textual's own repaint incomplete.
    shown = [pane for pane in stage.panes if pane.parent.display]
    if not shown:
        return
    pane = chance.choice(shown)
    styles = pane.styles
    chance.choice(
        (
            lambda: setattr(styles, "opacity", chance.choice((0.4, 1.0))),
            lambda: setattr(styles, "text_opacity", chance.choice((0.4, 1.0))),
            lambda: setattr(styles, "tint", chance.choice(("red 30%", "red 0%"))),
            lambda: setattr(styles, "padding", chance.choice((0, 1))),
            lambda: setattr(styles, "hatch", ("cross", "red")),
            lambda: styles.clear_rule("hatch"),
        )
    )()
    pane.refresh()  # Textual does not repaint for a hatch by itself.


async def colour(stage, chance) -> None:
    widget = chance.choice((stage.app.screen_stack[0], chance.choice(stage.panes).parent))
    widget.styles.background = chance.choice(("darkblue", "black", None))


async def empty(stage, chance) -> None:
    index = chance.randrange(len(stage.panes))
    text = stage.app.texts[index]
    text.pieces = text.pieces[: len(text.pieces) // 2]


async def type_(stage, chance) -> None:
    await stage.pilot.press(chance.choice("abc"))


async def nothing(stage, _chance) -> None:
    await stage.pilot.pause(0.004)


ACTIONS = (palette, modal, toast, resize, theme, focus, scroll, scroll, select, search, maximise, hide, float_, float_,
           fade, colour, empty, type_, nothing, nothing)  # fmt: skip


async def wander(stage, seed: int, steps: int = STEPS, actions=ACTIONS) -> list[str]:
    """Random steps with frames between; the differences after settling, at every fourth step."""
    chance = random.Random(seed)
    found: list[str] = []
    fast = 0
    history: list[str] = []
    for _ in range(3):
        stage.feed(chance)
        fast += stage.frame().rows
    for step in range(steps):
        action = chance.choice(actions)
        await action(stage, chance)
        history.append(action.__name__)
        for _ in range(chance.randint(1, 4)):
            stage.feed(chance)
            fast += stage.frame().rows
            if chance.random() < 0.5:
                await stage.pilot.pause(0.002)
        if step % 4 == 3:
            await stage.settle()
            found += [f"seed {seed} after {' '.join(history)}: {each}" for each in stage.differences()[:3]]
            if found:
                break
    assert stage.painter.off == ""
    assert found or fast, "no row went the fast way: nothing was compared"
    return found


@pytest.mark.parametrize("seed", [*range(9), 37])
def test_cells_equal_a_full_repaint(play, seed: int) -> None:
    async def scene(stage) -> None:
        assert await wander(stage, seed) == []

    play(scene, *SIZES[seed % len(SIZES)])


@pytest.mark.parametrize("seed", [100, 101])
def test_without_colours(play, seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")

    async def scene(stage) -> None:
        assert await wander(stage, seed) == []
        assert stage.app.no_color

    play(scene)


def differs(play, actions) -> bool:
    """Whether some of a few random walks ends in cells that differ."""
    found: list[str] = []

    def walk(seed: int) -> None:
        async def scene(stage) -> None:
            found.extend(await wander(stage, seed, 12, actions))

        play(scene)

    for seed in range(200, 204):
        walk(seed)
        if found:
            return True
    return False


def test_control_without_the_covering_test_cells_differ(play, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Painter, "_cover", lambda *_: (frozenset(), False))
    assert differs(play, (float_, toast, nothing))


def test_control_with_a_cache_that_is_not_dropped_cells_differ(play, monkeypatch: pytest.MonkeyPatch) -> None:
    def only_refit(pane: StreamPane) -> None:
        pane._painted = [None] * pane.extent[1]

    monkeypatch.setattr(StreamPane, "_forget", only_refit)
    assert differs(play, (theme, select, search))


def test_control_with_lines_taken_for_painted_cells_differ(play, monkeypatch: pytest.MonkeyPatch) -> None:
    def change_nothing(pane: StreamPane) -> None:
        pane._kept.clear()

    monkeypatch.setattr(StreamPane, "_forget", change_nothing)
    assert differs(play, (select, search))
