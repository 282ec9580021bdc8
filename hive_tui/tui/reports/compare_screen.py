"""Two runs on the screen: how settings, words, costs and times differ. The core compares; texts come in pages."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

from textual import on
from textual.binding import BindingType
from textual.widget import Widget
from textual.widgets import Input

from hive_tui.core.commands import Reply
from hive_tui.core.comparing import CompareRuns, CompareTexts, RunPlace, RunsCompared, TextsCompared
from hive_tui.tui.bindings import bindings_of
from hive_tui.tui.lines import Line
from hive_tui.tui.reports.comparison_lines import head_lines, text_lines
from hive_tui.tui.reports.report_screen import Query, ReportScreen
from hive_tui.tui.widgets.report import Report

ANSWERS = ("", 1)
"""The text that is shown first: the runs' answers, and not a stage's."""


class CompareScreen(ReportScreen[RunPlace | None]):
    """Gives the place in the first run where they part, when a person wants to go there."""

    AUTO_FOCUS = ""
    DEFAULT_CSS = """
    CompareScreen Input { border: none; height: 1; padding: 0; background: $surface; }
    CompareScreen Input:focus { border: none; background: $panel; }
    """
    BINDINGS: ClassVar[list[BindingType]] = bindings_of("compare")

    def __init__(self, query: Query, run: str, other: str = "") -> None:
        """`other` by whatever name a person has for it; empty is the one before."""
        super().__init__(
            "Compare", "Esc closes · Enter first divergence · n next text · o other run", query, self._told
        )
        self._run, self._other = run, other
        self._found: RunsCompared | None = None
        self._pieces: list[tuple[str, str]] = []
        self._texts: list[tuple[str, int]] = [ANSWERS]
        """Stage and round of what can be shown."""
        self._shown = 0
        self._stop = 0
        self._length: int | None = None
        """Characters of the whole diff; `None` while a page is awaited."""

    def above(self) -> Iterable[Widget]:
        line = Input(placeholder="compare with: a run's id, its beginning, or last", select_on_focus=False)
        line.set_reactive(Input.cursor_blink, False)
        yield line

    def on_mount(self) -> None:
        self._compare()

    def _compare(self) -> None:
        self.ask(CompareRuns(self._run, self._other), self._take)

    def _take(self, reply: Reply) -> bool:
        if not isinstance(reply, RunsCompared):
            return False
        self._found = reply
        self.query_one(Input).value = reply.runs[1]
        self._texts = [ANSWERS, *((each.stage, each.round) for each in reply.stages if all(each.planned))]
        self._show_text(0)
        return True

    def _show_text(self, number: int) -> None:
        self._shown, self._pieces, self._stop = number % len(self._texts), [], 0
        self._more()

    def _more(self) -> None:
        """Ask for the next page of the text."""
        if self._found is None:
            return
        self._length = None
        (stage, round_), runs = self._texts[self._shown], self._found.runs
        self.ask(CompareTexts(runs[0], runs[1], stage, round_, self._stop), self._take_text)

    def _take_text(self, reply: Reply) -> bool:
        if not isinstance(reply, TextsCompared):
            return False
        self._pieces += reply.pieces
        self._stop, self._length = reply.stop, reply.size
        return True

    @on(Report.Ending)
    def _ending(self) -> None:
        if self._length is not None and self._stop < self._length:
            self._more()

    def _told(self, width: int) -> list[Line]:
        if self._found is None:
            return []
        stage, round_ = self._texts[self._shown]
        title = f"{stage}, round {round_}" if stage else "answers"
        of = f"  text {self._shown + 1} of {len(self._texts)}"
        body = text_lines(self._pieces, width)
        if not body and self._length is not None:
            body = [(("neither says anything", "muted"),)]
        return [*head_lines(self._found, width), (), ((title, "strong"), (of, "muted")), *body]

    # Keys

    def action_first_divergence(self) -> None:
        place = None if self._found is None or self._found.parting is None else self._found.parting.at[0]
        if place is None:
            self.app.bell()
        else:
            self.dismiss(place)

    def action_next_text(self) -> None:
        self._show_text(self._shown + 1)

    def action_previous_text(self) -> None:
        self._show_text(self._shown - 1)

    def action_other_run(self) -> None:
        self.query_one(Input).focus()

    @on(Input.Submitted)
    def _chosen(self, event: Input.Submitted) -> None:
        self._other = event.value.strip()
        self.set_focus(None)
        self._compare()

    def action_close_report(self) -> None:
        if self.focused is None:
            self.dismiss(None)
        else:
            self.set_focus(None)
