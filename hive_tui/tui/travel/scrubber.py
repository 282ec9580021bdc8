"""The scrubber's geometry and density rows. Pure: which stretch of a run is in view, what a lane shows of it."""

from __future__ import annotations

import msgspec

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

LEVELS = " ▁▂▃▄▅▆▇█"


class Stretch(msgspec.Struct, frozen=True):
    """What the scrubber shows of a run: `length_ns` (1 or more) from `start_ns`, of `end_ns` in all."""

    start_ns: int
    length_ns: int
    end_ns: int

    def column(self, at_ns: int, width: int) -> int | None:
        """The cell of a moment; None where it is out of view. The run's very end is in the last cell."""
        past = at_ns - self.start_ns
        return min(past * width // self.length_ns, width - 1) if 0 <= past <= self.length_ns else None

    def moment(self, column: int, width: int) -> int:
        """The first moment of a cell, in ns of the run; a mouse dragged outside stays at the edge."""
        return self.start_ns - (-min(max(column, 0), width - 1) * self.length_ns // width)

    def zoom(self, factor: float, around_ns: int) -> Stretch:
        """So many times closer (below 1: further away), with `around_ns` in its middle where the run's ends allow."""
        length = min(max(round(self.length_ns / factor), 1), max(self.end_ns, 1))
        return Stretch(0, length, self.end_ns).pan(around_ns - length // 2)

    def pan(self, by_ns: int) -> Stretch:
        """Moved along the run, and not past its ends."""
        start = min(max(self.start_ns + by_ns, 0), max(self.end_ns - self.length_ns, 0))
        return Stretch(start, self.length_ns, self.end_ns)


def reach(end_ns: int, growing: bool) -> int:
    """How far the scrubber reaches for a run of that length, in ns: a run that grows has room for a cell more."""
    end = max(end_ns, 1)
    # The lanes are made anew for each other stretch: not for less than a cell that a run has grown by.
    return end + -end % (1 << max(0, end.bit_length() - 8)) if growing else end


def density(sums: Sequence[int], highest: int) -> str:
    """A lane's cells. A cell with any text at all is never blank; `highest` is shared by the lanes of one picture."""
    top = len(LEVELS) - 1
    return "".join(LEVELS[min(-(-amount * top // highest), top)] if amount else " " for amount in sums)
