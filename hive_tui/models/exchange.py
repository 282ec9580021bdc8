"""One call under way: what the task that reads it and the generator that hands it on share."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

from hive_tui.models.body import Body
from hive_tui.models.call import Call, CallError, Identity, Opened, Part, Text
from hive_tui.models.connection_errors import NO_TLS
from hive_tui.models.deadlines import Deadlines, Phase
from hive_tui.models.errors import failure
from hive_tui.models.network import Claim, Stream
from hive_tui.models.redaction import Guard

INBOX_CAP = 1 << 16
"""Bytes of the body that may wait before no more are read: a slow consumer slows the server down, and a flood of one
stream leaves the loop to the others."""


class Exchange:
    """An inbox with a bell, the time limits, and how far the request has come.

    The pump only puts bytes in. They are read by the generator, all that came at once: so the cost of reading is paid
    per turn of the loop and not per HTTP chunk.
    """

    def __init__(self, call: Call, clock_ns: Callable[[], int]) -> None:
        loop = asyncio.get_running_loop()
        self.call = call
        self.claim = Claim()
        self.body: Body | None = None
        self.guard: Guard | None = None
        """Keeps the call's key out of the text; `None` when there is none to keep."""
        self.pieces: list[bytes] = []
        self.at_ns = 0
        """When the first of `pieces` came."""
        self.error: CallError | None = None
        self.connected = False
        """The request is on its way: what breaks now breaks a connection that stood."""
        self.ended = False
        """The body was read to its end."""
        self.deadlines = Deadlines(call.limits, loop, self._expire)
        self.pump: asyncio.Task[None] | None = None
        self._loop = loop
        self._clock_ns = clock_ns
        self._size = 0
        self._heading: list[Part] = []
        self._dialled = False
        self._shaking = False
        """The TLS handshake is under way."""
        self._spoke = False
        self._over = False
        self._http2_stream: int | None = None
        self._http2_sent = False
        self._bell: asyncio.Future[None] | None = None
        self._room: asyncio.Future[None] | None = None

    # The generator's side.

    async def news(self) -> None:
        """Waits until something came, or the pump has ended."""
        if self.pieces or self._heading or self._over:
            return
        self._bell = self._loop.create_future()
        try:
            await self._bell
        finally:
            self._bell = None

    @property
    def drained(self) -> bool:
        """Nothing is left and nothing more will come."""
        return self._over and not self.pieces and not self._heading

    def parts(self) -> list[Part]:
        """Reads what has come. The body's `problem` is set when nothing more can come of it."""
        parts, self._heading = self._heading, []
        if not self.pieces or self.body is None:
            return parts
        data = self.pieces[0] if len(self.pieces) == 1 else b"".join(self.pieces)
        self.pieces.clear()
        self._size = 0
        if self._room is not None and not self._room.done():
            self._room.set_result(None)
        if self.body.complete:
            return parts
        brought = self.body.feed(data)
        # Text that the guard holds is the first token too.
        if not self._spoke and any(type(part) is Text for part in brought):
            self._spoke = True
            self.deadlines.enter(Phase.STREAMING)
        if self.body.complete:
            self.deadlines.enter(Phase.DRAINING)
        elif brought and self.body.finished:
            self.deadlines.enter(Phase.FINISHING)
        return parts + self.guarded(brought, last=self.body.complete or self.body.problem is not None)

    def guarded(self, parts: list[Part], *, last: bool) -> list[Part]:
        """The parts without the call's key; with the last ones comes what was held back until now."""
        return parts if self.guard is None else self.guard.feed(parts, last=last)

    # The pump's side.

    def opened(self, status: int, http_version: str, simulated: bool) -> None:
        """The headers came; `simulated` when they say so, which holds for an error too."""
        self._heading.append(Opened(status, http_version, not self._dialled))
        if simulated:
            self._heading.append(Identity(simulated=True))
        self.at_ns = self._clock_ns()
        self._ring()

    def put(self, piece: bytes) -> bool:
        """A piece of the body was read; whether the next one should wait until there is room."""
        if not self.pieces:
            self.at_ns = self._clock_ns()
            self.deadlines.heard()
            self._ring()
        self.pieces.append(piece)
        self._size += len(piece)
        return self._size > INBOX_CAP

    async def room(self) -> None:
        """Waits until the generator has taken what is there."""
        self._room = self._loop.create_future()
        await self._room
        self.deadlines.heard()

    def release(self) -> None:
        """The connection is left; the server of a shared one is told when it need not go on."""
        self.claim.release(self._http2_stream if self._http2_sent and not self.ended else None)

    def over(self, _: asyncio.Task[None]) -> None:
        """The pump has ended."""
        self._over = True
        self._ring()

    def _ring(self) -> None:
        if self._bell is not None and not self._bell.done():
            self._bell.set_result(None)

    async def trace(self, name: str, info: dict[str, Any]) -> None:
        """httpcore's trace extension: tells how far the request has come."""
        if name == "connection.connect_tcp.complete":
            stream = info["return_value"]
            self._dialled = not (isinstance(stream, Stream) and stream.opened_ahead)
        elif name.startswith("connection.start_tls."):
            self._shaking = name.endswith(".started")
        elif name.endswith(".send_request_headers.started"):
            self.connected = True
            self._http2_stream = info.get("stream_id")
            self.deadlines.enter(Phase.WAITING)
        elif name.endswith(".send_request_headers.complete"):
            self._http2_sent = True
        elif name.endswith(".send_request_body.complete"):
            self.deadlines.enter(Phase.WAITING)

    def _expire(self, kind: str) -> None:
        limits = self.call.limits
        if kind:
            limit, what = {
                "timeout_connect": (limits.connect, "no TLS handshake" if self._shaking else "no connection"),
                "timeout_first_token": (limits.first_token, "no text"),
                "timeout_idle": (limits.idle, "no sign of life"),
                "timeout_total": (limits.total, "no end of the answer"),
            }[kind]
            advice = NO_TLS if kind == "timeout_connect" and self._shaking else ""
            self.error = failure(kind, f"{what} within {limit:g} s", advice=advice)
        if self.pump is not None:
            self.pump.cancel()
