"""Markers: name the shown moment, with a note; go to one, or remove it. The core writes their file."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from textual.widgets import Input

from hive_tui.core.commands import Done, MarkedPlace, PlaceFound, Refused, RemoveMarker, Reply, SetMarker
from hive_tui.tui.facts import one_line
from hive_tui.tui.travel.break_points import Query
from hive_tui.tui.travel.place_dialog import PlaceDialog
from hive_tui.tui.travel.time_words import time_words
from hive_tui.tui.travel.timeline_rows import MARKER
from hive_tui.tui.widgets.timeline import Here

DIED = "the core process died: F5 on the screen starts a new one; `hive mark` sets markers without it"


class MarkersDialog(PlaceDialog[PlaceFound | str | None]):
    """Gives a place to go to, the name of a marker that was set, or `None`."""

    def __init__(
        self,
        query: Query,
        run: str,
        here: Here,
        here_ns: int,
        markers: Sequence[MarkedPlace],
        changed: Callable[[], None],
    ) -> None:
        """`changed` is called after each change."""
        fields = {"name": f"Name for the moment {time_words(here_ns, 1_000_000)}", "text": "Note (may be empty)"}
        keys = "Enter sets, or goes to ↓ · ^R removes · Esc leaves"
        super().__init__("Markers", keys, fields, "the run has none yet")
        self._query, self._run, self._here = query, run, here
        self._markers = list(markers)
        self._changed = changed

    def on_mount(self) -> None:
        self._list()

    def _list(self, marked: int | None = None) -> None:
        width = min(24, max((len(each.name) for each in self._markers), default=0))
        self.show_rows(
            [
                f"{MARKER} {one_line(each.name):{width}}  {time_words(each.time_ns, 1_000_000)}  {one_line(each.note)}"
                for each in self._markers
            ],
            marked,
        )

    def on_input_changed(self, _event: Input.Changed) -> None:
        self.fault("name", "")

    def action_accept(self) -> None:
        if self.marked is not None:
            to = self._markers[self.marked]
            self.dismiss(PlaceFound(to.seq, to.chunks, to.time_ns))
            return
        name = self.value("name")
        if not name:
            self.fault("name", "it needs one")
            self.query_one("#name").focus()
            return
        command = SetMarker(self._run, name, self.value("text"), *self._here)

        def take(reply: Reply | None) -> None:
            if self._went_well(reply):
                self.dismiss(name)

        self._query(command, take)

    def action_remove_row(self) -> None:
        if self.marked is None:
            self.fault("name", "mark one with ↓ to remove it")
            return
        gone = self._markers[self.marked]

        def take(reply: Reply | None) -> None:
            if self._went_well(reply) and gone in self._markers:
                at = self._markers.index(gone)
                del self._markers[at]
                self._list(at)
                self.note(f"removed {one_line(gone.name)}")

        self._query(RemoveMarker(self._run, gone.name), take)

    def _went_well(self, reply: Reply | None) -> bool:
        if isinstance(reply, Done):
            self._changed()
            return self.is_attached
        if self.is_attached:
            self.fault("name", reply.error.message if isinstance(reply, Refused) else DIED)
            self.note(reply.error.advice if isinstance(reply, Refused) else "")
        return False
