"""A loopback server that answers scripted bytes over real sockets, and both event loops to meet it on."""

from __future__ import annotations

import asyncio
import json
import ssl
import struct
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from contextlib import asynccontextmanager
from socket import SO_LINGER, SOL_SOCKET
from typing import Any

import pytest
import trustme
import uvloop

from hive_tui.events import Message, Params
from hive_tui.models.call import Call, CallError, Endpoint, Limits, Part
from hive_tui.models.client import HttpTransport
from hive_tui.models.errors import KINDS

KEY = "sk-test-0123456789abcdef"


class Connection:
    """The server's end of one connection."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, number: int) -> None:
        self.reader = reader
        self.writer = writer
        self.number = number

    async def send(self, data: bytes) -> None:
        self.writer.write(data)
        await self.writer.drain()

    async def head(self, *headers: str, status: str = "200 OK", kind: str = "text/event-stream") -> None:
        """A response's head that announces HTTP chunks."""
        lines = [f"HTTP/1.1 {status}", f"content-type: {kind}", "transfer-encoding: chunked", *headers]
        await self.send("\r\n".join([*lines, "", ""]).encode())

    async def chunk(self, data: bytes) -> None:
        await self.send(b"%x\r\n%b\r\n" % (len(data), data))

    async def end(self) -> None:
        await self.send(b"0\r\n\r\n")

    async def answer(self, status: str, body: bytes, *headers: str, kind: str = "application/json") -> None:
        """A whole response of known length."""
        lines = [f"HTTP/1.1 {status}", f"content-type: {kind}", f"content-length: {len(body)}", *headers]
        await self.send("\r\n".join([*lines, "", ""]).encode() + body)

    async def closed(self) -> None:
        """Waits until the client has closed its end."""
        try:
            while await self.reader.read(65536):
                pass
        except ConnectionError:
            return

    def reset(self) -> None:
        """Drops the connection with RST."""
        sock = self.writer.get_extra_info("socket")
        sock.setsockopt(SOL_SOCKET, SO_LINGER, struct.pack("ii", 1, 0))
        self.writer.transport.abort()


class Request:
    def __init__(self, head: bytes, body: bytes) -> None:
        lines = head.decode("latin-1").split("\r\n")
        self.method, self.path, _ = lines[0].split(" ")
        self.headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in lines[1:] if line)}
        self.body = body

    @property
    def json(self) -> Any:
        return json.loads(self.body)


class Server:
    """What the test sees of it."""

    def __init__(self, scheme: str) -> None:
        self.scheme = scheme
        self.port = 0
        self.connections = 0
        self.requests: list[Request] = []
        self.faults: list[BaseException] = []

    @property
    def url(self) -> str:
        return f"{self.scheme}://localhost:{self.port}/v1"

    def endpoint(self, dialect: str = "openai", name: str = "test") -> Endpoint:
        return Endpoint(name, self.url, dialect)

    def call(self, dialect: str = "openai", model: str = "m", limits: Limits | None = None, **more: Any) -> Call:
        messages = (Message("system", "Be brief."), Message("user", "Hello?"))
        return Call(self.endpoint(dialect), model, messages, more.pop("params", Params()), limits or Limits(), **more)


Script = Callable[[Connection, Request], Awaitable[None]]


@asynccontextmanager
async def _serve(script: Script, tls: ssl.SSLContext | None = None) -> AsyncIterator[Server]:
    server = Server("http" if tls is None else "https")
    tasks: set[asyncio.Task[None]] = set()

    async def converse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        server.connections += 1
        connection = Connection(reader, writer, server.connections)
        try:
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                request = Request(head[:-4], b"")
                request.body = await reader.readexactly(int(request.headers.get("content-length", "0")))
                server.requests.append(request)
                await script(connection, request)
                if writer.is_closing():
                    return
        except (asyncio.IncompleteReadError, ConnectionError):
            return
        finally:
            writer.close()

    def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.get_running_loop().create_task(converse(reader, writer))
        tasks.add(task)

    listener = await asyncio.start_server(accept, "127.0.0.1", 0, ssl=tls)
    server.port = listener.sockets[0].getsockname()[1]
    try:
        yield server
    finally:
        listener.close()
        for task in tasks:
            task.cancel()
        for result in await asyncio.gather(*tasks, return_exceptions=True):
            # A script that fails must fail the test, not only its own connection.
            if isinstance(result, Exception):
                raise result


@pytest.fixture
def serve() -> Callable[..., Any]:
    return _serve


@pytest.fixture(params=["asyncio", "uvloop"])
def run(request: pytest.FixtureRequest) -> Callable[[Coroutine[Any, Any, Any]], Any]:
    """Runs a coroutine on each of the two loops that Hive supports."""

    def runner(main: Coroutine[Any, Any, Any]) -> Any:
        factory = uvloop.new_event_loop if request.param == "uvloop" else None
        with asyncio.Runner(loop_factory=factory) as runner:
            return runner.run(asyncio.wait_for(main, 20))

    return runner


class _OneKey:
    def key_for(self, endpoint: Endpoint) -> str | None:
        return None if endpoint.name == "keyless" else KEY


@pytest.fixture
def secrets() -> _OneKey:
    return _OneKey()


@pytest.fixture
def key() -> str:
    return KEY


def _frame(content: str = "", **more: Any) -> bytes:
    choice = {"index": 0, "delta": {"content": content}, "finish_reason": None, **more}
    return b"data: " + json.dumps({"id": "gen-1", "model": "m-1", "choices": [choice]}).encode() + b"\n\n"


@pytest.fixture
def frame() -> Callable[..., bytes]:
    """One chunk of an OpenAI-compatible stream."""
    return _frame


@pytest.fixture(scope="session")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture
def outcome(secrets: Any) -> Any:
    """Runs one call against a script; gives the server, the parts that came, and the error or `None`."""

    async def go(serve: Any, script: Any, dialect: str = "openai", **limits: Any) -> tuple[Any, list[Part], Any]:
        http = HttpTransport(secrets)
        parts: list[Part] = []
        error = None
        async with serve(script) as server:
            try:
                async for batch in http.stream(server.call(dialect, limits=Limits(**limits))):
                    parts += batch.parts
            except CallError as caught:
                error = caught
            finally:
                await http.aclose()
        if error is not None:
            assert error.info.kind in KINDS
            assert error.info.advice
        return server, parts, error

    return go
