"""Density lanes from the log: every byte of text counted once, however often a live log is looked at."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hive_tui import wire
from hive_tui.events import AttemptStarted, Channel, Delta, Record
from hive_tui.kernels.plain import PlainBackend
from hive_tui.recording.format import LogHeader, Span
from hive_tui.recording.lanes import FIRST_BIN_NS, Lanes
from hive_tui.recording.writer import LogWriter

BINS = 8


def write(log: LogWriter, records: list[Record]) -> None:
    batch = b"".join(map(wire.encode, records))
    log.append(batch, Span(len(records), records[0].seq, records[-1].seq, records[0].time_ns, records[-1].time_ns))


def text_at(seq: int, time_ns: int, stream: int, size: int) -> Record:
    return Record(1, seq, time_ns, stream, Delta(Channel.ANSWER, wire.CHUNK.pack(0, size), b"x" * size))


def lanes_of(folder: Path) -> Lanes:
    return Lanes(folder, PlainBackend(), BINS)


steps = st.lists(
    st.tuples(st.integers(0, 40 * FIRST_BIN_NS), st.integers(1, 3), st.integers(1, 50), st.booleans()),
    min_size=1,
    max_size=30,
)


@given(steps)
def test_looking_often_and_looking_once_give_the_same(
    tmp_path_factory: pytest.TempPathFactory, steps: list[tuple[int, int, int, bool]]
) -> None:
    folder = tmp_path_factory.mktemp("lanes") / "01JRUN"
    log = LogWriter(folder, LogHeader("01JRUN", 0), lambda job: job())
    often = lanes_of(folder)
    time_ns = 0
    sent: dict[int, int] = {}
    for seq, (gap, stream, size, look) in enumerate(steps, 1):
        time_ns += gap
        sent[stream] = sent.get(stream, 0) + size
        write(log, [text_at(seq, time_ns, stream, size)])
        if look:
            often.read()
    log.finish()
    often.read()
    once = lanes_of(folder)
    once.read()
    assert often.rows() == once.rows()
    assert {stream: sum(row) for stream, row in once.rows().items()} == sent
    assert {len(row) for row in once.rows().values()} == {len(next(iter(once.rows().values())))}
    assert len(next(iter(once.rows().values()))) <= BINS
    assert often.duration_ns == once.duration_ns == time_ns


def test_the_bins_reach_from_the_runs_start_to_its_last_record(tmp_path: Path) -> None:
    log = LogWriter(tmp_path / "01JRUN", LogHeader("01JRUN", 0), lambda job: job())
    second = 1_000_000_000
    write(log, [Record(1, 1, 0, 2, AttemptStarted("generator", "m", "e"))])
    lanes = lanes_of(tmp_path / "01JRUN")
    lanes.read()
    assert lanes.rows() == {2: (0,)}
    write(log, [text_at(2, 0, 2, 7), text_at(3, 10 * second, 1, 5)])
    lanes.read()
    rows = lanes.rows()
    assert lanes.duration_ns == 10 * second
    assert list(rows) == [1, 2]
    assert (rows[2][0], rows[1][-1]) == (7, 5)
    assert sum(rows[1]) == 5
    log.finish()
