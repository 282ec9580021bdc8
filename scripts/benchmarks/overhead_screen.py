"""The real `hive` in a pty and the provider that it asks, both served from one loop: keys out, request bytes in, tokens
out, glyphs in, all stamped by one clock."""

from __future__ import annotations

import random
import selectors
import socket
import sys
import tempfile
import time
from collections.abc import Callable

from benchmarks import provider
from benchmarks.processes import children, pin
from benchmarks.terminal import Terminal, environment

SETTLE_S = 1.2
"""From the start to the first key: the core imports httpx meanwhile."""
LIMIT_S = 10.0


class Loop:
    """Hive on a terminal, and its one provider."""

    def __init__(self, home: str, *options: str) -> None:
        self._selector = selectors.DefaultSelector()
        self._listening = socket.create_server(("127.0.0.1", 0))
        self._selector.register(self._listening, selectors.EVENT_READ, self._accept)
        port = self._listening.getsockname()[1]
        command = [sys.executable, "-I", "-m", "hive_tui", "--endpoint", f"http://127.0.0.1:{port}/v1", "--model", "m"]
        self.terminal = Terminal([*command, *options], environment(home))
        pin(self.terminal.pid, 0)
        self._selector.register(self.terminal.master, selectors.EVENT_READ, self._screen)
        self._data: dict[socket.socket, bytes] = {}
        self._accepted: dict[socket.socket, float] = {}
        self.asked: list[tuple[float, float, socket.socket]] = []
        """For each whole request: when its first byte was readable, when its connection was opened, where to answer."""
        self._first: dict[socket.socket, float] = {}
        self.shown: Callable[[float, int], None] = lambda _now, _at: None
        """Called with the time and the place in `terminal.written` of new output."""

    def settle(self) -> None:
        """Wait until the start is over; the core's process goes to the core of the feeder."""
        self.run(SETTLE_S)
        for core in children(self.terminal.pid):
            pin(core, 1)

    def run(self, seconds: float, until: Callable[[], bool] = lambda: False) -> bool:
        """Serve for a while; true as soon as `until` is."""
        end = time.monotonic() + seconds
        while not until():
            left = end - time.monotonic()
            if left <= 0:
                return False
            for key, _ in self._selector.select(left):
                key.data(time.monotonic(), key.fileobj)
        return True

    def need(self, until: Callable[[], bool], what: str) -> None:
        if not self.run(LIMIT_S, until):
            raise RuntimeError(f"{what}: not within {LIMIT_S:g} s; {bytes(self.terminal.written[-1500:])!r}")

    def close(self) -> None:
        self.terminal.close()
        self._selector.close()
        self._listening.close()
        for connection in self._data:
            connection.close()

    def _accept(self, now: float, _listening: socket.socket) -> None:
        connection, _ = self._listening.accept()
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._data[connection], self._accepted[connection] = b"", now
        self._selector.register(connection, selectors.EVENT_READ, self._request)

    def _request(self, now: float, connection: socket.socket) -> None:
        data = connection.recv(65536)
        if not data:
            self._selector.unregister(connection)
            return
        self._first.setdefault(connection, now)
        self._data[connection] += data
        end = provider.request_end(self._data[connection])
        if end is not None:
            self._data[connection] = self._data[connection][end:]
            self.asked.append((self._first.pop(connection), self._accepted[connection], connection))

    def _screen(self, now: float, _master: int) -> None:
        self.shown(now, self.terminal.read())


def presses(count: int, seed: int) -> dict[str, list[float]]:
    """Seconds from Enter to the request's first byte, over that many questions; `cold` for those that had to dial."""
    chance = random.Random(seed)
    found: dict[str, list[float]] = {"warm": [], "cold": []}
    with tempfile.TemporaryDirectory() as home:
        loop = Loop(home, "--plan", "single")
        try:
            loop.settle()
            for number in range(count):
                loop.terminal.type(f"question {number}?")
                loop.run(0.25 + chance.random() * 0.1)
                pressed = time.monotonic()
                loop.terminal.type("\r")
                loop.need(lambda: len(loop.asked) > number, "a request")  # noqa: B023
                arrived, accepted, connection = loop.asked[-1]
                found["warm" if accepted < pressed else "cold"].append(arrived - pressed)
                answer = f"answer{number}"
                connection.sendall(provider.HEAD + provider.http_chunk(provider.frame(answer)) + provider.ending(1))
                loop.need(lambda: answer.encode() in loop.terminal.written, "the answer")  # noqa: B023
                loop.run(0.15)
        finally:
            loop.close()
    return found


def glyphs(count: int, seed: int, pause_s: float) -> list[float]:
    """Seconds from a token's bytes on the socket to its glyphs on the pty; `pause_s` is the mean gap between tokens."""
    chance = random.Random(seed)
    sent: dict[bytes, float] = {}
    found: list[float] = []
    with tempfile.TemporaryDirectory() as home:
        loop = Loop(home)

        def shown(now: float, at: int) -> None:
            there = [token for token in sent if loop.terminal.written.find(token, max(0, at - 8)) >= 0]
            found.extend(now - sent.pop(token) for token in there)

        try:
            loop.settle()
            loop.terminal.type("how long?\r")
            loop.need(lambda: bool(loop.asked), "a request")
            connection = loop.asked[0][2]
            connection.sendall(provider.HEAD)
            loop.shown = shown
            for number in range(count):
                token = f"zq{number:04d}"
                data = provider.http_chunk(provider.frame(token + " "))
                sent[token.encode()] = time.monotonic()
                connection.sendall(data)
                loop.run(0.001 + chance.expovariate(1 / pause_s))
            loop.need(lambda: not sent, "the last tokens")
        finally:
            loop.close()
    return found
