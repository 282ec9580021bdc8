"""Where in a run the viewer is, and how that moves while a recording is played.

Pure: the clock's time is passed in, and no recording is read here. Places are nanoseconds of the run's own
monotonic time, so that an idle second takes a second at speed 1 however many events lie in it.
"""

from dataclasses import dataclass, replace

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


class Wanted:
    """The newest place asked for: a seek that was not taken before the next one came is dropped, so none queues."""

    def __init__(self) -> None:
        self._at_ns: int | None = None

    def ask(self, at_ns: int) -> None:
        """Want this place, and none of those before."""
        self._at_ns = at_ns

    def take(self) -> int | None:
        """The place to go to in this frame, once; None where nothing was asked since."""
        taken, self._at_ns = self._at_ns, None
        return taken
