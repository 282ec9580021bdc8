"""One call under way: what the task that reads it and the generator that hands it on share."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

from hive_tui.models.call import Batch, Call, CallError, Opened, Part, Text
from hive_tui.models.deadlines import Deadlines, Phase
from hive_tui.models.errors import failure
from hive_tui.models.network import Claim, Stream

INBOX_CAP = 4 << 20
"""Bytes of the body that may wait to be handed on before no more are read."""


class Exchange:
    """An inbox with a bell, the time limits, and how far the request has come."""

    def __init__(self, call: Call, clock_ns: Callable[[], int]) -> None:
        loop = asyncio.get_running_loop()
        self.call = call
        self.parts: list[Part] = []
        self.error: CallError | None = None
        self.claim = Claim()
        self.connected = False
        """The request is on its way: what breaks now breaks a connection that stood."""
        self.complete = False
        """The body was read to its end, or will never need to be."""
        self.deadlines = Deadlines(call.limits, loop, self._expire)
        self.pump: asyncio.Task[None] | None = None
        self._loop = loop
        self._clock_ns = clock_ns
        self._at_ns = 0
        self._size = 0
        self._dialled = False
        self._spoke = False
        self._http2_stream: int | None = None
        self._http2_sent = False
        self._bell: asyncio.Future[None] | None = None
        self._room: asyncio.Future[None] | None = None

    # The generator's side.

    async def news(self) -> None:
        """Waits until there are parts, or the pump has ended."""
        self._bell = self._loop.create_future()
        try:
            await self._bell
        finally:
            self._bell = None

    def ring(self, _: object = None) -> None:
        if self._bell is not None and not self._bell.done():
            self._bell.set_result(None)

    def batch(self) -> Batch:
        parts, self.parts, self._size = tuple(self.parts), [], 0
        if self._room is not None and not self._room.done():
            self._room.set_result(None)
        return Batch(self._at_ns, parts)

    # The pump's side.

    def take(self, parts: list[Part], size: int) -> None:
        """A piece of the body was read: `size` bytes that brought `parts`."""
        if not self._spoke and any(type(part) is Text for part in parts):
            self._spoke = True
            self.deadlines.enter(Phase.STREAMING)
        else:
            self.deadlines.heard()
        if parts:
            if not self.parts:
                self._at_ns = self._clock_ns()
            self.parts += parts
            self._size += size
            self.ring()

    def opened(self, status: int, http_version: str) -> None:
        self.take([Opened(status, http_version, not self._dialled)], 0)

    @property
    def full(self) -> bool:
        return self._size > INBOX_CAP

    async def emptied(self) -> None:
        """Waits until the generator has taken what is there: a slow consumer slows the server down."""
        self._room = self._loop.create_future()
        await self._room
        self.deadlines.heard()

    async def trace(self, name: str, info: dict[str, Any]) -> None:
        """httpcore's trace extension: tells how far the request has come."""
        if name == "connection.connect_tcp.complete":
            stream = info["return_value"]
            self._dialled = not (isinstance(stream, Stream) and stream.opened_ahead)
        elif name.endswith(".send_request_headers.started"):
            self.connected = True
            self._http2_stream = info.get("stream_id")
            self.deadlines.enter(Phase.WAITING)
        elif name.endswith(".send_request_headers.complete"):
            self._http2_sent = True
        elif name.endswith(".send_request_body.complete"):
            self.deadlines.enter(Phase.WAITING)

    def release(self) -> None:
        """The pump is over; the server of a shared connection is told when it need not go on."""
        unfinished = self._http2_sent and not self.complete
        self.claim.release(self._http2_stream if unfinished else None)

    def _expire(self, kind: str) -> None:
        limits = self.call.limits
        if kind:
            limit, what = {
                "timeout_connect": (limits.connect, "no connection"),
                "timeout_first_token": (limits.first_token, "no text"),
                "timeout_idle": (limits.idle, "no sign of life"),
                "timeout_total": (limits.total, "no end of the answer"),
            }[kind]
            self.error = failure(kind, f"{what} within {limit:g} s")
        if self.pump is not None:
            self.pump.cancel()
