"""The runs screen's door in the core: what answers there is loaded when it is first needed, and on a thread.

Its import takes 20 to 40 ms, which neither the core's start nor a live stream has to spare.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

from hive_tui.config.paths import Paths
from hive_tui.core.commands import Reply
from hive_tui.core.run_commands import Pruned, RunCommand
from hive_tui.history.keeping import TRASH

if TYPE_CHECKING:
    from hive_tui.core.run_answers import RunAnswers

PRUNE_EVERY_S = 3600.0
"""A limit is one of days or of gigabytes; looking whether all runs are within takes milliseconds."""


class RunLists:
    def __init__(self, paths: Paths) -> None:
        self._paths = paths
        self._answers: RunAnswers | None = None
        self._loading = asyncio.Lock()

    async def answer(self, command: RunCommand) -> Reply:
        return await (await self._loaded()).answer(command)

    async def keep_limits(self, tell: Callable[[Pruned], None], every_s: float = PRUNE_EVERY_S) -> None:
        """Do what the settings say of old runs, now and from time to time: a screen may stay open for days.

        What hinders it is told once, until it is something else.
        """
        last: Pruned | None = None
        while True:
            pruned = await self._prune()
            if pruned is not None and (pruned != last or not pruned.problem):
                tell(pruned)
            last = pruned
            await asyncio.sleep(every_s)

    async def _prune(self) -> Pruned | None:
        if self._nothing_to_prune():
            return None
        return await (await self._loaded()).prune()

    def _nothing_to_prune(self) -> bool:
        return not Path(self._paths.settings).exists() and not (Path(self._paths.runs) / TRASH).exists()

    async def close(self) -> None:
        if self._answers is not None:
            await self._answers.close()

    async def _loaded(self) -> RunAnswers:
        async with self._loading:
            if self._answers is None:
                module = await asyncio.to_thread(import_module, "hive_tui.core.run_answers")
                self._answers = module.RunAnswers(self._paths)
            return self._answers
