"""The live runs: each has a folder, a journal and a task that runs its council."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Callable
from pathlib import Path

from hive_tui import __version__
from hive_tui.config.paths import Paths
from hive_tui.config.request import RunRequest
from hive_tui.config.runid import RANDOM_BYTES, run_id
from hive_tui.core.commands import Asked, Finished, Refused, Reply
from hive_tui.core.journal import RunJournal
from hive_tui.core.reach import Reach
from hive_tui.council.engine import run_council
from hive_tui.council.inbox import RunInbox
from hive_tui.council.plans import build_plan
from hive_tui.events import ErrorInfo, RunStarted
from hive_tui.recording.format import LogHeader
from hive_tui.recording.reader import read_records
from hive_tui.recording.summary import summarise, write_summary
from hive_tui.recording.writer import LogWriter
from hive_tui.ring.writer import RingWriter
from hive_tui.state import fold_all


class _Live:
    def __init__(self, run: str, folder: Path, journal: RunJournal) -> None:
        self.run = run
        self.folder = folder
        self.journal = journal
        self.inbox = RunInbox()
        self.task: asyncio.Task[None] | None = None


class Runs:
    """Starts, stops and finishes runs."""

    def __init__(
        self,
        paths: Paths,
        ring: RingWriter,
        reach: Reach,
        submit: Callable[[Callable[[], None]], object],
        notify: Callable[[Reply], None],
    ) -> None:
        """`submit` runs a function on the one thread that seals, syncs and finishes logs."""
        self._paths = paths
        self._ring = ring
        self._reach = reach
        self._submit = submit
        self._notify = notify
        self._runs: dict[str, _Live] = {}
        self._slots = 0

    @property
    def live(self) -> int:
        return len(self._runs)

    def start(self, request: RunRequest, answer: Callable[[Reply], None]) -> None:
        """Begin a run; `answer` gets `Asked` before the run's first event is published, or `Refused`."""
        wall_ns, origin_ns = time.time_ns(), time.monotonic_ns()
        run = run_id(wall_ns // 1_000_000, os.urandom(RANDOM_BYTES))
        folder = Path(self._paths.runs) / run
        try:
            log = LogWriter(folder, LogHeader(run=run, wall_ns=wall_ns, version=__version__), self._submit)
        except OSError as error:
            advice = "free space, or name another folder: HIVE_HOME=/some/folder"
            message = f"{folder}: the recording cannot be begun: {error.strerror or error}"
            answer(Refused(ErrorInfo(kind="disk", message=message, advice=advice), exit_code=5))
            return
        self._slots += 1
        live = _Live(run, folder, RunJournal(self._slots, origin_ns, log, self._ring, time.monotonic_ns))
        self._runs[run] = live
        answer(Asked(run=run, slot=self._slots, folder=str(folder)))
        live.journal.emit(
            RunStarted(
                run=run,
                question=request.question,
                plan=build_plan(request),
                profile=request.profile,
                simulated=request.simulated,
                wall_ns=wall_ns,
                version=__version__,
                timeout_s=request.timeout_s,
            )
        )
        live.task = asyncio.create_task(self._run(live, request))

    def cancel(self, run: str, stage: str = "") -> None:
        if run in self._runs:
            self._runs[run].inbox.cancel(stage)

    def retry(self, run: str, stage: str) -> None:
        if run in self._runs:
            self._runs[run].inbox.retry(stage)

    async def stop(self) -> None:
        """Cancel what runs and wait until its end is stated."""
        live = list(self._runs.values())
        for each in live:
            each.inbox.cancel("")
        await asyncio.gather(*(each.task for each in live if each.task is not None))

    async def _run(self, live: _Live, request: RunRequest) -> None:
        try:
            await run_council(request, self._reach, live.journal, live.inbox)
        finally:
            live.journal.close()
            del self._runs[live.run]
            loop = asyncio.get_running_loop()
            self._submit(lambda: self._finish(live, loop))

    def _finish(self, live: _Live, loop: asyncio.AbstractEventLoop) -> None:
        """On the log's thread, behind all the run's writing."""
        error = live.journal.disk_error
        if not error:
            try:
                write_summary(live.folder, summarise(fold_all(read_records(live.folder))))
            except OSError as problem:
                error = f"{live.folder}: the summary cannot be written: {problem.strerror}"
        loop.call_soon_threadsafe(self._notify, Finished(run=live.run, error=error))
