"""Rows of the runs screen: a run in one line, and all that is known of the one at the cursor."""

from __future__ import annotations

import datetime
from collections.abc import Iterator
from decimal import Decimal

from rich.cells import chop_cells

from hive_tui.core.run_commands import RunRow
from hive_tui.tui.facts import money, one_line
from hive_tui.tui.lines import PROMPT, UNKNOWN, Line, Piece, clip, cut, fit

WHOLE = 100
"""Columns from which all of a run's figures are shown in its line."""
SELECTED, MARKED = "●", "◆"
FOUND, FOUND_END = "\x02", "\x03"
_OUTCOMES = {"finished": "good", "running": "live", "errored": "bad", "unreadable": "bad"}


def heading(width: int) -> Line:
    """What the columns are."""
    figures = _figures(("begun", "outcome", "plan", "took", "cost"), width)
    return fit([("   ", "muted"), *figures, ("question", "muted")], [], width, (" ", "ground"))


def _figures(values: tuple[str, str, str, str, str], width: int, outcome: str = "muted") -> list[Piece]:
    begun, ended, plan, took, cost = values
    if width < WHOLE:
        return [(f"{begun[-11:]:<11} ", "muted"), (f"{ended:<10} ", outcome)]
    return [
        (f"{begun:<16}  ", "muted"),
        (f"{ended:<10}  ", outcome),
        (f"{plan[:8]:<8} {took:>8} {cost:>10}  ", "muted"),
    ]


def row(run: RunRow, width: int, *, here: bool, selected: bool) -> Line:
    """One run; `here` is where the cursor stands."""
    told = run.summary
    signs = (PROMPT if here else " ") + (SELECTED if selected else " ") + (MARKED if run.marked else " ")
    figures = (_when(told.wall_ns), told.outcome, one_line(told.plan), _seconds(told.duration_ns), _cost(told.cost_usd))
    pieces: list[Piece] = [(signs, "role"), *_figures(figures, width, _OUTCOMES.get(told.outcome, "warn"))]
    if run.depth:
        pieces.append(("  " * min(run.depth - 1, 6) + "└ ", "faint"))
    if told.simulated:
        pieces.append(("SIM ", "warn"))
    if run.source:
        pieces.append(("redacted ", "muted"))
    pieces.append((one_line(told.question[:500] or run.fault or told.run), "text" if told.question else "muted"))
    if here:
        pieces = [(text, "selected") for text, _ in pieces]
    return fit(clip(pieces, width), [], width, (" ", "selected" if here else "ground"))


def details(run: RunRow | None, width: int, height: int) -> list[Line]:
    """What is known of a run, in so many rows."""
    if run is None or height < 1:
        return []
    told = run.summary
    marks = [word for word, there in (("marked", run.marked), ("SIMULATED", told.simulated)) if there]
    origin = [one_line(f"fork of {run.parent}") + " (gone)" * run.orphan] if run.parent else []
    origin += [one_line(f"redacted copy of {run.source}")] if run.source else []
    figures = [
        one_line(f"{told.plan} · {told.profile}") if told.plan else "",
        f"decided by {told.decision}" if told.decision else told.outcome,
        _seconds(told.duration_ns),
        _cost(told.cost_usd),
        f"{told.chunks:,} chunks",
        f"{run.size / 1000:,.1f} kB",
        *origin,
    ]
    lines: list[Line] = [((one_line(told.run), "strong"), *((f" · {mark}", "warn") for mark in marks))]
    for text, style in ((run.fault, "bad"), (told.question, "text")):
        lines += [((part, style),) for part in _cut_rows(_wrapped(text, width), width, max(1, height - 4))]
    lines += _found(run.found, width, max(1, height - len(lines) - 2))
    lines.append(((" · ".join(filter(None, figures)), "muted"),))
    if told.models:
        lines.append(((one_line(", ".join(told.models)), "muted"),))
    if not run.found:
        lines += [((part, "faint"),) for part in _wrapped(run.answer, width)]
    return [fit(clip(line, width), [], width, (" ", "ground")) for line in lines[:height]]


def _wrapped(text: str, width: int) -> list[str]:
    flat = one_line(text[:2000])
    return chop_cells(flat, max(1, width)) if flat else []


def _cut_rows(rows: list[str], width: int, count: int) -> list[str]:
    """The first of the rows, the loss of others marked with an ellipsis."""
    return rows if len(rows) <= count else [*rows[: count - 1], cut(rows[count - 1] + rows[count], width)]


def _found(text: str, width: int, height: int) -> Iterator[Line]:
    """The piece of text that was found, with its hits marked."""
    line: list[Piece] = []
    room, rows = width, 0
    for at, part in enumerate(text.replace(FOUND_END, FOUND).split(FOUND)):
        flat = one_line(f"|{part}|")[1:-1]  # Spaces at its ends belong to it.
        while flat and rows < height:
            piece = chop_cells(flat, max(1, room))[0]
            line.append((piece, "match" if at % 2 else "muted"))
            flat, room = flat[len(piece) :], room - len(piece)
            if flat or room < 1:
                yield tuple(line)
                line, room, rows = [], width, rows + 1
    if line:
        yield tuple(line)


def _when(wall_ns: int) -> str:
    if not wall_ns:
        return UNKNOWN
    return f"{datetime.datetime.fromtimestamp(wall_ns / 1e9, datetime.UTC).astimezone():%Y-%m-%d %H:%M}"


def _seconds(ns: int) -> str:
    return f"{ns / 1e9:.1f} s"


def _cost(cost: str | None) -> str:
    return money(None if cost is None else Decimal(cost)) or UNKNOWN
