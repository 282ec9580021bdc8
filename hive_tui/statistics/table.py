"""Many runs' calls, told together by model and endpoint: Parquet files, read and written by DuckDB in memory.

Each run's file is immutable and its own; there is no database file that two processes could want at once.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path
from types import TracebackType
from typing import Any

import duckdb
import msgspec

from hive_tui.interrupted import interruptible
from hive_tui.statistics.groups import Group, Spread, Wanted
from hive_tui.statistics.rows import Row

AT_ONCE = 100
"""Rows in one statement: a statement a row takes twice as long."""
_TYPES = {
    "str": "VARCHAR",
    "int": "BIGINT",
    "bool": "BOOLEAN",
    "float": "DOUBLE",
    "tuple[int, ...]": "BIGINT[]",
}
_COLUMNS = {name: _TYPES[kind.removesuffix(" | None")] for name, kind in Row.__annotations__.items()}


class TableError(Exception):
    """A file could not be written, or is no table of calls; the message says which and why."""


class CallTable:
    """A connection of its own; to be used as a context."""

    def __init__(self) -> None:
        settings: dict[str, str | bool | int | float | list[str]] = {
            "threads": 1,
            "autoinstall_known_extensions": False,
            "autoload_known_extensions": False,
        }
        self._database = duckdb.connect(":memory:", config=settings)

    def __enter__(self) -> CallTable:
        return self

    def __exit__(self, _kind: type[BaseException] | None, _: BaseException | None, __: TracebackType | None) -> None:
        self._database.close()

    def write(self, rows: Sequence[Row], path: Path) -> None:
        """Make a Parquet file of some calls. Raises TableError."""
        columns = ", ".join(f'"{name}" {kind}' for name, kind in _COLUMNS.items())
        try:
            with interruptible():
                self._database.execute(f"CREATE OR REPLACE TABLE calls ({columns})")
                for start in range(0, len(rows), AT_ONCE):
                    some = rows[start : start + AT_ONCE]
                    marks = ", ".join([f"({', '.join('?' * len(_COLUMNS))})"] * len(some))
                    values = [_plain(value) for row in some for value in msgspec.structs.astuple(row)]
                    self._database.execute(f"INSERT INTO calls VALUES {marks}", values)
                self._database.table("calls").write_parquet(str(path), compression="zstd")
        except duckdb.Error as error:
            raise TableError(f"{path}: cannot be written: {error}") from error

    def groups(self, files: Sequence[Path], wanted: Wanted) -> list[Group]:
        """What those files' calls took, by model and endpoint; most calls first. Raises TableError."""
        if not files:
            return []
        where, values = _filter(wanted)
        try:
            with interruptible():
                self._database.read_parquet([str(file) for file in files]).create_view("every", replace=True)
                self._database.execute("DROP TABLE IF EXISTS chosen")
                self._database.execute(f"CREATE TEMP TABLE chosen AS SELECT * FROM every{where}", values)
                found = self._database.execute(_GROUPS)
                names = [column[0] for column in found.description or ()]
                return [_group(dict(zip(names, row, strict=True))) for row in found.fetchall()]
        except duckdb.Error as error:
            raise TableError(f"the runs' statistics cannot be read: {error}") from error


def _plain(value: object) -> object:
    return list(value) if isinstance(value, tuple) else value


def _filter(wanted: Wanted) -> tuple[str, list[str | int]]:
    parts: list[str] = []
    values: list[str | int] = []
    for column, names in (("model", wanted.models), ("endpoint", wanted.endpoints)):
        if names:
            parts.append("(" + " OR ".join([f"{column} LIKE ? ESCAPE '!'"] * len(names)) + ")")
            values += map(_pattern, names)
    if wanted.since_ns:
        parts.append("wall_ns >= ?")
        values.append(wanted.since_ns)
    return (" WHERE " + " AND ".join(parts) if parts else ""), values


def _pattern(name: str) -> str:
    """As LIKE has it: only the star is special."""
    for special in "!%_":
        name = name.replace(special, "!" + special)
    return name.replace("*", "%")


def _spread(column: str) -> str:
    return f"""count({column}) AS {column}_count, quantile_disc({column}, [0.5, 0.95, 0.99]) AS {column}_percentiles,
        max({column}) AS {column}_max"""


_KEY = "model, endpoint, simulated"
_GROUPS = f"""
WITH counted AS (
    SELECT {_KEY}, unnest(gaps_us) AS gap, unnest(gap_counts) AS times FROM chosen
), by_length AS (
    SELECT {_KEY}, gap, sum(times) AS times FROM counted GROUP BY {_KEY}, gap
), ranked AS (
    SELECT {_KEY}, gap, times, sum(times) OVER (PARTITION BY {_KEY} ORDER BY gap) AS upto,
        sum(times) OVER (PARTITION BY {_KEY}) AS every FROM by_length
), gaps AS (
    SELECT {_KEY}, any_value(every) AS gap_count,
        min(gap) FILTER (upto * 100 >= every * 50) AS gap_50,
        min(gap) FILTER (upto * 100 >= every * 95) AS gap_95,
        min(gap) FILTER (upto * 100 >= every * 99) AS gap_99
    FROM ranked GROUP BY {_KEY}
), calls AS (
    SELECT {_KEY}, count(DISTINCT run) AS runs, count(*) AS calls,
        count(*) FILTER (outcome IN ('errored', 'truncated', 'timed_out')) AS failed,
        count(*) FILTER (outcome IS NOT NULL AND outcome <> 'cancelled') AS over_,
        count(*) FILTER (reason IN ('retry', 'fallback')) AS retries,
        coalesce(sum(stalls), 0) AS stalls,
        {_spread("connect_ns")}, {_spread("first_token_ns")}, {_spread("tokens_per_s")},
        max(gap_max_ns) AS gap_max, coalesce(sum(tokens), 0) AS tokens,
        coalesce(sum(TRY_CAST(cost_usd AS DECIMAL(38, 18))), 0) AS cost,
        count(*) FILTER (TRY_CAST(cost_usd AS DECIMAL(38, 18)) IS NULL) AS cost_unknown
    FROM chosen GROUP BY {_KEY}
)
SELECT * FROM calls LEFT JOIN gaps USING ({_KEY}) ORDER BY calls DESC, model, endpoint, simulated
"""


def _group(row: dict[str, Any]) -> Group:
    def spread(column: str) -> Spread:
        p50, p95, p99 = row[f"{column}_percentiles"] or (None, None, None)
        return Spread(row[f"{column}_count"], p50, p95, p99, row[f"{column}_max"])

    p50, p95, p99 = (None if row[name] is None else row[name] * 1000 for name in ("gap_50", "gap_95", "gap_99"))
    return Group(
        model=row["model"],
        endpoint=row["endpoint"],
        simulated=row["simulated"],
        runs=row["runs"],
        calls=row["calls"],
        failed=row["failed"],
        over=row["over_"],
        retries=row["retries"],
        stalls=int(row["stalls"]),
        connect_ns=spread("connect_ns"),
        first_token_ns=spread("first_token_ns"),
        gaps_ns=Spread(int(row["gap_count"] or 0), p50, p95, p99, row["gap_max"]),
        tokens_per_s=spread("tokens_per_s"),
        tokens=int(row["tokens"]),
        cost_usd=Decimal(row["cost"]),
        cost_unknown=row["cost_unknown"],
    )
