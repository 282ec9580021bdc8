"""Which fields of an event hold words that somebody wrote, and which hold names; the rest is Hive's own vocabulary."""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum
from typing import Any, Literal

import msgspec
from msgspec.structs import replace

from hive_tui.events import (
    AttemptEnded,
    AttemptStarted,
    ErrorInfo,
    Event,
    Message,
    RunStarted,
    StageEnded,
    Usage,
    UsageReported,
    Warned,
)

Sort = Literal["words", "name", "stage"]
"""Prose; the name of something; the name of a stage, by which others refer to it."""
Change = Callable[[str, str, Sort], str]
"""(text, its place in words, sort) -> what stands there instead."""

WORDS = {
    (RunStarted, "question"): "question",
    (Message, "content"): "messages",
    (ErrorInfo, "message"): "errors",
    (ErrorInfo, "advice"): "errors",
    (Warned, "message"): "warnings",
    (StageEnded, "skipped"): "why it was skipped",
}
"""Fields of prose, and how their place is called."""
OURS = {
    (RunStarted, "run"),
    (RunStarted, "version"),
    (RunStarted, "parent"),
    (Message, "role"),
    (ErrorInfo, "kind"),
    (Warned, "code"),
    (AttemptStarted, "reason"),
    (AttemptStarted, "dialect"),
    (UsageReported, "cost_usd"),
    (UsageReported, "cost_source"),
}
"""Fields whose words Hive itself makes, and takes for what they say."""
FINISHES = frozenset({"stop", "length", "tool_calls", "content_filter", "error"})
"""Finish reasons that Hive makes; any other is the provider's."""


def changed(event: Event, change: Change) -> Event:
    """The event with each text, wherever in it, as `change` makes it."""
    found: Event = _changed(event, change, "", "name")
    return found


def _changed(value: Any, change: Change, place: str, sort: Sort) -> Any:
    if isinstance(value, Enum | Usage):
        return value
    if isinstance(value, str):
        return change(value, place, sort) if value else value
    if isinstance(value, tuple):
        return tuple(_changed(each, change, place, sort) for each in value)
    if not isinstance(value, msgspec.Struct):
        return value
    fields = {}
    for name in value.__struct_fields__:
        key, old = (type(value), name), getattr(value, name)
        if key in OURS or (key == (AttemptEnded, "finish_reason") and old in FINISHES):
            continue
        called = WORDS.get(key)
        new = _changed(old, change, called or "names", "words" if called else _sort_of(name))
        if new is not old:
            fields[name] = new
    return replace(value, **fields) if fields else value


def _sort_of(field: str) -> Sort:
    return "stage" if field in ("stage", "inputs") else "name"
