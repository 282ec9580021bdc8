"""Rows of pieces that can be scrolled: what a dialog has to tell, of any length. Only rows in view are drawn."""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar

from rich.segment import Segment
from textual import events
from textual.geometry import Size
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.strip import Strip

from hive_tui.tui.lines import Line, clip, fit
from hive_tui.tui.live.visible import clean
from hive_tui.tui.widgets.bar import styles_of

AHEAD = 2
"""Heights of the view that are to lie ahead before more is asked for."""


def _shown(text: str) -> str:
    """Harmless, and on one row: names and settings may come from anybody's recording."""
    return clean(text).replace("\t", " ").replace("\n", " ")


class Report(ScrollView, can_focus=False):
    """The screen around it has the keys."""

    ALLOW_SELECT: ClassVar[bool] = False
    DEFAULT_CSS = """
    Report {
        width: 1fr;
        height: 1fr;
        background: $background;
        color: $foreground;
        scrollbar-size-vertical: 1;
        overflow-x: hidden;
        overflow-y: auto;
        scrollbar-gutter: stable;
    }
    """

    class Ending(Message):
        """The last rows come near: it is time to have more, if there is more."""

    def __init__(self, build: Callable[[int], list[Line]]) -> None:
        """`build` gives the rows for a width in cells."""
        super().__init__()
        self._build = build
        self._rows: list[Line] = []
        self._width = 0

    def on_resize(self, _event: events.Resize) -> None:
        width = self.scrollable_content_region.width
        if width != self._width:
            self._width = width
            self.again()

    def again(self) -> None:
        """The content is another: make the rows anew."""
        if not self._width:
            return
        self._rows = [tuple((_shown(text), style) for text, style in row) for row in self._build(self._width)]
        self.virtual_size = Size(self._width, len(self._rows))
        self.refresh()
        self.call_after_refresh(self._look_ahead)

    def reveal(self, row: int) -> None:
        """Have a row in view."""
        top, height = round(self.scroll_target_y), max(1, self.size.height)
        if row < top or row >= top + height:
            self.scroll_to(y=row if row < top else row - height + 1, animate=False)

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        super().watch_scroll_y(old_value, new_value)
        self._look_ahead()

    def _look_ahead(self) -> None:
        height = max(1, self.size.height)
        if self._rows and self.scroll_y + height * (1 + AHEAD) >= len(self._rows):
            self.post_message(self.Ending())

    def render_line(self, y: int) -> Strip:
        number, width = round(self.scroll_y) + y, self._width
        row = self._rows[number] if number < len(self._rows) else ()
        styles = styles_of(self)
        line = fit(clip(row, width), (), width, (" ", "text"))
        return Strip([Segment(text, styles[name]) for text, name in line if text], width)
