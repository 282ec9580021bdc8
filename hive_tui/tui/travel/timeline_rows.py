"""The rows of the timeline: axis, stages, a lane a call, cost and marks, fitted to a width and a height. Pure.

What is so in a cell is told by its glyph, and by its colour too: the rows can be read where there are no colours.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from decimal import Decimal
from itertools import accumulate, pairwise

import msgspec

from hive_tui.streamtext import STALL_NS
from hive_tui.tui.chrome import role_style
from hive_tui.tui.lines import UNKNOWN, Line, Piece, cut, fit, width_of
from hive_tui.tui.travel.scrubber import LEVELS, Stretch, density
from hive_tui.tui.travel.time_words import step_of, time_words

TYPE_CHECKING = False
if TYPE_CHECKING:
    from hive_tui.core.commands import CallLane, TimelineOf

WAIT, STALL, CURSOR, MARKER, STAGE, SELECTED = "·", "╌", "▼", "◆", "▏", "━"
ENDS = {
    "errored": ("✗", "bad"),
    "timed_out": ("⧗", "bad"),
    "truncated": ("…", "warn"),
    "cancelled": ("⊘", "warn"),
}
"""How a call ended, where it did not end well."""
RETRIED = ("⟳", "warn")
VERDICTS = {"ACCEPT": ("A", "good"), "REVISE": ("R", "warn"), "ABSTAIN": ("○", "warn")}
COST_ROWS, STAGE_ROWS = 6, 8
"""Rows from which the cost, and the stages apart from the markers, have one of their own."""


class Shown(msgspec.Struct, frozen=True):
    """All that the rows are made from but the cursor."""

    data: TimelineOf | None
    stretch: Stretch
    width: int
    height: int
    first: int = 0
    """The lane that stands uppermost."""
    selection: tuple[int, int] | None = None
    """The stretch that a person has chosen, in ns of the run."""

    @property
    def label(self) -> int:
        """Cells at the left that say what a row is."""
        return 16 if self.width >= 100 else 11 if self.width >= 72 else 7 if self.width >= 30 else 0

    @property
    def cells(self) -> int:
        """Cells of time."""
        return max(1, self.width - self.label)

    @property
    def lane_rows(self) -> int:
        if self.height < 3:
            return 0
        return self.height - 2 - (self.height >= COST_ROWS) - (self.height >= STAGE_ROWS)


def rows(shown: Shown) -> list[Line]:
    """As many lines as the height says, without cursor and selection: these move, and the rest is dear to make."""
    data = shown.data
    lanes = () if data is None else data.lanes
    sums = _sums(shown)
    highest = max((max(each) for each in sums), default=0)
    if shown.height == 1:
        return [_total_row(shown, sums)]
    if shown.height == 2:
        return [_axis(shown), _total_row(shown, sums)]
    out = [_axis(shown)]
    if shown.height >= STAGE_ROWS:
        out.append(_marks_row(shown, stages=True, markers=False))
    room = shown.lane_rows
    if room == 1 < len(lanes):
        out.append(_total_row(shown, sums))
    else:
        seen = lanes[shown.first : shown.first + room]
        out += [
            _lane_row(shown, lane, density(own, highest), _more(shown, number))
            for number, (lane, own) in enumerate(zip(seen, sums[shown.first :], strict=False))
        ]
        missing = room - len(seen)
        out += [_blank(shown, "" if row or seen or data is None else "no text yet") for row in range(missing)]
    if shown.height >= COST_ROWS:
        out.append(_cost_row(shown))
    out.append(_marks_row(shown, stages=shown.height < STAGE_ROWS, markers=True))
    return out


def with_cursor(shown: Shown, made: Sequence[Line], place_ns: int, focused: bool = False) -> list[Line]:
    """The rows with the place marked: an arrow on the axis, a reversed cell in the lanes, its cost and time at the
    left. The time is underlined while the timeline has the focus."""
    column = shown.stretch.column(place_ns, shown.cells)
    out = list(made)
    if shown.selection is not None and shown.height > 1:
        out[0] = _axis(shown)
    if shown.label and shown.height > 1:
        out[0] = _labelled(
            shown, _moment(place_ns, shown), "tab.active" if focused else "strong", _cells_of(out[0], shown)
        )
        if shown.height >= COST_ROWS:
            cost = _cost_at(shown, place_ns)
            label = f"${UNKNOWN}" if cost is None else f"${cost:.4g}"
            out[-2] = _labelled(shown, label, "muted", _cells_of(out[-2], shown))
    if column is None:
        return out
    at = shown.label + column
    for y, line in enumerate(out):
        axis = y == 0 and shown.height > 1
        if axis:
            out[y] = _replaced(line, at, CURSOR, "border.focus")
        elif not _named(y, shown):
            out[y] = _replaced(line, at, None, "cursor")
    return out


def _named(y: int, shown: Shown) -> bool:
    """Whether names stand in a row: their characters may be wide."""
    return shown.height >= 3 and (y == shown.height - 1 or (y == 1 and shown.height >= STAGE_ROWS))


# Rows


def _axis(shown: Shown) -> Line:
    cells = [" "] * shown.cells
    stretch = shown.stretch
    step = step_of(stretch.length_ns, shown.cells)
    at = -(-stretch.start_ns // step) * step
    while (column := stretch.column(at, shown.cells)) is not None:
        words = STAGE + time_words(at, step, stretch.start_ns + stretch.length_ns)
        if column + len(words) <= shown.cells:
            cells[column : column + len(words)] = words
        at += step
    styles = ["muted"] * shown.cells
    if shown.selection is not None:
        start, stop = sorted(shown.selection)
        for column in range(*_covered(stretch, start, stop, shown.cells)):
            cells[column] = SELECTED if cells[column] == " " else cells[column]
            styles[column] = "selected"
    return _labelled(shown, "", "muted", _pieces(cells, styles))


def _more(shown: Shown, number: int) -> str:
    """The sign of lanes above the uppermost or below the lowest."""
    lanes = 0 if shown.data is None else len(shown.data.lanes)
    if number == 0 and shown.first > 0:
        return "↑"
    return "↓" if number == shown.lane_rows - 1 and shown.first + shown.lane_rows < lanes else " "


def _lane_row(shown: Shown, lane: CallLane, text: str, lead: str) -> Line:
    """`text` is the density of its text, a character a cell; `lead` stands before the lane's name."""
    stretch, width = shown.stretch, shown.cells
    data = shown.data
    assert data is not None
    cells, styles = list(text), [role_style(lane.role)] * width
    first = lane.first_ns
    # A bin may reach beyond the text that is in it.
    until = lane.ended_ns if lane.ended_ns is not None else data.duration_ns
    begin, end = (0, 0) if first is None else _covered(stretch, first, until, width)
    cells[:begin], cells[end:] = " " * begin, " " * (width - end)
    waited_until = until if first is None else first
    for column in range(*_covered(stretch, lane.started_ns, waited_until, width)):
        if cells[column] == " ":
            cells[column], styles[column] = WAIT, "faint"
    for start, stop in _silences(cells, begin, end):
        # One that reaches out of view is as long as it is, not as long as can be seen.
        quiet = (stop - start) * stretch.length_ns // width
        if start == 0 and first is not None and first < stretch.start_ns:
            quiet += lane.quiet_before_ns
        if stop == width and until > stretch.start_ns + stretch.length_ns:
            quiet += lane.quiet_after_ns
        if quiet >= STALL_NS:
            cells[start:stop] = STALL * (stop - start)
            styles[start:stop] = ["warn"] * (stop - start)
    for at_ns, (glyph, style) in _signs(lane):
        place = stretch.column(at_ns, width)
        if place is not None:
            cells[place], styles[place] = glyph, style
    return _labelled(shown, _name(lane, shown.label - 2), role_style(lane.role), _pieces(cells, styles), lead)


def _signs(lane: CallLane) -> list[tuple[int, tuple[str, str]]]:
    """What is marked in a lane and when, the weightiest last."""
    found = []
    if lane.verdict and lane.verdict_ns is not None:
        found.append((lane.verdict_ns, VERDICTS.get(lane.verdict, ("?", "warn"))))
    if lane.ended_ns is not None and (lane.retried or lane.outcome in ENDS):
        found.append((lane.ended_ns, RETRIED if lane.retried else ENDS[lane.outcome]))
    return found


def _total_row(shown: Shown, lanes: Sequence[Sequence[int]]) -> Line:
    """All lanes in one, where there is room for one only."""
    sums = [sum(column) for column in zip(*lanes, strict=True)] or [0] * shown.cells
    text = density(sums, max(sums))
    calls = 0 if shown.data is None else len(shown.data.lanes)
    return _labelled(shown, f"all {calls}", "muted", ((text, "live"),))


def _cost_row(shown: Shown) -> Line:
    data = shown.data
    costs = () if data is None else data.costs
    highest = Decimal(costs[-1][1]) if costs else Decimal(0)
    if not highest:
        return _labelled(shown, "cost", "muted", ((" " * shown.cells, "ground"),))
    times, top = [at for at, _ in costs], len(LEVELS) - 1
    cells = []
    for column in range(shown.cells):
        last = shown.stretch.start_ns + (column + 1) * shown.stretch.length_ns // shown.cells
        index = bisect_right(times, last) - 1
        level = Decimal(costs[index][1]) / highest * top if index >= 0 else Decimal(0)
        cells.append(LEVELS[min(top, max(int(level), 1 if level else 0))])
    return _labelled(shown, "cost", "muted", (("".join(cells), "muted"),))


def _marks_row(shown: Shown, *, stages: bool, markers: bool) -> Line:
    """Names where they stand; one that has no room is cut, and its sign stays."""
    data = shown.data
    found: list[tuple[int, int, str, str]] = []
    if data is not None and stages:
        found += [(each.start_ns, 0, STAGE + each.name, "muted") for each in data.stages]
        # One that had begun before stands at the edge, without the sign of its beginning.
        start = shown.stretch.start_ns
        found += [
            (start, -1, " " + each.name, "muted")
            for each in data.stages
            if each.start_ns < start and (each.stop_ns is None or each.stop_ns > start)
        ]
    if data is not None and markers:
        found += [(each.time_ns, 1, MARKER + each.name, "warn") for each in data.markers]
    # In the same cell a marker stands, for a stage is seen by its lane as well.
    signs: dict[int, tuple[str, str]] = {}
    for at_ns, _, words, style in sorted(found, key=lambda each: (each[1], each[0])):
        column = shown.stretch.column(at_ns, shown.cells)
        if column is not None:
            signs[column] = (words, style)
    pieces: list[Piece] = []
    at = 0
    columns = [*sorted(signs), shown.cells]
    for column, behind in pairwise(columns):
        if column > at:
            pieces.append((" " * (column - at), "ground"))
        words, style = signs[column]
        room = behind - column - (behind < shown.cells)
        pieces.append((cut(words, room) if room > 2 else words[:1], style))
        at = column + width_of(pieces[-1][0])
    name = "marks" if markers else "stages"
    return _labelled(shown, name, "muted", fit(pieces, [], shown.cells, (" ", "ground")))


def _blank(shown: Shown, words: str) -> Line:
    return fit([(" " * shown.label, "ground"), (words, "faint")], [], shown.width, (" ", "ground"))


# Cells


def spread(rows: Sequence[Sequence[int]], start_ns: int, bin_ns: int, stretch: Stretch, width: int) -> list[list[int]]:
    """Bytes a cell of each row, from bins that begin at `start_ns`. A bin that lies in several cells is shared among
    them, and none is lost by rounding: a cell with any text has one byte at least."""
    # How far each edge of a cell lies in which bin: the same for all rows.
    edges = [
        divmod(max(0, stretch.start_ns + column * stretch.length_ns // width - start_ns), bin_ns)
        for column in range(width + 1)
    ]
    found = []
    for bins in rows:
        before, count = [0, *accumulate(bins)], len(bins)
        # In bytes times nanoseconds, which are whole numbers.
        sums = [
            before[index] * bin_ns + bins[index] * past if index < count else before[count] * bin_ns
            for index, past in edges
        ]
        found.append([-(-(after - first) // bin_ns) for first, after in pairwise(sums)])
    return found


def _sums(shown: Shown) -> list[list[int]]:
    data = shown.data
    if data is None:
        return []
    return spread([lane.bins for lane in data.lanes], data.start_ns, data.bin_ns, shown.stretch, shown.cells)


def _covered(stretch: Stretch, start_ns: int, stop_ns: int, width: int) -> tuple[int, int]:
    """First cell and end of what lies between two moments, cut to what is in view."""
    if stop_ns < stretch.start_ns or start_ns > stretch.start_ns + stretch.length_ns:
        return 0, 0
    begin = stretch.column(max(start_ns, stretch.start_ns), width)
    end = stretch.column(min(stop_ns, stretch.start_ns + stretch.length_ns), width)
    return (0, 0) if begin is None or end is None else (begin, end + 1)


def _silences(cells: Sequence[str], start: int, stop: int) -> list[tuple[int, int]]:
    """Runs of blank cells."""
    found: list[tuple[int, int]] = []
    for column in range(start, stop):
        if cells[column] != " ":
            continue
        if found and found[-1][1] == column:
            found[-1] = (found[-1][0], column + 1)
        else:
            found.append((column, column + 1))
    return found


def _name(lane: CallLane, width: int) -> str:
    """Its stage, and which round and call of it when these are not the first; the numbers are kept longest."""
    again = (f"r{lane.round}" if lane.round > 1 else "") + (f"·{lane.number}" if lane.number > 1 else "")
    room = max(0, width - len(again) - bool(again))
    return f"{_short(lane.stage, room)} {again}" if again else _short(lane.stage, room)


def _moment(place_ns: int, shown: Shown) -> str:
    return time_words(place_ns, max(1_000_000, shown.stretch.length_ns // shown.cells))


def _cost_at(shown: Shown, place_ns: int) -> Decimal | None:
    if shown.data is None:
        return None
    index = bisect_right([at for at, _ in shown.data.costs], place_ns) - 1
    # Before the first report nobody knows what was spent.
    return Decimal(shown.data.costs[index][1]) if index >= 0 else None


# Lines


def _labelled(shown: Shown, label: str, style: str, cells: Line, lead: str = " ") -> Line:
    if not shown.label:
        return cells
    return (*fit([(f"{lead}{_short(label, shown.label - 2)}", style)], [], shown.label, (" ", "ground")), *cells)


def _short(text: str, width: int) -> str:
    """No more than fits. In a few cells a letter says more than the sign of its loss."""
    if text.isascii() and width < 8:
        return text[:width]
    return cut(text, width)


def _cells_of(line: Line, shown: Shown) -> Line:
    """A labelled line without its label."""
    left, out = shown.label, list(line)
    while left > 0:
        left -= width_of(out.pop(0)[0])
    return tuple(out)


def _pieces(cells: Sequence[str], styles: Sequence[str]) -> Line:
    """Neighbours of one style together."""
    out: list[Piece] = []
    start = 0
    for at in range(1, len(cells) + 1):
        if at == len(cells) or styles[at] != styles[start]:
            out.append(("".join(cells[start:at]), styles[start]))
            start = at
    return tuple(out)


def _replaced(line: Line, column: int, glyph: str | None, style: str) -> Line:
    """The line with another style, and another glyph if one is given, in one cell; all its characters are narrow."""
    out: list[Piece] = []
    for text, own in line:
        if not 0 <= column < len(text):
            out.append((text, own))
        else:
            parts = ((text[:column], own), (glyph or text[column], style), (text[column + 1 :], own))
            out += [part for part in parts if part[0]]
        column -= len(text)
    return tuple(out)
