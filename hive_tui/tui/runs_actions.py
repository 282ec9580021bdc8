"""Opens the runs screen, and what is chosen there."""

from __future__ import annotations

from typing import Protocol, cast

from hive_tui.tui.view import CouncilView


class _Opens(Protocol):
    def open_run(self, run: str) -> None: ...

    def compare_runs(self, first: str, second: str) -> None: ...


class RunsActions(CouncilView):
    """Part of the screen."""

    def action_runs(self) -> None:
        from hive_tui.tui.runs_screen import Chosen, RunsScreen

        def done(chosen: Chosen | None) -> None:
            match chosen:
                case Chosen((run,)):
                    cast(_Opens, self).open_run(run)
                case Chosen((first, second)):
                    cast(_Opens, self).compare_runs(first, second)

        self.app.push_screen(RunsScreen(self.session.query), done)
