"""What a reader gets is what was published, in any batching; a reader that was lapped always knows."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hive_tui.ring import layout
from hive_tui.ring.reader import LappedError, NotARingError, RingReader
from hive_tui.ring.segment import memory, new_name, open_segment, unlink_segment
from hive_tui.ring.writer import RingWriter

CAPACITY = 1024
BATCHES = st.lists(st.integers(0, CAPACITY // 2), max_size=40)

Make = Callable[[int], RingWriter]


@pytest.fixture(scope="module")
def rings(tmp_path_factory: pytest.TempPathFactory) -> Callable[[], object]:
    folder: Path = tmp_path_factory.mktemp("rings")

    @contextmanager
    def pair() -> Iterator[tuple[RingWriter, RingReader]]:
        writer = RingWriter(folder, CAPACITY)
        reader = RingReader(writer.name)
        yield writer, reader
        reader.close()
        writer.close()

    return pair


def stream(start: int, size: int) -> bytes:
    """The bytes that stand at these positions of an endless stream in which no stretch of 1 KiB comes twice."""
    return bytes((position * 31 + position // 251) & 0xFF for position in range(start, start + size))


def test_what_is_read_is_what_was_published_in_any_batching(rings: Callable[..., object]) -> None:
    @given(st.lists(st.tuples(st.integers(0, CAPACITY // 2), st.booleans()), max_size=40))
    def law(steps: list[tuple[int, bool]]) -> None:
        with rings() as (writer, reader):  # type: ignore[attr-defined]
            for size, look in steps:
                writer.publish(stream(writer.position, size), 1)
                assert reader.lag == writer.position - reader.position
                if not look:
                    continue
                start = reader.position
                if writer.position - start > CAPACITY:
                    with pytest.raises(LappedError):
                        reader.read()
                    assert reader.position == start
                    reader.jump(reader.head)
                else:
                    assert reader.read() == stream(start, writer.position - start)
                    assert reader.position == writer.position

    law()


def test_bytes_that_the_writer_may_be_overwriting_now_are_not_given_out(make_ring: Make) -> None:
    writer = make_ring(CAPACITY)
    reader = RingReader(writer.name)
    writer.publish(stream(0, 500), 1)
    writer.publish(stream(500, 500), 1)
    words = writer.buffer[: layout.CONTROL_SIZE].cast("Q")
    words[layout.WORD_CLAIM] = 1025  # One byte of the oldest is under the writer's pen.
    with pytest.raises(LappedError):
        reader.read()
    words[layout.WORD_CLAIM] = 1024
    assert reader.read() == stream(0, 1000)
    words.release()
    reader.close()


def test_a_reader_stands_at_the_head_when_it_attaches(make_ring: Make) -> None:
    writer = make_ring(CAPACITY)
    writer.publish(stream(0, 100), 3)
    reader = RingReader(writer.name)
    assert reader.read() == b""
    writer.publish(stream(100, 7), 1)
    assert reader.read() == stream(100, 7)
    reader.close()


def test_readers_do_not_disturb_each_other(make_ring: Make) -> None:
    writer = make_ring(CAPACITY)
    fast, slow = RingReader(writer.name), RingReader(writer.name)
    for _ in range(5):
        start = writer.position
        writer.publish(stream(start, 300), 1)
        assert fast.read() == stream(start, 300)
    with pytest.raises(LappedError):
        slow.read()
    fast.close()
    slow.close()


def test_a_batch_over_half_the_ring_is_refused(make_ring: Make) -> None:
    writer = make_ring(CAPACITY)
    writer.publish(bytes(CAPACITY // 2), 1)
    with pytest.raises(ValueError, match="half the ring"):
        writer.publish(bytes(CAPACITY // 2 + 1), 1)
    assert writer.position == CAPACITY // 2


def test_a_capacity_is_a_power_of_two(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="power of two"):
        RingWriter(tmp_path, 1000)


def test_a_reader_tells_the_gauges_how_far_it_is(make_ring: Make) -> None:
    writer = make_ring(CAPACITY)
    _, end = os.pipe()
    slot = writer.add_reader(end)
    reader = RingReader(writer.name, slot)
    writer.publish(stream(0, 99), 1)
    reader.read()
    words = writer.buffer[: layout.CONTROL_SIZE].cast("Q")
    assert words[layout.reader_word(slot, layout.READER_POSITION)] == 99
    words.release()
    reader.close()


@pytest.mark.parametrize("size", [100, 4096, 8192])
def test_a_segment_that_is_no_ring_is_refused(size: int) -> None:
    segment = open_segment(new_name(), create_size=size)
    memory(segment)[:8] = b"NOTARING"
    try:
        with pytest.raises(NotARingError):
            RingReader(segment.name)
    finally:
        unlink_segment(segment.name)
        segment.close()


def test_a_ring_of_another_version_is_refused(make_ring: Make) -> None:
    writer = make_ring(CAPACITY)
    words = writer.buffer[: layout.CONTROL_SIZE].cast("Q")
    words[layout.WORD_VERSION] = layout.VERSION + 1
    words.release()
    with pytest.raises(NotARingError):
        RingReader(writer.name)


def test_words_of_different_writers_stand_in_cache_lines_of_their_own() -> None:
    lines = [layout.WORD_CLAIM // 8, layout.WORD_HEAD // 8]
    lines += [layout.reader_word(slot, 0) // 8 for slot in range(layout.READERS)]
    assert len(set(lines)) == len(lines)
    assert layout.reader_word(layout.READERS, 0) * 8 <= layout.CONTROL_SIZE
