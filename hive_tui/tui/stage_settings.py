"""The small editor of a stage: model, fallbacks and temperature for the next run. The panes go on beneath it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import ClassVar

from rich.text import Text
from textual import events, on
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widget import Widget
from textual.widgets import Input, Label, Static

from hive_tui.tui.bindings import bindings_of
from hive_tui.tui.completion import Choices, part_at
from hive_tui.tui.lines import PROMPT, cut
from hive_tui.tui.session import ModelList, StageChoice
from hive_tui.tui.widgets.bar import styles_of

HOTTEST = 2.0
"""Where no endpoint says less."""
OFFERED = 6
"""Rows of models that are offered, where the terminal has room."""
OTHER_ROWS = 14
"""Rows of the terminal that all else needs."""


class StageSettings(ModalScreen[StageChoice | None]):
    """Gives the choice, or `None` when nothing is to change."""

    CSS = """
    StageSettings {
        align: center middle;
        background: $background 40%;
    }
    StageSettings > Vertical {
        width: 68;
        max-width: 96%;
        height: auto;
        max-height: 100%;
        padding: 0 1;
        border: round $primary;
        background: $background;
    }
    StageSettings Label { color: $text-muted; }
    StageSettings Input { border: none; height: 1; padding: 0; background: $surface; }
    StageSettings Input:focus { border: none; background: $panel; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        *bindings_of("settings"),
        Binding("ctrl+q", "app.quit", show=False),
    ]

    def __init__(
        self,
        stage: str,
        choice: StageChoice,
        hottest: float | None,
        list_models: Callable[[Callable[[ModelList], None]], None],
    ) -> None:
        """`hottest` is the highest temperature that the endpoint takes; `list_models` asks what it offers."""
        super().__init__()
        self._stage = stage
        self._choice = choice
        self._hottest = HOTTEST if hottest is None else hottest
        self._list_models = list_models
        self._models = ModelList()
        self._choices = Choices()
        self._titles = {
            "model": "Model",
            "fallbacks": "Fallbacks, tried in turn (separated by commas)",
            "temperature": f"Temperature, 0 to {self._hottest:g} (empty: the provider's default)",
        }

    def compose(self) -> Iterable[Widget]:
        choice = self._choice
        values = {
            "model": choice.model,
            "fallbacks": ", ".join(choice.fallbacks),
            "temperature": "" if choice.temperature is None else f"{choice.temperature:g}",
        }
        with Vertical() as frame:
            frame.border_title = f"{self._stage} · next run"
            frame.border_subtitle = "↓ marks · Tab takes · Enter saves · Esc leaves"
            for field, value in values.items():
                yield Label(self._titles[field], id=f"{field}-title")
                line = Input(value, id=field, select_on_focus=False)
                line.set_reactive(Input.cursor_blink, False)
                yield line
            yield Static(id="offered")
            yield Static(id="note")

    def on_mount(self) -> None:
        self._list_models(self._take_list)

    def _take_list(self, models: ModelList) -> None:
        if not self.is_attached:
            return  # The person has left before the answer came.
        self._models = models
        style = styles_of(self)["warn" if models.failed else "muted"]
        self.query_one("#note", Static).update(Text(models.note, style))
        self._offer()

    # Models that fit

    def _field(self) -> Input | None:
        """The field that a model's name is typed in now."""
        field = self.focused
        return field if isinstance(field, Input) and field.id != "temperature" else None

    def _part(self, field: Input) -> tuple[int, int]:
        """Where the name under the cursor begins and ends."""
        return part_at(field.value, field.cursor_position) if field.id == "fallbacks" else (0, len(field.value))

    def _offer(self) -> None:
        """Show the names that fit what is typed."""
        field = self._field()
        typed = "" if field is None else field.value[slice(*self._part(field))]
        self._choices.fit(self._models.names if field is not None else (), typed)
        self._show_offered()

    def _show_offered(self) -> None:
        styles = styles_of(self)
        offered = self.query_one("#offered", Static)
        rows = max(1, min(OFFERED, self.app.size.height - OTHER_ROWS)) if self._models.names else 0
        width = max(4, self.query_one("#model", Input).size.width - 2)
        shown = [
            Text(f"{PROMPT if marked else ' '} {cut(name, width)}", styles["selected" if marked else "text"])
            for name, marked in self._choices.window(rows)
        ]
        offered.styles.height = rows  # The same whatever fits, so that nothing jumps while one types.
        offered.update(Text("\n").join(shown))

    @on(Input.Changed)
    def _typed(self, event: Input.Changed) -> None:
        if event.input.id == "temperature":
            self._check_temperature()
        self._say_fault("model", "")
        self._choices.drop()
        self._offer()

    def on_descendant_focus(self, _event: events.DescendantFocus) -> None:
        self._choices.drop()
        self._offer()

    def action_next_model(self) -> None:
        self._choices.move(1)
        self._show_offered()

    def action_previous_model(self) -> None:
        self._choices.move(-1)
        self._show_offered()

    def action_take_model(self) -> None:
        if not self._take():
            self.focus_next()

    def _take(self) -> bool:
        """Write the marked name in the place of what was typed of it; False when none is marked."""
        field, name = self._field(), self._choices.marked
        if field is None or name is None:
            return False
        start, stop = self._part(field)
        field.value = field.value[:start] + name + field.value[stop:]
        field.cursor_position = start + len(name)
        return True

    # The end

    @on(Input.Submitted)
    def action_save(self) -> None:
        if self._take():
            return
        model = self.query_one("#model", Input).value.strip()
        fallbacks = (part.strip() for part in self.query_one("#fallbacks", Input).value.split(","))
        if not model:
            self._say_fault("model", "a stage needs a model")
            self.query_one("#model").focus()
        elif not self._check_temperature():
            self.query_one("#temperature").focus()
        else:
            temperature = temperature_of(self.query_one("#temperature", Input).value, self._hottest)
            self.dismiss(StageChoice(model, tuple(part for part in fallbacks if part), temperature))

    def _check_temperature(self) -> bool:
        try:
            temperature_of(self.query_one("#temperature", Input).value, self._hottest)
        except ValueError as error:
            self._say_fault("temperature", str(error))
            return False
        self._say_fault("temperature", "")
        return True

    def _say_fault(self, field: str, words: str) -> None:
        """Beside the field: in its title's place."""
        title = Text(f"{field.capitalize()}: {words}", styles_of(self)["bad"]) if words else self._titles[field]
        self.query_one(f"#{field}-title", Label).update(title)


def temperature_of(text: str, hottest: float = HOTTEST) -> float | None:
    """The number, `None` for an empty text. Raises ValueError with words for the person."""
    text = text.strip()
    if not text:
        return None
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not 0 <= value <= hottest:
        raise ValueError(f"expected 0 to {hottest:g}, got {text!r}")
    return value
