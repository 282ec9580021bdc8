"""The session that travels: the present of another session, or any moment of a recorded run, live or past.

The screen asks it for a state and draws that; whether it is the present's or a past one makes no difference there. The
present goes on being read meanwhile. At most one seek a frame is made, to where a person wants to be by then.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from hive_tui.recording.folder import MARKERS
from hive_tui.state import RunState
from hive_tui.tui.session import Lanes, Session
from hive_tui.tui.travel.player import Player, Wanted
from hive_tui.tui.travel.present import Present

if TYPE_CHECKING:
    from hive_tui.recording.navigation.walker import Place
    from hive_tui.tui.travel.opened import Opened

GROWTH_NS = 120_000_000
"""Between two looks at whether a recording has grown or gone."""
LOST_NS = 1_000_000_000
"""Between two looks at whether a recording that is whole is still there, while nobody moves in it."""


class TravellingSession(Present):
    """Implements `tui.session.Session` over another one, the present."""

    def __init__(self, session: Session, runs: Path, clock: Callable[[], int]) -> None:
        """`clock` is the viewer's own, in monotonic nanoseconds."""
        super().__init__(session)
        self._runs = runs
        self._clock = clock
        self._opened: Opened | None = None
        self._foreign = False
        """Whether the opened run is another than the session's own."""
        self.past = False
        """Whether an earlier moment is shown than the newest."""
        self._player = Player(0, 0, 0)
        self._wanted = Wanted()
        self.jumps = 0
        """How often a person went elsewhere; what playing does is none."""
        self._looked_ns = 0
        self._said: list[str] = []
        self.lost = ""
        """The run over which the core died: no end of it will come."""
        self.present_state = RunState()
        """Of the session's own run, whatever is shown."""
        self.fault = ""
        """What is wrong with the recording that one travels in; empty when nothing is."""

    # Where one is

    @property
    def travelling(self) -> bool:
        """Whether a recording is shown, at whatever moment, and not the session's own present."""
        return self._opened is not None and (self.past or self._foreign)

    @property
    def has_recording(self) -> bool:
        """Whether a recording is open to travel in."""
        return self._opened is not None

    @property
    def foreign(self) -> bool:
        """Whether another run is shown than the session's own."""
        return self._foreign

    @property
    def direction(self) -> int:
        """1 while it plays, -1 while it plays backwards, 0 while it stands."""
        return self._player.direction

    @property
    def speed(self) -> float:
        return self._player.speed

    @property
    def here(self) -> tuple[int, int]:
        """Events, and chunks of the one behind them, that are shown."""
        if self._opened is None or not self.travelling:
            return self.present_state.seq, 0
        return self._opened.place.seq, self._opened.place.chunks

    @property
    def moment(self) -> tuple[int, int] | None:
        """`here` in the past; `None` in the present."""
        return self.here if self.past else None

    @property
    def part(self) -> bool:
        """Whether one is in the middle of an event."""
        return self.here[1] > 0

    @property
    def end_ns(self) -> int:
        """How long the shown run is by now, in ns."""
        if self._opened is not None and self._foreign:
            return self._opened.end_ns
        if self.present_state.run and self.present_state.run == self.lost:
            return self.present_state.time_ns
        return self._session.now_ns() if self.present_state.run else 0

    @property
    def growing(self) -> bool:
        """Whether the shown run goes on, as far as its recording tells."""
        if self._opened is not None and self._foreign:
            return not self._opened.complete
        present = self.present_state
        return bool(present.run) and present.outcome is None and present.run != self.lost

    @property
    def marked_ns(self) -> int:
        """When somebody last set or removed a marker of the shown run, here or elsewhere; 0 where there is none."""
        folder = self._runs / self.present_state.run
        if self._opened is not None:
            folder = self._opened.folder
        try:
            return (folder / MARKERS).stat().st_mtime_ns
        except OSError:
            return 0

    @property
    def run_name(self) -> str:
        """What the core knows the shown run by: its id, or the path of a folder that lies elsewhere."""
        if self._opened is None or not self._foreign:
            return self.present_state.run
        # A folder that somebody copied holds another's id.
        own = self._opened.folder == self._runs / self._opened.run
        return self._opened.run if own else str(self._opened.folder)

    @property
    def rate(self) -> float | None:
        """Chunks a second of all calls in the second before the shown moment; `None` at the present."""
        if self._opened is None or not self.past:
            return None
        from hive_tui.tui.travel.opened import UnreadableError

        try:
            return self._opened.rate(self.now_ns())
        except UnreadableError as error:
            self.fault = str(error)
            return None

    def unreadable(self, error: Exception) -> None:
        """A text of the recording could not be read."""
        self.fault = f"the recording is damaged or gone: {error}; `hive verify` names every fault"

    # Going elsewhere

    def open_run(self, run: str, place: Place | None = None) -> str:
        """Show a recorded run, at its end or at a place, standing there; why it cannot be, or an empty string.

        `run` is the id of a run in the runs' folder, or the path of a run's folder.
        """
        if run == self.present_state.run:
            self._leave()
            if place is not None:
                self.seek(place)
            return ""
        if fault := self._open(self._runs / run, foreign=True, place=place):
            return fault
        opened = self._opened
        assert opened is not None
        self._arrive(place is not None and place < opened.last)
        return ""

    def seek(self, at: Place | int) -> None:
        """Want to be at a place, or at a time in ns of the run."""
        if self._can_travel():
            self._wanted.ask(at)
            self._wake()

    def move(self, ns: int = 0, events: int = 0, chunks: int = 0) -> None:
        """Want to be so much further, or back when negative; steps by events and chunks stop what plays."""
        if (ns or events or chunks) and self._can_travel():
            if events or chunks:
                self._player = self._player.pause(self._clock())
            self._wanted.move(ns, events, chunks)
            self._wake()

    def percent(self, percent: int) -> None:
        self.seek(self.end_ns * percent // 100)

    def present(self) -> None:
        """To the newest moment, and on with it."""
        self._wanted.drop()
        if self._opened is None:
            return
        self._player = self._player.pause(self._clock())
        if self._foreign:
            self._to_end()
        else:
            self._leave()
        self._wake()

    def toggle(self) -> None:
        """Play or pause. From the end of a run that is over it plays from the start."""
        if not self.past and self.growing:
            self.pause()
        elif self._can_travel():
            if not self.past:
                self._wanted.ask(0)
            now = self._clock()
            self._player = self._player.seek(self._player.place(now), now).toggle(now)
            self._wake()

    def pause(self) -> None:
        self._player = self._player.pause(self._clock())
        if not self.past and self.growing and self._can_travel():
            self._wanted.move(ns=-1)  # The moment at which it was pressed stays.
        self._wake()

    def shuttle(self, direction: int) -> None:
        """Turn round, or go on one step faster where it already goes that way."""
        if self._can_travel() and (self.past or direction < 0):
            if not self.past:
                self._wanted.move(ns=-1)
            self._player = self._player.shuttle(direction, self._clock())
            self._wake()

    def change_speed(self, steps: int) -> None:
        self._player = self._player.change_speed(steps, self._clock())

    def _can_travel(self) -> bool:
        """Have a recording of the shown run open."""
        if self._opened is not None:
            return True
        run = self.present_state.run
        if not run:
            self._said.append("there is no run yet")
            return False
        if self.present_state.unrecorded:
            self._said.append("this run is not recorded: there is no going back")
            return False
        if fault := self._open(self._runs / run, foreign=False):
            self._said.append(f"no going back: {fault}")
            return False
        self._player = Player(self.end_ns, self.end_ns, self._clock(), self._player.speed)
        return True

    def _open(self, folder: Path, *, foreign: bool, place: Place | None = None) -> str:
        """Have a recording open, another run's at a place, or its end; one that cannot be read leaves all as it was."""
        # Not before someone travels: it would cost the screen's start.
        from hive_tui.tui.travel.opened import Opened, UnreadableError

        try:
            opened = Opened(folder)
        except UnreadableError as error:
            return str(error)
        if foreign:
            try:
                opened.go(opened.last if place is None else place)
            except UnreadableError as error:
                opened.close()
                return str(error)
        self._leave()
        self._opened, self._foreign, self._looked_ns = opened, foreign, self._clock()
        return ""

    def _leave(self) -> None:
        """Back to the session's own present."""
        if self._opened is not None:
            self._opened.close()
        self._opened, self._foreign, self.past, self.fault = None, False, False, ""
        self._wanted.drop()
        self._player = self._player.pause(self._clock())

    def _to_end(self) -> None:
        opened = self._opened
        assert opened is not None
        self._go(lambda: opened.go(opened.last))
        self._arrive(False)

    def _arrive(self, past: bool) -> None:
        self.past = past
        opened = self._opened
        assert opened is not None
        now = self._clock()
        at = opened.state.time_ns if opened.place.seq else opened.end_ns
        self._player = Player(at, opened.end_ns, now, self._player.speed)

    def _go(self, go: Callable[[], RunState]) -> str:
        from hive_tui.tui.travel.opened import UnreadableError

        try:
            go()
        except UnreadableError as error:
            self.fault = str(error)
            self._player = self._player.pause(self._clock())
        else:
            self.fault = ""
        return self.fault

    # A frame

    @property
    def moving(self) -> bool:
        """Whether the next frame will be at another moment without anyone pressing a key."""
        return self.past and self._player.direction != 0

    def drain(self) -> RunState:
        self.present_state = self._session.drain()
        opened = self._opened
        if opened is None:
            return self.present_state
        now = self._clock()
        self._grow(opened, now)
        wish = self._wanted.take()
        if wish is not None:
            self.jumps += 1
            here = self._player.place(now) if self.past else self.end_ns
            if not self._foreign and wish.base is None and not self.past:
                self._go(lambda: opened.go(opened.last))
            if not self._go(lambda: opened.fulfil(wish, here)):
                timed = isinstance(wish.base, int) or (wish.base is None and wish.shift_ns)
                at = (wish.base if isinstance(wish.base, int) else here) + wish.shift_ns if timed else None
                if wish.events or wish.chunks or at is None:
                    at = opened.state.time_ns
                self.past = True
                self._player = self._player.grown(self.end_ns, now).seek(at, now)
                self._at_end(opened, now)
        elif self.moving:
            self._play(opened, now)
        return opened.state if self.past or self._foreign else self.present_state

    def _play(self, opened: Opened, now: int) -> None:
        self._player = self._player.grown(self.end_ns, now)
        at = self._player.place(now)
        self._go(lambda: opened.go_to_time(at))
        if at <= 0 and self._player.direction < 0:
            self._player = self._player.pause(now)
        self._at_end(opened, now)

    def _at_end(self, opened: Opened, now: int) -> None:
        """Whoever comes to the newest event is in the present again; of a run that grows, at the newest moment."""
        if opened.place < opened.last or (self.growing and self._player.place(now) < self._player.end_ns):
            return
        if self._player.direction < 0:
            return
        if self._foreign:
            self._arrive(False)
        else:
            self._leave()

    def _grow(self, opened: Opened, now: int) -> None:
        """Look whether there is more, or nothing any more."""
        if now - self._looked_ns < GROWTH_NS:
            return
        self._looked_ns = now
        from hive_tui.tui.travel.opened import UnreadableError

        try:
            grew = opened.grow()
        except UnreadableError as error:
            self.fault = str(error)
            return
        if grew and self._foreign and not self.past:
            self._to_end()

    @property
    def rest_s(self) -> float | None:
        """How long the clock may sleep though nothing comes; `None` for ever."""
        if self._opened is None:
            return None
        return (LOST_NS if self._opened.complete else GROWTH_NS) / 1e9

    def now_ns(self) -> int:
        if self._opened is None or not (self.past or self._foreign):
            return self._session.now_ns()
        return self._player.place(self._clock()) if self.past else self._opened.state.time_ns

    # What the present does otherwise while one travels

    def close(self) -> None:
        self._leave()
        super().close()

    def ask(self, question: str) -> None:
        self._leave()
        super().ask(question)

    def leave(self) -> None:
        self._leave()
        self._wake()

    def lanes(self) -> Lanes | None:
        return None if self._foreign else super().lanes()

    def notices(self) -> Sequence[str]:
        said, self._said = self._said, []
        return [*said, *super().notices()]
