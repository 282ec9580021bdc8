"""A timeline: the state at any place is the fold of all records up to it, in whatever order one asks for places."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

import hive_tui.recording.keyframes as keyframes_module
import hive_tui.recording.writer as writer_module
from hive_tui import wire
from hive_tui.events import AttemptStarted, Plan, Record, RunStarted
from hive_tui.recording.folder import LOG
from hive_tui.recording.format import TRAILER, DamagedError, LogHeader, Span
from hive_tui.recording.keyframes import Tracker, decode_keyframes
from hive_tui.recording.statehash import hash_of
from hive_tui.recording.timeline import Timeline
from hive_tui.recording.writer import LogWriter
from hive_tui.state import fold_all
from tests.test_state import START, delta, runs

ENDS = ("finished", "abandoned", "without index", "without keyframes")


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Blocks of a few records, and keyframes between them."""
    monkeypatch.setattr(writer_module, "BLOCK_SIZE", 300)
    monkeypatch.setattr(keyframes_module, "EVERY_RECORDS", 2)


def write(folder: Path, records: list[Record], batches: list[int], end: str) -> None:
    """Record them, in batches of the given sizes, one after the other and round again."""
    log = LogWriter(folder, LogHeader("01J", 1), lambda job: job())
    rest = list(records)
    turn = 0
    while rest:
        size = batches[turn % len(batches)]
        batch, rest, turn = rest[:size], rest[size:], turn + 1
        span = Span(len(batch), batch[0].seq, batch[-1].seq, batch[0].time_ns, batch[-1].time_ns)
        log.append(b"".join(map(wire.encode, batch)), span)
    if end == "abandoned":
        log.abandon()
    else:
        log.finish()
    if end == "without index" and records:
        data = (folder / LOG).read_bytes()
        (folder / LOG).write_bytes(data[: -TRAILER.size])


@contextmanager
def recorded(records: list[Record], batches: list[int], end: str) -> Iterator[Timeline]:
    with tempfile.TemporaryDirectory() as root, pytest.MonkeyPatch.context() as patch:
        if end == "without keyframes":
            patch.setattr(LogWriter, "_keyframes_of", lambda *_: b"")
        write(Path(root) / "01J", records, batches, end)
        timeline = Timeline(Path(root) / "01J")
        try:
            yield timeline
        finally:
            timeline.close()


@given(runs(), st.lists(st.integers(1, 4), min_size=1, max_size=4), st.sampled_from(ENDS), st.data())
@settings(max_examples=150)
def test_the_state_anywhere_is_the_fold_up_to_there(
    records: list[Record], batches: list[int], end: str, data: st.DataObject
) -> None:
    with recorded(records, batches, end) as timeline:
        assert timeline.last_seq == len(records)
        for seq in data.draw(st.lists(st.integers(0, len(records) + 1), max_size=8)):
            assert timeline.state_at(seq) == fold_all(records[:seq])


@given(runs(), st.lists(st.integers(1, 4), min_size=1, max_size=4))
def test_a_tracker_comes_to_the_hash_of_the_fold(records: list[Record], sizes: list[int]) -> None:
    tracker, rest, turn = Tracker(), records, 0
    while rest:
        size = sizes[turn % len(sizes)]
        tracker.block(b"".join(map(wire.encode, rest[:size])))
        rest, turn = rest[size:], turn + 1
        folded = fold_all(records[: len(records) - len(rest)])
        assert tracker.hash == hash_of(folded)
        assert hash_of(replace(folded, seq=folded.seq + 1)) != tracker.hash


@given(runs(), st.sampled_from(ENDS), st.lists(st.integers(0, 30_000), max_size=8))
def test_a_moment_is_the_last_record_that_is_not_later(records: list[Record], end: str, moments: list[int]) -> None:
    with recorded(records, [2], end) as timeline:
        for moment in moments:
            assert timeline.seq_at(moment) == sum(record.time_ns <= moment for record in records)


@given(runs(), st.sampled_from(ENDS), st.data())
def test_one_can_go_on_folding_from_any_place(records: list[Record], end: str, data: st.DataObject) -> None:
    seq = data.draw(st.integers(0, len(records)))
    with recorded(records, [3, 1], end) as timeline:
        assert fold_all(records[seq:], timeline.state_at(seq)) == fold_all(records)


def test_a_delta_before_its_attempt_is_no_text_of_it() -> None:
    begun = AttemptStarted("generator", "sim/one", "simulator")
    events = [(0, START), (1, delta("lost")), (1, begun), *[(1, delta(text)) for text in "abcdefgh"]]
    records = [Record(1, seq, seq * 1000, stream, event) for seq, (stream, event) in enumerate(events, 1)]
    with recorded(records, [1], "finished") as timeline:
        for seq in range(len(records) + 1):
            assert timeline.state_at(seq) == fold_all(records[:seq])


def test_a_log_that_grows_is_followed(tmp_path: Path) -> None:
    records = [
        Record(1, seq, seq * 1000, 0, RunStarted("01J", "why?" * seq, Plan("p", ()), "", False, 1))
        for seq in range(1, 30)
    ]
    log = LogWriter(tmp_path / "01J", LogHeader("01J", 1), lambda job: job())
    timeline = Timeline(tmp_path / "01J")
    for record in records:
        log.append(wire.encode(record), Span(1, record.seq, record.seq, record.time_ns, record.time_ns))
        timeline.blocks.refresh()
        assert timeline.last_seq == record.seq
        assert timeline.state_at(record.seq) == fold_all(records[: record.seq])
        assert timeline.state_at(record.seq // 2) == fold_all(records[: record.seq // 2])
    log.finish()
    timeline.blocks.refresh()
    assert timeline.blocks.complete
    assert timeline.state_at(20) == fold_all(records[:20])


@pytest.mark.parametrize("refreshed_every", [1, 3])
def test_texts_of_a_run_that_grows_are_whole_at_every_look(tmp_path: Path, refreshed_every: int) -> None:
    begun = AttemptStarted("generator", "sim/one", "simulator")
    events = [(0, START), (1, begun), (2, begun), *[(at % 2 + 1, delta(f"word {at} ")) for at in range(60)]]
    records = [Record(1, seq, seq * 1000, stream, event) for seq, (stream, event) in enumerate(events, 1)]
    log = LogWriter(tmp_path / "01J", LogHeader("01J", 1), lambda job: job())
    timeline = Timeline(tmp_path / "01J")
    for record in records:
        log.append(wire.encode(record), Span(1, record.seq, record.seq, record.time_ns, record.time_ns))
        if record.seq % refreshed_every == 0:
            timeline.blocks.refresh()
            assert timeline.last_state() == fold_all(records[: record.seq])
    log.abandon()


@given(runs(), st.sampled_from(ENDS), st.data())
def test_the_end_of_a_text_is_found_wherever_one_looked_before(
    records: list[Record], end: str, data: st.DataObject
) -> None:
    with recorded(records, [2, 1], end) as timeline:
        for _ in range(4):
            seq = data.draw(st.integers(0, len(records)))
            size = data.draw(st.integers(0, 40))
            for seen, whole in zip(timeline.state_at(seq).attempts, fold_all(records[:seq]).attempts, strict=True):
                text = "".join(text for _, text in whole.text.segments())
                shown = "".join(text for _, text in seen.text.segments(seen.text.tail(size)))
                assert text.endswith(shown)
                assert len(shown.encode()) >= min(size, whole.text.size)


def test_a_keyframe_that_holds_no_state_is_damage() -> None:
    (stored,) = decode_keyframes(msgspec.msgpack.encode([(7, 0, 1, (), {"seq": "seven", "time_ns": []})]))
    for look in (lambda: stored.state, lambda: stored.time_ns):
        with pytest.raises(DamagedError, match="event 7"):
            look()
    with pytest.raises(DamagedError):
        decode_keyframes(b"\xc1")


def test_texts_are_there_also_before_the_run_s_own_start() -> None:
    begun = AttemptStarted("generator", "sim/one", "simulator")
    events = [(1, begun), *[(1, delta(text)) for text in "abcdefgh"], (0, START), (1, delta("i"))]
    records = [Record(1, seq, seq * 1000, stream, event) for seq, (stream, event) in enumerate(events, 1)]
    with recorded(records, [1], "finished") as timeline:
        for seq in range(len(records) + 1):
            assert timeline.state_at(seq) == fold_all(records[:seq])
