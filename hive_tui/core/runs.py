"""The live runs: each has a folder, a journal and a task that runs its council."""

from __future__ import annotations

import asyncio
import os
import shutil
import time
from collections.abc import Callable
from contextlib import closing
from functools import partial
from pathlib import Path

from msgspec.structs import replace

from hive_tui import __version__, crash, wire
from hive_tui.config.errors import ConfigError
from hive_tui.config.paths import Paths
from hive_tui.config.request import RunRequest
from hive_tui.config.runid import RANDOM_BYTES, run_id
from hive_tui.core import forks, offered
from hive_tui.core.commands import Asked, Finished, Fork, Refused, Reply
from hive_tui.core.journal import RunJournal
from hive_tui.core.reach import PriceList, Reach, Route
from hive_tui.core.simulated import SimulatorError
from hive_tui.council import inbox
from hive_tui.council.engine import run_council, unless_stopped
from hive_tui.council.plans import PlanError, build_plan
from hive_tui.council.rules import check_tally
from hive_tui.events import ErrorInfo, Outcome, Plan, RunEnded, RunStarted
from hive_tui.kernels.choose import Kernels
from hive_tui.recording.folder import NoSuchRunError, find_run
from hive_tui.recording.format import DamagedError, LogHeader, Span
from hive_tui.recording.navigation.walker import Place
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
            check_tally(plan)
        except PlanError as error:
            answer(Refused(ErrorInfo(kind="config", message=str(error)), exit_code=3))
            return
        try:
            live, started = self._begin(request, plan)
        except OSError as error:
            answer(self._not_begun(error))
            return
        self._runs[live.run] = live
        answer(Asked(run=live.run, slot=live.journal.slot, folder=str(live.folder)))
        live.journal.emit(started)
        live.task = asyncio.create_task(self._run(live, request, plan))

    async def fork(self, command: Fork, answer: Callable[[Reply], None]) -> None:
        """Begin a run that goes on from a place of another; `answer` gets `Asked` or `Refused`, and with a refusal
        nothing is written."""
        request = command.request
        try:
            plan = build_plan(request)
            check_tally(plan)
            folder = await asyncio.to_thread(find_run, Path(self._paths.runs), command.parent)
            place = Place(command.seq, command.chunks)
            parent, branch = await asyncio.to_thread(forks.opened, folder, place, request, plan, command.prefix)
        except (PlanError, NoSuchRunError) as error:
            answer(Refused(ErrorInfo(kind="config", message=str(error)), exit_code=3))
            return
        except forks.ForkError as error:
            answer(Refused(ErrorInfo(kind="config", message=str(error), advice=error.todo), exit_code=3))
            return
        except (DamagedError, WireError, OSError) as error:
            answer(self._unreadable(command.parent, error))
            return
        with closing(parent):
            missing = await offered.missing(self._reach, request, branch.asked)
            if missing is not None:
                answer(Refused(missing, exit_code=3))
                return
            live = await self._copy(parent, branch, request, plan, answer)
            if live is None:
                return
            self._runs[live.run] = live
            answer(Asked(live.run, live.journal.slot, str(live.folder), branch.note))
            live.journal.publish_inherited()
            live.task = asyncio.create_task(self._run(live, request, plan, branch))
            await asyncio.wait([live.task])

    async def _copy(
        self,
        parent: Timeline,
        branch: forks.Branch,
        request: RunRequest,
        plan: Plan,
        answer: Callable[[Reply], None],
    ) -> _Live | None:
        """A run with all that the fork has from its parent; `None` when it was refused."""
        live: _Live | None = None
        whole = False
        state = branch.state
        try:
            head = parent.record(1)
            live, started = self._begin(request, plan, state.time_ns, state.run, state.seq)
            first = wire.encode(replace(head, slot=live.journal.slot, event=started))
            live.journal.inherit(first, Span(1, 1, 1, head.time_ns, head.time_ns))
            for batch, span in forks.copies(parent, state.seq, live.journal.slot):
                live.journal.inherit(batch, span)
                await asyncio.sleep(0)  # Other runs go on meanwhile.
            whole = True
        except (DamagedError, WireError, LookupError) as error:
            answer(self._unreadable(state.run, error))
        except OSError as error:
            answer(self._not_begun(error))
        finally:
            if live is not None and not whole:
                live.journal.give_up()
                self._submit(partial(shutil.rmtree, live.folder, ignore_errors=True))
        return live if whole else None

    def _begin(
        self, request: RunRequest, plan: Plan, time_ns: int = 0, parent: str = "", parent_seq: int = 0
    ) -> tuple[_Live, RunStarted]:
        """A run with an empty log, at that time of its own, and its first event. Raises OSError."""
        now_ns = time.time_ns()
        wall_ns, origin_ns = now_ns - time_ns, time.monotonic_ns() - time_ns
        run = run_id(now_ns // 1_000_000, os.urandom(RANDOM_BYTES))
        folder = Path(self._paths.runs) / run
        header = LogHeader(run=run, wall_ns=wall_ns, version=__version__)
        log = LogWriter(folder, header, self._submit, self._kernels.tally)
        self._slots += 1
        bulk = self._kernels.publish
        journal = RunJournal(self._slots, origin_ns, log, self._ring, time.monotonic_ns, bulk)
        started = RunStarted(
            run=run,
            question=request.question,
            plan=plan,
            profile=request.profile,
            simulated=request.simulated,
            wall_ns=wall_ns,
            version=__version__,
            timeout_s=request.timeout_s,
            parent=parent,
            parent_seq=parent_seq,
        )
        return _Live(run, folder, journal), started

    def _not_begun(self, error: OSError) -> Refused:
        advice = "free space, or name another folder: HIVE_HOME=/some/folder"
        where = error.filename or self._paths.runs
        message = f"{where}: the recording cannot be begun: {error.strerror or error}"
        return Refused(ErrorInfo(kind="disk", message=message, advice=advice), exit_code=5)

    @staticmethod
    def _unreadable(parent: str, error: Exception) -> Refused:
        if isinstance(error, FileNotFoundError):
            return Refused(ErrorInfo(kind="recording", message=f"{parent}: the recording is gone"), exit_code=3)
        why = (error.strerror or str(error)) if isinstance(error, OSError) else str(error)
        advice = "`hive verify` names every fault; `hive repair` saves what stands before"
        message = f"{parent}: cannot be forked: {why}"
        return Refused(ErrorInfo(kind="recording", message=message, advice=advice), exit_code=3)

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

    async def _run(self, live: _Live, request: RunRequest, plan: Plan, branch: forks.Branch | None = None) -> None:
        try:
            if branch is None or branch.state.outcome is None:
                await self._hold_council(live, request, plan, branch)
        except Exception as error:  # noqa: BLE001 - a bug ends this run, said and recorded, and not the others
            live.journal.emit(RunEnded(outcome=Outcome.ERRORED, error=crash.told(error, Path(self._paths.crashes))))
        finally:
            live.journal.close()
            del self._runs[live.run]
            loop = asyncio.get_running_loop()
            self._submit(lambda: self._finish(live, loop))

    async def _hold_council(self, live: _Live, request: RunRequest, plan: Plan, branch: forks.Branch | None) -> None:
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
            recorded=None if branch is None else branch.state,
            beginning=None if branch is None else branch.beginning,
        )

    async def _way(self, request: RunRequest) -> tuple[Route, PriceList]:
        route = await self._reach.route(request)
        return route, (route.prices or await self._reach.read_prices(route)).with_own(request.prices)

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
