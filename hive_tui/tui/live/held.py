"""The stretch of a text that a pane holds: from somewhere to the end of the newest view.

Views of one text are prefixes of each other, so an older one is a cut of what is held, and a later one some text more.
A view of a recording is read from its end: who scrolls above the top of what is held gets twice as much of it.
"""

from __future__ import annotations

from array import array
from bisect import bisect_right
from collections.abc import Iterable
from typing import Protocol

from hive_tui.tui.live.window import Window

TAIL = 512
"""Bytes of text that are asked for, at least, where a text is not held from its start."""
SPAN = 4_096
"""Bytes that are looked through, at most, to find a character in a text that is not plain."""


class TextView(Protocol):
    """A text at a moment. All views of one text are prefixes of the longest; `StreamText` is one."""

    @property
    def deltas(self) -> int:
        """How many pieces there are."""

    @property
    def size(self) -> int:
        """Bytes of all of them, as UTF-8."""

    def segments(self, start: int = 0) -> Iterable[tuple[int, str]]:
        """(channel, text) of piece number `start` and all that follow; neighbours may come joined."""

    def tail(self, size: int) -> int:
        """Number of a piece, the first of all or one from which on there are at least `size` bytes."""


class Held:
    """Fills a window's flow. What is read of a view may raise whatever its source raises; what was held then stays."""

    def __init__(self, window: Window) -> None:
        self._window = window
        self._asked = TAIL
        self.clear()

    def clear(self) -> None:
        """Another text begins."""
        self._asked = TAIL
        self._start = 0
        """Piece with which what is held begins."""
        self._base = 0
        """Bytes before it."""
        self._sure: tuple[int, int] = (0, 0)
        """Pieces and bytes that are whole: a view in the middle of a piece holds but a part of its last."""
        self.taken = (0, 0)
        """Pieces and bytes of the newest view."""
        self._bytes = array("Q", [0])
        self._chars = array("Q", [0])

    @property
    def whole(self) -> bool:
        """Whether the text is held from its start."""
        return not self._start

    @property
    def before(self) -> int:
        """Bytes of text before what is held."""
        return self._base

    def take(self, view: TextView, part: bool, screenful: int) -> bool:
        """Hold this view. False when nothing that was held could be kept. `part`: its last piece may be but a part of
        one. `screenful` is how many bytes a window shows at most."""
        wanted = max(self._asked, screenful * 5 // 4)
        deltas, size = self._sure
        if self._start and view.size - self._base < screenful:
            return self._begin(view, view.tail(wanted), part)
        if view.deltas < deltas or view.size < size:
            deltas, size = view.deltas, view.size
        elif view.size - size > wanted and (start := view.tail(wanted)) > deltas:
            return self._begin(view, start, part)
        fresh = list(view.segments(deltas)) if view.deltas > deltas else []
        last = _bytes(view.segments(view.deltas - 1)) if part and view.deltas else None
        self._cut(size)
        self._append(fresh)
        self._note(view, last)
        return True

    def more(self, view: TextView, size: int = 0) -> int:
        """Hold twice as much of the view, or `size` bytes; how many characters came before what was held."""
        if not self._start:
            return 0
        wanted = max(size, 2 * (self.taken[1] - self._base))
        start = view.tail(wanted)
        if start >= self._start:
            return 0
        self._asked = wanted
        before = self._chars[-1]
        fresh = list(view.segments(start))
        taken, sure = self.taken, self._sure
        self._fill(view, start, fresh)
        self.taken, self._sure = taken, sure
        return self._chars[-1] - before

    def _begin(self, view: TextView, start: int, part: bool) -> bool:
        fresh = list(view.segments(start))
        last = _bytes(view.segments(view.deltas - 1)) if part and view.deltas else None
        self._fill(view, start, fresh)
        self._note(view, last)
        return False

    def _fill(self, view: TextView, start: int, fresh: list[tuple[int, str]]) -> None:
        self._window.restart()
        self._bytes, self._chars = array("Q", [0]), array("Q", [0])
        self._append(fresh)
        self._start, self._base = start, view.size - self._bytes[-1]

    def _note(self, view: TextView, last: int | None) -> None:
        self.taken = (view.deltas, view.size)
        self._sure = (view.deltas - 1, view.size - last) if last is not None else self.taken

    def _append(self, fresh: Iterable[tuple[int, str]]) -> None:
        for channel, text in fresh:
            if not text:
                continue
            self._window.flow.append(channel, text)
            count = len(text) if text.isascii() else len(text.encode())
            span_bytes = self._bytes[-1] + count - (self._bytes[-2] if len(self._bytes) > 1 else 0)
            span_chars = self._chars[-1] + len(text) - (self._chars[-2] if len(self._chars) > 1 else 0)
            if len(self._bytes) > 1 and (span_bytes == span_chars or span_bytes <= SPAN):
                self._bytes[-1] += count
                self._chars[-1] += len(text)
            else:
                self._bytes.append(self._bytes[-1] + count)
                self._chars.append(self._chars[-1] + len(text))

    def _cut(self, size: int) -> None:
        """Hold no more than the first `size` bytes of the text."""
        keep = size - self._base
        if keep >= self._bytes[-1]:
            return
        at = max(0, bisect_right(self._bytes, keep) - 1)
        flow = self._window.flow
        flow.advance()
        begin, stop = self._chars[at], self._chars[at + 1]
        rest = keep - self._bytes[at]
        if self._bytes[at + 1] - self._bytes[at] != stop - begin:
            rest = len(flow.text(begin, stop).encode()[:rest].decode())
        del self._bytes[at + 1 :], self._chars[at + 1 :]
        if rest:
            self._bytes.append(keep)
            self._chars.append(begin + rest)
        flow.cut(begin + rest)


def last_rows(view: TextView, part: bool, width: int, height: int) -> list[tuple[int, str]]:
    """Channel and text of the rows that a window of that size shows which follows the view's end."""
    window = Window()
    window.resize(width, height)
    held = Held(window)
    held.take(view, part, width * height)
    window.flow.advance()
    while not held.whole and len(window.rows()) < height and held.more(view):
        window.flow.advance()
    return [(channel, window.flow.text(start, stop)) for start, stop, channel in window.rows()]


def _bytes(segments: Iterable[tuple[int, str]]) -> int:
    return sum(len(text.encode()) for _, text in segments)
