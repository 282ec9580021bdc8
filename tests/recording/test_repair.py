"""Repair: the longest valid prefix, whatever the damage; what it gives is sound."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

import hive_tui.recording.keyframes as keyframes_module
import hive_tui.recording.writer as writer_module
from hive_tui import wire
from hive_tui.events import AttemptStarted, Event, Outcome, Record, RunEnded
from hive_tui.kernels.plain import PlainBackend
from hive_tui.recording import format as form
from hive_tui.recording.folder import LOG
from hive_tui.recording.format import DamagedError, LogHeader, Span
from hive_tui.recording.reader import read_records
from hive_tui.recording.repair import repair
from hive_tui.recording.verify import Verification
from hive_tui.recording.writer import LogWriter
from tests.test_state import START, delta


def facts() -> list[Record]:
    events: list[tuple[int, Event]] = [(0, START), (1, AttemptStarted("generator", "sim/one", "simulator"))]
    events += [(1, delta(f"word {number} ")) for number in range(12)]
    events.append((0, RunEnded(Outcome.ERRORED)))
    return [Record(1, seq, seq * 1000, stream, event) for seq, (stream, event) in enumerate(events, 1)]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Four blocks or so."""
    monkeypatch.setattr(writer_module, "BLOCK_SIZE", 300)
    monkeypatch.setattr(keyframes_module, "EVERY_RECORDS", 2)
    return written(tmp_path / "01J", finished=True)


def written(folder: Path, *, finished: bool) -> Path:
    log = LogWriter(folder, LogHeader("01J", 1), lambda job: job())
    for record in facts():
        log.append(wire.encode(record), Span(1, record.seq, record.seq, record.time_ns, record.time_ns))
    if finished:
        log.finish()
    else:
        log.abandon()
    return folder


def test_whatever_byte_it_is_cut_at_all_before_is_kept(folder: Path, tmp_path: Path) -> None:
    data, target, kept = (folder / LOG).read_bytes(), tmp_path / "new", 0
    for stop in range(form.decode_file_header(data)[1], len(data), 7):
        (folder / LOG).write_bytes(data[:stop])
        try:
            repaired = repair(folder, target, PlainBackend())
        except DamagedError:
            assert not kept
            assert not target.exists()
            continue
        assert repaired.kept >= kept
        assert repaired.reason
        kept = repaired.kept
        assert list(read_records(target)) == facts()[:kept]
        assert Verification(target, PlainBackend()).run().sound
        shutil.rmtree(target)
    assert kept == len(facts())


def test_a_damage_in_the_middle_ends_it_and_what_is_lost_is_counted(folder: Path, tmp_path: Path) -> None:
    data = bytearray((folder / LOG).read_bytes())
    second = [at for at in range(len(data)) if data[at : at + 4] == form.BLOCK][1]
    frame = form.decode_frame(bytes(data[second:]))
    data[second + form.FRAME.size + 5] ^= 1
    (folder / LOG).write_bytes(data)
    repaired = repair(folder, tmp_path / "new", PlainBackend())
    assert repaired.kept == frame.span.first_seq - 1
    assert repaired.lost == len(facts()) - repaired.kept
    assert "checksum wrong" in repaired.reason
    assert bytes(data) == (folder / LOG).read_bytes()


def test_open_blocks_are_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writer_module, "BLOCK_SIZE", 300)
    folder = written(tmp_path / "01J", finished=False)
    assert repair(folder, tmp_path / "new", PlainBackend()).kept == len(facts())
    (last,) = folder.glob("open-*")
    last.write_bytes(last.read_bytes()[:-1])
    cut = repair(folder, tmp_path / "cut", PlainBackend())
    assert (cut.kept, cut.lost) == (len(facts()) - 1, None)
    assert last.name in cut.reason


def test_a_whole_log_loses_nothing_and_no_folder_is_overwritten(folder: Path, tmp_path: Path) -> None:
    repaired = repair(folder, tmp_path / "new", PlainBackend())
    assert (repaired.kept, repaired.lost, repaired.reason) == (len(facts()), 0, "")
    with pytest.raises(FileExistsError):
        repair(folder, tmp_path / "new", PlainBackend())
