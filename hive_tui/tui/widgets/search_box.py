"""The line in which a pane's text is searched; it stands in the place of the status line while it is open."""

from __future__ import annotations

from collections.abc import Iterable

from textual.geometry import Size
from textual.layout import Layout
from textual.widget import Widget

from hive_tui.tui.geometry import Rect
from hive_tui.tui.layout import PlacedLayout
from hive_tui.tui.lines import Line, fit
from hive_tui.tui.widgets.bar import Bar
from hive_tui.tui.widgets.question_line import QuestionLine


class SearchBox(Bar):
    """A slash, what is searched, and whether it was found."""

    def __init__(self) -> None:
        super().__init__("search", self._lines)
        self.line = QuestionLine(invitation=False)
        self.outcome = ""
        self._placed = PlacedLayout(self._places)

    @property
    def layout(self) -> Layout:
        return self._placed

    def compose(self) -> Iterable[Widget]:
        yield self.line

    def say(self, outcome: str) -> None:
        self.outcome = outcome
        self.update()

    def _lines(self, width: int, _height: int) -> list[Line]:
        return [
            fit([(" / ", "prompt")], [(f" {self.outcome} ", "warn")] if self.outcome else [], width, (" ", "ground"))
        ]

    def _places(self, size: Size) -> dict[str, Rect]:
        return {"body": (3, 0, max(1, size.width - 16), 1)}
