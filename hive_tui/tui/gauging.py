"""The gauges' figures, read from where they are measured; what nobody measured stays unknown."""

from __future__ import annotations

from collections import deque

from hive_tui.memory import resident_bytes
from hive_tui.state import RunState
from hive_tui.tui import facts
from hive_tui.tui.lines import cut
from hive_tui.tui.live.clock import FrameClock
from hive_tui.tui.live.meters import Meters
from hive_tui.tui.live.rate import STEPS
from hive_tui.tui.session import CoreStats
from hive_tui.tui.vitals import Vitals

VITALS_S = 1.0
WINDOW_S = 1.0
LONGEST_REASON = 40
"""Characters of the reason why the short way is not taken."""


class Gauging:
    """Reads a few times a second. Times are monotonic seconds, passed in."""

    def __init__(self) -> None:
        self._vitals = Vitals()
        self._screen: tuple[float | None, int | None] = (None, None)
        self._sampled = 0.0
        self._chunks: deque[tuple[float, int]] = deque()
        self._run = ""

    def read(
        self,
        state: RunState,
        live: bool,
        stats: CoreStats,
        clock: FrameClock | None,
        now: float,
        past: bool = False,
        past_rate: float | None = None,
    ) -> dict[str, str]:
        """Values by gauge; a gauge that is missing is unknown. `past` says that the state is of a past moment, and
        `past_rate` how many chunks a second came there, where that can be read."""
        if now - self._sampled >= VITALS_S:
            self._sampled = now
            self._screen = (self._vitals.cpu_percent(now), resident_bytes())
        lag = None if stats.lag_bytes is None else size(stats.lag_bytes)
        found = {
            **facts.recorded_gauges(state, live, self._rate(state, now) if live and not past else past_rate),
            "lag": lag,
            "core": _process(stats.cpu_percent, stats.memory_bytes),
            "screen": _process(*self._screen),
            **(_frames(clock, now, live) if clock is not None else {}),
        }
        return {name: value for name, value in found.items() if value is not None}

    def _rate(self, state: RunState, now: float) -> float | None:
        if state.run != self._run:
            self._run = state.run
            self._chunks.clear()
        self._chunks.append((now, sum(attempt.text.chunks for attempt in state.attempts)))
        while len(self._chunks) > 2 and now - self._chunks[1][0] >= WINDOW_S:
            self._chunks.popleft()
        (since, before), (until, after) = self._chunks[0], self._chunks[-1]
        return (after - before) / (until - since) if until - since >= WINDOW_S / 2 else None


def faults(clock: FrameClock | None) -> frozenset[str]:
    """Gauges that say of something that it is not as it should be: the clock stepped down, the short way is off."""
    if clock is None:
        return frozenset()
    return frozenset((*(("fps",) if clock.rate.hertz < STEPS[0] else ()), *(("path",) if clock.painter.off else ())))


def _frames(clock: FrameClock, now: float, live: bool) -> dict[str, str | None]:
    meters = clock.meters
    idle = clock.asleep and not live  # A count would change, be painted for that, and so be counted for ever.
    p99, key = meters.intervals.percentile(0.99), meters.key_to_paint.percentile(0.99)
    return {
        "fps": f"{'idle' if idle else meters.frames_per_second(now)}/{clock.rate.hertz}",
        "p99": None if p99 is None else f"{p99 * 1000:.1f} ms",
        "key": None if key is None else f"{key * 1000:.1f} ms",
        "path": _path(meters, clock.painter.off),
    }


def _path(meters: Meters, off: str) -> str | None:
    way = {"fast": "direct", "compositor": "compositor"}.get(meters.path)
    why = facts.one_line(off or meters.reason)
    return f"{way} ({cut(why, LONGEST_REASON)})" if way and why else way


def _process(cpu: float | None, memory: int | None) -> str | None:
    parts = [*([f"{cpu:.0f} %"] if cpu is not None else []), *([size(memory)] if memory is not None else [])]
    return " ".join(parts) or None


def size(count: int) -> str:
    """Bytes as people read them."""
    if count < 1000:
        return f"{count} B"
    return f"{count / 1000:.0f} kB" if count < 1_000_000 else f"{count / 1e6:.0f} MB"
