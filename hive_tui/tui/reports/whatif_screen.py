"""What would have won under each rule, when stages refuse, are left out or weigh more. Nothing is sent to any model."""

from __future__ import annotations

from typing import ClassVar

from textual import on
from textual.binding import BindingType

from hive_tui.core.commands import Reply
from hive_tui.core.comparing import Decided, Suppose
from hive_tui.tui.bindings import bindings_of
from hive_tui.tui.lines import Line
from hive_tui.tui.reports.report_screen import Query, ReportScreen
from hive_tui.tui.reports.whatif_lines import LEFT_OUT, REFUSES, Supposition, lines
from hive_tui.tui.widgets.report import Report


class WhatIfScreen(ReportScreen[None]):
    BINDINGS: ClassVar[list[BindingType]] = bindings_of("rules")

    def __init__(self, query: Query, run: str, at: str) -> None:
        """`at` is the place of the run whose answers are decided upon."""
        super().__init__("What if", "Esc closes · ↑↓ marks · Space refuses/leaves out · + - weight", query, self._told)
        self._run, self._at = run, at
        self._supposed = Supposition({}, {})
        self._decided: Decided | None = None
        self._marked = 0
        self._marked_row = 0
        self._pieces: list[str] = []
        self._waits = False

    def on_mount(self) -> None:
        self._look()

    def _look(self) -> None:
        """Ask again from the beginning of the marked rule's answer."""
        self._ask_page(0)

    def _ask_page(self, start: int) -> None:
        supposed = self._supposed
        self._waits = True

        def take(reply: Reply) -> bool:
            if not isinstance(reply, Decided):
                return False
            self._waits = False
            self._decided = reply
            self._pieces = [*self._pieces, reply.text] if start else [reply.text]
            return True

        command = Suppose(
            self._run,
            self._at,
            without=supposed.named(LEFT_OUT),
            refusing=supposed.named(REFUSES),
            weights=tuple(supposed.weights.items()),
            rule=self._rule,
            start=start,
        )
        self.ask(command, take)

    @property
    def _rule(self) -> str:
        """The marked rule; empty when a stage is marked."""
        decided = self._decided
        if decided is None or self._marked < len(decided.stages):
            return ""
        return decided.rules[self._marked - len(decided.stages)].rule

    def _told(self, width: int) -> list[Line]:
        if self._decided is None:
            return []
        rows, self._marked_row = lines(self._decided, self._supposed, self._marked, self._pieces, width)
        return rows

    @on(Report.Ending)
    def _ending(self) -> None:
        told = sum(map(len, self._pieces))
        if self._rule and not self._waits and self._decided is not None and told < self._decided.size:
            self._ask_page(told)

    # Keys

    def action_row_up(self) -> None:
        self._mark(-1)

    def action_row_down(self) -> None:
        self._mark(1)

    def _mark(self, step: int) -> None:
        if self._decided is None:
            return
        before = self._rule
        last = len(self._decided.stages) + len(self._decided.rules) - 1
        self._marked = max(0, min(last, self._marked + step))
        self._pieces = []
        self.report.again()
        self.report.reveal(self._marked_row)
        if self._rule != before:
            self._look()

    def action_turn_stage(self) -> None:
        """Have the marked stage refuse, be left out, or be heard again."""
        decided = self._decided
        if decided is not None and self._marked < len(decided.stages):
            self._supposed = self._supposed.turned(decided.stages[self._marked])
            self._look()

    def action_more_weight(self) -> None:
        self._weigh(1)

    def action_less_weight(self) -> None:
        self._weigh(-1)

    def _weigh(self, change: int) -> None:
        decided = self._decided
        if decided is not None and self._marked < len(decided.stages):
            self._supposed = self._supposed.weighed(decided.stages[self._marked].stage, change)
            self._look()
