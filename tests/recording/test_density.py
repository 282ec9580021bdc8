"""Density of any stretch: counted where events are few, told by keyframes where they are many; no text is lost."""

from __future__ import annotations

from itertools import accumulate
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import hive_tui.recording.density as density_module
import hive_tui.recording.keyframes as keyframes_module
import hive_tui.recording.writer as writer_module
from hive_tui import wire
from hive_tui.events import AttemptStarted, Channel, Delta, Event, Record
from hive_tui.kernels.plain import PlainBackend
from hive_tui.recording.density import Density
from hive_tui.recording.format import LogHeader, Span
from hive_tui.recording.timeline import Timeline
from hive_tui.recording.writer import LogWriter
from tests.test_state import START

MS = 1_000_000


@pytest.fixture(scope="module", autouse=True)
def small() -> object:
    """Blocks of a few records and keyframes of two, so that short runs have many."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(writer_module, "BLOCK_SIZE", 600)
        patch.setattr(keyframes_module, "EVERY_RECORDS", 2)
        yield


def begin(folder: Path) -> LogWriter:
    return LogWriter(folder / "01JRUN", LogHeader("01JRUN", 0), lambda job: job())


def append(log: LogWriter, seq: int, time_ns: int, stream: int, event: Event) -> None:
    log.append(wire.encode(Record(1, seq, time_ns, stream, event)), Span(1, seq, seq, time_ns, time_ns))


def text(size: int, age_us: int = 0) -> Delta:
    return Delta(Channel.ANSWER, wire.CHUNK.pack(age_us, size), b"x" * size)


def opening(log: LogWriter) -> int:
    append(log, 1, 0, 0, START)
    for stream in (1, 2):
        append(log, 1 + stream, 0, stream, AttemptStarted("generator", "m", "e"))
    return 3


steps = st.lists(st.tuples(st.integers(0, 50 * MS), st.integers(1, 2), st.integers(1, 40)), min_size=1, max_size=60)


@settings(max_examples=60, deadline=None)
@given(steps, st.integers(18, 27), st.booleans())
def test_each_byte_is_in_one_bin(tmp_path_factory, steps, power: int, counted: bool) -> None:
    log, seq, at = begin(tmp_path_factory.mktemp("d")), 0, 0
    seq = opening(log)
    sent: dict[int, list[tuple[int, int]]] = {1: [], 2: []}
    for gap, stream, size in steps:
        seq, at = seq + 1, at + gap
        append(log, seq, at, stream, text(size))
        sent[stream].append((at, size))
    log.finish()
    timeline = Timeline(log.folder)
    bin_ns, density = 1 << power, Density(timeline, PlainBackend())
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(density_module, "EXACT_RECORDS", 1 << 30 if counted else 0)
        bins = at // bin_ns + 1
        rows, exact = density.rows(0, bin_ns, bins)
        again, _ = density.rows(0, bin_ns, bins)
    assert exact is counted
    assert rows == again
    for stream, pieces in sent.items():
        row = rows.get(stream, [0] * bins)
        assert min(row, default=0) >= 0
        if counted:
            assert row == [sum(size for when, size in pieces if when // bin_ns == column) for column in range(bins)]
        # An edge is told from the two keyframes beside it: at no edge is more known than was sent by the next one.
        told, known = list(accumulate(row)), list(accumulate(size for _, size in pieces))
        assert told[-1] == (known[-1] if known else 0)
    timeline.close()


def test_a_stretch_has_what_came_in_it(tmp_path: Path) -> None:
    log = begin(tmp_path)
    seq = opening(log)
    for number in range(40):
        append(log, seq + 1 + number, number * MS + 300_000, 1, text(10, age_us=300))
    log.finish()
    timeline = Timeline(log.folder)
    rows, exact = Density(timeline, PlainBackend()).rows(8 << 20, 1 << 20, 4)
    times = [number * MS for number in range(40)]
    wanted = [10 * sum(edge << 20 <= each < (edge + 1) << 20 for each in times) for edge in range(8, 12)]
    assert exact
    assert rows == {1: wanted}, "by the time when the chunk came, not when it was recorded"
    timeline.close()


def test_a_silence_between_keyframes_stays_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(density_module, "EXACT_RECORDS", 0)
    log = begin(tmp_path)
    seq = opening(log)
    times = [number * MS for number in range(20)] + [2_000 * MS + number * MS for number in range(20)]
    for number, at in enumerate(times, 1):
        append(log, seq + number, at, 1, text(10))
    log.finish()
    timeline = Timeline(log.folder)
    rows, exact = Density(timeline, PlainBackend()).rows(0, 1 << 24, 121)
    assert not exact
    assert sum(rows[1]) == 400
    assert not any(rows[1][3:118])
    timeline.close()


def test_a_live_run_is_read_on_from_where_it_was(tmp_path: Path) -> None:
    log = begin(tmp_path)
    seq = opening(log)
    timeline = Timeline(log.folder)
    often = Density(timeline, PlainBackend())
    for number in range(60):
        append(log, seq + 1 + number, number * MS, 1 + number % 2, text(10))
        timeline.blocks.refresh()
        rows, _ = often.rows(0, 1 << 22, 16)
        assert sum(map(sum, rows.values())) == 10 * (number + 1)
    once = Density(timeline, PlainBackend())
    assert often.rows(0, 1 << 22, 16) == once.rows(0, 1 << 22, 16)
    log.finish()
    timeline.close()


def test_the_work_has_pauses(tmp_path: Path) -> None:
    log = begin(tmp_path)
    seq = opening(log)
    for number in range(60):
        append(log, seq + 1 + number, number * MS, 1, text(10))
    log.finish()
    timeline = Timeline(log.folder)
    pauses: list[None] = []
    Density(timeline, PlainBackend(), lambda: pauses.append(None)).rows(0, 1 << 22, 16)
    assert len(pauses) == len(timeline.blocks.places) > 3
    timeline.close()
