"""The bytes of a recording.

`log` is a file header, then frames, then (in a recording with a sound end) an index frame and a trailer::

    "HIVELOG\\n" | u32 version | u32 length | MessagePack LogHeader | u32 CRC-32 of all before
    frame header (92 bytes, `FRAME`) | stored payload                                   ... repeated
    "HIVEEND\\n" | u64 offset of the index frame

A block frame holds whole records, end to end, compressed with zstd. Before a block is sealed its records stand raw in
a file of their own, `open-NNNNNNNN`, in batches as they were appended::

    "HIVEOPN\\n" | u32 version | u32 block number | 32 bytes chain before the block | u32 CRC-32 of all before
    u32 length | u32 CRC-32 of the batch | the batch's records                          ... repeated

The open file is removed after its block stands in the log (and on the disk, if a part of it was forced there before),
so every byte that was ever shown is in one of the two.
The hash chain covers blocks: chain(n) = SHA-256(chain(n-1) | raw payload | facts of the header); chain before block 0
is the SHA-256 of the file header. CRC-32 is zlib's. A reader skips frames whose tag it does not know.
"""

from __future__ import annotations

import hashlib
import struct
import zlib

import msgspec

VERSION = 1
FILE_MAGIC = b"HIVELOG\n"
OPEN_MAGIC = b"HIVEOPN\n"
END_MAGIC = b"HIVEEND\n"

BLOCK = b"BLOK"
KEYFRAME = b"KEYF"
INDEX = b"INDX"

RAW = 0
ZSTD = 1

FRAME = struct.Struct("<4sHHIIIIQQQQ32sI")
"""tag, codec, 0, number, stored bytes, raw bytes, records, first seq, last seq, first ns, last ns, chain, CRC-32."""
_FACTS = struct.Struct("<IIQQQQ")
_LEAD = struct.Struct("<II")
_CRC = struct.Struct("<I")
_OPEN = struct.Struct("<8sII32s")
OPEN_SIZE = _OPEN.size + _CRC.size
BATCH = struct.Struct("<II")
TRAILER = struct.Struct("<8sQ")
MAX_PAYLOAD = 64 * 1024 * 1024
"""A frame that announces more is damaged; bounds what a hostile file makes a reader allocate."""


class DamagedError(ValueError):
    """Bytes that are not what the format promises; the message says what, `offset` where."""

    def __init__(self, message: str, offset: int = 0) -> None:
        super().__init__(message)
        self.offset = offset


class NewerVersionError(DamagedError):
    """The recording was made by a newer Hive."""


class LogHeader(msgspec.Struct, frozen=True, omit_defaults=True):
    run: str
    wall_ns: int
    version: str = ""
    """Version of Hive that wrote the log."""
    source: str = ""
    """The run of which this one is a redacted copy."""


class Span(msgspec.Struct, frozen=True):
    """What a block holds: sequence numbers and run times (ns), both ends inclusive."""

    records: int
    first_seq: int
    last_seq: int
    first_ns: int
    last_ns: int


class Frame(msgspec.Struct, frozen=True):
    """A frame's header, checked for form but not against its payload."""

    tag: bytes
    codec: int
    number: int
    stored: int
    raw: int
    span: Span
    chain: bytes
    crc: int
    head: bytes
    """The header's bytes without the CRC."""


class IndexEntry(msgspec.Struct, frozen=True, array_like=True):
    """Where a block stands."""

    offset: int
    number: int
    raw: int
    span: Span
    keyframes: int = 0
    """Offset of the frame that holds the block's keyframes; 0 when there is none."""


class Index(msgspec.Struct, frozen=True):
    blocks: tuple[IndexEntry, ...]
    state_hash: bytes = b""
    """Of the run's last state, as `statehash` tells."""
    reducer: int = 0
    """By which rule."""


def encode_file_header(header: LogHeader) -> bytes:
    payload = msgspec.msgpack.encode(header)
    data = FILE_MAGIC + _LEAD.pack(VERSION, len(payload)) + payload
    return data + _CRC.pack(zlib.crc32(data))


def decode_file_header(data: bytes) -> tuple[LogHeader, int]:
    """The header at the start of `data`, and its size.

    Raises:
        DamagedError: it is no log, or its header is damaged.
        NewerVersionError: a newer version.
    """
    start = len(FILE_MAGIC) + _LEAD.size
    if len(data) < start or not data.startswith(FILE_MAGIC):
        raise DamagedError("not a recording: the file does not begin with HIVELOG")
    version, length = _LEAD.unpack_from(data, len(FILE_MAGIC))
    if version > VERSION:
        raise NewerVersionError(f"recording format {version}; this Hive reads up to {VERSION}: update Hive")
    stop = start + length
    if stop + _CRC.size > len(data):
        raise DamagedError("the file header is cut short")
    if _CRC.unpack_from(data, stop)[0] != zlib.crc32(data[:stop]):
        raise DamagedError("the file header's checksum is wrong")
    try:
        header = msgspec.msgpack.decode(data[start:stop], type=LogHeader)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise DamagedError(f"the file header: {error}") from error
    return header, stop + _CRC.size


def is_spoiled_header(data: bytes) -> bool:
    """Whether bytes that are no sound header of this version were once one: a bit or a byte of it is wrong.

    Another file, an empty one, and a sound header of a newer version are not.
    """
    own = sum(a == b for a, b in zip(data, FILE_MAGIC, strict=False))
    if own < len(FILE_MAGIC) - 1:
        return False
    if len(data) < len(FILE_MAGIC) + _LEAD.size:
        return True
    stop = len(FILE_MAGIC) + _LEAD.size + _LEAD.unpack_from(data, len(FILE_MAGIC))[1]
    if stop + _CRC.size > len(data):
        return True
    told: int = _CRC.unpack_from(data, stop)[0]
    return told != zlib.crc32(data[:stop])


def first_chain(file_header: bytes) -> bytes:
    return hashlib.sha256(file_header).digest()


def chain_facts(number: int, span: Span) -> bytes:
    """What a block's header adds to its chain value, behind the raw payload."""
    return _FACTS.pack(number, span.records, span.first_seq, span.last_seq, span.first_ns, span.last_ns)


def chain_after(before: bytes, raw: bytes, number: int, span: Span) -> bytes:
    return hashlib.sha256(before + raw + chain_facts(number, span)).digest()


def encode_frame(tag: bytes, codec: int, number: int, stored: bytes, raw_size: int, span: Span, chain: bytes) -> bytes:
    head = FRAME.pack(
        tag,
        codec,
        0,
        number,
        len(stored),
        raw_size,
        span.records,
        span.first_seq,
        span.last_seq,
        span.first_ns,
        span.last_ns,
        chain,
        0,
    )[: -_CRC.size]
    return head + _CRC.pack(zlib.crc32(stored, zlib.crc32(head))) + stored


def decode_frame(data: bytes, offset: int = 0) -> Frame:
    """The header of the frame whose first bytes are `data`; `offset` is only for messages.

    Raises:
        DamagedError: cut short, or sizes that cannot be.
    """
    if len(data) < FRAME.size:
        raise DamagedError(f"frame header cut short at byte {offset}", offset)
    tag, codec, _zero, number, stored, raw, count, first, last, first_ns, last_ns, chain, crc = FRAME.unpack_from(data)
    if stored > MAX_PAYLOAD or raw > MAX_PAYLOAD:
        raise DamagedError(f"frame at byte {offset} announces {max(stored, raw)} bytes", offset)
    span = Span(records=count, first_seq=first, last_seq=last, first_ns=first_ns, last_ns=last_ns)
    head = bytes(data[: FRAME.size - _CRC.size])
    return Frame(
        tag=tag, codec=codec, number=number, stored=stored, raw=raw, span=span, chain=chain, crc=crc, head=head
    )


def check_frame(frame: Frame, stored: bytes, offset: int = 0) -> None:
    """Raises:
    DamagedError: payload cut short, or it and the header do not match the checksum.
    """
    if len(stored) < frame.stored:
        raise DamagedError(f"frame {frame.number} at byte {offset} cut short", offset)
    if zlib.crc32(stored, zlib.crc32(frame.head)) != frame.crc:
        raise DamagedError(f"frame {frame.number} at byte {offset}: checksum wrong", offset)


def check_trailer(trailer: bytes, index: int) -> None:
    """Raises:
    DamagedError: the bytes behind the index frame at `index` are not its trailer.
    """
    if trailer != TRAILER.pack(END_MAGIC, index):
        raise DamagedError("the trailer is cut short or damaged", index)


def decode_index(payload: bytes) -> Index:
    """Raises:
    DamagedError: not an index.
    """
    try:
        return msgspec.msgpack.decode(payload, type=Index)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise DamagedError(f"index: {error}") from error


def encode_open_header(number: int, chain: bytes) -> bytes:
    data = _OPEN.pack(OPEN_MAGIC, VERSION, number, chain)
    return data + _CRC.pack(zlib.crc32(data))


def decode_open_header(data: bytes) -> tuple[int, bytes]:
    """(block number, chain before it).

    Raises:
        DamagedError: not the head of an open block.
    """
    if len(data) < OPEN_SIZE or _CRC.unpack_from(data, _OPEN.size)[0] != zlib.crc32(data[: _OPEN.size]):
        raise DamagedError("the open block's header is damaged")
    magic, version, number, chain = _OPEN.unpack_from(data)
    if magic != OPEN_MAGIC or version > VERSION:
        raise DamagedError("not an open block of this version")
    return number, chain


def encode_batch(batch: bytes) -> bytes:
    return BATCH.pack(len(batch), zlib.crc32(batch)) + batch


def decode_batches(data: bytes, offset: int = 0) -> tuple[list[bytes], int]:
    """Whole, sound batches from `offset` on, and the offset behind the last one.

    Stops at the first that is cut short or damaged: a torn tail is normal.
    """
    batches = []
    while offset + BATCH.size <= len(data):
        length, crc = BATCH.unpack_from(data, offset)
        stop = offset + BATCH.size + length
        if not length or stop > len(data):
            break
        batch = data[offset + BATCH.size : stop]
        if zlib.crc32(batch) != crc:
            break
        batches.append(batch)
        offset = stop
    return batches, offset
