"""A run whose core was killed is summarised by the next core; its log stays as it was."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from hive_tui import wire
from hive_tui.core.recovery import recover
from hive_tui.events import Plan, Record, RunStarted, StageSpec, Warned
from hive_tui.kernels.choose import Kernels
from hive_tui.recording.folder import LOG, open_name
from hive_tui.recording.format import LogHeader, Span
from hive_tui.recording.summary import read_summary
from hive_tui.recording.writer import LogWriter

RUN = "01arz3ndektsv4rrffq69g5fav"
PLAN = Plan(name="single", stages=(StageSpec(stage="generator", role="generator", endpoint="e", model="m"),))
STARTED = RunStarted(run=RUN, question="Why?", plan=PLAN, profile="default", simulated=True, wall_ns=1)


def _cut_off(root: Path, seqs: tuple[int, ...] = (1, 2)) -> Path:
    """A recording as a killed core leaves it."""
    with ThreadPoolExecutor(1) as thread:
        log = LogWriter(root / RUN, LogHeader(run=RUN, wall_ns=1), thread.submit)
        for index, seq in enumerate(seqs):
            event = STARTED if index == 0 else Warned(code="note", message="m")
            record = Record(slot=1, seq=seq, time_ns=seq, stream=0, event=event)
            log.append(wire.encode(record), Span(1, seq, seq, seq, seq))
        log.abandon()
    return root / RUN


def _kernels(tmp_path: Path) -> Kernels:
    return Kernels(tmp_path / "numba", tmp_path / "rings")


def test_a_cut_off_run_gets_a_summary_and_keeps_its_bytes(tmp_path: Path) -> None:
    folder = _cut_off(tmp_path)
    before = (folder / LOG).read_bytes(), (folder / open_name(0)).read_bytes()
    (found,) = recover(tmp_path, _kernels(tmp_path))
    assert (found.run, found.records, found.fault) == (RUN, 2, "")
    summary = read_summary(folder)
    assert summary is not None
    assert (summary.outcome, summary.question) == ("unfinished", "Why?")
    assert before == ((folder / LOG).read_bytes(), (folder / open_name(0)).read_bytes())
    assert recover(tmp_path, _kernels(tmp_path)) == []


def test_a_run_that_is_being_written_is_left_alone(tmp_path: Path) -> None:
    with ThreadPoolExecutor(1) as thread:
        log = LogWriter(tmp_path / RUN, LogHeader(run=RUN, wall_ns=1), thread.submit)
        assert recover(tmp_path, _kernels(tmp_path)) == []
        log.abandon()


def test_a_gap_in_the_sequence_is_named_and_not_summarised(tmp_path: Path) -> None:
    folder = _cut_off(tmp_path, (1, 3))
    (found,) = recover(tmp_path, _kernels(tmp_path))
    assert found.records == 1
    assert found.fault.startswith("record 2: ")
    assert read_summary(folder) is None


def test_a_log_that_is_none_does_not_stop_the_others(tmp_path: Path) -> None:
    _cut_off(tmp_path)
    (tmp_path / "01arz3ndektsv4rrffq69g5faw").mkdir()
    (tmp_path / "01arz3ndektsv4rrffq69g5faw" / LOG).write_bytes(b"not a log")
    assert [found.run for found in recover(tmp_path, _kernels(tmp_path))] == [RUN]


def test_a_run_that_goes_meanwhile_or_cannot_be_read_does_not_stop_the_others(tmp_path: Path) -> None:
    _cut_off(tmp_path)
    strange = tmp_path / "01arz3ndektsv4rrffq69g5faw"
    strange.mkdir()
    (strange / LOG).mkdir()
    gone = tmp_path / "01bx5zzkbkactav9wevgemmvrz"
    gone.mkdir()
    (gone / LOG).symlink_to(gone / LOG)
    assert [found.run for found in recover(tmp_path, _kernels(tmp_path))] == [RUN]
