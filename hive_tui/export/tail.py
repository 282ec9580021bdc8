"""The last rows of a stream's text, wrapped as a pane wraps them; nothing before them is kept."""

from __future__ import annotations

from array import array
from collections import deque
from itertools import pairwise

from hive_tui.tui.live.wrap import wrap


class Tail:
    def __init__(self, width: int, height: int) -> None:
        self._width = width
        self._done: deque[tuple[str, int]] = deque(maxlen=height)
        self._open = ""
        self._channel = 0

    def append(self, channel: int, text: str) -> None:
        if not text:
            return
        if channel != self._channel and self._open:
            self._end()
        self._channel = channel
        first, *rest = text.split("\n")  # Only a line feed ends a line here.
        self._take(first)
        for line in rest:
            self._end()
            self._take(line)

    def rows(self) -> list[tuple[str, int]]:
        """Text and channel of each row, at most as many as the height."""
        height = self._done.maxlen or 0
        rows = [*self._done, (self._open, self._channel)] if self._open else list(self._done)
        return rows[-height:] if height else []

    def _take(self, text: str) -> None:
        text = self._open + text
        starts = array("Q")
        wrap(text, self._width, starts)
        for begin, stop in pairwise(starts):
            self._done.append((text[begin:stop], self._channel))
        self._open = text[starts[-1] :]

    def _end(self) -> None:
        self._done.append((self._open, self._channel))
        self._open = ""
