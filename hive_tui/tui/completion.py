"""Completion of a name from a list while it is typed. Pure."""

from __future__ import annotations

from collections.abc import Sequence


def matching(names: Sequence[str], typed: str) -> list[str]:
    """The names that hold every word that was typed, those that begin with it first.

    Nothing typed, or the whole of a name: all of them, for the person then looks for another.
    """
    wanted = typed.strip().lower()
    if not wanted or any(name.lower() == wanted for name in names):
        return list(names)
    words = wanted.split()
    found = [name for name in names if all(word in name.lower() for word in words)]
    return sorted(found, key=lambda name: not name.lower().startswith(wanted))


def part_at(text: str, cursor: int) -> tuple[int, int]:
    """Where the part of a list with commas that the cursor stands in begins and ends, without the blanks around it."""
    start = text.rfind(",", 0, cursor) + 1
    stop = text.find(",", cursor)
    part = text[start : len(text) if stop < 0 else stop]
    start += len(part) - len(part.lstrip())
    return start, start + len(part.strip())


class Choices:
    """The names that fit what is typed, and the one that is marked."""

    def __init__(self) -> None:
        self.names: list[str] = []
        self._typed = ""
        self._at: int | None = None

    @property
    def marked(self) -> str | None:
        return None if self._at is None else self.names[self._at]

    def fit(self, names: Sequence[str], typed: str) -> None:
        """Take another list or another text; a mark stays only on a name that still stands there."""
        before = self.marked
        self._typed = typed.strip().lower()
        self.names = matching(names, typed)
        self._at = self.names.index(before) if before in self.names else None

    def move(self, step: int) -> None:
        """Mark the next name or the one before; before the first there is no mark."""
        if not self.names:
            return
        at = self._place() if self._at is None else self._at
        to = at + step
        self._at = min(to, len(self.names) - 1) if to >= 0 else None

    def drop(self) -> None:
        self._at = None

    def window(self, rows: int) -> list[tuple[str, bool]]:
        """That many names around the mark, and whether each is marked."""
        middle = max(0, self._place()) if self._at is None else self._at
        first = max(0, min(middle - rows // 2, len(self.names) - rows))
        return [(name, first + row == self._at) for row, name in enumerate(self.names[first : first + rows])]

    def _place(self) -> int:
        """Where the typed name itself stands; -1 when it is none of them."""
        return next((place for place, name in enumerate(self.names) if name.lower() == self._typed), -1)
