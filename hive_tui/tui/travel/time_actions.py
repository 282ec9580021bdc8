"""What a person can do with time: rewind, step, play, and open a recorded run."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hive_tui.tui.view import CouncilView
from hive_tui.tui.widgets.timeline import TimelineBar

if TYPE_CHECKING:
    from hive_tui.recording.navigation.walker import Place

STEP_NS = 5_000_000_000
"""The longest way of one press of an arrow."""
STEPS = 100
"""Presses of an arrow from one end of what the timeline shows to the other, at least."""
SHORTEST_NS = 1_000_000


class TimeActions(CouncilView):
    """Part of the screen."""

    def open_run(self, run: str, place: Place | None = None) -> bool:
        """Show a recorded run (an id, or the path of a run's folder) at its end or at a place; False when it cannot be
        read, which is said."""
        if fault := self.session.open_run(run, place):
            self.say(f"{run}: {fault}")
            return False
        self.use_timeline()
        return True

    def use_timeline(self) -> None:
        """Give the timeline its rows and the focus."""
        self.view.timeline = "used"
        self.look_again()
        self.timeline.focus(scroll_visible=False)

    def held_key(self, key: str) -> bool:
        """Do what a time key does that people hold down, in the timeline; False for any other.

        Textual hands a key from widget to widget, and what it is bound to is done several turns of the loop later: at
        the pace of a held key that would queue while frames are painted.
        """
        act = _HELD.get(key)
        # A screen beneath a dialog that one sees through is current as well.
        if act is None or not self.timeline.has_focus or not self.is_active:
            return False
        act(self)
        return True

    def _move(self, ns: int = 0, events: int = 0, chunks: int = 0) -> None:
        self.heard()
        self.session.move(ns, events, chunks)

    def action_back(self) -> None:
        self._move(ns=-self._step())
        if self.session.has_recording and not self.timeline.has_focus:
            self.use_timeline()

    def action_forward(self) -> None:
        if self.session.past:
            self._move(ns=self._step())

    def action_event_back(self) -> None:
        self._move(events=-1)

    def action_event_forward(self) -> None:
        if self.session.past:
            self._move(events=1)

    def action_chunk_back(self) -> None:
        self._move(chunks=-1)

    def action_chunk_forward(self) -> None:
        if self.session.past:
            self._move(chunks=1)

    def action_play(self) -> None:
        self.heard()
        self.session.toggle()

    def action_shuttle_back(self) -> None:
        self.heard()
        self.session.shuttle(-1)

    def action_hold(self) -> None:
        self.heard()
        self.session.pause()

    def action_shuttle_forward(self) -> None:
        self.heard()
        self.session.shuttle(1)

    def action_faster(self) -> None:
        self._change_speed(1)

    def action_slower(self) -> None:
        self._change_speed(-1)

    def _change_speed(self, steps: int) -> None:
        self.session.change_speed(steps)
        if self.session.moving:
            self.heard()  # The status line tells it, beside the moment.
        else:
            self.say(f"speed {self.session.speed:g}x")

    def action_percent(self, percent: int) -> None:
        self.heard()
        self.session.percent(percent)

    def action_run_start(self) -> None:
        self.action_percent(0)

    def action_run_end(self) -> None:
        here = self.here()
        body = self.panes[here].body if here is not None and here >= 0 else None
        if body is not None and not body.following:
            body.follow()
        else:
            self.heard()
            self.session.present()

    def on_timeline_bar_wanted(self, message: TimelineBar.Wanted) -> None:
        from hive_tui.recording.navigation.walker import Place

        found = message.found
        if found is None:
            self.heard()  # Of a place that was found, a word may just have been said.
        self.session.seek(message.at_ns if found is None else Place(found.seq, found.chunks))

    def _step(self) -> int:
        stretch = self.timeline.stretch
        length = stretch.length_ns if stretch.end_ns > 1 else self.session.end_ns
        return min(max(length // STEPS, SHORTEST_NS), STEP_NS)


_HELD = {
    "left": TimeActions.action_back,
    "right": TimeActions.action_forward,
    "comma": TimeActions.action_event_back,
    "full_stop": TimeActions.action_event_forward,
    "less_than_sign": TimeActions.action_chunk_back,
    "greater_than_sign": TimeActions.action_chunk_forward,
}
