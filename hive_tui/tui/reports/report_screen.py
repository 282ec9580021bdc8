"""A dialog that tells something long: rows that are scrolled by the screen's keys, over the panes."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import ClassVar, TypeVar

from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widget import Widget

from hive_tui.core.commands import Command, Refused, Reply
from hive_tui.tui.bindings import bindings_of
from hive_tui.tui.lines import Line
from hive_tui.tui.widgets.report import Report

Result = TypeVar("Result")
Query = Callable[[Command, Callable[[Reply | None], None]], None]


class ReportScreen(ModalScreen[Result]):
    """What is asked of the core is told when it comes; until then it says that it waits."""

    # Not `CSS`: that of a screen is for its own class alone.
    DEFAULT_CSS = """
    ReportScreen {
        align: center middle;
        background: $background 60%;
    }
    ReportScreen > Vertical {
        width: 100%;
        height: 100%;
        padding: 0 1;
        border: round $primary;
        background: $background;
    }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        *bindings_of("report"),
        Binding("f1,question_mark", "help", show=False),
        Binding("ctrl+q", "app.quit", show=False),
    ]

    def __init__(self, title: str, keys: str, query: Query, rows: Callable[[int], list[Line]]) -> None:
        """`keys` says what the keys do; `rows` gives what there is to tell, for a width in cells."""
        super().__init__()
        self._title, self._keys = title, keys
        self._query = query
        self._rows = rows
        self._asked = 0
        self._said: tuple[str, str] | None = ("asking the core", "muted")
        """What stands in the place of the rows, and its style; `None` when there are rows."""

    def compose(self) -> Iterable[Widget]:
        with Vertical() as frame:
            frame.border_title = self._title
            frame.border_subtitle = self._keys
            yield from self.above()
            yield Report(self._lines)

    def above(self) -> Iterable[Widget]:
        """What stands over the rows."""
        return ()

    @property
    def report(self) -> Report:
        return self.query_one(Report)

    def _lines(self, width: int) -> list[Line]:
        return self._rows(width) if self._said is None else [(self._said,)]

    def ask(self, command: Command, take: Callable[[Reply], bool]) -> None:
        """Ask the core; `take` gets what it says, unless something newer was asked meanwhile, and tells whether it was
        what it waited for."""
        self._asked += 1
        number = self._asked

        def told(reply: Reply | None) -> None:
            if number != self._asked or not self.is_attached:
                return
            if reply is None:
                self._said = ("the core process died: F5 starts a new one", "bad")
            elif isinstance(reply, Refused):
                self._said = (f"{reply.error.message} {reply.error.advice}".strip(), "bad")
            else:
                self._said = None if take(reply) else ("the core told something else", "bad")
            self.report.again()

        self._query(command, told)

    # Keys

    def action_row_up(self) -> None:
        self.report.scroll_up(animate=False)

    def action_row_down(self) -> None:
        self.report.scroll_down(animate=False)

    def action_page_up(self) -> None:
        self.report.scroll_page_up(animate=False)

    def action_page_down(self) -> None:
        self.report.scroll_page_down(animate=False)

    def action_first_row(self) -> None:
        self.report.scroll_home(animate=False)

    def action_last_row(self) -> None:
        self.report.scroll_end(animate=False)

    def action_close_report(self) -> None:
        self.dismiss(None)

    def action_help(self) -> None:
        from hive_tui.tui.help import HelpScreen

        self.app.push_screen(HelpScreen("report"))
