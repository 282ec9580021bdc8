"""What a text looks like in a pane: harmless, one terminal cell width a character, tabs spread.

Only the pane does this. Events, recordings and exports keep the text as it came.
"""

from __future__ import annotations

import re
from array import array
from bisect import bisect_right

TAB = 4
"""Tab stops of a pane, in cells, counted from the row's left end."""

_PICTURES = 0x2400
"""Unicode's pictures of the control characters stand in their order from here on."""


def _table() -> dict[int, str | None]:
    table: dict[int, str | None] = {code: chr(_PICTURES + code) for code in range(0x20) if code not in (0x09, 0x0A)}
    table[0x7F] = "\u2421"
    table |= {code: "\ufffd" for code in range(0x80, 0xA0)}
    # Lone surrogates cannot be written; marks of direction would reorder the neighbours' cells.
    table |= {code: "\ufffd" for code in range(0xD800, 0xE000)}
    table |= {code: "\ufffd" for code in (0x061C, 0x200E, 0x200F, *range(0x202A, 0x202F), *range(0x2066, 0x206A))}
    table |= {0x2028: "\u2424", 0x2029: "\u2424"}
    # Joiners, selectors, tags: terminals disagree on the width of what they join, so each part is shown alone.
    dropped = (0xAD, 0x180E, 0x200B, 0x200C, 0x200D, *range(0x2060, 0x2065), 0xFEFF, *range(0xFFF9, 0xFFFC))
    ranges = (*range(0xFE00, 0xFE10), *range(0x1F3FB, 0x1F400), *range(0xE0000, 0xE0080), *range(0xE0100, 0xE01F0))
    return table | dict.fromkeys((*dropped, *ranges))


_SHOWN_AS = _table()
_UNSAFE = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\xad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u2064\u2066-\u2069"
    "\ud800-\udfff\ufe00-\ufe0f\ufeff\ufff9-\ufffb\U0001f3fb-\U0001f3ff\U000e0000-\U000e007f\U000e0100-\U000e01ef]"
)
_CONTROLS = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff\u202a-\u202e\u2066-\u2069]")


def plain(text: str) -> bool:
    """Whether a row of this text is shown as it is, one cell a character."""
    return text.isascii() and text.isprintable()


def clean(text: str) -> str:
    """Control characters and escapes as visible text, joiners dropped; tabs stay."""
    return text.translate(_SHOWN_AS) if _UNSAFE.search(text) else text


def harmless(text: str) -> str:
    """For the clipboard: as it came, but for what could act on a terminal that it is pasted into."""
    text = text.replace("\r\n", "\n")
    return _CONTROLS.sub(lambda found: _SHOWN_AS[ord(found[0])] or "", text)


def width_of(char: str) -> int:
    """Cells that one character of the text takes as shown; a tab is not asked here."""
    width = _WIDTHS.get(char)
    if width is None:
        from rich.cells import get_character_cell_size

        shown = clean(char)
        width = get_character_cell_size(shown) if shown else 0
        if len(_WIDTHS) < 8192:
            _WIDTHS[char] = width
    return width


_WIDTHS: dict[str, int] = {}


def spell(row: str) -> tuple[str, array[int]]:
    """A row as shown, and where each character of `row`, and its end, stands in what is shown.

    Marks without a base at the row's start are dropped: a terminal would put them on the cell to the left.
    """
    out: list[str] = []
    offsets = array("I", [0])
    length = column = 0
    for index, char in enumerate(row):
        if char == "\t":
            shown = " " * (TAB - column % TAB)
            column += len(shown)
        elif char == "\r" and index == len(row) - 1:
            shown = ""
        else:
            width = width_of(char)
            shown = clean(char) if width or column else ""
            column += width
        length += len(shown)
        out.append(shown)
        offsets.append(length)
    return "".join(out), offsets


def shown(row: str) -> str:
    return row if plain(row) else spell(row)[0]


def fitted(text: str, width: int) -> str:
    """A row as shown, filled or cut to exactly so many cells; a wide character that is cut leaves a blank."""
    row = shown(text)
    cells = len(row) if row.isascii() else sum(map(width_of, row))
    while cells > width:
        cells -= width_of(row[-1])
        row = row[:-1]
    return row + " " * (width - cells)


def source_index(row: str, position: int) -> int:
    """The character of `row` that is shown at a position of `shown(row)`; past its end: the row's length."""
    if plain(row):
        return min(position, len(row))
    offsets = spell(row)[1]
    return min(bisect_right(offsets, position) - 1, len(row))


def shown_index(row: str, index: int) -> int:
    """Where character number `index` of `row` stands in `shown(row)`."""
    return index if plain(row) else spell(row)[1][index]
