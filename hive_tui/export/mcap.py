"""MCAP (https://mcap.dev/spec): a message a record, for tools that look at logs of many streams.

A message's data is the record's line of `jsonl`, so nothing is lost. A topic a stream, and `run` for the run's own;
the log time is the record's, as Unix time. The package `mcap` writes it, which only those need who ask for it.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import IO, Any, cast

import msgspec

from hive_tui.events import AttemptStarted
from hive_tui.export.jsonl import Line, blocks, lines_of
from hive_tui.export.jsontext import escaped
from hive_tui.recording.timeline import Timeline
from hive_tui.wire import KINDS

PIECE = 1024 * 1024
"""Bytes of messages that are packed together."""
_ATTEMPT_STARTED = AttemptStarted.__name__
_NUMBER = {"type": "integer", "minimum": 0}
SCHEMA = {
    "title": "hive.Record",
    "type": "object",
    "properties": {
        "seq": _NUMBER,
        "time_ns": {**_NUMBER, "description": "monotonic, since the run began"},
        "stream": {**_NUMBER, "description": "the attempt's number; 0 is the run"},
        "slot": _NUMBER,
        "kind": {"type": ["string", "integer"], "examples": [type_.__name__ for type_ in KINDS.values()]},
        "flags": _NUMBER,
        "event": {"type": "object", "description": "the fields of any kind but Delta"},
        "channel": {"type": "integer", "description": "of a Delta: 0 answer, 1 reasoning, 2 refusal"},
        "chunks": {
            "type": "array",
            "items": {"type": "array", "items": _NUMBER},
            "description": "of a Delta: age in us, bytes, and 1 when it goes on with the chunk before",
        },
        "text": {"type": "string", "description": "of a Delta"},
        "payload": {"type": "string", "contentEncoding": "base64", "description": "of what JSON could not give again"},
    },
    "required": ["seq", "time_ns", "stream", "slot", "kind"],
}
"""JSON Schema of a message."""
_U32, _U64 = (1 << 32) - 1, (1 << 64) - 1


class NeedsPackageError(Exception):
    """The package that writes this format is not installed."""


class _Held:
    """A file that is taken away as it is written."""

    def __init__(self) -> None:
        self._data = bytearray()
        self._taken = 0

    def write(self, data: bytes) -> int:
        self._data += data
        return len(data)

    def tell(self) -> int:
        return self._taken + len(self._data)

    def flush(self) -> None:
        """All of it is there for `taken`."""

    def taken(self) -> bytes:
        data = bytes(self._data)
        self._taken += len(data)
        self._data.clear()
        return data


def pieces(timeline: Timeline, until: int, *, simulated: bool) -> Iterator[bytes]:
    """The file, up to the record with sequence `until`.

    Raises:
        NeedsPackageError: `mcap` is not there.
        DamagedError: a block is damaged.
    """
    try:
        from mcap.writer import Writer
    except ImportError as error:
        raise NeedsPackageError("mcap") from error
    header, held = timeline.blocks.header, _Held()
    writer = Writer(cast("IO[Any]", held), chunk_size=PIECE)
    writer.start(library=f"hive {header.version}")
    writer.add_metadata("hive", {"run": header.run, "version": header.version, "simulated": str(simulated).lower()})
    schema = writer.register_schema("hive.Record", "jsonschema", msgspec.json.encode(SCHEMA))
    channels: dict[int, int] = {}
    for raw in blocks(timeline, until):
        for line in lines_of(raw):
            channel = channels.get(line.stream)
            if channel is None:
                topic = f"stream/{line.stream}" if line.stream else "run"
                channel = channels[line.stream] = writer.register_channel(topic, "json", schema, _about(line))
            log_ns = min(max(0, header.wall_ns + line.time_ns), _U64)
            age_ns = line.chunks[0][0] * 1000 if line.chunks else 0
            data = escaped(msgspec.json.encode(line))
            writer.add_message(channel, log_ns, data, max(0, log_ns - age_ns), line.seq & _U32)
        yield held.taken()
    writer.finish()  # type: ignore[no-untyped-call]
    yield held.taken()


def _about(line: Line) -> dict[str, str]:
    """Who speaks in a stream, as its first record tells."""
    if line.kind != _ATTEMPT_STARTED or line.payload is not None:
        return {}
    event = msgspec.json.decode(line.event, type=AttemptStarted)
    return {"stage": event.stage, "model": event.model, "endpoint": event.endpoint}
