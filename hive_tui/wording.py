"""How a state's facts are said where there is only text: on stderr, in lists, in documents."""

from __future__ import annotations

from decimal import Decimal

from hive_tui.events import Channel
from hive_tui.state import AttemptState, RunState


def number_of(count: int, what: str) -> str:
    """`1 call`, `2 calls`, `2 retries`."""
    if count == 1:
        return f"1 {what}"
    return f"{count} {what[:-1]}ies" if what.endswith("y") else f"{count} {what}s"


def amount(cost: Decimal) -> str:
    """Dollars in plain notation without needless zeros: `0`, `0.0000001`, `12.5`."""
    text = f"{cost:f}"
    return (text.rstrip("0").rstrip(".") if "." in text else text) or "0"


def value_words(value: object) -> str:
    """A setting's or a result's value: of a list its elements; as they came, so whoever writes it makes it harmless."""
    if isinstance(value, list | tuple):
        return ", ".join(map(str, value)) or "none"
    if isinstance(value, bool):
        return "yes" if value else "no"
    return "none" if value is None else str(value)


def counted(attempt: AttemptState) -> str:
    """Tokens and who counted them; until somebody has, chunks."""
    tokens = attempt.usage.completion_tokens
    if tokens is None:
        return number_of(attempt.text.chunks, "chunk")
    return f"{tokens} tokens ({attempt.usage.source.value})"


def unusable_text(state: RunState) -> tuple[str, str]:
    """A title, and the newest text of a run that has no answer; empty when no text came. Both as they came: whoever
    writes them makes them harmless."""
    for attempt in reversed(state.attempts if state.answer is None else ()):
        for channel, what in ((Channel.ANSWER, "what came of an answer"), (Channel.REASONING, "only reasoning came")):
            text = attempt.text.channel_text(channel)
            if text.strip():
                return f"{what}, from {attempt.stage} ({' '.join(attempt.model.split())}):", text.rstrip("\n")
    return "", ""
