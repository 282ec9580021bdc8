"""Times of a run in words, as finely as is asked for, and the ticks of its axis. Pure."""

from __future__ import annotations

TICK_CELLS = 10
"""Fewest cells from one tick of the axis to the next."""
_UNITS = ((1_000_000, "ms"), (1_000, "us"), (1, "ns"))


def time_words(at_ns: int, step_ns: int, beside_ns: int = 0) -> str:
    """A time as a person says it, as finely as steps of that size need: `1m05s`, `12.5s`, `250ms`.

    `beside_ns` is the longest time that stands beside it: a half second is `0.5s` beside `1.5s`.
    """
    if not at_ns:
        return "0s"
    if at_ns >= 60_000_000_000:
        minutes, rest = divmod(at_ns, 60_000_000_000)
        tail = _seconds(rest, step_ns)
        return f"{minutes}m{'0' if rest < 10_000_000_000 else ''}{tail}" if rest else f"{minutes}m"
    if max(at_ns, step_ns, beside_ns) >= 1_000_000_000:
        return _seconds(at_ns, step_ns)
    for unit_ns, unit in _UNITS:
        if at_ns >= unit_ns:
            return f"{_decimal(at_ns, unit_ns, step_ns)}{unit}"
    return "0s"


def _seconds(at_ns: int, step_ns: int) -> str:
    return f"{_decimal(at_ns, 1_000_000_000, step_ns)}s"


def _decimal(at_ns: int, unit_ns: int, step_ns: int) -> str:
    places = 0
    while step_ns < unit_ns and unit_ns % 10 == 0 and places < 6:
        step_ns, places = step_ns * 10, places + 1
    scale = 10**places
    whole, part = divmod(at_ns * scale // unit_ns, scale)
    return f"{whole}.{part:0{places}}" if places else f"{whole}"


def step_of(length_ns: int, cells: int) -> int:
    """From one tick to the next: 1, 2 or 5 of a power of ten, or a round number of minutes."""
    least = max(1, length_ns * TICK_CELLS // cells)
    for step in (60, 120, 300, 600, 1200, 3600):
        if 30_000_000_000 < least <= step * 1_000_000_000:
            return step * 1_000_000_000
    power: int = 10 ** (len(str(least)) - 1)
    return next(step for step in (power, 2 * power, 5 * power, 10 * power) if step >= least)
