"""The ring between real processes: overrun on purpose, left, killed and cleaned up after."""

from __future__ import annotations

import _posixshmem
import errno
import os
import select
import stat
import subprocess
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from hive_tui.ring import segment
from hive_tui.ring.process_time import start_time
from hive_tui.ring.reader import LappedError, RingReader
from hive_tui.ring.segment import new_name, open_segment, register, sweep
from hive_tui.ring.writer import RingWriter

Start = Callable[..., "subprocess.Popen[str]"]

WRITER = """
import os, random, struct, sys, zlib
from pathlib import Path
from hive_tui.ring.writer import RingWriter

# Records of 12 bytes and a filling that follows from the sequence: u32 length of the filling, u32 sequence, u32 CRC.
chance = random.Random(7)
writer, seq = RingWriter(Path(sys.argv[1]), 65536), 0
print(writer.name, flush=True)
for line in sys.stdin:
    until = seq + int(line)
    while seq < until:
        batch, count = [], chance.randint(1, 9)
        for _ in range(count):
            seq += 1
            filling = struct.pack("<Q", seq * 0x9E3779B97F4A7C15 % 2**64) * chance.randint(0, 60)
            batch.append(struct.pack("<III", len(filling), seq, zlib.crc32(filling)) + filling)
        writer.publish(b"".join(batch), count)
    print(seq, flush=True)
writer.close()
"""


def seqs_of(data: bytes) -> list[int]:
    """Sequences of whole, untorn records that fill the bytes from end to end."""
    view, offset, seqs = memoryview(data), 0, []
    while offset < len(view):
        length, seq, crc = (int.from_bytes(view[offset + at : offset + at + 4], "little") for at in (0, 4, 8))
        filling = view[offset + 12 : offset + 12 + length]
        assert len(filling) == length
        assert zlib.crc32(filling) == crc
        seqs.append(seq)
        offset += 12 + length
    return seqs


class Writer:
    """The writer in its process."""

    def __init__(self, start: Start, folder: Path) -> None:
        self.process = start(WRITER, folder)
        self.name = self.line()

    def line(self) -> str:
        assert self.process.stdout is not None
        return self.process.stdout.readline().strip()

    def has_answered(self) -> bool:
        return bool(select.select([self.process.stdout], [], [], 0)[0])

    def publish(self, records: int, *, wait: bool = True) -> int:
        """Ask for records; returns the last sequence when waiting for it."""
        assert self.process.stdin is not None
        self.process.stdin.write(f"{records}\n")
        return int(self.line()) if wait else 0

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()


@pytest.fixture
def other(start: Start, tmp_path: Path) -> Iterator[Writer]:
    writer = Writer(start, tmp_path / "rings")
    yield writer
    writer.kill()
    sweep(tmp_path / "rings")


def test_a_reader_in_step_misses_nothing(other: Writer) -> None:
    reader, seen, last = RingReader(other.name), [], 0
    for _ in range(40):
        last = other.publish(100)
        seen += seqs_of(reader.read())
    assert seen == list(range(1, last + 1))
    reader.close()


def test_a_reader_that_was_overrun_knows_it_and_reads_on_from_whole_records(other: Writer) -> None:
    reader, laps, last = RingReader(other.name), 0, 0
    for records in (10, 5_000, 10, 5_000, 5_000, 10):
        before, last = last, other.publish(records)
        if records == 10:
            assert seqs_of(reader.read()) == list(range(before + 1, last + 1))
            continue
        with pytest.raises(LappedError):
            reader.read()
        reader.jump(reader.head)
        laps += 1
    assert laps == 3
    reader.close()


def test_nothing_is_torn_or_doubled_while_the_writer_runs_over_the_reader(other: Writer) -> None:
    reader, last = RingReader(other.name), 0
    other.publish(100_000, wait=False)
    while not other.has_answered() or reader.lag:
        try:
            seqs = seqs_of(reader.read())
        except LappedError:
            reader.jump(reader.head)
            continue
        if seqs:
            assert seqs[0] > last
            assert seqs == list(range(seqs[0], seqs[-1] + 1))
            last = seqs[-1]
    done = int(other.line())
    assert seqs_of(reader.read()) == []
    assert other.publish(5) >= done + 5
    assert seqs_of(reader.read())[0] == done + 1
    reader.close()


LEAVER = """
import sys
from hive_tui.ring.reader import RingReader
reader = RingReader(sys.argv[1])
print(reader.head, flush=True)
"""


@pytest.mark.parametrize("goodbye", ["reader.close()", "", "import os; os.kill(os.getpid(), 15)"])
def test_the_segment_survives_a_reader_that_leaves(start: Start, tmp_path: Path, goodbye: str) -> None:
    writer = RingWriter(tmp_path, 1024)
    writer.publish(b"hello", 1)
    leaver = start(LEAVER + goodbye, writer.name)
    out, _ = leaver.communicate(timeout=30)
    assert out == "5\n"
    assert leaver.returncode == (-15 if "kill" in goodbye else 0)
    RingReader(writer.name).close()
    writer.close()


def test_closing_removes_name_and_entry_and_leaves_readers_their_memory(tmp_path: Path) -> None:
    writer = RingWriter(tmp_path, 1024)
    reader = RingReader(writer.name)
    writer.publish(b"the last words", 1)
    writer.close()
    assert reader.read() == b"the last words"
    assert list(tmp_path.iterdir()) == []
    with pytest.raises(FileNotFoundError):
        RingReader(writer.name)
    reader.close()


def test_the_sweep_removes_what_a_killed_core_left_and_nothing_else(start: Start, tmp_path: Path) -> None:
    killed, alive = Writer(start, tmp_path), Writer(start, tmp_path)
    mine = RingWriter(tmp_path, 1024)
    killed.kill()
    RingReader(killed.name).close()
    assert sweep(tmp_path) == [killed.name]
    assert {path.name for path in tmp_path.iterdir()} == {alive.name, mine.name}
    with pytest.raises(FileNotFoundError):
        open_segment(killed.name)
    RingReader(alive.name).close()
    mine.close()
    alive.kill()
    assert sweep(tmp_path) == [alive.name]


def test_the_sweep_is_not_fooled_by_a_pid_that_came_again(tmp_path: Path) -> None:
    name = new_name()
    path = register(tmp_path, name)
    open_segment(name, create_size=4096).close()
    path.write_bytes(path.read_bytes().replace(b'"started":"', b'"started":"1'))
    assert sweep(tmp_path) == [name]


@pytest.mark.parametrize("content", [b"", b"{", b'{"pid": "x"}'])
def test_an_entry_that_is_damaged_or_half_written_goes_with_the_process_in_its_name(
    start: Start, tmp_path: Path, content: bytes
) -> None:
    process = start("input()")
    name = new_name().replace(str(os.getpid()), str(process.pid))
    (tmp_path / name).write_bytes(content)
    open_segment(name, create_size=4096).close()
    assert sweep(tmp_path) == [], "it may be just being written"
    process.kill()
    process.wait()
    assert sweep(tmp_path) == [name]
    assert list(tmp_path.iterdir()) == []


def test_a_segment_that_never_got_its_size_is_removed(start: Start, tmp_path: Path) -> None:
    process = start("input()")
    process.kill()
    process.wait()
    name = new_name().replace(str(os.getpid()), str(process.pid))
    (tmp_path / name).write_bytes(b"")
    os.close(_posixshmem.shm_open(f"/{name}", os.O_CREAT | os.O_EXCL | os.O_RDWR, mode=0o600))
    assert sweep(tmp_path) == [name]
    with pytest.raises(FileNotFoundError):
        open_segment(name)


def test_a_segment_that_cannot_be_removed_now_is_left_to_a_later_sweep(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    entry = tmp_path / "hive-999999999-0"
    entry.write_bytes(b"")

    def read_only(_name: str) -> None:
        raise OSError(errno.EROFS, "Read-only file system")

    monkeypatch.setattr(segment, "unlink_segment", read_only)
    assert sweep(tmp_path) == []
    assert entry.exists()


def test_all_of_a_ring_is_there_from_the_start(tmp_path: Path) -> None:
    writer = RingWriter(tmp_path, 1 << 20)
    try:
        assert Path("/dev/shm", writer.name).stat().st_blocks * 512 >= 1 << 20
    finally:
        writer.close()


def test_an_entry_whose_segment_was_never_made_is_removed(tmp_path: Path) -> None:
    name = new_name()
    path = register(tmp_path, name)
    path.write_bytes(path.read_bytes().replace(b'"started":"', b'"started":"1'))
    assert sweep(tmp_path) == []
    assert not path.exists()


def test_the_entry_stands_before_the_segment_and_is_private(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(name: str, **_options: int) -> None:
        raise OSError(f"{name}: no shared memory here")

    monkeypatch.setattr("hive_tui.ring.writer.open_segment", fail)
    folder = tmp_path / "rings"
    with pytest.raises(OSError, match="no shared memory"):
        RingWriter(folder, 1024)
    (entry,) = folder.iterdir()
    assert stat.S_IMODE(entry.stat().st_mode) == 0o600
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700


def test_names_are_short_enough_for_macos(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(segment.os, "getpid", lambda: 4_194_304)
    assert len(f"/{new_name()}") <= 31


def test_a_process_has_one_start_time_and_a_dead_one_none(start: Start) -> None:
    process = start("input()")
    first = start_time(process.pid)
    assert first
    assert start_time(process.pid) == first
    process.kill()
    assert start_time(process.pid) in (None, first)  # A zombie, or not yet one.
    process.wait()
    assert start_time(process.pid) is None
