"""Completion of models' names: what fits, what is marked, and which part of a list is meant."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hive_tui.tui.completion import Choices, matching, part_at

NAMES = ("sim/atlas", "sim/birch", "other/sim-atlas", "sim/delta")


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        ("", list(NAMES)),
        ("SIM/A", ["sim/atlas"]),
        ("atlas", ["sim/atlas", "other/sim-atlas"]),
        ("sim", ["sim/atlas", "sim/birch", "sim/delta", "other/sim-atlas"]),
        ("atlas other", ["other/sim-atlas"]),
        ("sim/birch", list(NAMES)),
        ("nothing", []),
    ],
)
def test_names_that_hold_what_was_typed_those_that_begin_with_it_first(typed: str, found: list[str]) -> None:
    assert matching(NAMES, typed) == found


@pytest.mark.parametrize(
    ("text", "cursor", "part"),
    [
        ("", 0, ""),
        ("one", 2, "one"),
        ("one, two", 3, "one"),
        ("one, two", 4, "two"),
        ("one,two ,three", 6, "two"),
        ("one, ", 5, ""),
    ],
)
def test_the_part_of_a_list_at_the_cursor(text: str, cursor: int, part: str) -> None:
    start, stop = part_at(text, cursor)
    assert text[start:stop] == part


def test_a_mark_moves_within_the_names_and_stays_on_its_name() -> None:
    choices = Choices()
    choices.move(1)
    assert choices.marked is None
    choices.fit(NAMES, "")
    choices.move(-1)
    assert choices.marked is None
    choices.move(1)
    choices.move(1)
    assert choices.marked == "sim/birch"
    choices.fit(("new", *NAMES), "")
    assert choices.marked == "sim/birch"
    for _ in range(9):
        choices.move(1)
    assert choices.marked == "sim/delta"
    choices.fit(NAMES, "atlas")
    assert choices.marked is None


def test_where_a_whole_name_stands_the_walk_starts_from_it() -> None:
    choices = Choices()
    choices.fit(NAMES, "sim/birch")
    assert ("sim/birch", False) in choices.window(2)
    choices.move(1)
    assert choices.marked == "other/sim-atlas"


@given(st.lists(st.text(max_size=5), max_size=20, unique=True), st.lists(st.sampled_from([-1, 1])), st.integers(1, 8))
def test_the_window_shows_the_mark_and_no_more_rows_than_asked(names: list[str], steps: list[int], rows: int) -> None:
    choices = Choices()
    choices.fit(names, "")
    for step in steps:
        choices.move(step)
    window = choices.window(rows)
    assert len(window) == min(rows, len(names))
    assert [name for name, marked in window if marked] == ([] if choices.marked is None else [choices.marked])
