"""How many frames a second the clock tries: 120, and less on a machine that cannot."""

from __future__ import annotations

STEPS = (120, 60, 30)
WINDOW = 0.5
"""Seconds of frames that are judged together."""
DOWN_AFTER = 2
"""Bad windows in a row that step down: one second, so that a single hiccup does not."""
UP_AFTER = 6
"""Good windows in a row that step up: longer, so that the rate does not swing."""
LATE_SHARE = 0.25
ROOM = 0.4
"""A faster step is tried when a frame's mean work fills less than this share of its period."""


class Rate:
    """Judges windows of frames; times are passed in, in seconds."""

    def __init__(self) -> None:
        self._step = 0
        self._bad = self._good = 0
        self._reset(0.0)

    @property
    def hertz(self) -> int:
        return STEPS[self._step]

    @property
    def period(self) -> float:
        return 1.0 / STEPS[self._step]

    def _reset(self, now: float) -> None:
        self._since = now
        self._frames = self._late = 0
        self._work = 0.0

    def pause(self, now: float) -> None:
        """The clock stopped or starts again: what was seen so far is not judged."""
        self._reset(now)

    def frame(self, now: float, late: float, work: float) -> None:
        """A frame began `late` seconds after it should have and took `work` seconds."""
        self._frames += 1
        self._late += late > self.period / 2 or work > self.period
        self._work += work
        if now - self._since < WINDOW:
            return
        if self._late > LATE_SHARE * self._frames:
            self._good = 0
            self._bad += 1
            if self._bad >= DOWN_AFTER:
                self._move(min(self._step + 1, len(STEPS) - 1))
        else:
            self._bad = 0
            faster = max(0, self._step - 1)
            fits = self._work / self._frames < ROOM / STEPS[faster]
            self._good = self._good + 1 if fits else 0
            if self._good >= UP_AFTER:
                self._move(faster)
        self._reset(now)

    def _move(self, step: int) -> None:
        self._step = step
        self._bad = self._good = 0
