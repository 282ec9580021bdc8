"""What the dialogs about places have in common: fields with their faults beside them, a list with a mark, a note."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import ClassVar, TypeVar

from rich.text import Text
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widget import Widget
from textual.widgets import Input, Label, Static

from hive_tui.tui.bindings import bindings_of
from hive_tui.tui.lines import PROMPT, cut
from hive_tui.tui.widgets.bar import styles_of

Result = TypeVar("Result")
ROWS = 8
"""Of the list, where the terminal has room."""
OTHER_ROWS = 9
"""Rows of the terminal that all else needs."""


class PlaceDialog(ModalScreen[Result]):
    """Fields by name and title, and rows to choose from."""

    # A screen's `CSS` holds for its very class only.
    DEFAULT_CSS = """
    PlaceDialog {
        align: center middle;
        background: $background 40%;
    }
    PlaceDialog > Vertical {
        width: 72;
        max-width: 96%;
        height: auto;
        max-height: 100%;
        padding: 0 1;
        border: round $primary;
        background: $background;
    }
    PlaceDialog Label { width: 100%; color: $text-muted; }
    PlaceDialog Static { width: 100%; }
    PlaceDialog Input { border: none; height: 1; padding: 0; background: $surface; }
    PlaceDialog Input:focus { border: none; background: $panel; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        *bindings_of("dialog"),
        # Before the field's own, which tells of it a turn of the loop later: what is typed next would be taken as well.
        Binding("enter", "screen.accept", show=False, priority=True),
        Binding("ctrl+q", "app.quit", show=False),
    ]

    def __init__(self, title: str, keys: str, fields: Mapping[str, str], empty: str = "") -> None:
        """`keys` says what the keys do, `fields` gives names and titles, `empty` stands where the list is empty."""
        super().__init__()
        self._title, self._keys, self._empty = title, keys, empty
        self._fields = fields
        self._rows: Sequence[str] = ()
        self._marked: int | None = None

    def compose(self) -> Iterable[Widget]:
        with Vertical() as frame:
            frame.border_title = self._title
            frame.border_subtitle = self._keys
            for field, title in self._fields.items():
                yield Label(title, id=f"{field}-title", markup=False)
                line = Input(id=field)
                # Nothing else on the screen blinks, and each blink would wake a sleeping terminal.
                line.set_reactive(Input.cursor_blink, False)
                yield line
            yield Static(id="rows")
            yield Static(id="note", markup=False)

    # Fields

    def value(self, field: str) -> str:
        return self.query_one(f"#{field}", Input).value.strip()

    def fault(self, field: str, words: str) -> None:
        """Say what is wrong in the title's place, or that nothing is."""
        title = self._fields[field]
        said = Text(f"{title.partition(' (')[0]}: {words}", styles_of(self)["bad"]) if words else Text(title)
        self.query_one(f"#{field}-title", Label).update(said)

    def note(self, words: str, style: str = "muted") -> None:
        self.query_one("#note", Static).update(Text(words, styles_of(self)[style]))

    # The list

    @property
    def marked(self) -> int | None:
        """Number of the marked row."""
        return self._marked

    def show_rows(self, rows: Sequence[str], marked: int | None = None) -> None:
        self._rows = rows
        self._marked = None if marked is None or not rows else min(marked, len(rows) - 1)
        self._show()

    def _show(self) -> None:
        styles = styles_of(self)
        widget = self.query_one("#rows", Static)
        room = max(1, min(ROWS, self.app.size.height - OTHER_ROWS - len(self._fields) * 2))
        width = max(4, self.query_one(Input).size.width - 2)
        if not self._rows:
            widget.update(Text(self._empty, styles["muted"]))
            return
        first = max(0, min((self._marked or 0) - room // 2, len(self._rows) - room))
        shown = [
            Text(
                f"{PROMPT if number == self._marked else ' '} {cut(row, width)}",
                styles["selected" if number == self._marked else "text"],
            )
            for number, row in enumerate(self._rows[first : first + room], first)
        ]
        widget.update(Text("\n").join(shown))

    def on_resize(self) -> None:
        self._show()

    def action_next_row(self) -> None:
        if self._rows:
            self._marked = 0 if self._marked is None else min(self._marked + 1, len(self._rows) - 1)
            self._show()

    def action_previous_row(self) -> None:
        """Before the first there is no mark."""
        if self._marked is not None:
            self._marked = self._marked - 1 if self._marked else None
            self._show()

    # The end

    def action_leave_dialog(self) -> None:
        self.dismiss(None)
