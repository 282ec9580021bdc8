"""Parquet (https://parquet.apache.org/docs/file-format/): one row a record, with the columns that statistics ask for.

DuckDB writes it, from rows that go through a file of their own: neither they nor the result are held in memory.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from io import FileIO
from pathlib import Path
from typing import Any

import msgspec

from hive_tui.events import (
    AttemptEnded,
    AttemptOpened,
    AttemptStarted,
    Delta,
    Event,
    Record,
    RetryScheduled,
    RunEnded,
    StageEnded,
    StageStarted,
    Unknown,
    UsageReported,
    Warned,
)
from hive_tui.interrupted import interruptible
from hive_tui.recording.timeline import Timeline
from hive_tui.wire import CHUNK, KINDS, chunk_count

PIECE = 1024 * 1024
LEAST_ROW = 1024 * 1024
"""Bytes of a row, as JSON, that DuckDB is always told to expect. It keeps room for two of the longest."""
ROW_GROUP = 16 * 1024
"""Rows that DuckDB holds before it writes them."""
_NAMES = {type_: type_.__name__ for type_ in KINDS.values()}


class NotMadeError(Exception):
    """The file could not be made in the folder for temporary files; the message says why."""


class Row(msgspec.Struct, frozen=True, omit_defaults=True):
    """A record; `None` where its kind has no such field."""

    run: str
    simulated: bool
    """Of the run: some of its answers are a simulator's."""
    seq: int
    time_ns: int
    """Monotonic, since the run began."""
    wall_ns: int | None
    """Unix time of the run's time 0, plus `time_ns`."""
    stream: int
    kind: str
    stage: str | None = None
    """Of a stage's and of an attempt's every record."""
    round: int | None = None
    model: str | None = None
    endpoint: str | None = None
    channel: str | None = None
    chunks: int | None = None
    size: int | None = None
    """Bytes of a delta's text."""
    first_age_us: int | None = None
    """How long before `time_ns` the first chunk came."""
    text: str | None = None
    status: int | None = None
    outcome: str | None = None
    finish_reason: str | None = None
    verdict: str | None = None
    decision: str | None = None
    error: str | None = None
    """The error's kind."""
    message: str | None = None
    """Of an error or a warning."""
    wait_ms: int | None = None
    prompt_tokens: int | None = None
    completion_tokens: int | None = None
    reasoning_tokens: int | None = None
    cached_tokens: int | None = None
    tokens_by: str | None = None
    """Who counted them."""
    cost_usd: str | None = None
    """As it was reported, in full precision."""


_COUNTS = range(1 << 63)
"""What a column holds; a number beyond is left out: a recording may come from anybody."""
_UNSIGNED = frozenset({"seq", "time_ns"})
_TYPES = {"str": "VARCHAR", "int": "BIGINT", "bool": "BOOLEAN"}


def columns() -> dict[str, str]:
    """Name and DuckDB's type of each."""
    named = Row.__annotations__
    return {
        name: "UBIGINT" if name in _UNSIGNED else _TYPES[named[name].removesuffix(" | None")]
        for name in Row.__struct_fields__
    }


def pieces(timeline: Timeline, until: int, *, simulated: bool) -> Iterator[bytes]:
    """The file, up to the record with sequence `until`.

    Raises:
        DamagedError: a block is damaged.
        hive_tui.wire.WireError: a sound block holds bytes that are no records.
        NotMadeError: there is no room for it, say.
    """
    import duckdb

    with tempfile.TemporaryDirectory(prefix="hive-export-") as name:
        rows, made = Path(name, "rows.json"), Path(name, "events.parquet")
        encode = msgspec.json.Encoder().encode
        longest = LEAST_ROW
        with rows.open("wb", buffering=0) as out:
            held = bytearray()
            for row in rows_of(timeline, until, simulated=simulated):
                line = encode(row) + b"\n"
                longest = max(longest, len(line))
                held += line
                if len(held) >= PIECE:
                    _write(out, held)
                    held = bytearray()
            _write(out, held)
        settings: dict[str, str | bool | int | float | list[str]] = {
            "threads": 1,
            "autoinstall_known_extensions": False,
            "temp_directory": name,
        }
        try:
            with interruptible(), duckdb.connect(":memory:", config=settings) as database:
                source = database.read_json(
                    str(rows), columns=columns(), format="newline_delimited", maximum_object_size=longest
                )
                source.write_parquet(str(made), compression="zstd", row_group_size=ROW_GROUP)
        except duckdb.Error as error:
            raise NotMadeError(str(error)) from error
        with made.open("rb") as file:
            while piece := file.read(PIECE):
                yield piece


def _write(out: FileIO, data: bytearray) -> None:
    view = memoryview(data)
    try:
        while view:
            view = view[out.write(view) :]
    except OSError as error:
        raise NotMadeError(error.strerror) from error


def rows_of(timeline: Timeline, until: int, *, simulated: bool) -> Iterator[Row]:
    header = timeline.blocks.header
    begun: dict[int, dict[str, Any]] = {}
    for record in timeline.records(0):
        if record.seq > until:
            return
        event = record.event
        if isinstance(event, AttemptStarted):
            begun[record.stream] = {
                "stage": event.stage,
                "round": event.round,
                "model": event.model,
                "endpoint": event.endpoint,
            }
        facts = {**begun.get(record.stream, {}), **_facts(event)}
        wall_ns = header.wall_ns + record.time_ns
        yield Row(
            header.run,
            simulated,
            record.seq,
            record.time_ns,
            wall_ns if wall_ns in _COUNTS else None,
            record.stream,
            _kind(record),
            **{name: value for name, value in facts.items() if not isinstance(value, int) or value in _COUNTS},
        )


def _kind(record: Record) -> str:
    event = record.event
    return str(event.kind) if isinstance(event, Unknown) else _NAMES[type(event)]


def _facts(event: Event) -> dict[str, Any]:
    match event:
        case Delta():
            return {
                "channel": event.channel.name.lower(),
                "chunks": chunk_count(event.table),
                "size": len(event.data),
                "first_age_us": CHUNK.unpack_from(event.table)[0] if event.table else None,
                "text": event.data.decode(),
            }
        case StageStarted():
            return {"stage": event.stage, "round": event.round}
        case StageEnded():
            return {"stage": event.stage, "round": event.round, "verdict": event.verdict}
        case AttemptOpened():
            return {"status": event.status}
        case UsageReported(usage=usage):
            return {
                "prompt_tokens": usage.prompt_tokens,
                "completion_tokens": usage.completion_tokens,
                "reasoning_tokens": usage.reasoning_tokens,
                "cached_tokens": usage.cached_tokens,
                "tokens_by": usage.source,
                "cost_usd": event.cost_usd,
            }
        case RetryScheduled():
            return {"wait_ms": event.wait_ms, "error": event.error.kind, "message": event.error.message}
        case AttemptEnded() | RunEnded():
            facts: dict[str, Any] = {"outcome": event.outcome}
            if event.error is not None:
                facts |= {"error": event.error.kind, "message": event.error.message, "status": event.error.status}
            if isinstance(event, AttemptEnded):
                return {**facts, "finish_reason": event.finish_reason}
            return {**facts, "decision": event.decision}
        case Warned():
            return {"error": event.code, "message": event.message}
    return {}
