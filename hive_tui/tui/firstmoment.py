"""The first picture of a recorded run: what the screen will show at that moment, before Textual is imported.

The same pure functions as the screen's, over the same state. What only the screen's own process can tell (gauges of the
viewer, offers) or only the core (the timeline's lanes) comes with Textual; so does the markup of an answer.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from hive_tui.events import Channel
from hive_tui.recording.format import DamagedError
from hive_tui.recording.navigation.walker import Place
from hive_tui.state import AttemptState, RunState
from hive_tui.tui import bars, chrome, facts
from hive_tui.tui.answer_reading import SCREENFUL, AnswerReading
from hive_tui.tui.firstframe import Placed, placed
from hive_tui.tui.geometry import ANSWER, Geometry, Rect, View, arrange
from hive_tui.tui.lines import Line
from hive_tui.tui.live.held import last_rows
from hive_tui.tui.live.visible import fitted
from hive_tui.tui.live.visible import shown as visible
from hive_tui.tui.prose import WIDEST, blocks, prose_rows, source_rows
from hive_tui.tui.session import CoreStatus, Setup
from hive_tui.tui.travel import moment
from hive_tui.tui.travel.opened import rate
from hive_tui.tui.travel.scrubber import Stretch, reach
from hive_tui.tui.travel.timeline_rows import Shown, rows, with_cursor
from hive_tui.wire import WireError

if TYPE_CHECKING:
    from hive_tui.recording.timeline import Timeline

_STYLES = {Channel.ANSWER: "ground", Channel.REASONING: "reasoning", Channel.REFUSAL: "bad"}
_UNREADABLE = (DamagedError, WireError, OSError)
"""What reading a text may raise; the screen will say so."""


class Moment(msgspec.Struct, frozen=True):
    """A place in a recording and the state there; its texts are read from the timeline."""

    timeline: Timeline
    place: Place
    state: RunState

    @property
    def past(self) -> bool:
        return self.place < Place(self.timeline.last_seq)


class Answer(msgspec.Struct, frozen=True):
    """The first rows of an answer's text."""

    rows: list[str]
    whole: bool
    """Whether these are all."""
    exact: bool
    """Whether they are as the screen will set them."""


def lines(width: int, height: int, shown: Moment) -> list[Placed]:
    """All that the screen of that size shows of the moment."""
    state, timeline = shown.state, shown.timeline
    end_ns, growing, past = timeline.duration_ns, not timeline.blocks.complete, shown.past
    specs = facts.stages_of(state, Setup())[: len(chrome.PIPELINE)]
    panes = [
        facts.pane(number, role, model, state.stage(name), state, state.time_ns, False)
        for number, (name, role, model) in enumerate(specs, 1)
    ]
    attempts = [_attempt(state, name) for name, _, _ in specs]
    view = View(stages=len(specs), timeline="used")
    solo = arrange(width, height, view).mode == "solo"
    view.active = _active(state, [name for name, _, _ in specs], past) if solo else 0
    view.answer = state.outcome is not None and state.answer is not None
    if view.answer:
        before, view.active = view.active, ANSWER if solo else view.active
        answer = _answer(state, arrange(width, height, view).parts.get("answer.body", (0, 0, width, 0))[2])
        if answer.rows:
            view.answer_rows = len(answer.rows) if answer.whole else height
        else:
            view.answer, view.active = False, before
    place = arrange(width, height, view)
    parts = place.parts

    out: dict[str, list[Line]] = {
        "header": [facts.header(state, Setup(), width)],
        "tabs": [chrome.tabs(panes, view.active, view.answer, width)],
    }
    for index, (said, attempt) in enumerate(zip(panes, attempts, strict=True)):
        if f"pane.{index}" in parts:
            _, _, w, h = parts[f"pane.{index}"]
            body = _body(attempt, said, parts[f"pane.{index}"], parts[f"body.{index}"], place, shown.place.chunks > 0)
            out[f"pane.{index}"] = chrome.pane_rows(said, w, h, place.boxed, attempt is None)
            out[f"body.{index}"] = body
    if "answer" in parts:
        _, _, w, h = parts["answer"]
        _, _, body_width, body_height = parts["answer.body"]
        caption = state.decision.value if state.decision is not None else ""
        below = max(0, len(answer.rows) + 1 - body_height) if answer.exact else 0
        out["answer"] = chrome.answer_rows(caption, w, h, place.boxed, False, below)
        out["answer.body"] = [((fitted(row, body_width), "ground"),) for row in answer.rows[:body_height]]
    if "timeline" in parts:
        _, _, w, h = parts["timeline"]
        length = reach(end_ns, growing)
        scrubber = Shown(None, Stretch(0, length, length), w, h)
        out["timeline"] = with_cursor(scrubber, rows(scrubber), state.time_ns, True)
    figures = facts.recorded_gauges(state, facts.live(state), _rate(shown) if past else None)
    known = {name: value for name, value in figures.items() if value is not None}
    out["gauges"] = [bars.gauges(known, frozenset(), width, True)]
    out["question"] = bars.question_frame(*parts["question"][2:], False, False)
    out["question.body"] = [bars.placeholder(parts["question.body"][2], False)]
    out["status"] = [_status(shown, end_ns, width, growing=growing)]
    out["footer"] = [bars.footer("timeline", width)]
    return placed(parts, out)


def _attempt(state: RunState, name: str) -> AttemptState | None:
    """The call whose text a stage's pane shows; `None` where the pane shows none."""
    stage = state.stage(name)
    attempt = None if stage is None else facts.latest(state, stage)
    # Where nothing came, the words of the error stand in the text's place.
    return None if attempt is None or (attempt.error is not None and not attempt.text.size) else attempt


def _active(state: RunState, names: list[str], past: bool) -> int:
    """The pane that is seen where only one can be: in the past that of the call that began last."""
    streams = [stage.streams[-1] if (stage := state.stage(name)) and stage.streams else 0 for name in names]
    if past and (last := len(state.attempts)) and last in streams:
        return streams.index(last)
    return max((index for index, stream in enumerate(streams) if stream), default=0)


def _body(
    attempt: AttemptState | None, said: chrome.PaneFacts, pane: Rect, body: Rect, place: Geometry, torn: bool
) -> list[Line]:
    """The end of a pane's text."""
    if attempt is None:
        return []
    width, height = body[2:]
    if place.boxed:
        height -= len(chrome.words_below(said, pane[2], pane[3], False))
    try:
        found = last_rows(attempt.text, torn, width, max(0, height))
    except _UNREADABLE:
        return []
    return [_row(text, width, _STYLES[Channel(channel)]) for channel, text in found]


def _row(text: str, width: int, style: str) -> Line:
    """Behind the text stands the ground."""
    row, end = fitted(text, width), len(visible(text))
    return (row[:end], style), (row[end:], "ground")


def _answer(state: RunState, width: int) -> Answer:
    """The beginning of the answer; no rows when there is none."""
    reading = AnswerReading(state)
    try:
        whole = reading.go_on() is not None
    except _UNREADABLE:
        return Answer([], True, True)
    out: list[str] = []
    text, width = reading.so_far, max(4, min(width, WIDEST))
    exact = whole and len(text) <= SCREENFUL
    for block in blocks(text[:SCREENFUL]):
        made = prose_rows(block, width)
        exact = exact and made is not None
        out += [*(source_rows(block, width) if made is None else made), ""]
    return Answer(out[:-1], whole, exact)


def _rate(shown: Moment) -> float | None:
    try:
        return rate(shown.timeline, shown.state, shown.state.time_ns)
    except _UNREADABLE:
        return None


def _status(shown: Moment, end_ns: int, width: int, *, growing: bool) -> Line:
    state = shown.state
    lost = f"{state.missing:,} records lost" if state.missing else ""
    if shown.past:
        here = (shown.place.seq, shown.place.chunks)
        text, event = moment.status(here, state.time_ns, end_ns, 0, 1.0, width, growing=growing)
        return bars.status(text, "warn", lost or event, width)
    text, style = facts.status(state, CoreStatus.ALIVE, state.time_ns)
    return bars.status(text, style, lost or moment.RECORDED, width)
