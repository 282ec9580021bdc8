"""Pages of the catalogue: rows that fit what is looked for, with the pieces of text that were found."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence

import msgspec

from hive_tui.history.filters import Wanted
from hive_tui.recording.summary import Summary

PREVIEW = 600
"""Characters of an answer that a row shows."""
FOUND, FOUND_END = "\x02", "\x03"
"""Stand around a hit in `Row.found`."""
PIECE = 24
"""Words of the piece of text that shows a hit."""
DEPTH = 200
"""Forks of forks that are told as such."""
_COLUMNS = (
    "wall_ns, question, plan, profile, simulated, outcome, decision, duration_ns, cost_usd, models, chunks, "
    "answer_size, seq, parent, orphan, source, marked, live, size, fault"
)
_ORPHAN = "parent != '' AND NOT EXISTS (SELECT 1 FROM runs AS up WHERE up.run = runs.parent)"
_FACTS = _COLUMNS.replace("orphan", _ORPHAN)
# A parent is older than its fork; whatever else a recording says would make the tree go round.
_TREE = f"""
WITH RECURSIVE kin(id, run, root, path, depth) AS (
    SELECT id, run, run, run, 0 FROM runs
        WHERE parent = '' OR parent >= run OR NOT EXISTS (SELECT 1 FROM runs AS up WHERE up.run = runs.parent)
    UNION ALL
    SELECT runs.id, runs.run, kin.root, kin.path || '/' || runs.run, kin.depth + 1 FROM kin JOIN runs
        ON runs.parent = kin.run AND runs.parent < runs.run AND kin.depth < {DEPTH})
SELECT kin.id, kin.run, depth, {_FACTS} FROM kin JOIN runs ON runs.id = kin.id"""


class Row(msgspec.Struct, frozen=True):
    """A run as a list shows it."""

    summary: Summary
    parent: str
    """The run that it was forked from; empty for one that is no fork."""
    orphan: bool
    """A fork whose parent is not there."""
    depth: int
    """In a tree: how many of its ancestors are there."""
    marked: bool
    live: bool
    size: int
    """Bytes on the disk."""
    fault: str
    """Why it cannot be read; empty when it can."""
    answer: str = ""
    """The beginning of its answer."""
    found: str = ""
    """A piece of the text with what was looked for, between `FOUND` and `FOUND_END`."""
    source: str = ""
    """The run of which it is a redacted copy; empty for one that is none."""


class Page(msgspec.Struct, frozen=True):
    rows: tuple[Row, ...]
    total: int
    """How many runs fit in all."""


def page(connection: sqlite3.Connection, wanted: Wanted, first: int, limit: int | None, *, tree: bool) -> Page:
    """Rows from number `first` on; those of a bounded page come with the beginnings of their answers.

    Raises:
        sqlite3.Error: the catalogue is damaged or held by another process.
    """
    conditions = [f"({each.sql})" for each in wanted.conditions]
    values = [value for each in wanted.conditions for value in each.values]
    if wanted.match:
        conditions.append("runs.id IN (SELECT rowid FROM texts WHERE texts MATCH ?)")
        values.append(wanted.match)
    where = f"WHERE {' AND '.join(conditions)}" if conditions else ""
    total: int = connection.execute(f"SELECT count(*) FROM runs {where}", values).fetchone()[0]
    begin = _TREE if tree else f"SELECT id, run, 0, {_FACTS} FROM runs"
    order = "root DESC, path" if tree else "run DESC"
    sql = f"{begin} {where} ORDER BY {order} LIMIT ? OFFSET ?"
    found = connection.execute(sql, [*values, -1 if limit is None else limit, first]).fetchall()
    shown = {} if limit is None else _texts(connection, [id_ for id_, *_ in found], wanted.match)
    rows = (_row(run, depth, rest, *shown.get(id_, ("", ""))) for id_, run, depth, *rest in found)
    return Page(tuple(rows), total)


def _texts(connection: sqlite3.Connection, ids: Sequence[int], match: str) -> dict[int, tuple[str, str]]:
    """By row: the answer's beginning, and the piece with what was looked for."""
    numbers = ", ".join(map(str, ids))
    sql = f"SELECT rowid, substr(answer, 1, {PREVIEW}) FROM texts WHERE rowid IN ({numbers})"
    answers = dict(connection.execute(sql).fetchall())
    pieces: dict[int, str] = {}
    if match:
        piece = f"snippet(texts, -1, ?, ?, '…', {PIECE})"
        sql = f"SELECT rowid, {piece} FROM texts WHERE texts MATCH ? AND rowid IN ({numbers})"
        pieces = dict(connection.execute(sql, (FOUND, FOUND_END, match)).fetchall())
    return {id_: (answer, pieces.get(id_, "")) for id_, answer in answers.items()}


def _row(run: str, depth: int, values: Sequence[object], answer: str, found: str) -> Row:
    told = dict(zip(_COLUMNS.split(", "), values, strict=True), run=run)
    parent, source, fault, size = (told.pop(name) for name in ("parent", "source", "fault", "size"))
    orphan, marked, live = bool(told.pop("orphan")), bool(told.pop("marked")), bool(told.pop("live"))
    told["models"] = tuple(filter(None, str(told["models"]).split("\n")))
    told["simulated"] = bool(told["simulated"])
    summary = msgspec.convert(told, Summary)
    known = (orphan, depth, marked, live, int(str(size)), str(fault), answer, found)
    return Row(summary, str(parent), *known, source=str(source))
