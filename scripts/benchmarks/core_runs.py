"""A real core, started as the screen starts it, and questions put to it over its own command socket."""

from __future__ import annotations

import asyncio
import os
import socket
import subprocess
import sys
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

from benchmarks.processes import pin

from hive_tui.config.paths import paths
from hive_tui.config.request import EndpointSpec, RunRequest, StageSettings
from hive_tui.core.client import CoreClient
from hive_tui.core.commands import Ask, Finished, Reply, Warm
from hive_tui.core.spawning import spawn_core

PROVIDER = Path(__file__).with_name("provider.py")
LIMIT_S = 60.0


@contextmanager
def provider_process(core: int) -> Iterator[int]:
    """Serve floods from a process of its own, pinned to a core; gives its port."""
    server = subprocess.Popen(
        [sys.executable, "-I", str(PROVIDER)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert server.stdin is not None
    assert server.stdout is not None
    pin(server.pid, core)
    try:
        yield int(server.stdout.readline())
    finally:
        server.stdin.close()
        server.wait()


def flood(port: int, frames: int, chunks: int, rate: int = 0) -> RunRequest:
    """A question whose one answer is so many chunks, `frames` an HTTP chunk, `rate` a second; 0: as fast as it goes."""
    spec = EndpointSpec("bench", f"http://127.0.0.1:{port}/v1", "openai")
    stages = {"generator": StageSettings("bench", f"flood/{frames}/{chunks}/{rate}")}
    return RunRequest("how many?", "single", "default", stages, (spec,))


class Core:
    """A core that is up; `client` is the connection."""

    def __init__(self, client: CoreClient) -> None:
        self.client = client
        self.finished: asyncio.Queue[Finished] = asyncio.Queue()

    async def ask(self, request: RunRequest) -> None:
        """Ask, on a warm connection; returns when the recording is whole on the disk."""
        await self.client.request(Ask(request))
        done = await asyncio.wait_for(self.finished.get(), LIMIT_S)
        if done.error:
            raise RuntimeError(done.error)

    async def warm(self, request: RunRequest) -> None:
        await self.client.request(Warm(request))


@asynccontextmanager
async def core(
    environ: Mapping[str, str],
    on_core: int,
    start: Callable[[Mapping[str, str]], tuple[int, socket.socket]] = spawn_core,
) -> AsyncIterator[Core]:
    """Start a core on one of the machine's cores. Its ring has a reader that never sleeps, as during a run."""
    pid, end = start(environ)
    pin(pid, on_core)
    seen: list[Core] = []

    def notice(reply: Reply) -> None:
        if isinstance(reply, Finished):
            seen[0].finished.put_nowait(reply)

    client = CoreClient(pid, end, Path(paths(environ).runs), notice)
    seen.append(Core(client))
    try:
        await asyncio.wait_for(client.attached(), LIMIT_S)
        yield seen[0]
    finally:
        client.close()
        await asyncio.to_thread(client.reap)


def home_environment(home: str) -> dict[str, str]:
    """This process's environment, without PYTHONPATH, all of Hive's files in `home`."""
    return {**{name: value for name, value in os.environ.items() if name != "PYTHONPATH"}, "HIVE_HOME": home}
