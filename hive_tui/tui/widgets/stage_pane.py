"""A stage's pane: its chrome, and within it the live text."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import ClassVar

from textual import events
from textual.binding import BindingType
from textual.geometry import Size
from textual.layout import Layout
from textual.widget import Widget

from hive_tui.tui import chrome
from hive_tui.tui.bindings import bindings_of
from hive_tui.tui.chrome import PaneFacts
from hive_tui.tui.geometry import Rect, body_of, split_lane
from hive_tui.tui.layout import PlacedLayout
from hive_tui.tui.lines import Line
from hive_tui.tui.live.pane import Source, StreamPane
from hive_tui.tui.widgets.bar import Bar


class Body(StreamPane):
    """The text's own rectangle in the pane."""

    part = "body"


class StagePane(Bar, can_focus=True):
    """One stage: who, what state, what figures, and the text of its latest attempt."""

    BINDINGS: ClassVar[list[BindingType]] = bindings_of("pane", "text", "time")

    def __init__(self, index: int, role: str, boxed: Callable[[], bool], laned: Callable[[str], bool]) -> None:
        super().__init__(f"pane.{index}", self._lines)
        self.index = index
        self.facts = PaneFacts(index + 1, role)
        self.stage = role
        self.stream = 0
        """The stream whose text is shown; 0 is none."""
        self._boxed = boxed
        self._laned = laned
        """Whether the geometry has a part of that name: a row of the pane for its lane."""
        self.body = Body()
        self.body.placed = self._body_placed
        self.body.display = False
        self._placed = PlacedLayout(self._places)

    @property
    def layout(self) -> Layout:
        return self._placed

    def compose(self) -> Iterable[Widget]:
        yield self.body

    def show(self, source: Source | None) -> None:
        """Show another stream's text, or with `None` the words of an empty pane."""
        had_focus = self.focused
        self.body.display = source is not None
        self.body.set_source(source)
        if had_focus:
            (self if source is None else self.body).focus(scroll_visible=False)
        self.update()

    def say(self, facts: PaneFacts) -> None:
        """Take new facts and repaint what changed of the chrome."""
        facts.focused = self.focused
        facts.place = self._place()
        rows = self._rows_below(*self.extent)
        self.facts = facts
        if self._rows_below(*self.extent) != rows:
            self.body.refresh(layout=True)  # The wish of a child: a parent's own leaves its arrangement cached.
        self.update()

    def _place(self) -> str:
        return "" if self.body.following else f"at {self.body.position:.0%}"

    def _body_placed(self) -> None:
        self.facts.place = self._place()
        self.update()

    def on_focus(self) -> None:
        if self.body.display:
            self.body.focus(scroll_visible=False)
        self._focus_moved()

    def on_blur(self) -> None:
        self._focus_moved()

    def on_descendant_focus(self, _event: events.DescendantFocus) -> None:
        self._focus_moved()

    def on_descendant_blur(self, _event: events.DescendantBlur) -> None:
        self._focus_moved()

    @property
    def focused(self) -> bool:
        return self.has_focus or self.body.has_focus

    def _focus_moved(self) -> None:
        self.facts.focused = self.focused
        self.update()

    def _lines(self, width: int, height: int) -> list[Line]:
        return chrome.pane_rows(self.facts, width, height, self._boxed(), not self.body.display, self._has_lane)

    @property
    def _has_lane(self) -> bool:
        return self._laned(f"lane.{self.index}")

    def _rows_below(self, width: int, height: int) -> int:
        """Rows of words beneath the text."""
        if not self._boxed() or not self.body.display:
            return 0
        return len(chrome.words_below(self.facts, width, height, self._has_lane))

    def _places(self, size: Size) -> dict[str, Rect]:
        body = body_of((0, 0, size.width, size.height), self._boxed())
        x, y, width, height = split_lane(body)[0] if self._has_lane else body
        return {"body": (x, y, width, height - self._rows_below(size.width, size.height))}
