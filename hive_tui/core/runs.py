"""The live runs: each has a folder, a journal and a task that runs its council."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

from hive_tui import __version__, crash
from hive_tui.config.errors import ConfigError
from hive_tui.config.paths import Paths
from hive_tui.config.request import RunRequest
from hive_tui.config.runid import RANDOM_BYTES, run_id
from hive_tui.core.commands import Asked, Finished, Refused, Reply
from hive_tui.core.journal import RunJournal
from hive_tui.core.reach import PriceList, Reach, Route
from hive_tui.core.simulated import SimulatorError
from hive_tui.council import inbox
from hive_tui.council.engine import run_council, unless_stopped
from hive_tui.council.plans import PlanError, build_plan
from hive_tui.events import ErrorInfo, Outcome, Plan, RunEnded, RunStarted
from hive_tui.kernels.choose import Kernels
from hive_tui.recording.format import DamagedError, LogHeader
from hive_tui.recording.summary import summarise, write_summary
from hive_tui.recording.timeline import Timeline
from hive_tui.recording.writer import LogWriter
from hive_tui.ring.writer import RingWriter
from hive_tui.wire import WireError


class _Live:
    def __init__(self, run: str, folder: Path, journal: RunJournal) -> None:
        self.run = run
        self.folder = folder
        self.journal = journal
        self.inbox = inbox.RunInbox()
        self.task: asyncio.Task[None] | None = None


class Runs:
    """Starts, stops and finishes runs."""

    def __init__(
        self,
        paths: Paths,
        ring: RingWriter,
        reach: Reach,
        kernels: Kernels,
        submit: Callable[[Callable[[], None]], object],
        notify: Callable[[Reply], None],
    ) -> None:
        """`submit` runs a function on the one thread that seals, syncs and finishes logs."""
        self._paths = paths
        self._ring = ring
        self._reach = reach
        self._kernels = kernels
        self._submit = submit
        self._notify = notify
        self._runs: dict[str, _Live] = {}
        self._slots = 0

    @property
    def live(self) -> int:
        return len(self._runs)

    def start(self, request: RunRequest, answer: Callable[[Reply], None]) -> None:
        """Begin a run; `answer` gets `Asked` before the run's first event is published, or `Refused`."""
        try:
            plan = build_plan(request)
        except PlanError as error:
            answer(Refused(ErrorInfo(kind="config", message=str(error)), exit_code=3))
            return
        wall_ns, origin_ns = time.time_ns(), time.monotonic_ns()
        run = run_id(wall_ns // 1_000_000, os.urandom(RANDOM_BYTES))
        folder = Path(self._paths.runs) / run
        try:
            header = LogHeader(run=run, wall_ns=wall_ns, version=__version__)
            log = LogWriter(folder, header, self._submit, self._kernels.tally)
        except OSError as error:
            advice = "free space, or name another folder: HIVE_HOME=/some/folder"
            message = f"{folder}: the recording cannot be begun: {error.strerror or error}"
            answer(Refused(ErrorInfo(kind="disk", message=message, advice=advice), exit_code=5))
            return
        self._slots += 1
        bulk = self._kernels.publish
        journal = RunJournal(self._slots, origin_ns, log, self._ring, time.monotonic_ns, bulk)
        live = _Live(run, folder, journal)
        self._runs[run] = live
        answer(Asked(run=run, slot=self._slots, folder=str(folder)))
        live.journal.emit(
            RunStarted(
                run=run,
                question=request.question,
                plan=plan,
                profile=request.profile,
                simulated=request.simulated,
                wall_ns=wall_ns,
                version=__version__,
                timeout_s=request.timeout_s,
            )
        )
        live.task = asyncio.create_task(self._run(live, request, plan))

    def cancel(self, run: str, stream: int = 0) -> None:
        """End a run, or one attempt of it; a run or an attempt that has ended already hears nothing."""
        live = self._runs.get(run)
        if live is not None and stream:
            live.inbox.post(stream, inbox.Command.CANCEL)
        elif live is not None:
            live.inbox.cancel()

    def retry(self, run: str, stream: int) -> None:
        live = self._runs.get(run)
        if live is not None:
            live.inbox.post(stream, inbox.Command.RETRY)

    async def stop(self) -> None:
        """Cancel what runs and wait until its end is stated."""
        live = list(self._runs.values())
        for each in live:
            each.inbox.cancel()
        await asyncio.gather(*(each.task for each in live if each.task is not None))

    async def _run(self, live: _Live, request: RunRequest, plan: Plan) -> None:
        try:
            await self._hold_council(live, request, plan)
        except Exception as error:  # noqa: BLE001 - a bug ends this run, said and recorded, and not the others
            live.journal.emit(RunEnded(outcome=Outcome.ERRORED, error=self._reported(error)))
        finally:
            live.journal.close()
            del self._runs[live.run]
            loop = asyncio.get_running_loop()
            self._submit(lambda: self._finish(live, loop))

    async def _hold_council(self, live: _Live, request: RunRequest, plan: Plan) -> None:
        loop = asyncio.get_running_loop()
        begun_s = loop.time()
        try:
            found = await unless_stopped(self._way(request), live.inbox, request.timeout_s)
        except (ConfigError, SimulatorError) as error:
            info = ErrorInfo(kind="config", message=str(error))
            live.journal.emit(RunEnded(outcome=Outcome.ERRORED, error=info))
            return
        if isinstance(found, RunEnded):
            live.journal.emit(found)
            return
        route, prices = found
        await run_council(
            live.run,
            request,
            plan,
            route.endpoints,
            transport=route.transport,
            journal=live.journal,
            inbox=live.inbox,
            pricing=prices.cost,
            counting=self._reach.tokenizer.count,
            spent_s=loop.time() - begun_s,
        )

    async def _way(self, request: RunRequest) -> tuple[Route, PriceList]:
        route = await self._reach.route(request)
        return route, (route.prices or await self._reach.read_prices(route)).with_own(request.prices)

    def _reported(self, error: Exception) -> ErrorInfo:
        """A bug, told without the words that its message may hold."""
        message = f"Hive itself failed ({type(error).__name__})"
        try:
            path = crash.write(error, None, Path(self._paths.crashes))
        except OSError as problem:
            return ErrorInfo(kind="internal", message=message, advice=f"no report could be written: {problem.strerror}")
        return ErrorInfo(kind="internal", message=message, advice=f"a report, without your texts: {path}")

    def _finish(self, live: _Live, loop: asyncio.AbstractEventLoop) -> None:
        """On the log's thread, behind all the run's writing."""
        error = live.journal.disk_error
        if not error:
            try:
                with closing(Timeline(live.folder)) as timeline:
                    if timeline.blocks.complete:
                        write_summary(live.folder, summarise(timeline.last_state()))
                    else:
                        error = f"{live.folder}: the log has lost its end while it was written"
            except (DamagedError, WireError) as problem:
                error = str(problem)  # Somebody else has written into the log.
            except OSError as problem:
                error = f"{live.folder}: the summary cannot be written: {problem.strerror}"
        loop.call_soon_threadsafe(self._notify, Finished(run=live.run, error=error))
