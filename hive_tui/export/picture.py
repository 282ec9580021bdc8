"""A run's screen as lines of text, drawn by the same code as the live one: header, panes, answer, status line.

What is only the viewer's own (question line, gauges of the program, keys) is left out.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rich.color import ColorSystem
from rich.style import Style

from hive_tui.events import Channel, Delta, Record
from hive_tui.export.tail import Tail
from hive_tui.state import RunState, StageState
from hive_tui.tui import bars, chrome, facts
from hive_tui.tui.geometry import ANSWER, Geometry, Rect, View, arrange
from hive_tui.tui.lines import Line, clip, fit
from hive_tui.tui.live.visible import shown
from hive_tui.tui.markdown import Typesetter
from hive_tui.tui.prose import blocks
from hive_tui.tui.session import CoreStatus, Setup
from hive_tui.tui.themes import Look, Styles

LEAST = (24, 16)
"""Columns and rows below which the panes have no boxes."""
_BELOW = 5
"""Rows that a live screen of that height gives to what is left out here."""
_STYLES = {Channel.ANSWER: "text", Channel.REASONING: "muted", Channel.REFUSAL: "bad"}

Painted = dict[tuple[int, int], Line]
"""By column and row: what stands from there on."""


class Picture:
    """Follows a run record by record; keeps of its texts what can be seen."""

    def __init__(self, width: int, height: int, look: Look) -> None:
        self.width, self.height = width, height
        self.look = look
        self.codes: dict[str, str] = {}
        """Escape codes by style; the rendered answer's styles are their codes."""
        self._tails: dict[int, Tail] = {}
        self._answer: list[Line] = []
        self._geometry = Geometry("grid", True, {})
        self._view = (0, 0, False)

    def take(self, state: RunState, record: Record, answer: str) -> None:
        """One more record, and the state after it; `answer` is the run's, once it has one."""
        view = (len(state.plan.stages), _active(state), bool(answer))
        if view != self._view:
            stages, active, answered = self._view = view
            self._geometry = arrange(
                self.width, self.height + _BELOW, View(stages=stages, active=active, answer=answered)
            )
            _, _, width, height = self._geometry.parts.get("answer.body", (0, 0, 1, 1))
            self._answer = self._typeset(answer, width, height)
        if isinstance(record.event, Delta):
            tail_of = self._tails.get(record.stream)
            if tail_of is None:
                tail_of = self._tails[record.stream] = Tail(self._width_of(state, record.stream), self.height)
            tail_of.append(record.event.channel, record.event.data.decode())

    def _typeset(self, answer: str, width: int, height: int) -> list[Line]:
        """The first rows of the answer's Markdown."""
        typesetter, rows = Typesetter(Styles(self.look)), list[Line]()
        for block in blocks(answer):
            for strip in typesetter.strips(block, width):
                rows.append(tuple((each.text, self._code(each.style or Style.null())) for each in strip))
            if len(rows) >= height:
                break
        return rows[:height]

    def _code(self, style: Style) -> str:
        code = "\x1b[0m" + style.render("x", color_system=ColorSystem.TRUECOLOR).partition("x")[0]
        self.codes[code] = code
        return code

    def _width_of(self, state: RunState, stream: int) -> int:
        """Columns of the text of the pane that the stream is shown in."""
        bodies = {name: rect[2] for name, rect in self._geometry.parts.items() if name.startswith("body.")}
        attempt = state.attempt(stream)
        names = [spec.stage for spec in state.plan.stages]
        number = names.index(attempt.stage) if attempt is not None and attempt.stage in names else 0
        return bodies.get(f"body.{number}", max(bodies.values(), default=self.width))

    def lines(self, state: RunState, now_ns: int) -> Painted:
        """The whole screen."""
        panes = [self._facts(number, state, now_ns) for number in range(len(state.plan.stages))]
        parts = self._geometry.parts
        question = facts.one_line(state.question[:500])
        plan, profile = facts.one_line(state.plan.name), facts.one_line(state.profile)
        marks = facts.marks(state, Setup())
        painted: Painted = {
            (0, 0): bars.header(self.width, plan=plan, profile=profile, run=state.run, question=question, marks=marks)
        }
        if "tabs" in parts:
            _, y, width, _ = parts["tabs"]
            painted[0, y] = chrome.tabs(panes, self._view[1], self._view[2], width)
        for index, each in enumerate(panes):
            if f"pane.{index}" in parts:
                stage = _latest(state, index)
                stream = stage.streams[-1] if stage is not None and stage.streams else 0
                tail = self._tails.get(stream)
                rows = [] if tail is None else tail.rows()
                rect = parts[f"pane.{index}"]
                frame = chrome.pane_rows(each, rect[2], rect[3], self._geometry.boxed, not rows)
                body = parts[f"body.{index}"]
                painted |= _boxed(rect, body, frame, list(_texts(rows[-body[3] :], body[2])))
        if "answer" in parts:
            rect = parts["answer"]
            frame = chrome.box_rows(((" Answer ", "strong"),), rect[2], rect[3], False)
            painted |= _boxed(rect, parts["answer.body"], frame, self._answer)
        text, style = facts.status(state, CoreStatus.ALIVE, now_ns)
        missing = f"{state.missing:,} records lost" if state.missing else ""
        painted[0, self.height - 1] = bars.status(text, style, missing, self.width)
        return painted

    def _facts(self, index: int, state: RunState, now_ns: int) -> chrome.PaneFacts:
        spec = state.plan.stages[index]
        role, model = facts.one_line(spec.role), facts.one_line(spec.model)
        return facts.pane(index + 1, role, model, _latest(state, index), state, now_ns, False)


def _latest(state: RunState, index: int) -> StageState | None:
    return state.stage(state.plan.stages[index].stage)


def _active(state: RunState) -> int:
    """The pane that is seen where only one can be: the one that was begun last, in the end the answer."""
    if state.answer is not None:
        return ANSWER
    begun = [(each.started_ns, index) for index in range(len(state.plan.stages)) if (each := _latest(state, index))]
    return max(((at, index) for at, index in begun if at is not None), default=(0, 0))[1]


def _boxed(rect: Rect, body: Rect, frame: Sequence[Line], rows: Sequence[Line]) -> Painted:
    """A box with rows in it, each as wide as the body."""
    x, y, _, _ = rect
    painted: Painted = {(x, y + row): line for row, line in enumerate(frame)}
    pad = body[0] - x - 1
    for row, line in enumerate(rows, body[1]):
        side = frame[row - y]
        painted[x, row] = (side[0], (" " * pad, "ground"), *line, (" " * pad, "ground"), side[-1])
    return painted


def _texts(rows: Sequence[tuple[str, int]], width: int) -> Iterator[Line]:
    for text, channel in rows:
        line = clip([(shown(text).rstrip(), _STYLES[Channel(channel)])], width)
        yield fit(line, [], width, (" ", "ground"))
