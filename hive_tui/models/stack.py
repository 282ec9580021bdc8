"""The layers put together, in the one order that is right.

Fallback is outermost: a model is given up only after its retries. Retry is around the limits, so that nobody holds a
place while waiting to try again. The breaker is innermost, so that it counts real calls only.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Awaitable, Callable, Mapping

import msgspec

from hive_tui.models.breaker import Breaker, BreakerPolicy
from hive_tui.models.call import Transport
from hive_tui.models.fallback import Fallback
from hive_tui.models.limits import Allowance, Limiter
from hive_tui.models.retry import Retry, RetryPolicy


class StackConfig(msgspec.Struct, frozen=True):
    retry: RetryPolicy = RetryPolicy()
    breaker: BreakerPolicy = BreakerPolicy()
    allowances: Mapping[str, Allowance] = {}
    """By the endpoint's name; one that is not named has the default one."""


def layered(
    http: Transport,
    config: StackConfig,
    *,
    rng: random.Random,
    clock_ns: Callable[[], int] = time.monotonic_ns,
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
) -> Transport:
    """The transport that the council calls, around the one that speaks HTTP."""

    def clock_s() -> float:
        return clock_ns() / 1e9

    breaker = Breaker(http, config.breaker, clock_s=clock_s)
    limiter = Limiter(breaker, config.allowances, clock_s=clock_s, sleep=sleep)
    retry = Retry(limiter, config.retry, clock_ns=clock_ns, sleep=sleep, rng=rng)
    return Fallback(retry, clock_ns=clock_ns)
