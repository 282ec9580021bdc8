"""Times and sizes as people write them: `500ms`, `30s`, `7d`; `300MB`, `5 GiB`."""

from __future__ import annotations

import re
from collections.abc import Mapping

_NUMBER = re.compile(r"(\d{1,18}(?:\.\d{1,9})?)\s*([A-Za-z]+)")
SECONDS: Mapping[str, float] = {
    "ms": 0.001,
    "s": 1.0,
    "m": 60.0,
    "min": 60.0,
    "h": 3600.0,
    "d": 86400.0,
    "w": 7 * 86400.0,
    "y": 365 * 86400.0,
}
BYTES: Mapping[str, float] = {
    "b": 1,
    "kb": 10**3,
    "mb": 10**6,
    "gb": 10**9,
    "tb": 10**12,
    "kib": 1 << 10,
    "mib": 1 << 20,
    "gib": 1 << 30,
}
LONGEST_S = 100 * 365 * 86400.0
LARGEST = 1 << 60


class UnitError(ValueError):
    """No such time or size; the message says how one is written."""


def seconds_of(text: str) -> float:
    """Raises UnitError; also for more than a hundred years."""
    return _value(text, SECONDS, LONGEST_S, "a time such as 30s, 5m, 2h, 7d or 1y")


def bytes_of(text: str) -> int:
    """Raises UnitError."""
    return round(_value(text, BYTES, LARGEST, "a size such as 300MB or 5GB"))


def _value(text: str, units: Mapping[str, float], largest: float, how: str) -> float:
    match = _NUMBER.fullmatch(text.strip())
    unit = None if match is None else units.get(match[2].lower())
    value = None if match is None or unit is None else float(match[1]) * unit
    if value is None or value > largest:
        raise UnitError(f"expected {how}, got {text[:40]!r}")
    return value
