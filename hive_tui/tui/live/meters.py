"""What the screen measures of itself. Nothing here is guessed: without a sample there is no number."""

from __future__ import annotations

from array import array
from collections import deque

SAMPLES = 512
KEY_LIMIT_S = 0.5
"""A key that was read so long ago, while nothing waits to be painted, changed nothing on the screen."""


class Samples:
    """The last few hundred measured times, in seconds."""

    def __init__(self, size: int = SAMPLES) -> None:
        self._size = size
        self._values = array("d")
        self._next = 0

    def add(self, value: float) -> None:
        if len(self._values) < self._size:
            self._values.append(value)
        else:
            self._values[self._next] = value
            self._next = (self._next + 1) % self._size

    def __len__(self) -> int:
        return len(self._values)

    def percentile(self, share: float) -> float | None:
        """The value that this share (0 to 1) of the samples does not exceed; `None` without samples."""
        if not self._values:
            return None
        ordered = sorted(self._values)
        return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


class Meters:
    """Frames, their intervals and the time from a key to what it changed on the screen."""

    def __init__(self) -> None:
        self.intervals = Samples()
        """Seconds between frames that followed each other without a pause."""
        self.key_to_paint = Samples()
        """Seconds from reading a key press to the write of the frame that shows its effect."""
        self.path = ""
        """How the last frame was painted: `fast`, `compositor`, or empty before the first."""
        self.reason = ""
        """Why the last frame did not go the fast way; empty when it did."""
        self.frames = 0
        self.rows = 0
        self.written = 0
        """Characters that the fast way wrote."""
        self._times: deque[float] = deque(maxlen=256)
        self._last: float | None = None
        self._key: float | None = None
        self._key_moved_pane = False

    def frame(self, now: float) -> None:
        self.frames += 1
        self._times.append(now)
        if self._last is not None:
            self.intervals.add(now - self._last)
        self._last = now

    def pause(self) -> None:
        """Nothing was there to paint: the next frame has no interval."""
        self._last = None

    def frames_per_second(self, now: float) -> int:
        """Frames of the last second."""
        return sum(1 for time in self._times if now - time <= 1.0)

    def key(self, now: float) -> None:
        """A key was read. One that changes nothing on the screen is forgotten, with the next or by `nothing_waits`."""
        self._key = now
        self._key_moved_pane = False

    def nothing_waits(self, now: float) -> None:
        """Textual has nothing to write: a key of some time ago must not be charged with what is written later."""
        if self._key is not None and not self._key_moved_pane and now - self._key > KEY_LIMIT_S:
            self._key = None

    def forget_key(self) -> None:
        """What is painted from here on has nothing to do with it."""
        self._key = None
        self._key_moved_pane = False

    def pane_moved(self) -> None:
        """The key's effect is in a pane: the next frame of the panes shows it."""
        self._key_moved_pane = True

    def panes_painted(self, now: float) -> None:
        if self._key_moved_pane:
            self.composed(now)

    def composed(self, now: float) -> None:
        """Textual wrote an update: where a key's effect on all else shows."""
        if self._key is not None:
            self.key_to_paint.add(now - self._key)
            self.forget_key()
