"""The network under the HTTP client: TCP and TLS on asyncio's own transports, and connections opened ahead.

This is an `AsyncNetworkBackend`, the documented place where httpcore takes its sockets from. It exists for three things
that httpcore's default does not do: hand over a connection that was opened before the request was known (no request is
made for that), close at once when a call is cancelled, and read without a pass of the event loop and a timer a read.
Time limits are the caller's: `timeout` arguments are not looked at.
"""

from __future__ import annotations

import asyncio
import contextlib
import ipaddress
import os
import socket
import ssl
from collections.abc import Iterable
from contextvars import ContextVar
from typing import Any, cast
from weakref import WeakSet

import httpcore

_STAGGER_S = 0.25
"""How long one address may take before the next is tried beside it (RFC 8305)."""
_PAUSE_AT = 1 << 20
"""Bytes that may wait unread before the socket is no longer read."""

_CUT_SHORT = "the connection was closed"


class DnsError(httpcore.ConnectError):
    """The host's name could not be resolved."""


class TlsError(httpcore.ConnectError):
    """The handshake failed; `untrusted` when the server's certificate was the reason."""

    def __init__(self, told: str, *, untrusted: bool = False) -> None:
        super().__init__(told)
        self.untrusted = untrusted


class StaleError(httpcore.WriteError):
    """The connection had ended before anything of this request was written to it."""


class Claim:
    """A call's hold on the connection that its request was written to."""

    def __init__(self) -> None:
        self._stream: Stream | None = None

    def take(self, stream: Stream) -> None:
        if self._stream is not stream:
            if self._stream is not None:
                self._stream.claims.discard(self)
            self._stream = stream
            stream.claims.add(self)

    def release(self, unfinished_http2: int | None) -> None:
        """The call is over; with the number of its HTTP/2 stream when that is still being sent."""
        stream = self._stream
        if stream is None:
            return
        stream.claims.discard(self)
        if unfinished_http2 is not None:
            stream.reset_http2(unfinished_http2)
        if stream.was_reset and not stream.claims:
            # httpcore's own books still count the streams that were cut off, and refuse a hundred of them.
            stream.abort()


CLAIM: ContextVar[Claim | None] = ContextVar("CLAIM", default=None)
"""Set by a call in its task's context, so that the connection that it writes to finds it."""


class Stream(asyncio.Protocol, httpcore.AsyncNetworkStream):
    """One connection."""

    def __init__(self) -> None:
        self.opened_ahead = False
        self.claims: set[Claim] = set()
        """The calls that have written here and are not over."""
        self.was_reset = False
        """A call was cut off here while others may go on."""
        self._transport: asyncio.Transport | None = None
        self._tls: ssl.SSLContext | None = None
        self._chunks: list[bytes] = []
        self._size = 0
        self._paused = False
        self._ended = False
        self._error: Exception | None = None
        self._reader: asyncio.Future[None] | None = None
        self._writable: asyncio.Future[None] | None = None

    # What the event loop calls.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # uvloop's transports are of no asyncio class.
        self._transport = cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
        self._chunks.append(data)
        self._size += len(data)
        if self._size > _PAUSE_AT and not self._paused and self._transport is not None:
            self._paused = True
            self._transport.pause_reading()
        self._wake()

    def eof_received(self) -> bool:
        self._ended = True
        self._wake()
        return False

    def connection_lost(self, exc: Exception | None) -> None:
        self._ended = True
        self._error = self._error or exc
        self._wake()
        self.resume_writing()

    def pause_writing(self) -> None:
        self._writable = asyncio.get_running_loop().create_future()

    def resume_writing(self) -> None:
        if self._writable is not None and not self._writable.done():
            self._writable.set_result(None)
        self._writable = None

    def _wake(self) -> None:
        if self._reader is not None and not self._reader.done():
            self._reader.set_result(None)

    # What httpcore calls.

    async def read(self, max_bytes: int, timeout: float | None = None) -> bytes:  # noqa: ARG002, ASYNC109
        while not self._chunks:
            if self._error is not None:
                raise httpcore.ReadError(str(self._error) or type(self._error).__name__)
            if self._ended:
                return b""
            self._reader = asyncio.get_running_loop().create_future()
            try:
                await self._reader
            finally:
                self._reader = None
        data = self._chunks[0] if len(self._chunks) == 1 else b"".join(self._chunks)
        self._chunks.clear()
        if len(data) > max_bytes:
            self._chunks.append(data[max_bytes:])
            data = data[:max_bytes]
        self._size -= len(data)
        if self._paused and self._size <= _PAUSE_AT // 2 and self._transport is not None:
            self._paused = False
            self._transport.resume_reading()
        return data

    async def write(self, buffer: bytes, timeout: float | None = None) -> None:  # noqa: ARG002, ASYNC109
        if self.ended or self._transport is None:
            raise StaleError("the connection has ended")
        claim = CLAIM.get()
        if claim is not None:
            claim.take(self)
        if not buffer:
            return
        self._transport.write(buffer)
        while self._writable is not None:
            await asyncio.shield(self._writable)
        if self._error is not None:
            raise httpcore.WriteError(str(self._error))

    async def aclose(self) -> None:
        self.abort()

    async def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,  # noqa: ARG002, ASYNC109
    ) -> httpcore.AsyncNetworkStream:
        if self._tls is ssl_context:
            return self
        # A server that speaks TLS does not speak first, and one that has left cannot shake hands: uvloop would hang.
        if self._chunks or self._ended or self._transport is None:
            self.abort()
            raise TlsError("the server does not speak TLS")
        loop = asyncio.get_running_loop()
        try:
            upgraded = await loop.start_tls(self._transport, self, ssl_context, server_hostname=server_hostname)
        except ssl.SSLError as exc:
            self.abort()
            raise TlsError(_told(exc), untrusted=isinstance(exc, ssl.SSLCertVerificationError)) from None
        except (OSError, asyncio.IncompleteReadError):
            self.abort()
            raise TlsError(_CUT_SHORT) from None
        except BaseException:
            self.abort()
            raise
        if upgraded is None:
            # asyncio gives no transport when the peer closed during the handshake.
            raise TlsError(_CUT_SHORT)
        self._transport = upgraded
        self._tls = ssl_context
        return self

    def get_extra_info(self, info: str) -> Any:
        if info == "is_readable":
            return self.ended or bool(self._chunks)
        if self._transport is None:
            return None
        names = {"client_addr": "sockname", "server_addr": "peername"}
        return self._transport.get_extra_info(names.get(info, info))

    # What the transport of calls does.

    @property
    def ended(self) -> bool:
        """Either side has closed it."""
        return self._ended or self._transport is None or self._transport.is_closing()

    def abort(self) -> None:
        """Closes now: no goodbye is waited for, and what was not sent is dropped."""
        if self._transport is not None:
            self._transport.abort()
        self._ended = True
        self._wake()

    def reset_http2(self, stream_id: int) -> None:
        """Tells the peer that one HTTP/2 stream is not wanted any more (RST_STREAM, CANCEL; RFC 9113, 6.4).

        httpcore forgets a stream that is closed early and tells nobody, so the server would write it to its end and
        the provider would bill it. Frames are written whole, so this one cannot fall inside another.
        """
        self.was_reset = True
        if self._transport is not None and not self._transport.is_closing():
            self._transport.write(b"\0\0\4\3\0" + stream_id.to_bytes(4, "big") + b"\0\0\0\x08")


class Network(httpcore.AsyncNetworkBackend):
    """Opens connections to one origin, and keeps those that were opened ahead."""

    def __init__(self) -> None:
        self._ahead: list[Stream] = []
        self._given: WeakSet[Stream] = WeakSet()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ARG002, ASYNC109
        local_address: str | None = None,  # noqa: ARG002
        socket_options: Iterable[Any] | None = None,  # noqa: ARG002
    ) -> httpcore.AsyncNetworkStream:
        stream = next((stream for stream in self._ahead if not stream.ended), None)
        self._ahead = [other for other in self._ahead if other is not stream and not other.ended]
        if stream is None:
            stream = await _dial(host, port)
        self._given.add(stream)
        return stream

    async def open_ahead(self, host: str, port: int, tls: ssl.SSLContext | None) -> None:
        """Opens a connection for the next request, TLS included. Raises httpcore's `ConnectError`."""
        if self.has_ahead():
            return
        stream = await _dial(host, port)
        if tls is not None:
            await stream.start_tls(tls, host)
        stream.opened_ahead = True
        self._ahead.append(stream)

    def has_ahead(self) -> bool:
        """Whether a connection that was opened ahead still stands."""
        return any(not stream.ended for stream in self._ahead)

    def has_given(self) -> bool:
        """Whether a connection that a request was given still stands."""
        return any(not stream.ended for stream in self._given)

    def close(self) -> None:
        while self._ahead:
            self._ahead.pop().abort()

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)


async def _dial(host: str, port: int) -> Stream:
    """Connects to the first of the host's addresses that answers. Raises `DnsError` or httpcore's `ConnectError`."""
    loop = asyncio.get_running_loop()
    try:
        found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as exc:
        raise DnsError(f"{host}: {_told(exc)}") from None
    tasks: set[asyncio.Task[Stream]] = set()
    failed: list[str] = []
    try:
        waiting = _interleaved([(info[0], info[4]) for info in found])
        while waiting or tasks:
            if waiting:
                tasks.add(loop.create_task(_dial_one(*waiting.pop(0))))
            done, _ = await asyncio.wait(
                tasks, timeout=_STAGGER_S if waiting else None, return_when=asyncio.FIRST_COMPLETED
            )
            for task in done:
                tasks.discard(task)
                problem = task.exception()
                if problem is None:
                    return task.result()
                if not isinstance(problem, OSError):
                    raise problem
                failed.append(_told(problem))
    finally:
        for task in tasks:
            task.cancel()
            task.add_done_callback(_discard)
    raise httpcore.ConnectError(f"{host} port {port}: {', '.join(dict.fromkeys(failed)) or 'no address'}")


def _discard(task: asyncio.Task[Stream]) -> None:
    """A connection that lost the race, or that nobody waits for any more, is closed when it comes all the same."""
    if not task.cancelled() and task.exception() is None:
        task.result().abort()


async def _dial_one(family: int, address: tuple[Any, ...]) -> Stream:
    loop = asyncio.get_running_loop()
    sock = socket.socket(family, socket.SOCK_STREAM)
    try:
        sock.setblocking(False)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        await loop.sock_connect(sock, address)
        _, stream = await loop.create_connection(Stream, sock=sock)
    except BaseException:
        sock.close()
        raise
    return stream


def _interleaved(addresses: list[tuple[int, tuple[Any, ...]]]) -> list[tuple[int, tuple[Any, ...]]]:
    """The families in turn, as RFC 8305 asks: one family that is broken costs one wait and not all of them."""
    first = [item for item in addresses if item[0] == addresses[0][0]]
    rest = [item for item in addresses if item[0] != addresses[0][0]]
    mixed = []
    while first or rest:
        mixed += first[:1] + rest[:1]
        first, rest = first[1:], rest[1:]
    return mixed


def _told(exc: Exception) -> str:
    if isinstance(exc, ssl.SSLCertVerificationError):
        return f"certificate not accepted: {exc.verify_message}"
    if isinstance(exc, ssl.SSLError):
        return str(exc.reason or exc).lower().replace("_", " ")
    if isinstance(exc, OSError) and exc.errno and not isinstance(exc, socket.gaierror):
        # asyncio puts the address into `strerror`, as Python writes it.
        return os.strerror(exc.errno)
    if isinstance(exc, OSError) and exc.strerror:
        return exc.strerror
    return str(exc) or type(exc).__name__


def is_loopback(host: str) -> bool:
    """Whether a URL's host is this machine by its name or address; no name is resolved."""
    if host == "localhost" or host.endswith(".localhost"):
        return True
    with contextlib.suppress(ValueError):
        return ipaddress.ip_address(host).is_loopback
    return False
