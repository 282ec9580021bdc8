"""A finished answer as rendered Markdown, drawn once a width and kept as strips."""

from __future__ import annotations

from collections.abc import Callable
from time import perf_counter
from typing import ClassVar

from rich.cells import cell_len
from rich.segment import Segment
from textual import events
from textual.binding import Binding, BindingType
from textual.strip import Strip
from textual.widget import Widget

from hive_tui.tui.bindings import bindings_of
from hive_tui.tui.markdown import Typesetter
from hive_tui.tui.prose import WIDEST, blocks
from hive_tui.tui.row_search import RowSearch
from hive_tui.tui.widgets.bar import styles_of

SLICE_S = 0.004
"""Seconds of typesetting between two turns of the event loop."""

AHEAD = 600
"""Rows that are drawn beneath the window before someone scrolls there or searches: a strip takes 1.4 KB."""


class MarkdownView(Widget, can_focus=True):
    """Scrolls through an answer. The first screenful is there at once, the rest in slices."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {"markdownview--hit", "markdownview--current-hit"}
    DEFAULT_CSS = """
    MarkdownView {
        background: $background;
        color: $foreground;
        & > .markdownview--hit { background: $warning; color: $background; }
        & > .markdownview--current-hit { background: $accent; color: $background; text-style: bold; }
    }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        *bindings_of("text", "time"),
        # After those of the table: the answer scrolls by itself.
        Binding("up", "scroll(-1)", show=False),
        Binding("down", "scroll(1)", show=False),
        Binding("ctrl+home", "scroll(-1000000)", show=False),
        Binding("ctrl+end", "scroll(1000000)", show=False),
    ]

    part = "body"

    def __init__(self) -> None:
        super().__init__()
        self.text = ""
        self.drawn: Callable[[int], None] = lambda _rows: None
        """Called with the number of rows when an answer is drawn to its end."""
        self.moved: Callable[[], None] = lambda: None
        """Called when there is more, or something else, under the window."""
        self._blocks: list[str] = []
        self._next = 0
        self._strips: list[Strip] = []
        self._made_for: tuple[int, str] | None = None
        self._top = 0
        self._extent = (0, 0)
        self._needle = ""
        self._resting = False
        """Whether drawing stopped well beneath the window, with more to draw."""
        self._search: RowSearch | None = None
        """In the rows that are drawn; `None` when they changed since."""

    def on_resize(self, event: events.Resize) -> None:
        # Kept, for to read `size` while a layout is pending spoils the layout.
        self._extent = (event.size.width, event.size.height)

    def show(self, text: str) -> None:
        """Draw another answer from its top, or one that was shown in part from where one is in it."""
        if text != self.text:
            self._top = self._top if self.text and text.startswith(self.text) else 0
            self.text = text
            self._blocks = blocks(text)
            self._made_for = None
            self._needle = ""
            self.refresh()

    @property
    def below(self) -> int:
        """Rows under the window, as far as they are drawn."""
        return max(0, len(self._strips) - self._top - self._extent[1])

    def draw(self, width: int) -> None:
        """Draw for a width, unless that is done; what was drawn for another width or look is forgotten."""
        styles = styles_of(self)
        made_for = (min(width, WIDEST), styles.look.name)
        if self._made_for != made_for:
            self._made_for = made_for
            self._strips = []
            self._search = None
            self._next = 0
            self._slice(Typesetter(styles), made_for)

    def _slice(self, setter: Typesetter, made_for: tuple[int, str]) -> None:
        """Set blocks for a slice of time, and go on later when some are left."""
        deadline = perf_counter() + SLICE_S
        self._resting = False
        while self._next < len(self._blocks) and perf_counter() < deadline:
            if len(self._strips) > self._top + self._extent[1] + AHEAD and not self._needle:
                self._resting = True
                break
            self._strips += setter.strips(self._blocks[self._next], made_for[0])
            self._next += 1
            self._search = None
        if self._next < len(self._blocks) and not self._resting:
            self.set_timer(0.001, lambda: self._go_on(setter, made_for))
        else:
            self.call_later(self.drawn, max(1, len(self._strips) - 1))

    def _go_on(self, setter: Typesetter, made_for: tuple[int, str]) -> None:
        if made_for == self._made_for:
            drawn = len(self._strips)
            self._slice(setter, made_for)
            if self._needle or drawn < self._top + self._extent[1]:
                self.refresh()
            self.moved()

    def _draw_more(self) -> None:
        """Go on where drawing rested, for someone scrolls or searches."""
        if self._resting and self._made_for is not None:
            self._slice(Typesetter(styles_of(self)), self._made_for)

    def search(self, text: str) -> bool:
        """Highlight all places of a text and go to the first one from the window on. False when there is none.

        An empty text ends the search.
        """
        self._needle = text
        self._search = None
        self._draw_more()
        return self._show(self._found().first(self._top))

    def search_next(self) -> bool:
        """Go to the next hit, round the answer's end. False when there is no search or no hit."""
        return self._show(self._found().step(1))

    def search_previous(self) -> bool:
        """Go to the hit before, round the answer's start. False when there is no search or no hit."""
        return self._show(self._found().step(-1))

    def _found(self) -> RowSearch:
        if self._search is None:
            self._search = RowSearch([strip.text for strip in self._strips] if self._needle else (), self._needle)
        return self._search

    def _show(self, row: int | None) -> bool:
        """Bring a row into the window, a third down when it was outside."""
        height = self._extent[1]
        if row is not None and not self._top <= row < self._top + height:
            self.action_scroll(row - height // 3 - self._top)
        self.refresh()
        return row is not None

    def action_scroll(self, rows: int) -> None:
        top = min(max(0, self._top + rows), max(0, len(self._strips) - self._extent[1]))
        if top != self._top:
            self._top = top
            self._draw_more()
            self.refresh()
            self.moved()

    def action_page(self, pages: int) -> None:
        self.action_scroll(pages * max(1, self._extent[1] - 1))

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        event.stop()
        self.action_scroll(-3)

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        event.stop()
        self.action_scroll(3)

    def render_line(self, y: int) -> Strip:
        self._extent = (self.size.width, self.size.height)
        self.draw(self._extent[0])
        at = self._top + y
        if at < len(self._strips):
            return self._marked(at).extend_cell_length(self._extent[0], styles_of(self)["ground"])
        return Strip.blank(self._extent[0], styles_of(self)["ground"])

    def _marked(self, row: int) -> Strip:
        strip = self._strips[row]
        for first, end, current in self._found().marks(row) if self._needle else ():
            name = "markdownview--current-hit" if current else "markdownview--hit"
            left, right = cell_len(strip.text[:first]), cell_len(strip.text[:end])
            style = self.get_component_rich_style(name, partial=True)
            hit = Strip(Segment.apply_style(strip.crop(left, right), post_style=style), right - left)
            strip = Strip.join([strip.crop(0, left), hit, strip.crop(right)])
        return strip
