"""What the chrome says of a run: a pure reading of its state, with nothing claimed that the state does not know."""

from __future__ import annotations

from decimal import Decimal
from textwrap import wrap

from hive_tui.events import ErrorInfo, Outcome, UsageSource
from hive_tui.state import AttemptState, RunState, StageState
from hive_tui.tui import bars
from hive_tui.tui.chrome import PaneFacts
from hive_tui.tui.lines import UNKNOWN, Line
from hive_tui.tui.live.visible import clean
from hive_tui.tui.session import CoreStatus, Setup

SECOND = 1_000_000_000


def seconds(ns: int) -> str:
    """A span of time as people read it."""
    whole = ns / SECOND
    if whole < 1:
        return f"{whole * 1000:.0f} ms"
    if whole < 100:
        return f"{whole:.1f} s"
    minutes, rest = divmod(int(whole), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def one_line(text: str) -> str:
    """Text from outside, fit for a line of chrome."""
    return " ".join(clean(text).split())


def money(cost: Decimal | None) -> str | None:
    """Dollars to three significant digits and at least to the cent; `None` stays unknown."""
    if cost is None:
        return None
    if cost == 0:
        return "$0"
    whole, _, cents = f"{cost:.{max(2, 2 - cost.adjusted())}f}".partition(".")
    return f"${whole}.{cents.rstrip('0'):0<2}"


def cost(state: RunState) -> str | None:
    """What the run has cost, or at least; `None` while nothing is known of it."""
    if state.cost_usd is None and not state.known_cost_usd:
        return None
    return "≥" * (state.cost_usd is None) + (money(state.known_cost_usd) or "")


def live(state: RunState) -> bool:
    return bool(state.run) and state.outcome is None


def stages_of(state: RunState, setup: Setup) -> list[tuple[str, str, str | None]]:
    """Stage, role and model of each pane: the run's own, and before there is one, what the next one will have."""
    if state.run:
        return [(spec.stage, one_line(spec.role), one_line(spec.model)) for spec in state.plan.stages]
    return [(name, name, one_line(choice.model)) for name, choice in setup.stages.items()]


def latest(state: RunState, stage: StageState) -> AttemptState | None:
    return state.attempt(stage.streams[-1]) if stage.streams else None


def pane(
    number: int, role: str, model: str | None, stage: StageState | None, state: RunState, now_ns: int, lost: bool
) -> PaneFacts:
    """The chrome of one stage's pane. `lost` is whether the core died over the run: nothing of it lives any more."""
    if stage is None:
        return PaneFacts(number, role, model=model)
    attempt = latest(state, stage)
    if attempt is None:
        if stage.skipped:
            return PaneFacts(number, role, model=model, state="skipped", note=one_line(stage.skipped))
        waiting = state.outcome is None and not lost
        return PaneFacts(number, role, model=model, state="waiting for its turn" if waiting else "idle")
    word, note = _state(attempt, stage)
    end = attempt.ended_ns
    if lost and attempt.outcome is None:
        word, note, end = "interrupted", "", state.time_ns
    count, rate = _counts(attempt, now_ns)
    return PaneFacts(
        number,
        role,
        model=one_line(attempt.served_model or attempt.model),
        state=word,
        note=note,
        ttft=None if attempt.ttft_ns is None else seconds(attempt.ttft_ns),
        rate=rate,
        tokens=count,
        cost=money(attempt.cost_usd),
        elapsed=seconds(max(0, (now_ns if end is None else end) - attempt.started_ns)),
        verdict=stage.verdict.value if stage.verdict is not None else "",
        words=() if attempt.error is None else tuple(_sentences(attempt.error)),
    )


def _state(attempt: AttemptState, stage: StageState) -> tuple[str, str]:
    if attempt.retry is not None and attempt.outcome is not None and stage.ended_ns is None:
        who = f" with {one_line(attempt.retry.next_model)}" if attempt.retry.next_model else ""
        return "retrying", f"{attempt.retry.error.kind}, in {attempt.retry.wait_ms / 1000:.1f} s{who}"
    if attempt.outcome is None:
        if attempt.cancelling:
            return "cancelling", ""
        return attempt.phase, ""
    if attempt.error is not None:
        kind = attempt.error.kind if attempt.error.kind != attempt.outcome.value else ""
        status = str(attempt.error.status or "")
        return attempt.outcome.value, f"{kind} {status}".strip()
    note = attempt.finish_reason if attempt.finish_reason not in (None, "stop") else ""
    return attempt.outcome.value, one_line(note or "")


def _sentences(error: ErrorInfo) -> list[str]:
    """The provider's words and what to do, in lines of at most 60 characters."""
    lines: list[str] = []
    for words in (error.message, error.advice):
        lines += wrap(one_line(words), 60, break_on_hyphens=False)[:4]
    return lines


def _counts(attempt: AttemptState, now_ns: int) -> tuple[str | None, str | None]:
    """How much came and how fast: tokens once a usage report says them, else chunks, and it says which."""
    first = attempt.text.first_ns
    last = attempt.text.last_ns if attempt.ended_ns is not None else now_ns
    span = 0 if first is None or last is None else last - first
    tokens = attempt.usage.completion_tokens
    if tokens is not None:
        about = "~" if attempt.usage.source in (UsageSource.ESTIMATE, UsageSource.TOKENIZER) else ""
        rate = f"{about}{tokens * SECOND / span:,.0f} tok/s" if span > SECOND // 100 else None
        return f"{about}{tokens:,} tokens", rate
    chunks = attempt.text.chunks
    if not chunks:
        return None, None
    return f"{chunks:,} chunks", f"{chunks * SECOND / span:,.0f} chunks/s" if span > SECOND // 4 else None


def marks(state: RunState, setup: Setup) -> tuple[str, ...]:
    """`SIMULATED` and `UNRECORDED`, where they are true."""
    simulated = (
        state.simulated or any(attempt.simulated for attempt in state.attempts) if state.run else setup.simulated
    )
    return (*(("SIMULATED",) if simulated else ()), *(("UNRECORDED",) if state.unrecorded else ()))


def header(state: RunState, setup: Setup, width: int) -> Line:
    """The screen's first line."""
    return bars.header(
        width,
        plan=one_line(state.plan.name or setup.plan),
        profile=one_line(state.profile or setup.profile),
        run=state.run,
        question=one_line(state.question[:500]),
        marks=marks(state, setup),
    )


def recorded_gauges(state: RunState, live: bool, rate: float | None) -> dict[str, str | None]:
    """The gauges that a recording tells of a moment; `rate` in chunks a second. `None` is unknown."""
    # While no endpoint has answered a call that is under way, nobody knows what it costs.
    known = any(attempt.billable for attempt in state.attempts) or (bool(state.attempts) and not live)
    return {
        "rate": None if rate is None else f"{rate:,.0f} chunks/s",
        "cost": cost(state) if known else None,
    }


def status(state: RunState, core: CoreStatus, now_ns: int, fault: str = "") -> tuple[str, str]:
    """The status line's text and style: what is known to be so, worst first. `fault` is why the core ended."""
    if core is CoreStatus.DIED:
        return f"{core.value} · F5 starts a new one · {one_line(fault) or 'what came is kept'}", "bad"
    if core is CoreStatus.SILENT:
        return core.value, "warn"
    if core is CoreStatus.STARTING:
        return core.value, "muted"
    if not state.run:
        return "ready", "muted"
    if state.outcome is None:
        return _running(state, now_ns)
    return _ended(state)


def _running(state: RunState, now_ns: int) -> tuple[str, str]:
    if state.cancelling:
        return "cancelling", "warn"
    busy = [f"{attempt.stage} {_doing(attempt)}" for attempt in state.attempts if attempt.outcome is None] or [
        "between stages"
    ]
    return f"{', '.join(busy[:3])} · {seconds(now_ns)}", "live"


def _doing(attempt: AttemptState) -> str:
    waits = {"connecting": "waits for the endpoint", "waiting": "waits for its first token"}
    return waits.get(attempt.phase, "is " + attempt.phase)


def _ended(state: RunState) -> tuple[str, str]:
    took = seconds(state.ended_ns) if state.ended_ns is not None else UNKNOWN
    if state.outcome is Outcome.FINISHED:
        how = f"answer ({state.decision.value})" if state.decision is not None else "answer"
        limits = [one_line(warning.message) for warning in state.warnings]
        more = f" · {limits[-1]}" if limits else ""
        return f"{how} · {took} · {cost(state) or 'cost unknown'}{more}", "warn" if limits else "good"
    if state.outcome is Outcome.CANCELLED:
        return f"cancelled, what came is kept · {took}", "warn"
    what = "no usable answer"
    if state.error is not None:
        what += f" · {one_line(state.error.message)}"
        if state.error.advice:
            what += f" · {one_line(state.error.advice)}"
    return f"{what} · {took}", "bad"
