"""A recording that is being looked at: its state at the place where one is, also while it grows."""

from __future__ import annotations

from pathlib import Path

from hive_tui.recording.folder import LOG
from hive_tui.recording.format import DamagedError
from hive_tui.recording.navigation.walker import Place, Walker
from hive_tui.recording.timeline import Timeline
from hive_tui.state import RunState
from hive_tui.wire import WireError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from hive_tui.tui.travel.player import Wish

UNREADABLE = (DamagedError, WireError, OSError)
"""What reading a recording may raise."""
RATE_NS = 1_000_000_000
"""The span over which a moment's rate is told."""
FIRST = Place(1)
"""On the screen one does not go before the first event: there is nothing to see there."""


class UnreadableError(Exception):
    """A recording, or a stretch of it, cannot be read; the message says why and what to do."""


class Opened:
    """Raises UnreadableError: there is no log, none of this version, or nothing in it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        try:
            self._timeline = Timeline(folder)
        except UNREADABLE as error:
            raise UnreadableError(_said(error)) from error
        self._walker = Walker(self._timeline)
        if not self._timeline.last_seq:
            self._timeline.close()
            raise UnreadableError("the recording holds no event; `hive verify` says what is wrong with it")

    def close(self) -> None:
        self._timeline.close()

    @property
    def run(self) -> str:
        """The run's id."""
        return self._timeline.blocks.header.run

    @property
    def complete(self) -> bool:
        """Whether the log has a sound end: nothing will come."""
        return self._timeline.blocks.complete

    @property
    def last(self) -> Place:
        return Place(self._timeline.last_seq)

    @property
    def end_ns(self) -> int:
        """Time of the last event."""
        return self._timeline.duration_ns

    @property
    def place(self) -> Place:
        return self._walker.place

    @property
    def state(self) -> RunState:
        """At `place`."""
        return self._walker.state

    def grow(self) -> bool:
        """Take what has come since the last call; False when nothing has.

        Raises:
            UnreadableError: somebody removed the recording. What was read of it can still be looked at.
        """
        if self.complete:
            if not (self.folder / LOG).exists():
                raise UnreadableError("the recording was removed while it was looked at")
            return False
        before = self._timeline.last_seq
        try:
            self._timeline.blocks.refresh()
        except UNREADABLE as error:
            raise UnreadableError(_said(error)) from error
        if not (self.folder / LOG).exists():
            raise UnreadableError("the recording was removed while it was looked at")
        if self._timeline.last_seq == before:
            return False
        place = self._walker.place
        self._walker = Walker(self._timeline)  # The old one may be in the middle of a block that is longer now.
        if place.seq:
            self.go(place)
        return True

    def go(self, place: Place) -> RunState:
        """The state there. Raises UnreadableError, and stays where it was."""
        walker, before = self._walker, self._walker.place
        try:
            return walker.go(max(place, FIRST))
        except UNREADABLE as error:
            self._return_to(before)
            raise UnreadableError(_said(error)) from error

    def go_to_time(self, at_ns: int) -> RunState:
        """The state after all events that are not later. Raises UnreadableError."""
        return self.go(self._at(at_ns))

    def fulfil(self, wish: Wish, here_ns: int) -> RunState:
        """The state where a person wants to be; `here_ns` is the time at which one is. Raises UnreadableError."""
        before = self._walker.place
        try:
            if wish.base is not None:
                self.go(self._at(wish.base) if isinstance(wish.base, int) else wish.base)
            if wish.shift_ns:
                base = wish.base if isinstance(wish.base, int) else here_ns if wish.base is None else self.state.time_ns
                self.go_to_time(base + wish.shift_ns)
            if wish.events:
                seq, chunks = self.place.seq, self.place.chunks
                self.go(Place(max(0, seq + wish.events + (chunks > 0 > wish.events))))
            for _ in range(abs(wish.chunks)):
                if (self._walker.place <= FIRST and wish.chunks < 0) or self._walker.place >= self.last:
                    break
                self._walker.step(1 if wish.chunks > 0 else -1)
        except UNREADABLE as error:
            self._return_to(before)
            raise UnreadableError(_said(error)) from error
        return self.state

    def rate(self, now_ns: int) -> float:
        """`rate` at the shown moment. Raises UnreadableError."""
        try:
            return rate(self._timeline, self.state, now_ns)
        except UNREADABLE as error:
            raise UnreadableError(_said(error)) from error

    def _at(self, at_ns: int) -> Place:
        try:
            return Place(self._timeline.seq_at(at_ns))
        except UNREADABLE as error:
            raise UnreadableError(_said(error)) from error

    def _return_to(self, place: Place) -> None:
        """A walker that failed on its way is of no more use."""
        state, fresh = self._walker.state, Walker(self._timeline)
        try:
            fresh.go(place)
            fresh.state = state
        except UNREADABLE:
            fresh.place, fresh.state = place, state
        self._walker = fresh


def rate(timeline: Timeline, state: RunState, now_ns: int) -> float:
    """Chunks a second of all calls in the second before a moment with that state.

    Raises what reading a recording raises.
    """
    span = min(RATE_NS, now_ns)
    if span <= 0:
        return 0.0
    since = now_ns - span
    before = timeline.state_at(timeline.seq_at(since)) if since > 0 else RunState()
    return (_chunks(state) - _chunks(before)) * RATE_NS / span


def _chunks(state: RunState) -> int:
    return sum(attempt.text.chunks for attempt in state.attempts)


def _said(error: Exception) -> str:
    match error:
        case FileNotFoundError():
            return "there is no recording of this run"
        case OSError():
            return f"the recording cannot be read: {error.strerror}"
    return f"the recording is damaged: {error}; `hive verify` names every fault"
