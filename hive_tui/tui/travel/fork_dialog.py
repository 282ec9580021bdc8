"""Fork a run: where it is left, and what one stage is from there on. What is wrong is said in place."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from textual.widgets import Input

from hive_tui.config.forking import Change, SetError, parse_change
from hive_tui.core.commands import FindPlace, PlaceFound, Refused, Reply
from hive_tui.events import ErrorInfo, Plan, StageSpec
from hive_tui.tui.travel.break_points import Query
from hive_tui.tui.travel.place_dialog import PlaceDialog
from hive_tui.tui.widgets.timeline import Here

Fork = Callable[[Here, Sequence[Change], Callable[[ErrorInfo | None], None]], None]
"""Begin a fork at a place with changes; the last is told what is wrong, or `None` once the fork is there."""
SETTINGS = ("model", "temperature", "prompt")
TITLES = {
    "place": "From (empty: the shown moment)",
    "model": "Model",
    "temperature": "Temperature (empty: the provider's default)",
    "prompt": "Prompt (empty: the plan's)",
}


class ForkDialog(PlaceDialog[bool]):
    """Gives whether a fork was begun."""

    def __init__(self, plan: Plan, stage: int, place: str, run: str, here: Here, query: Query, fork: Fork) -> None:
        """`stage` is the number of the one that is shown first, `place` what the first field holds then."""
        super().__init__(
            "Fork", "Enter forks · ↑↓ stage · Tab field · Esc leaves", TITLES, "the run's plan is not known"
        )
        self._plan, self._stage, self._place = plan, stage, place
        self._run, self._here = run, here
        self._query, self._fork = query, fork
        self._typed: dict[tuple[str, str], str] = {}
        """By stage and setting, what was typed there."""
        self._waiting = False

    def on_mount(self) -> None:
        self.query_one("#place", Input).value = self._place
        self.show_rows([f"{spec.stage}  {spec.model}" for spec in self._plan.stages], self._stage)
        self._load()

    @property
    def _spec(self) -> StageSpec | None:
        return None if self.marked is None else self._plan.stages[self.marked]

    def _load(self) -> None:
        """Show the marked stage's settings, as they were typed or as they are."""
        spec = self._spec
        for name in SETTINGS:
            field = self.query_one(f"#{name}", Input)
            field.disabled = spec is None
            field.value = "" if spec is None else self._typed.get((spec.stage, name), recorded(spec, name))

    def _keep(self) -> None:
        spec = self._spec
        for name in SETTINGS if spec is not None else ():
            assert spec is not None
            self._typed[spec.stage, name] = self.value(name)

    def action_next_row(self) -> None:
        self._keep()
        super().action_next_row()
        self._load()

    def action_previous_row(self) -> None:
        self._keep()
        if self.marked:
            super().action_previous_row()
        self._load()

    def on_input_changed(self, event: Input.Changed) -> None:
        if event.input.id is not None:
            self.fault(event.input.id, "")
        if not self._waiting:
            self.note("")

    def action_accept(self) -> None:
        changes = None if self._waiting else self._changes()
        if changes is None:
            return
        self._waiting = True
        self.note("looking whether that can be")
        where = self.value("place")
        if where:
            self._query(FindPlace(self._run, where, *self._here), lambda reply: self._found(reply, changes))
        else:
            self._fork(self._here, changes, self._told)

    def _changes(self) -> list[Change] | None:
        """What differs from the run's own plan; `None` when some of it cannot be, which is said."""
        self._keep()
        changes = []
        for number, spec in enumerate(self._plan.stages):
            for name in SETTINGS:
                typed = self._typed.get((spec.stage, name))
                if typed is None or typed == recorded(spec, name):
                    continue
                try:
                    changes.append(parse_change(f"stages.{spec.stage}.{name}={typed}"))
                except SetError as error:
                    self.show_rows(self._rows, number)
                    self._load()
                    self.fault(name, str(error).partition(": ")[2])
                    return None
        return changes

    def _found(self, reply: Reply | None, changes: Sequence[Change]) -> None:
        if not self.is_attached:
            return  # The person has left before the answer came.
        if isinstance(reply, PlaceFound):
            self._fork((reply.seq, reply.chunks), changes, self._told)
            return
        self._waiting = False
        if isinstance(reply, Refused):
            self.fault("place", reply.error.message)
            self.note(reply.error.advice)
        else:
            self.note("the core process died: F5 on the screen starts a new one", "bad")

    def _told(self, error: ErrorInfo | None) -> None:
        if not self.is_attached:
            return
        self._waiting = False
        if error is None:
            self.dismiss(True)
        else:
            self.note(f"{error.message}\n{error.advice}".rstrip(), "bad")


def recorded(spec: StageSpec, name: str) -> str:
    """A setting of the run's own plan, as it is typed."""
    if name == "temperature":
        return "" if spec.params.temperature is None else f"{spec.params.temperature:g}"
    return str(getattr(spec, name))
