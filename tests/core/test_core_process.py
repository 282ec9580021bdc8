"""The core as a process, spoken with over its socket: runs, cancels, queries, and what happens to its simulator."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, TypeVar

import pytest

from hive_tui.config.options import RunOptions
from hive_tui.config.profile import Profile
from hive_tui.config.request import RunRequest
from hive_tui.config.resolve import resolve
from hive_tui.config.secrets import Secrets
from hive_tui.core import commands
from hive_tui.core.client import CoreClient, CoreDiedError, CoreState
from hive_tui.core.commands import Ask, Asked, Cancel, Finished, Ping, Pong, Refused, Reply, Retry
from hive_tui.core.comparing import AllCallsTold, CompareRuns, RunsCompared, TellAllCalls
from hive_tui.core.feed import Feed
from hive_tui.core.spawning import spawn_core
from hive_tui.events import Outcome
from hive_tui.state import RunState, fold_all

T = TypeVar("T")


class Desk:
    """One core, and the runs that it was asked for."""

    def __init__(self, home: Path, environment: dict[str, str]) -> None:
        self.runs = home / "data" / "runs"
        self.runs.mkdir(parents=True)
        self.finished: dict[str, asyncio.Event] = {}
        self.states: dict[int, RunState] = {}
        core = spawn_core({**os.environ, "HIVE_HOME": str(home), **environment})
        self.client = CoreClient(*core, self.runs, self._notice)
        self.feed: Feed

    def request(self, model: str = "sim/instant", **options: Any) -> RunRequest:
        chosen = RunOptions(plan="single", stage_models=(("generator", model),), **options)
        return resolve("What is 17% of 240?", chosen, Profile(), Secrets("/nonexistent/keys.toml", {}))

    async def ask(self, request: RunRequest) -> Asked:
        reply = await self.client.request(Ask(request))
        assert isinstance(reply, Asked), reply
        return reply

    async def until(self, asked: Asked, reached: Callable[[RunState], Any]) -> RunState:
        """Fold what comes until the run has come so far."""
        while not reached(self.states.setdefault(asked.slot, RunState())):
            for record in self.feed.drain():
                self.states[record.slot] = fold_all([record], self.states.get(record.slot))
            await asyncio.sleep(0.005)
        return self.states[asked.slot]

    async def end(self, asked: Asked) -> RunState:
        state = await self.until(asked, lambda state: state.outcome)
        await self.finished.setdefault(asked.run, asyncio.Event()).wait()
        return state

    def _notice(self, reply: Reply) -> None:
        if isinstance(reply, Finished):
            self.finished.setdefault(reply.run, asyncio.Event()).set()


@pytest.fixture
def at_desk(tmp_path: Path) -> Callable[..., T]:
    """Run a scenario with a core of its own, and see it end."""

    def run(scenario: Callable[[Desk], Awaitable[T]], **environment: str) -> T:
        async def whole() -> T:
            desk = Desk(tmp_path, environment)
            try:
                desk.feed = await desk.client.attached()
                return await asyncio.wait_for(scenario(desk), 30)
            finally:
                desk.client.close()
                assert desk.client.reap(20), "the core has not ended"
                assert list((tmp_path / "run" / "rings").iterdir()) == []

        return asyncio.run(whole())

    return run


@pytest.mark.parametrize("loop", ["asyncio", "uvloop"])
def test_runs_share_a_core_and_are_told_apart(at_desk: Any, loop: str) -> None:
    async def scenario(desk: Desk) -> None:
        asked = [await desk.ask(desk.request(f"sim/instant+fault=say:{word}")) for word in ("one", "two", "three")]
        assert len({each.slot for each in asked}) == 3
        assert [(await desk.end(each)).answer_text for each in asked] == ["one", "two", "three"]
        assert desk.client.hello is not None
        assert desk.client.hello.loop == loop
        pong = await desk.client.request(Ping())
        assert isinstance(pong, Pong)
        assert pong.live_runs == 0
        assert pong.cpu_s > 0

    at_desk(scenario, HIVE_LOOP=loop)


def test_a_cancel_ends_its_own_run_alone(at_desk: Any) -> None:
    async def scenario(desk: Desk) -> None:
        stays = await desk.ask(desk.request("sim/instant+fault=stall:5:0.5"))
        goes = await desk.ask(desk.request("sim/instant+fault=stall:5"))
        await desk.until(goes, lambda state: state.attempts and state.attempts[0].text.chunks)
        await desk.client.request(Cancel(goes.run))
        ended = await desk.end(goes)
        assert ended.outcome is Outcome.CANCELLED
        assert ended.attempts[0].text.chunks == 5
        assert (await desk.end(stays)).outcome is Outcome.FINISHED
        for run in (goes.run, "no such run"):
            await desk.client.request(Cancel(run))  # what has ended, or never was, hears nothing

    at_desk(scenario)


def test_an_attempt_is_called_again_and_another_cancelled_alone(at_desk: Any) -> None:
    async def scenario(desk: Desk) -> None:
        asked = await desk.ask(desk.request("sim/instant+fault=stall:5@1"))
        await desk.until(asked, lambda state: state.attempts and state.attempts[0].text.chunks)
        await desk.client.request(Retry(asked.run, 1))
        state = await desk.end(asked)
        assert [attempt.outcome for attempt in state.attempts] == [Outcome.CANCELLED, Outcome.FINISHED]
        assert (state.outcome, state.attempts[1].reason) == (Outcome.FINISHED, "asked")

    at_desk(scenario)


def _until_ended(pid: int) -> None:
    """A signal is delivered a moment after it is sent."""
    while ") Z " not in Path(f"/proc/{pid}/stat").read_text():
        time.sleep(0.001)


def test_a_simulator_that_was_killed_is_started_again(at_desk: Any) -> None:
    async def scenario(desk: Desk) -> None:
        await desk.end(await desk.ask(desk.request()))
        (simulator,) = children(desk.client.pid)
        os.kill(simulator, signal.SIGKILL)
        await asyncio.to_thread(_until_ended, simulator)
        state = await desk.end(await desk.ask(desk.request()))
        assert state.outcome is Outcome.FINISHED, state.error
        assert children(desk.client.pid) != [simulator]

    at_desk(scenario)


def children(parent: int) -> list[int]:
    found = Path(f"/proc/{parent}/task/{parent}/children").read_text()
    return [int(pid) for pid in found.split()]


def test_runs_are_compared_and_told_beside_live_ones(at_desk: Any, capfd: pytest.CaptureFixture[str]) -> None:
    async def scenario(desk: Desk) -> None:
        one, other = [await desk.ask(desk.request()) for _ in range(2)]
        for asked in (one, other):
            await desk.end(asked)
        compared = await desk.client.request(CompareRuns(one.run, other.run))
        assert isinstance(compared, RunsCompared)
        assert compared.runs == (one.run, other.run)
        every = await desk.client.request(TellAllCalls())
        assert isinstance(every, AllCallsTold)
        assert (every.runs, sum(group.calls for group in every.groups)) == (2, 2)
        again = await desk.client.request(TellAllCalls())
        assert isinstance(again, AllCallsTold)
        assert (again.fresh, again.groups) == (0, every.groups)

    at_desk(scenario)
    assert capfd.readouterr().err == ""


def test_what_the_core_does_not_understand_it_refuses_and_lives(at_desk: Any) -> None:
    async def scenario(desk: Desk) -> None:
        frame = commands.encode_command(Ping(), 7)
        desk.client._link.send(frame[:-5] + b"\xc1" * 5)
        await asyncio.sleep(0)
        assert isinstance(await desk.client.request(Ping()), Pong)
        assert desk.client.state is CoreState.ALIVE

    at_desk(scenario)


def test_a_core_whose_registry_cannot_be_written_says_why_it_does_not_start(tmp_path: Path) -> None:
    (tmp_path / "run").write_text("no folder")

    async def scenario() -> CoreClient:
        client = CoreClient(*spawn_core({**os.environ, "HIVE_HOME": str(tmp_path)}), tmp_path, lambda _: None)
        try:
            with pytest.raises(CoreDiedError, match="cannot be made or registered"):
                await client.attached()
        finally:
            client.close()
            assert client.reap()
        return client

    refused = asyncio.run(scenario()).refused
    assert isinstance(refused, Refused)
    assert (refused.exit_code, refused.error.kind) == (5, "disk")


def test_a_client_that_hangs_up_ends_the_run_and_the_core(at_desk: Any, tmp_path: Path) -> None:
    async def scenario(desk: Desk) -> Asked:
        asked = await desk.ask(desk.request("sim/instant+fault=stall:5"))
        await desk.until(asked, lambda state: state.attempts and state.attempts[0].text.chunks)
        return asked

    asked = at_desk(scenario)
    from hive_tui.recording.reader import read_records

    assert fold_all(read_records(tmp_path / "data" / "runs" / asked.run)).outcome is Outcome.CANCELLED


def test_garbage_on_the_socket_ends_the_core(tmp_path: Path) -> None:
    pid, end = spawn_core({**os.environ, "HIVE_HOME": str(tmp_path)})
    end.sendall(b"\xff" * 4096)
    end.settimeout(20)
    with end:
        while end.recv(4096):
            pass
    assert isinstance(end, socket.socket)
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0
    assert list((tmp_path / "run" / "rings").iterdir()) == []
