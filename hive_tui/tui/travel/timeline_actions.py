"""What a person can do with the timeline: see another stretch of it, and go to places that are found."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from hive_tui.core.commands import FindPlace, PlaceFound, Refused, Reply
from hive_tui.tui.travel.break_points import BreakPoints, Met, find_nearest, place_of
from hive_tui.tui.travel.time_words import time_words
from hive_tui.tui.travel.timeline_asking import TimelineAsking
from hive_tui.tui.view import CouncilView
from hive_tui.tui.widgets.timeline import Here, TimelineBar, TimelineView

if TYPE_CHECKING:
    from hive_tui.tui.travel.session import TravellingSession


GROWN_NS = 1_000_000_000
"""So much longer a run must be before break points that were not met in it are looked for again."""


class TimelineActions(CouncilView):
    """Part of the screen. Where someone wants to be is told by the bar's message `Wanted`."""

    def __init__(self, session: TravellingSession, roles: tuple[str, ...], clock: Callable[[], float]) -> None:
        super().__init__(session, roles, clock)
        self.breaks = BreakPoints(session.query, self.say)
        self._timeline_of = ""
        self._stops_until = self._jumps = 0
        self._marked = 0
        self._asking = TimelineAsking(session.query, clock, self.say)

    def show_place(self) -> None:
        super().show_place()
        session = self.session
        run = session.run_name if self.state.run else ""
        self.show_timeline(run, session.here, session.now_ns(), session.end_ns, session.growing)

    def show_timeline(self, run: str, here: Here, place_ns: int, end_ns: int, live: bool) -> None:
        """Where one is in a run that reaches to `end_ns` by now; asks the core for lanes when the bar is seen."""
        bar = self.timeline
        if run != self._timeline_of:
            self._timeline_of = run
            self.breaks.forget()
            bar.new_run()
        marked = self.session.marked_ns if run else 0
        if marked != self._marked:
            self._marked = marked
            self._asking.again()
        seen = bar.part in self.geometry.parts and bar.extent != (0, 0)
        data = self._asking.look(run, not live, bar.asked) if seen else self._asking.known
        bar.show(TimelineView(data, place_ns, end_ns, live, here))

    def stop_at_break(self) -> None:
        """Stand at a break point that playing came to, or that it passed while the core still looked for it."""
        session = self.session
        if session.jumps != self._jumps:
            self._jumps = session.jumps
            self.breaks.forget()  # What was ahead may be behind now, and nobody wants to go back to it.
        grown = session.end_ns - self._stops_until > GROWN_NS
        if grown:
            self._stops_until = session.end_ns
        met = self.breaks.stop_ahead(self._timeline_of, session.here, session.direction, grown)
        if met is None or met.found is None:
            return
        stop = place_of(met.found)
        if session.here >= stop if session.direction > 0 else session.here <= stop:
            session.pause()
            self._go(met.found)
            self.say(f"{met.condition} at {time_words(met.found.time_ns, 1_000_000)}")

    # What is seen

    def action_zoom_in(self) -> None:
        self.timeline.zoom(1)

    def action_zoom_out(self) -> None:
        self.timeline.zoom(-1)

    def action_pan_left(self) -> None:
        self.timeline.pan(-1)

    def action_pan_right(self) -> None:
        self.timeline.pan(1)

    def action_lanes_up(self) -> None:
        self.timeline.scroll_lanes(-1)

    def action_lanes_down(self) -> None:
        self.timeline.scroll_lanes(1)

    def action_select_stretch(self) -> None:
        bar = self.timeline
        bar.select()
        if bar.selection is not None and not bar.selecting:
            start, stop = bar.selection
            self.say(f"chosen: {time_words(start, 1_000_000)} to {time_words(stop, 1_000_000)}")

    # Places

    def action_previous_marker(self) -> None:
        self._jump("next:marker", backwards=True)

    def action_next_marker(self) -> None:
        self._jump("next:marker")

    def action_previous_stage(self) -> None:
        self._jump("next:stage", backwards=True)

    def action_next_stage(self) -> None:
        self._jump("next:stage")

    def action_previous_error(self) -> None:
        self._jump("next:error", backwards=True)

    def action_next_error(self) -> None:
        self._jump("next:error")

    def action_next_break(self) -> None:
        self._jump_to_break(backwards=False)

    def action_previous_break(self) -> None:
        self._jump_to_break(backwards=True)

    def _jump(self, where: str, *, backwards: bool = False) -> None:
        if not self._has_run():
            return
        here = self.timeline.view.here

        def take(reply: Reply | None) -> None:
            if isinstance(reply, PlaceFound):
                self._go(reply)
            elif isinstance(reply, Refused) and reply.error.kind != "given_up":
                self.say(reply.error.message)
            elif reply is None:
                self.say("the core process died: F5 starts a new one")

        self.session.query(FindPlace(self._timeline_of, where, *here, backwards), take)

    def _jump_to_break(self, *, backwards: bool) -> None:
        if not self._has_run():
            return
        if not self.breaks.conditions:
            self.say("no break point is set: b sets one")
            return

        def take(met: Met) -> None:
            if met.found is not None:
                self._go(met.found)
                self.say(f"{met.condition} at {time_words(met.found.time_ns, 1_000_000)}")
            elif met.problem:
                self.say(f"{met.condition}: {met.problem}")
            else:
                self.say(f"no break point is met {'before' if backwards else 'after'} this place")

        view = self.timeline.view
        self.say("searching")
        find_nearest(self.session.query, self._timeline_of, self.breaks.conditions, view.here, backwards, take)

    def _go(self, found: PlaceFound) -> None:
        self.heard()
        self.breaks.forget()
        self.timeline.post_message(TimelineBar.Wanted(found.time_ns, found))

    def _has_run(self) -> bool:
        if not self._timeline_of:
            self.say("there is no run yet")
        return bool(self._timeline_of)

    # Dialogs

    def action_go_to_place(self) -> None:
        from hive_tui.tui.travel.goto_dialog import GotoDialog

        if not self._has_run():
            return
        view = self.timeline.view
        stages = [each.name for each in view.data.stages if " " not in each.name] if view.data is not None else []
        markers = [each.name for each in view.data.markers] if view.data is not None else []

        def done(found: PlaceFound | None) -> None:
            if found is not None:
                self._go(found)

        self.app.push_screen(GotoDialog(self.session.query, self._timeline_of, view.here, stages, markers), done)

    def action_break_points(self) -> None:
        from hive_tui.tui.travel.breaks_dialog import BreaksDialog

        def changed(conditions: Sequence[str]) -> None:
            self.breaks.set(conditions)

        self.app.push_screen(BreaksDialog(self.breaks.conditions, changed))

    def action_markers(self) -> None:
        from hive_tui.tui.travel.markers_dialog import MarkersDialog

        if not self._has_run():
            return
        view = self.timeline.view
        markers = () if view.data is None else view.data.markers

        def done(what: PlaceFound | str | None) -> None:
            if isinstance(what, PlaceFound):
                self._go(what)
            elif what is not None:
                self.say(f"marker {what} set at {time_words(view.place_ns, 1_000_000)}")

        self.app.push_screen(
            MarkersDialog(self.session.query, self._timeline_of, view.here, view.place_ns, markers, self._asking.again),
            done,
        )
