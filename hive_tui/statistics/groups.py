"""What is told of many runs' calls together."""

from __future__ import annotations

from decimal import Decimal

import msgspec


class Wanted(msgspec.Struct, frozen=True):
    """Which calls to tell of; nothing named is all of them."""

    models: tuple[str, ...] = ()
    """Names, in which `*` stands for anything."""
    endpoints: tuple[str, ...] = ()
    since_ns: int = 0
    """Unix time: calls that began earlier are left out."""


class Spread(msgspec.Struct, frozen=True):
    """Nearest-rank percentiles of what is known; of nothing all are `None`."""

    count: int
    p50: float | None
    p95: float | None
    p99: float | None
    max: float | None


class Group(msgspec.Struct, frozen=True):
    """The calls of one model at one endpoint. Times are nanoseconds."""

    model: str
    endpoint: str
    simulated: bool
    """Some of these runs' answers are a simulator's; others are told apart."""
    runs: int
    calls: int
    failed: int
    """Calls that were errored, truncated or timed out."""
    over: int
    """Calls that ended in whatever way but by a person's hand: what an error rate is counted against."""
    retries: int
    """Calls that were made because one before them had failed."""
    stalls: int
    connect_ns: Spread
    first_token_ns: Spread
    gaps_ns: Spread
    """Exact to three digits, the longest exactly."""
    tokens_per_s: Spread
    tokens: int
    """Where they were counted."""
    cost_usd: Decimal
    """Of the calls whose cost is known."""
    cost_unknown: int
    """Calls whose cost is not."""

    @property
    def error_rate(self) -> float | None:
        return self.failed / self.over if self.over else None
