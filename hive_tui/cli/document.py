"""The document that `--json` prints: the fold of a recording, in fixed keys, order and rounding.

The same state gives the same bytes, so a run that is shown again later prints what it printed first. Unknown is `null`.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

import msgspec

from hive_tui.cli import exits
from hive_tui.config.errors import ConfigError, FolderError
from hive_tui.events import Channel, ErrorInfo, Outcome, Usage, UsageSource
from hive_tui.export.jsontext import escaped
from hive_tui.state import AttemptState, RunState, StageState
from hive_tui.wording import amount

_SUREST_FIRST = (UsageSource.PROVIDER, UsageSource.TOKENIZER, UsageSource.ESTIMATE, UsageSource.UNKNOWN)
_COUNTS = ("prompt_tokens", "completion_tokens", "reasoning_tokens", "cached_tokens")


def document(state: RunState, recording: str | None, *, past: bool = False) -> dict[str, object]:
    """The document of a run; `recording` is the absolute path of its folder, `None` when there is none.

    `past` says that the state is of a moment behind which the recording goes on: that it has no end is no error then.
    """
    begun = bool(state.run)
    return {
        "run": state.run or None,
        "parent": None if state.origin is None else state.origin.parent,
        "question": state.question if begun else None,
        "plan": state.plan.name if begun else None,
        "profile": state.profile if begun else None,
        "simulated": state.simulated if begun else None,
        "decision": None if state.decision is None else state.decision.value,
        "answer": None if state.answer is None else state.answer_text,
        "stages": [_stage(state, stage) for stage in state.stages],
        "usage": _usage(
            _total([each.usage for each in state.attempts if each.billable and not state.is_inherited(each.stream)])
        ),
        "cost_usd": _cost(state.cost_usd),
        "duration_ms": _ms(0, state.ended_ns),
        "recording": recording,
        "error": _error(state.error or (None if past else _unstated(state))),
    }


def refusal(error: ConfigError) -> ErrorInfo:
    """What the document says of a configuration or an input that is unusable."""
    kind = "disk" if isinstance(error, FolderError) else "config"
    return ErrorInfo(kind, f"{error.where}: {error.what}", advice=error.todo)


def refused_document(question: str | None, error: ErrorInfo, plan: str | None, profile: str | None) -> bytes:
    """The document of a run that never was: something was unusable, and nothing was sent."""
    return encode_document(
        {
            "run": None,
            "parent": None,
            "question": None
            if question is None
            else question.encode("utf-8", "surrogateescape").decode("utf-8", "replace"),
            "plan": plan,
            "profile": profile,
            "simulated": None,
            "decision": None,
            "answer": None,
            "stages": [],
            "usage": _usage(Usage()),
            "cost_usd": None,
            "duration_ms": None,
            "recording": None,
            "error": _error(error),
        }
    )


def encode_document(document: object) -> bytes:
    """UTF-8 JSON and a newline; control characters in texts are escaped, so that a terminal may show it.

    A path's bytes that are no UTF-8 stand there as `\\xff`.
    """
    try:
        data = msgspec.json.encode(document)
    except UnicodeEncodeError:
        data = msgspec.json.encode(_as_text(document))
    return escaped(msgspec.json.format(data)) + b"\n"


def _as_text(value: object) -> object:
    match value:
        case str():
            return value.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
        case dict():
            return {key: _as_text(each) for key, each in value.items()}
        case list() | tuple():
            return [_as_text(each) for each in value]
    return value


def exit_code(state: RunState) -> int:
    """What the command ends with; a run that has no end has no usable answer either."""
    if state.outcome is Outcome.FINISHED:
        return exits.DONE
    return exits.CANCELLED if state.outcome is Outcome.CANCELLED else exits.NO_ANSWER


def _stage(state: RunState, stage: StageState) -> dict[str, object]:
    attempts = [attempt for stream in stage.streams if (attempt := state.attempt(stream)) is not None]
    return {
        "stage": stage.spec.stage,
        "round": stage.round,
        "attempts": [_attempt(each, inherited=state.is_inherited(each.stream)) for each in attempts],
        "verdict": None if stage.verdict is None else stage.verdict.value,
        "skipped": stage.skipped or None,
    }


def _attempt(attempt: AttemptState, *, inherited: bool) -> dict[str, object]:
    """`inherited` says that it was made in the parent of this fork, and counts there."""
    return {
        "model": attempt.model,
        "endpoint": attempt.endpoint,
        "outcome": None if attempt.outcome is None else attempt.outcome.value,
        "text": attempt.text.channel_text(Channel.ANSWER),
        "reasoning": attempt.text.channel_text(Channel.REASONING),
        "usage": _usage(attempt.usage),
        "cost_usd": _cost(attempt.cost_usd),
        "ttft_ms": _ms(0, attempt.ttft_ns),
        "duration_ms": _ms(attempt.started_ns, attempt.ended_ns),
        "chunks": attempt.text.chunks,
        "error": _error(attempt.error),
        "inherited": inherited,
    }


def _usage(usage: Usage) -> dict[str, object]:
    return {**{name: getattr(usage, name) for name in _COUNTS}, "source": usage.source.value}


def _total(usages: Sequence[Usage]) -> Usage:
    """The sum; unknown in each count that one call leaves unknown, and as sure as the least sure of them."""
    if not usages:
        return Usage()
    sums: dict[str, int | None] = {}
    for name in _COUNTS:
        counts = [getattr(usage, name) for usage in usages]
        sums[name] = None if None in counts else sum(counts)
    return Usage(**sums, source=max((usage.source for usage in usages), key=_SUREST_FIRST.index))


def _cost(cost: Decimal | None) -> str | None:
    return None if cost is None else amount(cost)


def _ms(begin_ns: int, end_ns: int | None) -> float | None:
    """Milliseconds with at most three decimals."""
    return None if end_ns is None else round((end_ns - begin_ns) / 1e6, 3)


def _unstated(state: RunState) -> ErrorInfo | None:
    """What is wrong with a run that could not say so in its end."""
    if state.outcome is None:
        return ErrorInfo("unfinished", "the recording has no end: its core died, or has not finished writing")
    lost = next((warning.message for warning in state.warnings if warning.code == "unrecorded"), "")
    return ErrorInfo("disk", lost) if lost else None


def _error(error: ErrorInfo | None) -> dict[str, object] | None:
    """The message says what to do, too: the document has no other place for it."""
    if error is None:
        return None
    message = error.message
    if error.advice:
        message = f"{message if message.endswith(('.', '!', '?')) else message + '.'} {error.advice}"
    return {"kind": error.kind, "status": error.status, "message": message}
