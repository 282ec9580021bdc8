"""A simulator on a real socket, a raw client for it, and time that passes only when somebody waits."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest

from hive_tui.simulator.calls import Settings
from hive_tui.simulator.clock import SYSTEM, Clock
from hive_tui.simulator.serve import listening

QUESTION = "What is 17.5% of 240?"


@dataclass
class Response:
    status: int
    headers: dict[str, str]
    body: bytes
    chunks: list[bytes] = field(default_factory=list)
    whole: bool = True
    """Whether the message ended as HTTP says."""

    def json(self) -> Any:
        return json.loads(self.body)


class Raw:
    """An HTTP/1.1 client of one connection that hides nothing."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer

    def send(self, method: str, path: str, body: bytes = b"", version: str = "1.1", **headers: str) -> None:
        lines = [f"{method} {path} HTTP/{version}", "host: sim", f"content-length: {len(body)}"]
        lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
        self.writer.write("\r\n".join(lines).encode() + b"\r\n\r\n" + body)

    async def head(self) -> Response:
        status = int((await self.reader.readline()).split()[1])
        headers = {}
        while (line := await self.reader.readline()) not in (b"\r\n", b""):
            name, _, value = line.decode("latin-1").partition(":")
            headers[name.strip().lower()] = value.strip()
        return Response(status, headers, b"")

    async def receive(self) -> Response:
        response = await self.head()
        try:
            if "content-length" in response.headers:
                response.body = await self.reader.readexactly(int(response.headers["content-length"]))
            elif response.headers.get("transfer-encoding") == "chunked":
                while (chunk := await self.chunk()) is not None:
                    response.chunks.append(chunk)
            else:
                response.chunks = [await self.reader.read()]
        except (asyncio.IncompleteReadError, ConnectionResetError):
            response.whole = False
        response.body = response.body or b"".join(response.chunks)
        return response

    async def chunk(self) -> bytes | None:
        line = await self.reader.readuntil(b"\r\n")
        chunk = await self.reader.readexactly(int(line, 16))
        await self.reader.readexactly(2)
        return chunk or None

    async def ask(self, path: str, body: bytes, **headers: str) -> Response:
        self.send("POST", path, body, **headers)
        return await self.receive()

    async def get(self, path: str, **headers: str) -> Response:
        self.send("GET", path, **headers)
        return await self.receive()


@dataclass
class Server:
    base_url: str
    port: int

    @asynccontextmanager
    async def connect(self) -> AsyncIterator[Raw]:
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port, limit=1 << 22)
        try:
            yield Raw(reader, writer)
        finally:
            writer.close()


def asking(model: str = "sim/instant", question: str = QUESTION, **more: object) -> bytes:
    """The body of a call."""
    messages = [{"role": "user", "content": question}]
    return json.dumps({"model": model, "stream": True, "messages": messages, **more}).encode()


def patient_clock() -> Clock:
    """A clock that jumps ahead instead of waiting; the real loop still gets its turn."""
    now = [0]

    async def sleep(seconds: float) -> None:
        now[0] += round(seconds * 1e9)
        await asyncio.sleep(0)

    return Clock(lambda: now[0], lambda: 1_800_000_000_000_000_000 + now[0], sleep)


@dataclass
class Tools:
    asking: Callable[..., bytes]
    patient_clock: Callable[[], Clock]

    @asynccontextmanager
    async def serving(self, *, clock: Clock = SYSTEM, **settings: Any) -> AsyncIterator[Server]:
        async with listening(Settings(**{"dialect": "openrouter-wire", **settings}), clock=clock) as where:
            yield Server(where.base_url, where.port)

    def events(self, body: bytes) -> list[tuple[str, str]]:
        """Event type and data of each event, by WHATWG's rules; comments are dropped."""
        text = body.decode("utf-8", "replace").removeprefix("\ufeff")
        text = text.replace("\r\n", "\n").replace("\r", "\n")
        found, kind, data = [], "", []
        for line in text.split("\n"):
            name, colon, value = line.partition(":")
            value = value.removeprefix(" ") if colon else ""
            if not line:
                if data:
                    found.append((kind, "\n".join(data)))
                kind, data = "", []
            elif name == "data":
                data.append(value)
            elif name == "event":
                kind = value
        return found

    def payloads(self, body: bytes) -> list[Any]:
        return [json.loads(data) for _, data in self.events(body) if data.startswith("{")]

    def text(self, body: bytes) -> str:
        """The answer's text in a stream of any dialect."""
        parts = []
        for payload in self.payloads(body):
            parts += [choice["delta"].get("content") or "" for choice in payload.get("choices", [])]
            parts.append(payload.get("delta", {}).get("text") or "" if "type" in payload else "")
        return "".join(parts)


@pytest.fixture
def sim() -> Tools:
    return Tools(asking, patient_clock)
