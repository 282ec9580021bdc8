"""What the screen asks of a recording's time, asked as the core does: lanes, places and markers of a recorded run."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Coroutine
from pathlib import Path

import pytest

from hive_tui import wire
from hive_tui.core import timelines as timelines_module
from hive_tui.core.commands import (
    Done,
    FindPlace,
    PlaceFound,
    Refused,
    RemoveMarker,
    Reply,
    SetMarker,
    TimelineLanes,
    TimelineOf,
)
from hive_tui.core.timelines import Timelines, bin_of
from hive_tui.events import (
    AttemptEnded,
    AttemptStarted,
    ErrorInfo,
    Event,
    Outcome,
    Record,
    RetryScheduled,
    RunEnded,
    StageEnded,
    StageStarted,
    Usage,
    UsageReported,
    Verdict,
)
from hive_tui.kernels.choose import Kernels
from hive_tui.recording.folder import MARKERS
from hive_tui.recording.format import LogHeader, Span
from hive_tui.recording.navigation.markers import read_markers
from hive_tui.recording.writer import LogWriter
from tests.test_state import START, delta

RUN = "01k9a7c24f6e00000000000000"
MS = 1_000_000
REFUSED = ErrorInfo("connect", "refused")
FACTS: list[tuple[int, int, Event]] = [
    (0, 0, START),  # milliseconds, stream, event
    (1, 0, StageStarted("generator")),
    (2, 1, AttemptStarted("generator", "m", "e")),
    (5, 1, RetryScheduled(10, REFUSED)),
    (6, 1, AttemptEnded(Outcome.ERRORED, error=REFUSED)),  # 5
    (16, 2, AttemptStarted("generator", "m", "e", number=2)),
    (30, 2, delta("the quick ")),
    (60, 2, delta("brown fox")),  # 8
    (61, 2, UsageReported(Usage(), "0.5")),
    (62, 2, AttemptEnded(Outcome.FINISHED, "stop")),  # 10
    (63, 0, StageEnded("generator", verdict=Verdict.REVISE)),
    (64, 0, StageStarted("refiner")),  # 12
    (65, 3, AttemptStarted("refiner", "m", "e")),
    (80, 3, delta("a slow fox")),  # 14
    (90, 3, UsageReported(Usage(), "0.25")),
    (91, 3, AttemptEnded(Outcome.FINISHED, "length")),
    (92, 0, StageEnded("refiner", verdict=Verdict.ACCEPT)),
    (100, 0, RunEnded(Outcome.FINISHED)),
]


class Runs:
    """A folder of runs with one in it, and the core's side of the questions."""

    def __init__(self, root: Path) -> None:
        self.root = root / "runs"
        self.log = LogWriter(self.root / RUN, LogHeader(RUN, 0), lambda job: job())
        self.seq = 0
        self.timelines = Timelines(self.root, Kernels(root / "cache", root / "rings"))

    def append(self, facts: list[tuple[int, int, Event]]) -> None:
        for at_ms, stream, event in facts:
            self.seq += 1
            span = Span(1, self.seq, self.seq, at_ms * MS, at_ms * MS)
            self.log.append(wire.encode(Record(1, self.seq, at_ms * MS, stream, event)), span)

    def find(self, where: str, seq: int = 0, chunks: int = 0, backwards: bool = False) -> Reply:
        return asyncio.run(self.timelines.find(FindPlace(RUN, where, seq, chunks, backwards)))


@pytest.fixture
def runs(tmp_path: Path) -> Runs:
    found = Runs(tmp_path)
    found.append(FACTS)
    return found


def told(work: Coroutine[None, None, Reply]) -> TimelineOf:
    reply = asyncio.run(work)
    assert isinstance(reply, TimelineOf)
    return reply


def test_the_timeline_tells_each_call(runs: Runs) -> None:
    shown = told(runs.timelines.lanes(TimelineLanes(RUN)))
    first, second, third = shown.lanes
    assert shown.duration_ns == 100 * MS
    assert (first.started_ns, first.first_ns, first.ended_ns) == (2 * MS, None, 6 * MS)
    assert (first.outcome, first.retried, first.bins) == ("errored", True, ())
    assert (second.stage, second.role, second.number, second.first_ns) == (
        "generator",
        "generator",
        2,
        30 * MS - 1000,
    )
    assert (second.verdict, second.verdict_ns) == ("REVISE", 63 * MS)
    assert (third.verdict, third.verdict_ns) == ("ACCEPT", 92 * MS)
    assert [(each.name, each.start_ns, each.stop_ns) for each in shown.stages] == [
        ("generator", MS, 63 * MS),
        ("refiner", 64 * MS, 92 * MS),
    ]
    assert shown.costs == ((62 * MS, "0.5"), (91 * MS, "0.75"))
    assert [sum(lane.bins) for lane in shown.lanes] == [0, 19, 10]
    assert second.bins.index(10) == (30 * MS - 1000) // shown.bin_ns


def test_a_stretch_begins_at_a_bin_and_has_no_more_bins_than_asked_for(runs: Runs) -> None:
    shown = told(runs.timelines.lanes(TimelineLanes(RUN, 50 * MS, 70 * MS, 10)))
    assert shown.start_ns <= 50 * MS < shown.start_ns + shown.bin_ns
    assert shown.start_ns % shown.bin_ns == 0
    assert max(len(lane.bins) for lane in shown.lanes) <= 10
    assert [sum(lane.bins) for lane in shown.lanes] == [0, 9, 0]


def test_a_silence_that_reaches_out_of_the_stretch_is_told(tmp_path: Path) -> None:
    runs = Runs(tmp_path)
    runs.append([*FACTS[:7], (9_030, 2, delta("brown fox"))])
    (_, lane) = told(runs.timelines.lanes(TimelineLanes(RUN, 4_000 * MS, 5_000 * MS, 64))).lanes
    assert 3_900 * MS < lane.quiet_before_ns < 4_000 * MS
    assert lane.quiet_after_ns == 2_000 * MS
    (_, lane) = told(runs.timelines.lanes(TimelineLanes(RUN, 8_000 * MS, 9_000 * MS, 64))).lanes
    assert lane.quiet_after_ns == 0
    (_, lane) = told(runs.timelines.lanes(TimelineLanes(RUN, 7_000 * MS, 8_000 * MS, 64))).lanes
    assert lane.quiet_after_ns == 1_000 * MS


@pytest.mark.parametrize("length", [0, 1, 99, 10**9, 10**12])
@pytest.mark.parametrize("bins", [2, 7, 240])
def test_bins_are_as_fine_as_may_be(length: int, bins: int) -> None:
    bin_ns = bin_of(length, bins)
    assert length // bin_ns + 2 <= bins
    assert bin_ns == 1 or length // (bin_ns // 2) + 2 > bins


def test_a_live_run_is_told_as_far_as_it_goes(tmp_path: Path) -> None:
    runs = Runs(tmp_path)
    runs.append(FACTS[:7])
    shown = told(runs.timelines.lanes(TimelineLanes(RUN)))
    assert [sum(lane.bins) for lane in shown.lanes] == [0, 10]
    assert shown.lanes[1].outcome == ""
    runs.append(FACTS[7:])
    shown = told(runs.timelines.lanes(TimelineLanes(RUN)))
    assert [sum(lane.bins) for lane in shown.lanes] == [0, 19, 10]
    runs.log.finish()
    assert told(runs.timelines.lanes(TimelineLanes(RUN))).duration_ns == 100 * MS


@pytest.mark.parametrize(
    ("where", "seq", "backwards", "found", "at_ms"),
    [
        ("event:8", 0, False, 8, 60),
        ("stage:refiner", 0, False, 12, 64),
        ("0%", 5, False, 0, 0),
        ("100%", 0, False, 18, 100),
        ("text:quick brown", 0, False, 8, 60),
        ("next:stage", 2, False, 12, 64),
        ("next:stage", 12, True, 2, 1),
        ("next:error", 0, False, 5, 6),
        ("next:retry", 18, True, 4, 5),
        ("break:text:f.x", 8, False, 14, 80),
        ("break:text:f.x", 14, True, 8, 60),
        ("break:gap:25", 0, False, 8, 60),
        ("break:cost:0.6", 0, False, 15, 90),
        ("break:finish", 5, False, 16, 91),
        ("break:diverge", 0, False, 17, 92),
    ],
)
def test_places_are_found(runs: Runs, where: str, seq: int, backwards: bool, found: int, at_ms: int) -> None:
    assert runs.find(where, seq, 0, backwards) == PlaceFound(found, 0, at_ms * MS)


@pytest.mark.parametrize(
    ("where", "words"),
    [
        ("nowhere", "names no place"),
        ("event:99", "no such event"),
        ("text:elephant", "no stream says that"),
        ("marker:none", "no such marker"),
        ("next:elephant", "expected next:marker"),
        ("next:round", "no round after this place"),
        ("break:elephant", "expected text:PATTERN"),
        ("break:text:elephant", "no place where text:elephant holds after this place"),
    ],
)
def test_what_is_no_place_is_said_in_words(runs: Runs, where: str, words: str) -> None:
    reply = runs.find(where, 18)
    assert isinstance(reply, Refused)
    assert words in reply.error.message
    assert reply.error.kind == "place"


def test_no_recording(runs: Runs) -> None:
    for reply in (
        asyncio.run(runs.timelines.lanes(TimelineLanes("01zzz"))),
        asyncio.run(runs.timelines.find(FindPlace("01zzz", "50%"))),
    ):
        assert isinstance(reply, Refused)
        assert reply.error.kind == "recording"
        assert "no such run" in reply.error.message


def test_a_recording_that_is_damaged_is_refused(runs: Runs) -> None:
    runs.log.finish()
    path = runs.root / RUN / "log"
    data = bytearray(path.read_bytes())
    data[200] ^= 1
    path.write_bytes(data)
    reply = asyncio.run(runs.timelines.lanes(TimelineLanes(RUN)))
    assert isinstance(reply, Refused)
    assert "checksum" in reply.error.message


def test_a_newer_search_ends_the_older(runs: Runs, monkeypatch: pytest.MonkeyPatch) -> None:
    # The older rests at its first look at the clock, and there the newer comes.
    monkeypatch.setattr(timelines_module, "SLICE_S", -1.0)
    monkeypatch.setattr(timelines_module, "REST_S", 0.1)

    async def both() -> list[Reply]:
        older = asyncio.create_task(runs.timelines.find(FindPlace(RUN, "break:text:elephant")))
        await asyncio.sleep(0.01)
        newer = asyncio.create_task(runs.timelines.find(FindPlace(RUN, "50%")))
        return list(await asyncio.gather(older, newer))

    older, newer = asyncio.run(both())
    assert isinstance(older, Refused)
    assert older.error.kind == "given_up"
    assert isinstance(newer, PlaceFound)


def test_a_pattern_without_end_is_given_up_and_holds_nobody_up(tmp_path: Path) -> None:
    runs = Runs(tmp_path)
    runs.append([*FACTS[:7], (60, 2, delta("a" * 60 + "!"))])

    async def search() -> Reply:
        asked = asyncio.create_task(runs.timelines.find(FindPlace(RUN, "break:text:(a+)+$")))
        await asyncio.sleep(0.5)
        assert not asked.done()
        runs.timelines.stop_finding()
        return await asked

    reply = asyncio.run(search())
    assert isinstance(reply, Refused)
    assert reply.error.kind == "given_up"


def test_markers_are_set_found_told_and_removed(runs: Runs) -> None:
    timelines = runs.timelines
    assert asyncio.run(timelines.set_marker(SetMarker(RUN, " odd ", "a note", 7))) == Done()
    assert asyncio.run(timelines.set_marker(SetMarker(RUN, "late", "", 14))) == Done()
    shown = told(timelines.lanes(TimelineLanes(RUN)))
    assert [(each.name, each.note, each.seq, each.time_ns) for each in shown.markers] == [
        ("odd", "a note", 7, 30 * MS),
        ("late", "", 14, 80 * MS),
    ]
    assert runs.find("marker:late") == PlaceFound(14, 0, 80 * MS)
    assert runs.find("next:marker", 7) == PlaceFound(14, 0, 80 * MS)
    assert runs.find("next:marker", 14, backwards=True) == PlaceFound(7, 0, 30 * MS)
    assert asyncio.run(timelines.remove_marker(RemoveMarker(RUN, "odd"))) == Done()
    assert [each.name for each in read_markers(runs.root / RUN, RUN)] == ["late"]


@pytest.mark.parametrize(
    ("command", "words"),
    [
        (SetMarker(RUN, "", "", 1), "a marker's name"),
        (SetMarker(RUN, "odd", "", 99), "event 99 is not in the recording"),
        (RemoveMarker(RUN, "none"), "no marker 'none'"),
    ],
)
def test_a_marker_that_cannot_be_is_refused(runs: Runs, command: SetMarker | RemoveMarker, words: str) -> None:
    timelines = runs.timelines
    done = timelines.set_marker(command) if isinstance(command, SetMarker) else timelines.remove_marker(command)
    reply = asyncio.run(done)
    assert isinstance(reply, Refused)
    assert words in reply.error.message


def test_markers_that_are_damaged_hide_no_lanes(runs: Runs) -> None:
    (runs.root / RUN / MARKERS).write_text("{")
    shown = told(runs.timelines.lanes(TimelineLanes(RUN)))
    assert len(shown.lanes) == 3
    assert shown.problem.startswith("no markers: ")


def test_a_folder_that_cannot_be_written_loses_nothing(runs: Runs, monkeypatch: pytest.MonkeyPatch) -> None:
    asyncio.run(runs.timelines.set_marker(SetMarker(RUN, "odd", "", 7)))

    really_open = os.open

    def read_only(path: str, flags: int, mode: int = 0o777) -> int:
        if flags & os.O_CREAT:
            raise PermissionError(13, "Permission denied")
        return really_open(path, flags, mode)

    # Who runs the tests may be allowed to write anywhere.
    monkeypatch.setattr("hive_tui.recording.navigation.markers.os.open", read_only)
    reply = asyncio.run(runs.timelines.set_marker(SetMarker(RUN, "even", "", 8)))
    monkeypatch.undo()
    assert isinstance(reply, Refused)
    assert (reply.exit_code, reply.error.kind) == (5, "disk")
    assert "cannot be written" in reply.error.message
    assert [each.name for each in read_markers(runs.root / RUN, RUN)] == ["odd"]
