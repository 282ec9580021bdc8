"""Fork a run: where it is left, and what is asked from there on, of the run and of each stage. What is wrong is said
in place."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from textual.widgets import Input

from hive_tui.config.forking import Change, SetError, parse_change
from hive_tui.core.commands import FindPlace, PlaceFound, Refused, Reply
from hive_tui.events import ErrorInfo, StageSpec
from hive_tui.state import RunState
from hive_tui.tui.travel.break_points import Query
from hive_tui.tui.travel.place_dialog import PlaceDialog
from hive_tui.tui.widgets.timeline import Here

Fork = Callable[[Here, Sequence[Change], str, Callable[[ErrorInfo | str], None]], None]
"""Begin a fork at a place with changes and a way to go on from a cut answer; the last is told what is wrong, or what is
to be said of the fork that is there."""
FIELDS = ("first", "second", "third")
"""Of settings: those of the run, or of one stage."""
OF_RUN = {
    "question": "Question (can change until it was asked)",
    "plan": "Plan, tally (or single; curator, direct, majority)",
    "prefix": "Cut answer (empty: goes on from it where it can; none: anew)",
}
OF_STAGE = {
    "model": "Model",
    "temperature": "Temperature (empty: the provider's default)",
    "prompt": "Prompt (empty: the plan's)",
}
TITLES = {"place": "From (empty: the shown moment)", **dict.fromkeys(FIELDS, "")}


class ForkDialog(PlaceDialog[str]):
    """Gives what is to be said of the fork that was begun; `None` when none was."""

    def __init__(self, state: RunState, stage: int, place: str, here: Here, query: Query, fork: Fork, run: str) -> None:
        """`stage` is the number of the one that is shown first, `place` what the first field holds then, `run` the
        name by which the run is found."""
        super().__init__("Fork", "Enter forks · ↑↓ stage · Tab field · Esc leaves", TITLES)
        self._stages, self._stage, self._place = state.plan.stages, stage, place
        self._asked = {"question": " ".join(state.question.split("\n")), "prefix": ""}
        self._asked["plan"] = f"{state.plan.name} {state.plan.tally}"
        self._run, self._here = run, here
        self._query, self._fork = query, fork
        self._typed: dict[tuple[str, str], str] = {}
        """By stage and setting, what was typed there."""
        self._waiting = False

    def on_mount(self) -> None:
        self.query_one("#place", Input).value = self._place
        stages = (f"{spec.stage}  {spec.model}" for spec in self._stages)
        self.show_rows([f"run  {self._asked['plan']}", *stages], self._stage + 1)
        self._load()

    @property
    def _spec(self) -> StageSpec | None:
        """The marked stage; `None` where the run itself is."""
        return self._stages[self.marked - 1] if self.marked else None

    def _was(self, spec: StageSpec | None, name: str) -> str:
        return self._asked[name] if spec is None else recorded(spec, name)

    def _load(self) -> None:
        """Show the marked row's settings, as they were typed or as they are."""
        spec = self._spec
        titles = OF_RUN if spec is None else OF_STAGE
        self._fields = {"place": TITLES["place"], **dict(zip(FIELDS, titles.values(), strict=True))}
        for field, name in zip(FIELDS, titles, strict=True):
            typed = self._typed.get(("" if spec is None else spec.stage, name))
            self.query_one(f"#{field}", Input).value = self._was(spec, name) if typed is None else typed
            self.fault(field, "")

    def _keep(self) -> None:
        spec = self._spec
        for field, name in zip(FIELDS, OF_RUN if spec is None else OF_STAGE, strict=True):
            self._typed["" if spec is None else spec.stage, name] = self.value(field)

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
            self._begin(self._here, changes)

    def _begin(self, here: Here, changes: Sequence[Change]) -> None:
        self._fork(here, changes, self._typed.get(("", "prefix"), ""), self._told)

    def _changes(self) -> list[Change] | None:
        """What differs from what the run asked; `None` when some of it cannot be, which is said."""
        self._keep()
        changes = []
        for number, spec in enumerate((None, *self._stages)):
            for field, name in zip(FIELDS, OF_RUN if spec is None else OF_STAGE, strict=True):
                typed = self._typed.get(("" if spec is None else spec.stage, name))
                if typed is None or typed == self._was(spec, name) or name == "prefix":
                    continue
                try:
                    if spec is None:
                        changes += [parse_change(each) for each in of_run(name, typed, self._was(None, name))]
                    else:
                        changes.append(parse_change(f"stages.{spec.stage}.{name}={typed}"))
                except SetError as error:
                    self.show_rows(self._rows, number)
                    self._load()
                    self.fault(field, str(error).partition(": ")[2])
                    return None
        return changes

    def _found(self, reply: Reply | None, changes: Sequence[Change]) -> None:
        if not self.is_attached:
            return  # The person has left before the answer came.
        if isinstance(reply, PlaceFound):
            self._begin((reply.seq, reply.chunks), changes)
            return
        self._waiting = False
        if isinstance(reply, Refused):
            self.fault("place", reply.error.message)
            self.note(reply.error.advice)
        else:
            self.note("the core process died: F5 on the screen starts a new one", "bad")

    def _told(self, what: ErrorInfo | str) -> None:
        if not self.is_attached:
            return
        self._waiting = False
        if isinstance(what, str):
            self.dismiss(what)
        else:
            self.note(f"{what.message}\n{what.advice}".rstrip(), "bad")


def of_run(name: str, typed: str, was: str) -> list[str]:
    """What was changed of a run's setting; plan and tally stand in one field."""
    words = typed.split()
    if name != "plan" or not 1 <= len(words) <= 2:
        return [f"{name}={typed}"]
    return [
        f"{each}={word}" for each, word, old in zip(("plan", "tally"), words, was.split(), strict=False) if word != old
    ]


def recorded(spec: StageSpec, name: str) -> str:
    """A setting of the run's own plan, as it is typed."""
    if name == "temperature":
        return "" if spec.params.temperature is None else f"{spec.params.temperature:g}"
    return str(getattr(spec, name))
