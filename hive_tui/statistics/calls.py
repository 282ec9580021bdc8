"""Statistics of each call in a stretch of a run; a pure function of its state."""

from __future__ import annotations

import itertools
from array import array
from collections.abc import Sequence
from decimal import Decimal

import msgspec

from hive_tui.state import AttemptState, RunState

STALL_NS = 2_000_000_000
"""A gap of so long, or longer, is a stall."""


class Gaps(msgspec.Struct, frozen=True):
    """Times between the chunks of one stream, in nanoseconds; nearest-rank percentiles."""

    count: int
    p50_ns: int
    p95_ns: int
    p99_ns: int
    max_ns: int
    stalls: int


class CallStatistics(msgspec.Struct, frozen=True):
    """One call. Unknown is `None`; what happened outside the stretch is unknown in it."""

    stream: int
    stage: str
    round: int
    number: int
    model: str
    endpoint: str
    outcome: str | None
    reason: str
    """`retry`, `fallback` or `asked` for one that stands in for a call before it; else `first`."""
    connect_ns: int | None
    """From the start of the call to its response's headers: connection, TLS and the server's first word."""
    first_token_ns: int | None
    chunks: int
    size: int
    """Bytes of text."""
    streaming_ns: int | None
    """From the first chunk to the last."""
    gaps: Gaps | None
    """`None` without two chunks."""
    tokens: int | None
    """As the usage report counts them; a part of a call has no count."""
    tokens_per_s: float | None
    retry_wait_ms: int | None
    """The wait that was set after it failed."""
    cost_usd: Decimal | None
    """Unknown unless the whole call lies in the stretch; 0 for one that the endpoint refused."""


class RunStatistics(msgspec.Struct, frozen=True):
    run: str
    from_ns: int
    to_ns: int
    calls: tuple[CallStatistics, ...]
    """Those of which any part lies in the stretch, oldest first."""
    retries: int
    """Calls that were begun in the stretch because one before them had failed."""
    cost_usd: Decimal | None


def statistics(state: RunState, from_ns: int = 0, to_ns: int | None = None) -> RunStatistics:
    """The calls between two moments, both included; `None` is the moment of the state."""
    stop = state.time_ns if to_ns is None else to_ns
    inside = [each for each in state.attempts if each.started_ns <= stop and not _over(each, from_ns)]
    calls = tuple(_call(each, from_ns, stop) for each in inside)
    costs = [call.cost_usd for call in calls]
    return RunStatistics(
        run=state.run,
        from_ns=from_ns,
        to_ns=stop,
        calls=calls,
        retries=sum(each.reason in ("retry", "fallback") and each.started_ns >= from_ns for each in inside),
        cost_usd=None if None in costs else sum((cost for cost in costs if cost is not None), Decimal(0)),
    )


def gaps_of(gaps: Sequence[int]) -> Gaps | None:
    """Percentiles of some gaps, in nanoseconds, in any order."""
    if not gaps:
        return None
    ordered = sorted(gaps)
    p50, p95, p99 = (ordered[_rank(len(ordered), percent)] for percent in (50, 95, 99))
    return Gaps(len(ordered), p50, p95, p99, ordered[-1], sum(gap >= STALL_NS for gap in ordered))


def _rank(count: int, percent: int) -> int:
    return max(0, -(-count * percent // 100) - 1)


def _over(attempt: AttemptState, from_ns: int) -> bool:
    return attempt.ended_ns is not None and attempt.ended_ns < from_ns


def _call(attempt: AttemptState, from_ns: int, to_ns: int) -> CallStatistics:
    times, size = array("Q"), 0
    for time_ns, length, _ in attempt.text.arrivals():
        if from_ns <= time_ns <= to_ns:
            times.append(time_ns)
            size += length
    ended = attempt.ended_ns
    whole = attempt.started_ns >= from_ns and ended is not None and ended <= to_ns
    streaming = times[-1] - times[0] if len(times) > 1 else None
    tokens = attempt.usage.completion_tokens if whole else None
    return CallStatistics(
        stream=attempt.stream,
        stage=attempt.stage,
        round=attempt.round,
        number=attempt.number,
        model=attempt.model,
        endpoint=attempt.endpoint,
        outcome=attempt.outcome.value if attempt.outcome is not None and ended is not None and ended <= to_ns else None,
        reason=attempt.reason,
        connect_ns=_since(attempt.started_ns, attempt.opened_ns, from_ns, to_ns),
        first_token_ns=_since(attempt.started_ns, attempt.text.first_ns, from_ns, to_ns),
        chunks=len(times),
        size=size,
        streaming_ns=streaming,
        gaps=gaps_of(array("Q", (max(0, b - a) for a, b in itertools.pairwise(times)))),
        tokens=tokens,
        tokens_per_s=round(tokens * 1e9 / streaming, 3) if tokens is not None and streaming else None,
        retry_wait_ms=None if attempt.retry is None or not whole else attempt.retry.wait_ms,
        cost_usd=_cost(attempt) if whole else None,
    )


def _since(began_ns: int, at_ns: int | None, from_ns: int, to_ns: int) -> int | None:
    """A wait that ended in the stretch."""
    return None if at_ns is None or not from_ns <= at_ns <= to_ns else at_ns - began_ns


def _cost(attempt: AttemptState) -> Decimal | None:
    return attempt.cost_usd if attempt.billable else Decimal(0)
