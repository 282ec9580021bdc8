"""The core: hears commands, keeps the live runs, owns the ring."""

from __future__ import annotations

import asyncio
import gc
import os
import signal
import socket
import time
from collections.abc import Coroutine, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from hive_tui import __version__
from hive_tui.config.paths import Paths
from hive_tui.core import commands
from hive_tui.core.commands import Command, Done, Hello, Pong, Refused, Reply
from hive_tui.core.comparing import CompareRuns, CompareTexts, Suppose, TellAllCalls, TellCalls
from hive_tui.core.link import Link
from hive_tui.core.run_commands import DeleteRun, ListRuns, MarkRun, RestoreRun
from hive_tui.events import ErrorInfo
from hive_tui.memory import resident_bytes
from hive_tui.ring.segment import sweep
from hive_tui.ring.writer import RingWriter

RECOVER_AFTER_S = 2.0
"""Recordings that were cut off are looked after when the start is long over."""
if TYPE_CHECKING:
    from hive_tui.core.comparisons import Comparisons
    from hive_tui.core.queries import Queries
    from hive_tui.core.run_lists import RunLists
    from hive_tui.core.runs import Runs
    from hive_tui.core.timelines import Timelines
    from hive_tui.kernels.choose import Kernels


class Worker:
    """Serves one command socket until the other side hangs up."""

    def __init__(self, end: socket.socket, paths: Paths, environment: Mapping[str, str], loop_name: str) -> None:
        self._end = end
        self._paths = paths
        self._environment = environment
        self._loop_name = loop_name
        self._tasks: set[asyncio.Task[None]] = set()
        self._early: list[tuple[int, Command]] = []
        self._runs: Runs | None = None
        self._queries: Queries | None = None
        self._timelines: Timelines | None = None
        self._comparisons: Comparisons | None = None
        self._run_lists: RunLists | None = None

    async def serve(self) -> None:
        """Make the ring and say hello, then import what is heavy; end when nobody listens and all is written."""
        loop = asyncio.get_running_loop()
        self._closed = asyncio.Event()
        loop.add_signal_handler(signal.SIGTERM, self._closed.set)
        registry = Path(self._paths.runtime) / "rings"
        self._link = Link(self._end, self._on_frame, self._closed.set)
        try:
            self._ring = RingWriter(registry)
        except OSError as error:
            message = f"{registry}: the shared memory cannot be made or registered: {error.strerror or error}"
            advice = "free space there and in /dev/shm, or name another folder: HIVE_HOME=/some/folder"
            self._refuse(0, "disk", message, advice, exit_code=5)
            self._link.close()
            return
        self._reply(Hello(self._ring.name, os.getpid(), __version__, self._loop_name), 0)
        try:
            await asyncio.sleep(0)  # The screen attaches while httpx is imported, which takes 0.2 s.
            await self._serve_runs(registry)
        finally:
            self._link.close()
            self._ring.close()

    async def _serve_runs(self, registry: Path) -> None:
        from hive_tui.core.comparisons import Comparisons
        from hive_tui.core.queries import Queries
        from hive_tui.core.reach import Reach
        from hive_tui.core.run_lists import RunLists
        from hive_tui.core.runs import Runs
        from hive_tui.core.timelines import Timelines
        from hive_tui.kernels.choose import Kernels

        reach = Reach(self._paths, self._environment)
        with ThreadPoolExecutor(1, "log") as log_thread:
            kernels = Kernels(Path(self._paths.cache) / "numba", registry)
            submit = log_thread.submit
            self._runs = Runs(self._paths, self._ring, reach, kernels, submit, lambda notice: self._reply(notice, 0))
            self._queries = Queries(self._paths, reach, kernels, self._loop_name)
            self._timelines = Timelines(Path(self._paths.runs), kernels, self._environment)
            self._comparisons = Comparisons(Path(self._paths.runs), kernels)
            self._run_lists = RunLists(self._paths)
            # What stands now stays. Looking through it for garbage took 17 ms, in the middle of a stream as well.
            gc.freeze()
            for number, command in self._early:
                self._answer(number, command)
            sweep(registry)
            self._later(self._recover(kernels), 0)
            self._later(self._keep_limits(self._run_lists), 0)
            await self._closed.wait()
            self._timelines.stop_finding()
            self._comparisons.stop()
            await self._runs.stop()
            for task in self._tasks:
                task.cancel()
            await asyncio.gather(*self._tasks, return_exceptions=True)
            await self._run_lists.close()
            await reach.close()

    def _reply(self, reply: Reply, number: int) -> None:
        self._link.send(commands.encode_reply(reply, number))

    def _on_frame(self, _kind: int, number: int, payload: bytes) -> None:
        try:
            command = commands.decode_command(payload)
        except msgspec.MsgspecError as error:
            self._refuse(number, "command", f"the core does not understand: {error}", "start hive again")
            return
        if isinstance(command, commands.Attach):
            self._reply(commands.Attached(self._ring.add_reader(self._link.descriptors.pop(0))), number)
        elif isinstance(command, commands.Ping):
            live = 0 if self._runs is None else self._runs.live
            self._reply(Pong(time.process_time(), resident_bytes(), live), number)
        elif self._runs is None:
            self._early.append((number, command))
        else:
            self._answer(number, command)

    def _answer(self, number: int, command: Command) -> None:
        try:
            self._dispatch(number, command)
        except Exception as error:  # noqa: BLE001 - a bug: whoever asked would wait for ever
            self._failed(number, error)

    def _dispatch(self, number: int, command: Command) -> None:
        assert self._runs is not None
        assert self._queries is not None
        assert self._timelines is not None
        assert self._comparisons is not None
        assert self._run_lists is not None
        match command:
            case commands.Ask(request):
                self._runs.start(request, lambda reply: self._reply(reply, number))
            case commands.Fork():
                self._later(self._runs.fork(command, lambda reply: self._reply(reply, number)), number)
            case commands.Cancel(run, stream):
                self._runs.cancel(run, stream)
                self._reply(Done(), number)
            case commands.Retry(run, stream):
                self._runs.retry(run, stream)
                self._reply(Done(), number)
            case commands.Warm(request):
                self._later(self._queries.warm(request), number)
            case commands.Discover():
                self._later(self._queries.discover(), number)
            case commands.ListModels(endpoint, kept):
                self._later(self._queries.models(endpoint, kept), number)
            case commands.Lanes(run, bins):
                self._later(self._queries.lanes(run, bins), number)
            case commands.TimelineLanes():
                self._later(self._timelines.lanes(command), number)
            case commands.FindPlace():
                self._later(self._timelines.find(command), number)
            case commands.StopFinding():
                self._timelines.stop_finding()
                self._reply(Done(), number)
            case commands.SetMarker():
                self._later(self._timelines.set_marker(command), number)
            case commands.RemoveMarker():
                self._later(self._timelines.remove_marker(command), number)
            case ListRuns() | DeleteRun() | RestoreRun() | MarkRun():
                self._later(self._run_lists.answer(command), number)
            case CompareRuns() | CompareTexts() | TellCalls() | TellAllCalls() | Suppose():
                self._later(self._comparisons.answer(command), number)
            case commands.Facts():
                self._later(self._queries.facts(), number)

    async def _recover(self, kernels: Kernels) -> Reply | None:
        from hive_tui.core.recovery import recover

        await asyncio.sleep(RECOVER_AFTER_S)
        found = await asyncio.to_thread(recover, Path(self._paths.runs), kernels)
        return commands.CutOff(tuple(each.run for each in found)) if found else None

    async def _keep_limits(self, run_lists: RunLists) -> None:
        await asyncio.sleep(RECOVER_AFTER_S)
        await run_lists.keep_limits(lambda pruned: self._reply(pruned, 0))

    def _later(self, answer: Coroutine[None, None, Reply | None], number: int) -> None:
        """Answer when the answer is there; it never holds up a run."""

        async def run() -> None:
            try:
                reply = await answer
                if reply is not None:
                    self._reply(reply, number)
            except Exception as error:  # noqa: BLE001 - as in `_answer`
                self._failed(number, error)

        task = asyncio.create_task(run())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def _failed(self, number: int, error: Exception) -> None:
        from hive_tui import crash

        self._reply(Refused(crash.told(error, Path(self._paths.crashes)), exit_code=4), number)

    def _refuse(self, number: int, kind: str, message: str, advice: str, exit_code: int = 3) -> None:
        self._reply(Refused(ErrorInfo(kind=kind, message=message, advice=advice), exit_code), number)
