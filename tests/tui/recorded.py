"""A scripted session whose runs are recorded, whose questions about time the core's own code answers, and waiting."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from pathlib import Path

from textual.pilot import Pilot

from hive_tui import wire
from hive_tui.core.commands import Command, FindPlace, RemoveMarker, Reply, SetMarker, StopFinding, TimelineLanes
from hive_tui.core.timelines import Timelines
from hive_tui.events import Record
from hive_tui.kernels.choose import Kernels
from hive_tui.recording.format import LogHeader, Span
from hive_tui.recording.writer import LogWriter
from hive_tui.tui.screen import CouncilScreen
from tests.tui.conftest import ScriptedSession, StandingClock, whole_run

RUN = "01k9a7c2-4f6e"
"""Of the scripts."""


class RecordedSession(ScriptedSession):
    def __init__(self, runs: Path) -> None:
        super().__init__()
        self.runs = runs
        self.timelines = Timelines(runs, Kernels(runs.parent / "cache", runs.parent / "rings"))
        self._log: LogWriter | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    def play(self, records: Sequence[Record]) -> None:
        if self._log is None:
            self._log = LogWriter(self.runs / RUN, LogHeader(RUN, 0), lambda job: job())
        for each in records:
            self._log.append(wire.encode(each), Span(1, each.seq, each.seq, each.time_ns, each.time_ns))
        super().play(records)

    def end(self) -> None:
        """The run's recording is whole."""
        assert self._log is not None
        self._log.finish()

    def query(self, command: Command, tell: Callable[[Reply | None], None]) -> None:
        self.calls.append(("query", command))

        async def answer() -> None:
            match command:
                case TimelineLanes():
                    tell(await self.timelines.lanes(command))
                case FindPlace():
                    tell(await self.timelines.find(command))
                case SetMarker():
                    tell(await self.timelines.set_marker(command))
                case RemoveMarker():
                    tell(await self.timelines.remove_marker(command))
                case StopFinding():
                    self.timelines.stop_finding()
                    tell(None)
            self.wake()

        task = asyncio.get_running_loop().create_task(answer())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


def passing(clock: StandingClock) -> Callable[[], None]:
    """For `until`: with each frame a sixtieth of a second of the viewer's clock passes."""

    def passes() -> None:
        clock.seconds += 1 / 60

    return passes


async def until(
    pilot: Pilot[object], true: Callable[[], object], before_frame: Callable[[], None] = lambda: None
) -> None:
    """Wait for a state; frames and looks are the test's own, for a headless clock may be slow."""
    app = pilot.app
    for _ in range(6_000):
        before_frame()
        if app.frames is not None:
            app.frames.frame()
        app.look()
        if true():
            return
        await pilot.pause(0.005)
    raise AssertionError("that never came to be")


async def opened(pilot: Pilot[object], screen: CouncilScreen, session: RecordedSession) -> None:
    """A whole run, its timeline in focus."""
    session.play(whole_run())
    session.end()
    await until(pilot, lambda: screen.state.outcome is not None)
    screen.use_timeline()
    await until(pilot, lambda: screen.timeline.has_focus and screen.timeline.view.data is not None)


def status(screen: CouncilScreen) -> str:
    return "".join(text for text, _ in screen._status_line(160))


def asked(session: RecordedSession, kind: type) -> list[object]:
    return [call[1] for call in session.calls if call[0] == "query" and isinstance(call[1], kind)]


def rows_of(screen: CouncilScreen) -> list[str]:
    return ["".join(text for text, _ in row) for row in screen.timeline._rows]
