"""A lane: how densely a stream's text came over the run's time, as a row of block characters. Pure, imports nothing."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

BLOCKS = " ▁▂▃▄▅▆▇█"
"""From nothing to the peak."""
BINS = 240
"""Bins that the screen asks for: the core then gives 120 to 240, about a cell each."""


def blocks(counts: Sequence[int], width: int) -> str:
    """The counts' bins spread over `width` cells.

    The highest cell is the stream's own peak; a cell in which anything came is never blank.
    """
    if not counts or width < 1:
        return ""
    bins = len(counts)
    cells = []
    for cell in range(width):
        start = cell * bins // width
        stop = max(start + 1, (cell + 1) * bins // width)
        # The mean, for cells are not all made of equally many bins.
        cells.append(sum(counts[start:stop]) / (stop - start))
    peak = max(cells)
    if not peak:
        return " " * width
    return "".join(BLOCKS[-int(-8 * each // peak)] for each in cells)
