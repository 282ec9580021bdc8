"""`hive stats [RUN]`: what each call of a run took, in all of it or between two places; without a run, of all runs."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from decimal import Decimal

from hive_tui.cli.document import encode_document
from hive_tui.cli.exits import DONE
from hive_tui.cli.parser import Parsed, UsageError
from hive_tui.cli.plaintext import one_line, write_text
from hive_tui.cli.recordings import opened, place_in, run_folder
from hive_tui.recording.held import held
from hive_tui.recording.navigation.places import PlaceError, Where, parse
from hive_tui.recording.navigation.walker import Walker
from hive_tui.statistics.calls import CallStatistics, Gaps, RunStatistics, statistics
from hive_tui.streamtext import STALL_NS
from hive_tui.wording import amount, number_of

OF_A_RUN = ("--from", "--to")
OF_ALL = ("--model", "--endpoint", "--since")


def main(parsed: Parsed) -> int:
    """Raises UsageError; ConfigError for a run or a place that is not there or cannot be read."""
    chosen = [flag for flag in (*OF_A_RUN, *OF_ALL) if parsed.has(flag)]
    for flag in chosen:
        if (flag in OF_A_RUN) != bool(parsed.words):
            only = f"belongs to one run: hive stats RUN {flag}" if flag in OF_A_RUN else "is for all runs, not for one"
            raise UsageError(f"{flag} {only}")
    if not parsed.words:
        from hive_tui.cli import stats_across

        return stats_across.main(parsed, time.time_ns())
    if len(parsed.words) != 1:
        raise UsageError("which run? hive stats RUN; `hive stats last` tells of the newest")
    begin, end = _where(parsed, "--from", "start"), _where(parsed, "--to", "end")
    folder = run_folder(parsed.words[0])
    with opened(folder) as timeline:
        walker = Walker(timeline)
        start, stop = place_in(timeline, folder, begin), place_in(timeline, folder, end)
        if stop < start:
            raise UsageError(f"--to {end.text} lies before --from {begin.text}")
        first = walker.go(start)
        found = statistics(held(timeline, walker.go(stop), first), first)
    if parsed.has("--json"):
        sys.stdout.buffer.write(encode_document(stats_document(found)))
        return DONE
    for line in _lines(found):
        write_text(sys.stdout, line + "\n")
    return DONE


def _where(parsed: Parsed, flag: str, default: str) -> Where:
    try:
        return parse(parsed.value(flag) or default)
    except PlaceError as error:
        raise UsageError(f"{flag} {error}") from error


def stats_document(found: RunStatistics) -> dict[str, object]:
    """The document of `--json`; unknown is null, times are milliseconds."""
    return {
        "run": found.run or None,
        "simulated": found.simulated if found.run else None,
        "from_ms": _ms(found.from_ns),
        "to_ms": _ms(found.to_ns),
        "retries": found.retries,
        "cost_usd": _cost(found.cost_usd),
        "attempts": [_call(call) for call in found.calls],
    }


def _call(call: CallStatistics) -> dict[str, object]:
    return {
        "stage": call.stage,
        "round": call.round,
        "number": call.number,
        "model": call.model,
        "endpoint": call.endpoint,
        "reason": call.reason,
        "inherited": call.inherited,
        "outcome": call.outcome,
        "connect_ms": _ms(call.connect_ns),
        "first_token_ms": _ms(call.first_token_ns),
        "chunks": call.chunks,
        "bytes": call.size,
        "streaming_ms": _ms(call.streaming_ns),
        "gaps": None if call.gaps is None else _gaps(call.gaps),
        "completion_tokens": call.tokens,
        "tokens_per_s": call.tokens_per_s,
        "retry_wait_ms": call.retry_wait_ms,
        "cost_usd": _cost(call.cost_usd),
    }


def _gaps(gaps: Gaps) -> dict[str, object]:
    return {
        "count": gaps.count,
        "p50_ms": _ms(gaps.p50_ns),
        "p95_ms": _ms(gaps.p95_ns),
        "p99_ms": _ms(gaps.p99_ns),
        "max_ms": _ms(gaps.max_ns),
        "stalls": gaps.stalls,
    }


def _lines(found: RunStatistics) -> Iterator[str]:
    stretch = f"{found.from_ns / 1e9:.3f} s to {found.to_ns / 1e9:.3f} s"
    cost = _cost(found.cost_usd)
    marked = " SIMULATED" if found.simulated else ""
    told = "unknown" if cost is None else f"${cost}"
    name = f"run {found.run}{marked}" if found.run else "before the run's first event"
    yield f"{name} · {stretch} · {number_of(found.retries, 'retry')} · cost {told}"
    for call in found.calls:
        name, model = f"{call.stage} {call.round}.{call.number}", f"{call.model} at {call.endpoint}"
        why = "inherited" if call.inherited else call.reason
        yield f"{name}  {one_line(model)}  {call.outcome or 'not over'} ({why})"
        waits = f"connect {_told(call.connect_ns)}, first token {_told(call.first_token_ns)}"
        rate = "unknown" if call.tokens_per_s is None else f"{call.tokens_per_s:.1f}"
        cost = _cost(call.cost_usd)
        told = "unknown" if cost is None else f"${cost}"
        yield f"  {waits}, {number_of(call.chunks, 'chunk')}, {rate} tokens/s, cost {told}"
        if call.gaps is not None:
            gaps = call.gaps
            many = (("p50", gaps.p50_ns), ("p95", gaps.p95_ns), ("p99", gaps.p99_ns), ("max", gaps.max_ns))
            told = ", ".join(f"{what} {_told(ns)}" for what, ns in many)
            yield f"  gaps {told}, {number_of(gaps.stalls, 'stall')} of {STALL_NS // 10**9} s or more"


def _told(ns: int | None) -> str:
    return "unknown" if ns is None else f"{ns / 1e6:.1f} ms"


def _ms(ns: int | None) -> float | None:
    return None if ns is None else round(ns / 1e6, 3)


def _cost(cost: Decimal | None) -> str | None:
    return None if cost is None else amount(cost)
