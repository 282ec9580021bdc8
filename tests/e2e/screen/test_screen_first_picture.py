"""`hive replay` in a real terminal: the run is in the first bytes, stays there, and keys pressed at once are heard."""

from __future__ import annotations

import pyte
import pytest

ENTERED, PAINTED = b"\x1b[?1049h", b"\x1b[?2026l"
QUESTION = "What is 17% of 240?"


@pytest.fixture
def recorded(hive, sim) -> str:
    return hive("ask", *sim.at(), "--model", "sim/instant", "--json", QUESTION).document["run"]


def pictures(terminal) -> list[list[str]]:
    """What stood on the screen after each synchronised write."""
    screen = pyte.Screen(terminal.columns, terminal.rows)
    stream, shown = pyte.ByteStream(screen), []
    for piece in bytes(terminal.raw).split(PAINTED)[:-1]:
        stream.feed(piece)
        shown.append(list(screen.display))
    return shown


@pytest.mark.parametrize("size", [(160, 48), (60, 20)])
@pytest.mark.parametrize("place", ["end", "60%"])
def test_the_first_bytes_show_the_run_and_nothing_else_comes_in_between(
    open_hive, recorded: str, size: tuple[int, int], place: str
) -> None:
    terminal = open_hive("replay", recorded, "--until", place, size=size)
    terminal.wait_for(lambda text: "fps" in text and "fps –" not in text)
    first, *others = pictures(terminal)
    assert QUESTION[:12] in first[0]
    assert first[-2].strip() == terminal.status
    may = {y for y, row in enumerate(first) if row.lstrip().startswith("rate ")}  # the gauges of the viewer
    axis = next(y for y, row in enumerate(first) if "▼" in row)
    may |= set(range(axis + 1, max(may, default=axis + 1)))  # the lanes, which the core reads out of the log
    if place == "end":  # the answer's markup, which the screen sets
        top = next(y for y, row in enumerate(first) if " ANSWER " in row)
        may |= set(range(top + 1, axis))
    assert others
    for each in others:
        assert {y for y, (mine, theirs) in enumerate(zip(first, each, strict=True)) if mine != theirs} <= may
    assert terminal.quit() == 0
    terminal.check_given_back()


def test_keys_pressed_before_the_screen_stands_are_for_the_timeline(open_hive, recorded: str) -> None:
    terminal = open_hive("replay", recorded, ready=False)
    terminal.press("5")  # before anyone has taken the terminal
    terminal.wait_for(lambda _: ENTERED in terminal.raw)
    terminal.press("home", ".", ".", ".", ",")
    terminal.wait_for("event 3 ")
    assert "Ask the council anything" in terminal.text
    assert terminal.quit() == 0
    terminal.check_given_back()


def test_what_follows_a_key_that_moves_the_focus_is_for_that_place(open_hive, recorded: str) -> None:
    terminal = open_hive("replay", recorded, ready=False)
    terminal.press(*"iwhy?")
    terminal.wait_for("❯ why?")
    terminal.wait_for("Enter send")
    assert terminal.quit() == 0


def test_who_quits_at_once_is_let_go(open_hive, recorded: str) -> None:
    terminal = open_hive("replay", recorded, ready=False)
    terminal.wait_for(lambda _: PAINTED in terminal.raw)
    assert terminal.quit() == 0
    terminal.check_given_back()
