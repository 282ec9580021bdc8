"""The ring's bulk publish and drain, compiled, with atomics of the processor.

Numba has no atomics on a CPU; llvmlite's builder has (`load_atomic`, `store_atomic`, `fence`), so three intrinsics emit
them. The order is that of a sequence lock (Boehm, "Can seqlocks get along with programming language memory models?",
MSPC 2012): the writer stores its claim, fences, stores the bytes, and stores the head with release; a reader loads the
head with acquire, copies, fences, and loads the claim. So it is right also where the processor reorders.

Importing this module compiles, or loads from Numba's cache. Never imported by a screen, nor by the ring's own reader
and writer.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit, types
from numba.core import cgutils
from numba.extending import intrinsic

from hive_tui.ring import layout
from hive_tui.ring.reader import LappedError, RingReader
from hive_tui.ring.writer import RingWriter
from hive_tui.wire import HEADER_SIZE

OCTETS = types.Array(types.uint8, 1, "C", readonly=True)
_BYTES = types.Array(types.uint8, 1, "C")
_WORDS = types.Array(types.uint64, 1, "C")
_HEAD, _CLAIM, _CONTROL = layout.WORD_HEAD, layout.WORD_CLAIM, layout.CONTROL_SIZE


def _pointer(context: Any, builder: Any, signature: Any, args: Any, array: int, index: int) -> Any:
    """Address of element `args[index]` of the array `args[array]`."""
    type_ = signature.args[array]
    made = context.make_array(type_)(context, builder, args[array])
    return cgutils.get_item_pointer(context, builder, type_, made, [args[index]], wraparound=False, boundscheck=False)  # type: ignore[no-untyped-call]


@intrinsic
def load_acquire(_typing: Any, words: Any, _index: Any) -> Any:
    """words[index]: what comes after it in the program is done after it."""

    def emit(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return builder.load_atomic(_pointer(context, builder, signature, args, 0, 1), "acquire", 8)

    return types.uint64(words, types.intp), emit


@intrinsic
def store_release(_typing: Any, words: Any, _index: Any, _value: Any) -> Any:
    """words[index] = value: what comes before it in the program is seen before it."""

    def emit(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        builder.store_atomic(args[2], _pointer(context, builder, signature, args, 0, 1), "release", 8)
        return context.get_dummy_value()

    return types.void(words, types.intp, types.uint64), emit


@intrinsic
def fence(_typing: Any) -> Any:
    """Orders all loads and stores before it before those after it."""

    def emit(context: Any, builder: Any, _signature: Any, _args: Any) -> Any:
        builder.fence("seq_cst")
        return context.get_dummy_value()

    return types.void(), emit


@intrinsic
def copy(_typing: Any, to: Any, _at: Any, source: Any, _begin: Any, _size: Any) -> Any:
    """to[at : at + size] = source[begin : begin + size], as one memcpy."""

    def emit(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        target = _pointer(context, builder, signature, args, 0, 1)
        cgutils.raw_memcpy(builder, target, _pointer(context, builder, signature, args, 2, 3), args[4], 1)  # type: ignore[no-untyped-call]
        return context.get_dummy_value()

    return types.void(to, types.intp, source, types.intp, types.intp), emit


@njit(types.int64(OCTETS, types.int64), cache=True, nogil=True)
def length_at(data: Any, offset: int) -> Any:
    """Bytes of the record at `offset`, header included; -1 when the buffer ends inside it."""
    if offset + HEADER_SIZE > len(data):
        return -1
    length = np.int64(data[offset]) | np.int64(data[offset + 1]) << 8 | np.int64(data[offset + 2]) << 16
    length = HEADER_SIZE + (length | np.int64(data[offset + 3]) << 24)
    return length if offset + length <= len(data) else -1


@njit(types.int64(OCTETS, types.int64), cache=True, nogil=True)
def count_records(data: Any, limit: int) -> int:
    """Records of a buffer of whole ones; -1 when it is none, or a record is over the limit."""
    offset = count = 0
    while offset < len(data):
        length = length_at(data, offset)
        if length < 0 or length > limit:
            return -1
        offset += length
        count += 1
    return count


@njit(types.int64(_WORDS, _BYTES, OCTETS, types.int64, types.int64), cache=True, nogil=True)
def publish_steps(words: Any, ring: Any, data: Any, position: int, step: int) -> int:
    """Publish whole records, at most `step` bytes at a time; returns the position behind them."""
    capacity = len(ring)
    begin = 0
    while begin < len(data):
        stop = begin + length_at(data, begin)
        while stop < len(data):
            length = length_at(data, stop)
            if stop + length - begin > step:
                break
            stop += length
        size = stop - begin
        store_release(words, _CLAIM, np.uint64(position + size))  # type: ignore[call-arg]
        fence()
        at = position & (capacity - 1)
        first = min(size, capacity - at)
        copy(ring, at, data, begin, first)
        copy(ring, 0, data, begin + first, size - first)
        position += size
        store_release(words, _HEAD, np.uint64(position))
        begin = stop
    return position


@njit(types.uint64(_WORDS), cache=True, nogil=True)
def load_head(words: Any) -> Any:
    return load_acquire(words, _HEAD)  # type: ignore[call-arg]


@njit(types.uint64(_WORDS, _BYTES, _BYTES, types.int64), cache=True, nogil=True)
def copy_out(words: Any, ring: Any, into: Any, position: int) -> Any:
    """Copy what stands from `position` on; returns the claim as it was afterwards."""
    at = position & (len(ring) - 1)
    first = min(len(into), len(ring) - at)
    copy(into, 0, ring, at, first)  # type: ignore[call-arg]
    copy(into, first, ring, 0, len(into) - first)
    fence()
    return load_acquire(words, _CLAIM)


def octets(data: bytes | bytearray | memoryview) -> Any:
    """The bytes as a read-only array: one type, so that each kernel is compiled once."""
    view = np.frombuffer(data, np.uint8)
    view.flags.writeable = False
    return view


def _views(buffer: memoryview, capacity: int) -> tuple[Any, Any]:
    words = np.frombuffer(buffer, np.uint64, _CONTROL // 8)
    return words, np.frombuffer(buffer, np.uint8, capacity, _CONTROL)


def publish(writer: RingWriter, data: bytes, step: int) -> bool:
    """Publish a buffer of whole records; False, and nothing done, when it is none or a record is over the limit."""
    source = octets(data)
    records = count_records(source, writer.record_limit)
    if records < 0:
        return False
    words, ring = _views(writer.buffer, writer.capacity)
    writer.advanced(publish_steps(words, ring, source, writer.position, step), records)
    return True


def drain(reader: RingReader) -> bytes:
    """As `RingReader.read`.

    Raises:
        LappedError: bytes of that stretch are gone. The position stays.
    """
    words, ring = _views(reader.buffer, reader.capacity)
    start, head = reader.position, int(load_head(words))
    if head - start > reader.capacity:
        raise LappedError
    into = np.empty(head - start, np.uint8)
    if int(copy_out(words, ring, into, start)) - start > reader.capacity:
        raise LappedError
    if head != start:
        reader.jump(head)
    return into.tobytes()
