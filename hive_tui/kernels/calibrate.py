"""How large a job must be for one back end to be done with it before another: measured, on this machine.

The cost of a job is taken as fixed cost plus cost by the byte, from the best of a few runs at two sizes; where the two
lines cross lies the break-even.
"""

from __future__ import annotations

import time
from array import array
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import msgspec

from hive_tui import wire
from hive_tui.events import Channel, Delta, Record
from hive_tui.kernels.interface import Backend, Chunks, Scans
from hive_tui.recording.counts import FOREVER_NS, Counts
from hive_tui.ring.reader import RingReader
from hive_tui.ring.writer import RingWriter

Clock = Callable[[], int]
_Job = tuple[int, Callable[[], object], Callable[[], object]]
"""Size of the job, and the two ways of doing it."""

_RUNS = 5
_SMALL, _LARGE = 16, 512
_DEVICE_SMALL, _DEVICE_LARGE = 4_096, 131_072
_CAPACITY = 256 * 1024


class DiffersError(RuntimeError):
    """A back end does not give what plain Python gives."""


class BreakEven(msgspec.Struct, frozen=True):
    """Two back ends at one operation, on records of one 5-byte chunk."""

    operation: str
    size: int | None
    """Bytes from which on `other` is faster; `None`: at no size."""
    usual_ns: float
    """Nanoseconds a byte, at the larger of the two sizes measured."""
    other_ns: float


def sample(records: int) -> bytes:
    """So many deltas of one chunk, sound and in sequence."""
    made = []
    for seq in range(1, records + 1):
        delta = Delta(Channel.ANSWER, wire.CHUNK.pack(seq % 1000, 5), b"word ")
        made.append(wire.encode(Record(slot=1, seq=seq, time_ns=seq * 1_000_000, stream=seq % 4 + 1, event=delta)))
    return b"".join(made)


def _best(job: Callable[[], object], clock: Clock) -> tuple[int, object]:
    """(nanoseconds of the best run, what the job gave)."""
    times, result = [], None
    for _ in range(_RUNS):
        start = clock()
        result = job()
        times.append(clock() - start)
        time.sleep(0)  # The core's loop may be waiting for the interpreter.
    return min(times), result


def _cross(operation: str, sizes: tuple[int, int], usual: tuple[int, int], other: tuple[int, int]) -> BreakEven:
    span = sizes[1] - sizes[0]
    gain = ((usual[1] - usual[0]) - (other[1] - other[0])) / span
    start = other[0] - usual[0] + gain * sizes[0]
    size = None if gain <= 0 else max(0, round(start / gain))
    return BreakEven(operation, size, usual[1] / sizes[1], other[1] / sizes[1])


def _compare(
    operation: str,
    jobs: Iterable[_Job],
    clock: Clock,
) -> BreakEven:
    """Raises:
    DiffersError: the two do not agree.
    """
    sizes, usual, other = [], [], []
    for size, ours, theirs in jobs:
        (our_ns, expected), (their_ns, got) = _best(ours, clock), _best(theirs, clock)
        if got != expected:
            raise DiffersError(f"{operation} differs from plain Python")
        sizes.append(size)
        usual.append(our_ns)
        other.append(their_ns)
    return _cross(operation, (sizes[0], sizes[1]), (usual[0], usual[1]), (other[0], other[1]))


def compare_scans(usual: Scans, other: Scans, clock: Clock, *, device: bool = False) -> Iterator[BreakEven]:
    """Raises:
    DiffersError: the two do not agree.
    """
    counts = (_DEVICE_SMALL, _DEVICE_LARGE) if device else (_SMALL, _LARGE)
    parts = [sample(count) for count in counts]
    yield _compare(
        "scan_chunks",
        [(len(data), partial(usual.scan_chunks, data), partial(other.scan_chunks, data)) for data in parts],
        clock,
    )
    streams, columns = array("I", range(1, 5)), [usual.scan_chunks(data) for data in parts]

    def density(backend: Scans, chunks: Chunks) -> array[int]:
        return backend.density(chunks, streams, 0, 10_000_000, 100, "bytes")

    yield _compare(
        "density",
        [(len(each.streams), partial(density, usual, each), partial(density, other, each)) for each in columns],
        clock,
    )


def compare(usual: Backend, other: Backend, registry: Path, clock: Clock) -> Iterator[BreakEven]:
    """All operations; those of the ring on a small ring of its own, entered in the registry folder while it lasts.

    Raises:
        DiffersError: the two do not agree.
        OSError: no ring could be made.
    """
    yield from compare_scans(usual, other, clock)
    parts = [sample(count) for count in (_SMALL, _LARGE)]
    for operation in ("scan_records", "index", "verify"):
        jobs: list[_Job] = []
        for data in parts:
            arguments = {"scan_records": (), "index": (array("Q", [len(data)]),), "verify": (0, 0)}[operation]
            ours, theirs = (partial(getattr(each, operation), data, *arguments) for each in (usual, other))
            jobs.append((len(data), ours, theirs))
        yield _compare(operation, jobs, clock)
    tallies = [(len(data), partial(_tally, usual, data), partial(_tally, other, data)) for data in parts]
    yield _compare("tally", tallies, clock)
    with _ring(registry) as (writer, reader):
        yield _compare("publish", _publishing(usual, other, writer, parts), clock)
        yield _compare("drain", _draining(usual, other, writer, reader, parts), clock)


def _tally(backend: Backend, data: bytes) -> object:
    counts = [Counts() for _ in range(4)]
    taken = backend.tally(data, 0, len(data), FOREVER_NS, 0, 0, 0, counts)
    return taken, [(each.text().lengths, b"".join(each.parts)) for each in counts]


def _publishing(usual: Backend, other: Backend, writer: RingWriter, parts: list[bytes]) -> Iterator[_Job]:
    for data in parts:
        yield len(data), partial(_publish, usual, writer, data), partial(_publish, other, writer, data)


def _draining(
    usual: Backend, other: Backend, writer: RingWriter, reader: RingReader, parts: list[bytes]
) -> Iterator[_Job]:
    for data in parts:
        position = writer.position
        usual.publish(writer, data)
        yield len(data), partial(_drain, usual, reader, position), partial(_drain, other, reader, position)


def _publish(backend: Backend, writer: RingWriter, data: bytes) -> int:
    before = writer.position
    return backend.publish(writer, data) - before


def _drain(backend: Backend, reader: RingReader, position: int) -> bytes:
    reader.jump(position)
    return backend.drain(reader)


@contextmanager
def _ring(registry: Path) -> Iterator[tuple[RingWriter, RingReader]]:
    writer = RingWriter(registry, _CAPACITY)
    try:
        reader = RingReader(writer.name)
        try:
            yield writer, reader
        finally:
            reader.close()
    finally:
        writer.close()
