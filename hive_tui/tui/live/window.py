"""Which rows of a text a pane shows: its end while following, else a place that a person chose."""

from __future__ import annotations

from hive_tui.tui.live.wrap import Flow, Row


class Window:
    """A place in a text, kept as a character, so that it means the same at any width."""

    def __init__(self) -> None:
        self.flow = Flow()
        self.following = True
        self.width = 0
        self.height = 0
        self._top = 0
        self._rows: list[Row] = []
        self._rows_of: tuple[int, int, bool, int] | None = None

    def clear(self) -> None:
        """Another text begins; it is followed."""
        self.restart()
        self.following = True

    def restart(self) -> None:
        """The same text from its start, as much as will be appended; the place stays."""
        self.flow = Flow(self.flow.width)
        self._rows_of = None

    def resize(self, width: int, height: int) -> bool:
        """True when this changes anything."""
        if (width, height) == (self.width, self.height):
            return False
        self.width, self.height = width, height
        self.flow.width = width
        return True

    def rows(self) -> list[Row]:
        """The rows that are shown, fewer than the height when the text is short."""
        of = (self.flow.version, self._top, self.following, self.height)
        if of != self._rows_of:
            rows = [] if self.following else self.flow.after(self._top, self.height)
            self._rows = rows if len(rows) == self.height else self.flow.last(self.height)
            self._rows_of = of
        return self._rows

    def scroll(self, rows: int) -> bool:
        """Move by rows, up when negative, never past the ends; upward stops following. True when that moved it."""
        shown = self.rows()
        if not shown or not self.height:
            return False
        if rows < 0:
            above = self.flow.before(shown[0][0], -rows)
            if not above:
                return False
            self._top = above[0][0]
            self.following = False
            return True
        if self.following:
            return False
        ahead = self.flow.after(shown[0][0], self.height + rows)
        self._top = ahead[max(0, len(ahead) - self.height)][0]
        return True

    def shift(self, characters: int) -> None:
        """So many came before the text: the place stays at what it showed."""
        self._top += characters
        self._rows_of = None

    def above(self, rows: int) -> int:
        """How many rows stand above the window, counted up to `rows`."""
        shown = self.rows()
        return len(self.flow.before(shown[0][0], rows)) if shown else 0

    def home(self) -> None:
        self._top = 0
        self.following = False

    def show(self, offset: int) -> None:
        """Bring a character into the window, a third down when it was outside."""
        shown = self.rows()
        if shown and shown[0][0] <= offset < shown[-1][1]:
            return
        above = self.flow.before(offset + 1, self.height // 3 + 1)
        if above:
            self._top = above[0][0]
            self.following = False

    def position(self, before: int = 0) -> float:
        """Share of the text that lies above the window's end, 0 to 1, by characters; `before` are those of the text
        that are not in the flow."""
        shown = self.rows()
        if not shown or self.following or not self.flow.length:
            return 1.0
        return (before + shown[-1][1]) / (before + self.flow.length)
