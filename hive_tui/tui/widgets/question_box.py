"""The frame of the question line."""

from __future__ import annotations

from collections.abc import Iterable

from textual import events
from textual.geometry import Size
from textual.layout import Layout
from textual.widget import Widget

from hive_tui.tui import bars
from hive_tui.tui.geometry import Rect, question_body_of
from hive_tui.tui.layout import PlacedLayout
from hive_tui.tui.lines import Line
from hive_tui.tui.widgets.bar import Bar
from hive_tui.tui.widgets.question_line import QuestionLine


class QuestionBox(Bar):
    """Box and prompt; the text itself is the line within."""

    def __init__(self) -> None:
        super().__init__("question", self._lines)
        self.line = QuestionLine()
        self.live = False
        """Whether a run is live, which Escape would cancel."""
        self._placed = PlacedLayout(self._places)

    @property
    def layout(self) -> Layout:
        return self._placed

    def compose(self) -> Iterable[Widget]:
        yield self.line

    def on_descendant_focus(self, _event: events.DescendantFocus) -> None:
        self.update()

    def on_descendant_blur(self, _event: events.DescendantBlur) -> None:
        self.update()

    def _lines(self, width: int, height: int) -> list[Line]:
        return bars.question_frame(width, height, self.line.has_focus, self.live)

    def _places(self, size: Size) -> dict[str, Rect]:
        return {"body": question_body_of((0, 0, size.width, size.height))}
