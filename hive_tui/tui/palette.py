"""The palette's entries: every action of the table that makes sense there, and the themes."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Mapping
from functools import partial
from typing import Any, Protocol, cast

from textual.command import DiscoveryHit, Hit, Hits, Provider

from hive_tui.tui.actions import ACTIONS, shown
from hive_tui.tui.themes import Look

Entry = tuple[str, str, Callable[[], Coroutine[Any, Any, object]]]


class Themed(Protocol):
    looks: Mapping[str, Look]


class ActionCommands(Provider):
    def _entries(self) -> list[Entry]:
        found: list[Entry] = [
            (
                f"{action.label.capitalize()}  ({shown(action.keys.partition(',')[0])})",
                action.help,
                partial(self.screen.run_action, action.id),
            )
            for action in ACTIONS
            if action.palette and hasattr(self.screen, f"action_{action.id}")
        ]
        looks = sorted(cast("Themed", self.app).looks)
        return found + [(f"Theme: {name}", "Change the colours.", partial(self._take_theme, name)) for name in looks]

    async def _take_theme(self, name: str) -> None:
        self.app.theme = name

    async def discover(self) -> Hits:
        for name, help_, run in self._entries():
            yield DiscoveryHit(name, run, help=help_)

    async def search(self, query: str) -> Hits:
        matcher = self.matcher(query)
        for name, help_, run in self._entries():
            score = matcher.match(name)
            if score > 0:
                yield Hit(score, matcher.highlight(name), run, help=help_)
