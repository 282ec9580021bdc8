"""When to ask the core for the timeline: at once for another stretch, seldom for what grows, never while nobody looks.

What is known stays on the screen until the answer comes: a zoom shows what it has, coarser or with blank edges, and is
sharp a moment later.
"""

from __future__ import annotations

from collections.abc import Callable

from hive_tui.core.commands import Command, Refused, Reply, TimelineLanes, TimelineOf
from hive_tui.tui.widgets.timeline import Asked

EVERY_S = 1.0
SHARE = 10
"""The core is asked for what grows no more than a tenth of the time, however long it needs."""


class TimelineAsking:
    """What is known of one run's timeline. Times are monotonic seconds of `clock`."""

    def __init__(
        self,
        query: Callable[[Command, Callable[[Reply | None], None]], None],
        clock: Callable[[], float],
        say: Callable[[str], None],
    ) -> None:
        """`say` is told why there are no lanes."""
        self._query = query
        self._clock = clock
        self._say = say
        self._begin("")

    def _begin(self, run: str) -> None:
        self._run = run
        self.known: TimelineOf | None = None
        """As last told, of the run that is shown."""
        self._told: Asked | None = None
        """What `known` answers."""
        self._asked: Asked | None = None
        """What is on its way."""
        self._asked_s = 0.0
        self._next_s = 0.0
        self._last = False
        """Whether nothing more will come: after the run's end, or where the core refused."""
        self._died = False
        """Whether the core died over the last question: another may be there by and by."""

    def look(self, run: str, over: bool, asked: Asked) -> TimelineOf | None:
        """The timeline as far as it is known, and a question to the core if one is due."""
        if run != self._run:
            self._begin(run)
        now = self._clock()
        other = asked != self._told
        due = other or (not self._last and (now >= self._next_s or (over and not self._died)))
        if run and self._asked is None and due:
            self._asked, self._asked_s = asked, now
            self._query(
                TimelineLanes(run, asked.start_ns, asked.stop_ns, asked.bins),
                lambda reply: self._take(run, over, asked, reply),
            )
        return self.known

    def again(self) -> None:
        """Something changed that the run itself does not tell, such as a marker: ask when one looks next."""
        self._told = None

    def _take(self, run: str, over: bool, asked: Asked, reply: Reply | None) -> None:
        if run != self._run or self._asked is None:
            return
        now = self._clock()
        self._next_s = now + max(EVERY_S, SHARE * (now - self._asked_s))
        self._asked, self._told = None, asked
        self._last, self._died = over, reply is None
        if isinstance(reply, TimelineOf):
            if reply.problem and (self.known is None or self.known.problem != reply.problem):
                self._say(reply.problem)
            self.known = reply
            return
        self._last = reply is not None
        if isinstance(reply, Refused):
            self._say(f"no timeline: {reply.error.message}")
