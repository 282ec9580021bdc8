"""The timeline under the panes: what the run did when, and where in it one is.

It owns what is seen of the run (zoom, pan, which lanes); the screen owns time, and is told by `Wanted` where a person
wants to be.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from msgspec import structs
from textual import events
from textual.binding import BindingType
from textual.message import Message

from hive_tui.core.commands import PlaceFound, TimelineOf
from hive_tui.tui.bindings import bindings_of
from hive_tui.tui.lines import Line
from hive_tui.tui.travel.scrubber import Stretch, reach
from hive_tui.tui.travel.timeline_rows import Shown, rows, with_cursor
from hive_tui.tui.widgets.bar import Bar

ZOOM = 2.0
PAN = 4
"""A pan moves the view by this part of it."""
BINS_A_CELL = 2
Here = tuple[int, int]
"""`seq` and `chunks` of a `walker.Place`, whose module is not imported with the screen: that takes 20 ms."""


@dataclass(frozen=True, slots=True)
class TimelineView:
    """What the screen knows of the run: its lanes, as the core last told, and where one is in it."""

    data: TimelineOf | None
    place_ns: int
    end_ns: int
    live: bool = False
    """Whether the run goes on."""
    here: Here = (0, 0)
    """Where one is, exactly."""


@dataclass(frozen=True, slots=True)
class Asked:
    """The stretch and the fineness that the bar would like to be shown."""

    start_ns: int
    stop_ns: int | None
    """`None` is the run's end."""
    bins: int


class TimelineBar(Bar, can_focus=True):
    BINDINGS: ClassVar[list[BindingType]] = bindings_of("timeline", "time")

    class Wanted(Message):
        """A person wants to be elsewhere: at a moment that was pointed at, or at a place that was found."""

        def __init__(self, at_ns: int, found: PlaceFound | None = None) -> None:
            super().__init__()
            self.at_ns = at_ns
            self.found = found

    class Moved(Message):
        """Another stretch is in view: `asked` is another."""

    def __init__(self, part: str = "timeline") -> None:
        super().__init__(part, self._lines)
        self.view = TimelineView(None, 0, 0)
        self.stretch = Stretch(0, 1, 1)
        self.selection: tuple[int, int] | None = None
        """The stretch that a person chose, for statistics and forks; from the lower time to the higher."""
        self._selecting: int | None = None
        self._first = 0
        self._kept: tuple[Shown, list[Line]] | None = None
        self._dragging = False

    def on_focus(self) -> None:
        self.update()

    def on_blur(self) -> None:
        self.update()

    # What is shown

    def show(self, view: TimelineView) -> None:
        """Take what is known now; costs a column of cells when only the place moved."""
        before, self.view = self.view, view
        end = reach(view.end_ns, view.live)
        if end != self.stretch.end_ns:
            whole = self.whole
            length = end if whole else min(self.stretch.length_ns, end)
            self.stretch = Stretch(0 if whole else self.stretch.start_ns, length, end).pan(0)
        if view.place_ns != before.place_ns:
            self._follow(view.place_ns)
        if view.place_ns != before.place_ns or before.data is None:
            self._follow_lane(view.place_ns)
        if self._selecting is not None:
            self._select_to(view.place_ns)
        self._first = min(self._first, self._last_first())
        self.update()

    @property
    def whole(self) -> bool:
        """Whether the whole run is in view."""
        return self.stretch.length_ns >= self.stretch.end_ns

    @property
    def asked(self) -> Asked:
        """What the core should be asked for."""
        stretch = self.stretch
        stop = None if stretch.start_ns + stretch.length_ns >= stretch.end_ns else stretch.start_ns + stretch.length_ns
        return Asked(stretch.start_ns, stop, BINS_A_CELL * self._shown().cells)

    def new_run(self) -> None:
        """Another run is shown: all of it, and nothing chosen."""
        self.view = TimelineView(None, 0, 0)
        self.stretch = Stretch(0, 1, 1)
        self.selection = self._selecting = None
        self._first = 0
        self.update()

    def zoom(self, steps: int, around_ns: int | None = None) -> None:
        """So many steps closer, or further away when negative, round the place where one is."""
        around = self.view.place_ns if around_ns is None else around_ns
        self._look_at(self.stretch.zoom(ZOOM**steps, around))

    def pan(self, steps: int) -> None:
        """So many quarters of the view to the right."""
        self._look_at(self.stretch.pan(self.stretch.length_ns * steps // PAN))

    def scroll_lanes(self, steps: int) -> None:
        self._first = min(max(self._first + steps, 0), self._last_first())
        self.update()

    def select(self) -> None:
        """Begin to choose a stretch here, or end it here; one that ends where it began is none."""
        if self._selecting is None:
            self._selecting = self.view.place_ns
            self._select_to(self.view.place_ns)
        else:
            if self.selection == (self._selecting, self._selecting):
                self.selection = None
            self._selecting = None
        self.update()

    @property
    def selecting(self) -> bool:
        """Whether the chosen stretch still goes with the place."""
        return self._selecting is not None

    def _select_to(self, place_ns: int) -> None:
        assert self._selecting is not None
        self.selection = (min(self._selecting, place_ns), max(self._selecting, place_ns))

    def _follow(self, place_ns: int) -> None:
        """Have the place in view: one that left it at an edge stands near that edge after a turn of the page."""
        stretch = self.stretch
        past = place_ns - stretch.start_ns
        if 0 <= past <= stretch.length_ns:
            return
        step = stretch.length_ns * 7 // 8
        by = past - (stretch.length_ns - step) if past > 0 else past - step
        self._look_at(stretch.pan(by))

    def _follow_lane(self, place_ns: int) -> None:
        """Have a lane in view that something goes on in, where some lanes are out of view."""
        data, rows = self.view.data, self._shown().lane_rows
        if data is None or len(data.lanes) <= rows:
            return
        going_on = [
            number
            for number, lane in enumerate(data.lanes)
            if lane.started_ns <= place_ns and (lane.ended_ns is None or place_ns <= lane.ended_ns)
        ]
        if going_on and not any(self._first <= number < self._first + rows for number in going_on):
            down = going_on[0] >= self._first
            self._first = going_on[0] - rows + 1 if down else going_on[-1]

    def _look_at(self, stretch: Stretch) -> None:
        if stretch != self.stretch:
            self.stretch = stretch
            self.post_message(self.Moved())
            self.update()

    def _last_first(self) -> int:
        lanes = 0 if self.view.data is None else len(self.view.data.lanes)
        return max(0, lanes - self._shown().lane_rows)

    # Rows

    def _shown(self) -> Shown:
        width, height = self.extent
        return Shown(self.view.data, self.stretch, max(1, width), height, self._first, self.selection)

    def _lines(self, width: int, height: int) -> list[Line]:
        if not height or not width:
            return []
        shown = self._shown()
        still = structs.replace(shown, selection=None)
        if self._kept is None or self._kept[0] != still:
            self._kept = (still, rows(still))
        return with_cursor(shown, self._kept[1], self.view.place_ns, self.has_focus)

    # Mouse

    def _moment(self, event: events.MouseEvent) -> int:
        """The moment under the pointer; the run's end at its last cell, so that one can come back to it."""
        shown = self._shown()
        column = event.x - shown.label
        stretch = self.stretch
        if column >= shown.cells - 1:
            return min(stretch.start_ns + stretch.length_ns, self.view.end_ns)
        return min(stretch.moment(column, shown.cells), self.view.end_ns)

    def on_mouse_down(self, event: events.MouseDown) -> None:
        if event.button == 1 and self.stretch.end_ns > 1:
            event.stop()
            self._dragging = True
            self.capture_mouse()
            self.post_message(self.Wanted(self._moment(event)))

    def on_mouse_move(self, event: events.MouseMove) -> None:
        if self._dragging:
            event.stop()
            self.post_message(self.Wanted(self._moment(event)))

    def on_mouse_up(self, event: events.MouseUp) -> None:
        if self._dragging:
            event.stop()
            self._dragging = False
            self.release_mouse()

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        self._wheel(event, 1)

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        self._wheel(event, -1)

    def on_mouse_scroll_left(self, event: events.MouseScrollLeft) -> None:
        event.stop()
        self.pan(-1)

    def on_mouse_scroll_right(self, event: events.MouseScrollRight) -> None:
        event.stop()
        self.pan(1)

    def _wheel(self, event: events.MouseEvent, steps: int) -> None:
        event.stop()
        if event.shift:
            self.pan(-steps)
            return
        # What is under the pointer stays there.
        shown = self._shown()
        column = min(max(event.x - shown.label, 0), shown.cells - 1)
        under = self.stretch.moment(column, shown.cells)
        closer = self.stretch.zoom(ZOOM**steps, under)
        self._look_at(closer.pan(under - closer.moment(column, shown.cells)))
