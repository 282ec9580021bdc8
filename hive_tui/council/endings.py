"""How an attempt ended, from what came; pure."""

from __future__ import annotations

from hive_tui.events import ErrorInfo, Outcome
from hive_tui.models.call import Finish
from hive_tui.models.errors import KINDS, clean


def ending(finish: Finish | None, refusal: str, failure: ErrorInfo | None) -> tuple[Outcome, ErrorInfo | None]:
    """Outcome and error of an attempt whose stream is over.

    A finish reason stands even if the connection failed after it: the answer was complete by then.
    """
    if failure is not None and (finish is None or finish.reason == "error"):
        timed_out = failure.kind.startswith("timeout")
        return (Outcome.TIMED_OUT if timed_out else Outcome.ERRORED), failure
    if refusal.strip():
        return Outcome.ERRORED, _error("refused", f"the model declined: {clean(refusal)}")
    if finish is None:
        return Outcome.TRUNCATED, ErrorInfo(
            kind="truncated",
            message="the stream ended without a finish reason, so the answer may be incomplete",
            advice="Try again or choose another model; what came is kept.",
        )
    if finish.reason == "content_filter":
        return Outcome.ERRORED, _error("refused", "the provider's content filter stopped the answer")
    if finish.reason == "error":
        return Outcome.ERRORED, _error("provider", "the provider ended the answer with an error that it did not name")
    return Outcome.FINISHED, None


def no_answer(reasoned: bool) -> ErrorInfo:
    """The error of a run whose writer finished and wrote nothing."""
    came = "only reasoning came, no answer text" if reasoned else "no answer text came"
    return ErrorInfo(kind="empty", message=came, advice="Try again, raise max_tokens, or choose another model.")


def run_timed_out(timeout_s: float) -> ErrorInfo:
    return ErrorInfo(
        kind="timeout_total",
        message=f"the run's time limit of {timeout_s:g} s was over",
        advice="Raise the limit (--timeout) or choose faster models.",
    )


def _error(kind: str, message: str) -> ErrorInfo:
    return ErrorInfo(kind=kind, message=message, advice=KINDS[kind])
