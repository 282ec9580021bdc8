"""Search in rows of set text, as a person types it: small letters find both cases, a space any white space."""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Sequence


class RowSearch:
    """The hits of a needle and the one that was jumped to. A hit may reach over the end of a row."""

    def __init__(self, rows: Sequence[str], needle: str) -> None:
        self._rows = [row.rstrip() for row in rows]
        self._starts: list[int] = []
        length = 0
        for row in self._rows:
            self._starts.append(length)
            length += len(row) + 1
        pattern = r"\s+".join(map(re.escape, needle.split())) or re.escape(needle)
        kind = re.IGNORECASE if needle == needle.lower() else 0
        self._hits = [found.span() for found in re.finditer(pattern, " ".join(self._rows), kind)]
        self._current: int | None = None

    def first(self, row: int) -> int | None:
        """The row of the first hit from that row on, or else of the first of all; `None` when there is none."""
        from_here = bisect_left(self._hits, (self._starts[row], 0)) if row < len(self._starts) else 0
        return self._go_to(from_here)

    def step(self, by: int) -> int | None:
        """The row of the next hit (1) or the one before (-1), round the ends."""
        return self._go_to(by if self._current is None else self._current + by)

    def _go_to(self, hit: int) -> int | None:
        if not self._hits:
            return None
        self._current = hit % len(self._hits)
        return bisect_right(self._starts, self._hits[self._current][0]) - 1

    def marks(self, row: int) -> list[tuple[int, int, bool]]:
        """What is to be marked in a row: first character, end, and whether it is the hit that was jumped to."""
        start = self._starts[row]
        stop = start + len(self._rows[row])
        at = max(0, bisect_right(self._hits, (start, 0)) - 1)
        marks = []
        while at < len(self._hits) and self._hits[at][0] < stop:
            first, end = self._hits[at]
            if end > start:
                marks.append((max(first, start) - start, min(end, stop) - start, at == self._current))
            at += 1
        return marks
