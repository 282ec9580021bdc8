"""Break points and chapters: the next place, or the one before, where something is so."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from msgspec.structs import replace

import hive_tui.recording.keyframes as keyframes_module
import hive_tui.recording.writer as writer_module
from hive_tui import wire
from hive_tui.events import (
    AttemptEnded,
    AttemptStarted,
    Channel,
    Delta,
    ErrorInfo,
    Event,
    Outcome,
    Record,
    RetryScheduled,
    RunEnded,
    RunStarted,
    StageEnded,
    StageStarted,
    Usage,
    UsageReported,
    Verdict,
)
from hive_tui.recording.format import LogHeader, Span
from hive_tui.recording.navigation.breaks import ConditionError, find, parse_condition
from hive_tui.recording.navigation.chapters import Chapter, Mark, chapters, marks
from hive_tui.recording.navigation.walker import Place
from hive_tui.recording.timeline import Timeline
from hive_tui.recording.writer import LogWriter
from tests.test_state import START, delta

REFUSED = ErrorInfo("connect", "refused")
# Two chunks that came 700 and 100 us before their event.
PAIR = Delta(Channel.ANSWER, wire.CHUNK.pack(700, 1) + wire.CHUNK.pack(100, 4), b"e fox")
FACTS: list[tuple[int, int, Event]] = [
    (1, 0, START),  # milliseconds, stream, event
    (2, 0, StageStarted("generator")),
    (3, 1, AttemptStarted("generator", "m", "e")),
    (4, 1, RetryScheduled(10, REFUSED)),  # 4
    (5, 1, AttemptEnded(Outcome.ERRORED, error=REFUSED)),  # 5
    (6, 2, AttemptStarted("generator", "m", "e", number=2)),
    (7, 2, delta("th")),
    (17, 2, PAIR),  # 8
    (18, 2, UsageReported(Usage(), "0.5")),  # 9
    (19, 2, AttemptEnded(Outcome.FINISHED, "length")),  # 10
    (20, 0, StageEnded("generator", verdict=Verdict.ACCEPT)),
    (21, 0, StageStarted("refiner")),  # 12
    (22, 3, AttemptStarted("refiner", "m", "e")),
    (23, 3, delta("The FOX")),  # 14
    (24, 3, UsageReported(Usage(), "0.25")),
    (25, 3, AttemptEnded(Outcome.FINISHED, "stop")),
    (26, 0, StageEnded("refiner", verdict=Verdict.REVISE)),  # 17
    (27, 0, StageStarted("generator", 2)),  # 18
    (28, 0, RunEnded(Outcome.ERRORED, error=REFUSED)),  # 19
]
END = Place(len(FACTS))


def write(folder: Path, facts: list[tuple[int, int, Event]]) -> None:
    log = LogWriter(folder, LogHeader("01J", 1), lambda job: job())
    for seq, (ms, stream, event) in enumerate(facts, 1):
        record = Record(1, seq, ms * 1_000_000, stream, event)
        log.append(wire.encode(record), Span(1, seq, seq, record.time_ns, record.time_ns))
    log.finish()


@pytest.fixture
def timeline(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Timeline]:
    monkeypatch.setattr(writer_module, "BLOCK_SIZE", 200)
    monkeypatch.setattr(keyframes_module, "EVERY_RECORDS", 2)
    write(tmp_path / "01J", FACTS)
    timeline = Timeline(tmp_path / "01J")
    yield timeline
    timeline.close()


@pytest.mark.parametrize(
    ("condition", "places"),
    [
        ("retry", [Place(4)]),
        ("finish", [Place(5), Place(10)]),
        ("cost:0.4", [Place(9)]),
        ("cost:0.5", [Place(15)]),
        ("cost:0.75", []),
        ("diverge", [Place(17)]),
        ("gap:9", [Place(7, 1)]),
        ("gap:0.5", [Place(7, 1), Place(8)]),
        ("gap:10", []),
        ("text:the fo.", [Place(8), Place(14)]),
        ("text:the", [Place(7, 1), Place(14)]),
        ("text:bear", []),
    ],
)
def test_every_place_is_found_from_both_ends(timeline: Timeline, condition: str, places: list[Place]) -> None:
    wanted = parse_condition(condition)
    there, at = [], Place()
    while (hit := find(timeline, wanted, at)) is not None:
        at = hit.place
        there.append(at)
    back, at = [], END
    while (hit := find(timeline, wanted, at, backwards=True)) is not None:
        at = hit.place
        back.append(at)
    assert there == places
    assert back == places[::-1]


@pytest.mark.parametrize("text", ["", "retry:1", "gap", "gap:-1", "gap:x", "cost:", "text:", "text:(", "finsh"])
def test_what_is_no_condition_is_refused(text: str) -> None:
    with pytest.raises(ConditionError):
        parse_condition(text)


def test_chapters_are_the_stages_and_their_rounds(timeline: Timeline) -> None:
    assert chapters(timeline) == (
        Chapter("generator", 2, 2_000_000, "generator", 1),
        Chapter("refiner", 12, 21_000_000, "refiner", 1),
        Chapter("generator, round 2", 18, 27_000_000, "generator", 2),
    )


def test_marks_are_what_went_wrong(timeline: Timeline) -> None:
    assert marks(timeline) == (
        Mark("retry", 4, 4_000_000, 1),
        Mark("error", 5, 5_000_000, 1),
        Mark("error", 19, 28_000_000, 0),
    )


def test_what_a_fork_has_from_its_parent_costs_it_nothing(tmp_path: Path) -> None:
    at = next(number for number, (_, _, event) in enumerate(FACTS) if isinstance(event, RunStarted))
    ms, stream, started = FACTS[at]
    assert isinstance(started, RunStarted)
    fork = replace(started, parent="01H", parent_seq=len(FACTS))
    write(tmp_path / "01J", [*FACTS[:at], (ms, stream, fork), *FACTS[at + 1 :]])
    timeline = Timeline(tmp_path / "01J")
    assert find(timeline, parse_condition("cost:0"), Place()) is None
    assert find(timeline, parse_condition("retry"), Place()) is not None
    timeline.close()
