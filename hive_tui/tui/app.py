"""The application: themes, frame clock, and what happens when something breaks."""

from __future__ import annotations

import gc
import math
import os
import sys
from collections.abc import Callable
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING, Any, ClassVar

from textual import events, work
from textual.app import App
from textual.binding import Binding, BindingType
from textual.driver import Driver
from textual.screen import Screen

from hive_tui.tui import chrome, facts, themes
from hive_tui.tui.asked import Asked
from hive_tui.tui.gauging import Gauging, faults
from hive_tui.tui.keyorder import KeyOrder
from hive_tui.tui.live.clock import FrameClock
from hive_tui.tui.live.driver import LiveDriver
from hive_tui.tui.live.private import whole_picture
from hive_tui.tui.palette import ActionCommands
from hive_tui.tui.screen import CouncilScreen
from hive_tui.tui.session import Session
from hive_tui.tui.themes import Styles
from hive_tui.tui.travel.session import TravellingSession

if TYPE_CHECKING:
    from hive_tui.config.paths import Paths
    from hive_tui.recording.navigation.walker import Place

MOVED_S = 0.1
"""Seconds between two looks, at least, while one moves through a run."""
LIVE_S, IDLE_S = 0.125, 0.5
"""Seconds between two looks at what the chrome says, during a run and between runs."""

SETTLED_S = 0.25
"""Seconds after the first picture at which the rest of the start is done."""


class HiveApp(App[object]):
    COMMANDS: ClassVar[Any] = {ActionCommands}
    BINDINGS: ClassVar[list[BindingType]] = [Binding("ctrl+q", "quit", show=False, priority=True)]
    ENABLE_COMMAND_PALETTE = True

    def __init__(
        self,
        session: Session,
        paths: Paths,
        *,
        theme: str = themes.DEFAULT.name,
        theme_folders: tuple[str, ...] = (),
        roles: tuple[str, ...] = chrome.PIPELINE,
        question: str = "",
        typed: Callable[[], str] = str,
        driver_class: type[Driver] | None = None,
        clock: Callable[[], float] = monotonic,
        opened: tuple[str, Place | None] | None = None,
    ) -> None:
        """`question` is asked at once; `opened` is a recorded run, and where in it one begins; `typed` gives what
        the question line shows already, once the driver reads; `clock` is the viewer's own, in monotonic seconds."""
        look = themes.painted(theme, paths.config)
        self.looks = {look.name: look}
        """By name; all of them once the first picture stands."""
        self.named_styles = Styles(look)
        # Without colours the terminal's own two are used, not Textual's greys.
        super().__init__(driver_class=driver_class, ansi_color=True if "NO_COLOR" in os.environ else None)
        self.session = TravellingSession(session, Path(paths.runs), lambda: round(clock() * 1e9))
        self._opened = opened
        self._looked = 0.0
        self.crash_report: Path | None = None
        """Where the report lies after a crash."""
        self.crash_fault = ""
        """Why there is none."""
        self.frames: FrameClock | None = None
        self._paths = paths
        self._question = question
        self._typed = typed
        self._clock = clock
        self._gauging = Gauging()
        self._begun = False
        self._shown = False
        self._early: list[events.Event] | None = []
        """What was typed before the question line could take it; `None` once it can."""
        self._keys = KeyOrder(self, super().on_event)
        self._theme_folders = [Path(folder) for folder in theme_folders]
        self._themes_loaded = False
        self._faults: list[str] = []
        self._council = CouncilScreen(self.session, self._history(), roles, clock)
        if opened is not None:
            self._council.view.timeline = "used"  # From the first layout on: none that follows is another.
        self.register_theme(themes.textual_theme(look))
        self.theme = look.name

    def _history(self) -> Asked:
        try:
            return Asked(Path(self._paths.questions))
        except OSError as error:
            self._faults.append(f"question history not read: {error}")
            return Asked(None)

    def _load_themes(self) -> None:
        """Read the theme files properly, once the person can type, and say what is wrong with them."""
        if self._themes_loaded:
            return
        self._themes_loaded = True
        chosen = self.theme
        looks, faults = themes.load(self._theme_folders)
        if chosen not in looks:
            faults.append(f"no theme {chosen!r} in {', '.join(map(str, self._theme_folders))}")
        for name, look in looks.items():
            if name != chosen:
                self.register_theme(themes.textual_theme(look))
        self.looks = {chosen: self.named_styles.look, **looks}
        self.watch_theme(chosen)
        for fault in (*self._faults, *faults):
            self.notify(fault, severity="warning", timeout=10, markup=False)

    def get_default_screen(self) -> Screen[None]:
        return self._council

    def on_mount(self) -> None:
        self._council.question.line.editor.insert(self._typed())
        self._council.call_after_refresh(self._begin)

    async def on_event(self, event: events.Event) -> None:
        if not isinstance(event, events.Key | events.Paste) or event.is_forwarded:
            await super().on_event(event)
        elif self._early is not None:
            self._early.append(event)
        elif isinstance(event, events.Key) and self._keys.idle and self._council.held_key(event.key):
            event.stop()
        else:
            await self._keys.take(event)

    async def _begin(self) -> None:
        """The screen stands: from here on it takes keys, those typed early first, and the clock moves it."""
        if not self.is_running:
            return
        council = self._council
        self.session.start(self._wake)
        council.set_focus(council.question.line, scroll_visible=False)
        self.frames = FrameClock(self, council.painted_rows, self._drain, self._rest)
        if self._opened is not None and council.open_run(*self._opened):
            # At once: keys that came early are for the timeline, and for the run that it shows.
            council.set_focus(council.timeline, scroll_visible=False)
            self._drain()
        self._begun = True
        early, self._early = self._early or [], None
        for event in early:
            await self._keys.take(event)
        self._run_frames(self.frames)
        self._tick()
        if self._question:
            council.ask(self._question)
        self.set_timer(SETTLED_S, self._settle)

    def _settle(self) -> None:
        """What can wait until the person types."""
        self._load_themes()
        gc.collect()
        gc.freeze()

    @work(exclusive=True, group="frames")
    async def _run_frames(self, frames: FrameClock) -> None:
        await frames.run()

    def _wake(self) -> None:
        if self.frames is not None:
            self.frames.wake()

    def _drain(self) -> bool:
        session, council = self.session, self._council
        self._release()
        before, place = council.state, session.moment
        state = session.drain()
        if state is not before:
            council.take(state)
        moved = session.moving or session.moment != place
        now = self._clock()
        if (
            (state.run, state.outcome) != (before.run, before.outcome)
            or (session.moment is None) != (place is None)
            or (moved and now - self._looked >= MOVED_S)
        ):
            self.look()
        elif moved:
            council.show_place()
        if session.moving:
            council.stop_at_break()
        return moved or state is not before

    def _rest(self) -> float | None:
        if not self.session.sleep():
            return None
        rest = self.session.rest_s
        return math.inf if rest is None else rest

    def _tick(self) -> None:
        if not self.is_running:
            return  # The session is closed before the last timer has run.
        self.look()
        self.set_timer(LIVE_S if self._council.live or self.session.travelling else IDLE_S, self._tick)

    def look(self) -> None:
        """Read the gauges and say everything anew."""
        council = self._council
        self._looked = self._clock()
        if self.frames is not None:
            self.frames.look()
        council.gauge_values = self._gauging.read(
            council.state,
            council.live if not self.session.travelling else facts.live(council.state),
            self.session.stats(),
            self.frames,
            self._clock(),
            self.session.past,
            self.session.rate,
        )
        council.gauge_faults = faults(self.frames)
        council.update_chrome()

    def post_display_hook(self) -> None:
        """Textual has written something: once it is the council's whole picture, the raw first frame has done."""
        if self.frames is not None:
            self.frames.displayed()
        self._release()

    def _release(self) -> None:
        """Show Textual's picture in the place of the raw first frame, once it is whole."""
        if not self._shown and self._council.is_current and self._whole:
            self._shown = True
            if isinstance(self._driver, LiveDriver):
                if self._opened is not None:
                    self._council.update_chrome()
                    # Before the run was read out of its recording, Textual wrote another picture.
                    self._driver.write(whole_picture(self, self._council))
                self._driver.release()

    @property
    def _whole(self) -> bool:
        """Whether all that the raw first frame showed is there in Textual's own picture."""
        council = self._council
        if self._opened is None:
            return bool(council.geometry.parts)
        return self._begun and council.at_rest

    # Themes

    def watch_theme(self, theme: str) -> None:
        look = self.looks.get(theme)
        if look is not None and look != self.named_styles.look:
            self.named_styles = Styles(look)
            self.refresh_css()

    def action_next_theme(self) -> None:
        self._load_themes()
        names = sorted(self.looks)
        name = names[(names.index(self.theme) + 1) % len(names)]
        self.theme = name
        try:
            themes.remember(Path(self._paths.config), name)
        except OSError as error:
            self._council.say(f"theme not kept: {error}")
        else:
            self._council.say(f"theme: {self.looks[name].title}")

    # The end

    def on_unmount(self) -> None:
        self.session.close()

    def _fatal_error(self) -> None:
        """Textual's own would print the values of variables: prompts and keys. A report with names only is left."""
        from hive_tui import crash

        error = sys.exc_info()[1] or self._exception
        if error is not None and self.crash_report is None:
            size = (self.size.width, self.size.height)
            try:
                self.crash_report = crash.write(error, size, Path(self._paths.crashes))
            except OSError as fault:
                self.crash_fault = f"no report of the crash could be written: {fault}"
        self._close_messages_no_wait()
