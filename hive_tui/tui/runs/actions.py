"""Opens the runs screen, and what is chosen there."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hive_tui.tui.reports.comparison_actions import ComparisonActions

if TYPE_CHECKING:
    from hive_tui.tui.runs.screen import Chosen


class RunsActions(ComparisonActions):
    """Part of the screen."""

    def action_runs(self) -> None:
        from hive_tui.tui.runs.screen import RunsScreen

        self.app.push_screen(RunsScreen(self.session.query), self._show_chosen)

    def _show_chosen(self, chosen: Chosen | None) -> None:
        if chosen is None:
            return
        if len(chosen.runs) == 2:
            self.compare_runs(*chosen.runs)
        else:
            self.open_run(chosen.runs[0])
