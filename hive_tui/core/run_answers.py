"""Answers to the runs screen. The catalogue is opened when it is first asked for, and kept up in slices."""

from __future__ import annotations

import asyncio
import sqlite3
import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from msgspec.structs import asdict

from hive_tui.config.errors import ConfigError
from hive_tui.config.paths import Paths
from hive_tui.config.retention import load_retention
from hive_tui.core.commands import Done, Refused, Reply
from hive_tui.core.run_commands import DeleteRun, ListRuns, MarkRun, Pruned, RestoreRun, RunCommand, RunRow, RunsPage
from hive_tui.events import ErrorInfo
from hive_tui.history import keeping
from hive_tui.history.catalogue import Catalogue
from hive_tui.history.filters import FilterError, Wanted, parse
from hive_tui.history.keeping import KeepingError
from hive_tui.history.pruning import prune

FIRST_S = 0.1
"""The first list waits no longer for what is not in the catalogue yet."""
ROWS_S, TEXTS_S = 0.1, 0.02
"""A slice of what is done in the background: each slice of rows looks through the folder, which has its price."""
PAUSE_S = 0.02
"""Between two slices: live runs need the processor more."""
MOST = 500
"""Rows of a page."""
T = TypeVar("T")


class RunAnswers:
    def __init__(self, paths: Paths) -> None:
        self._paths = paths
        self._root = Path(paths.runs)
        self._catalogue: Catalogue | None = None
        self._one = asyncio.Lock()
        self._catching_up: asyncio.Task[None] | None = None
        self._behind = self._unread = 0

    async def answer(self, command: RunCommand) -> Reply:
        try:
            match command:
                case ListRuns():
                    return await self._list(command)
                case DeleteRun(run):
                    await asyncio.to_thread(keeping.delete, self._root, run, int(time.time()))
                case RestoreRun(run):
                    await asyncio.to_thread(keeping.restore, self._root, run)
                case MarkRun(run, True):
                    await asyncio.to_thread(keeping.mark, self._root, run)
                case MarkRun(run):
                    await asyncio.to_thread(keeping.unmark, self._root, run)
        except FilterError as error:
            return Refused(ErrorInfo(kind="filter", message=str(error)))
        except KeepingError as error:
            return Refused(ErrorInfo(kind="recording", message=str(error)))
        except sqlite3.Error as error:
            return Refused(ErrorInfo(kind="disk", message=f"{self._paths.catalogue}: {error}"))
        except OSError as error:
            place = error.filename or self._root
            return Refused(ErrorInfo(kind="disk", message=f"{place}: {error.strerror}"), exit_code=5)
        return Done()

    async def prune(self) -> Pruned | None:
        """Do what the settings say of old runs; `None` when there was nothing to do."""
        try:
            limits = load_retention(self._paths)
            if not limits.limited and not (self._root / keeping.TRASH).exists():
                return None
            done = await self._work(lambda catalogue: prune(self._root, catalogue, limits, time.time_ns()))
        except (ConfigError, sqlite3.Error, OSError) as error:
            return Pruned(problem=str(error))
        return Pruned(len(done.moved)) if done.moved else None

    async def close(self) -> None:
        if self._catching_up is not None:
            self._catching_up.cancel()
            await asyncio.gather(self._catching_up, return_exceptions=True)
        async with self._one:
            if self._catalogue is not None:
                self._catalogue.close()

    async def _list(self, command: ListRuns) -> RunsPage:
        wanted = parse(command.text, time.time_ns())
        page = await self._work(lambda catalogue: self._page(catalogue, command, wanted))
        if (self._behind or self._unread) and (self._catching_up is None or self._catching_up.done()):
            self._catching_up = asyncio.create_task(self._catch_up())
        return page

    def _page(self, catalogue: Catalogue, command: ListRuns, wanted: Wanted) -> RunsPage:
        if not self._behind:
            self._behind = catalogue.sync(FIRST_S, thorough=command.thorough)
            self._unread = catalogue.unread()
        limit = max(1, min(command.limit, MOST))
        found = catalogue.page(wanted, max(0, command.first), limit, tree=command.tree)
        rows = tuple(RunRow(**asdict(row)) for row in found.rows)
        problem = catalogue.in_memory
        return RunsPage(rows, command.first, found.total, self._behind, self._unread, problem)

    async def _catch_up(self) -> None:
        """Look at what is not in the catalogue, then at its texts, a slice at a time."""
        while self._behind:
            self._behind = await self._work(lambda catalogue: catalogue.sync(ROWS_S))
            await asyncio.sleep(PAUSE_S)
        while left := await self._work(lambda catalogue: catalogue.read_words(TEXTS_S)):
            self._unread = left
            await asyncio.sleep(PAUSE_S)
        self._unread = 0

    async def _work(self, work: Callable[[Catalogue], T]) -> T:
        """On a thread, one at a time. Raises sqlite3.Error, OSError."""
        async with self._one:
            task = asyncio.ensure_future(asyncio.to_thread(self._on_thread, work))
            try:
                return await asyncio.shield(task)
            except asyncio.CancelledError:
                await asyncio.wait([task])  # Nobody may have the catalogue while the thread is at it.
                raise

    def _on_thread(self, work: Callable[[Catalogue], T]) -> T:
        if self._catalogue is None:
            self._catalogue = Catalogue(Path(self._paths.catalogue), self._root)
        return work(self._catalogue)
