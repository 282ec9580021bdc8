"""Markdown: what was asked, who answered in which stage, what it took, and the answer."""

from __future__ import annotations

import datetime
import re
from collections.abc import Iterator
from decimal import Decimal

from hive_tui.state import AttemptState, RunState
from hive_tui.tui.facts import one_line
from hive_tui.tui.live.visible import harmless
from hive_tui.wording import amount, counted, unusable_text

_HEAD = ("Stage", "Round", "Model", "Ended", "Verdict", "Counted", "First text", "Time", "Cost")


def pages(state: RunState) -> Iterator[bytes]:
    """The document of a run at a moment, a paragraph at a time."""
    for paragraph in _paragraphs(state):
        yield harmless(paragraph).encode("utf-8", "replace") + b"\n\n"


def _paragraphs(state: RunState) -> Iterator[str]:
    if not state.run:
        yield "# Hive run"
        yield "Exported as it was before its first event."
        return
    yield f"# Hive run {state.run}"
    if state.simulated:
        yield "**SIMULATED**: answers of this run were made by a simulator, not by a model."
    when = datetime.datetime.fromtimestamp(state.wall_ns // 1_000_000_000, datetime.UTC)
    yield f"{when:%Y-%m-%d %H:%M:%S} UTC · plan {_cell(state.plan.name)} · profile {_cell(state.profile)}"
    yield "## Question"
    yield _verbatim(state.question)
    yield "## Stages"
    yield _table(state)
    yield from _figures(state)
    if state.answer is not None:
        yield "## Answer"
        yield state.answer_text.strip("\n")
        return
    yield "## No answer"
    if state.error is not None:
        yield " ".join(filter(None, map(one_line, (state.error.message, state.error.advice))))
    elif state.outcome is None:
        yield "The run has not ended at this moment of its recording."
    title, text = unusable_text(state)
    if title:
        yield title
        yield text


def _verbatim(text: str) -> str:
    """A code block: what a person typed is no Markdown, and keeps its lines."""
    fence = "`" * max(3, 1 + max(map(len, re.findall("`+", text)), default=0))
    return f"{fence}text\n{text}\n{fence}"


def _table(state: RunState) -> str:
    rows = [_HEAD, tuple("---" for _ in _HEAD)]
    for stage in state.stages:
        head = (stage.spec.stage, str(stage.round))
        verdict = "" if stage.verdict is None else stage.verdict.value
        attempts = [attempt for stream in stage.streams if (attempt := state.attempt(stream)) is not None]
        if not attempts:
            rows.append((*head, stage.spec.model, stage.skipped or "not asked", verdict, "", "", "", ""))
        rows += [(*head, *_attempt(attempt, verdict if attempt is attempts[-1] else "")) for attempt in attempts]
    return "\n".join("| " + " | ".join(map(_cell, row)) + " |" for row in rows)


def _attempt(attempt: AttemptState, verdict: str) -> tuple[str, ...]:
    ended = attempt.ended_ns
    return (
        attempt.served_model or attempt.model,
        attempt.phase,
        verdict,
        counted(attempt),
        "" if attempt.ttft_ns is None else f"{attempt.ttft_ns / 1e9:.2f} s",
        "" if ended is None else f"{(ended - attempt.started_ns) / 1e9:.1f} s",
        _dollars(attempt.cost_usd) if attempt.billable else "",
    )


def _figures(state: RunState) -> Iterator[str]:
    end = state.time_ns if state.ended_ns is None else state.ended_ns
    decision = "none" if state.decision is None else state.decision.value
    yield f"Decision: {decision} · time {end / 1e9:.1f} s · cost {_dollars(state.cost_usd)}"
    for warning in state.warnings:
        yield f"- warning: {_cell(warning.message)}"
    if state.missing:
        yield f"- warning: {state.missing} events could not be read back"


def _dollars(cost: Decimal | None) -> str:
    return "unknown" if cost is None else f"${amount(cost)}"


def _cell(text: str) -> str:
    """On one line, and without what would end a cell or begin a tag."""
    flat = one_line(text)
    for sign, entity in (("&", "&amp;"), ("<", "&lt;"), ("|", "&#124;")):
        flat = flat.replace(sign, entity)
    return flat
