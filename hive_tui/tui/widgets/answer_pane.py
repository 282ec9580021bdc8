"""The answer's pane: its frame, and within it the rendered text."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from textual import events
from textual.geometry import Size
from textual.layout import Layout
from textual.widget import Widget

from hive_tui.tui.chrome import answer_rows
from hive_tui.tui.geometry import Rect, body_of
from hive_tui.tui.layout import PlacedLayout
from hive_tui.tui.lines import Line
from hive_tui.tui.widgets.bar import Bar
from hive_tui.tui.widgets.markdown_view import MarkdownView


class AnswerPane(Bar):
    """The final answer, and by what right it won."""

    def __init__(self, boxed: Callable[[], bool]) -> None:
        super().__init__("answer", self._lines)
        self.caption = ""
        self._boxed = boxed
        self.body = MarkdownView()
        self.body.moved = self.update
        self._placed = PlacedLayout(self._places)

    @property
    def layout(self) -> Layout:
        return self._placed

    def compose(self) -> Iterable[Widget]:
        yield self.body

    def show(self, text: str, caption: str) -> None:
        self.caption = caption
        self.body.show(text)
        self.update()

    def on_descendant_focus(self, _event: events.DescendantFocus) -> None:
        self.update()

    def on_descendant_blur(self, _event: events.DescendantBlur) -> None:
        self.update()

    def _lines(self, width: int, height: int) -> list[Line]:
        return answer_rows(self.caption, width, height, self._boxed(), self.body.has_focus, self.body.below)

    def _places(self, size: Size) -> dict[str, Rect]:
        return {"body": body_of((0, 0, size.width, size.height), self._boxed())}
