"""One question without a screen: starts a core, asks, follows the run to its end."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Coroutine, Mapping
from pathlib import Path
from typing import Any, Protocol, TypeVar

import msgspec

from hive_tui.core.client import CoreClient, CoreDiedError, CoreState
from hive_tui.core.commands import Ask, Asked, Cancel, Finished, Fork, Refused, Reply
from hive_tui.core.feed import Feed
from hive_tui.core.spawning import spawn_core
from hive_tui.events import ErrorInfo
from hive_tui.ring.segment import sweep
from hive_tui.state import RunState, fold_all

SLEEP_S = 0.25
"""Longest wait for the doorbell: a ring may be missed in a race."""
END_S = 5.0
"""How long a core may take to end after its run has."""
LEAVE_S = 1.0
"""The same, when a second signal says that nobody wants to wait."""
SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)

T = TypeVar("T")


class Result(msgspec.Struct, frozen=True):
    """How it ended."""

    state: RunState
    folder: str
    disk_error: str = ""
    """Why the recording is not whole on the disk; empty when it is."""
    core_died: bool = False
    left: bool = False
    """A second signal came before all was over."""


class Watcher(Protocol):
    """Who shows what happens."""

    def show(self, state: RunState) -> None:
        """The run has come so far."""

    def say(self, line: str) -> None:
        """Something that is no part of the run."""


class _Signals:
    """The signals that end a command. One that whoever started us wants ignored (nohup) stays ignored."""

    def __init__(self, news: asyncio.Event, early: list[int]) -> None:
        self.first = asyncio.Event()
        self.second = asyncio.Event()
        self._news = news
        self._early = early
        self._before = {number: signal.getsignal(number) for number in SIGNALS}

    def __enter__(self) -> _Signals:
        for number, before in self._before.items():
            if before is not signal.SIG_IGN:
                asyncio.get_running_loop().add_signal_handler(number, self._came)
        if self._early:
            self._came()
        return self

    def __exit__(self, *_: object) -> None:
        for number, before in self._before.items():
            if before is not signal.SIG_IGN:
                asyncio.get_running_loop().remove_signal_handler(number)
                signal.signal(number, before)

    def _came(self) -> None:
        (self.second if self.first.is_set() else self.first).set()
        self._news.set()


def ask(
    command: Ask | Fork, runs_folder: Path, registry: Path, environment: Mapping[str, str], watcher: Watcher
) -> Result | Refused:
    """Run what is asked for in a core of its own, in an event loop of its own.

    The first signal that ends a command cancels the run; with a second one nobody waits for its end. `registry` is that
    of the rings: what a killed core left there is removed.

    Raises:
        CoreDiedError: the core died before the run began.
    """
    early: list[int] = []

    async def whole() -> Result | Refused:
        news = asyncio.Event()
        with _Signals(news, early) as signals:
            talk = _Talk(spawn_core(environment), runs_folder, signals, news, watcher)
            try:
                return await talk.hold(command)
            finally:
                await talk.end(registry)

    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        return asyncio.run(whole())
    # While the loop is made and closed, an exception out of a handler would leave it half done.
    before = signal.signal(signal.SIGINT, lambda number, _frame: early.append(number))
    try:
        return asyncio.run(whole())
    finally:
        signal.signal(signal.SIGINT, before)


class _Talk:
    """One core, one run."""

    def __init__(
        self, core: tuple[int, Any], runs_folder: Path, signals: _Signals, news: asyncio.Event, watcher: Watcher
    ) -> None:
        """`news` is set when something came, by whatever road."""
        self._client = CoreClient(*core, runs_folder, self._notice)
        self._signals = signals
        self._news = news
        self._watcher = watcher
        self._finished: Finished | None = None
        self._silent = False
        self._client.on_change(self._changed)

    async def hold(self, command: Ask | Fork) -> Result | Refused:
        client, signals = self._client, self._signals
        try:
            feed = await _unless(signals.first, client.attached())
        except CoreDiedError:
            if client.refused is None:
                raise
            return client.refused
        if feed is None:
            return _CANCELLED
        # From here on there may be a run: a signal waits until it can be cancelled.
        reply = await _unless(signals.second, client.request(command))
        if reply is None:
            return _CANCELLED
        if isinstance(reply, Refused):
            return reply
        if not isinstance(reply, Asked):
            raise CoreDiedError(f"the core answered {type(reply).__name__} to a question")
        if reply.note:
            self._watcher.say(reply.note)
        state = await self._follow(feed, reply.run)
        while state.outcome is not None and self._finished is None and not self._over:
            self._news.clear()
            await self._news.wait()
        left = self._finished is None and signals.second.is_set()
        died = self._finished is None and not left
        error = "the core process died while writing" if died else ""
        return Result(
            state,
            reply.folder,
            disk_error=error if self._finished is None else self._finished.error,
            core_died=died and state.outcome is None,
            left=left,
        )

    async def end(self, registry: Path) -> None:
        """Hang up and wait for the core's end; one that is not wanted or does not answer is killed."""
        client = self._client
        unwanted = self._signals.second.is_set() or client.state is not CoreState.ALIVE
        client.close()
        if not await asyncio.to_thread(client.reap, LEAVE_S if unwanted else END_S) and unwanted:
            client.kill()
            await asyncio.to_thread(client.reap)
        sweep(registry)

    @property
    def _over(self) -> bool:
        return self._client.state is CoreState.DIED or self._signals.second.is_set()

    async def _follow(self, feed: Feed, run: str) -> RunState:
        """Fold the run until it ends, the core dies, or a second signal comes."""
        state, asked = RunState(), False
        loop = asyncio.get_running_loop()
        loop.add_reader(self._client.doorbell, self._news.set)
        try:
            while state.outcome is None:
                if self._signals.first.is_set() and not asked:
                    asked = True
                    self._client.send(Cancel(run=run))
                records = feed.drain()
                if records:
                    state = fold_all(records, state)
                    self._watcher.show(state)
                    await asyncio.sleep(0)  # A flood must not keep signals and pings out.
                elif self._over:
                    return await self._rest(feed, state)
                elif feed.sleep():
                    await self._doze()
        finally:
            loop.remove_reader(self._client.doorbell)
        return state

    async def _doze(self) -> None:
        try:
            await asyncio.wait_for(self._news.wait(), SLEEP_S)
        except TimeoutError:
            return
        finally:
            self._client.silence()
            self._news.clear()

    async def _rest(self, feed: Feed, state: RunState) -> RunState:
        """What the core wrote until its end."""
        if self._client.state is not CoreState.DIED:
            self._client.hang_up()
            if not await asyncio.to_thread(self._client.reap, LEAVE_S):
                self._client.kill()
                await asyncio.to_thread(self._client.reap)
        for records in feed.rest():
            state = fold_all(records, state)
        self._watcher.show(state)
        return state

    def _notice(self, reply: Reply) -> None:
        if isinstance(reply, Finished):
            self._finished = reply
            self._news.set()

    def _changed(self) -> None:
        state = self._client.state
        if state is CoreState.NOT_ANSWERING:
            self._watcher.say(f"core not answering (process {self._client.pid}); Ctrl-C twice ends it")
        elif state is CoreState.ALIVE and self._silent:
            self._watcher.say("core answers again")
        self._silent = state is CoreState.NOT_ANSWERING
        self._news.set()


async def _unless(event: asyncio.Event, awaited: Coroutine[Any, Any, T]) -> T | None:
    """The result, or `None` if the event comes first."""
    task, stop = asyncio.create_task(awaited), asyncio.create_task(event.wait())
    await asyncio.wait({task, stop}, return_when=asyncio.FIRST_COMPLETED)
    stop.cancel()
    if task.done():
        return task.result()
    task.cancel()
    return None


_CANCELLED = Refused(ErrorInfo("cancelled", "cancelled before the run had begun"), exit_code=130)
