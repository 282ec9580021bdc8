"""The live pane: an append-only text, soft-wrapped, drawn row by row.

`render_lines` is the truth of every full repaint. The frame painter asks for the same strips and writes them itself
while nothing covers the pane. A pane has no border, padding or title: those live on its parent.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import ClassVar

from rich.console import Console
from rich.segment import Segment
from rich.style import Style
from textual.geometry import Offset, Region, Size
from textual.reactive import var
from textual.selection import Selection
from textual.strip import Strip

from hive_tui.recording.format import DamagedError
from hive_tui.tui.live.held import Held, TextView
from hive_tui.tui.live.look import Look, filtered, look_of, segments_of
from hive_tui.tui.live.private import clear_styles_cache
from hive_tui.tui.live.scroll_keys import ScrollKeys
from hive_tui.tui.live.search import Search
from hive_tui.tui.live.visible import harmless, source_index
from hive_tui.tui.live.window import Window
from hive_tui.tui.live.wrap import Row
from hive_tui.wire import WireError

STRIPS = 256
"""Rows whose strips are kept: a few screens full. A strip takes 1.4 KB."""
INTAKE = 262_144
"""Characters that one `advance` cuts in lines, about 1 ms: ten megabytes that come at once take 40 frames."""

_BLANK: Row = (0, 0, 0)
"""The row of a line behind the text's end."""


Source = Callable[[], TextView | None]
UNREADABLE = (DamagedError, WireError, OSError)
"""What reading a recording may raise."""
SEARCHED = 8_000_000
"""Bytes of text before what is held that a search reads, at most."""


class StreamPane(ScrollKeys, can_focus=True):
    """Shows the text of one stream and follows its end."""

    ALLOW_SELECT = True
    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "streampane--reasoning",
        "streampane--refusal",
        "streampane--hit",
        "streampane--current-hit",
    }
    DEFAULT_CSS = """
    StreamPane {
        width: 1fr;
        height: 1fr;
        & > .streampane--reasoning { text-style: dim italic; }
        & > .streampane--refusal { color: $text-error; }
        & > .streampane--hit { background: $warning; color: $background; }
        & > .streampane--current-hit { background: $accent; color: $background; text-style: bold; }
    }
    """
    following: var[bool] = var(True)
    """Whether the pane stays at the text's end. Any upward scroll leaves it; `follow` (the key End) re-enters."""

    def __init__(
        self,
        source: Source | None = None,
        *,
        name: str | None = None,
        id: str | None = None,
        classes: str | None = None,
    ) -> None:
        super().__init__(name=name, id=id, classes=classes)
        self.wake: Callable[[], None] = self._repaint
        """Called when rows changed other than by `advance`; the frame clock puts itself here."""
        self.moved: Callable[[], None] | None = None
        """Called when a person scrolled; the clock measures key to paint with it."""
        self.placed: Callable[[], None] = lambda: None
        """Called when the pane stands elsewhere in its text, other than by following its end."""
        self.unreadable: Callable[[Exception], None] | None = None
        """Called with what went wrong when a recording's text could not be read; what is shown stays."""
        self.torn = False
        """Whether the last piece of a view may be but a part of one: a place in the middle of an event."""
        self._source = source
        self._window = Window()
        self._held = Held(self._window)
        self._painted: list[Row | None] = []
        self._kept: dict[Row, Strip] = {}
        self._look: Look | None = None
        self._look_in_use: Look | None = None  # What the kept strips were made with.
        self._selection: Selection | None = None
        self._selected = (0, 0)
        self._search: Search | None = None

    # Text

    def set_source(self, source: Source | None) -> None:
        """Show another stream from its start, following its end; `source` gives the newest view of its text."""
        self.clear()
        self._source = source
        self.advance()
        self.wake()

    def clear(self) -> None:
        """Show nothing, with search and selection gone; text that the source already gave is not asked for again."""
        self._window.clear()
        self._held.clear()
        self._source = None
        self._search = None
        self._selection = None
        self.following = True
        self._forget()
        self.wake()

    def advance(self) -> bool:
        """Pull what the source has got since the last call. True when there is something new to paint."""
        version = self._window.flow.version
        view = None if self._source is None else self._source()
        if view is not None and (view.deltas, view.size) != self._held.taken:
            self._take(view)
        grew = self._window.flow.waiting and self._window.flow.advance(INTAKE)
        grew = grew or self._window.flow.version != version
        # Of some scripts a cell takes more bytes than was reckoned with.
        while grew and not self._held.whole and len(self._window.rows()) < self._window.height and self._hold_more():
            continue
        if grew and self._search is not None:
            self._forget()  # A hit may now reach from a finished row into the new text.
        return grew

    def _take(self, view: TextView) -> None:
        try:
            kept = self._held.take(view, self.torn, self._window.width * self._window.height)
        except UNREADABLE as error:
            self._held.taken = (view.deltas, view.size)  # Not tried again until there is another.
            self._unread(error)
            return
        if not kept:
            self._restarted()

    def _unread(self, error: Exception) -> None:
        if self.unreadable is None:
            raise error
        self.unreadable(error)

    def _hold_more(self, size: int = 0) -> bool:
        """Hold twice as much of the text, or `size` bytes of it; False when no more is to be had."""
        self.advance()  # So that what is held is of the same view.
        view = None if self._source is None else self._source()
        if view is None or self._held.whole:
            return False
        try:
            shift = self._held.more(view, size)
        except UNREADABLE as error:
            self._unread(error)
            return False
        if not shift:
            return False
        self._window.flow.advance()
        self._window.shift(shift)
        self._selected = (self._selected[0] + shift, self._selected[1] + shift)
        self._forget()
        return True

    @property
    def busy(self) -> bool:
        """Whether text was pulled that another `advance` must still cut in lines."""
        return self._window.flow.waiting

    def _restarted(self) -> None:
        """What is held has nothing in common with what was."""
        self._window.following = self.following = True
        self._search = None
        self._selection = None
        self._forget()
        self.placed()

    # Place

    def scroll_rows(self, rows: int) -> None:
        """Scroll by rows, up when negative, never past the ends; upward leaves follow mode."""
        while rows < 0 and self._window.above(-rows) < -rows and self._hold_more():
            continue
        if self._window.scroll(rows):
            self._person_moved()

    def follow(self) -> None:
        self._window.following = True
        self._person_moved()

    @property
    def position(self) -> float:
        """Share of the text that lies above the window's end, 0 to 1, by characters; 1 at the end."""
        return self._window.position(self._held.before)

    def _person_moved(self) -> None:
        self.following = self._window.following
        self.placed()
        if self.moved is not None:
            self.moved()
        self.wake()

    def action_scroll_home(self) -> None:
        self._hold_more(self._held.taken[1])
        if self._window.rows():
            self._window.home()
            self._person_moved()

    def action_scroll_end(self) -> None:
        self.follow()

    # Search and selection

    def search(self, text: str) -> bool:
        """Highlight all places of a text and go to the first one from the window on. False when there is none.

        An empty text ends the search.
        """
        if text:
            self._hold_more(min(self._held.taken[1], SEARCHED))
        self._search = Search(self._window.flow, text) if text else None
        window = self._window.rows()
        found = self._search is not None and self._go_to(self._search.forward(window[0][0] if window else 0))
        self._forget()
        self.wake()
        return found

    def search_next(self) -> bool:
        """Go to the next hit, round the text's end. False when there is no search or no hit."""
        if self._search is None:
            return False
        current = self._search.current
        return self._go_to(self._search.forward(current[1] if current else 0))

    def search_previous(self) -> bool:
        """Go to the hit before, round the text's start. False when there is no search or no hit."""
        if self._search is None:
            return False
        current = self._search.current
        return self._go_to(self._search.backward(current[0] if current else self._window.flow.length))

    def _go_to(self, hit: tuple[int, int] | None) -> bool:
        if self._search is None:
            return False
        self._search.current = hit
        if hit is not None:
            self._window.show(hit[0])
        self._forget()
        self._person_moved()
        return hit is not None

    def get_selection(self, selection: Selection) -> tuple[str, str] | None:
        start, stop = self._selected if selection == self._selection else self._stretch(selection)
        return harmless(self._window.flow.text(start, stop)), "\n"

    def selection_updated(self, selection: Selection | None) -> None:
        self._selection = selection
        if selection is not None:
            self._selected = self._stretch(selection)
        self._forget()
        self.wake()

    def _stretch(self, selection: Selection) -> tuple[int, int]:
        """The characters that a selection covers. Its y is the first character of a row: it survives new rows."""
        start = 0 if selection.start is None else self._character(selection.start)
        stop = self._window.flow.length if selection.end is None else self._character(selection.end)
        return min(start, stop), max(start, stop)

    def _character(self, place: Offset) -> int:
        row = next(iter(self._window.flow.after(place.y, 1)), _BLANK)
        if row is _BLANK:
            return 0
        return row[0] + source_index(self._window.flow.text(row[0], row[1]), place.x)

    # Rows

    @property
    def extent(self) -> tuple[int, int]:
        """Width and height, in cells, that the rows were made for."""
        return self._window.width, self._window.height

    def fits(self, size: Size) -> bool:
        """Whether the pane's rows were made for a region of this size and reach the terminal as they are."""
        if self._look is None:
            self._find_look()
        return self._look is not None and self._look.direct and self.extent == (size.width, size.height)

    def changed_rows(self) -> list[int]:
        """The lines of the pane that do not show what they should."""
        rows = self._window.rows()
        count = len(rows)
        return [y for y, painted in enumerate(self._painted) if painted != (rows[y] if y < count else _BLANK)]

    def painted(self, lines: Iterable[int]) -> None:
        """The painter has written these lines, or told the compositor to."""
        rows = self._window.rows()
        for y in lines:
            self._painted[y] = rows[y] if y < len(rows) else _BLANK

    def codes(self, lines: Iterable[int], left: int, top: int, console: Console) -> list[str]:
        """What to write for these lines of a pane whose first cell is at a column and row, counted from 1."""
        return [f"\x1b[{top + y};{left}H{strip.render(console)}" for y, strip in self._strips(lines)]

    def _strips(self, lines: Iterable[int]) -> Iterator[tuple[int, Strip]]:
        """The final strips of some lines."""
        look = self._look or self._find_look()
        width = self._window.width
        rows = self._window.rows()
        count = len(rows)
        kept = self._kept
        for y in lines:
            row = rows[y] if y < count else _BLANK
            strip = kept.get(row)
            if strip is None:
                strip = filtered(self._content(row, look), width, look)
                if len(kept) >= STRIPS:
                    del kept[next(iter(kept))]
                kept[row] = strip
            yield y, strip

    def _content(self, row: Row, look: Look) -> list[Segment]:
        start, stop, channel = row
        return segments_of(
            self._window.flow.text(start, stop), channel, self._window.width, look, self._marks(start, stop, look)
        )

    def _marks(self, start: int, stop: int, look: Look) -> list[tuple[int, int, Style]]:
        marks = []
        if self._search is not None:
            current = self._search.current
            marks += [
                (*hit, look.current_hit if hit == current else look.hit) for hit in self._search.within(start, stop)
            ]
        if self._selection is not None:
            marks.append((*self._selected, look.selected))
        clipped = ((max(start, a) - start, min(stop, b) - start, style) for a, b, style in marks)
        return [mark for mark in clipped if mark[0] < mark[1]]

    # Textual

    def render_lines(self, crop: Region) -> list[Strip]:
        look = self._find_look()
        self._fit(self.size)
        if not look.direct:
            clear_styles_cache(self)
            return super().render_lines(crop)
        rows = self._window.rows()
        strips = []
        for y, strip in self._strips(crop.line_range):
            strips.append(strip)
            # The compositor may write this line or not: what stood there is only known if nothing changed.
            if y < len(self._painted) and self._painted[y] != (rows[y] if y < len(rows) else _BLANK):
                self._painted[y] = None
        left, right = crop.column_span
        if (left, right) != (0, self._window.width):
            strips = [strip.crop(left, right) for strip in strips]
        return strips

    def render_line(self, y: int) -> Strip:
        """A line as content with the offsets that mouse selection asks for."""
        look = self._look or self._find_look()
        self._fit(self.size)
        rows = self._window.rows()
        if not 0 <= y < len(rows):
            return Strip.blank(self._window.width, look.channels[0])
        return Strip(self._content(rows[y], look), self._window.width).apply_offsets(0, rows[y][0])

    def notify_style_update(self) -> None:
        super().notify_style_update()
        self._look = None

    def _find_look(self) -> Look:
        look = look_of(
            self,
            ("streampane--reasoning", "streampane--refusal"),
            "streampane--hit",
            "streampane--current-hit",
        )
        if look != self._look_in_use:
            self._look_in_use = look
            self._forget()
        self._look = look
        return look

    def _fit(self, size: Size) -> None:
        if self._window.resize(size.width, size.height):
            self._forget()

    def _forget(self) -> None:
        """Nothing that was made or painted holds any more."""
        self._kept.clear()
        self._painted = [None] * self._window.height

    def _repaint(self) -> None:
        if self.is_mounted and self.display:
            self.refresh()
