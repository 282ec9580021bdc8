"""The next marker, stage, round, error or retry, and the one before."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from hive_tui import wire
from hive_tui.events import (
    AttemptEnded,
    AttemptStarted,
    ErrorInfo,
    Event,
    Outcome,
    Record,
    RetryScheduled,
    StageStarted,
)
from hive_tui.recording.format import LogHeader, Span
from hive_tui.recording.navigation.neighbours import Kind, Neighbours
from hive_tui.recording.navigation.walker import Place
from hive_tui.recording.timeline import Timeline
from hive_tui.recording.writer import LogWriter
from tests.test_state import START

REFUSED = ErrorInfo("connect", "refused")
FACTS: list[tuple[int, Event]] = [
    (0, START),  # 1
    (0, StageStarted("generator")),  # 2
    (1, AttemptStarted("generator", "m", "e")),
    (1, RetryScheduled(10, REFUSED)),  # 4
    (1, AttemptEnded(Outcome.ERRORED, error=REFUSED)),  # 5
    (0, StageStarted("refiner")),  # 6
    (0, StageStarted("generator", 2)),  # 7
    (2, AttemptStarted("generator", "m", "e", 2)),
    (2, AttemptEnded(Outcome.ERRORED, error=REFUSED)),  # 9
]


@pytest.fixture
def log(tmp_path: Path) -> LogWriter:
    writer = LogWriter(tmp_path / "01JRUN", LogHeader("01JRUN", 0), lambda job: job())
    for seq, (stream, event) in enumerate(FACTS, 1):
        append(writer, seq, stream, event)
    return writer


def append(writer: LogWriter, seq: int, stream: int, event: Event) -> None:
    writer.append(wire.encode(Record(1, seq, seq, stream, event)), Span(1, seq, seq, seq, seq))


@pytest.fixture
def timeline(log: LogWriter) -> Iterator[Timeline]:
    found = Timeline(log.folder)
    yield found
    found.close()


MARKERS = [Place(8), Place(3, 1)]


@pytest.mark.parametrize(
    ("kind", "here", "behind", "before"),
    [
        ("stage", Place(), Place(2), None),
        ("stage", Place(2), Place(6), None),
        ("stage", Place(6), Place(7), Place(2)),
        ("stage", Place(6, 1), Place(7), Place(6)),
        ("round", Place(3), Place(7), Place(2)),
        ("error", Place(1), Place(5), None),
        ("error", Place(9), None, Place(5)),
        ("retry", Place(9), None, Place(4)),
        ("marker", Place(3), Place(3, 1), None),
        ("marker", Place(8), None, Place(3, 1)),
    ],
)
def test_neighbours(timeline: Timeline, kind: Kind, here: Place, behind: Place | None, before: Place | None) -> None:
    neighbours = Neighbours(timeline)
    assert neighbours.find(kind, here, MARKERS) == behind
    assert neighbours.find(kind, here, MARKERS, backwards=True) == before


def test_what_a_live_run_adds_is_found(timeline: Timeline, log: LogWriter) -> None:
    neighbours = Neighbours(timeline)
    assert neighbours.find("stage", Place(7), ()) is None
    append(log, 10, 0, StageStarted("refiner", 2))
    timeline.blocks.refresh()
    assert neighbours.find("stage", Place(7), ()) == Place(10)
