"""The program's own session over a real core and its simulator: what the screen is told without being held up."""

import asyncio
import os
import signal
import socket
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from hive_tui.config.options import RunOptions
from hive_tui.config.paths import paths
from hive_tui.core.spawning import spawn_core
from hive_tui.tui.core_session import CoreSession
from hive_tui.tui.session import CoreStats, CoreStatus, ModelList


@pytest.fixture
def with_session(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Runs a scenario with a session and a core of its own, which ends with it."""
    monkeypatch.setenv("HIVE_HOME", str(tmp_path))
    for name in [name for name in os.environ if name.endswith("_API_KEY")]:
        monkeypatch.delenv(name)

    def run(scenario: Callable[[CoreSession], Awaitable[None]], options: RunOptions) -> None:
        async def main() -> None:
            pid, end = spawn_core(os.environ)
            session = CoreSession(pid, end, options, paths())
            session.start(lambda: None)
            try:
                await asyncio.wait_for(scenario(session), 30)
            finally:
                session.close()
                await asyncio.to_thread(os.waitpid, pid, 0)

        asyncio.run(main())

    return run


async def until(true: Callable[[], object]) -> None:
    for _ in range(2_000):
        if true():
            return
        await asyncio.sleep(0.01)
    raise AssertionError("that never came to be")


def test_lanes_of_a_run_hold_every_byte_of_its_texts(with_session: Callable[..., None]) -> None:
    async def scenario(session: CoreSession) -> None:
        assert session.lanes() is None
        session.ask("What is 17% of 240?")
        await until(lambda: session.drain().outcome)
        state = session.drain()
        await until(session.lanes)
        lanes = session.lanes()
        assert lanes is not None
        assert lanes.duration_ns == state.ended_ns
        sizes = {attempt.stream: attempt.text.size for attempt in state.attempts}
        assert {stream: sum(row) for stream, row in lanes.rows.items() if any(row)} == sizes

    with_session(scenario, RunOptions(plan="single", stage_models=(("generator", "sim/instant"),)))


def test_the_simulators_models_are_listed(with_session: Callable[..., None]) -> None:
    async def scenario(session: CoreSession) -> None:
        heard: list[ModelList] = []
        session.list_models("generator", heard.append)
        assert not heard, "it returns at once"
        await until(lambda: len(heard) > 1)
        assert heard[0].names == ()
        assert session.setup().stages["generator"].model in heard[-1].names
        assert session.setup().hottest["generator"] == 2.0

    with_session(scenario, RunOptions())


def test_an_endpoint_of_the_command_line_is_not_asked(with_session: Callable[..., None]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.setblocking(False)

        async def scenario(session: CoreSession) -> None:
            heard: list[ModelList] = []
            session.list_models("generator", heard.append)
            assert [models.names for models in heard] == [()]
            assert "command line" in heard[0].note
            await until(lambda: session.stats().memory_bytes)  # The core has answered what it was asked by now.
            with pytest.raises(BlockingIOError):
                server.accept()

        url = f"http://127.0.0.1:{server.getsockname()[1]}/v1"
        with_session(scenario, RunOptions(endpoint=url, model="m"))


def test_the_figures_of_a_core_that_is_gone_are_unknown(with_session: Callable[..., None]) -> None:
    async def scenario(session: CoreSession) -> None:
        await until(lambda: session.stats().memory_bytes)
        assert session.stats().lag_bytes == 0
        pid, _ = session._spawned
        os.kill(pid, signal.SIGKILL)
        await until(lambda: session.core_status() is CoreStatus.DIED)
        assert session.stats() == CoreStats()

    with_session(scenario, RunOptions())
