"""Go to a place by its name. What is wrong is said in place; a search that takes long can be given up."""

from __future__ import annotations

from collections.abc import Sequence

from textual.widgets import Input

from hive_tui.core.commands import FindPlace, PlaceFound, Refused, Reply, StopFinding
from hive_tui.tui.completion import matching
from hive_tui.tui.travel.break_points import Query
from hive_tui.tui.travel.place_dialog import PlaceDialog
from hive_tui.tui.widgets.timeline import Here

EXAMPLES = (
    ("50%", "of the run's time; 0% before its first event, 100% after its last"),
    ("12.5s", "also 1m30s, 1:30, 500ms"),
    ("event:1200", "after that event"),
    ("chunk:300", "after that chunk, of all streams"),
    ("text:WORDS", "where a stream first says them"),
    ("error", "the first; error:2 is the second"),
    ("round:2", "where a round begins"),
    ("start", ""),
    ("end", ""),
)


class GotoDialog(PlaceDialog[PlaceFound | None]):
    """Gives the place, or `None`."""

    def __init__(self, query: Query, run: str, here: Here, stages: Sequence[str], markers: Sequence[str]) -> None:
        super().__init__("Go to", "Enter goes · ↓ marks · Esc leaves", {"place": "Place"}, "no example begins so")
        self._query, self._run, self._here = query, run, here
        own = [(f"marker:{name}", "") for name in markers] + [(f"stage:{name}", "its beginning") for name in stages]
        self._examples = [*EXAMPLES[:1], *own, *EXAMPLES[1:]]
        self._words: list[str] = []
        self._searching = False

    def on_mount(self) -> None:
        self._offer("")

    def _offer(self, typed: str) -> None:
        meaning = dict(self._examples)
        self._words = matching(list(meaning), typed)
        width = max(map(len, self._words), default=0)
        self.show_rows([f"{word:{width}}  {meaning[word]}".rstrip() for word in self._words])

    def on_input_changed(self, event: Input.Changed) -> None:
        self.fault("place", "")
        self.note("")
        self._offer(event.value)

    def action_accept(self) -> None:
        field = self.query_one("#place", Input)
        if self.marked is not None:
            word = self._words[self.marked]
            if word == "text:WORDS":
                field.value = "text:"
                field.cursor_position = len(field.value)
                return
            field.value = word
        where = field.value.strip()
        if not where:
            self.fault("place", "type one, or mark an example with ↓")
            return
        self._searching = True
        self.note("searching · Esc gives up")
        self._query(FindPlace(self._run, where, *self._here), self._take)

    def _take(self, reply: Reply | None) -> None:
        if not self.is_attached:
            return  # The person has left before the answer came.
        self._searching = False
        if isinstance(reply, PlaceFound):
            self.dismiss(reply)
        elif isinstance(reply, Refused):
            if reply.error.kind != "given_up":
                self.fault("place", reply.error.message)
                self.note(reply.error.advice)
        else:
            self.fault("place", "the core process died: F5 on the screen starts a new one")

    def action_leave_dialog(self) -> None:
        if self._searching:
            self._searching = False
            self._query(StopFinding(), lambda _reply: None)
            self.note("the search was given up")
            return
        self.dismiss(None)
