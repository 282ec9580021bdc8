"""Lines of chrome as a widget."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol, cast

from rich.segment import Segment
from textual.geometry import Region
from textual.strip import Strip
from textual.widget import Widget

from hive_tui.tui.lines import Line
from hive_tui.tui.themes import Styles

Build = Callable[[int, int], list[Line]]
"""The lines for a width and a height."""


class Styled(Protocol):
    named_styles: Styles


def styles_of(widget: Widget) -> Styles:
    """The styles of the look in force, which the app keeps."""
    return cast(Styled, widget.app).named_styles


def strip_of(line: Line, width: int, styles: Styles) -> Strip:
    return Strip([Segment(text, styles[name]) for text, name in line if text], width)


class Bar(Widget):
    """Shows what a function gives for its size, and repaints no row that stayed the same."""

    DEFAULT_CSS = """
    Bar {
        background: $background;
        color: $foreground;
    }
    """

    def __init__(self, part: str, build: Build) -> None:
        super().__init__()
        self.part = part
        """Its name in the geometry."""
        self._build = build
        self._rows: list[Line] = []
        self._rows_of: tuple[int, int] | None = None

    def update(self) -> None:
        """Ask for the lines again and repaint those that changed."""
        width, height = self.size
        if not width or not height:
            return
        rows = self._build(width, height)
        if self._rows_of != (width, height):
            self._rows, self._rows_of = rows, (width, height)
            self.refresh()
            return
        before, self._rows = self._rows, rows
        changed = [Region(0, y, width, 1) for y, row in enumerate(rows) if y >= len(before) or before[y] != row]
        if changed:
            self.refresh(*changed)

    def render_line(self, y: int) -> Strip:
        width, height = self.size
        if self._rows_of != (width, height):
            self._rows, self._rows_of = self._build(width, height), (width, height)
        styles = styles_of(self)
        if y >= len(self._rows):
            return Strip.blank(width, styles["ground"])
        return strip_of(self._rows[y], width, styles)
