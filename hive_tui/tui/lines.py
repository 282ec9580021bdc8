"""A line of chrome: pieces of text with the name of a style each, fitted to a width in cells.

On the start-up path: imports nothing, unless a text holds what only Rich can measure.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

Piece = tuple[str, str]
"""Text and style name."""
Line = tuple[Piece, ...]

UNKNOWN = "\u2013"
"""An en dash: what is shown where nothing is known."""
PROMPT = "\u276f"

_NARROW = frozenset("─│╭╮╰╯━┃┏┓┗┛·…●○◐◌✓✗⊘⧗◆↑↓→⇧↵▏▎▌⟳▁▂▃▄▅▆▇█" + UNKNOWN + PROMPT)
"""One cell each, by Rich's table (a test asks it)."""


def width_of(text: str) -> int:
    """Cells that the text takes."""
    if text.isascii() or all(c in _NARROW or c.isascii() for c in text):
        return len(text)
    from rich.cells import cell_len

    return cell_len(text)


def cut(text: str, width: int) -> str:
    """The text in no more than `width` cells, its loss marked with an ellipsis."""
    if width_of(text) <= width:
        return text
    if width < 1:
        return ""
    if text.isascii():
        return text[: width - 1] + "…"
    kept = []
    left = width - 1
    for character in text:
        left -= width_of(character)
        if left < 0:
            break
        kept.append(character)
    return "".join(kept) + "…"


def measure(line: Sequence[Piece]) -> int:
    return sum(width_of(text) for text, _ in line)


def fit(left: Sequence[Piece], right: Sequence[Piece], width: int, fill: Piece) -> Line:
    """Left part, filling, right part, exactly `width` cells; the right part goes first when there is no room."""
    right_width = measure(right)
    if measure(left) + right_width > width:
        room = width - right_width
        if room < min(measure(left), width // 2):
            right, right_width, room = (), 0, width
        left = clip(left, room)
    space = width - measure(left) - right_width
    return (*left, (fill[0] * space, fill[1]), *right) if space else (*left, *right)


def clip(line: Sequence[Piece], width: int) -> list[Piece]:
    """As much of the line as fits, cut with an ellipsis."""
    out: list[Piece] = []
    for text, style in line:
        size = width_of(text)
        if size <= width:
            out.append((text, style))
            width -= size
            continue
        if width > 0:
            out.append((cut(text, width), style))
        break
    return out


def choose(items: Sequence[tuple[int, Line]], width: int, gap: Piece) -> list[Piece]:
    """Those of the items that fit, in their order; the one with the highest number goes first."""
    kept = list(items)
    gap_width = width_of(gap[0])
    while kept and sum(measure(line) for _, line in kept) + gap_width * (len(kept) - 1) > width:
        kept.remove(max(kept, key=lambda item: item[0]))
    out: list[Piece] = []
    for index, (_, line) in enumerate(kept):
        if index:
            out.append(gap)
        out.extend(line)
    return out
