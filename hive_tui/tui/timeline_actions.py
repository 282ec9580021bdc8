"""What a person can do with the timeline."""

from __future__ import annotations

from hive_tui.tui.widgets.timeline import TimelineBar


class TimelineActions:
    """Methods of the screen; `timeline` is its bar."""

    timeline: TimelineBar

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
        self.timeline.select()
