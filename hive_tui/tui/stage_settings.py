"""The small editor of a stage: model, fallbacks and temperature for the next run. The panes go on beneath it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

from textual import on
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widget import Widget
from textual.widgets import Input, Label

from hive_tui.tui.session import StageChoice

HOTTEST = 2.0


class StageSettings(ModalScreen[StageChoice | None]):
    """Gives the choice, or `None` when nothing is to change."""

    CSS = """
    StageSettings {
        align: center middle;
        background: $background 40%;
    }
    StageSettings > Vertical {
        width: 64;
        max-width: 96%;
        height: auto;
        padding: 0 1;
        border: round $primary;
        background: $background;
    }
    StageSettings Label { color: $text-muted; }
    StageSettings #fault { color: $error; height: 1; }
    StageSettings Input { border: none; height: 1; padding: 0; background: $surface; }
    StageSettings Input:focus { border: none; background: $panel; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "dismiss", show=False),
        Binding("ctrl+q", "app.quit", show=False),
    ]

    def __init__(self, stage: str, choice: StageChoice) -> None:
        super().__init__()
        self._stage = stage
        self._choice = choice

    def compose(self) -> Iterable[Widget]:
        choice = self._choice
        with Vertical() as frame:
            frame.border_title = f"{self._stage} · next run"
            frame.border_subtitle = "Enter saves · Esc leaves"
            yield Label("Model")
            yield Input(choice.model, id="model")
            yield Label("Fallbacks, tried in turn (separated by commas)")
            yield Input(", ".join(choice.fallbacks), id="fallbacks")
            yield Label(f"Temperature, 0 to {HOTTEST:g} (empty: the provider's default)")
            yield Input("" if choice.temperature is None else f"{choice.temperature:g}", id="temperature")
            yield Label("", id="fault")

    @on(Input.Submitted)
    def _save(self) -> None:
        model = self.query_one("#model", Input).value.strip()
        fallbacks = (part.strip() for part in self.query_one("#fallbacks", Input).value.split(","))
        try:
            temperature = temperature_of(self.query_one("#temperature", Input).value)
        except ValueError as error:
            self._fault(str(error))
            return
        if not model:
            self._fault("a stage needs a model")
            return
        self.dismiss(StageChoice(model, tuple(part for part in fallbacks if part), temperature))

    def _fault(self, words: str) -> None:
        self.query_one("#fault", Label).update(words)


def temperature_of(text: str) -> float | None:
    """The number, `None` for an empty text. Raises ValueError with words for the person."""
    text = text.strip()
    if not text:
        return None
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not 0 <= value <= HOTTEST:
        raise ValueError(f"temperature: expected 0 to {HOTTEST:g}, got {text!r}")
    return value
