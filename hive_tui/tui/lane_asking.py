"""When to ask the core for lanes: seldom while a run is live, once more at its end, and never while nobody looks."""

from __future__ import annotations

from hive_tui.tui.session import Lanes

EVERY_S = 1.0
SHARE = 10
"""The core is asked for lanes no more than a tenth of the time, however long it needs."""


class LaneAsking:
    """What is known of one run's lanes, and when more may be asked for. Times are monotonic seconds, passed in."""

    def __init__(self) -> None:
        self.known: Lanes | None = None
        """As last told, of the run that is shown."""
        self._run = ""
        self._asked_s: float | None = None
        """When the question that is on its way was asked."""
        self._next_s = 0.0
        self._at_end = False
        """Whether all was asked: after the run's end, or where no answer is to be had."""

    def due(self, run: str, over: bool, now_s: float) -> bool:
        """Whether to ask now; said once, and the question then counts as asked."""
        if run != self._run:
            self._run, self.known = run, None
            self._asked_s, self._next_s, self._at_end = None, 0.0, False
        if not run or self._asked_s is not None or self._at_end or (now_s < self._next_s and not over):
            return False
        self._asked_s, self._at_end = now_s, over
        return True

    def answered(self, run: str, lanes: Lanes | None, now_s: float) -> None:
        """An answer came, or with `None` none ever will; one for a run that is no longer shown changes nothing."""
        if run != self._run or self._asked_s is None:
            return
        self._next_s = self._asked_s + max(EVERY_S, SHARE * (now_s - self._asked_s))
        self._asked_s = None
        if lanes is None:
            self._at_end = True
        else:
            self.known = lanes
