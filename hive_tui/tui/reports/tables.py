"""Tables of pieces: columns that fit the width, the least wanted left out first. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from hive_tui.tui.lines import Line, Piece, cut, width_of

GAP = 2
LEAST = 16
"""Cells to which the first column may be cut before another is left out."""


@dataclass(frozen=True, slots=True)
class Column:
    title: str
    cells: Sequence[Piece]
    """One a row."""
    wanted: int = 0
    """Lowest first: what is left out last. The first column always stays."""
    left: bool = False
    """Whether its cells stand at its left edge; numbers stand at the right."""

    @property
    def width(self) -> int:
        return max(width_of(self.title), *(width_of(text) for text, _ in self.cells), 0)


def table(columns: Sequence[Column], width: int) -> list[Line]:
    """The heading and a line a row, none wider than `width`."""
    kept = list(columns)
    while len(kept) > 1 and _total(kept) - max(0, kept[0].width - LEAST) > width:
        kept.remove(max(kept[1:], key=lambda column: column.wanted))
    first = max(1, min(kept[0].width, width - (_total(kept) - kept[0].width)))
    widths = [first, *(column.width for column in kept[1:])]
    sized = list(zip(kept, widths, strict=True))
    rows = [[_placed((column.title, "muted"), column, cells) for column, cells in sized]]
    rows += (
        [_placed(column.cells[row], column, cells) for column, cells in sized] for row in range(len(kept[0].cells))
    )
    return [_joined(row) for row in rows]


def _total(columns: Sequence[Column]) -> int:
    return sum(column.width for column in columns) + GAP * (len(columns) - 1)


def _placed(piece: Piece, column: Column, width: int) -> Piece:
    text, style = cut(piece[0], width), piece[1]
    space = " " * (width - width_of(text))
    return (text + space if column.left else space + text), style


def _joined(row: Sequence[Piece]) -> Line:
    out: list[Piece] = []
    for number, piece in enumerate(row):
        if number:
            out.append((" " * GAP, "text"))
        out.append(piece)
    return tuple(out)
