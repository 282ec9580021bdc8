"""Textual layouts that ask `geometry`, so that Textual places things exactly where the raw first frame painted them."""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar

from textual.geometry import NULL_OFFSET, NULL_SPACING, Region, Size
from textual.layout import ArrangeResult, Layout, WidgetPlacement
from textual.layouts.vertical import VerticalLayout
from textual.widget import Widget

from hive_tui.tui.geometry import Rect


class PlacedLayout(Layout):
    """Places the children that have a `part` where a function says; one without a place is not shown."""

    name: ClassVar[str] = "placed"

    def __init__(self, places: Callable[[Size], dict[str, Rect]]) -> None:
        self._places = places

    def arrange(self, parent: Widget, children: list[Widget], size: Size, greedy: bool = True) -> ArrangeResult:
        places = self._places(size)
        placements = []
        foreign = []
        for child in children:
            part = getattr(child, "part", None)
            if part is None:
                foreign.append(child)
            elif part in places:
                placements.append(WidgetPlacement(Region(*places[part]), NULL_OFFSET, NULL_SPACING, child))
        if foreign:  # Textual's own, such as tooltips.
            placements += VerticalLayout().arrange(parent, foreign, size, greedy)
        return placements
