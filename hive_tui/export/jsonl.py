"""JSON Lines: a recording as text that goes back to a recording with the same payloads, byte for byte.

The first line is a header (`hive_jsonl` is the format's version, `end` how the recording ends), then one record a line,
oldest first, and a last line that counts them and has their SHA-256 as they stand in a log: a file without it was cut
short. A delta's line holds its text and `chunks`, for each chunk its age in microseconds when the record was made, its
length in bytes, and 1 when it only goes on with the chunk before it. Any other record's line holds its fields as
`event`. A record whose JSON would not give the same bytes again (a newer version's kind or field) holds its payload in
base64 instead.
"""

from __future__ import annotations

import hashlib
from codecs import BOM_UTF8
from collections.abc import Iterator
from contextlib import suppress
from enum import StrEnum
from typing import Any

import msgspec

from hive_tui import wire
from hive_tui.events import Channel, Delta, Event, Unknown
from hive_tui.export.jsontext import escaped
from hive_tui.recording.timeline import Timeline
from hive_tui.wire import CHUNK, CONTINUES, DELTA_KIND, HEADER, HEADER_SIZE, KINDS, LENGTH_MASK, WireError

VERSION = 1
GZIP = b"\x1f\x8b"
"""How a file begins that gzip made (RFC 1952)."""
U32, U64 = 1 << 32, 1 << 64
MAX_PAYLOAD = 32 * 1024 * 1024
"""Bytes of one record's payload, so that a block with it stays within what a log's frame may hold."""

_NAMES = {number: type_.__name__ for number, type_ in KINDS.items()}
_KINDS = {name: number for number, name in _NAMES.items()}


class LineError(ValueError):
    """A line that is not what the format promises."""


class Ending(StrEnum):
    """How the recording ends that a file was made of; an imported one ends as it does."""

    SOUND = "sound"
    TORN = "torn"
    """Without a sound end: the run went on, or its writer was killed."""
    CUT = "cut"
    """The recording goes on, the export does not."""


class Header(msgspec.Struct, frozen=True):
    hive_jsonl: int
    run: str
    wall_ns: int
    """Unix time of the run's time 0."""
    version: str = ""
    """Version of Hive that made the recording."""
    simulated: bool = False
    """For those who read no further: some of the answers are a simulator's."""
    end: Ending = Ending.SOUND
    source: str = ""
    """The run of which the recording is a redacted copy."""


class Line(msgspec.Struct, frozen=True, omit_defaults=True):
    """One record; which of the last fields it has, its kind says."""

    seq: int
    time_ns: int
    stream: int
    slot: int
    kind: str | int
    flags: int = 0
    event: msgspec.Raw = msgspec.Raw(b"")
    channel: int | None = None
    chunks: tuple[tuple[int, ...], ...] = ()
    text: str = ""
    payload: bytes | None = None


class End(msgspec.Struct, frozen=True, omit_defaults=True):
    records: int
    sha256: str = ""
    """Of all records, as `record_of` gives them; whoever changes a line takes it away."""


_encode = msgspec.json.Encoder().encode
_decode_line: msgspec.json.Decoder[Line] = msgspec.json.Decoder(Line)


def lines(timeline: Timeline, until: int, *, simulated: bool) -> Iterator[bytes]:
    """The file, a block of lines at a time, up to the record with sequence `until`.

    Raises:
        DamagedError: a block is damaged.
    """
    header = timeline.blocks.header
    end = Ending.SOUND if timeline.blocks.complete else Ending.TORN
    if until < timeline.last_seq:
        end = Ending.CUT
    yield _line(Header(VERSION, header.run, header.wall_ns, header.version, simulated, end, header.source))
    count, digest = 0, hashlib.sha256()
    for raw in blocks(timeline, until):
        found = [escaped(_encode(line)) for line in lines_of(raw)]
        count += len(found)
        digest.update(raw)
        yield b"\n".join([*found, b""])
    yield _line(End(count, digest.hexdigest()))


def _line(value: object) -> bytes:
    return escaped(_encode(value)) + b"\n"


def blocks(timeline: Timeline, until: int) -> Iterator[bytes]:
    """The records up to that sequence as they stand in the log, a block at a time. Raises DamagedError."""
    for index, place in enumerate(timeline.blocks.places):
        if place.span.first_seq > until:
            return
        raw = timeline.blocks.raw(index)
        yield raw if place.span.last_seq <= until else raw[: _behind(raw, until)]


def _behind(raw: bytes, seq: int) -> int:
    """Where the first record behind that sequence begins."""
    offset = 0
    while offset < len(raw):
        length, _, _, _, _, number, _ = HEADER.unpack_from(raw, offset)
        if number > seq:
            break
        offset += HEADER_SIZE + length
    return offset


def lines_of(raw: bytes) -> Iterator[Line]:
    """A line for each record."""
    offset = 0
    while offset < len(raw):
        length, kind, flags, slot, stream, seq, time_ns = HEADER.unpack_from(raw, offset)
        offset += HEADER_SIZE
        payload = raw[offset : offset + length]
        offset += length
        yield Line(seq, time_ns, stream, slot, _NAMES.get(kind, kind), **_content(kind, flags, payload))


def _content(kind: int, flags: int, payload: bytes) -> dict[str, Any]:
    """The fields that give the payload again."""
    try:
        event = wire.decode_payload(kind, flags, payload)
    except WireError:
        event = Unknown(kind, payload, flags)
    if isinstance(event, Delta):
        return {
            "channel": int(event.channel),
            "chunks": tuple(
                (age, length) if length < CONTINUES else (age, length & LENGTH_MASK, 1)
                for age, length in CHUNK.iter_unpack(event.table)
            ),
            "text": event.data.decode(),
        }
    if not isinstance(event, Unknown):
        text = _encode(event)
        if _payload_of(kind, text) == payload:
            return {"event": msgspec.Raw(text)}
    return {"payload": payload, "flags": flags}


def _payload_of(kind: int, text: bytes | msgspec.Raw) -> bytes | None:
    """The payload of an event's JSON; `None` when that is no event of the kind."""
    try:
        event: Event = msgspec.json.decode(text, type=KINDS[kind])
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return None
    return wire.encode_payload(event)[2]


def decode_header(data: bytes) -> Header:
    """A byte order mark that another tool put before it is none of it.

    Raises:
        LineError: not the first line of such a file, or of a newer version.
    """
    if data.startswith(GZIP):
        raise LineError("this is packed by gzip; unpack it: gunzip FILE")
    try:
        header = msgspec.json.decode(data.removeprefix(BOM_UTF8), type=Header)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise LineError(f"this is no export of Hive (the first line has no hive_jsonl): {error}") from error
    if header.hive_jsonl > VERSION:
        raise LineError(f"made by a newer Hive (format {header.hive_jsonl}, this one reads up to {VERSION})")
    return header


def decode_line(data: bytes) -> Line | End:
    """Raises:
    LineError: neither a record nor the end.
    """
    try:
        return _decode_line.decode(data)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        with suppress(msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
            return msgspec.json.decode(data, type=End)
        raise LineError(str(error)) from error


def record_of(line: Line) -> bytes:
    """The record, as it stands in a log.

    Raises:
        LineError: the line holds no record, or one that a log could not keep.
    """
    kind = _KINDS.get(line.kind) if isinstance(line.kind, str) else line.kind
    if kind is None:
        raise LineError(f"unknown kind {line.kind!r}")
    payload = _payload(line, kind)
    if payload is None:
        raise LineError(f"holds no event of the kind {line.kind}")
    if len(payload) > MAX_PAYLOAD:
        raise LineError(f"holds {len(payload)} bytes; a record may have {MAX_PAYLOAD}")
    if not (0 <= kind < 1 << 16 and 0 <= line.flags < 1 << 16):
        raise LineError("kind or flags beyond 16 bits")
    if not (0 <= line.slot < U32 and 0 <= line.stream < U32 and 0 < line.seq < U64 and 0 <= line.time_ns < U64):
        raise LineError("slot, stream, seq or time_ns beyond its bits")
    try:
        wire.decode_payload(kind, line.flags, payload)
    except WireError as error:
        raise LineError(str(error)) from error
    return HEADER.pack(len(payload), kind, line.flags, line.slot, line.stream, line.seq, line.time_ns) + payload


def _payload(line: Line, kind: int) -> bytes | None:
    if line.payload is not None:
        return line.payload
    if kind != DELTA_KIND:
        return _payload_of(kind, line.event) if kind in KINDS else None
    if line.channel is None or line.channel not in Channel.__members__.values():
        return None
    table = b"".join(_entry(chunk) for chunk in line.chunks)
    return wire.encode_payload(Delta(Channel(line.channel), table, line.text.encode()))[2]


def _entry(chunk: tuple[int, ...]) -> bytes:
    match chunk:
        case (age, length) if 0 <= age < U32 and 0 <= length < CONTINUES:
            return CHUNK.pack(age, length)
        case (age, length, 1) if 0 <= age < U32 and 0 <= length < CONTINUES:
            return CHUNK.pack(age, length | CONTINUES)
    raise LineError(f"chunks: expected [age, length] or [age, length, 1], got {list(chunk)}")
