"""A torn tail is normal: whatever was cut, the longest valid prefix is given, and said to be one."""

from __future__ import annotations

import shutil
import tracemalloc
import zlib
from pathlib import Path
from typing import Any

import pytest
import zstandard

from hive_tui.recording import format as form
from hive_tui.recording.folder import LOG, open_name
from hive_tui.recording.format import DamagedError
from hive_tui.recording.reader import LogCursor, fold_log
from hive_tui.recording.timeline import Timeline


def whole_blocks(data: bytes) -> list[tuple[int, int]]:
    """(offset behind the frame, its last sequence) of each block of a log."""
    found, (_, offset) = [], form.decode_file_header(data)
    while data[offset : offset + 4] in (form.BLOCK, form.KEYFRAME):
        frame = form.decode_frame(data[offset:])
        offset += form.FRAME.size + frame.stored
        if frame.tag == form.BLOCK:
            found.append((offset, frame.span.last_seq))
    return found


def test_a_finished_log_that_is_cut_at_any_byte_gives_its_whole_blocks(recording: Any, seqs: Any) -> None:
    for _ in range(14):
        recording.append(80)
    recording.finish()
    path = recording.folder / LOG
    data = path.read_bytes()
    blocks = whole_blocks(data)
    assert len(blocks) == 3
    for cut in range(blocks[0][0], len(data)):
        path.write_bytes(data[:cut])
        cursor = LogCursor(recording.folder)
        assert seqs(cursor) == list(range(1, max(last for stop, last in blocks if stop <= cut) + 1))
        assert not cursor.complete, "a log without its whole trailer has no sound end"
        assert cursor.torn
    path.write_bytes(data)
    cursor = LogCursor(recording.folder)
    assert seqs(cursor) == list(range(1, 15))
    assert cursor.complete
    assert not cursor.torn


def test_an_open_block_that_is_cut_at_any_byte_gives_its_whole_batches(recording: Any, seqs: Any) -> None:
    for sizes in ((80,), (80, 90), (300, 1), (20,), (0,), (30, 30)):
        recording.append(*sizes)
    recording.work()
    path = recording.folder / open_name(1)
    data = path.read_bytes()
    sealed, open_ = 5, recording.batches[3:]
    stops = [form.OPEN_SIZE]
    for batch in open_:
        stops.append(stops[-1] + form.BATCH.size + len(batch))
    assert stops[-1] == len(data)
    for cut in range(len(data) + 1):
        path.write_bytes(data[:cut])
        whole = sum(stop <= cut for stop in stops[1:])
        records = sealed + sum((0, 1, 1, 2)[: whole + 1])
        cursor = LogCursor(recording.folder)
        assert seqs(cursor) == list(range(1, records + 1))
        assert ("cut short" in cursor.torn) == (cut > form.OPEN_SIZE and cut not in stops)


def test_a_batch_that_is_damaged_ends_the_prefix(recording: Any, seqs: Any) -> None:
    for _ in range(4):
        recording.append(50)
    path = recording.folder / open_name(0)
    data = bytearray(path.read_bytes())
    data[-10] ^= 1
    path.write_bytes(data)
    assert seqs(LogCursor(recording.folder)) == [1, 2, 3]


def test_a_block_that_is_damaged_ends_the_prefix_and_is_named(recording: Any, seqs: Any) -> None:
    for _ in range(14):
        recording.append(80)
    recording.finish()
    path = recording.folder / LOG
    data = bytearray(path.read_bytes())
    (_, last), (second, _), _ = whole_blocks(bytes(data))
    frame = data.rindex(form.BLOCK, 0, second)
    data[second - 5] ^= 1
    path.write_bytes(data)
    cursor = LogCursor(recording.folder)
    assert seqs(cursor) == list(range(1, last + 1))
    assert not cursor.complete
    assert cursor.damage is not None
    assert cursor.damage.offset == frame


def test_a_file_header_that_is_cut_or_damaged_is_refused(recording: Any) -> None:
    path = recording.folder / LOG
    data = path.read_bytes()
    for cut in range(len(data)):
        path.write_bytes(data[:cut])
        with pytest.raises(DamagedError):
            LogCursor(recording.folder)
    for at in range(len(data)):
        path.write_bytes(data[:at] + bytes([data[at] ^ 0x41]) + data[at + 1 :])
        with pytest.raises(DamagedError):
            LogCursor(recording.folder)


def test_a_cursor_reads_on_when_the_torn_batch_is_completed(recording: Any, seqs: Any) -> None:
    recording.append(50)
    recording.append(60)
    path = recording.folder / open_name(0)
    data = path.read_bytes()
    path.write_bytes(data[:-7])
    cursor = LogCursor(recording.folder)
    assert seqs(cursor) == [1]
    path.write_bytes(data)
    assert seqs(cursor) == [2]


def test_a_kill_between_sealing_and_removing_gives_nothing_twice(recording: Any, seqs: Any, tmp_path: Path) -> None:
    for _ in range(6):
        recording.append(80)
    kept = tmp_path / "kept"
    shutil.copy(recording.folder / open_name(0), kept)
    recording.work()
    shutil.copy(kept, recording.folder / open_name(0))
    assert seqs(LogCursor(recording.folder)) == list(range(1, 7))


def test_a_kill_in_the_middle_of_sealing_loses_nothing(recording: Any, seqs: Any) -> None:
    for _ in range(8):
        recording.append(80)
    path = recording.folder / LOG
    before = path.read_bytes()
    kept = {name: (recording.folder / name).read_bytes() for name in map(open_name, (0, 1))}
    recording.work()
    after = path.read_bytes()
    for name, data in kept.items():
        (recording.folder / name).write_bytes(data)
    for cut in range(len(before), len(after)):
        path.write_bytes(after[:cut])
        assert seqs(LogCursor(recording.folder)) == list(range(1, 9))


@pytest.mark.parametrize("count", [0, 1])
def test_a_frame_that_announces_too_much_is_refused_before_memory_is_taken(count: int) -> None:
    sizes = [8, 8]
    sizes[count] = form.MAX_PAYLOAD + 1
    frame = form.FRAME.pack(form.BLOCK, 0, 0, 0, *sizes, *(1, 1, 1, 1, 1), bytes(32), 0)
    with pytest.raises(DamagedError, match="announces"):
        form.decode_frame(frame)


def test_a_block_whose_payload_asks_for_more_memory_than_it_announced_ends_the_prefix(recording: Any) -> None:
    path = recording.folder / LOG
    span = form.Span(1, 1, 1, 0, 0)
    huge = b"\x28\xb5\x2f\xfd\xe0" + (1 << 40).to_bytes(8, "little") + b"\x01\x00\x00"
    bomb = zstandard.ZstdCompressor().compress(bytes(1 << 20))
    recording.finish()
    header = path.read_bytes()
    for payload in (huge, bomb, b"no zstd"):
        path.write_bytes(header + form.encode_frame(form.BLOCK, form.ZSTD, 0, payload, 100, span, bytes(32)))
        cursor = LogCursor(recording.folder)
        tracemalloc.start()
        assert list(cursor.read()) == []
        assert tracemalloc.get_traced_memory()[1] < 1 << 19
        tracemalloc.stop()
        assert "zstd" in cursor.torn


def test_a_sound_block_of_bytes_that_are_no_records_ends_the_prefix(recording: Any) -> None:
    recording.append(50)
    recording.log.append(b"no record at all", form.Span(1, 2, 2, 2000, 2000))
    state, torn = fold_log(recording.folder)
    assert (state.seq, torn) == (1, "header cut short at byte 98")


def test_a_sound_header_that_is_no_header_is_damage(recording: Any) -> None:
    data = form.FILE_MAGIC + (1).to_bytes(4, "little") + (3).to_bytes(4, "little") + b"\xc1ab"
    (recording.folder / LOG).write_bytes(data + zlib.crc32(data).to_bytes(4, "little"))
    with pytest.raises(DamagedError, match="file header"):
        LogCursor(recording.folder)


def test_what_was_read_of_a_recording_stays_when_it_is_removed(recording: Any) -> None:
    for _ in range(13):
        recording.append(80)
    recording.work(1)
    timeline = Timeline(recording.folder)
    state = timeline.last_state()
    assert state.seq == 13
    recording.work()
    shutil.rmtree(recording.folder)
    for _ in range(2):
        timeline.blocks.refresh()
        assert (timeline.last_seq, timeline.last_state()) == (13, state)
    assert [each.seq for each in timeline.records(0)] == list(range(1, 14))
    timeline.close()
