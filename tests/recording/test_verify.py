"""Verify: what is sound is called sound, and every damage is found and named by its position."""

from __future__ import annotations

import shutil
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import hive_tui.recording.keyframes as keyframes_module
import hive_tui.recording.writer as writer_module
from hive_tui import wire
from hive_tui.events import AttemptStarted, Event, Outcome, Record, RunEnded
from hive_tui.kernels.plain import PlainBackend
from hive_tui.recording import format as form
from hive_tui.recording.folder import LOG, MARKERS, SUMMARY
from hive_tui.recording.format import DamagedError, LogHeader, NewerVersionError, Span
from hive_tui.recording.navigation.markers import Marker, add
from hive_tui.recording.summary import summarise, write_summary
from hive_tui.recording.timeline import Timeline
from hive_tui.recording.verify import Report, Verification
from hive_tui.recording.writer import LogWriter
from tests.corpus import WHOLE as CORPUS
from tests.test_state import START, delta


def facts() -> list[Record]:
    events: list[tuple[int, Event]] = [(0, START), (1, AttemptStarted("generator", "sim/one", "simulator"))]
    events += [(1, delta(f"word {number} ")) for number in range(30)]
    events.append((0, RunEnded(Outcome.ERRORED)))
    return [Record(1, seq, seq * 1000, stream, event) for seq, (stream, event) in enumerate(events, 1)]


def write(folder: Path, *, finished: bool = True) -> LogWriter:
    log = LogWriter(folder, LogHeader("01J", 1), lambda job: job())
    for record in facts():
        log.append(wire.encode(record), Span(1, record.seq, record.seq, record.time_ns, record.time_ns))
    if finished:
        log.finish()
    return log


def verified(folder: Path) -> Report:
    return Verification(folder, PlainBackend()).run()


def kinds(folder: Path) -> list[tuple[str, int]]:
    return [(fault.kind, fault.offset) for fault in verified(folder).faults]


def frames(data: bytes) -> list[tuple[bytes, int, int]]:
    """(tag, begin, end) of each frame of a sound log."""
    offset, found = form.decode_file_header(data)[1], []
    while offset < len(data) - form.TRAILER.size:
        frame = form.decode_frame(data[offset : offset + form.FRAME.size])
        found.append((frame.tag, offset, offset + form.FRAME.size + frame.stored))
        offset = found[-1][2]
    return found


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A sound recording of eight blocks or so."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(writer_module, "BLOCK_SIZE", 300)
        patch.setattr(keyframes_module, "EVERY_RECORDS", 2)
        folder = tmp_path_factory.mktemp("whole") / "01J"
        write(folder)
        timeline = Timeline(folder)
        write_summary(folder, summarise(timeline.last_state()))
        timeline.close()
        yield folder


@pytest.fixture
def spoil(whole: Path, tmp_path: Path) -> Callable[[bytes], Path]:
    """Gives a copy of the recording with another log."""

    def spoiled(log: bytes) -> Path:
        folder = tmp_path / "copy"
        if not folder.exists():
            shutil.copytree(whole, folder)
        (folder / LOG).write_bytes(log)
        return folder

    return spoiled


@pytest.mark.parametrize("folder", CORPUS, ids=lambda path: f"{path.parent.name}-{path.name}")
def test_the_recordings_of_every_released_version_are_sound(folder: Path) -> None:
    assert CORPUS
    report = verified(folder)
    assert (report.faults, report.run, report.written) == ((), folder.name, False)


def test_a_sound_recording_is_sound(whole: Path) -> None:
    report = verified(whole)
    assert report == Report("01J", report.blocks, len(facts()), written=False, faults=())
    assert report.blocks > 5


def test_every_flipped_bit_is_found_near_where_it_is(whole: Path, spoil: Callable[[bytes], Path]) -> None:
    data = (whole / LOG).read_bytes()
    first, ends = frames(data)[0][1], frames(data)

    @settings(max_examples=150, deadline=None)
    @given(st.integers(0, len(data) - 1), st.integers(0, 7))
    def every(at: int, bit: int) -> None:
        flipped = bytearray(data)
        flipped[at] ^= 1 << bit
        faults = verified(spoil(bytes(flipped))).faults
        assert faults
        if at < first:
            assert [(fault.kind, fault.offset) for fault in faults] == [("header", 0)]
        else:
            begins = [begin for _tag, begin, end in ends if begin <= at < end] or [ends[-1][2]]
            assert faults[0].offset == begins[0]

    every()


def test_a_dropped_block_is_named(whole: Path, spoil: Callable[[bytes], Path]) -> None:
    data = (whole / LOG).read_bytes()
    (_, begin, _), (_, _, end) = frames(data)[4:6]
    found = verified(spoil(data[:begin] + data[end:])).faults
    assert (found[0].kind, found[0].offset) == ("order", begin)
    assert "block 3 stands where block 2 belongs; block 2 missing here" in found[0].message


def test_two_swapped_blocks_are_named(whole: Path, spoil: Callable[[bytes], Path]) -> None:
    data = (whole / LOG).read_bytes()
    each = frames(data)
    one, two = (each[2][1], each[3][2]), (each[4][1], each[5][2])
    swapped = data[: one[0]] + data[slice(*two)] + data[slice(*one)] + data[two[1] :]
    found = verified(spoil(swapped)).faults
    assert (found[0].kind, found[0].offset) == ("order", one[0])
    assert "block 2 stands where block 1 belongs" in found[0].message
    assert any("block 1 stands where block 3 belongs" in fault.message for fault in found)


@pytest.mark.parametrize("third", range(3))
def test_a_tail_that_is_cut_anywhere_is_named(whole: Path, spoil: Callable[[bytes], Path], third: int) -> None:
    """Anywhere in the last three blocks; in thirds, for one test would take long."""
    data = (whole / LOG).read_bytes()
    begin = frames(data)[-7][1]
    bounds = {begin for _, begin, _ in frames(data)} | {frames(data)[-1][2]}
    for stop in range(begin + third, len(data), 3):
        faults = verified(spoil(data[:stop])).faults
        assert faults, stop
        assert faults[-1].kind == "end"
        assert faults[0].offset == max(each for each in bounds if each <= stop)


def test_what_stands_behind_the_end_is_named(whole: Path, spoil: Callable[[bytes], Path]) -> None:
    data = (whole / LOG).read_bytes()
    assert kinds(spoil(data + b"more")) == [("end", len(data))]


def test_what_never_was_a_recording_is_none(spoil: Callable[[bytes], Path], whole: Path) -> None:
    for data in (b"", b"garbage" * 100):
        with pytest.raises(DamagedError, match="not a recording"):
            verified(spoil(data))
    data = (whole / LOG).read_bytes()
    payload = form.encode_file_header(LogHeader("01J", 1))
    newer = bytearray(payload[:-4])
    newer[8] = form.VERSION + 1
    with pytest.raises(NewerVersionError):
        verified(spoil(bytes(newer) + zlib.crc32(newer).to_bytes(4, "little") + data[len(payload) :]))


def test_a_run_that_is_written_is_sound_so_far(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writer_module, "BLOCK_SIZE", 300)
    log = write(tmp_path / "01J", finished=False)
    report = verified(tmp_path / "01J")
    assert (report.written, report.faults, report.records) == (True, (), len(facts()))
    log.abandon()
    assert [fault.kind for fault in verified(tmp_path / "01J").faults] == ["end"]
    (last,) = (tmp_path / "01J").glob("open-*")
    data = last.read_bytes()
    last.write_bytes(data[:-1])
    cut = verified(tmp_path / "01J").faults[0]
    assert (cut.kind, cut.file) == ("tail", last.name)


def test_files_beside_the_log(whole: Path, spoil: Callable[[bytes], Path]) -> None:
    folder = spoil((whole / LOG).read_bytes())
    add(folder, "01J", Marker("here", "", 1, 0, 1))
    assert kinds(folder) == []
    (folder / MARKERS).write_bytes(b"a person's own")
    assert kinds(folder) == []
    (folder / "stranger").write_bytes(b"")
    summary = (folder / SUMMARY).read_bytes()
    (folder / SUMMARY).write_bytes(summary.replace(b"why", b"who"))
    assert [(fault.kind, fault.file) for fault in verified(folder).faults] == [
        ("stray", "stranger"),
        ("summary", SUMMARY),
    ]


def test_a_raw_copy_that_stayed_holds_what_its_block_holds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writer_module, "BLOCK_SIZE", 300)
    folder, copies = tmp_path / "01J", dict[str, bytes]()
    unlink = Path.unlink

    def kept(path: Path, missing_ok: bool = False) -> None:
        copies.setdefault(path.name, path.read_bytes())
        unlink(path, missing_ok)

    monkeypatch.setattr(Path, "unlink", kept)
    write(folder)
    for name, data in copies.items():
        (folder / name).write_bytes(data)
    assert len(copies) > 5
    assert kinds(folder) == []
    first, second, third = sorted(copies)[:3]
    (folder / first).write_bytes(copies[first][:-1])
    (folder / second).write_bytes(copies[third])
    (folder / third).write_bytes(b"x" + copies[third][1:])
    assert [(fault.kind, fault.file) for fault in verified(folder).faults] == [
        ("tail", first),
        ("tail", second),
        ("tail", third),
    ]


def test_keyframes_by_another_rule_are_not_compared(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, whole: Path
) -> None:
    monkeypatch.setattr(writer_module, "BLOCK_SIZE", 300)
    monkeypatch.setattr(writer_module, "encode_keyframes", lambda _: b"other")
    assert whole
    write(tmp_path / "same")
    assert {fault.kind for fault in verified(tmp_path / "same").faults} == {"keyframes"}
    monkeypatch.setattr(writer_module, "REDUCER", 99)
    write(tmp_path / "other")
    assert kinds(tmp_path / "other") == []
