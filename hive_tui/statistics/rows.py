"""The calls of a finished run as rows of a table, so that many runs can be told together; pure."""

from __future__ import annotations

from array import array
from collections import Counter
from decimal import Decimal

import msgspec

from hive_tui.state import RunState
from hive_tui.statistics.calls import measured

DIGITS = 3
"""Of a gap in microseconds that are kept: a call of any length has a few thousand different ones at most."""
MOST = (1 << 63) - 1
"""What a column holds; a number beyond is left out: a recording may come from anybody."""


class Row(msgspec.Struct, frozen=True):
    """A call; unknown is `None`. Times are nanoseconds unless said."""

    run: str
    wall_ns: int | None
    """Unix time of its start."""
    simulated: bool
    stage: str
    round: int
    number: int
    model: str
    endpoint: str
    reason: str
    outcome: str | None
    error: str | None
    """The error's kind."""
    connect_ns: int | None
    first_token_ns: int | None
    streaming_ns: int | None
    chunks: int
    size: int
    tokens: int | None
    tokens_per_s: float | None
    stalls: int
    gap_max_ns: int | None
    gaps_us: tuple[int, ...]
    """The different gaps, shortest first, in microseconds to three digits."""
    gap_counts: tuple[int, ...]
    """How often each of them came."""
    cost_usd: str | None
    """A decimal number, in full precision."""


def rows_of(state: RunState) -> list[Row]:
    """A row for each call that this run made, oldest first; what a fork inherited is its parent's."""
    rows = []
    for attempt in state.attempts:
        if state.is_inherited(attempt.stream):
            continue
        call, gaps = measured(attempt)
        kept = sorted(kept_gaps(gaps).items())
        rows.append(
            Row(
                run=state.run,
                wall_ns=_column(state.wall_ns + attempt.started_ns),
                simulated=state.simulated,
                stage=call.stage,
                round=call.round,
                number=call.number,
                model=call.model,
                endpoint=call.endpoint,
                reason=call.reason,
                outcome=call.outcome,
                error=None if attempt.error is None else attempt.error.kind,
                connect_ns=_column(call.connect_ns),
                first_token_ns=_column(call.first_token_ns),
                streaming_ns=_column(call.streaming_ns),
                chunks=call.chunks,
                size=call.size,
                tokens=_column(call.tokens),
                tokens_per_s=None if _column(call.tokens) is None else call.tokens_per_s,
                stalls=0 if call.gaps is None else call.gaps.stalls,
                gap_max_ns=None if call.gaps is None else _column(call.gaps.max_ns),
                gaps_us=tuple(gap for gap, _ in kept),
                gap_counts=tuple(count for _, count in kept),
                cost_usd=_text(call.cost_usd),
            )
        )
    return rows


def kept_gaps(gaps: array[int]) -> Counter[int]:
    """How often each gap comes, in microseconds to three digits; from nanoseconds."""
    found: Counter[int] = Counter()
    for gap_ns, count in Counter(gaps).items():
        gap = min(gap_ns, MOST) // 1000
        unit = 10 ** max(0, len(str(gap)) - DIGITS)
        found[gap // unit * unit] += count
    return found


def _column(value: int | None) -> int | None:
    return value if value is not None and 0 <= value <= MOST else None


def _text(cost: Decimal | None) -> str | None:
    return None if cost is None else format(cost, "f")
