"""Search in one stream's text, as a person types it: small letters find both cases."""

from __future__ import annotations

import re
from collections.abc import Iterator

from hive_tui.tui.live.wrap import Flow

STRETCH = 65_536
"""Characters that are looked at together, so that a search that hits soon reads little."""


class Search:
    """A needle and the hit that was jumped to. Hits are (first character, end) of the whole text; none overlap."""

    def __init__(self, flow: Flow, needle: str) -> None:
        self._flow = flow
        self._reach = len(needle) - 1
        self._pattern = re.compile(re.escape(needle), re.IGNORECASE if needle == needle.lower() else 0)
        self.current: tuple[int, int] | None = None

    def within(self, start: int, stop: int) -> Iterator[tuple[int, int]]:
        """The hits that touch a stretch."""
        begin = max(0, start - self._reach)
        for found in self._pattern.finditer(self._flow.text(begin, min(self._flow.length, stop + self._reach))):
            yield begin + found.start(), begin + found.end()

    def forward(self, offset: int) -> tuple[int, int] | None:
        """The first hit that begins at an offset or later; from the text's start when there is none."""
        return self._first(offset, self._flow.length) or self._first(0, min(offset, self._flow.length))

    def backward(self, offset: int) -> tuple[int, int] | None:
        """The last hit that begins before an offset; from the text's end when there is none."""
        return self._last(0, offset) or self._last(offset, self._flow.length)

    def _first(self, start: int, stop: int) -> tuple[int, int] | None:
        while start < stop:
            end = min(start + STRETCH, stop)
            text = self._flow.text(start, min(end + self._reach, self._flow.length))
            if found := self._pattern.search(text):
                return start + found.start(), start + found.end()
            start = end
        return None

    def _last(self, start: int, stop: int) -> tuple[int, int] | None:
        while start < stop:
            begin = max(start, stop - STRETCH)
            text = self._flow.text(begin, min(stop + self._reach, self._flow.length))
            hits = [found for found in self._pattern.finditer(text) if begin + found.start() < stop]
            if hits:
                return begin + hits[-1].start(), begin + hits[-1].end()
            stop = begin
        return None
