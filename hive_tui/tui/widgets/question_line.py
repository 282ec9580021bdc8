"""The line in which the question is typed."""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum

from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.strip import Strip
from textual.widget import Widget

from hive_tui.tui import bars
from hive_tui.tui.editor import Editor
from hive_tui.tui.widgets.bar import strip_of, styles_of


class Told(Enum):
    """What the line tells its owner."""

    SENT = "Enter was pressed"
    LEFT = "Escape was pressed"
    CHANGED = "the text changed"
    OLDER = "Up on the first row: the question before is wanted"
    NEWER = "Down on the last row"
    REWOUND = "Left in an empty line"


class QuestionLine(Widget, can_focus=True):
    """A multi-line editor. Printable keys, arrows, Home and End are its own; what it has no use for goes on."""

    DEFAULT_CSS = """
    QuestionLine {
        background: $background;
        color: $foreground;
    }
    """

    part = "body"

    def __init__(self, *, invitation: bool = True) -> None:
        super().__init__()
        self.editor = Editor()
        self.told: Callable[[QuestionLine, Told], None] = lambda _line, _what: None
        """Called at once, before the next key is looked at: as a message it would come after keys typed meanwhile."""
        self._invitation = invitation
        self._top = 0
        self._extent = (2, 1)
        self._keys: dict[str, Callable[[], None]] = {
            "left": self._left,
            "right": lambda: self.editor.move(self.editor.cursor + 1),
            "ctrl+left": lambda: self.editor.move(self.editor.word_left()),
            "alt+left": lambda: self.editor.move(self.editor.word_left()),
            "ctrl+right": lambda: self.editor.move(self.editor.word_right()),
            "alt+right": lambda: self.editor.move(self.editor.word_right()),
            "home": lambda: self.editor.move(self.editor.line_bounds(self._width)[0]),
            "ctrl+a": lambda: self.editor.move(self.editor.line_bounds(self._width)[0]),
            "end": self._end,
            "ctrl+e": self._end,
            "ctrl+home": lambda: self.editor.move(0),
            "ctrl+end": lambda: self.editor.move(len(self.editor.text)),
            "up": lambda: self._vertical(-1),
            "down": lambda: self._vertical(1),
            "enter": lambda: self.told(self, Told.SENT),
            "ctrl+j": lambda: self.editor.insert("\n"),
            "shift+enter": lambda: self.editor.insert("\n"),
            "escape": lambda: self.told(self, Told.LEFT),
            "backspace": lambda: self.editor.delete(max(0, self.editor.cursor - 1), self.editor.cursor),
            "delete": lambda: self.editor.delete(
                self.editor.cursor, min(len(self.editor.text), self.editor.cursor + 1)
            ),
            "ctrl+w": lambda: self.editor.delete(self.editor.word_left(), self.editor.cursor),
            "ctrl+k": lambda: self.editor.delete(self.editor.cursor, self.editor.line_bounds(self._width)[1]),
            "ctrl+u": lambda: self.editor.delete(0, len(self.editor.text)),
            "ctrl+underscore": self.editor.undo,
        }

    @property
    def _width(self) -> int:
        return max(2, self._extent[0])

    @property
    def rows_wanted(self) -> int:
        """Rows that the text takes at the present width, the cursor's cell at the end included."""
        return len(self.editor.rows(self._width - 1))

    def load(self, text: str) -> None:
        """Show another text; undo brings the one before back."""
        self.editor.set(text)
        self._changed()

    async def _on_key(self, event: events.Key) -> None:
        before = self.editor.text
        done = self._keys.get(event.key)
        if done is not None:
            done()
        elif event.is_printable and event.character is not None:
            self.editor.insert(event.character)
        else:
            return
        event.stop()
        event.prevent_default()
        if self.editor.text != before:
            self._changed()
        self.refresh()

    def _on_paste(self, event: events.Paste) -> None:
        event.stop()
        event.prevent_default()
        self.editor.insert(event.text)
        self._changed()

    def _changed(self) -> None:
        self.told(self, Told.CHANGED)
        self.refresh()

    def _end(self) -> None:
        start, stop = self.editor.line_bounds(self._width - 1)
        last = stop < len(self.editor.text) and self.editor.text[stop] != "\n" and stop > start
        self.editor.move(stop - 1 if last else stop)

    def _left(self) -> None:
        if self.editor.text:
            self.editor.move(self.editor.cursor - 1)
        else:
            self.told(self, Told.REWOUND)

    def _vertical(self, step: int) -> None:
        if not self.editor.vertical(step, self._width - 1):
            self.told(self, Told.OLDER if step < 0 else Told.NEWER)

    def on_resize(self, event: events.Resize) -> None:
        # Kept, for to read `size` while a layout is pending spoils the layout.
        self._extent = (event.size.width, event.size.height)

    def on_focus(self) -> None:
        self.refresh()

    def on_blur(self) -> None:
        self.refresh()

    def render_line(self, y: int) -> Strip:
        styles = styles_of(self)
        width, height = self.size
        if not self.editor.text and self._invitation:
            if y == 0:
                return strip_of(bars.placeholder(width, self.has_focus), width, styles)
            return Strip.blank(width, styles["ground"])
        rows = self.editor.rows(width - 1)
        number, cell = self.editor.place(width - 1)
        self._top = min(max(self._top, number - height + 1), number, max(0, len(rows) - height))
        at = self._top + y
        if at >= len(rows):
            return Strip.blank(width, styles["ground"])
        start, stop = rows[at]
        segments = [
            Segment(text, styles["chip" if kind == "chip" else "ground"])
            for text, kind in self.editor.spans(start, stop)
        ]
        strip = Strip(segments).extend_cell_length(width, styles["ground"]).crop(0, width)
        if at == number and self.has_focus:
            under = max(1, strip.crop(cell, cell + 1).cell_length)
            cursor = strip.crop(cell, cell + under).apply_style(Style(reverse=True))
            strip = Strip.join([strip.crop(0, cell), cursor, strip.crop(cell + under, width)])
        return strip
