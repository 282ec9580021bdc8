"""How many frames may be on their way to the terminal.

A slow line hides what it has not shown: the pty and the line take tens of kilobytes before a write blocks, and a key's
echo waits behind all of them. So each frame ends with the question `CSI ? 2026 $ p`, and the terminal's answer says
that it has read the frame. Terminals that never answer are paced by the bytes that the kernel would not take.
"""

from __future__ import annotations

from collections import deque

QUESTION = "\x1b[?2026$p"
"""DECRQM for synchronised output, https://gist.github.com/christianparpart/d8a62cc1ab659194337d73e399004036."""
NEAR = 0.010
"""A round trip below this many seconds is a terminal on this machine."""
AHEAD = 3
"""Unanswered frames that a near terminal may have; one further away may have one."""
PATIENCE = 0.5
"""Seconds after which an answer is given up, or four round trips when that is longer."""
SLOW = 0.030
"""A frame that takes longer than this from writing to answer is cut down to one pane."""


class Pacer:
    """Pure bookkeeping: times, in seconds, are passed in."""

    def __init__(self) -> None:
        self.round_trip: float | None = None
        """Smoothed seconds from a frame's write to its answer; `None` before the first answer."""
        self._sent: deque[float] = deque()
        self._given_up = 0

    @property
    def unanswered(self) -> int:
        """Questions whose answer may still come; also of those given up."""
        return len(self._sent) + self._given_up

    @property
    def slow(self) -> bool:
        return self.round_trip is not None and self.round_trip > SLOW

    @property
    def answers(self) -> bool:
        """Whether the terminal is known to answer."""
        return self.round_trip is not None

    def may_send(self, now: float, unsent: int) -> bool:
        """Whether another frame may be written; `unsent` is the bytes that the kernel has not taken yet."""
        if unsent:
            return False
        patience = PATIENCE if self.round_trip is None else max(PATIENCE, 4 * self.round_trip)
        while self._sent and now - self._sent[0] > patience:
            self._sent.popleft()
            self._given_up += 1
        if self.round_trip is None:
            # Until the first answer comes nobody knows whether one will: the bytes in flight are all there is.
            return True
        return len(self._sent) < (AHEAD if self.round_trip < NEAR else 1)

    def sent(self, now: float) -> None:
        """A frame with the question behind it was written."""
        self._sent.append(now)

    def answered(self, now: float) -> None:
        """The terminal answered: the oldest question that waits, for answers come in order."""
        if self._given_up:
            # A late answer belongs to a frame that is counted no more.
            self._given_up -= 1
            self.round_trip = PATIENCE if self.round_trip is None else max(self.round_trip, PATIENCE)
            return
        if self._sent:
            took = now - self._sent.popleft()
            self.round_trip = took if self.round_trip is None else self.round_trip + (took - self.round_trip) / 8

    def forget(self) -> None:
        """The terminal was left or came back: what was on its way never arrives."""
        self._sent.clear()
        self._given_up = 0
