"""Parquet: one row a record, as DuckDB reads it back."""

from __future__ import annotations

import resource
from pathlib import Path
from typing import Any

import duckdb
import pytest

from hive_tui import wire
from hive_tui.events import (
    AttemptEnded,
    AttemptStarted,
    Channel,
    ErrorInfo,
    Event,
    Outcome,
    Record,
    RunEnded,
    Unknown,
    Usage,
    UsageReported,
    UsageSource,
)
from hive_tui.export import parquet
from hive_tui.export.parquet import Row, columns, pieces
from hive_tui.recording.format import LogHeader, Span
from hive_tui.recording.timeline import Timeline
from hive_tui.recording.writer import LogWriter
from tests.test_state import START, delta


def written(root: Path, *facts: tuple[int, Event], until: int = 1 << 62) -> Path:
    """The export of a run of (stream, event), one a microsecond."""
    log = LogWriter(root / "run", LogHeader("01J", 5), lambda job: job())
    for seq, (stream, event) in enumerate(facts, 1):
        record = Record(1, seq, seq * 1000, stream, event)
        log.append(wire.encode(record), Span(1, seq, seq, seq * 1000, seq * 1000))
    log.finish()
    timeline = Timeline(root / "run")
    (root / "run.parquet").write_bytes(b"".join(pieces(timeline, until, simulated=True)))
    timeline.close()
    return root / "run.parquet"


def asked(file: Path, query: str) -> list[Any]:
    with duckdb.connect(":memory:") as database:
        return database.execute(query.replace("FILE", f"'{file}'")).fetchall()


def test_a_row_a_record_with_what_its_kind_says(tmp_path: Path) -> None:
    usage = Usage(3, 4, source=UsageSource.PROVIDER)
    file = written(
        tmp_path,
        (0, START),
        (1, AttemptStarted("generator", "sim/one", "simulator")),
        (1, delta("wörd\x00\u2028", Channel.REASONING)),
        (1, UsageReported(usage, "0.0000001")),
        (1, AttemptEnded(Outcome.ERRORED, error=ErrorInfo("auth", "no key", 401))),
        (0, Unknown(200, b"\x01")),
        (0, RunEnded(Outcome.FINISHED)),
    )
    assert asked(file, "SELECT seq, kind FROM FILE ORDER BY seq") == [
        (1, "RunStarted"),
        (2, "AttemptStarted"),
        (3, "Delta"),
        (4, "UsageReported"),
        (5, "AttemptEnded"),
        (6, "200"),
        (7, "RunEnded"),
    ]
    found = asked(file, "SELECT stage, model, channel, chunks, size, text, time_ns, wall_ns FROM FILE WHERE seq = 3")
    assert found == [("generator", "sim/one", "reasoning", 1, 9, "wörd\x00\u2028", 3000, 3005)]
    found = asked(file, "SELECT prompt_tokens, completion_tokens, cost_usd, tokens_by FROM FILE WHERE seq = 4")
    assert found == [(3, 4, "0.0000001", "provider")]
    assert asked(file, "SELECT outcome, error, status FROM FILE WHERE seq = 5") == [("errored", "auth", 401)]
    assert asked(file, "SELECT DISTINCT run, simulated FROM FILE") == [("01J", True)]


def test_the_columns_are_those_of_a_row(tmp_path: Path) -> None:
    file = written(tmp_path, (0, START))
    found = [(name, kind) for name, kind, *_ in asked(file, "DESCRIBE SELECT * FROM FILE")]
    assert found == list(columns().items())
    assert [name for name, _ in found] == list(Row.__struct_fields__)


def test_up_to_a_moment_nothing_later_is_there(tmp_path: Path) -> None:
    file = written(tmp_path, (0, START), (0, RunEnded(Outcome.FINISHED)), until=1)
    assert asked(file, "SELECT max(seq) FROM FILE") == [(1,)]


def test_statistics_can_be_asked_of_it(tmp_path: Path) -> None:
    begun = AttemptStarted("generator", "sim/one", "simulator")
    file = written(tmp_path, (0, START), (1, begun), *((1, delta("word ")) for _ in range(500)))
    query = "SELECT model, sum(chunks), sum(size) FROM FILE WHERE kind = 'Delta' GROUP BY model"
    assert asked(file, query) == [("sim/one", 500, 2500)]


def test_numbers_beyond_a_column_are_left_out(tmp_path: Path) -> None:
    usage = Usage((1 << 64) - 1, 4, source=UsageSource.PROVIDER)
    file = written(tmp_path, (0, START), (1, UsageReported(usage)))
    assert asked(file, "SELECT prompt_tokens, completion_tokens FROM FILE WHERE seq = 2") == [(None, 4)]


def test_no_more_rows_are_held_than_a_group_has(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parquet, "ROW_GROUP", 4096)
    file = written(tmp_path, (0, START), *((0, RunEnded(Outcome.FINISHED)) for _ in range(10_000)))
    rows = asked(file, "SELECT DISTINCT row_group_num_rows FROM parquet_metadata(FILE) ORDER BY 1")
    assert len(rows) >= 2
    assert rows[-1][0] <= 4096
    assert asked(file, "SELECT seq FROM FILE LIMIT 3") == [(1,), (2,), (3,)]


def test_a_row_of_any_length_is_kept(tmp_path: Path) -> None:
    begun = AttemptStarted("generator", "sim/one", "simulator")
    file = written(tmp_path, (0, START), (1, begun), (1, delta("long" * parquet.LEAST_ROW)), (1, delta("short")))
    assert asked(file, "SELECT length(text) FROM FILE WHERE kind = 'Delta' ORDER BY seq") == [
        (4 * parquet.LEAST_ROW,),
        (5,),
    ]


def test_a_full_disk_is_said(tmp_path: Path) -> None:
    whole = written(tmp_path, (0, START), (1, delta("long" * 1000)))
    timeline = Timeline(tmp_path / "run")
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, before[1]))
    try:
        with pytest.raises(parquet.NotMadeError, match="File too large"):
            list(parquet.pieces(timeline, 2, simulated=True))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        timeline.close()
    assert asked(whole, "SELECT count(*) FROM FILE") == [(2,)]
