"""What calls took, as rows: of one run or a stretch of it, and of all runs. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from hive_tui.core.comparing import AllCallsTold
from hive_tui.statistics.calls import CallStatistics, RunStatistics
from hive_tui.statistics.groups import Group, Spread
from hive_tui.tui.lines import UNKNOWN, Line, Piece
from hive_tui.tui.reports.tables import Column, table
from hive_tui.wording import number_of

GOOD = "finished"
BADGE: tuple[Piece, ...] = ((" SIMULATED ", "badge.simulated"), (" ", "text"))


def call_lines(found: RunStatistics, width: int) -> list[Line]:
    """A row a call."""
    cost = UNKNOWN if found.cost_usd is None else f"${dollars(found.cost_usd)}"
    stretch = f"{seconds(found.from_ns)} to {seconds(found.to_ns)}"
    head: Line = (
        *(BADGE if found.simulated else ()),
        (stretch, "strong"),
        (f" · {number_of(len(found.calls), 'call')} · {number_of(found.retries, 'retry')} · {cost}", "muted"),
    )
    if not found.calls:
        return [head, (), (("no call lies in this stretch", "muted"),)]
    calls = found.calls
    columns = [
        Column("call", [(f"{each.stage} {each.round}.{each.number}", "strong") for each in calls], 0, left=True),
        Column("model", [(each.model, "text") for each in calls], 7, left=True),
        Column("end", [_end(each) for each in calls], 1, left=True),
        Column("connect", [_ms(each.connect_ns) for each in calls], 5),
        Column("1st token", [_ms(each.first_token_ns) for each in calls], 1),
        Column("tokens/s", [_number(each.tokens_per_s) for each in calls], 2),
        Column("gap p50", [_ms(each.gaps.p50_ns if each.gaps else None) for each in calls], 6),
        Column("p95", [_ms(each.gaps.p95_ns if each.gaps else None) for each in calls], 4),
        Column("p99", [_ms(each.gaps.p99_ns if each.gaps else None) for each in calls], 8),
        Column("max", [_ms(each.gaps.max_ns if each.gaps else None) for each in calls], 4),
        Column("stalls", [_stalls(each) for each in calls], 3),
        Column("chunks", [(f"{each.chunks:,}", "text") for each in calls], 9),
        Column("cost", [_cost(each.cost_usd) for each in calls], 2),
    ]
    return [head, (), *table(columns, width)]


def group_lines(told: AllCallsTold, width: int) -> list[Line]:
    """A row a model and endpoint, then the percentiles of each."""
    calls = sum(group.calls for group in told.groups)
    tail = [f"{told.fresh} read for the first time"] if told.fresh else []
    tail += [f"{told.live} more still go on"] if told.live else []
    tail += [f"{told.unread} cannot be read"] if told.unread else []
    head: Line = (
        (f"{told.runs} runs", "strong"),
        (" · ".join(["", f"{calls} calls", *tail]), "muted"),
    )
    if not told.groups:
        return [head, (), (("nothing has been recorded yet", "muted"),)]
    groups = told.groups
    columns = [
        Column("model", [(each.model, "strong") for each in groups], 0, left=True),
        *([_marks(groups)] if any(each.simulated for each in groups) else []),
        Column("endpoint", [(each.endpoint, "text") for each in groups], 3, left=True),
        Column("calls", [(f"{each.calls:,}", "text") for each in groups], 1),
        Column("failed", [_rate(each) for each in groups], 1),
        Column("retries", [(f"{each.retries:,}", "text") for each in groups], 4),
        Column("stalls", [(f"{each.stalls:,}", "text") for each in groups], 3),
        Column("cost", [_known_cost(each) for each in groups], 2),
    ]
    rows = [head, (), *table(columns, width)]
    spreads = (
        ("connect", "connect_ns"),
        ("first token", "first_token_ns"),
        ("gaps between chunks", "gaps_ns"),
        ("tokens/s", "tokens_per_s"),
    )
    for title, name in spreads:
        own: list[Spread] = [getattr(each, name) for each in groups]
        rows += [(), *_spread_table(title, groups, own, width)]
    return rows


def _spread_table(title: str, groups: Sequence[Group], spreads: Sequence[Spread], width: int) -> list[Line]:
    told = _number if title == "tokens/s" else _ms
    columns = [
        Column(title, _names(groups), 0, left=True),
        Column("p50", [told(each.p50) for each in spreads], 1),
        Column("p95", [told(each.p95) for each in spreads], 2),
        Column("p99", [told(each.p99) for each in spreads], 3),
        Column("max", [told(each.max) for each in spreads], 4),
        Column("of", [(f"{each.count:,}", "muted") for each in spreads], 5),
    ]
    return table(columns, width)


def seconds(ns: int | None) -> str:
    return UNKNOWN if ns is None else f"{ns / 1e9:.3f} s"


def dollars(cost: Decimal) -> str:
    """At least two decimals; so many that a small cost is not told as nothing."""
    places = max(6, 1 - cost.adjusted()) if cost else 2
    text = f"{cost:.{places}f}".rstrip("0")
    return text + "0" * max(0, 2 - len(text.partition(".")[2]))


def _end(call: CallStatistics) -> Piece:
    if call.outcome is None:
        return "goes on", "live"
    why = " (inherited)" if call.inherited else f" ({call.reason})" if call.reason != "first" else ""
    return call.outcome + why, "good" if call.outcome == GOOD else "bad"


def _ms(ns: float | None) -> Piece:
    if ns is None:
        return UNKNOWN, "faint"
    ms = ns / 1e6
    return (f"{ms / 1000:.2f} s" if ms >= 10_000 else f"{ms:.0f} ms" if ms >= 100 else f"{ms:.1f} ms"), "text"


def _number(value: float | None) -> Piece:
    return (UNKNOWN, "faint") if value is None else (f"{value:.1f}", "text")


def _stalls(call: CallStatistics) -> Piece:
    if call.gaps is None:
        return UNKNOWN, "faint"
    return str(call.gaps.stalls), "warn" if call.gaps.stalls else "text"


def _cost(cost: Decimal | None) -> Piece:
    return (UNKNOWN, "faint") if cost is None else (f"${dollars(cost)}", "text")


def _marks(groups: Sequence[Group]) -> Column:
    return Column("", [("SIMULATED", "warn") if each.simulated else ("", "text") for each in groups], 0, left=True)


def _names(groups: Sequence[Group]) -> list[Piece]:
    """The models; one that was asked in two places is told with them."""
    models = [each.model for each in groups]
    return [
        (each.model if models.count(each.model) == 1 else f"{each.model} at {each.endpoint}", "strong")
        for each in groups
    ]


def _rate(group: Group) -> Piece:
    if group.error_rate is None:
        return UNKNOWN, "faint"
    return f"{group.error_rate:.1%}", "bad" if group.failed else "text"


def _known_cost(group: Group) -> Piece:
    if group.cost_unknown == group.calls:
        return UNKNOWN, "faint"
    more = " and more" if group.cost_unknown else ""
    return f"${dollars(group.cost_usd)}{more}", "text"
