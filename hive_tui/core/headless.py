"""One question without a screen: starts a core, asks, follows the run to its end."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Callable, Mapping
from pathlib import Path

import msgspec

from hive_tui.config.request import RunRequest
from hive_tui.core.client import CoreClient, CoreDiedError, CoreState, spawn
from hive_tui.core.commands import Ask, Asked, Cancel, Finished, Refused, Reply
from hive_tui.core.feed import Feed
from hive_tui.state import RunState, fold_all

SLEEP_S = 0.25
"""Longest wait for the doorbell: a ring may be missed in a race."""
SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Result(msgspec.Struct, frozen=True):
    """How it ended."""

    state: RunState
    folder: str
    disk_error: str = ""
    """Why the recording is not whole on the disk; empty when it is."""
    core_died: bool = False


async def ask(
    request: RunRequest, runs_folder: Path, environment: Mapping[str, str], show: Callable[[RunState], None]
) -> Result | Refused:
    """Run the request in a core of its own; `show` gets each newer state. Signals that end a command cancel the run.

    Raises:
        CoreDiedError: the core died before the run began.
    """
    loop = asyncio.get_running_loop()
    finished: asyncio.Future[Finished] = loop.create_future()

    def notice(reply: Reply) -> None:
        if isinstance(reply, Finished) and not finished.done():
            finished.set_result(reply)

    client = CoreClient(*spawn(environment), runs_folder, notice)
    try:
        feed = await client.attached()
        reply = await client.request(Ask(request))
        if isinstance(reply, Refused):
            return reply
        if not isinstance(reply, Asked):
            raise CoreDiedError(f"the core answered {type(reply).__name__} to a question")
        for number in SIGNALS:
            loop.add_signal_handler(number, client.send, Cancel(run=reply.run))
        state = await _follow(client, feed, show)
        if client.state is CoreState.DIED:
            return Result(state, reply.folder, core_died=True)

        def changed() -> None:
            if client.state is CoreState.DIED:
                finished.cancel()

        client.on_change(changed)
        await asyncio.wait([finished])
        error = "the core process died while writing" if finished.cancelled() else finished.result().error
        return Result(state, reply.folder, disk_error=error)
    finally:
        for number in SIGNALS:
            loop.remove_signal_handler(number)
        client.close()
        await asyncio.to_thread(client.reap)


async def _follow(client: CoreClient, feed: Feed, show: Callable[[RunState], None]) -> RunState:
    """Fold the run until it ends or the core dies."""
    state = RunState()
    bell = asyncio.Event()
    loop = asyncio.get_running_loop()
    loop.add_reader(client.doorbell, bell.set)
    client.on_change(bell.set)
    try:
        while state.outcome is None:
            records = feed.drain()
            if records:
                state = fold_all(records, state)
                show(state)
            elif client.state is CoreState.DIED:
                for rest in feed.rest():
                    state = fold_all(rest, state)
                show(state)
                return state
            elif feed.sleep():
                try:
                    await asyncio.wait_for(bell.wait(), SLEEP_S)
                except TimeoutError:
                    continue
                finally:
                    client.silence()
                    bell.clear()
    finally:
        loop.remove_reader(client.doorbell)
    return state
