"""Recorded runs, as small as they can be."""

import hashlib
from collections.abc import Callable
from pathlib import Path

import pytest

from hive_tui import wire
from hive_tui.config.runid import run_id
from hive_tui.events import (
    AttemptEnded,
    AttemptOpened,
    AttemptStarted,
    Carried,
    Channel,
    Decision,
    Delta,
    Event,
    Outcome,
    Plan,
    Record,
    RunEnded,
    RunStarted,
    StageEnded,
    StageSpec,
    StageStarted,
    Usage,
    UsageReported,
)
from hive_tui.recording.format import LogHeader, Span
from hive_tui.recording.summary import summarise, write_summary
from hive_tui.recording.timeline import Timeline
from hive_tui.recording.writer import LogWriter

SECOND = 10**9
BEGUN_S = 1_790_000_000


class Recorder:
    """Records runs in a folder, each a minute after the one before."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.count = 0

    def __call__(
        self,
        question: str = "Why?",
        answer: str = "Because.",
        *,
        cost: str | None = "0.01",
        ended: bool = True,
        summary: bool = True,
        live: bool = False,
        took_s: float = 2.0,
        model: str = "sim/atlas",
        simulated: bool = True,
        source: str = "",
        **started: object,
    ) -> str:
        """The run's id. A live one is held by a writer until `close`."""
        self.count += 1
        wall_ns = (BEGUN_S + 60 * self.count) * SECOND
        run = run_id(wall_ns // 10**6, hashlib.sha256(str(self.count).encode()).digest()[:10])
        plan = Plan("single", (StageSpec("generator", "generator", "simulator", model),))
        data = answer.encode()
        begun = RunStarted(run, question, plan, "default", simulated, wall_ns, **started)
        events: list[tuple[int, Event]] = [
            (0, begun),
            (0, StageStarted("generator")),
            (1, AttemptStarted("generator", model, "simulator")),
            (1, AttemptOpened(200)),
            (1, Delta(Channel.ANSWER, wire.CHUNK.pack(0, len(data)), data)),
        ]
        if ended:
            events += [(1, UsageReported(Usage(), cost, "provider"))] if cost is not None else []
            events += [
                (1, AttemptEnded(Outcome.FINISHED, "stop")),
                (0, StageEnded("generator", carried=Carried(1))),
                (0, RunEnded(Outcome.FINISHED, Decision.DIRECT, Carried(1))),
            ]
        folder = self.root / run
        log = LogWriter(folder, LogHeader(run, wall_ns, source=source), lambda job: job())
        for seq, (stream, event) in enumerate(events, 1):
            time_ns = round(took_s * SECOND) * seq // len(events)
            data = wire.encode(Record(1, seq, time_ns, stream, event))
            log.append(data, Span(1, seq, seq, time_ns, time_ns))
        if live:
            self.writer = log
            return run
        (log.finish if ended else log.abandon)()
        if ended and summary:
            timeline = Timeline(folder)
            write_summary(folder, summarise(timeline.last_state()))
            timeline.close()
        return run


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return tmp_path / "data" / "runs"


@pytest.fixture
def record(root: Path) -> Callable[..., str]:
    return Recorder(root)


@pytest.fixture(scope="session")
def recorder() -> type[Recorder]:
    return Recorder
