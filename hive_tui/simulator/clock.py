"""Time as the simulator is given it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Clock:
    monotonic_ns: Callable[[], int]
    time_ns: Callable[[], int]
    sleep: Callable[[float], Awaitable[None]]
    """Waits so many seconds."""


SYSTEM = Clock(time.monotonic_ns, time.time_ns, asyncio.sleep)
