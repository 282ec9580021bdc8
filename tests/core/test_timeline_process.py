"""The timeline of a run that goes on, asked of a core's process over its socket."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from hive_tui.config.options import RunOptions
from hive_tui.config.profile import Profile
from hive_tui.config.request import RunRequest
from hive_tui.config.resolve import resolve
from hive_tui.config.secrets import Secrets
from hive_tui.core.client import CoreClient
from hive_tui.core.commands import (
    Ask,
    Asked,
    Cancel,
    Command,
    Done,
    FindPlace,
    Finished,
    PlaceFound,
    Refused,
    RemoveMarker,
    Reply,
    SetMarker,
    StopFinding,
    TimelineLanes,
    TimelineOf,
)
from hive_tui.core.spawning import spawn_core


def request(model: str) -> RunRequest:
    chosen = RunOptions(plan="single", stage_models=(("generator", model),))
    return resolve("Count to a thousand.", chosen, Profile(), Secrets("/nonexistent/keys.toml", {}))


@pytest.fixture
def ask(tmp_path: Path) -> Callable[..., None]:
    """Runs a scenario with a run that goes on; a core of its own ends with it."""

    def run(scenario) -> None:
        async def main() -> None:
            runs = tmp_path / "data" / "runs"
            runs.mkdir(parents=True)
            over = asyncio.Event()

            def notice(reply: Reply) -> None:
                if isinstance(reply, Finished):
                    over.set()

            client = CoreClient(*spawn_core({**os.environ, "HIVE_HOME": str(tmp_path)}), runs, notice)
            try:
                await client.attached()
                asked = await client.request(Ask(request("sim/birch")))
                assert isinstance(asked, Asked), asked
                await scenario(client, asked.run, over)
            finally:
                client.close()
                await asyncio.to_thread(os.waitpid, client.pid, 0)

        asyncio.run(asyncio.wait_for(main(), 60))

    return run


async def told(client: CoreClient, command: Command, true: Callable[[TimelineOf], object]) -> TimelineOf:
    """Ask until it is so."""
    while True:
        reply = await client.request(command)
        if isinstance(reply, TimelineOf) and true(reply):
            return reply
        await asyncio.sleep(0.01)


def test_a_live_run_is_told_found_and_marked(ask: Callable[..., None]) -> None:
    async def scenario(client: CoreClient, run: str, over: asyncio.Event) -> None:
        shown = await told(client, TimelineLanes(run), lambda each: each.lanes and sum(each.lanes[0].bins))
        assert shown.lanes[0].outcome == ""
        place = await client.request(FindPlace(run, "stage:generator"))
        assert isinstance(place, PlaceFound)
        assert await client.request(SetMarker(run, "early", "while it went on", place.seq)) == Done()
        await told(client, TimelineLanes(run), lambda each: each.duration_ns > shown.duration_ns)
        found = await client.request(FindPlace(run, "next:marker"))
        assert found == place
        client.send(Cancel(run))
        await over.wait()
        last = await told(client, TimelineLanes(run), lambda each: each.lanes[0].outcome)
        assert (last.lanes[0].outcome, [each.name for each in last.markers]) == ("cancelled", ["early"])
        assert await client.request(RemoveMarker(run, "early")) == Done()
        assert isinstance(await client.request(FindPlace(run, "marker:early")), Refused)
        assert await client.request(StopFinding()) == Done()

    ask(scenario)
