"""The help screen: keys and gauges, from their tables."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.screen import ModalScreen
from textual.widget import Widget
from textual.widgets import Static

from hive_tui.tui.actions import ACTIONS, SCOPES, shown
from hive_tui.tui.bars import GAUGES
from hive_tui.tui.chrome import BESIDE, FIGURES
from hive_tui.tui.themes import Styles
from hive_tui.tui.widgets.bar import styles_of

KEYS = 14
"""Cells of the column of keys."""
HEADINGS = {
    "question": "In the question line",
    "app": "Everywhere (letters: not while typing)",
    "text": "In a pane",
    "pane": "In a stage's pane",
    "time": "In a pane and in the timeline",
    "timeline": "In the timeline",
    "search": "While searching",
    "settings": "In a stage's settings",
    "runs": "In the list of runs",
    "filter": "While finding runs",
    "report": "While comparing, in statistics and in what-if",
    "compare": "While comparing",
    "calls": "In statistics",
    "rules": "In what-if",
    "dialog": "In a dialog: go to, break points, markers",
}


class HelpScreen(ModalScreen[None]):
    CSS = """
    HelpScreen {
        align: center middle;
        background: $background 60%;
    }
    HelpScreen > VerticalScroll {
        width: 96;
        max-width: 94%;
        height: 90%;
        padding: 0 2;
        border: round $primary;
        background: $background;
        scrollbar-size-vertical: 1;
    }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,f1,q,question_mark", "dismiss", show=False),
        Binding("ctrl+q", "app.quit", show=False),
    ]

    def __init__(self, scope: str) -> None:
        """`scope` is where one was, as the footer's."""
        super().__init__()
        self._scope = scope

    def compose(self) -> Iterable[Widget]:
        with VerticalScroll() as frame:
            frame.border_title = "Help"
            frame.border_subtitle = "Esc closes"
            yield Static(help_text(self._scope, styles_of(self)))


def help_text(scope: str, styles: Styles) -> Group:
    """All keys by where they hold, first those that hold where one is; then every gauge with the source of its
    number."""
    parts: list[RenderableType] = []

    def section(heading: str, rows: Iterable[tuple[str, str]]) -> None:
        table = Table.grid(padding=(0, 2, 0, 0))
        table.add_column(width=KEYS)
        table.add_column()
        for name, words in rows:
            table.add_row(Text("  " + name, styles["strong"]), Text(words, styles["text"]))
        parts.extend((Text("\n" + heading, styles["role"]), table))

    for place in dict.fromkeys((*SCOPES[scope], *HEADINGS)):
        rows = ((" ".join(map(shown, a.keys.split(","))), a.help) for a in ACTIONS if a.scope == place)
        section(HEADINGS[place], rows)
    signs = "– is unknown; ● is of now, while another moment is shown"
    section(f"Gauges, and where their numbers come from ({signs})", ((each.label, each.help) for each in GAUGES))
    section("In a pane's lower edge", (*((each.label, each.help) for each in FIGURES), *BESIDE))
    return Group(*parts)
