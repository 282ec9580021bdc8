"""The program's own session: the screen's questions go to the core process, and its records come back folded."""

from __future__ import annotations

import asyncio
import os
import socket
import time
from collections import deque
from collections.abc import Callable, Coroutine, Sequence
from pathlib import Path

from hive_tui.config import offers as found
from hive_tui.config.errors import ConfigError
from hive_tui.config.options import RunOptions
from hive_tui.config.paths import Paths, ensure_folder
from hive_tui.core import commands
from hive_tui.core.client import CoreClient, CoreDiedError, CoreState
from hive_tui.core.commands import (
    Ask,
    Asked,
    Cancel,
    Command,
    CutOff,
    Discover,
    Finished,
    Fork,
    Found,
    Refused,
    Reply,
    Retry,
    Warm,
)
from hive_tui.core.run_commands import Pruned
from hive_tui.core.spawning import spawn_core
from hive_tui.events import ErrorInfo, Record, RunStarted
from hive_tui.state import RunState, fold
from hive_tui.tui.lane import BINS
from hive_tui.tui.lane_asking import LaneAsking
from hive_tui.tui.model_lists import tell_models
from hive_tui.tui.next_run import NextRun, setup_of
from hive_tui.tui.session import (
    CoreStats,
    CoreStatus,
    Lanes,
    ModelList,
    NewFork,
    Offer,
    SettingsError,
    Setup,
    StageChoice,
)

_STATUS = {
    CoreState.STARTING: CoreStatus.STARTING,
    CoreState.ALIVE: CoreStatus.ALIVE,
    CoreState.NOT_ANSWERING: CoreStatus.SILENT,
    CoreState.DIED: CoreStatus.DIED,
}


class CoreSession:
    """Implements `tui.session.Session`."""

    def __init__(self, pid: int, end: socket.socket, options: RunOptions, paths: Paths) -> None:
        """Take over a core that was spawned before Textual was imported."""
        self._spawned = (pid, end)
        self._paths = paths
        self._next = NextRun(options, paths)
        self._client: CoreClient | None = None
        self._wake: Callable[[], None] = lambda: None
        self._state = RunState()
        self._slot = 0
        self._origin_ns = 0
        self._notices: list[str] = []
        self._offers: tuple[found.Offer, ...] = ()
        self._tasks: set[asyncio.Task[None]] = set()
        self._cpu: deque[tuple[float, float]] = deque(maxlen=4)
        self._lag = 0
        self._read_out = False
        self._lanes = LaneAsking()
        self._setup: Setup | None = None

    # What the screen calls once.

    def start(self, wake: Callable[[], None]) -> None:
        self._wake = wake
        self._connect(*self._spawned)
        self._soon(self._look_around())

    def close(self) -> None:
        for task in self._tasks:
            task.cancel()
        if self._client is not None:
            asyncio.get_running_loop().remove_reader(self._client.doorbell)
            self._client.close()

    # Records.

    def drain(self) -> RunState:
        client = self._client
        if client is None or client.feed is None:
            return self._state
        self._lag = client.feed.lag
        records = client.feed.drain()
        if not records and client.state is CoreState.DIED and not self._read_out:
            self._read_out = True
            records = [record for block in client.feed.rest() for record in block]
        self._fold(records)
        return self._state

    def sleep(self) -> bool:
        if self._client is None or self._client.feed is None:
            return True
        return self._client.state is CoreState.DIED or self._client.feed.sleep()

    def now_ns(self) -> int:
        state = self._state
        return state.time_ns if state.ended_ns is not None or not state.run else time.monotonic_ns() - self._origin_ns

    # Commands.

    def ask(self, question: str) -> None:
        self._soon(self._ask(question))

    def fork(self, wanted: NewFork, tell: Callable[[ErrorInfo | str], None]) -> None:
        state = wanted.state
        parent = RunStarted(
            state.run,
            state.question,
            state.plan,
            state.profile,
            state.simulated,
            state.wall_ns,
            timeout_s=state.timeout_s,
        )

        async def begin() -> None:
            try:
                command = Fork(wanted.run, self._next.fork(parent, wanted.changes), *wanted.here, wanted.prefix)
                ensure_folder(self._paths.runs)
            except ConfigError as error:
                tell(ErrorInfo("config", f"{error.where}: {error.what}", advice=error.todo))
                return
            reply = await self._reply(command)
            died = ErrorInfo("core", "the core process died", advice="F5 on the screen starts a new one")
            tell(reply.note if isinstance(reply, Asked) else reply.error if isinstance(reply, Refused) else died)
            self._wake()

        self._soon(begin())

    def warm(self) -> None:
        try:
            request = self._next.request("warm")
        except ConfigError:
            return  # `ask` will say what is wrong; a person who is typing is not interrupted.
        if self._client is not None and self._client.state is not CoreState.DIED:
            self._client.send(Warm(request))

    def cancel(self, stage: str | None = None) -> None:
        stream = 0 if stage is None else self._live_stream(stage)
        if self._client is not None and (stage is None or stream):
            self._client.send(Cancel(self._state.run, stream))

    def retry(self, stage: str) -> None:
        stream = self._live_stream(stage)
        if self._client is not None and stream:
            self._client.send(Retry(self._state.run, stream))
        else:
            self._say(f"{stage} has no live call to retry; send the question again")

    # The core.

    def core_status(self) -> CoreStatus:
        return CoreStatus.STARTING if self._client is None else _STATUS[self._client.state]

    def core_fault(self) -> str:
        refused = None if self._client is None else self._client.refused
        return "" if refused is None else f"{refused.error.message}. {refused.error.advice}"

    def restart_core(self) -> None:
        if self._client is None or self._client.state is not CoreState.DIED:
            return
        asyncio.get_running_loop().remove_reader(self._client.doorbell)
        self._client.close()
        self._client.reap(0)
        self._slot = 0
        self._read_out = False
        self._connect(*spawn_core(os.environ))

    def stats(self) -> CoreStats:
        pong = None if self._client is None or self._client.state is not CoreState.ALIVE else self._client.pong
        if pong is None:
            self._cpu.clear()  # What a core used that is gone or silent says nothing of the one that answers next.
            return CoreStats()
        now = asyncio.get_running_loop().time()
        if not self._cpu or self._cpu[-1][1] != pong.cpu_s or now - self._cpu[-1][0] > 1:
            self._cpu.append((now, pong.cpu_s))
        (first_s, first_cpu), (last_s, last_cpu) = self._cpu[0], self._cpu[-1]
        percent = (last_cpu - first_cpu) / (last_s - first_s) * 100 if last_s > first_s else None
        return CoreStats(cpu_percent=percent, memory_bytes=pong.rss, lag_bytes=self._lag)

    def query(self, command: Command, tell: Callable[[Reply | None], None]) -> None:
        async def ask() -> None:
            tell(await self._reply(command))
            self._wake()

        self._soon(ask())

    def lanes(self) -> Lanes | None:
        state = self._state
        if self._client is not None and self._client.state is not CoreState.DIED:
            # With a new core the shown run is one that will never end.
            over = state.ended_ns is not None or self._slot == 0
            if self._lanes.due(state.run, over, asyncio.get_running_loop().time()):
                self._soon(self._ask_lanes(state.run))
        return self._lanes.known

    # Configuration.

    def offers(self) -> Sequence[Offer]:
        return [Offer(f"{each.found}: the council can ask {each.endpoint.name}") for each in self._offers]

    def take_offer(self, index: int) -> str:
        offer = self._offers[index]
        try:
            self._next.accept(offer)
        except ConfigError as error:
            return str(error)
        self._offers = ()
        self._setup = None
        return f"{offer.endpoint.name} answers from now on (profile {self._next.profile_name})"

    def setup(self) -> Setup:
        """As read when the session began or last changed; asked for with each picture, so the disk is left alone."""
        if self._setup is None:
            try:
                self._setup = setup_of(self._next.request("setup"))
            except ConfigError as error:
                self._say(str(error))
                self._setup = self._next.empty_setup()
        return self._setup

    def save_stage(self, stage: str, choice: StageChoice) -> str:
        try:
            where = self._next.save(stage, choice)
        except ConfigError as error:
            raise SettingsError(str(error)) from error
        self._setup = None
        return where

    def list_models(self, stage: str, tell: Callable[[ModelList], None]) -> None:
        if self._next.endpoint_named:
            tell(ModelList(note="no list: an endpoint of the command line is asked for nothing but the calls"))
            return
        try:
            request = self._next.request("models")
        except ConfigError as error:
            tell(ModelList(note=str(error), failed=True))
            return
        wanted = request.stages[stage].endpoint
        spec = next(endpoint for endpoint in request.endpoints if endpoint.name == wanted)
        self._soon(tell_models(self._reply, spec, tell))

    def notices(self) -> Sequence[str]:
        said, self._notices = self._notices, []
        return said

    # Inside.

    def _connect(self, pid: int, end: socket.socket) -> None:
        client = CoreClient(pid, end, Path(self._paths.runs), self._on_notice)
        self._client = client
        client.on_change(self._wake)

        def rung() -> None:
            client.silence()
            if client.state is CoreState.DIED:
                # The other end is closed: from here on it would ring for ever.
                asyncio.get_running_loop().remove_reader(client.doorbell)
            self._wake()

        asyncio.get_running_loop().add_reader(client.doorbell, rung)
        self._soon(self._listen(client))

    async def _listen(self, client: CoreClient) -> None:
        """Nobody rings for a screen that fell asleep before it could ask to be rung for."""
        try:
            await client.attached()
        except CoreDiedError:
            return  # The status line says so.
        self._wake()

    async def _look_around(self) -> None:
        """Find keys and local servers that could answer, off the start's path, unless an endpoint is chosen."""
        try:
            if self._next.endpoint_chosen():
                return
            self._offers = self._next.keys_found()
        except ConfigError as error:
            self._say(str(error))
            return
        self._wake()
        reply = await self._reply(Discover())
        if isinstance(reply, Found):
            self._offers += found.servers_found(reply.endpoints, reply.models)
            self._wake()

    async def _ask(self, question: str) -> None:
        try:
            request = self._next.request(question)
            self._setup = setup_of(request)
            ensure_folder(self._paths.runs)
        except ConfigError as error:
            self._say(str(error))
            return
        try:
            # What the run says before the ring can be read would never be seen.
            assert self._client is not None
            await self._client.attached()
        except CoreDiedError:
            return  # The status line says so.
        reply = await self._reply(Ask(request))
        if isinstance(reply, Refused):
            self._say(f"{reply.error.message}. {reply.error.advice}")

    async def _ask_lanes(self, run: str) -> None:
        reply = await self._reply(commands.Lanes(run, BINS))
        lanes = None
        if isinstance(reply, commands.LanesOf):
            lanes = Lanes(dict(zip(reply.streams, reply.bins, strict=True)), reply.duration_ns)
        elif isinstance(reply, Refused):
            self._say(f"no lanes: {reply.error.message}")
        self._lanes.answered(run, lanes, asyncio.get_running_loop().time())

    async def _reply(self, command: Command) -> Reply | None:
        assert self._client is not None
        try:
            return await self._client.request(command)
        except CoreDiedError:
            return None  # The status line says so, and how to start another.

    def _fold(self, records: list[Record]) -> None:
        now_ns = time.monotonic_ns()
        state = self._state
        for record in records:
            if isinstance(record.event, RunStarted):
                self._slot, state = record.slot, RunState()  # The newest question is the one that is shown.
            if record.slot != self._slot:
                continue
            state = fold(state, record)
            since = now_ns - record.time_ns
            self._origin_ns = since if record.seq == 1 else min(self._origin_ns, since)
        self._state = state

    def _live_stream(self, stage: str) -> int:
        """The stage's attempt that has not ended; 0 when there is none."""
        state = self._state.stage(stage)
        attempt = None if state is None or not state.streams else self._state.attempt(state.streams[-1])
        return 0 if attempt is None or attempt.outcome is not None else attempt.stream

    def _on_notice(self, reply: Reply) -> None:
        if isinstance(reply, Finished) and reply.error:
            self._say(f"the recording of this run is not whole: {reply.error}")
        elif isinstance(reply, Pruned):
            runs = f"{reply.moved} run{'s' * (reply.moved > 1)}"
            self._say(reply.problem or f"the limits of retention moved {runs} to the trash: hive runs trash")
        elif isinstance(reply, CutOff):
            runs = f"{len(reply.runs)} runs were" if len(reply.runs) > 1 else "a run was"
            self._say(f"{runs} cut off when a core was killed; what came is kept: hive runs")

    def _say(self, notice: str) -> None:
        self._notices.append(notice)
        self._wake()

    def _soon(self, work: Coroutine[None, None, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
