"""The ring's compiled publish and drain leave the same bytes as plain Python, and are exact between two processes."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import hive_tui
from hive_tui import wire
from hive_tui.kernels.calibrate import sample
from hive_tui.kernels.compiled import CompiledBackend
from hive_tui.kernels.interface import Backend, publish_step
from hive_tui.kernels.plain import PlainBackend
from hive_tui.ring import layout
from hive_tui.ring.reader import LappedError, RingReader
from hive_tui.ring.writer import RingWriter
from hive_tui.wire import WireError

Make = Callable[[int], RingWriter]
CAPACITY = 4096


def record(seq: int, size: int) -> bytes:
    return wire.HEADER.pack(size, 77, 0, 1, 2, seq, seq) + bytes((seq + at) & 0xFF for at in range(size))


def content(writer: RingWriter) -> bytes:
    """The whole segment but the owner's pid."""
    data = bytearray(writer.buffer)
    data[layout.WORD_OWNER_PID * 8 : layout.WORD_OWNER_PID * 8 + 8] = bytes(8)
    return bytes(data)


def test_the_segment_is_equal_byte_for_byte(
    plain: PlainBackend, compiled: CompiledBackend, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("rings")

    @given(st.lists(st.lists(st.integers(0, 200), max_size=40), max_size=6))
    def law(batches: list[list[int]]) -> None:
        one, other, seq = RingWriter(folder, CAPACITY), RingWriter(folder, CAPACITY), 0
        readers = [RingReader(one.name), RingReader(other.name)]
        for sizes in batches:
            data = b"".join(record(seq + at, size) for at, size in enumerate(sizes, 1))
            seq += len(sizes)
            assert plain.publish(one, data) == compiled.publish(other, data)
            assert (one.position, one.records) == (other.position, other.records) == (one.position, seq)
            assert content(one) == content(other)
            assert drained(plain, readers[0]) == drained(compiled, readers[1])
            assert readers[0].position == readers[1].position
        for each in (*readers, one, other):
            each.close()

    law()


def drained(backend: Backend, reader: RingReader) -> bytes | None:
    """What was drained, or `None` after a lap."""
    try:
        return backend.drain(reader)
    except LappedError:
        reader.jump(reader.head)
        return None


@pytest.fixture(params=["plain", "compiled"])
def backend(request: pytest.FixtureRequest) -> Backend:
    found: Backend = request.getfixturevalue(request.param)
    return found


def test_a_publish_over_half_the_ring_goes_in_steps(backend: Backend, make_ring: Make) -> None:
    writer = make_ring(CAPACITY)
    reader = RingReader(writer.name)
    data = b"".join(record(seq, 100) for seq in range(1, 25))
    assert len(data) > CAPACITY // 2
    backend.publish(writer, data)
    assert backend.drain(reader) == data
    assert publish_step(CAPACITY) >= writer.record_limit
    reader.close()


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(record(1, 10) + record(2, 10)[:-1], id="cut"),
        pytest.param(record(1, 10) + b"\0", id="a header cut"),
        pytest.param(record(1, 10) + record(2, CAPACITY // 16 - 31), id="over the limit"),
    ],
)
def test_what_is_no_buffer_of_records_is_refused_whole(backend: Backend, make_ring: Make, data: bytes) -> None:
    writer = make_ring(CAPACITY)
    before = content(writer)
    with pytest.raises(WireError):
        backend.publish(writer, data)
    assert content(writer) == before
    assert (writer.position, writer.records) == (0, 0)


def test_a_lapped_drain_says_so_and_stays(backend: Backend, make_ring: Make) -> None:
    writer = make_ring(CAPACITY)
    reader = RingReader(writer.name)
    backend.publish(writer, sample(100))
    with pytest.raises(LappedError):
        backend.drain(reader)
    assert reader.position == 0
    reader.jump(reader.head - 1000)
    words = writer.buffer[: layout.CONTROL_SIZE].cast("Q")
    words[layout.WORD_CLAIM] = reader.position + CAPACITY + 1
    with pytest.raises(LappedError):
        backend.drain(reader)
    words.release()
    reader.close()


def test_a_bulk_publish_rings_a_sleeper(backend: Backend, make_ring: Make) -> None:
    writer = make_ring(CAPACITY)
    ear, end = os.pipe()
    reader = RingReader(writer.name, writer.add_reader(end))
    assert reader.sleep()
    backend.publish(writer, sample(50))
    assert os.read(ear, 10) == b"!"
    reader.close()
    os.close(ear)


CHILD = """
import sys
import numpy as np
from numba import njit
from hive_tui.ring.kernels import load_acquire, store_release
from hive_tui.ring.segment import open_segment

@njit(nogil=True)
def tell(words, rounds):
    # Word 0 is published: both halves alike. Word 8 is plain data that word 0 promises. Word 16 is the other's echo.
    for each in range(1, rounds + 1):
        words[8] = np.uint64(each * 3)
        store_release(words, 0, np.uint64(each << 32 | each))
        if each % 1024 == 0:
            while load_acquire(words, 16) < each - 512:
                pass

segment = open_segment(sys.argv[1])
words = np.frombuffer(segment.buf, np.uint64)
tell(words, int(sys.argv[2]))
del words
segment.close()
"""


def test_atomics_are_exact_between_two_processes() -> None:
    from numba import njit

    from hive_tui.ring.kernels import load_acquire, store_release
    from hive_tui.ring.segment import memory, new_name, open_segment, unlink_segment

    @njit(nogil=True)
    def listen(words, rounds):  # type: ignore[no-untyped-def]
        torn = late = looks = 0
        last = np.uint64(0)
        while last < rounds:
            word = load_acquire(words, 0)
            low, high = word & np.uint64(0xFFFFFFFF), word >> np.uint64(32)
            torn += low != high or low < last
            late += words[8] < low * np.uint64(3)
            looks += 1
            last = low
            store_release(words, 16, last)
        return torn, late, looks

    rounds, name = 1_000_000, new_name()
    segment = open_segment(name, create_size=4096)
    words = np.frombuffer(memory(segment), np.uint64)
    try:
        assert listen(words, 0) == (0, 0, 0)  # Compiled before the other begins.
        environment = {**os.environ, "PYTHONPATH": str(Path(hive_tui.__file__).parents[1])}
        with subprocess.Popen([sys.executable, "-c", CHILD, name, str(rounds)], env=environment) as child:
            torn, late, looks = listen(words, rounds)
            assert child.wait() == 0
        assert (torn, late) == (0, 0)
        assert looks > rounds // 1024
    finally:
        del words
        unlink_segment(segment.name)
        segment.close()
