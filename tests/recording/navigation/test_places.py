"""Places: what they are called, and where in a run they are."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

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
    RunEnded,
    StageEnded,
    StageStarted,
)
from hive_tui.recording.format import LogHeader, Span
from hive_tui.recording.navigation.places import PlaceError, parse, resolve
from hive_tui.recording.navigation.walker import Place, Walker
from hive_tui.recording.timeline import Timeline
from hive_tui.recording.writer import LogWriter
from tests.test_state import START


def chunks(*texts: str, goes_on: bool = False) -> Delta:
    sizes = [len(text.encode()) for text in texts]
    marks = [wire.CONTINUES if goes_on and not at else 0 for at in range(len(sizes))]
    table = b"".join(wire.CHUNK.pack(0, size | mark) for size, mark in zip(sizes, marks, strict=True))
    return Delta(Channel.ANSWER, table, "".join(texts).encode())


def begun(stage: str, round_: int = 1) -> AttemptStarted:
    return AttemptStarted(stage, "sim/one", "simulator", round_)


REFUSED = ErrorInfo("connect", "refused")
FACTS: list[tuple[int, Event]] = [
    (0, START),  # 1
    (0, StageStarted("generator")),
    (1, begun("generator")),
    (1, chunks("The ", "Quick\n")),  # 4
    (1, chunks("bro", goes_on=True)),
    (1, chunks("wn", " fox", "!", goes_on=True)),
    (1, AttemptEnded(Outcome.ERRORED, error=REFUSED)),  # 7
    (0, StageEnded("generator")),
    (0, StageStarted("refiner")),
    (2, begun("refiner")),  # 10
    (2, chunks("quick", "er")),
    (0, StageStarted("generator", 2)),  # 12
    (0, RunEnded(Outcome.ERRORED, error=REFUSED)),
]


@pytest.fixture
def timeline(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Timeline]:
    """An event a millisecond, from 1 ms on; a block is three events or so, a keyframe comes every second."""
    monkeypatch.setattr(writer_module, "BLOCK_SIZE", 200)
    monkeypatch.setattr(keyframes_module, "EVERY_RECORDS", 2)
    log = LogWriter(tmp_path / "01J", LogHeader("01J", 1), lambda job: job())
    for seq, (stream, event) in enumerate(FACTS, 1):
        record = Record(1, seq, seq * 1_000_000, stream, event)
        log.append(wire.encode(record), Span(1, seq, seq, record.time_ns, record.time_ns))
    log.finish()
    timeline = Timeline(tmp_path / "01J")
    yield timeline
    timeline.close()


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("0%", Place(0)),
        ("start", Place(0)),
        ("100%", Place(13)),
        ("end", Place(13)),
        ("50%", Place(6)),
        ("7.6%", Place(0)),
        ("7.7%", Place(1)),
        ("0s", Place(0)),
        ("4ms", Place(4)),
        ("4.999999ms", Place(4)),
        ("0.005s", Place(5)),
        ("1h2m", Place(13)),
        ("event:0", Place(0)),
        ("event:13", Place(13)),
        ("chunk:0", Place(0)),
        ("chunk:1", Place(3, 1)),
        ("chunk:2", Place(4)),
        ("chunk:3", Place(5, 2)),
        ("chunk:4", Place(6)),
        ("chunk:6", Place(11)),
        ("stage:generator", Place(2)),
        ("stage:generator:end", Place(8)),
        ("stage:refiner", Place(9)),
        ("round:1", Place(2)),
        ("round:2", Place(12)),
        ("error", Place(7)),
        ("error:2", Place(13)),
        ("text:the", Place(3, 1)),
        ("text:quick", Place(4)),
        ("text:the  quick BROWN", Place(5, 1)),
        ("text:quicker", Place(11)),
        ("marker:here: now", Place(3, 1)),
    ],
)
def test_every_place_is_where_its_name_says(timeline: Timeline, text: str, place: Place) -> None:
    assert resolve(parse(text), timeline, {"here: now": Place(3, 1)}) == place
    assert Walker(timeline).go(place).seq == place.seq + (place.chunks > 0)


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("event:14", "the run has 13"),
        ("chunk:7", "the run has 6"),
        ("stage:curator", "the run's stages: generator, refiner"),
        ("stage:refiner:end", "the stage never ended"),
        ("round:3", "the run has 2"),
        ("error:3", "the run has 2"),
        ("text:brown bear", "no stream says that"),
        ("marker:there", "the run's markers: here"),
    ],
)
def test_a_place_that_this_run_has_not_is_refused_with_what_it_has(timeline: Timeline, text: str, what: str) -> None:
    with pytest.raises(PlaceError, match=what):
        resolve(parse(text), timeline, {"here": Place(1)})


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("", "expected 0%..100%"),
        ("5", "did you mean 5%, 5s or event:5?"),
        ("101%", "up to 100%"),
        ("-1%", "names no place"),
        ("nan%", "names no place"),
        ("1e3s", "names no place"),
        ("event:", "expected a number from 0 on"),
        ("event:-1", "expected a number"),
        ("event:" + "9" * 5000, "expected a number"),
        ("error:0", "expected a number from 1 on"),
        ("round:0", "expected a number from 1 on"),
        ("stage:", "names no place"),
        ("stage::end", "names no place"),
        ("text: ", "names no place"),
        ("marker:", "names no place"),
        ("stge:refiner", "names no place"),
        ("1s1m", "names no place"),
        ("\N{ARABIC-INDIC DIGIT THREE}s", "names no place"),
        ("5\N{ARABIC-INDIC DIGIT THREE}%", "names no place"),
        ("event:\N{ARABIC-INDIC DIGIT THREE}", "expected a number"),
    ],
)
def test_a_name_of_no_place_is_refused(text: str, hint: str) -> None:
    with pytest.raises(PlaceError, match=hint):
        parse(text)


@given(st.text(max_size=20))
def test_no_text_is_more_than_refused(text: str) -> None:
    with suppress(PlaceError):
        assert parse(text).text == text.strip()


def test_times_add_up() -> None:
    assert parse("1h2m3.5s7ms").number == 3_723_507_000_000
    assert parse("1:02:03").number == 3_723_000_000_000
    assert parse("17:02").number == 1_022_000_000_000
    assert parse("12.5 s").number == 12_500_000_000
