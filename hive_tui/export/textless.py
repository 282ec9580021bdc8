"""States without their texts: what follows a long run and shows only what is new needs no more."""

from __future__ import annotations

from msgspec.structs import replace

from hive_tui.events import Delta, Record
from hive_tui.state import RunState
from hive_tui.streamtext import StreamText


def without_text(state: RunState, record: Record) -> RunState:
    """The same state, but of the text that the record brought only the lengths."""
    attempt = state.attempt(record.stream) if isinstance(record.event, Delta) else None
    if attempt is None:
        return state
    attempts = list(state.attempts)
    attempts[record.stream - 1] = replace(attempt, text=StreamText(attempt.text.lengths))
    return replace(state, attempts=tuple(attempts))
