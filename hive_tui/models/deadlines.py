"""The time limits of one call, kept by one timer.

A timer a read would cost more than the read. So a read only notes its time; the timer, when it fires too early because
something was read since, moves itself on.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from enum import Enum, auto

from hive_tui.models.call import Limits


class Phase(Enum):
    CONNECTING = auto()
    WAITING = auto()
    """The request is sent or being sent; no text has come."""
    STREAMING = auto()
    FINISHING = auto()
    """The provider has said why it stopped; its usage report and its end mark are awaited."""
    DRAINING = auto()
    """The answer is complete; the body's end is awaited, so that the connection can be used again."""


FINISH_S = 2.0
"""Longest silence between a finish reason and what may follow it: the answer is there, and nobody waits for a server
that never hangs up."""
DRAIN_S = 0.25
"""How long a server may take to end a body after the dialect's own end mark."""


class Deadlines:
    """Calls `expire` once with the kind of the error when a limit is broken; with "" when the answer was there."""

    def __init__(self, limits: Limits, loop: asyncio.AbstractEventLoop, expire: Callable[[str], None]) -> None:
        self._limits = limits
        self._loop = loop
        self._expire = expire
        self._phase = Phase.CONNECTING
        self._timer: asyncio.TimerHandle | None = None
        self.started_at = self.since = loop.time()
        self._arm()

    def enter(self, phase: Phase) -> None:
        """A phase begins now, or begins anew."""
        self._phase = phase
        self.since = self._loop.time()
        self._arm()

    def heard(self) -> None:
        """Bytes came: silence is counted from now."""
        if self._phase is Phase.STREAMING:
            self.since = self._loop.time()

    def close(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _due(self) -> tuple[float, str] | None:
        limits = self._limits
        limit, kind = {
            Phase.CONNECTING: (limits.connect, "timeout_connect"),
            Phase.WAITING: (limits.first_token, "timeout_first_token"),
            Phase.STREAMING: (limits.idle, "timeout_idle"),
            Phase.FINISHING: (min(FINISH_S, limits.idle or FINISH_S), ""),
            Phase.DRAINING: (DRAIN_S, ""),
        }[self._phase]
        dues = [] if limit is None else [(self.since + limit, kind)]
        if limits.total is not None and self._phase is not Phase.DRAINING:
            dues.append((self.started_at + limits.total, "timeout_total"))
        return min(dues, default=None)

    def _arm(self) -> None:
        self.close()
        due = self._due()
        if due is not None:
            self._timer = self._loop.call_at(due[0], self._fire)

    def _fire(self) -> None:
        due = self._due()
        # A loop's timer may fire up to its clock's resolution early.
        if due is not None and due[0] <= self._loop.time() + 0.002:
            self._timer = None
            self._expire(due[1])
        else:
            self._arm()
