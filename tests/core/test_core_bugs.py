"""A bug in the core is told to whoever asked: nobody waits for ever, and the core goes on."""

from __future__ import annotations

import asyncio
import socket
from pathlib import Path

import pytest

from hive_tui.config.paths import paths
from hive_tui.core import commands
from hive_tui.core.commands import Cancel, Command, Frames, Lanes, Ping, Pong, Refused, Reply
from hive_tui.core.queries import Queries
from hive_tui.core.runs import Runs
from hive_tui.core.worker import Worker


@pytest.mark.parametrize(
    ("command", "place", "name"), [(Cancel("01", 0), Runs, "cancel"), (Lanes("01", 8), Queries, "lanes")]
)
def test_a_bug_is_the_answer(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, command: Command, place: type, name: str
) -> None:
    def broken(*_words: object) -> None:
        raise ZeroDivisionError("with somebody's words")

    async def later(*_words: object) -> None:
        broken()

    monkeypatch.setattr(place, name, later if name == "lanes" else broken)

    async def scenario() -> tuple[Reply, Reply]:
        ours, theirs = socket.socketpair()
        ours.setblocking(False)
        serving = asyncio.create_task(Worker(theirs, paths({"HIVE_HOME": str(tmp_path)}), {}, "asyncio").serve())
        frames = Frames()
        replies: dict[int, Reply] = {}
        loop = asyncio.get_running_loop()
        for number, each in enumerate((command, Ping()), 1):
            await loop.sock_sendall(ours, commands.encode_command(each, number))
            while number not in replies:
                for _kind, of, payload in frames.feed(await loop.sock_recv(ours, 4096)):
                    replies[of] = commands.decode_reply(payload)
        ours.close()
        await serving
        return replies[1], replies[2]

    failed, alive = asyncio.run(scenario())
    assert isinstance(alive, Pong)
    assert isinstance(failed, Refused)
    assert failed.error.message == "Hive itself failed (ZeroDivisionError)"
    (report,) = (tmp_path / "state" / "crashes").iterdir()
    assert str(report) in failed.error.advice
    assert "somebody" not in report.read_text()
