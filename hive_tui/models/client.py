"""The HTTP client under all layers: one call, one POST, one stream of batches. The only module that imports httpx.

A call is read by a task of its own (the pump), which puts parts into an inbox; the generator hands on what is there.
So all that one read of the socket brought makes one batch, however many HTTP chunks it was, and a limit or a cancel
ends the pump at whatever it is waiting for: a name, a connection, headers, the first token, the next one.
"""

from __future__ import annotations

import asyncio
import logging
import ssl
import time
from collections.abc import AsyncGenerator, AsyncIterable, AsyncIterator, Callable
from typing import cast

import anyio
import httpcore
import httpx

from hive_tui import __version__
from hive_tui.models.body import Body, Inflater
from hive_tui.models.call import Batch, Call, CallError, Endpoint, Part
from hive_tui.models.connection_errors import CONNECTION_ERRORS, about_the_key, explained
from hive_tui.models.dialects import DIALECTS
from hive_tui.models.errors import clean, decoded, failure, from_response
from hive_tui.models.exchange import Exchange
from hive_tui.models.keys import Secrets
from hive_tui.models.network import CLAIM, Network, StaleError
from hive_tui.models.origins import Origin, Proxy, proxy_for, trusted_context
from hive_tui.models.redaction import Guard, blotted

SIMULATED_HEADER = "x-hive-simulated"
KEEPALIVE_S = 90.0
"""How long an idle connection is kept."""
ERROR_BODY_CAP = 1 << 16
"""How much of an error's body is read, in bytes."""
ERROR_BODY_S = 2.0
"""How long an error's body is read, in seconds."""

_STREAM = "hive_stream"
_NETWORK_ERRORS = (*CONNECTION_ERRORS, httpx.InvalidURL, httpx.UnsupportedProtocol)


class HttpTransport:
    """Implements `call.Transport` over pooled connections, and fetches small documents (lists of models)."""

    def __init__(
        self,
        secrets: Secrets,
        *,
        clock_ns: Callable[[], int] = time.monotonic_ns,
        wall_s: Callable[[], float] = time.time,
        tls: Callable[[], ssl.SSLContext] = trusted_context,
    ) -> None:
        self._secrets = secrets
        self._clock_ns = clock_ns
        self._wall_s = wall_s
        self._make_tls = tls
        self._tls: ssl.SSLContext | None = None
        self._pools: dict[Origin, _Pool] = {}
        # At DEBUG it writes every header of HTTP/2 to the log, the key among them.
        logging.getLogger("hpack").setLevel(logging.WARNING)

    async def stream(self, call: Call) -> AsyncGenerator[Batch, None]:
        """Run the call. Raises `CallError`; closing the generator closes the HTTP stream."""
        exchange = Exchange(call, self._clock_ns)
        pump = exchange.pump = asyncio.get_running_loop().create_task(self._pump(exchange))
        pump.add_done_callback(exchange.over)
        try:
            while not exchange.drained:
                await exchange.news()
                parts = exchange.parts()
                if parts:
                    yield Batch(exchange.at_ns, tuple(parts))
                if exchange.body is not None and exchange.body.problem is not None:
                    raise exchange.body.problem
            parts = _ending(exchange, pump)
            if parts:
                yield Batch(self._clock_ns(), tuple(parts))
            if exchange.error is not None:
                raise about_the_key(exchange.error, call.endpoint)
        except asyncio.CancelledError:
            # What the guard holds came before the cancel, which is heard when the consumer asks for more.
            parts = exchange.guarded([], last=True)
            if parts:
                yield Batch(self._clock_ns(), tuple(parts))
            raise
        finally:
            exchange.deadlines.close()
            if not pump.done():
                pump.cancel()
                await asyncio.wait((pump,))

    async def fetch(self, endpoint: Endpoint, path: str, *, limit_s: float, cap: int, key: bool = True) -> object:
        """GET a JSON document of the endpoint, without the key that was sent; `None` when it is no JSON.

        Raises `CallError`, also for a status other than 200 and for more than `cap` bytes.
        """
        secret = self._secrets.key_for(endpoint) if key else None
        pool = self._pool(endpoint)
        try:
            async with asyncio.timeout(limit_s):
                headers = {**dict(endpoint.headers), **_extra_headers(endpoint, secret), "accept": "application/json"}
                request = pool.client.build_request("GET", endpoint.base_url.rstrip("/") + path, headers=headers)
                response = await pool.client.send(request, stream=True)
                try:
                    if response.status_code != 200:
                        raise await self._refusal(response, secret)
                    body = await _read_up_to(response, cap + 1)
                finally:
                    await response.aclose()
        except TimeoutError:
            raise failure("timeout", f"no answer within {limit_s:g} s") from None
        except _NETWORK_ERRORS as exc:
            raise explained(exc, endpoint, secret, proxied=pool.proxied) from None
        if len(body) > cap:
            raise failure("too_large", f"the document is larger than {cap} bytes")
        # A long list takes a while to decode.
        return await asyncio.to_thread(_document, body, secret)

    async def preconnect(self, endpoint: Endpoint) -> None:
        """Open a connection for the next call, TLS included; no request is made. Raises `CallError`.

        Does nothing when a connection is free already, or behind a proxy.
        """
        try:
            await self._pool(endpoint).open_ahead()
        except httpcore.ConnectError as exc:
            raise explained(exc, endpoint, None) from None

    async def aclose(self) -> None:
        """Closes all connections."""
        pools, self._pools = list(self._pools.values()), {}
        for pool in pools:
            await pool.aclose()

    def _pool(self, endpoint: Endpoint) -> _Pool:
        origin = Origin.of(endpoint.base_url)
        pool = self._pools.get(origin)
        if pool is None:
            if origin.scheme == "https" and self._tls is None:
                self._tls = self._make_tls()
            tls = self._tls if origin.scheme == "https" else None
            pool = self._pools[origin] = _Pool(origin, tls, proxy_for(origin))
        return pool

    async def _pump(self, exchange: Exchange) -> None:
        endpoint = exchange.call.endpoint
        CLAIM.set(exchange.claim)
        secret = self._secrets.key_for(endpoint)
        try:
            await self._converse(exchange, secret)
        except CallError as error:
            exchange.error = error
        except _NETWORK_ERRORS as exc:
            proxied = self._pool(endpoint).proxied
            exchange.error = explained(exc, endpoint, secret, proxied=proxied, connected=exchange.connected)
        finally:
            exchange.release()

    async def _converse(self, exchange: Exchange, secret: str | None) -> None:
        endpoint = exchange.call.endpoint
        dialect = DIALECTS.get(endpoint.dialect)
        if dialect is None:
            raise failure("protocol", f"unknown dialect {endpoint.dialect!r}")
        client = self._pool(endpoint).client
        wanted = dialect.request(exchange.call)
        headers = {**dict(endpoint.headers), **dict(wanted.headers), **_extra_headers(endpoint, secret)}
        url = endpoint.base_url.rstrip("/") + wanted.path
        for last_try in (False, False, True):
            extensions = {"trace": exchange.trace}
            request = client.build_request("POST", url, headers=headers, content=wanted.body, extensions=extensions)
            try:
                response = await client.send(request, stream=True)
                break
            except StaleError:
                # httpcore notices only now that an idle HTTP/2 connection has ended, and strikes it off. Nothing was
                # sent, so this is no second call.
                if last_try:
                    raise
        try:
            simulated = response.headers.get(SIMULATED_HEADER) == "1"
            exchange.opened(response.status_code, response.http_version, simulated)
            if not response.is_success:
                raise await self._refusal(response, secret)
            reader = dialect.reader(simulated=simulated, secret=secret)
            exchange.guard = Guard.of(secret)
            exchange.body = Body(reader, response.headers.get("content-encoding", ""), secret)
            async for piece in _raw(response):
                if exchange.put(piece):
                    await exchange.room()
            exchange.ended = True
        finally:
            await response.aclose()

    async def _refusal(self, response: httpx.Response, secret: str | None) -> CallError:
        if response.is_redirect and "location" in response.headers:
            place = clean(response.headers["location"], secret)
            return failure("redirect", f"the server redirects to {place}", status=response.status_code)
        try:
            async with asyncio.timeout(ERROR_BODY_S):
                body = await _read_up_to(response, ERROR_BODY_CAP)
        except TimeoutError:
            body = b""
        return from_response(response.status_code, response.headers, body, now=self._wall_s(), secret=secret)


def _ending(exchange: Exchange, pump: asyncio.Task[None]) -> list[Part]:
    """What the end of the body brings. Sets the exchange's error, unless the provider has said why it finished."""
    if not pump.cancelled():
        # An exception that is no `CallError` is a fault of ours and is shown as it is.
        pump.result()
    body = exchange.body
    parts: list[Part] = []
    if body is not None and (exchange.error is None or body.finished):
        parts = body.close()
        exchange.error = body.problem
    return exchange.guarded(parts, last=True)


def _document(body: bytes, secret: str | None) -> object:
    try:
        return blotted(decoded(body), secret)
    except RecursionError:
        return None


def _raw(response: httpx.Response) -> AsyncIterable[bytes]:
    """The body as it comes. Like `aiter_raw`, without the generators in between that every chunk would pass."""
    return cast(AsyncIterable[bytes], response.extensions[_STREAM])


async def _read_up_to(response: httpx.Response, cap: int) -> bytes:
    """The first `cap` bytes of a body, unpacked. Raises `CallError` when it cannot be unpacked."""
    inflater = Inflater(response.headers.get("content-encoding", ""))
    body = bytearray()
    async for piece in _raw(response):
        for part in inflater.feed(piece):
            body += part
            if len(body) >= cap:
                return bytes(body[:cap])
    return bytes(body)


def _extra_headers(endpoint: Endpoint, secret: str | None) -> dict[str, str]:
    """The key's header. Raises `CallError` for a key that h11 would refuse, quoting it."""
    if not secret:
        return {}
    if not (secret.isascii() and secret.isprintable()) or " " in secret:
        raise failure("auth", "the key holds characters that cannot stand in a header; copy it again")
    return dict([DIALECTS[endpoint.dialect].authorization(secret)])


class _Pool:
    """The connections of one origin."""

    def __init__(self, origin: Origin, tls: ssl.SSLContext | None, proxy: Proxy | None) -> None:
        self._origin = origin
        self._tls = tls
        self.proxied = proxy is not None
        self._network = Network()
        # httpcore makes one of these for its first request; what that imports took 25 ms between Enter and the wire.
        anyio.Lock()
        if proxy is None:
            self._pool: httpcore.AsyncConnectionPool = httpcore.AsyncConnectionPool(
                ssl_context=tls,
                max_connections=None,
                keepalive_expiry=KEEPALIVE_S,
                http2=True,
                network_backend=self._network,
            )
        else:
            self._pool = httpcore.AsyncHTTPProxy(
                proxy_url=proxy.url,
                proxy_auth=proxy.auth,
                ssl_context=tls,
                max_connections=None,
                keepalive_expiry=KEEPALIVE_S,
                http2=True,
                network_backend=self._network,
            )
        self.client = httpx.AsyncClient(
            transport=_PoolTransport(self._pool),
            headers={"accept-encoding": "identity", "accept": "text/event-stream", "user-agent": f"hive/{__version__}"},
            timeout=None,
            follow_redirects=False,
            trust_env=False,
        )

    async def open_ahead(self) -> None:
        free = any(connection.is_available() for connection in self._pool.connections) and self._network.has_given()
        if self.proxied or free:
            return
        await self._network.open_ahead(self._origin.host, self._origin.port, self._tls)

    async def aclose(self) -> None:
        self._network.close()
        await self.client.aclose()


class _PoolTransport(httpx.AsyncBaseTransport):
    """httpx over a pool of httpcore that was given its own network, which httpx has no argument for."""

    def __init__(self, pool: httpcore.AsyncConnectionPool) -> None:
        self._pool = pool

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        url = request.url
        response = await self._pool.handle_async_request(
            httpcore.Request(
                method=request.method,
                url=httpcore.URL(scheme=url.raw_scheme, host=url.raw_host, port=url.port, target=url.raw_path),
                headers=request.headers.raw,
                content=request.stream,
                extensions=request.extensions,
            )
        )
        assert isinstance(response.stream, AsyncIterable)
        stream = _Bytes(response)
        extensions = {**response.extensions, _STREAM: response.stream}
        return httpx.Response(response.status, headers=response.headers, stream=stream, extensions=extensions)

    async def aclose(self) -> None:
        await self._pool.aclose()


class _Bytes(httpx.AsyncByteStream):
    """What httpx closes; `_raw` reads past it."""

    def __init__(self, response: httpcore.Response) -> None:
        self._response = response

    def __aiter__(self) -> AsyncIterator[bytes]:
        return self._response.aiter_stream()

    async def aclose(self) -> None:
        await self._response.aclose()
