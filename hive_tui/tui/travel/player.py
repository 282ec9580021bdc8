"""Where in a run the viewer is, and how that moves while a recording is played.

Pure: the clock's time is passed in, and no recording is read here. Places are nanoseconds of the run's own
monotonic time, so that an idle second takes a second at speed 1 however many events lie in it.
"""

from dataclasses import dataclass, replace

TYPE_CHECKING = False
if TYPE_CHECKING:
    from hive_tui.recording.navigation.walker import Place

SPEEDS = (0.1, 0.25, 0.5, 1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0)


@dataclass(frozen=True, slots=True)
class Player:
    """A place in a run. `at_ns` held at `since_ns` of the viewer's clock; `direction` is -1, 0 (paused) or 1."""

    at_ns: int
    end_ns: int
    since_ns: int
    speed: float = 1.0
    direction: int = 0

    def place(self, now_ns: int) -> int:
        """The place at a moment of the viewer's clock, in ns of the run, never outside the run."""
        moved = round((now_ns - self.since_ns) * self.speed) * self.direction
        return min(max(self.at_ns + moved, 0), self.end_ns)

    def seek(self, at_ns: int, now_ns: int) -> "Player":
        """Go to a place and play on from there, if it was playing."""
        return replace(self, at_ns=min(max(at_ns, 0), self.end_ns), since_ns=now_ns)

    def percent(self, percent: int, now_ns: int) -> "Player":
        """Go to a percentage of the run's duration."""
        return self.seek(self.end_ns * percent // 100, now_ns)

    def pause(self, now_ns: int) -> "Player":
        """Stay where it is."""
        return replace(self.seek(self.place(now_ns), now_ns), direction=0)

    def toggle(self, now_ns: int) -> "Player":
        """Play forwards if paused, else pause."""
        if self.direction:
            return self.pause(now_ns)
        return replace(self.seek(self.place(now_ns), now_ns), direction=1)

    def shuttle(self, direction: int, now_ns: int) -> "Player":
        """J and L: turn round at speed 1, or go on one step faster where it already goes that way."""
        here = self.seek(self.place(now_ns), now_ns)
        if self.direction == direction:
            return here.change_speed(1, now_ns)
        return replace(here, direction=direction, speed=1.0)

    def change_speed(self, steps: int, now_ns: int) -> "Player":
        """So many steps along SPEEDS; the place does not jump."""
        index = min(max(SPEEDS.index(self.speed) + steps, 0), len(SPEEDS) - 1)
        return replace(self.seek(self.place(now_ns), now_ns), speed=SPEEDS[index])

    def grown(self, end_ns: int, now_ns: int) -> "Player":
        """The run became longer: a viewer who waited at the old end goes on from there, without a jump."""
        return replace(self.seek(self.place(now_ns), now_ns), end_ns=max(self.end_ns, end_ns))


@dataclass(frozen=True, slots=True)
class Wish:
    """Where a person wants to be: from a base, so far in time, then so many events, then so many chunks."""

    base: "int | Place | None" = None
    """Nanoseconds of the run, or a place; `None` is where one is."""
    shift_ns: int = 0
    events: int = 0
    chunks: int = 0


class Wanted:
    """The newest wish. An absolute one drops all before it; steps add up, so that no key is lost and none queues."""

    def __init__(self) -> None:
        self._wish: Wish | None = None

    def ask(self, at: "int | Place") -> None:
        """Want this moment or place, and none of those before."""
        self._wish = Wish(at)

    def move(self, ns: int = 0, events: int = 0, chunks: int = 0) -> None:
        """Want to be so much further, back when negative, than was wanted so far."""
        wish = self._wish or Wish()
        self._wish = Wish(wish.base, wish.shift_ns + ns, wish.events + events, wish.chunks + chunks)

    def drop(self) -> None:
        self._wish = None

    def take(self) -> Wish | None:
        """The wish of this frame, once; None where nothing was asked since."""
        taken, self._wish = self._wish, None
        return taken
