"""Lines of chrome as a widget."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import ClassVar, Protocol, cast

from rich.console import Console
from rich.segment import Segment
from textual import events
from textual.geometry import Region, Size
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
    """Shows what a function gives for its size, and repaints no row that stayed the same.

    It answers what the frame painter asks of a live pane, so its changed rows take the same short way to the terminal,
    and figures that change several times a second never make the compositor compose.
    """

    ALLOW_SELECT: ClassVar[bool] = False
    DEFAULT_CSS = """
    Bar {
        background: $background;
        color: $foreground;
    }
    """

    busy = False
    """The painter's question whether more is to come without a change from outside."""

    def __init__(self, part: str, build: Build) -> None:
        super().__init__()
        self.part = part
        """Its name in the geometry."""
        self.extent = (0, 0)
        """Width and height as last laid out. Not `size`: to read that while a layout is pending spoils the layout."""
        self.wake: Callable[[], None] = self._repaint
        """Called when rows changed; the frame clock puts itself here."""
        self.moved: Callable[[], None] | None = None
        self._build = build
        self._rows: list[Line] = []
        self._painted: list[Line | None] = []

    def on_resize(self, event: events.Resize) -> None:
        self._fit(event.size)

    def _fit(self, size: Size) -> None:
        if self.extent != (size.width, size.height):
            self.extent = (size.width, size.height)
            self._rows = self._made()
            self._painted = [None] * size.height

    def _made(self) -> list[Line]:
        """As many lines as there are rows, though the content may just have grown or shrunk before the layout."""
        width, height = self.extent
        blank: Line = ((" " * width, "ground"),)
        rows = self._build(width, height)[:height]
        return rows + [blank] * (height - len(rows))

    def update(self) -> None:
        """Ask for the lines again and have those painted that changed."""
        if self.extent == (0, 0):
            return
        self._rows = self._made()
        if self._rows != self._painted:
            self.wake()

    def _repaint(self) -> None:
        if self.is_mounted:
            self.refresh()

    # What the painter asks

    def advance(self) -> bool:
        return False

    def fits(self, size: Size) -> bool:
        return self.extent == (size.width, size.height)

    def changed_rows(self) -> list[int]:
        return [y for y, row in enumerate(self._rows) if row != self._painted[y]]

    def painted(self, lines: Iterable[int]) -> None:
        for y in lines:
            self._painted[y] = self._rows[y]

    def codes(self, lines: Iterable[int], left: int, top: int, console: Console) -> list[str]:
        """What to write for these lines of a bar whose first cell is at a column and row, counted from 1."""
        return [f"\x1b[{top + y};{left}H{strip.render(console)}" for y, strip in self._final(lines)]

    def _final(self, lines: Iterable[int]) -> list[tuple[int, Strip]]:
        filters = self.get_line_filters()
        background = self.background_colors[1]
        found = []
        for y in lines:
            strip = self.render_line(y)
            for each in filters:
                strip = strip.apply_filter(each, background)
            found.append((y, strip))
        return found

    # Textual

    def render_lines(self, crop: Region) -> list[Strip]:
        """The present rows, past Textual's cache, which knows nothing of rows that were painted directly."""
        self._fit(self.size)
        strips = []
        for y, strip in self._final(crop.line_range):
            strips.append(strip)
            # The compositor may write this line or not: what stood there is only known if nothing changed.
            if y < len(self._rows) and self._painted[y] != self._rows[y]:
                self._painted[y] = None
        left, right = crop.column_span
        return strips if (left, right) == (0, self.extent[0]) else [strip.crop(left, right) for strip in strips]

    def render_line(self, y: int) -> Strip:
        styles = styles_of(self)
        if not 0 <= y < len(self._rows):
            return Strip.blank(self.extent[0], styles["ground"])
        return strip_of(self._rows[y], self.extent[0], styles)

    def notify_style_update(self) -> None:
        super().notify_style_update()
        self._painted = [None] * len(self._rows)
