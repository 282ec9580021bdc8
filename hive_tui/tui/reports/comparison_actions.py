"""What a person can ask about runs: how two of them differ, what their calls took, what else could have won."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hive_tui.core.commands import PlaceFound
from hive_tui.tui.travel.time_actions import TimeActions
from hive_tui.tui.travel.timeline_actions import TimelineActions

if TYPE_CHECKING:
    from hive_tui.core.comparing import RunPlace


class ComparisonActions(TimelineActions, TimeActions):
    """Part of the screen."""

    def action_compare(self) -> None:
        """The shown run beside another."""
        if self._has_run():
            self.compare_runs(self.session.run_name)

    def compare_runs(self, first: str, second: str = "") -> None:
        """Two runs by whatever names the core knows them by; without a second it is the one before the first."""
        from hive_tui.recording.navigation.walker import Place
        from hive_tui.tui.reports.compare_screen import CompareScreen

        def done(place: RunPlace | None) -> None:
            if place is not None and first == self.session.run_name:
                self._go(PlaceFound(place.seq, place.chunks, place.time_ns))
            elif place is not None:
                self.open_run(first, Place(place.seq, place.chunks))

        self.app.push_screen(CompareScreen(self.session.query, first, second), done)

    def action_statistics(self) -> None:
        """Of the chosen stretch or, without one, of the run up to the shown moment; without a run, of all runs."""
        from hive_tui.tui.reports.statistics_screen import StatisticsScreen

        run = self.session.run_name if self.state.run else ""
        screen = StatisticsScreen(self.session.query, run, self.timeline.selection, self._moment())
        self.app.push_screen(screen)

    def action_what_if(self) -> None:
        from hive_tui.tui.reports.whatif_screen import WhatIfScreen

        if self._has_run():
            self.app.push_screen(WhatIfScreen(self.session.query, self.session.run_name, self._moment()))

    def _moment(self) -> str:
        """The shown moment, as `recording.places` takes it."""
        return f"event:{self.session.here[0]}"
