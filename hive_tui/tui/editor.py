"""The text of the question line: what is typed, where the cursor stands, and how it is laid out in rows.

Pure. A large paste is one character of the text, a chip, however long it is: typing, wrapping and painting cost what
the typed part costs. Chips are characters of a private plane that nobody can type; `value` puts the pasted text back.
"""

from __future__ import annotations

from rich.cells import cell_len

from hive_tui.tui.live.visible import clean

CHIP_LENGTH = 1_000
CHIP_LINES = 12
_FIRST_CHIP, _LAST_CHIP = 0xF0000, 0xFFFFD
UNDO = 100

Span = tuple[str, str]
"""Text as shown, and `text` or `chip`."""


class Editor:
    def __init__(self) -> None:
        self.text = ""
        self.cursor = 0
        """Index of the character that the cursor stands on; the text's length at its end."""
        self._chips: dict[str, str] = {}
        self._undo: list[tuple[str, int]] = []
        self._goal: int | None = None

    @property
    def value(self) -> str:
        """The whole question, pasted text included."""
        return "".join(self._chips.get(character, character) for character in self.text)

    def set(self, text: str) -> None:
        """Replace all; the cursor goes to the end."""
        self._remember()
        self.text = ""
        self.cursor = 0
        self._insert(text)

    def insert(self, text: str) -> None:
        self._remember()
        self._insert(text)

    def _insert(self, text: str) -> None:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
        if len(text) > CHIP_LENGTH or text.count("\n") > CHIP_LINES:
            piece = chr(_FIRST_CHIP + len(self._chips) % (_LAST_CHIP - _FIRST_CHIP))
            self._chips[piece] = text
        else:
            piece = "".join(c for c in text if c == "\n" or not (_FIRST_CHIP <= ord(c) <= _LAST_CHIP))
        self.text = self.text[: self.cursor] + piece + self.text[self.cursor :]
        self.cursor += len(piece)
        self._goal = None

    def undo(self) -> None:
        if self._undo:
            self.text, self.cursor = self._undo.pop()
            self._goal = None

    def delete(self, start: int, stop: int) -> None:
        if start < stop:
            self._remember()
            self.text = self.text[:start] + self.text[stop:]
            self.cursor = start
            self._goal = None

    def move(self, to: int) -> None:
        self.cursor = min(max(0, to), len(self.text))
        self._goal = None

    def word_left(self) -> int:
        at = self.cursor
        while at and not self.text[at - 1].isalnum():
            at -= 1
        while at and self.text[at - 1].isalnum():
            at -= 1
        return at

    def word_right(self) -> int:
        at = self.cursor
        while at < len(self.text) and not self.text[at].isalnum():
            at += 1
        while at < len(self.text) and self.text[at].isalnum():
            at += 1
        return at

    def rows(self, width: int) -> list[tuple[int, int]]:
        """Start and end of each row in the text, line ends not counted; one empty row when there is no text."""
        rows = []
        start = 0
        for line in self.text.split("\n"):
            stop = start + len(line)
            at = start
            while (end := self._row_end(at, stop, max(2, width))) < stop:
                rows.append((at, end))
                at = end
            rows.append((at, stop))
            start = stop + 1
        return rows

    def _row_end(self, start: int, stop: int, width: int) -> int:
        used = 0
        space = start
        for at in range(start, stop):
            used += self._cells(self.text[at])
            if used > width and at > start:
                return space if space > start else at
            if self.text[at] == " ":
                space = at + 1
        return stop

    def place(self, width: int) -> tuple[int, int]:
        """Row and cell of the cursor."""
        rows = self.rows(width)
        for number in range(len(rows) - 1, -1, -1):
            start, stop = rows[number]
            if start <= self.cursor:
                return number, sum(map(self._cells, self.text[start : min(self.cursor, stop)]))
        return 0, 0

    def line_bounds(self, width: int) -> tuple[int, int]:
        """Start and end of the cursor's row."""
        return self.rows(width)[self.place(width)[0]]

    def vertical(self, step: int, width: int) -> bool:
        """Move a row up or down, keeping the column; False on the first or last row."""
        rows = self.rows(width)
        number, cell = self.place(width)
        if not 0 <= number + step < len(rows):
            return False
        goal = cell if self._goal is None else self._goal
        start, stop = rows[number + step]
        at = start
        used = 0
        while at < stop and used + self._cells(self.text[at]) <= goal:
            used += self._cells(self.text[at])
            at += 1
        # The end of a wrapped row is the start of the next one.
        if at == stop and stop < len(self.text) and self.text[stop] != "\n" and at > start:
            at -= 1
        self.cursor = at
        self._goal = goal
        return True

    def spans(self, start: int, stop: int) -> list[Span]:
        """What is shown for a stretch of the text."""
        out: list[Span] = []
        for character in self.text[start:stop]:
            if character in self._chips:
                out.append((self._shown(character), "chip"))
            elif out and out[-1][1] == "text":
                out[-1] = (out[-1][0] + self._shown(character), "text")
            else:
                out.append((self._shown(character), "text"))
        return out

    def _shown(self, character: str) -> str:
        pasted = self._chips.get(character)
        if pasted is not None:
            lines = pasted.count("\n") + 1
            return f"[pasted {len(pasted):,} characters, {lines:,} line{'s' if lines > 1 else ''}]"
        return "    " if character == "\t" else clean(character)

    def _cells(self, character: str) -> int:
        return 1 if " " <= character <= "~" else cell_len(self._shown(character))

    def _remember(self) -> None:
        self._undo.append((self.text, self.cursor))
        del self._undo[:-UNDO]
