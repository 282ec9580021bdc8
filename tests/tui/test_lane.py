"""Lanes: counts as blocks."""

from hypothesis import given
from hypothesis import strategies as st

from hive_tui.tui.lane import BLOCKS, blocks
from hive_tui.tui.lines import width_of

counts = st.lists(st.integers(0, 2**63), min_size=1, max_size=300)


def test_heights_go_by_the_streams_own_peak() -> None:
    assert blocks([0, 1, 2, 3, 4, 5, 6, 7, 8], 9) == BLOCKS
    assert blocks([0, 100, 0, 800], 4) == " ▁ █"
    assert blocks([0, 1, 0, 1_000_000], 4) == " ▁ █", "what came is seen, however little it was"
    assert blocks([0, 0], 4) == "    "
    assert blocks([], 4) == ""


def test_bins_are_spread_over_the_cells() -> None:
    assert blocks([4, 4, 0, 0, 2, 2], 3) == "█ ▄"
    assert blocks([8, 0, 4], 6) == "██  ▄▄"
    assert blocks([1, 1, 1, 1, 1], 3) == "███", "a cell of two bins is no higher than one of one"


@given(counts, st.integers(1, 200))
def test_a_lane_has_its_width_and_one_peak_at_least(counts: list[int], width: int) -> None:
    lane = blocks(counts, width)
    assert len(lane) == width_of(lane) == width
    assert set(lane) <= set(BLOCKS)
    if width >= len(counts):
        assert ("█" in lane) == any(counts)
