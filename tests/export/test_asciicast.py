"""asciicast v3, checked against https://docs.asciinema.org/manual/asciicast/v3/ and played in a terminal emulator."""

from __future__ import annotations

import json
import tracemalloc
from collections.abc import Sequence
from pathlib import Path

import pyte
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from hive_tui import wire
from hive_tui.events import AttemptStarted, Carried, Channel, Event, Outcome, Record, RunEnded, StageStarted
from hive_tui.export.asciicast import FRAME, cast
from hive_tui.export.tail import Tail
from hive_tui.recording.format import LogHeader, Span
from hive_tui.recording.navigation.markers import Marker
from hive_tui.recording.timeline import Timeline
from hive_tui.recording.writer import LogWriter
from hive_tui.tui.colours import DARK
from hive_tui.tui.live.wrap import Flow
from hive_tui.tui.themes import Look
from tests.corpus import FINISHED as CORPUS
from tests.test_state import START, delta

SECOND = 1_000_000_000
BEGUN: list[tuple[int, int, Event]] = [
    (0, 0, START),
    (0, 0, StageStarted("generator")),
    (0, 1, AttemptStarted("generator", "sim/one", "simulator")),
]


def recorded(folder: Path, facts: list[tuple[int, int, Event]]) -> Path:
    """Record (time in ns, stream, event) of each."""
    log = LogWriter(folder, LogHeader("01J", 1), lambda job: job())
    for seq, (time_ns, stream, event) in enumerate(facts, 1):
        log.append(wire.encode(Record(1, seq, time_ns, stream, event)), Span(1, seq, seq, time_ns, time_ns))
    log.finish()
    return folder


def exported(
    folder: Path,
    until: int = 1 << 62,
    size: tuple[int, int] = (100, 30),
    idle_ns: int | None = None,
    markers: Sequence[Marker] = (),
) -> bytes:
    timeline = Timeline(folder)
    try:
        return b"".join(cast(timeline, min(until, timeline.last_seq), markers, size=size, idle_ns=idle_ns))
    finally:
        timeline.close()


def valid(data: bytes) -> tuple[dict[str, object], list[tuple[float, str, str]]]:
    """Header and events of a file that keeps to the specification."""
    first, *rest = data.decode().removesuffix("\n").split("\n")
    header = json.loads(first)
    assert header["version"] == 3
    assert header["term"]["cols"] > 0
    assert header["term"]["rows"] > 0
    assert isinstance(header["timestamp"], int)
    assert isinstance(header["title"], str)
    events = []
    for line in rest:
        interval, code, text = json.loads(line)
        assert isinstance(interval, int | float)
        assert interval >= 0
        assert code in ("o", "m")
        assert isinstance(text, str)
        events.append((interval, code, text))
    return header, events


def played(data: bytes) -> list[str]:
    """The last picture on a terminal of the size that the header names."""
    header, events = valid(data)
    screen = pyte.Screen(header["term"]["cols"], header["term"]["rows"])  # type: ignore[index]
    stream = pyte.Stream(screen)
    for _, code, text in events:
        if code == "o":
            stream.feed(text)
    return list(screen.display)


@pytest.mark.parametrize("size", [(160, 48), (100, 30), (80, 24), (24, 16)])
def test_a_run_of_the_corpus_plays_at_any_size(size: tuple[int, int]) -> None:
    data = exported(CORPUS, size=size)
    header, events = valid(data)
    assert "SIMULATED" in str(header["title"])
    assert [text for _, code, text in events if code == "m"][:1] == ["generator"]
    picture = played(data)
    assert "SIMULATED" in picture[0]
    assert "answer" in picture[-1].lower()
    timeline = Timeline(CORPUS)
    words = timeline.last_state().answer_text.split()
    timeline.close()
    assert words[0].strip("#*") in "\n".join(picture)


def test_the_runs_markers_are_markers_of_the_file(tmp_path: Path) -> None:
    facts = [*BEGUN, (SECOND, 1, delta("one")), (2 * SECOND, 1, delta("two")), (3 * SECOND, 1, delta("three"))]
    markers = [Marker("start", "", 0, 0, 0), Marker("in\x1b two", "why", 4, 1, 0), Marker("late", "", 6, 0, 0)]
    folder = recorded(tmp_path / "run", facts)
    now, seen = 0.0, []
    for interval, code, text in valid(exported(folder, until=5, markers=markers))[1]:
        now += interval
        if code == "m":
            seen.append((now, text))
    assert [text for _, text in seen] == ["start", "generator", "in\N{SYMBOL FOR ESCAPE} two"]
    assert seen[-1][0] == pytest.approx(2)


def test_the_file_takes_as_long_as_the_run(tmp_path: Path) -> None:
    facts = [*BEGUN, (3 * SECOND, 1, delta("late")), (3 * SECOND, 0, RunEnded(Outcome.FINISHED, answer=Carried(1)))]
    _, events = valid(exported(recorded(tmp_path / "run", facts)))
    assert sum(interval for interval, _, _ in events) == pytest.approx(3)
    assert len(events) >= 4, "the clocks go on while nothing comes"
    _, events = valid(exported(tmp_path / "run", idle_ns=SECOND // 2))
    assert sum(interval for interval, _, _ in events) == pytest.approx(0.5)


def test_before_the_first_event_nothing_is_claimed(tmp_path: Path) -> None:
    data = exported(recorded(tmp_path / "run", BEGUN), until=0)
    assert json.loads(data.splitlines()[0]).keys() == {"version", "term"}


def test_there_are_at_most_thirty_frames_a_second(tmp_path: Path) -> None:
    facts = [*BEGUN, *((SECOND * each // 1000, 1, delta(f"{each} ")) for each in range(1000))]
    _, events = valid(exported(recorded(tmp_path / "run", facts)))
    assert 20 < sum(code == "o" for _, code, _ in events) <= SECOND // FRAME + 2
    assert "999" in "\n".join(played(exported(tmp_path / "run")))


def test_up_to_a_moment_nothing_later_is_seen(tmp_path: Path) -> None:
    facts = [*BEGUN, (1, 1, delta("before ")), (2, 1, delta("after"))]
    picture = "\n".join(played(exported(recorded(tmp_path / "run", facts), until=4)))
    assert "before" in picture
    assert "after" not in picture


def test_the_answer_is_rendered_markdown_in_the_colours_of_the_theme(tmp_path: Path) -> None:
    said = "# Forty\n\nIt is **surely** `40.8`.\n\n- one\n- two\n"
    end = RunEnded(Outcome.FINISHED, answer=Carried(1))
    folder = recorded(tmp_path / "run", [*BEGUN, (1, 1, delta(said)), (SECOND, 0, end)])
    picture = "\n".join(played(exported(folder)))
    answer = picture[picture.index(" Answer ") :]
    assert "It is surely 40.8." in answer
    assert "**" not in answer
    assert "• one" in answer
    colours = {**DARK, "background": "#010203", "accent": "#a1a2a3"}
    look = Look("mine", "Mine", True, colours)
    timeline = Timeline(folder)
    data = b"".join(cast(timeline, timeline.last_seq, (), size=(100, 30), idle_ns=None, look=look))
    timeline.close()
    said = "".join(text for _, _, text in valid(data)[1])
    assert "48;2;1;2;3" in said
    assert "38;2;161;162;163" in said
    assert "48;2;17;21;28" not in said, "the ground of the default"
    assert "It is surely 40.8." in "\n".join(played(data))


def test_nothing_in_a_text_acts_on_the_terminal(tmp_path: Path) -> None:
    hostile = "\x1b[2J\x1b]0;title\x07\x9b31m\x08\x08wörld \u202e漢字 \r\n" * 3
    facts: list[tuple[int, int, Event]] = [
        (0, 0, replace(START, question="\x1b[31mwhy\nso?")),
        *BEGUN[1:],
        (1, 1, delta(hostile)),
    ]
    _, events = valid(exported(recorded(tmp_path / "run", facts)))
    said = "".join(text for _, _, text in events)
    assert not set("\x07\x08\x9b\u202e") & set(said)
    for piece in said.split("\x1b[")[1:]:
        assert piece.lstrip("0123456789;?")[:1] in ("H", "m", "l", "J")
    assert "\x1b]" not in said
    assert "wörld" in "\n".join(played(exported(tmp_path / "run")))


def test_memory_does_not_grow_with_the_text(tmp_path: Path) -> None:
    def peak(count: int) -> int:
        facts = [*BEGUN, *((each, 1, delta("some words of prose " * 20)) for each in range(count))]
        folder = recorded(tmp_path / str(count), facts)
        timeline = Timeline(folder)
        tracemalloc.start()
        try:
            for _ in cast(timeline, timeline.last_seq, (), size=(80, 24), idle_ns=None):
                pass
            return tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()
            timeline.close()

    peak(10)
    assert peak(800) < 2_000_000 + peak(400)


TEXT = st.text(st.sampled_from("ab \n\t漢é\r"), max_size=30)


@given(st.lists(st.tuples(st.sampled_from([Channel.ANSWER, Channel.REASONING]), TEXT)), st.integers(1, 12))
def test_a_tail_wraps_as_a_pane_does(pieces: list[tuple[Channel, str]], width: int) -> None:
    tail, flow = Tail(width, 5), Flow(width)
    for channel, text in pieces:
        tail.append(channel, text)
        flow.append(channel, text)
    flow.advance()
    rows = [(flow.text(begin, stop), channel) for begin, stop, channel in flow.last(5)]
    assert [(text.rstrip(), channel) for text, channel in tail.rows()] == [
        (text.rstrip(), channel) for text, channel in rows
    ]
