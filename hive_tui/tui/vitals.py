"""CPU and memory of this process, by the operating system."""

from __future__ import annotations

import os

_STATM = "/proc/self/statm"


class Vitals:
    def __init__(self) -> None:
        self._before: tuple[float, float] | None = None
        self._page = os.sysconf("SC_PAGE_SIZE")

    def cpu_percent(self, now: float) -> float | None:
        """User and system time since the last call, of one core; `None` at the first. `now` in monotonic seconds."""
        times = os.times()
        used = times.user + times.system
        before, self._before = self._before, (now, used)
        if before is None or now <= before[0]:
            return None
        return 100 * (used - before[1]) / (now - before[0])

    def memory_bytes(self) -> int | None:
        """Resident memory; `None` where the system does not say the present one (macOS knows the peak only)."""
        try:
            with open(_STATM, encoding="ascii") as file:
                return int(file.read().split()[1]) * self._page
        except OSError:
            return None
