"""The list of the runs: paints the rows that are seen, however many there are."""

from __future__ import annotations

from collections.abc import Callable

from textual import events

from hive_tui.tui.lines import Line
from hive_tui.tui.runs.pages import RunPages
from hive_tui.tui.runs.rows import heading, row
from hive_tui.tui.widgets.bar import Bar


class RunList(Bar, can_focus=True):
    def __init__(self, pages: RunPages, selected: list[str], moved: Callable[[], None]) -> None:
        """`selected` are the ids that are to be compared; `moved` is told that another row is at the cursor."""
        super().__init__("list", self._lines)
        self._pages = pages
        self._selected = selected
        self._told = moved

    @property
    def height(self) -> int:
        """Rows for runs: the first is the heading's."""
        return max(1, self.extent[1] - 1)

    def _lines(self, width: int, _height: int) -> list[Line]:
        pages = self._pages
        pages.show(self.height)
        lines = [heading(width)]
        for at in range(pages.top, min(pages.top + self.height, pages.total)):
            found = pages.rows.get(at)
            here = at == pages.cursor
            if found is None:
                lines.append((("   …".ljust(width)[:width], "selected" if here else "muted"),))
            else:
                lines.append(row(found, width, here=here, selected=found.summary.run in self._selected))
        return lines

    def go(self, to: int) -> None:
        self._pages.move(to, self.height)
        self.update()
        self._told()

    def on_resize(self, event: events.Resize) -> None:
        super().on_resize(event)
        self._told()

    def on_click(self, event: events.Click) -> None:
        if event.y:
            self.go(self._pages.top + event.y - 1)

    def on_mouse_scroll_down(self) -> None:
        self.go(self._pages.cursor + 3)

    def on_mouse_scroll_up(self) -> None:
        self.go(self._pages.cursor - 3)
