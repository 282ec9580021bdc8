"""How a pane's rows look: the styles in force, and a row of text as the strip that is written for it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from rich.cells import cell_len
from rich.segment import Segment
from rich.style import Style
from textual.color import Color
from textual.filter import LineFilter
from textual.strip import Strip
from textual.widget import Widget

from hive_tui.tui.live.visible import fitted, shown, shown_index

Spans = Sequence[tuple[int, int, Style]]
"""First character, end and style of marked stretches of a row's text, later ones on top."""


@dataclass(frozen=True, slots=True)
class Look:
    """All that decides the cells of a row but its text. Found once a change, for it walks the widget's ancestors."""

    channels: tuple[Style, ...]
    """By channel number: answer, reasoning, refusal."""
    selected: Style
    hit: Style
    current_hit: Style
    background: Color
    filters: tuple[LineFilter, ...]
    direct: bool
    """Whether a strip is what reaches the terminal: nothing tints, fades or frames this widget."""


def look_of(widget: Widget, components: Sequence[str], hit: str, current_hit: str) -> Look:
    """The present look; `components` names the component classes of channels 1 and up."""
    base = widget.rich_style
    partial = [widget.get_component_rich_style(name, partial=True) for name in components]
    styles = widget.styles
    outlined = any(edge for edge, _ in styles.outline)
    return Look(
        channels=(base, *(base + style for style in partial)),
        selected=widget.selection_style,
        hit=widget.get_component_rich_style(hit, partial=True),
        current_hit=widget.get_component_rich_style(current_hit, partial=True),
        background=widget.background_colors[1],
        filters=tuple(widget.get_line_filters()),
        direct=not (
            styles.gutter
            or outlined
            or styles.tint.a
            or styles.has_rule("hatch")
            or styles.text_opacity != 1.0
            or widget.opacity != 1.0
        ),
    )


def segments_of(text: str, channel: int, width: int, look: Look, spans: Spans = ()) -> list[Segment]:
    """The row as content: no filter applied yet, exactly `width` cells."""
    style = look.channels[min(channel, len(look.channels) - 1)]
    if not channel and not spans:
        # One segment, one set of codes: half of a row's bytes would be codes else.
        return [Segment(fitted(text, width), style)]
    row = shown(text)
    cells = len(row) if row.isascii() else cell_len(row)
    if cells > width:
        # White space that hangs over the row's end, or a wide character in a pane of one column.
        return list(Strip(list(_marked(text, row, style, spans)), cells).adjust_cell_length(width, style))
    segments = list(_marked(text, row, style, spans)) if row else []
    if cells < width:
        segments.append(Segment(" " * (width - cells), look.channels[0]))
    return segments


def filtered(segments: list[Segment], width: int, look: Look) -> Strip:
    """The final strip."""
    for each in look.filters:
        segments = each.apply(segments, look.background)
    return Strip(segments, width)


def _marked(text: str, row: str, style: Style, spans: Spans) -> Iterator[Segment]:
    if not spans:
        yield Segment(row, style)
        return
    places = [(shown_index(text, start), shown_index(text, stop), mark) for start, stop, mark in spans]
    edges = sorted({0, len(row), *(edge for start, stop, _ in places for edge in (start, stop))})
    for begin, end in pairwise(edges):
        here = style
        for start, stop, mark in places:
            if start <= begin and end <= stop:
                here += mark
        yield Segment(row[begin:end], here)
