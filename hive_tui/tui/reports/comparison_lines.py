"""Two runs as rows: what was set, what was said, and when; the first run's stand before `-`, the second's before `+`.
Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal

from hive_tui.core.comparing import PairLane, RunsCompared, StagePair
from hive_tui.tui.lane import blocks
from hive_tui.tui.lines import UNKNOWN, Line, Piece, measure, width_of
from hive_tui.tui.live.visible import clean
from hive_tui.tui.reports.statistics_lines import dollars, seconds
from hive_tui.tui.reports.tables import Column, table

SIDES = ("-", "+")
STYLES = {"same": "text", "removed": "bad", "added": "good"}
MARKS = {"same": ("", ""), "removed": ("[-", "-]"), "added": ("{+", "+}")}
"""As `git diff --word-diff` has them: the diff is read without colours as well."""
SIDE_STYLES = ("bad", "good")
LABEL = 4
TIME = 11
_TOKEN = re.compile(r"\n|[^\S\n]+|\S+")


def head_lines(found: RunsCompared, width: int) -> list[Line]:
    """All but the texts."""
    rows: list[Line] = []
    for side in (0, 1):
        marked: tuple[Piece, ...] = ((" SIMULATED ", "badge.simulated"), (" ", "text")) if found.simulated[side] else ()
        head = ((f"{SIDES[side]} ", SIDE_STYLES[side]), (found.runs[side], "strong"), (" ", "text"))
        rows.append((*head, *marked, (found.questions[side], "muted")))
    rows.append(())
    rows.append((("cost  ", "muted"), (_cost_change(found.cost_usd), "text")))
    rows.append((("time  ", "muted"), (_time_change(found.duration_ns), "text")))
    for name, pair in (("ended ", found.outcome), ("by    ", found.decision)):
        if pair[0] != pair[1]:
            rows.append(((name, "muted"), (_pair(pair), "warn")))
    rows += [*_parting_lines(found, width), ()]
    if found.settings:
        columns = [
            Column("set differently", [(path, "strong") for path, _, _ in found.settings], 0, left=True),
            Column("-", [(value, "bad") for _, value, _ in found.settings], 1, left=True),
            Column("+", [(value, "good") for _, _, value in found.settings], 1, left=True),
        ]
        rows += [*_settings(columns, width), ()]
    for stage in found.stages:
        rows += _stage_lines(found, stage, width)
    return rows


def _settings(columns: Sequence[Column], width: int) -> list[Line]:
    """Values that do not fit beside each other stand below each other."""
    if sum(column.width + 2 for column in columns) <= width:
        return table(columns, width)
    rows: list[Line] = [((columns[0].title, "muted"),)]
    for (path, style), *values in zip(*(column.cells for column in columns), strict=True):
        rows.append(((path, style),))
        rows += (((f"  {side} ", "muted"), value) for side, value in zip(SIDES, values, strict=True))
    return rows


def _parting_lines(found: RunsCompared, width: int) -> list[Line]:
    parting = found.parting
    if parting is None:
        return [((("the two runs are the same" if found.same else "they were asked and answered alike"), "good"),)]
    at = " and ".join("never" if place is None else seconds(place.time_ns) for place in parting.at)
    where = f"{parting.stage}, round {parting.round}: {parting.what}"
    first: Line = (("first divergence  ", "muted"), (where, "warn"))
    if measure(first) + len(at) + 4 <= width:
        return [(*first, (f" at {at}", "text"))]
    return [first, ((f"  at {at}", "text"),)]


def _stage_lines(found: RunsCompared, stage: StagePair, width: int) -> Iterator[Line]:
    """What the stage came to, and its lanes side by side."""
    words: list[Piece] = [
        (stage.stage, "strong"),
        (f" {stage.round}" if stage.round > 1 else "", "strong"),
        ("  ", "text"),
    ]
    if not all(stage.planned):
        words.append((f"only in {SIDES[0] if stage.planned[0] else SIDES[1]}", "warn"))
    else:
        words.append(("the same", "good") if stage.same else ("differs", "warn"))
        if stage.verdict[0] != stage.verdict[1]:
            words.append((f"  {_pair(stage.verdict)}", "warn"))
        if stage.outcome[0] != stage.outcome[1]:
            words.append((f"  {_pair(stage.outcome)}", "warn"))
        words.append((f"  {_time_change(stage.duration_ns)}  {_cost_change(stage.cost_usd)}", "muted"))
    yield tuple(words)
    longest = max((_end(found, lane) for lanes in found.lanes for lane in lanes), default=0)
    bins = longest // found.bin_ns + 1
    cells = max(1, width - LABEL - TIME)
    for side, lanes in enumerate(found.lanes):
        for lane in lanes:
            if (lane.stage, lane.round) == (stage.stage, stage.round):
                counts = (*lane.bins, *([0] * max(0, bins - len(lane.bins))))
                row = blocks(counts, cells)
                end = _end(found, lane)
                yield (f"  {SIDES[side]} ", SIDE_STYLES[side]), (row, "live"), (f"{seconds(end):>{TIME}}", "muted")


def _end(found: RunsCompared, lane: PairLane) -> int:
    return lane.ended_ns if lane.ended_ns is not None else max(lane.started_ns, len(lane.bins) * found.bin_ns)


def text_lines(pieces: Iterable[tuple[str, str]], width: int) -> list[Line]:
    """The word diff, wrapped: a line of the text begins a row."""
    rows: list[Line] = []
    row: list[Piece] = []
    used = 0
    for op, text in merged(pieces):
        opening, closing = MARKS[op]
        for token in _TOKEN.findall(opening + clean(text) + closing):
            if token == "\n":
                rows.append(tuple(row))
                row, used = [], 0
                continue
            token = token.replace("\t", "    ")
            if used and used + width_of(token) > width:
                rows.append(tuple(row))
                row, used = [], 0
                if token.isspace():
                    continue
            while width_of(token) > width:
                cut = _fitting(token, width)
                rows.append(((token[:cut], STYLES[op]),))
                token = token[cut:]
            row.append((token, STYLES[op]))
            used += width_of(token)
    return [*rows, tuple(row)] if row else rows


def _fitting(token: str, width: int) -> int:
    """How many characters fit; one at least."""
    count = min(len(token), width)
    while count > 1 and width_of(token[:count]) > width:
        count -= 1
    return max(1, count)


def merged(pieces: Iterable[tuple[str, str]]) -> Iterator[tuple[str, str]]:
    """Pieces of which one was told in two pages, in one."""
    held: list[str] = []
    last = ""
    for op, text in pieces:
        if op != last and held:
            yield last, "".join(held)
            held = []
        last = op
        held.append(text)
    if held:
        yield last, "".join(held)


def _pair(pair: tuple[str | None, str | None]) -> str:
    return " → ".join("none" if each is None else each for each in pair)


def _cost_change(pair: tuple[str | None, str | None]) -> str:
    costs = [None if each is None else Decimal(each) for each in pair]
    told = " → ".join(UNKNOWN if cost is None else f"${dollars(cost)}" for cost in costs)
    if costs[0] is None or costs[1] is None:
        return told
    change = costs[1] - costs[0]
    return f"{told} ({'-' if change < 0 else '+'}${dollars(abs(change))})"


def _time_change(pair: tuple[int | None, int | None]) -> str:
    told = " → ".join(map(seconds, pair))
    if pair[0] is None or pair[1] is None:
        return told
    return f"{told} ({(pair[1] - pair[0]) / 1e9:+.3f} s)"
