"""TLS and HTTP/2 over real sockets: verification, ALPN, shared connections, and streams that are cut off alone."""

from __future__ import annotations

import asyncio
import ssl
from contextlib import asynccontextmanager
from typing import Any

import h2.config
import h2.connection
import h2.events
import pytest

from hive_tui.models.call import Call, CallError, Endpoint, Finish, Limits, Opened, Text
from hive_tui.models.client import HttpTransport
from hive_tui.models.origins import trusted_context

DONE = b"data: [DONE]\n\n"


@pytest.fixture
def server_tls(authority: Any) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("localhost").configure_cert(context)
    return context


@pytest.fixture
def trusting(authority: Any) -> Any:
    """What `HttpTransport` makes its TLS context with: the system's rules, and the test's authority."""

    def make() -> ssl.SSLContext:
        context = trusted_context()
        authority.configure_trust(context)
        return context

    return make


class Http2:
    """A server that answers each request with one frame of text and goes on only for paths that end in `finish`."""

    def __init__(self, frame: Any) -> None:
        self.frame = frame
        self.port = 0
        self.connections = 0
        self.requests = 0
        self.reset: list[int] = []
        self.third = asyncio.Event()
        """The third request has come."""
        self.told = asyncio.Event()
        self.closed = asyncio.Event()

    async def converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        peer = h2.connection.H2Connection(h2.config.H2Configuration(client_side=False))
        peer.initiate_connection()
        writer.write(peer.data_to_send())
        paths: dict[int, str] = {}
        try:
            while data := await reader.read(65536):
                for event in peer.receive_data(data):
                    if isinstance(event, h2.events.RequestReceived):
                        self.requests += 1
                        if self.requests == 3:
                            self.third.set()
                        paths[event.stream_id] = dict(event.headers)[b":path"].decode()
                    elif isinstance(event, h2.events.StreamEnded):
                        self.answer(peer, event.stream_id, paths[event.stream_id])
                    elif isinstance(event, h2.events.StreamReset):
                        self.reset.append(event.stream_id)
                        self.told.set()
                writer.write(peer.data_to_send())
        except ConnectionError:
            pass
        finally:
            self.closed.set()
            writer.close()

    def answer(self, peer: h2.connection.H2Connection, stream: int, path: str) -> None:
        if path.startswith("/silent"):
            return
        peer.send_headers(stream, [(":status", "200"), ("content-type", "text/event-stream")])
        peer.send_data(stream, self.frame("a"))
        if path.startswith("/finish"):
            peer.send_data(stream, self.frame("b", finish_reason="stop") + DONE, end_stream=True)

    def call(self, path: str) -> Call:
        return Call(Endpoint("e", f"https://localhost:{self.port}/{path}", "openai"), "m", ())


@asynccontextmanager
async def http2(frame: Any, tls: ssl.SSLContext) -> Any:
    tls.set_alpn_protocols(["h2"])
    server = Http2(frame)
    tasks: set[asyncio.Task[None]] = set()

    def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        tasks.add(asyncio.get_running_loop().create_task(server.converse(reader, writer)))

    listener = await asyncio.start_server(accept, "127.0.0.1", 0, ssl=tls)
    server.port = listener.sockets[0].getsockname()[1]
    try:
        yield server
    finally:
        listener.close()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def collect(http: HttpTransport, call: Call) -> list[Any]:
    return [part async for batch in http.stream(call) for part in batch.parts]


def test_http2_is_used_where_offered_and_calls_share_a_connection(
    run: Any, secrets: Any, frame: Any, server_tls: Any, trusting: Any
) -> None:
    async def main() -> None:
        http = HttpTransport(secrets, tls=trusting)
        async with http2(frame, server_tls) as server:
            await http.preconnect(server.call("finish").endpoint)
            await asyncio.sleep(0.05)
            assert (server.connections, server.requests) == (1, 0)
            answers = await asyncio.gather(*(collect(http, server.call("finish")) for _ in range(5)))
            for parts in answers:
                assert parts[0] == Opened(200, "HTTP/2", True)
                assert parts[-1] == Finish("stop", "stop")
            assert server.connections == 1
            assert server.reset == []
            await http.aclose()

    run(main())


@pytest.mark.parametrize("path", ["silent", "go-on"])
def test_a_cancelled_http2_stream_is_reset_while_the_others_go_on(
    run: Any, secrets: Any, frame: Any, server_tls: Any, trusting: Any, path: str
) -> None:
    async def main() -> None:
        http = HttpTransport(secrets, tls=trusting)
        async with http2(frame, server_tls) as server:
            assert (await collect(http, server.call("finish")))[-1] == Finish("stop", "stop")
            other = asyncio.ensure_future(collect(http, server.call("go-on")))
            victim = asyncio.ensure_future(collect(http, server.call(path)))
            await server.third.wait()
            assert server.connections == 1
            victim.cancel()
            await server.told.wait()
            assert len(server.reset) == 1
            # The connection still serves: the other stream stands, and a new one is answered on it.
            assert not other.done()
            assert (await collect(http, server.call("finish")))[-1] == Finish("stop", "stop")
            assert server.connections == 1
            other.cancel()
            await server.closed.wait()
            parts = await collect(http, server.call("finish"))
            assert parts[0] == Opened(200, "HTTP/2", False)
            await http.aclose()

    run(main())


def test_tls_over_http1_and_a_connection_opened_ahead(
    run: Any, serve: Any, secrets: Any, frame: Any, server_tls: Any, trusting: Any
) -> None:
    async def script(connection: Any, _: Any) -> None:
        await connection.head()
        await connection.chunk(frame("a", finish_reason="stop") + DONE)
        await connection.end()

    async def main() -> None:
        http = HttpTransport(secrets, tls=trusting)
        async with serve(script, server_tls) as server:
            await http.preconnect(server.endpoint())
            assert len(server.requests) == 0
            parts = await collect(http, server.call())
            assert parts[0] == Opened(200, "HTTP/1.1", True)
            assert [part.text for part in parts if isinstance(part, Text)] == ["a"]
            assert server.connections == 1
            await http.aclose()

    run(main())


def test_a_certificate_that_is_not_trusted_is_refused_before_the_key_is_sent(
    run: Any, serve: Any, secrets: Any, server_tls: Any
) -> None:
    async def script(connection: Any, _: Any) -> None:
        await connection.answer("200 OK", b"{}")

    async def main() -> None:
        http = HttpTransport(secrets)
        async with serve(script, server_tls) as server:
            for attempt in (collect(http, server.call()), http.preconnect(server.endpoint())):
                with pytest.raises(CallError) as caught:
                    await attempt
                assert (caught.value.info.kind, caught.value.retryable) == ("tls", False)
                assert "certificate" in caught.value.info.message
            assert server.requests == []
            await http.aclose()

    run(main())


async def _answers_at_once(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")
    writer.close()


async def _resets(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.read(16)
    writer.transport.abort()


async def _waits(reader: asyncio.StreamReader, _: asyncio.StreamWriter) -> None:
    await reader.read()


@pytest.mark.parametrize(
    ("server", "kind", "words"),
    [
        (_answers_at_once, "tls", "the TLS handshake failed: "),
        (_resets, "tls", "the TLS handshake failed: the connection was closed"),
        (_waits, "timeout_connect", "no TLS handshake within 0.2 s"),
    ],
)
def test_a_server_without_tls_is_said_to_be_one(run: Any, secrets: Any, server: Any, kind: str, words: str) -> None:
    async def main() -> None:
        listener = await asyncio.start_server(server, "127.0.0.1", 0)
        port = listener.sockets[0].getsockname()[1]
        http = HttpTransport(secrets)
        endpoint = Endpoint("e", f"https://localhost:{port}/v1", "openai")
        with pytest.raises(CallError) as caught:
            await collect(http, Call(endpoint, "m", (), limits=Limits(connect=0.2)))
        assert caught.value.info.kind == kind
        assert words in caught.value.info.message
        assert "http://" in caught.value.info.advice
        listener.close()
        await http.aclose()

    run(main())
