"""What calls took: of the run that is shown, of a stretch of it, or of all runs. The core counts."""

from __future__ import annotations

from decimal import Decimal
from typing import ClassVar

from textual.binding import BindingType

from hive_tui.core.commands import Reply
from hive_tui.core.comparing import AllCallsTold, CallsTold, TellAllCalls, TellCalls
from hive_tui.tui.bindings import bindings_of
from hive_tui.tui.lines import Line
from hive_tui.tui.reports.report_screen import Query, ReportScreen
from hive_tui.tui.reports.statistics_lines import call_lines, group_lines


class StatisticsScreen(ReportScreen[None]):
    BINDINGS: ClassVar[list[BindingType]] = bindings_of("calls")

    def __init__(self, query: Query, run: str, stretch: tuple[int, int] | None, until: str = "end") -> None:
        """`stretch` is in nanoseconds since the run began; without one all that came up to the place `until` is told.
        Without a run all runs are."""
        super().__init__("Statistics", "Esc closes · s stretch/run · a all runs", query, self._told)
        self._run = run
        self._stretch = stretch
        self._until = until
        self._of = "all" if not run else "run" if stretch is None else "stretch"
        self._calls: CallsTold | None = None
        self._all: AllCallsTold | None = None

    def on_mount(self) -> None:
        self._look()

    def _look(self) -> None:
        if self._of == "all":
            self.ask(TellAllCalls(), self._take)
        elif self._of == "stretch" and self._stretch is not None:
            begin, end = self._stretch
            self.ask(TellCalls(self._run, _place(begin) if begin else "start", _place(end)), self._take)
        else:
            self.ask(TellCalls(self._run, "start", self._until), self._take)

    def _take(self, reply: Reply) -> bool:
        if isinstance(reply, CallsTold):
            self._calls, self._all = reply, None
        elif isinstance(reply, AllCallsTold):
            self._calls, self._all = None, reply
        return self._calls is not None or self._all is not None

    def _told(self, width: int) -> list[Line]:
        if self._all is not None:
            return group_lines(self._all, width)
        return [] if self._calls is None else call_lines(self._calls.found, width)

    # Keys

    def action_all_runs(self) -> None:
        """All runs, and back."""
        self._of = "all" if self._of != "all" else "stretch" if self._stretch is not None else "run"
        if self._of == "run" and not self._run:
            self._of = "all"
        self._look()

    def action_stretch(self) -> None:
        """The stretch that was chosen on the timeline, and back."""
        if self._stretch is None or not self._run:
            self.app.bell()
            return
        self._of = "run" if self._of == "stretch" else "stretch"
        self._look()


def _place(ns: int) -> str:
    """As `recording.places` takes it, to the nanosecond."""
    return f"{Decimal(ns) / 10**9:f}s"
