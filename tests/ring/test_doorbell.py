"""The doorbell: it rings for a reader that sleeps, for no other, and never holds the writer up."""

from __future__ import annotations

import os
import select
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

import hive_tui
from hive_tui.ring import layout
from hive_tui.ring.reader import RingReader
from hive_tui.ring.writer import RingWriter

Make = Callable[[int], RingWriter]


class Sleeper:
    """A reader with its end of the doorbell."""

    def __init__(self, writer: RingWriter) -> None:
        self.ear, end = os.pipe()
        os.set_blocking(self.ear, False)
        self.slot = writer.add_reader(end)
        self.reader = RingReader(writer.name, self.slot)

    def rings(self) -> int:
        """How often it rang since the last look."""
        try:
            return len(os.read(self.ear, 1_000_000))
        except BlockingIOError:
            return 0

    def leave(self) -> None:
        self.reader.close()
        os.close(self.ear)


@pytest.fixture
def writer(make_ring: Make) -> RingWriter:
    return make_ring(1024)


@pytest.fixture
def sleeper(writer: RingWriter) -> Iterator[Sleeper]:
    made = Sleeper(writer)
    yield made
    made.leave()


def test_it_rings_once_for_a_reader_that_sleeps(writer: RingWriter, sleeper: Sleeper) -> None:
    assert sleeper.reader.sleep()
    writer.publish(b"one", 1)
    writer.publish(b"two", 1)
    assert sleeper.rings() == 1
    assert sleeper.reader.read() == b"onetwo"


def test_it_does_not_ring_for_a_reader_that_is_awake(writer: RingWriter, sleeper: Sleeper) -> None:
    writer.publish(b"one", 1)
    assert sleeper.rings() == 0


def test_a_reader_does_not_fall_asleep_over_what_came_meanwhile(writer: RingWriter, sleeper: Sleeper) -> None:
    writer.publish(b"one", 1)
    assert not sleeper.reader.sleep()
    writer.publish(b"two", 1)
    assert sleeper.rings() == 0


def test_it_rings_each_sleeper_and_nobody_else(writer: RingWriter, sleeper: Sleeper) -> None:
    other = Sleeper(writer)
    assert other.reader.sleep()
    writer.publish(b"one", 1)
    assert (sleeper.rings(), other.rings()) == (0, 1)
    other.leave()


def test_a_full_pipe_does_not_hold_the_writer_up(writer: RingWriter, sleeper: Sleeper) -> None:
    for _ in range(100_000):
        sleeper.reader.sleep()
        writer.ring_doorbells()
    writer.publish(b"one", 1)
    assert 0 < sleeper.rings() < 100_000


def test_a_reader_that_has_left_does_not_disturb_the_writer(writer: RingWriter) -> None:
    gone = Sleeper(writer)
    assert gone.reader.sleep()
    gone.leave()
    writer.publish(b"one", 1)
    assert writer.position == 3


def test_a_place_in_the_table_is_given_again(writer: RingWriter) -> None:
    ends = [os.pipe() for _ in range(layout.READERS + 1)]
    slots = [writer.add_reader(end) for _, end in ends[:-1]]
    assert sorted(slots) == list(range(layout.READERS))
    with pytest.raises(RuntimeError, match="16 readers"):
        writer.add_reader(ends[-1][1])
    writer.remove_reader(5)
    assert writer.add_reader(ends[-1][1]) == 5
    for ear, _ in ends:
        os.close(ear)


def test_a_new_reader_is_awake_also_where_one_slept(writer: RingWriter) -> None:
    first = Sleeper(writer)
    assert first.reader.sleep()
    writer.remove_reader(first.slot)
    second = Sleeper(writer)
    assert second.slot == first.slot
    writer.publish(b"one", 1)
    assert second.rings() == 0
    first.leave()
    second.leave()


def test_a_reader_without_a_doorbell_may_not_sleep(writer: RingWriter) -> None:
    reader = RingReader(writer.name)
    with pytest.raises(RuntimeError, match="no doorbell"):
        reader.sleep()
    reader.close()


READER = """
import os, select, sys
from hive_tui.ring.reader import RingReader
name, slot, ear = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
reader, got = RingReader(name, slot), b""
print("ready", flush=True)
while not got.endswith(b"."):
    data = reader.read()
    got += data
    if not data and reader.sleep():
        select.select([ear], [], [], 30)
        os.read(ear, 4096)
print(got.decode(), flush=True)
"""


def test_it_wakes_a_reader_in_another_process(writer: RingWriter) -> None:
    ear, end = os.pipe()
    slot = writer.add_reader(end)
    with subprocess.Popen(
        [sys.executable, "-c", READER, writer.name, str(slot), str(ear)],
        stdout=subprocess.PIPE,
        text=True,
        pass_fds=[ear],
        env={**os.environ, "PYTHONPATH": str(Path(hive_tui.__file__).parents[1])},
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        words = writer.buffer[: layout.CONTROL_SIZE].cast("Q")
        for word in (b"one ", b"two ", b"three."):
            # Each word comes only when the reader has asked for its bell, so each needs a ring of its own.
            while not words[layout.reader_word(slot, layout.READER_ASLEEP)]:
                select.select([], [], [], 0.001)
            writer.publish(word, 1)
        words.release()
        assert process.stdout.readline() == "one two three.\n"
    os.close(ear)
