"""Rows of comparisons: nothing of a text is lost, no row is too wide, tables leave out what fits least."""

from __future__ import annotations

from decimal import Decimal
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hive_tui.core.comparing import Decided, Heard, RuleTold
from hive_tui.tui.lines import measure, width_of
from hive_tui.tui.reports.comparison_lines import MARKS, merged, text_lines
from hive_tui.tui.reports.statistics_lines import dollars
from hive_tui.tui.reports.tables import Column, table
from hive_tui.tui.reports.whatif_lines import AS_IT_WAS, LEFT_OUT, REFUSES, Supposition, lines

PIECES = st.lists(st.tuples(st.sampled_from(list(MARKS)), st.text("ab \n\t.é漢\x1b", max_size=30)), max_size=8)


@given(PIECES, st.integers(2, 40))
def test_a_text_is_wrapped_and_nothing_of_it_is_lost(pieces: list[tuple[str, str]], width: int) -> None:
    rows = text_lines(pieces, width)
    assert all(measure(row) <= width for row in rows)
    shown = "".join("".join(text for text, _ in row) for row in rows)
    said = "".join(MARKS[op][0] + text + MARKS[op][1] for op, text in merged(pieces))
    assert "".join(shown.split()) == "".join(said.replace("\x1b", "\u241b").split())


@given(PIECES)
def test_what_two_pages_told_of_one_piece_is_one_piece(pieces: list[tuple[str, str]]) -> None:
    found = list(merged(pieces))
    assert "".join(text for _, text in found) == "".join(text for _, text in pieces)
    assert all(one[0] != other[0] for one, other in pairwise(found))


def test_a_line_of_the_text_begins_a_row() -> None:
    rows = text_lines([("same", "one two\n"), ("removed", "three"), ("added", "four")], 10)
    assert ["".join(text for text, _ in row) for row in rows] == ["one two", "[-three-]", "{+four+}"]


CELLS = st.lists(st.text("abc漢", max_size=12), min_size=3, max_size=3)


@given(st.lists(CELLS, min_size=1, max_size=6), st.integers(8, 80))
def test_no_row_of_a_table_is_wider_than_it_may_be(cells: list[list[str]], width: int) -> None:
    columns = [Column(f"c{number}", [(text, "text") for text in each], number) for number, each in enumerate(cells)]
    rows = table(columns, width)
    assert len(rows) == 4
    assert all(measure(row) <= width for row in rows)
    assert len({measure(row) for row in rows}) == 1


def test_the_least_wanted_column_is_left_out_first() -> None:
    columns = [Column(name, [("12345678", "text")], wanted) for name, wanted in (("a", 0), ("b", 2), ("c", 1))]
    heads = [" ".join(text for text, _ in table(columns, width)[0] if text.strip()).split() for width in (28, 20, 8)]
    assert heads == [["a", "b", "c"], ["a", "c"], ["a"]]
    assert width_of(table(columns, 5)[1][0][0]) == 5


@pytest.mark.parametrize(
    ("cost", "text"), [("0", "0.00"), ("0.5", "0.50"), ("0.00801", "0.00801"), ("12", "12.00"), ("1e-9", "0.000000001")]
)
def test_dollars(cost: str, text: str) -> None:
    assert dollars(Decimal(cost)) == text


STAGES = (Heard("writer", "generator", "m", None, True), Heard("judge", "curator", "n", "ACCEPT", False))
RULES = (
    RuleTold("chain", "the last word wins", False, "", "unanimous", "writer", (), False),
    RuleTold("majority", "votes", True, "nobody to vote with", None, None, (), False),
)


def test_what_is_supposed_of_a_stage_turns_round() -> None:
    supposed = Supposition({}, {})
    for expected in (REFUSES, LEFT_OUT, AS_IT_WAS):
        supposed = supposed.turned(STAGES[1])
        assert supposed.of("judge") == expected
    assert supposed.turned(STAGES[0]).turned(STAGES[0]).of("writer") == AS_IT_WAS
    assert supposed.weighed("judge", -5).weights == {"judge": "0"}


@pytest.mark.parametrize("marked", range(4))
def test_the_marked_row_is_where_it_is_said_to_be(marked: int) -> None:
    decided = Decided("01a", False, "unanimous", "chain", STAGES, RULES, "the text", 8)
    rows, row = lines(decided, Supposition({}, {}), marked, ["the text"], 60)
    name = (*(stage.stage for stage in STAGES), *(rule.rule for rule in RULES))[marked]
    assert "".join(text for text, _ in rows[row]).startswith(f"❯ {name}")
    text = "\n".join("".join(text for text, _ in row) for row in rows)
    assert ("the text" in text) == (marked == 2)
