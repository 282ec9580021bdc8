"""Where a person's commands to a running run are left, and heard. All of it belongs to the event loop's thread."""

from __future__ import annotations

import asyncio
from enum import Enum, auto


class Command(Enum):
    """What can be asked of a live attempt."""

    CANCEL = auto()
    RETRY = auto()
    """End it and call the same model again."""


class AttemptInbox:
    """Commands to one live attempt; nothing else reaches into it."""

    def __init__(self) -> None:
        self._queue: asyncio.Queue[Command] = asyncio.Queue()

    def post(self, command: Command) -> None:
        self._queue.put_nowait(command)

    async def next(self) -> Command:
        return await self._queue.get()


class RunInbox:
    """Commands to one run: made by the core, heard by the council."""

    def __init__(self) -> None:
        self._cancelled = asyncio.Event()
        self._attempts: dict[int, AttemptInbox] = {}

    def cancel(self) -> None:
        """End the run; what came is kept."""
        self._cancelled.set()

    def post(self, stream: int, command: Command) -> bool:
        """Give a command to the attempt with that stream number; false when it is not live (any more)."""
        inbox = self._attempts.get(stream)
        if inbox is None:
            return False
        inbox.post(command)
        return True

    async def cancelled(self) -> None:
        """Return when the run's end was asked for."""
        await self._cancelled.wait()

    def admit(self, stream: int, inbox: AttemptInbox) -> None:
        """The attempt is live from now on and hears at `inbox`."""
        self._attempts[stream] = inbox

    def dismiss(self, stream: int) -> None:
        del self._attempts[stream]
