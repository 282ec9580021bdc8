"""What is read of a run that is too long for its blocks to stay in memory."""

from __future__ import annotations

from pathlib import Path

import pytest

import hive_tui.recording.writer as writer_module
from hive_tui import wire
from hive_tui.events import (
    AttemptEnded,
    AttemptStarted,
    Carried,
    Channel,
    Delta,
    Event,
    Outcome,
    Plan,
    Record,
    RunEnded,
    RunStarted,
    StageSpec,
)
from hive_tui.history.reading import read_run, read_texts
from hive_tui.recording.format import LogHeader, Span
from hive_tui.recording.writer import LogWriter

WORDS = 2000


@pytest.mark.parametrize("ended", [True, False])
def test_the_texts_of_a_run_of_many_blocks_are_read_while_its_log_is_open(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, ended: bool
) -> None:
    monkeypatch.setattr(writer_module, "BLOCK_SIZE", 400)
    log = LogWriter(tmp_path / "01ab", LogHeader("01ab", 1), lambda job: job())
    plan = Plan("single", (StageSpec("generator", "generator", "e", "m"),))
    said = wire.CHUNK.pack(0, 4) + wire.CHUNK.pack(0, 1)
    events: list[tuple[int, Event]] = [
        (0, RunStarted("01ab", "Why?", plan, "default", True, 1)),
        (1, AttemptStarted("generator", "m", "e")),
        *[(1, Delta(Channel.ANSWER, said, b"word "))] * WORDS,
        (1, AttemptEnded(Outcome.FINISHED, "stop")),
        *[(0, RunEnded(Outcome.FINISHED, answer=Carried(1)))] * ended,
    ]
    for seq, (stream, event) in enumerate(events, 1):
        log.append(wire.encode(Record(1, seq, seq, stream, event)), Span(1, seq, seq, seq, seq))
    log.finish()
    assert read_texts(tmp_path / "01ab").answer == "word " * WORDS
    read = read_run(tmp_path / "01ab")
    assert read is not None
    assert (read.fault, read.summary.chunks) == ("", 2 * WORDS)
    assert read.summary.answer_size == (5 * WORDS if ended else 0)
