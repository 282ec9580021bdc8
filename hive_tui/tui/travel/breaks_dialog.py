"""Break points: the list of conditions at which playing stops, and that `n` and `N` look for."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from textual.widgets import Input

from hive_tui.tui.travel.place_dialog import PlaceDialog

FORMS = """\
What can be so:
text:PATTERN  a stream says it (a regular expression)
gap:2000      a text paused for longer (milliseconds)
cost:0.01     it cost more (USD)
finish  an end that is not stop    retry  a retry
diverge  two verdicts in a row that differ"""


class BreaksDialog(PlaceDialog[None]):
    def __init__(self, conditions: Sequence[str], changed: Callable[[Sequence[str]], None]) -> None:
        """`changed` is told of each change at once."""
        keys = "Enter sets · ^R removes · Esc leaves"
        super().__init__("Break points", keys, {"condition": "Stop where"}, "none is set")
        self._conditions = list(conditions)
        self._changed = changed

    def on_mount(self) -> None:
        self.show_rows(self._conditions)
        self.note(FORMS)

    def on_input_changed(self, _event: Input.Changed) -> None:
        self.fault("condition", "")

    def action_accept(self) -> None:
        # Not with the screen: what breaks are is known to the recording's readers, which take 10 ms to import.
        from hive_tui.recording.navigation.breaks import ConditionError, parse_condition

        text = self.value("condition")
        if not text:
            self.dismiss(None)
            return
        try:
            parse_condition(text)
        except ConditionError as error:
            self.fault("condition", str(error))
            return
        if text not in self._conditions:
            self._conditions.append(text)
            self._changed(self._conditions)
        self.query_one("#condition", Input).value = ""
        self.show_rows(self._conditions, self._conditions.index(text))

    def action_remove_row(self) -> None:
        if self.marked is None:
            self.fault("condition", "mark one with ↓ to remove it")
            return
        marked = self.marked
        del self._conditions[marked]
        self._changed(self._conditions)
        self.show_rows(self._conditions, marked)
