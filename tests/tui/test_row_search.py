"""Hits in rows of set text."""

from hypothesis import given
from hypothesis import strategies as st

from hive_tui.tui.row_search import RowSearch

ROWS = ["The sky is blue  ", "because blue light", "", "scatters. BLUE"]


def test_it_walks_all_hits_round_both_ends() -> None:
    search = RowSearch(ROWS, "blue")
    assert [search.first(1), search.step(1), search.step(1), search.step(-1), search.step(-1)] == [1, 3, 0, 3, 1]
    assert search.first(9) == 0
    assert RowSearch(ROWS, "blue").step(-1) == 3
    assert RowSearch(ROWS, "Blue").first(0) is None
    assert RowSearch((), "blue").step(1) is None


def test_a_hit_reaches_over_the_end_of_a_row() -> None:
    search = RowSearch(ROWS, "blue because")
    assert search.first(0) == 0
    assert search.marks(0) == [(11, 15, True)]
    assert search.marks(1) == [(0, 7, True)]
    assert search.marks(2) == []


@given(st.lists(st.text("ab ", max_size=9), max_size=6), st.text("ab", min_size=1, max_size=3))
def test_every_hit_is_marked_in_its_row(rows: list[str], needle: str) -> None:
    search = RowSearch(rows, needle)
    found = [(row, marked) for row in range(len(rows)) for marked in search.marks(row)]
    assert all(rows[row][first:end] == needle for row, (first, end, _) in found)
    assert len(found) == sum(row.count(needle) for row in rows)
