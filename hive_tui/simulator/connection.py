"""One HTTP/1.1 connection: h11 reads requests and keeps the state; bytes go out by hand where a fault needs them.

The connection is an asyncio protocol, not a pair of streams: the moment at which a client leaves is a callback, so it
is noticed at once and timed exactly, whatever the server was doing. Requests that are pipelined wait in h11's buffer.
A client that closes its writing side alone counts as gone.
"""

from __future__ import annotations

import asyncio
import socket
import struct
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import h11

from hive_tui.simulator.dialects.chat import Headers
from hive_tui.simulator.framing import http_chunk
from hive_tui.simulator.stats import Seen, Stats

BODY_LIMIT = 64 * 1024 * 1024
_PENDING_LIMIT = 1024 * 1024
"""Bytes that may wait unread while a response is sent."""
_HIGH_WATER = 256 * 1024


class Gone(Exception):
    """The connection is no longer there to be written to."""


@dataclass(frozen=True, slots=True)
class Request:
    method: str
    target: str
    headers: tuple[tuple[str, str], ...]
    body: bytes
    seen: Seen

    def header(self, name: str) -> str | None:
        return next((value for key, value in self.headers if key == name), None)


class Connection(asyncio.Protocol):
    """Accepts requests one after another and gives each to `handle`."""

    def __init__(
        self, stats: Stats, live: set[Connection], handle: Callable[[Request, Connection], Awaitable[None]]
    ) -> None:
        self._stats = stats
        self._live = live
        self._handle = handle
        self._http = h11.Connection(h11.SERVER, max_incomplete_event_size=256 * 1024)
        self._arrived = asyncio.Event()
        self._writable = asyncio.Event()
        self._writable.set()
        self._pending = 0
        self._answering: Seen | None = None
        self._chunked = True
        self.drop = False
        """Set by a fault: close after this response without announcing it."""

    # asyncio's side

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        transport.set_write_buffer_limits(high=_HIGH_WATER)
        self._number = self._stats.opened()
        self._live.add(self)
        self._task = asyncio.get_running_loop().create_task(self._serve())

    def data_received(self, data: bytes) -> None:
        self._http.receive_data(data)
        self._pending += len(data)
        if self._answering is not None and self._pending > _PENDING_LIMIT:
            self._transport.pause_reading()
        self._arrived.set()

    def eof_received(self) -> bool:
        self._client_left()
        return False

    def connection_lost(self, exc: Exception | None) -> None:
        del exc
        self._client_left()
        self._stats.closed()
        self._live.discard(self)

    def pause_writing(self) -> None:
        self._writable.clear()

    def resume_writing(self) -> None:
        self._writable.set()

    def _client_left(self) -> None:
        if self._answering is not None:
            self._stats.left(self._answering)
        self._task.cancel()

    # the requests

    async def _serve(self) -> None:
        number = 0
        try:
            while (request := await self._next(number + 1)) is not None:
                number += 1
                self._answering = request.seen
                await self._handle(request, self)
                self._stats.finished(request.seen, "finished")
                self._answering = None
                if self.drop or self._http.our_state is not h11.DONE or self._http.their_state is not h11.DONE:
                    break
                self._http.start_next_cycle()
                self._pending = 0
                self._transport.resume_reading()
        except h11.RemoteProtocolError as error:
            self._refuse(error)
        except Gone:
            if self._answering is not None:
                self._stats.finished(self._answering, "broken")
        finally:
            if self._answering is not None:
                self._stats.finished(self._answering, "aborted")
                self._answering = None
            self._transport.close()

    async def _next(self, number: int) -> Request | None:
        """The next whole request; `None` when the client is done. Raises `h11.RemoteProtocolError`."""
        head: h11.Request | None = None
        seen: Seen | None = None
        body: list[bytes] = []
        size = 0
        while True:
            event = self._http.next_event()
            if event is h11.NEED_DATA:
                if self._http.they_are_waiting_for_100_continue:
                    go_on = h11.InformationalResponse(status_code=100, headers=[], reason=b"Continue")
                    self._write(self._http.send(go_on))
                self._arrived.clear()
                await self._arrived.wait()
            elif isinstance(event, h11.Request):
                head = event
                headers = _plain(head)
                method, target = head.method.decode("ascii"), head.target.decode("ascii")
                seen = self._stats.arrived(self._number, number, method, target, headers)
            elif isinstance(event, h11.Data):
                size += len(event.data)
                if size > BODY_LIMIT:
                    raise h11.RemoteProtocolError("request body too large", error_status_hint=413)
                body.append(bytes(event.data))
            elif isinstance(event, h11.EndOfMessage):
                assert head is not None
                assert seen is not None
                method, target = head.method.decode("ascii"), head.target.decode("ascii")
                return Request(method, target, _plain(head), b"".join(body), seen)
            else:
                return None

    def _refuse(self, error: h11.RemoteProtocolError) -> None:
        """Answer what is no HTTP in plain HTTP: to a TLS client that is the classic "wrong version number"."""
        if self._http.our_state not in (h11.IDLE, h11.SEND_RESPONSE):
            return
        body = f"{error}\n".encode()
        head = h11.Response(
            status_code=error.error_status_hint,
            headers=[("content-length", str(len(body))), ("connection", "close"), ("x-hive-simulated", "1")],
        )
        self._write(self._http.send(head))
        self._write(self._http.send(h11.Data(data=body)))
        self._write(self._http.send(h11.EndOfMessage()))

    # the response

    def head(self, status: int, headers: Headers, *, length: int | None = None, close: bool = False) -> None:
        """Send the status line; without a length the body is chunked."""
        sent = [*headers, ("x-hive-simulated", "1")]
        if length is not None:
            sent.append(("content-length", str(length)))
        if close:
            sent.append(("connection", "close"))
        self._chunked = length is None and self._http.their_http_version != b"1.0"
        if self._answering is not None:
            self._answering.status = status
        self._write(self._http.send(h11.Response(status_code=status, headers=sent)))

    def body(self, data: bytes) -> None:
        """Send a piece of the body, as one HTTP chunk if the body is chunked."""
        self._write(http_chunk(data) if self._chunked else data)

    def raw(self, data: bytes) -> None:
        """Send bytes as they are: whole HTTP chunks made elsewhere, or a torn one."""
        self._write(data)

    async def document(self, status: int, headers: Headers, body: bytes, *, close: bool = False) -> None:
        """Send a whole response."""
        self.head(status, headers, length=len(body), close=close)
        self._write(self._http.send(h11.Data(data=body)))
        await self.complete()

    async def complete(self) -> None:
        """End the message. The bytes were written by hand, so h11 only learns that they are over."""
        self._write(self._http.send(h11.EndOfMessage()))
        await self.drained()

    async def drained(self) -> None:
        """Wait until the socket takes more."""
        if not self._writable.is_set():
            await self._writable.wait()

    @property
    def chunked(self) -> bool:
        return self._chunked

    def break_off(self, *, reset: bool) -> Gone:
        """Close at once; with a reset if asked. Returns the exception to raise."""
        if reset:
            sock = self._transport.get_extra_info("socket")
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self._transport.abort()
        else:
            self._transport.close()
        return Gone()

    def stop(self) -> asyncio.Task[None]:
        """The server ends: cut the connection off."""
        self._task.cancel()
        self._transport.abort()
        return self._task

    def _write(self, data: bytes | None) -> None:
        if not data:
            return
        if self._transport.is_closing():
            raise Gone
        if self._answering is not None:
            if self._answering.first_byte_ns is None:
                self._stats.first_byte(self._answering)
            self._answering.bytes_sent += len(data)
        self._transport.write(data)


def _plain(head: h11.Request) -> tuple[tuple[str, str], ...]:
    return tuple((name.decode("latin-1"), value.decode("latin-1")) for name, value in head.headers)
