"""The journal: log before ring, one order for all, and a run that outlives its disk."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from hive_tui import wire
from hive_tui.core.feed import Feed
from hive_tui.core.journal import RunJournal
from hive_tui.events import (
    AttemptEnded,
    AttemptStarted,
    Channel,
    Message,
    Outcome,
    Plan,
    Record,
    RunEnded,
    RunStarted,
    StageSpec,
    Warned,
)
from hive_tui.kernels.plain import PlainBackend
from hive_tui.models.call import Text
from hive_tui.recording.format import LogHeader
from hive_tui.recording.reader import read_records
from hive_tui.recording.writer import LogWriter
from hive_tui.ring.reader import RingReader
from hive_tui.ring.writer import RingWriter
from hive_tui.state import fold_all

RUN = "01arz3ndektsv4rrffq69g5fav"
CAPACITY = 64 * 1024


class Desk:
    """A ring, a log and a journal between them, on real shared memory and a real disk."""

    def __init__(self, folder: Path) -> None:
        self.runs = folder / "runs"
        self.thread = ThreadPoolExecutor(1)
        self.ring = RingWriter(folder / "rings", CAPACITY)
        self.feed = Feed(RingReader(self.ring.name), self.runs, lambda: self.feed.know(1, RUN))
        log = LogWriter(self.runs / RUN, LogHeader(run=RUN, wall_ns=1), self.thread.submit)
        self.ticks = 0
        self.journal = RunJournal(1, 0, log, self.ring, self.tick, PlainBackend().publish)

    def tick(self) -> int:
        self.ticks += 1_000_000
        return self.ticks

    def begin(self, question: str = "Why?") -> None:
        plan = Plan(name="single", stages=(StageSpec(stage="generator", role="generator", endpoint="e", model="m"),))
        self.journal.emit(
            RunStarted(run=RUN, question=question, plan=plan, profile="default", simulated=False, wall_ns=1)
        )
        self.journal.emit(AttemptStarted(stage="generator", model="m", endpoint="e"), 1)

    def end(self) -> None:
        self.journal.emit(AttemptEnded(outcome=Outcome.FINISHED, finish_reason="stop"), 1)
        self.journal.emit(RunEnded(outcome=Outcome.FINISHED))
        self.journal.close()
        self.thread.shutdown()

    def drain(self) -> list[Record]:
        found: list[Record] = []
        while records := self.feed.drain() or (self.feed.catching_up and self.feed.drain()):
            found += records
        return found

    def close(self) -> None:
        self.thread.shutdown()
        self.feed.close()
        self.ring.close()


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


def test_ring_and_log_hold_the_same_records(desk: Desk) -> None:
    async def run() -> None:
        desk.begin()
        for index in range(50):
            desk.journal.chunks(1, desk.ticks, [Text(Channel.REASONING, f"r{index} "), Text(Channel.ANSWER, "é")])
            await asyncio.sleep(0)
        desk.end()

    asyncio.run(run())
    shown = desk.drain()
    assert shown == list(read_records(desk.runs / RUN))
    assert [record.seq for record in shown] == list(range(1, len(shown) + 1))
    state = fold_all(shown)
    assert state.attempts[0].text.channel_text(Channel.ANSWER) == "é" * 50
    assert state.attempts[0].text.chunks == 100
    desk.close()


def test_chunks_of_one_turn_are_one_record_a_stream(desk: Desk) -> None:
    async def run() -> None:
        desk.begin()
        before = desk.ring.records
        for _ in range(20):
            desk.journal.chunks(1, desk.ticks, [Text(Channel.ANSWER, "x")])
        await asyncio.sleep(0.01)
        assert desk.ring.records == before + 1
        desk.end()

    asyncio.run(run())
    desk.close()


def test_a_fact_never_overtakes_text_that_came_before_it(desk: Desk) -> None:
    async def run() -> None:
        desk.begin()
        desk.journal.chunks(1, desk.ticks, [Text(Channel.ANSWER, "last words")])
        desk.end()

    asyncio.run(run())
    assert fold_all(desk.drain()).attempts[0].text.channel_text(Channel.ANSWER) == "last words"
    desk.close()


def test_what_is_too_large_for_the_ring_comes_from_the_log(desk: Desk) -> None:
    question = "why " * 100_000

    async def run() -> None:
        desk.begin(question)
        desk.end()

    asyncio.run(run())
    state = fold_all(desk.drain())
    assert state.question == question
    assert state.missing == 0
    desk.close()


def test_a_lapped_reader_catches_up_and_loses_nothing(desk: Desk) -> None:
    async def run() -> None:
        desk.begin()
        for _ in range(40):
            desk.journal.chunks(1, desk.ticks, [Text(Channel.ANSWER, "0123456789" * 1000)])
            desk.journal.flush()
        desk.end()

    asyncio.run(run())
    shown = desk.drain()
    assert desk.feed.laps >= 1
    assert shown == list(read_records(desk.runs / RUN))
    desk.close()


def test_a_full_disk_ends_the_recording_and_not_the_run(desk: Desk, full_disk: Callable[[], None]) -> None:
    async def run() -> None:
        desk.begin()
        full_disk()
        desk.journal.chunks(1, desk.ticks, [Text(Channel.ANSWER, "still shown")])
        desk.end()

    asyncio.run(run())
    shown = desk.drain()
    state = fold_all(shown)
    assert state.unrecorded
    assert state.outcome is Outcome.FINISHED
    assert state.attempts[0].text.channel_text(Channel.ANSWER) == "still shown"
    assert desk.journal.disk_error
    warned = [record.event for record in shown if isinstance(record.event, Warned)]
    assert len(warned) == 1
    recorded = list(read_records(desk.runs / RUN))
    assert recorded == shown[: len(recorded)]
    desk.close()


def test_a_large_fact_long_after_the_log_ended_still_reaches_the_reader(
    desk: Desk, full_disk: Callable[[], None]
) -> None:
    async def run() -> None:
        desk.begin()
        full_disk()
        desk.journal.emit(Warned(code="note", message="the one that did not fit"))
        messages = (Message("user", "long " * CAPACITY),)
        desk.journal.emit(AttemptStarted(stage="generator", model="m", endpoint="e", messages=messages), 2)
        desk.journal.chunks(2, desk.ticks, [Text(Channel.ANSWER, "still shown")])
        desk.end()

    asyncio.run(run())
    state = fold_all(desk.drain())
    assert state.missing == 0
    assert state.attempts[1].text.channel_text(Channel.ANSWER) == "still shown"
    assert [warning.code for warning in state.warnings] == ["note", "unrecorded"]
    desk.close()


def test_without_a_log_large_facts_are_cut_to_fit(desk: Desk, full_disk: Callable[[], None]) -> None:
    async def run() -> None:
        full_disk()
        desk.begin("why " * 100_000)
        desk.end()

    asyncio.run(run())
    state = fold_all(desk.drain())
    assert state.question.startswith("why why")
    assert len(state.question) < wire.LENGTH_MASK
    assert state.unrecorded
    desk.close()
