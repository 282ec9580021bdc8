"""Soft wrap: where the rows of a text begin, found only for the rows that someone looks at.

A text is cut in blocks: a line, or 16,384 characters of one, or what came before its channel changed. Where the blocks
begin does not depend on the width, and rows restart at each block. So a new width costs nothing but the rows that are
shown, a line of ten megabytes is as cheap as a short one, and no frame's work grows with the length of the text.
"""

from __future__ import annotations

import re
from array import array
from bisect import bisect_left, bisect_right
from collections import deque
from collections.abc import MutableSequence
from itertools import pairwise

from hive_tui.tui.live.visible import TAB, width_of

BLOCK = 16_384
"""Characters after which a line without an end is cut, so that the rows at its end can be found without its start."""
PIECE = 2_048
"""Shorter neighbours are joined: fewer objects."""
REMEMBERED = 256
"""Blocks whose rows are kept."""

Row = tuple[int, int, int]
"""First character, end (exclusive, the line's end not counted) and channel of a row; characters of the whole text."""

_NARROW = re.compile(
    "[ -~\u00a0-\u00ac\u00ae-\u02ff\u0370-\u0482\u2013-\u2014\u2018-\u2019\u201c-\u201d\u2500-\u25fc]*"
)
_HANGING = re.compile("[ \t\r]*")


def wrap(text: str, width: int, starts: MutableSequence[int], base: int = 0) -> None:
    """Add to `starts` where the rows of one block's text begin, each plus `base`.

    The last row is open: when text follows, the wrap goes on from that row's start and comes to the same rows.
    """
    stop = len(text) - text.endswith("\n")
    width = max(1, width)
    position = 0
    starts.append(base)
    while (position := _row_end(text, position, stop, width)) < stop:
        starts.append(base + position)


def _row_end(text: str, start: int, stop: int, width: int) -> int:
    over = start + width
    found = _NARROW.match(text, start, min(over + 1, stop))
    end = start if found is None else found.end()
    if end == stop and stop <= over:
        return stop
    if end <= over:
        return _row_end_by_cells(text, start, stop, width)
    if text[over] == " ":
        return _after_hanging(text, over, stop)
    cut = text.rfind(" ", start, over)
    return over if cut < start else cut + 1


def _after_hanging(text: str, start: int, stop: int) -> int:
    """White space that no longer fits hangs over the row's end instead of opening the next row."""
    found = _HANGING.match(text, start, stop)
    return start if found is None else found.end()


def _row_end_by_cells(text: str, start: int, stop: int, width: int) -> int:
    """As `_row_end`, character by character; a row may also end on either side of a wide character."""
    column = 0
    cut = start
    after_wide = False
    for index in range(start, stop):
        char = text[index]
        if char in " \t\r":
            cells = TAB - column % TAB if char == "\t" else 1
            if column + cells > width:
                return _after_hanging(text, index, stop)
            column += cells
            cut = index + 1
            after_wide = False
            continue
        cells = width_of(char)
        if not cells:
            continue
        if after_wide or cells > 1:
            cut = index
        if column and column + cells > width:
            return cut if cut > start else index
        after_wide = cells > 1
        column += cells
    return stop


class Flow:
    """An append-only text in blocks, and the rows of any stretch of it at the present width."""

    def __init__(self, width: int = 80) -> None:
        self.length = 0
        """Characters that are cut in blocks."""
        self.version = 0
        """Rises with each change of text or width."""
        self._width = width
        self._pieces: list[str] = []
        self._piece_starts = array("Q")
        self._blocks = array("Q")
        self._channels = bytearray()
        self._open = False
        self._waiting: deque[tuple[int, str, int]] = deque()
        self._rows: dict[int, tuple[int, list[Row]]] = {}

    @property
    def width(self) -> int:
        return self._width

    @width.setter
    def width(self, width: int) -> None:
        if width != self._width:
            self._width = width
            self._rows.clear()
            self.version += 1

    @property
    def waiting(self) -> bool:
        """Whether text was appended that is not cut in blocks yet."""
        return bool(self._waiting)

    def append(self, channel: int, text: str) -> None:
        """Take text; `advance` makes it visible."""
        if text:
            self._waiting.append((channel, text, 0))

    def advance(self, limit: int = 1 << 62) -> bool:
        """Cut up to `limit` characters of what waits. True when the text grew."""
        before = self.length
        while self._waiting and limit > 0:
            channel, text, done = self._waiting.popleft()
            stop = min(len(text), done + limit)
            limit -= stop - done
            if stop < len(text):
                self._waiting.appendleft((channel, text, stop))
            self._keep(text if stop - done == len(text) else text[done:stop])
            self._cut(channel, text, done, stop)
        if self.length == before:
            return False
        self.version += 1
        return True

    def cut(self, length: int) -> None:
        """Forget all behind the first `length` characters, and what waits."""
        self._waiting.clear()
        if length >= self.length:
            return
        pieces = bisect_left(self._piece_starts, length)
        del self._pieces[pieces:], self._piece_starts[pieces:]
        if pieces:
            self._pieces[-1] = self._pieces[-1][: length - self._piece_starts[-1]]
        blocks = bisect_left(self._blocks, length)
        del self._blocks[blocks:], self._channels[blocks:]
        self._open = blocks > 0 and not self._pieces[-1].endswith("\n")
        # The last block's rows too: its end is another now.
        self._rows = {number: rows for number, rows in self._rows.items() if number < blocks - 1}
        self.length = length
        self.version += 1

    def _keep(self, text: str) -> None:
        if self._pieces and len(self._pieces[-1]) < PIECE:
            self._pieces[-1] += text
        else:
            self._pieces.append(text)
            self._piece_starts.append(self.length)

    def _cut(self, channel: int, text: str, position: int, stop: int) -> None:
        base = self.length - position
        if self._open and self._channels[-1] != channel:
            self._open = False
        while position < stop:
            if not self._open:
                self._blocks.append(base + position)
                self._channels.append(channel)
                self._open = True
            full = position + BLOCK - (base + position - self._blocks[-1])
            end = text.find("\n", position, min(stop, full + 1))
            if end >= 0:
                position = end + 1
                self._open = False
            elif stop > full:
                position = full
                self._open = False
            else:
                position = stop
        self.length = base + stop

    def text(self, start: int, stop: int) -> str:
        """The text itself, as it came."""
        if start >= stop:
            return ""
        first = bisect_right(self._piece_starts, start) - 1
        begin = self._piece_starts[first]
        piece = self._pieces[first]
        if stop - begin <= len(piece):
            return piece[start - begin : stop - begin]
        last = bisect_right(self._piece_starts, stop - 1)
        return "".join(self._pieces[first:last])[start - begin : stop - begin]

    def block_of(self, offset: int) -> int:
        return bisect_right(self._blocks, offset) - 1

    def block(self, number: int) -> list[Row]:
        """All rows of a block; not to be changed."""
        start = self._blocks[number]
        end = self._blocks[number + 1] if number + 1 < len(self._blocks) else self.length
        known, rows = self._rows.get(number, (-1, []))
        if known == end:
            return rows
        if rows:
            start = rows.pop()[0]
        starts: list[int] = []
        text = self.text(start, end)
        wrap(text, self._width, starts, start)
        channel = self._channels[number]
        rows += [(begin, stop, channel) for begin, stop in pairwise(starts)]
        rows.append((starts[-1], end - text.endswith("\n"), channel))
        if len(self._rows) >= REMEMBERED:
            self._rows.clear()
        self._rows[number] = (end, rows)
        return rows

    def last(self, count: int) -> list[Row]:
        """The last `count` rows of the text, or all when there are fewer."""
        return self.before(self.length, count)

    def before(self, offset: int, count: int) -> list[Row]:
        """Up to `count` rows that begin before `offset`, the nearest last in the list."""
        parts: list[list[Row]] = []
        number = self.block_of(offset - 1) if offset > 0 else -1
        while number >= 0 and count > 0:
            rows = self.block(number)
            if not parts and rows[-1][0] >= offset:
                rows = [row for row in rows if row[0] < offset]
            parts.append(rows[-count:])
            count -= len(parts[-1])
            number -= 1
        return [row for rows in reversed(parts) for row in rows]

    def after(self, offset: int, count: int) -> list[Row]:
        """Up to `count` rows, from the one that holds `offset` on."""
        number = max(0, self.block_of(offset))
        found: list[Row] = []
        while number < len(self._blocks) and len(found) < count:
            rows = self.block(number)
            if not found:
                holds = bisect_right(rows, offset, key=lambda row: row[0]) - 1
                rows = rows[max(0, holds) :]
            found.extend(rows)
            number += 1
        return found[:count]
