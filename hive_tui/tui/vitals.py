"""CPU of this process, by the operating system."""

from __future__ import annotations

import os


class Vitals:
    def __init__(self) -> None:
        self._before: tuple[float, float] | None = None

    def cpu_percent(self, now: float) -> float | None:
        """User and system time since the last call, of one core; `None` at the first. `now` in monotonic seconds."""
        times = os.times()
        used = times.user + times.system
        before, self._before = self._before, (now, used)
        if before is None or now <= before[0]:
            return None
        return 100 * (used - before[1]) / (now - before[0])
