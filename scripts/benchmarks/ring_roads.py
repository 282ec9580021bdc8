"""The roads between two processes that `ring` compares: each sends records and receives them, checking all of them.

A token is 5 bytes. A record is the real one of `hive_tui.wire`: 32 bytes of header, 8 of the delta's head, and for each
token its 8 bytes in the chunk table and its text. The receiver hashes every byte (CRC-32) and checks every sequence.
"""

from __future__ import annotations

import os
import socket
import tempfile
import time
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import islice
from multiprocessing import get_context
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import msgspec

from hive_tui import wire
from hive_tui.events import Channel, Delta
from hive_tui.ring import layout
from hive_tui.ring.reader import RingReader
from hive_tui.ring.writer import RingWriter

CONTEXT = get_context("fork")
HEADER, HEADER_SIZE = wire.HEADER, wire.HEADER_SIZE
WORDS = (b"the  ", b"of   ", b"and  ", b"model", b"token", b"says ", b"maybe", b"seven", b"blue ", b"3.14 ", b"code ")
PATTERNS = 61
BATCH = 64 * 1024
"""Bytes that a sender gives the ring at a time: what a busy flush brings."""
LIMIT_S = 180
"""Seconds that a pair of processes may take."""
BULK = 256 * 1024
"""Bytes that the compiled sender gives at a time."""


@dataclass(frozen=True)
class Received:
    end_ns: int
    crc: int
    faults: int
    """Records whose sequence was not the next."""


def pin(core: int) -> bool:
    """Keep this process on one core, where the system can."""
    if not hasattr(os, "sched_setaffinity"):
        return False
    cores = sorted(os.sched_getaffinity(0))
    os.sched_setaffinity(0, {cores[core % len(cores)]})
    return len(cores) > 1


def payloads(size: int) -> list[bytes]:
    """Payloads of deltas of `size` tokens; record n carries number n % PATTERNS."""
    made = []
    for pattern in range(PATTERNS):
        tokens = [WORDS[(pattern * 7 + at * at) % len(WORDS)] for at in range(size)]
        table = b"".join(wire.CHUNK.pack((size - at) * 3, 5) for at in range(size))
        made.append(wire.encode_payload(Delta(Channel.ANSWER, table, b"".join(tokens)))[2])
    return made


def encoded(size: int, records: int) -> Iterator[bytes]:
    """The records that every road carries."""
    patterns = payloads(size)
    length = len(patterns[0])
    for seq in range(1, records + 1):
        yield HEADER.pack(length, wire.DELTA_KIND, 0, 1, 1, seq, seq) + patterns[seq % PATTERNS]


def expected_crc(size: int, records: int) -> int:
    crc = 0
    source = encoded(size, records)
    while batch := b"".join(islice(source, 1000)):
        crc = zlib.crc32(batch, crc)
    return crc


def check(data: bytes, last: int) -> tuple[int, int]:
    """(last sequence, faults) of a buffer of records."""
    offset = faults = 0
    unpack = HEADER.unpack_from
    while offset < len(data):
        length, _, _, _, _, seq, _ = unpack(data, offset)
        faults += seq != last + 1
        last = seq
        offset += HEADER_SIZE + length
    return last, faults


def _send_plain(writer: RingWriter, pace: Callable[[int], None], size: int, records: int) -> None:
    source, per_batch = encoded(size, records), max(1, BATCH // (HEADER_SIZE + 8 + 13 * size))
    while batch := list(islice(source, per_batch)):
        data = b"".join(batch)
        pace(len(data))
        writer.publish(data, len(batch))


def _receive_plain(reader: RingReader, records: int) -> Received:
    crc = last = faults = 0
    while last < records:
        data = reader.read()
        if data:
            crc = zlib.crc32(data, crc)
            last, wrong = check(data, last)
            faults += wrong
    return Received(time.perf_counter_ns(), crc, faults)


def _send_compiled(writer: RingWriter, pace: Callable[[int], None], size: int, records: int) -> None:
    import numpy as np

    from hive_tui.kernels.compiled import CompiledBackend

    backend, stride = CompiledBackend(), HEADER_SIZE + 8 + 13 * size
    per_batch = max(1, BULK // stride // PATTERNS) * PATTERNS
    if per_batch * stride > writer.capacity // 2:
        per_batch = writer.capacity // 2 // stride
    pool = np.frombuffer(b"".join(encoded(size, PATTERNS + per_batch)), np.uint8).reshape(-1, stride).copy()
    for first in range(1, records + 1, per_batch):
        count = min(per_batch, records - first + 1)
        start = (first - 1) % PATTERNS
        part = pool[start : start + count]
        seqs = np.arange(first, first + count, dtype=np.uint64)
        part[:, 16:24] = part[:, 24:32] = seqs.view(np.uint8).reshape(-1, 8)
        data = part.reshape(-1)
        pace(data.nbytes)
        backend.publish(writer, data.data)  # type: ignore[arg-type]


def _receive_compiled(reader: RingReader, records: int) -> Received:
    from hive_tui.kernels.compiled import CompiledBackend

    backend = CompiledBackend()
    crc = last = faults = 0
    while last < records:
        data = backend.drain(reader)
        if data:
            crc = zlib.crc32(data, crc)
            found = backend.verify(data, last, last)
            faults += found.fault is not None
            last = found.seq if found.fault is None else records
    return Received(time.perf_counter_ns(), crc, faults)


class Ring:
    """Through the ring. The writer never waits for a reader, so here it is paced by the position that the reader
    states in the readers' table: at most half a ring ahead."""

    def __init__(self, compiled: bool) -> None:
        self.name = "ring, compiled" if compiled else "ring, plain"
        self._compiled = compiled

    def send(self, meet: Connection, size: int, records: int) -> int:
        with tempfile.TemporaryDirectory() as folder:
            writer = RingWriter(Path(folder))
            _, bell = os.pipe()
            slot = writer.add_reader(bell)
            if self._compiled:
                import hive_tui.kernels.compiled  # noqa: F401  # Loaded before the clock runs.
            meet.send((writer.name, slot))
            meet.recv()
            words = writer.buffer[: layout.CONTROL_SIZE].cast("Q")
            word, room = layout.reader_word(slot, layout.READER_POSITION), writer.capacity // 2

            def pace(coming: int) -> None:
                while writer.position + coming - words[word] > room:
                    pass

            start = time.perf_counter_ns()
            (_send_compiled if self._compiled else _send_plain)(writer, pace, size, records)
            meet.recv()
            words.release()
            writer.close()
            return start

    def receive(self, meet: Connection, _size: int, records: int) -> Received:
        name, slot = meet.recv()
        if self._compiled:
            import hive_tui.kernels.compiled  # noqa: F401
        reader = RingReader(name, slot)
        meet.send("ready")
        received = (_receive_compiled if self._compiled else _receive_plain)(reader, records)
        meet.send("done")
        reader.close()
        return received


class Queue:
    """`multiprocessing.Queue`: a put a record."""

    name = "multiprocessing.Queue"

    def __init__(self) -> None:
        self._queue: Any = CONTEXT.Queue()

    def send(self, meet: Connection, size: int, records: int) -> int:
        meet.recv()
        start = time.perf_counter_ns()
        for record in encoded(size, records):
            self._queue.put(record)
        meet.recv()
        return start

    def receive(self, meet: Connection, _size: int, records: int) -> Received:
        meet.send("ready")
        received = _receive_each(self._queue.get, records)
        meet.send("done")
        return received


class Pipe:
    """`multiprocessing.Pipe`: a `send_bytes` a record."""

    name = "multiprocessing.Pipe"

    def __init__(self) -> None:
        self._out, self._in = CONTEXT.Pipe(duplex=False)

    def send(self, meet: Connection, size: int, records: int) -> int:
        meet.recv()
        start = time.perf_counter_ns()
        for record in encoded(size, records):
            self._in.send_bytes(record)
        meet.recv()
        return start

    def receive(self, meet: Connection, _size: int, records: int) -> Received:
        meet.send("ready")
        received = _receive_each(self._out.recv_bytes, records)
        meet.send("done")
        return received


class Socket:
    """A unix stream socket: a MessagePack array (length before it) a record, one `sendall` each."""

    name = "unix socket, msgpack"

    def __init__(self) -> None:
        self._in, self._out = socket.socketpair()

    def send(self, meet: Connection, size: int, records: int) -> int:
        patterns, encode = payloads(size), msgspec.msgpack.Encoder().encode
        length = len(patterns[0])
        meet.recv()
        start = time.perf_counter_ns()
        for seq in range(1, records + 1):
            data = encode((length, wire.DELTA_KIND, 0, 1, 1, seq, seq, patterns[seq % PATTERNS]))
            self._in.sendall(len(data).to_bytes(4, "little") + data)
        meet.recv()
        return start

    def receive(self, meet: Connection, _size: int, records: int) -> Received:
        stream, decode = self._out.makefile("rb", 256 * 1024), msgspec.msgpack.Decoder().decode
        meet.send("ready")
        crc = last = faults = 0
        while last < records:
            *head, seq, time_ns, payload = decode(stream.read(int.from_bytes(stream.read(4), "little")))
            faults += seq != last + 1
            last = seq
            crc = zlib.crc32(payload, zlib.crc32(HEADER.pack(*head, seq, time_ns), crc))
        meet.send("done")
        return Received(time.perf_counter_ns(), crc, faults)


def _receive_each(receive: Callable[[], bytes], records: int) -> Received:
    crc = last = faults = 0
    while last < records:
        data = receive()
        crc = zlib.crc32(data, crc)
        last, wrong = check(data, last)
        faults += wrong
    return Received(time.perf_counter_ns(), crc, faults)


def between(left: Callable[[Connection], object], right: Callable[[Connection], object]) -> tuple[Any, Any]:
    """Run two functions in two processes on two cores, joined by a pipe; what each gave."""
    ends = CONTEXT.Pipe()
    processes, results = [], []
    for core, (function, end) in enumerate(zip((left, right), ends, strict=True)):
        out, back = CONTEXT.Pipe(duplex=False)
        process = CONTEXT.Process(target=_run, args=(core, function, end, back), daemon=True)
        process.start()
        back.close()
        processes.append(process)
        results.append(out)
    for end in ends:
        end.close()
    given: list[Any] = []
    try:
        for out in results:
            if not out.poll(LIMIT_S):
                raise RuntimeError(f"no end after {LIMIT_S} s")
            given.append(out.recv())
    finally:
        for process in processes:
            process.join(timeout=5 if len(given) == 2 else 0)
            process.kill()
    return given[0], given[1]


def _run(core: int, function: Callable[[Connection], object], end: Connection, back: Connection) -> None:
    pin(core)
    back.send(function(end))


def carry(road: Any, size: int, records: int, crc: int) -> float:
    """Tokens a second over a road.

    Raises:
        RuntimeError: what came is not what was sent.
    """
    start, received = between(
        lambda meet: road.send(meet, size, records), lambda meet: road.receive(meet, size, records)
    )
    if received.faults or received.crc != crc:
        raise RuntimeError(f"{road.name}, {size} a record: {received.faults} sequences and the hash are wrong")
    return size * records / (received.end_ns - start) * 1e9


def memcpy(size: int) -> float:
    """Tokens a second that one copy of the same bytes within a process would pass: the limit."""
    data = b"".join(encoded(size, max(1, BATCH // (HEADER_SIZE + 8 + 13 * size))))
    tokens, into, rounds = size * (len(data) // (HEADER_SIZE + 8 + 13 * size)), bytearray(len(data)), 4000
    start = time.perf_counter_ns()
    for _ in range(rounds):
        into[:] = data
    return tokens * rounds / (time.perf_counter_ns() - start) * 1e9
