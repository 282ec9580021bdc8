"""A core that is killed: its client says so, and goes quiet."""

from __future__ import annotations

import asyncio
import os
import select
from pathlib import Path

from hive_tui.core.client import CoreClient, CoreState
from hive_tui.core.spawning import spawn_core
from hive_tui.ring.segment import sweep


def test_the_doorbell_of_a_dead_core_is_silent(tmp_path: Path) -> None:
    """A pipe whose writers are all gone reads as ended, for ever: the screen's loop would spin on it."""

    async def scenario() -> tuple[CoreState, list[int]]:
        died = asyncio.Event()
        client = CoreClient(*spawn_core({**os.environ, "HIVE_HOME": str(tmp_path)}), tmp_path, lambda _notice: None)
        client.on_change(lambda: died.set() if client.state is CoreState.DIED else None)
        await client.attached()
        client.kill()
        await died.wait()
        client.reap()
        readable, _, _ = select.select([client.doorbell], [], [], 0)
        client.close()
        return client.state, readable

    assert asyncio.run(scenario()) == (CoreState.DIED, [])
    assert len(sweep(tmp_path / "run" / "rings")) == 1, "a killed core leaves its ring to the next start"
