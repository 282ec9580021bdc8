"""The server's life: listen, say so, answer until told to stop."""

from __future__ import annotations

import asyncio
import importlib
import os
import signal
import socket
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass

from hive_tui.simulator.calls import Settings
from hive_tui.simulator.clock import SYSTEM, Clock
from hive_tui.simulator.connection import Connection
from hive_tui.simulator.dialects import base_path
from hive_tui.simulator.routes import Simulator
from hive_tui.simulator.stats import Stats

HOST = "127.0.0.1"


@dataclass(frozen=True, slots=True)
class Where:
    """Where the server listens."""

    port: int
    base_url: str
    """What `/chat/completions` (Anthropic: `/messages`) is appended to, for the server's own dialect."""


@asynccontextmanager
async def listening(
    settings: Settings, *, port: int = 0, clock: Clock = SYSTEM, tls: ssl.SSLContext | None = None
) -> AsyncIterator[Where]:
    """Serve on loopback while the context is open. Raises `OSError` when the port is taken."""
    stats = Stats(clock)
    simulator = Simulator(settings, stats, clock)
    live: set[Connection] = set()
    loop = asyncio.get_running_loop()
    server = await loop.create_server(
        lambda: Connection(stats, live, simulator.answer), HOST, port, ssl=tls, backlog=512
    )
    try:
        bound = server.sockets[0].getsockname()[1]
        scheme = "http" if tls is None else "https"
        yield Where(bound, f"{scheme}://{HOST}:{bound}{base_path(settings.dialect)}")
    finally:
        server.close()
        stopping = [connection.stop() for connection in list(live)]
        await asyncio.gather(*stopping, return_exceptions=True)


async def run(
    settings: Settings,
    *,
    port: int,
    tls: ssl.SSLContext | None,
    life: int | None,
    ready: Callable[[Where], None],
) -> None:
    """Serve until SIGTERM or SIGINT comes, or the descriptor `life` reads its end; then close everything.

    Raises `OSError` when the port is taken, or `life` is no pipe or socket.
    """
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    if life is not None:
        os.set_blocking(life, False)
        try:
            loop.add_reader(life, _heard, life, stop)
        except PermissionError as error:
            raise OSError(f"descriptor {life} is neither a pipe nor a socket: its end cannot be waited for") from error
    async with listening(settings, port=port, tls=tls) as where:
        ready(where)
        importlib.import_module("hive_tui.simulator.mind")  # the first call should not pay for it
        await stop.wait()
    if life is not None:
        loop.remove_reader(life)


def _heard(life: int, stop: asyncio.Event) -> None:
    try:
        if not os.read(life, 4096):
            stop.set()
    except BlockingIOError:
        return
    except ConnectionResetError:
        stop.set()


def refusing_socket() -> socket.socket:
    """A socket whose port refuses connections for as long as it is open: bound, but nobody listens."""
    taken = socket.socket()
    taken.bind((HOST, 0))
    return taken
