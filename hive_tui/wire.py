"""Events <-> bytes: the one encoding of the ring, the log and the command socket's answers.

A record is a 32-byte little-endian header and a payload::

    u32 payload length | u16 kind | u16 flags | u32 run slot | u32 stream | u64 sequence | u64 time in ns

Payloads are MessagePack maps by field name (https://msgpack.org), so that fields may be added; a delta's payload is
raw, for it is read a hundred times a second: u32 channel, u32 number of chunks, the chunk table, the text's UTF-8.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator

import msgspec

from hive_tui import events
from hive_tui.events import Channel, Delta, Event, Record, Unknown

HEADER = struct.Struct("<IHHIIQQ")
HEADER_SIZE = HEADER.size
PLACED = 1
"""Flag: the payload was too large for the ring; the record stands in the run's log under the same sequence."""
DELTA_KIND = 6
DELTA_HEAD = struct.Struct("<II")
CHUNK = struct.Struct("<II")
CONTINUES = 0x8000_0000
"""Bit of a chunk's length: this piece goes on with the chunk before it."""
LENGTH_MASK = CONTINUES - 1

KINDS: dict[int, type[Event]] = {
    1: events.RunStarted,
    2: events.StageStarted,
    3: events.StageEnded,
    4: events.AttemptStarted,
    5: events.AttemptOpened,
    DELTA_KIND: Delta,
    7: events.UsageReported,
    8: events.RetryScheduled,
    9: events.AttemptEnded,
    10: events.Warned,
    11: events.CancelRequested,
    12: events.RunEnded,
}
"""Numbers are for ever: a kind that is dropped leaves its number unused."""

_NUMBERS = {type_: number for number, type_ in KINDS.items()}
_DECODERS = {number: msgspec.msgpack.Decoder(type_) for number, type_ in KINDS.items() if type_ is not Delta}
_encode = msgspec.msgpack.Encoder().encode


class WireError(ValueError):
    """Bytes that are no record: cut short, or a payload that contradicts its kind."""


def kind_of(event: Event) -> int:
    """The number of an event's kind."""
    return event.kind if isinstance(event, Unknown) else _NUMBERS[type(event)]


def encode_payload(event: Event) -> tuple[int, int, bytes]:
    """(kind, flags, payload) of an event."""
    if isinstance(event, Delta):
        head = DELTA_HEAD.pack(event.channel, len(event.table) // CHUNK.size)
        return DELTA_KIND, 0, head + event.table + event.data
    if isinstance(event, Unknown):
        return event.kind, event.flags, event.payload
    return _NUMBERS[type(event)], 0, _encode(event)


def encode(record: Record) -> bytes:
    kind, flags, payload = encode_payload(record.event)
    header = HEADER.pack(len(payload), kind, flags, record.slot, record.stream, record.seq, record.time_ns)
    return header + payload


def decode_payload(kind: int, flags: int, payload: bytes | memoryview) -> Event:
    """The event of a payload.

    Raises:
        WireError: the payload is not what its kind promises.
    """
    if flags or kind not in KINDS:
        return Unknown(kind=kind, payload=bytes(payload), flags=flags)
    if kind == DELTA_KIND:
        return _decode_delta(payload)
    try:
        event: Event = _DECODERS[kind].decode(payload)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        # msgspec leaves text that is no UTF-8, and lists in lists without end, to Python's own errors.
        raise WireError(f"{KINDS[kind].__name__}: {error}") from error
    return event


def _decode_delta(payload: bytes | memoryview) -> Event:
    if len(payload) < DELTA_HEAD.size:
        raise WireError("Delta: cut short")
    channel, count = DELTA_HEAD.unpack_from(payload)
    split = DELTA_HEAD.size + count * CHUNK.size
    if split > len(payload):
        raise WireError(f"Delta: {count} chunks announced, {len(payload)} bytes there")
    if channel not in Channel.__members__.values():
        return Unknown(kind=DELTA_KIND, payload=bytes(payload))
    data = bytes(payload[split:])
    if not data.isascii():
        try:
            data.decode()
        except UnicodeDecodeError as error:
            raise WireError(f"Delta: text that is no UTF-8, or is cut inside a character: {error.reason}") from error
    return Delta(channel=Channel(channel), table=bytes(payload[DELTA_HEAD.size : split]), data=data)


def decode(buffer: bytes | memoryview, offset: int = 0) -> tuple[Record, int]:
    """The record at `offset`, and the offset behind it.

    Raises:
        WireError: the buffer ends inside the record, or the payload is malformed.
    """
    start = offset + HEADER_SIZE
    if start > len(buffer):
        raise WireError(f"header cut short at byte {offset}")
    length, kind, flags, slot, stream, seq, time_ns = HEADER.unpack_from(buffer, offset)
    stop = start + length
    if stop > len(buffer):
        raise WireError(f"record {seq} at byte {offset} cut short: {length} bytes announced")
    event = decode_payload(kind, flags, buffer[start:stop])
    return Record(slot=slot, seq=seq, time_ns=time_ns, stream=stream, event=event), stop


def records(buffer: bytes | memoryview) -> Iterator[Record]:
    """All records of a buffer that holds whole ones.

    Raises:
        WireError: see `decode`.
    """
    view = memoryview(buffer)
    offset = 0
    while offset < len(view):
        record, offset = decode(view, offset)
        yield record


def chunks(table: bytes) -> Iterator[tuple[int, int, bool]]:
    """(age in microseconds, length in bytes, whether it continues the chunk before) of each entry of a chunk table."""
    for age_us, length in CHUNK.iter_unpack(table):
        yield age_us, length & LENGTH_MASK, bool(length & CONTINUES)


def chunk_count(table: bytes) -> int:
    """How many chunks begin in this table; pieces that only continue one are not counted."""
    high = table[CHUNK.size - 1 :: CHUNK.size]
    return len(high) if not high or max(high) < 0x80 else sum(1 for byte in high if byte < 0x80)
