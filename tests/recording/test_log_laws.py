"""Writer and cursor: every record once and in order, however it was batched, sealed and looked at."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hive_tui.recording import format as form
from hive_tui.recording.folder import LOG, is_written, open_name
from hive_tui.recording.format import BLOCK, INDEX, KEYFRAME, NewerVersionError
from hive_tui.recording.reader import LogCursor, decompress, read_records
from hive_tui.recording.writer import AlreadyWrittenError

STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("append"), st.lists(st.integers(0, 300), min_size=1, max_size=4)),
        st.tuples(st.just("look"), st.integers(0, 2)),
        st.tuples(st.just("work"), st.integers(1, 3)),
    ),
    max_size=40,
)


@pytest.mark.usefixtures("small_blocks")
def test_any_interleaving_gives_every_record_once(record: Any) -> None:
    @given(STEPS, st.booleans())
    @settings(max_examples=60)
    def law(steps: list[tuple[str, Any]], finished: bool) -> None:
        with tempfile.TemporaryDirectory() as folder:
            recording = record(Path(folder) / "run")
            cursors, seen = [LogCursor(recording.folder) for _ in range(3)], [[], [], []]
            for step, argument in steps:
                if step == "append":
                    recording.append(*argument)
                elif step == "work":
                    recording.work(argument)
                else:
                    seen[argument] += cursors[argument].records()
                    assert seen[argument] == recording.appended
            if finished:
                recording.finish()
            else:
                recording.log.abandon()
                recording.work()
            for cursor, records in zip(cursors, seen, strict=True):
                records += cursor.records()
                assert records == recording.appended
                assert cursor.complete == (finished and bool(recording.appended))
                assert list(cursor.records()) == []
            assert list(read_records(recording.folder)) == recording.appended

    law()


def test_a_record_is_there_as_soon_as_append_returns(recording: Any, seqs: Any) -> None:
    cursor = LogCursor(recording.folder)
    for seq in range(1, 30):
        recording.append(80)
        assert seqs(cursor) == [seq]


def test_blocks_that_are_sealed_late_are_not_given_out_twice(recording: Any, seqs: Any) -> None:
    cursor = LogCursor(recording.folder)
    for _ in range(20):
        recording.append(80)
    assert seqs(cursor) == list(range(1, 21))
    recording.work()
    assert seqs(cursor) == []
    recording.append(80)
    assert seqs(cursor) == [21]


def test_an_open_file_goes_when_its_block_is_sealed_and_a_finished_log_has_none(recording: Any) -> None:
    for _ in range(20):
        recording.append(80)
    recording.work()
    (left,) = [path.name for path in recording.folder.iterdir() if path.name != LOG]
    assert left == open_name(recording.log._block.number)
    recording.finish()
    assert [path.name for path in recording.folder.iterdir()] == [LOG]


def test_what_was_forced_to_the_disk_stays_there_until_the_log_is(
    recording: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    forced: list[int] = []
    monkeypatch.setattr(os, "fsync", lambda file: forced.append(os.fstat(file).st_ino))
    recording.append(80)
    recording.log.sync()
    for _ in range(20):
        recording.append(80)
    recording.work()
    assert recording.log._block.number > 1
    left = sorted(path.name for path in recording.folder.iterdir() if path.name != LOG)
    assert left == [open_name(0), open_name(recording.log._block.number)]
    forced.clear()
    recording.log.sync()
    recording.work()
    assert (recording.folder / LOG).stat().st_ino in forced
    assert not (recording.folder / open_name(0)).exists()


def test_memory_is_that_of_a_block_however_long_the_log(recording: Any) -> None:
    for _ in range(200):
        recording.append(80)
    recording.finish()
    assert max(map(len, LogCursor(recording.folder).read())) < 800


def frames(data: bytes) -> list[tuple[form.Frame, bytes, int]]:
    """(frame, stored payload, offset) of each frame of a log."""
    found, (_, offset) = [], form.decode_file_header(data)
    while data[offset : offset + 8] != form.END_MAGIC:
        frame = form.decode_frame(data[offset:], offset)
        stored = data[offset + form.FRAME.size : offset + form.FRAME.size + frame.stored]
        form.check_frame(frame, stored, offset)
        found.append((frame, stored, offset))
        offset += form.FRAME.size + frame.stored
    return found


def test_the_chain_holds_and_the_index_finds_every_block_and_its_keyframes(recording: Any) -> None:
    for _ in range(40):
        recording.append(80, 20)
    recording.finish()
    data = (recording.folder / LOG).read_bytes()
    *both, (index, stored, index_offset) = frames(data)
    blocks, keyframes = both[0::2], both[1::2]
    assert index.tag == INDEX
    chain = form.first_chain(data[: blocks[0][2]])
    entries = msgspec.msgpack.decode(stored, type=form.Index).blocks
    for number, ((frame, payload, offset), entry) in enumerate(zip(blocks, entries, strict=True)):
        raw = decompress(frame.codec, payload, frame.raw)
        chain = form.chain_after(chain, raw, number, frame.span)
        assert (frame.tag, frame.number, frame.chain) == (BLOCK, number, chain)
        assert (entry.offset, entry.number, entry.raw, entry.span) == (offset, number, len(raw), frame.span)
    for (frame, _, offset), entry in zip(keyframes, entries, strict=True):
        assert (frame.tag, frame.number, frame.span, offset) == (KEYFRAME, entry.number, entry.span, entry.keyframes)
    assert index.chain == chain
    assert (index.span.records, index.span.first_seq, index.span.last_seq) == (80, 1, 80)
    assert form.TRAILER.unpack(data[-form.TRAILER.size :]) == (form.END_MAGIC, index_offset)


def test_an_open_block_says_which_chain_it_goes_on_with(recording: Any) -> None:
    for _ in range(9):
        recording.append(80)
    recording.work()
    data = (recording.folder / LOG).read_bytes() + form.END_MAGIC
    number, chain = form.decode_open_header((recording.folder / open_name(1)).read_bytes())
    assert (number, chain) == (1, frames(data)[0][0].chain)


def test_frames_of_an_unknown_tag_are_skipped(recording: Any, seqs: Any) -> None:
    for _ in range(20):
        recording.append(80)
    recording.finish()
    path = recording.folder / LOG
    data = path.read_bytes()
    strange = form.encode_frame(b"NEWS", 77, 5, b"what is this?", 999, form.Span(1, 2, 3, 4, 5), bytes(32))
    out, last = b"", 0
    for _, _, offset in frames(data):
        out, last = out + data[last:offset] + strange, offset
    trailer = form.TRAILER.pack(form.END_MAGIC, len(out))
    path.write_bytes(out + data[last : -len(trailer)] + trailer)
    cursor = LogCursor(recording.folder)
    assert seqs(cursor) == list(range(1, 21))
    assert cursor.complete


def test_one_writer_a_run(recording: Any, record: Any) -> None:
    recording.append(10)
    with pytest.raises(AlreadyWrittenError, match="another process writes this run"):
        record(recording.folder)
    assert is_written(recording.folder)
    recording.finish()
    assert not is_written(recording.folder)


def test_a_finished_recording_is_not_written_on(recording: Any, record: Any) -> None:
    recording.append(10)
    recording.finish()
    before = (recording.folder / LOG).read_bytes()
    with pytest.raises(FileExistsError):
        record(recording.folder)
    assert (recording.folder / LOG).read_bytes() == before
    assert not is_written(recording.folder)


def test_a_run_that_was_never_begun_is_not_written(tmp_path: Path) -> None:
    assert not is_written(tmp_path)


def test_a_log_of_a_newer_version_is_named_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(form, "VERSION", 2)
    (tmp_path / LOG).write_bytes(form.encode_file_header(form.LogHeader("01J", 0)))
    monkeypatch.undo()
    with pytest.raises(NewerVersionError, match="recording format 2"):
        LogCursor(tmp_path)
