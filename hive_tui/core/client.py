"""The screen's side of the core: starts it, speaks with it, notices when it dies or does not answer."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import time
from collections.abc import Callable
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING

from hive_tui.core import commands
from hive_tui.core.commands import Attach, Attached, Command, Hello, Ping, Pong, Refused, Reply
from hive_tui.core.link import Link

if TYPE_CHECKING:
    from hive_tui.core.feed import Feed

PING_EVERY_S = 0.5
PING_LIMIT_S = 1.0
START_LIMIT_S = 5.0
"""A core that has not said hello by then does not answer."""


class CoreState(Enum):
    STARTING = "starting"
    ALIVE = "alive"
    NOT_ANSWERING = "not answering"
    DIED = "died"


class CoreDiedError(ConnectionError):
    """The core's process is gone; nothing more will come from it."""


class CoreClient:
    """A living connection to one core. Its methods belong to the event loop that it was made on."""

    def __init__(self, pid: int, end: socket.socket, runs_folder: Path, on_notice: Callable[[Reply], None]) -> None:
        """Take over a spawned core. `on_notice` gets what nobody asked for, such as `Finished`."""
        self.pid = pid
        self.state = CoreState.STARTING
        self.hello: Hello | None = None
        self.refused: Refused | None = None
        """Why the core could not start, if it could say so."""
        self.feed: Feed | None = None
        """Set once the core has made its ring."""
        self.pong: Pong | None = None
        """The newest figures of the core's process."""
        self._loop = asyncio.get_running_loop()
        self._runs_folder = runs_folder
        self._on_notice = on_notice
        self._waiting: dict[int, asyncio.Future[Reply]] = {}
        self._number = 0
        self._pinged_s: float | None = None
        self._started_s = self._loop.time()
        self._bell, self._bell_out = os.pipe()
        os.set_blocking(self._bell, False)
        self._attached = asyncio.Event()
        self._changed: list[Callable[[], None]] = []
        self._link = Link(end, self._on_frame, self._on_closed)
        self._timer = self._loop.call_later(PING_EVERY_S, self._supervise)

    def on_change(self, callback: Callable[[], None]) -> None:
        """Call when the core's state changes."""
        self._changed.append(callback)

    @property
    def doorbell(self) -> int:
        """Readable when the ring has something for a feed that sleeps; `silence` empties it."""
        return self._bell

    def silence(self) -> None:
        try:
            while os.read(self._bell, 4096):
                pass
        except BlockingIOError:
            return

    async def attached(self) -> Feed:
        """Wait until the ring can be read.

        Raises:
            CoreDiedError: it never came to that.
        """
        await self._attached.wait()
        if self.feed is None:
            refused = self.refused
            raise CoreDiedError(refused.error.message if refused else "the core process died while starting")
        return self.feed

    async def request(self, command: Command) -> Reply:
        """Send a command and wait for its reply.

        Raises:
            CoreDiedError: the core is gone.
        """
        if self.state is CoreState.DIED:
            raise CoreDiedError("the core process is gone")
        future: asyncio.Future[Reply] = self._loop.create_future()
        self._waiting[self.send(command)] = future
        return await future

    def send(self, command: Command, descriptor: int | None = None) -> int:
        """Send a command without waiting; returns its number."""
        self._number += 1
        self._link.send(commands.encode_command(command, self._number), descriptor)
        return self._number

    def hang_up(self) -> None:
        """The core cancels what runs, finishes writing and ends; what it wrote can still be read."""
        self._timer.cancel()
        self._link.close()

    def close(self) -> None:
        """Hang up and let go of the ring."""
        self.hang_up()
        if self.feed is not None:
            self.feed.close()
        os.close(self._bell)
        os.close(self._bell_out)

    def reap(self, limit_s: float = 5.0) -> bool:
        """After `close`: wait until the core has finished writing and ended. Blocks; False when it needs longer."""
        deadline = time.monotonic() + limit_s
        while time.monotonic() < deadline:
            try:
                if os.waitpid(self.pid, os.WNOHANG)[0]:
                    return True
            except ChildProcessError:
                return True
            time.sleep(0.005)
        return False

    def kill(self) -> None:
        os.kill(self.pid, signal.SIGKILL)

    def _on_frame(self, _kind: int, number: int, payload: bytes) -> None:
        reply = commands.decode_reply(payload)
        match reply:
            case Hello():
                self.hello = reply
                self._set_state(CoreState.ALIVE)
                # Ours stays open: with the core's death the pipe would end, and be readable for ever.
                self.send(Attach(), os.dup(self._bell_out))
            case Attached():
                assert self.hello is not None
                # Not before there is a ring: they cost the screen's start 20 ms.
                from hive_tui.core.feed import Feed
                from hive_tui.ring.reader import RingReader

                self.feed = Feed(RingReader(self.hello.ring, reply.slot), self._runs_folder, self._link.poll)
                self._attached.set()
            case Pong():
                self.pong = reply
                self._pinged_s = None
                self._set_state(CoreState.ALIVE)
            case Refused() if number == 0:
                self.refused = reply
            case commands.Asked():
                if self.feed is not None:
                    self.feed.know(reply.slot, reply.run)
        future = self._waiting.pop(number, None)
        if future is not None and not future.done():
            future.set_result(reply)
        elif number == 0 and not isinstance(reply, Hello):
            self._on_notice(reply)

    def _on_closed(self) -> None:
        self._timer.cancel()
        self._set_state(CoreState.DIED)
        self._attached.set()
        for future in self._waiting.values():
            if not future.done():
                future.set_exception(CoreDiedError("the core process died"))
        self._waiting.clear()

    def _supervise(self) -> None:
        self._timer = self._loop.call_later(PING_EVERY_S, self._supervise)
        if self.hello is None:
            if self._loop.time() - self._started_s > START_LIMIT_S:
                self._set_state(CoreState.NOT_ANSWERING)
            return
        if self._pinged_s is None:
            self._pinged_s = self._loop.time()
            self.send(Ping())
        elif self._loop.time() - self._pinged_s > PING_LIMIT_S:
            # This process may have been the one that was stopped: the answer may lie there unread.
            self._link.poll()
            if self._pinged_s is not None and self.state is not CoreState.DIED:
                self._set_state(CoreState.NOT_ANSWERING)

    def _set_state(self, state: CoreState) -> None:
        if state is not self.state:
            self.state = state
            for callback in self._changed:
                callback()
