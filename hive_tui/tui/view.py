"""What the screen shows: panes of the stages, answer, gauges and question line over a `RunState`.

It places by `geometry` and reads by `facts`. What a person can do with it is in `screen`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from time import monotonic
from typing import cast

from textual.geometry import Size
from textual.layout import Layout
from textual.screen import Screen
from textual.widget import Widget

from hive_tui.events import Carried
from hive_tui.state import RunState
from hive_tui.streamtext import StreamText
from hive_tui.tui import bars, chrome, facts
from hive_tui.tui.answer_reading import SCREENFUL, AnswerReading
from hive_tui.tui.geometry import ANSWER, Geometry, Rect, View, arrange
from hive_tui.tui.layout import PlacedLayout
from hive_tui.tui.lines import Line
from hive_tui.tui.live.pane import UNREADABLE, StreamPane
from hive_tui.tui.session import CoreStatus, Lanes
from hive_tui.tui.travel import moment
from hive_tui.tui.travel.session import TravellingSession
from hive_tui.tui.widgets.answer_pane import AnswerPane
from hive_tui.tui.widgets.bar import Bar
from hive_tui.tui.widgets.question_box import QuestionBox
from hive_tui.tui.widgets.search_box import SearchBox
from hive_tui.tui.widgets.stage_pane import StagePane
from hive_tui.tui.widgets.timeline import TimelineBar

NOTICE_S = 5.0
"""Seconds that a notice stands in the status line."""


class CouncilView(Screen[None]):
    AUTO_FOCUS = "QuestionBox QuestionLine"
    DEFAULT_CSS = """
    CouncilView {
        overflow: hidden hidden;
        background: $background;
    }
    """

    def __init__(
        self, session: TravellingSession, roles: tuple[str, ...], clock: Callable[[], float] = monotonic
    ) -> None:
        super().__init__()
        self.session = session
        self.state = RunState()
        self.view = View(stages=len(roles))
        self.geometry = Geometry("", False, {})
        self._extent = (0, 0)
        self.gauge_values: dict[str, str] = {}
        self.gauge_faults: frozenset[str] = frozenset()
        self.core = CoreStatus.STARTING
        self._lost = ""
        """The run over which the core died: its end will never come."""
        # As many as any plan has stages: the plan may change between runs, what the frame clock paints does not.
        self.panes = [StagePane(index, role, self._boxed, self._has_part) for index, role in enumerate(chrome.PIPELINE)]
        self.answer = AnswerPane(self._boxed)
        self.answer.body.drawn = self._answer_drawn
        for pane in self.panes:
            pane.body.unreadable = session.unreadable
        self._answered: tuple[str, Carried | None, str] = ("", None, "")
        """Run, place of the answer and its text: who goes to and fro over a run's end does not read it each time."""
        self._reading: AnswerReading | None = None
        self.question = QuestionBox()
        self.search = SearchBox()
        self.search.display = False
        self._clock = clock
        self._notice: tuple[str, float] | None = None
        self._header = Bar("header", lambda w, _h: [self._header_line(w)])
        self._tabs = Bar("tabs", lambda w, _h: [self._tabs_line(w)])
        self._gauges = Bar("gauges", self._gauge_lines)
        self._offers = Bar("offers", self._offer_lines)
        self._status = Bar("status", lambda w, _h: [self._status_line(w)])
        self._footer = Bar("footer", lambda w, _h: [bars.footer(self._scope(), w)])
        self.timeline = TimelineBar()
        self._placed = PlacedLayout(self._place)

    @property
    def layout(self) -> Layout:
        return self._placed

    def compose(self) -> Iterable[Widget]:
        yield from (self._header, self._tabs, *self.panes, self.answer, self.timeline, self._gauges, self._offers)
        yield from (self.question, self._status, self.search, self._footer)

    # Place

    def _place(self, size: Size) -> dict[str, Rect]:
        self._extent = (size.width, size.height)
        self.geometry = arrange(*self._extent, self.view)
        parts = self.geometry.parts
        if self.search.display and "status" in parts:
            parts["search"] = parts.pop("status")
        return parts

    def _boxed(self) -> bool:
        return self.geometry.boxed

    def _has_part(self, name: str) -> bool:
        return name in self.geometry.parts

    def _lanes(self) -> Lanes | None:
        """Asked for only while a lane has room on the screen."""
        parts = self.geometry.parts
        shown = any(
            f"lane.{pane.index}" in parts or (pane.part in parts and chrome.lane_fits(parts[pane.part][2]))
            for pane in self.panes
        )
        return self.session.lanes() if self.state.run and self.geometry.boxed and shown else None

    def look_again(self) -> None:
        """The view changed: place everything anew."""
        # A child's wish, for a screen's own leaves its arrangement cached.
        self._header.refresh(layout=True)
        self.call_after_refresh(self.update_chrome)

    # State

    @property
    def live(self) -> bool:
        """Whether a run is going on, as far as anyone knows, at whatever moment one looks."""
        now = self.session.present_state
        return facts.live(now) and now.run != self._lost

    @property
    def at_rest(self) -> bool:
        """Whether everything stands where it will: the layout is the view's, no answer will ask for another, and who
        has the focus knows it."""
        drawing = self.view.answer and self.view.answer_rows is None
        placed = self.geometry.parts == arrange(*self._extent, self.view).parts
        bodies = (pane.body for pane in self.panes if pane.body.display and pane.part in self.geometry.parts)
        drawn = all(body.extent != (0, 0) for body in bodies)
        return not drawing and placed and drawn and (self.focused is None or self.focused.has_focus)

    @property
    def painted_rows(self) -> list[StreamPane]:
        """All that the frame painter paints: the live panes, and the chrome, which answers all that it asks."""
        bars = (self._header, self._tabs, *self.panes, self.answer, self.timeline, self._gauges, self._offers)
        return [
            *(pane.body for pane in self.panes),
            *cast("tuple[StreamPane, ...]", (*bars, self._status, self._footer, self.question)),
        ]

    def take(self, state: RunState) -> None:
        """Show another state. Costs what changed: texts are pulled by the panes themselves."""
        before, self.state = self.state, state
        if (state.run, state.outcome) != (before.run, before.outcome) and not self.session.past:
            self._notice = None  # What was said before is older than what the status line has to say now.
        if state.run != before.run:
            self._new_run()
        for pane in self.panes:
            pane.body.torn = self.session.part
            stage = state.stage(pane.stage)
            stream = stage.streams[-1] if stage is not None and stage.streams else 0
            if stream != pane.stream:
                self._show_stream(pane, stream)
            attempt = state.attempt(pane.stream)
            # Where nothing came, the words of the error stand in the text's place.
            if attempt is not None and attempt.error is not None and not attempt.text.size and pane.body.display:
                pane.show(None)
        if self.session.past and self.geometry.mode == "solo" and self.here() is None:
            self._show_latest()
        if (state.outcome is None) != (before.outcome is None) or state.run != before.run:
            self._show_answer()

    def _new_run(self) -> None:
        plan = facts.stages_of(self.state, self.session.setup())
        for pane, (stage, _role, _model) in zip(self.panes, plan, strict=False):
            pane.stage = stage
        for pane in self.panes:
            pane.stream = -1  # Streams are numbered anew in each run: the same number is another text.
        # A recording may have more stages than there are panes; its timeline has a lane for each call.
        self.view.stages = min(len(plan), len(self.panes)) or self.view.stages
        self.view.answer = False
        self.view.active = max(0, self.view.active)
        self.look_again()

    def _show_stream(self, pane: StagePane, stream: int) -> None:
        pane.stream = stream

        def text_view() -> StreamText | None:
            attempt = self.state.attempt(stream)
            return None if attempt is None else attempt.text

        pane.show(text_view if stream else None)
        if stream and self.geometry.mode == "solo" and self.here() is None:
            self.view.active = pane.index
            self.look_again()

    def _show_latest(self) -> None:
        """Where only one pane can be seen: that of the call that began last."""
        last = len(self.state.attempts)
        index = next((pane.index for pane in self.panes if pane.stream == last > 0), self.view.active)
        if index != self.view.active:
            self.view.active = index
            self.look_again()

    def _show_answer(self) -> None:
        state = self.state
        if state.outcome is None:
            if self.answer.body.text:
                self.answer.show("", "")
                self.view.answer = False
                self.view.active = max(0, self.view.active)
                self.look_again()
            return
        of = (state.run, state.answer)
        if self._answered[:2] != of and (self._reading is None or self._reading.of != of):
            self._reading = AnswerReading(state)
            self._read_answer(self._reading)
        text = self._answered[2]
        if self._answered[:2] != of:  # Of a long one its beginning, until it is whole.
            text = "" if self._reading is None else self._reading.so_far[:SCREENFUL]
        if not text:
            return  # The status line says why, and the panes keep what came.
        grown = bool(self.answer.body.text) and text.startswith(self.answer.body.text)
        if not grown:
            self.view.answer_rows = None
        self.answer.show(text, state.decision.value if state.decision is not None else "")
        self.answer.body.draw(self.size.width - 4)
        # Not `has_focus`, of which a widget hears a little later.
        if not grown and self.focused in (self.question.line, self.timeline) and self.geometry.mode == "solo":
            self.view.active = ANSWER
        self.view.answer = True
        self.look_again()

    def _read_answer(self, reading: AnswerReading) -> None:
        """Read a slice of it, and go on later when there is more."""
        if reading is not self._reading:
            return
        try:
            text = reading.go_on()
        except UNREADABLE as error:
            self._reading = None
            self.session.unreadable(error)
            return
        if text is None:
            self.set_timer(0.002, lambda: self._read_later(reading))
        else:
            self._reading, self._answered = None, (*reading.of, text)

    def _read_later(self, reading: AnswerReading) -> None:
        self._read_answer(reading)
        if (self.state.run, self.state.answer) == self._answered[:2] and self.state.outcome is not None:
            self._show_answer()

    def _answer_drawn(self, rows: int) -> None:
        if rows != self.view.answer_rows:
            self.view.answer_rows = rows
            self.look_again()

    def update_chrome(self) -> None:
        """Say everything anew that is no stream's text; rows that stay the same are not painted."""
        now = self.session.now_ns()
        core, self.core = self.core, self.session.core_status()
        if core is not self.core:
            self._notice = None
        if self.core is CoreStatus.DIED and facts.live(self.session.present_state):
            self._lost = self.session.lost = self.session.present_state.run
        lost = self._is_lost
        self._place_timeline()
        offers = len(self.session.offers())
        if offers != self.view.offers:
            self.view.offers = offers
            self.look_again()
        for notice in self.session.notices():
            self.say(notice)
        plan = facts.stages_of(self.state, self.session.setup())
        if not self.state.run and plan and len(plan) != self.view.stages:
            self.view.stages = len(plan)  # The first picture knew only as much of the profile as a glance tells.
            self.look_again()
        lanes = self._lanes()
        for pane, (name, role, model) in zip(self.panes, plan, strict=False):
            said = facts.pane(pane.index + 1, role, model, self.state.stage(name), self.state, now, lost)
            if lanes is not None:
                said.lane, said.lane_end = lanes.rows.get(pane.stream, ()), facts.seconds(lanes.duration_ns)
            pane.say(said)
        self.question.live = self.live and not self.session.past
        self.show_place()
        for bar in (self._header, self._tabs, self._gauges, self._offers, self._status, self._footer, self.question):
            bar.update()

    @property
    def _is_lost(self) -> bool:
        """Whether what is shown is the last moment of a run over which the core died."""
        return self.state.run == self._lost != "" and not self.session.travelling

    def _place_timeline(self) -> None:
        used = self.timeline.has_focus or self.session.travelling
        there = "used" if used and self.state.run else "there" if self.state.run else ""
        if there != self.view.timeline:
            self.view.timeline = there
            self.look_again()

    def show_place(self) -> None:
        """Say where in the run one is: the timeline's cursor and the status line. Costs no layout."""
        self._status.update()

    def say(self, notice: str) -> None:
        """Show a word to the person for a few seconds."""
        self._notice = (facts.one_line(notice), self._clock() + NOTICE_S)
        self._status.update()

    def heard(self) -> None:
        """Who moves on has read what was said: the status line says again at which moment one is."""
        if self._notice is not None:
            self._notice = None
            self._status.update()

    # Lines

    def _header_line(self, width: int) -> Line:
        return facts.header(self.state, self.session.setup(), width)

    def _tabs_line(self, width: int) -> Line:
        shown = [pane.facts for pane in self.panes[: self.view.stages]]
        return chrome.tabs(shown, self.view.active, self.view.answer, width)

    def _gauge_lines(self, width: int, _height: int) -> list[Line]:
        return [bars.gauges(self.gauge_values, self.gauge_faults, width, self.session.travelling)]

    def _status_line(self, width: int) -> Line:
        session = self.session
        text, style = facts.status(self.state, self.core, session.now_ns(), session.core_fault())
        if self._is_lost and self.core is CoreStatus.ALIVE:
            text, style = "a new core is ready; the last run was interrupted, what came is kept", "warn"
        missing = f"{self.state.missing:,} records lost" if self.state.missing else ""
        if session.past:
            at_ns, end_ns, growing = session.now_ns(), session.end_ns, session.growing
            text, event = moment.status(
                session.here, at_ns, end_ns, session.direction, session.speed, width, growing=growing
            )
            style, missing = "warn", missing or event
        elif session.foreign:
            text, style = facts.status(self.state, CoreStatus.ALIVE, session.now_ns())
            more = " · Esc: back to yours" if session.present_state.run else ""
            missing = missing or moment.RECORDED + more
        if (session.past or session.foreign) and self.core in (CoreStatus.DIED, CoreStatus.SILENT):
            missing = self.core.value + (" · F5" if self.core is CoreStatus.DIED else "")
        if session.fault:
            text, style = session.fault, "bad"
        if self._notice is not None and self._clock() < self._notice[1]:
            if self.core in (CoreStatus.DIED, CoreStatus.SILENT):
                return bars.status(text, style, self._notice[0], width)
            return bars.status(self._notice[0], "text", missing, width)
        return bars.status(text, style, missing, width)

    def _offer_lines(self, width: int, height: int) -> list[Line]:
        offers = self.session.offers()[:height]
        return [bars.offer(facts.one_line(each.text), "F2" if n == 0 else "  ", width) for n, each in enumerate(offers)]

    def _scope(self) -> str:
        here = self.here()
        if self.focused is self.search.line:
            return "search"
        if self.timeline.has_focus:
            return "timeline"
        return "question" if here is None else "answer" if here == ANSWER else "pane"

    def here(self) -> int | None:
        """The pane that has the focus; `None` for the question line and the timeline."""
        if self.focused is self.answer.body:
            return ANSWER
        return next((pane.index for pane in self.panes if pane.focused), None)

    def go_to(self, index: int) -> None:
        """Show a pane, or the answer, and give it the focus."""
        self.view.active = index
        if self.geometry.mode == "solo":
            self.look_again()
        (self.answer.body if index == ANSWER else self.panes[index]).focus(scroll_visible=False)
