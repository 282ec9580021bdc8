"""Statistics of each call in a stretch of a run; a pure function of the states at its two ends."""

from __future__ import annotations

import itertools
from array import array
from collections.abc import Sequence
from decimal import Decimal

import msgspec
from msgspec.structs import replace

from hive_tui import wire
from hive_tui.events import Delta
from hive_tui.state import AttemptState, RunState
from hive_tui.streamtext import STALL_NS, StreamText

NO_TEXT = StreamText()


class Gaps(msgspec.Struct, frozen=True):
    """Times between the chunks of one stream, in nanoseconds; nearest-rank percentiles. A gap lies where it ends."""

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
    inherited: bool = False
    """Made, and paid for, in the run that this one was forked from."""


class RunStatistics(msgspec.Struct, frozen=True):
    run: str
    simulated: bool
    from_ns: int
    to_ns: int
    calls: tuple[CallStatistics, ...]
    """Those of which any part lies in the stretch, oldest first."""
    retries: int
    """Calls that were begun in the stretch because one before them had failed."""
    cost_usd: Decimal | None
    """Of the run's own calls: what it inherited was paid for in another."""


NOTHING = RunState()


def statistics(after: RunState, before: RunState = NOTHING) -> RunStatistics:
    """What came between two states of one run, exact to the chunk: two neighbouring stretches add up to the whole."""
    over = {each.stream for each in before.attempts if each.outcome is not None}
    inside = [each for each in after.attempts if each.stream not in over]
    calls = tuple(
        replace(measured(each, before.attempt(each.stream))[0], inherited=after.is_inherited(each.stream))
        for each in inside
    )
    costs = [call.cost_usd for call in calls if not call.inherited]
    begun = [each for each in inside if before.attempt(each.stream) is None]
    return RunStatistics(
        run=after.run,
        simulated=after.simulated,
        from_ns=before.time_ns,
        to_ns=after.time_ns,
        calls=calls,
        retries=sum(each.reason in ("retry", "fallback") for each in begun),
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


def measured(after: AttemptState, before: AttemptState | None = None) -> tuple[CallStatistics, array[int]]:
    """A call between two of its moments, and the gaps in nanoseconds that ended there; `None` is before its start."""
    text = NO_TEXT if before is None else before.text
    last_ns, times = _arrived(text, after.text)
    steps = times if last_ns is None else array("Q", (last_ns, *times))
    gaps = array("Q", (max(0, b - a) for a, b in itertools.pairwise(steps)))
    whole = before is None and after.ended_ns is not None
    streaming = max(0, times[-1] - times[0]) if len(times) > 1 else None
    tokens = after.usage.completion_tokens if whole else None
    opened = None if before is not None and before.opened_ns is not None else after.opened_ns
    first = None if text.first_ns is not None else after.text.first_ns
    retry = None if before is not None and before.retry is not None else after.retry
    return CallStatistics(
        stream=after.stream,
        stage=after.stage,
        round=after.round,
        number=after.number,
        model=after.model,
        endpoint=after.endpoint,
        outcome=None if after.outcome is None else after.outcome.value,
        reason=after.reason,
        connect_ns=None if opened is None else opened - after.started_ns,
        first_token_ns=None if first is None else first - after.started_ns,
        chunks=after.text.chunks - text.chunks,
        size=after.text.size - text.size,
        streaming_ns=streaming,
        gaps=gaps_of(gaps),
        tokens=tokens,
        tokens_per_s=round(tokens * 1e9 / streaming, 3) if tokens is not None and streaming else None,
        retry_wait_ms=None if retry is None else retry.wait_ms,
        cost_usd=_cost(after) if whole else None,
    ), gaps


def _arrived(before: StreamText, after: StreamText) -> tuple[int | None, array[int]]:
    """When the last chunk of the one text came, and when those came that only the other has. Reads no more than
    that."""
    start = before.deltas - 1
    while start > 0 and _goes_on(next(before.all_deltas(start))[1]):
        start -= 1
    start = max(start, 0)
    # A chunk may claim to be older than the run: a recording may come from anybody.
    known = [max(0, time_ns) for time_ns, _, _ in before.arrivals(start)]
    fresh = itertools.islice(after.arrivals(start), len(known), None)
    return (known[-1] if known else None), array("Q", (max(0, time_ns) for time_ns, _, _ in fresh))


def _goes_on(delta: Delta) -> bool:
    """Whether it has no chunk, or begins inside one of a delta before it."""
    return next((goes_on for _, _, goes_on in wire.chunks(delta.table)), True)


def _cost(attempt: AttemptState) -> Decimal | None:
    return attempt.cost_usd if attempt.billable else Decimal(0)
