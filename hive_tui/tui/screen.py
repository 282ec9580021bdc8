"""What a person can do: the methods behind the actions table, and what the question line tells."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from time import monotonic
from typing import ClassVar

from textual import events
from textual.binding import BindingType

from hive_tui.events import Channel
from hive_tui.tui.asked import Asked
from hive_tui.tui.bindings import bindings_of
from hive_tui.tui.geometry import ANSWER
from hive_tui.tui.live.pane import UNREADABLE, StreamPane
from hive_tui.tui.live.visible import harmless
from hive_tui.tui.session import CoreStatus, SettingsError, StageChoice
from hive_tui.tui.travel.fork_actions import ForkActions
from hive_tui.tui.travel.session import TravellingSession
from hive_tui.tui.widgets.markdown_view import MarkdownView
from hive_tui.tui.widgets.question_line import QuestionLine, Told
from hive_tui.tui.widgets.stage_pane import StagePane

TIMELINE = -2
"""The timeline's place in the walk of the focus, beside the panes' numbers."""


class CouncilScreen(ForkActions):
    """The one screen, for live and past runs."""

    BINDINGS: ClassVar[list[BindingType]] = bindings_of("app")

    def __init__(
        self, session: TravellingSession, asked: Asked, roles: tuple[str, ...], clock: Callable[[], float] = monotonic
    ) -> None:
        super().__init__(session, roles, clock)
        self._asked = asked
        self._searched: StreamPane | MarkdownView | None = None
        self._warmed = False
        self.question.line.told = self.search.line.told = self._told

    # The question line

    def _told(self, line: QuestionLine, what: Told) -> None:
        if line is self.search.line:
            match what:
                case Told.SENT:
                    self.action_next_match()
                case Told.LEFT:
                    self.action_end_search()
                case Told.CHANGED:
                    self._search()
            return
        match what:
            case Told.SENT:
                question = line.editor.value.strip()
                if question and self.ask(question):
                    line.load("")
            case Told.LEFT:
                self._escape(lambda: self.go_to(self.view.active))
            case Told.CHANGED:
                self._changed(line)
            case Told.OLDER | Told.NEWER:
                older = what is Told.OLDER
                found = self._asked.older(line.editor.value) if older else self._asked.newer()
                if found is not None:
                    line.load(found)
            case Told.REWOUND:
                if self.state.run:
                    self.action_back()

    def ask(self, question: str) -> bool:
        """Ask the council; False when that cannot be now, which is said."""
        if self.live:
            self.say("a run is live: Esc cancels it, then Enter asks")
            return False
        if self.session.core_status() is CoreStatus.DIED:
            self.say("no core to ask: F5 starts a new one")
            return False
        self._warmed = False
        try:
            self._asked.add(question)
        except OSError as error:
            self.say(f"question history not written: {error}")
        self.session.ask(question)
        return True

    def _changed(self, line: QuestionLine) -> None:
        rows = line.rows_wanted
        if rows != self.view.question_lines:
            self.view.question_lines = rows
            self.look_again()
        if line.editor.text and not self._warmed:
            self._warmed = True
            self.session.warm()

    # Focus

    def on_descendant_focus(self, _event: events.DescendantFocus) -> None:
        here = self.here()
        if here is not None:
            self.view.active = here
        self.call_after_refresh(self.update_chrome)

    def action_next_pane(self) -> None:
        self._walk(1)

    def action_previous_pane(self) -> None:
        self._walk(-1)

    def _walk(self, step: int) -> None:
        places: list[int | None] = [None, *range(self.view.stages), *([ANSWER] if self.view.answer else [])]
        places += [TIMELINE] if self.state.run else []
        here = TIMELINE if self.timeline.has_focus else self.here()
        to = places[(places.index(here) + step) % len(places)] if here in places else None
        if to == TIMELINE:
            self.use_timeline()
        elif to is None:
            self.question.line.focus(scroll_visible=False)
        else:
            self.go_to(to)

    def action_pane(self, number: int) -> None:
        """Go to a pane by its number; 0 is the answer."""
        if number == 0 and self.view.answer:
            self.go_to(ANSWER)
        elif 0 < number <= self.view.stages:
            self.go_to(number - 1)

    def action_question(self) -> None:
        self.question.line.focus(scroll_visible=False)

    def action_leave_pane(self) -> None:
        self._escape(self.action_question)

    def _escape(self, leave: Callable[[], None]) -> None:
        """Escape is the same wherever the focus is: it leaves the past, ends what goes on, or else leaves the place."""
        if self.session.foreign and self.session.present_state.run:
            self.session.leave()
            leave()
        elif self.session.past:
            self.session.present()
            leave()
        elif self.live and not self.session.foreign:
            self.session.cancel()
        else:
            leave()

    def action_maximise(self) -> None:
        here = self.here()
        self.view.maximised = not self.view.maximised
        if here is not None:
            self.view.active = here
        self.look_again()

    # Runs

    def action_cancel_run(self) -> None:
        if self.live:
            self.session.cancel()
        else:
            self.say("no run is live")

    def action_cancel_stage(self) -> None:
        if self._not_now():
            return
        self.session.cancel(self._pane().stage)

    def _not_now(self) -> bool:
        """Whether another moment or run is shown than the one that goes on, which is said."""
        if self.session.travelling:
            self.say("this is the past: End returns to the present" if self.session.past else "this run is a recording")
        return self.session.travelling

    def action_retry(self) -> None:
        if self.state.run and not self._not_now():
            self.session.retry(self._pane().stage)

    def action_restart_core(self) -> None:
        if self.session.core_status() is CoreStatus.DIED:
            self.session.restart_core()
        else:
            self.say("the core process is there: nothing to start")

    def action_take_offer(self) -> None:
        if self.session.offers():
            self.say(self.session.take_offer(0))
            self.update_chrome()

    def action_answer(self) -> None:
        if not self.answer.body.text:
            self.say("there is no answer yet" if self.state.outcome is None else "there is no answer")
            return
        showing = self.view.answer and (self.geometry.mode != "solo" or self.view.active == ANSWER)
        self.view.answer = not showing
        self.view.active = ANSWER if self.view.answer else 0
        if not self.view.answer and self.here() == ANSWER:
            self.question.line.focus(scroll_visible=False)
        self.look_again()

    def action_settings(self) -> None:
        """Open the small editor of a stage; the panes go on beneath it."""
        from hive_tui.tui.stage_settings import StageSettings

        pane = self._pane()
        setup = self.session.setup()
        choice = setup.stages.get(pane.stage)
        if choice is None:
            self.say(f"the profile has no settings for {pane.stage}")
            return

        def done(chosen: StageChoice | None) -> None:
            if chosen is not None and chosen != choice:
                try:
                    self.say(f"saved in {self.session.save_stage(pane.stage, chosen)}, for the next run")
                except SettingsError as error:
                    self.say(str(error))
                self.update_chrome()

        models = partial(self.session.list_models, pane.stage)
        self.app.push_screen(StageSettings(pane.stage, choice, setup.hottest.get(pane.stage), models), done)

    # Text

    def _pane(self) -> StagePane:
        """The stage's pane that an action is for."""
        here = self.here()
        return self.panes[max(0, self.view.active if here is None else here)]

    def _text(self) -> StreamPane | MarkdownView:
        """The text that a search is for: a stage's, or the answer's."""
        here = self.here()
        place = self.view.active if here is None else here
        return self.answer.body if place == ANSWER else self.panes[place].body

    def action_copy(self) -> None:
        text = self.get_selected_text()
        try:
            text = self._whole_text() if text is None else text
        except UNREADABLE as error:
            self.session.unreadable(error)
            return
        if text:
            self.app.copy_to_clipboard(harmless(text))
            self.say(f"copied {len(text):,} characters")
        else:
            self.say("nothing to copy")

    def _whole_text(self) -> str:
        if self.here() == ANSWER:
            return self.state.answer_text
        attempt = self.state.attempt(self._pane().stream)
        return "" if attempt is None else attempt.text.channel_text(Channel.ANSWER)

    def action_page_up(self) -> None:
        if self.here() == ANSWER:
            self.answer.body.action_page(-1)
        else:
            self._pane().body.action_page_up()

    def action_page_down(self) -> None:
        if self.here() == ANSWER:
            self.answer.body.action_page(1)
        else:
            self._pane().body.action_page_down()

    def action_search(self) -> None:
        """Open the search line for a pane or the answer, in the place of the status line."""
        self._searched = self._text()
        self.search.display = True
        self.look_again()
        self.search.line.load("")
        self.search.line.focus(scroll_visible=False)

    def _search(self) -> None:
        if self._searched is not None:
            needle = self.search.line.editor.value
            found = self._searched.search(needle)
            self.search.say("" if found or not needle else "not found")

    def action_next_match(self) -> None:
        (self._searched or self._text()).search_next()

    def action_previous_match(self) -> None:
        (self._searched or self._text()).search_previous()

    def action_end_search(self) -> None:
        """Close the line; the matches stay marked, for `n`, until another search."""
        text, self._searched = self._searched, None
        self.search.display = False
        self.look_again()
        (text or self.question.line).focus(scroll_visible=False)

    # The program

    def action_help(self) -> None:
        from hive_tui.tui.help import HelpScreen

        self.app.push_screen(HelpScreen(self._scope()))

    async def action_theme(self) -> None:
        await self.run_action("app.next_theme")

    def action_palette(self) -> None:
        self.app.action_command_palette()

    def action_suspend(self) -> None:
        self.app.action_suspend_process()

    async def action_quit(self) -> None:
        await self.app.action_quit()
