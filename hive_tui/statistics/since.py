"""A moment as people name it: so long ago, or a day; pure."""

from __future__ import annotations

import re
from datetime import UTC, datetime

_AGO = re.compile(r"(\d{1,5})(m|h|d|w)", re.ASCII)
_NS = {"m": 60 * 10**9, "h": 3600 * 10**9, "d": 24 * 3600 * 10**9, "w": 7 * 24 * 3600 * 10**9}


class SinceError(ValueError):
    """The words name no moment; the message says what would."""


def since_ns(text: str, now_ns: int) -> int:
    """Unix time in nanoseconds; 0, which is before all, for no words. A day begins at 0:00 UTC.

    Raises:
        SinceError: no moment is named so.
    """
    if not text:
        return 0
    if found := _AGO.fullmatch(text):
        return max(0, now_ns - int(found[1]) * _NS[found[2]])
    try:
        day = datetime.fromisoformat(text)
    except ValueError:
        raise SinceError(f"{text}: expected 30m, 12h, 7d, 2w, or a day such as 2026-01-31") from None
    day = day.replace(tzinfo=day.tzinfo or UTC)
    return max(0, int(day.timestamp()) * 10**9)
