"""The help screen: keys and gauges, from their tables."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

from rich.text import Text
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.screen import ModalScreen
from textual.widget import Widget
from textual.widgets import Static

from hive_tui.tui.actions import ACTIONS, shown
from hive_tui.tui.bars import GAUGES
from hive_tui.tui.themes import Styles
from hive_tui.tui.widgets.bar import styles_of

HEADINGS = {
    "question": "In the question line",
    "app": "Everywhere (letters: not while typing)",
    "text": "In a pane",
    "pane": "In a stage's pane",
    "search": "While searching",
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

    def compose(self) -> Iterable[Widget]:
        with VerticalScroll() as frame:
            frame.border_title = "Help"
            frame.border_subtitle = "Esc closes"
            yield Static(help_text(styles_of(self)))


def help_text(styles: Styles) -> Text:
    """All keys by where they hold, then every gauge with the source of its number."""
    text = Text()
    for scope, heading in HEADINGS.items():
        text.append(f"\n{heading}\n", styles["role"])
        for action in ACTIONS:
            if action.scope == scope:
                keys = " ".join(shown(key) for key in action.keys.split(","))
                text.append(f"  {keys:<16}", styles["strong"])
                text.append(f"{action.help}\n", styles["text"])
    text.append("\nGauges, and where their numbers come from\n", styles["role"])
    for gauge in GAUGES:
        text.append(f"  {gauge.label:<16}", styles["strong"])
        text.append(f"{gauge.help}\n", styles["text"])
    return text
