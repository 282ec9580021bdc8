"""Keys and wheel that scroll a text by rows."""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar

from textual import events
from textual.binding import Binding, BindingType
from textual.widget import Widget

WHEEL = 3
"""Rows a notch of the mouse wheel."""


class ScrollKeys(Widget):
    """Turns keys and wheel into rows; where the text is, its heir knows."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up", "scroll_up", "Scroll up", show=False),
        Binding("down", "scroll_down", "Scroll down", show=False),
        Binding("pageup", "page_up", "Page up", show=False),
        Binding("pagedown", "page_down", "Page down", show=False),
        Binding("ctrl+home", "scroll_home", "Start of the text", show=False),
        Binding("ctrl+end", "scroll_end", "Follow the end", show=False),
    ]

    scroll_rows: Callable[[int], None]
    """Scroll by rows, up when negative."""

    @property
    def extent(self) -> tuple[int, int]:
        """Width and height in cells."""
        return self.size.width, self.size.height

    def action_scroll_up(self) -> None:
        self.scroll_rows(-1)

    def action_scroll_down(self) -> None:
        self.scroll_rows(1)

    def action_page_up(self) -> None:
        self.scroll_rows(1 - max(2, self.extent[1]))

    def action_page_down(self) -> None:
        self.scroll_rows(max(2, self.extent[1]) - 1)

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        event.stop()
        self.scroll_rows(-WHEEL)

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        event.stop()
        self.scroll_rows(WHEEL)
