"""The frames of OpenAI-compatible streams as structs: typed and fast, or field by field when a frame is odd.

Only what Hive reads is declared. A frame that has another type in one of these fields, JSON that is only nearly valid,
or a lone surrogate is read a second time, leniently: what fits is taken, the rest counts as absent.

What every frame has is kept from the garbage collector (decoded JSON has no cycles): 300 passes a minute became 40.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from typing import Any

import msgspec

from hive_tui.events import Usage, UsageSource
from hive_tui.models.dialect import count_of, more


class Detail(msgspec.Struct, gc=False):
    type: str | None = None
    text: str | None = None
    summary: str | None = None


class Delta(msgspec.Struct, gc=False):
    content: str | None = None
    reasoning: str | None = None
    reasoning_content: str | None = None
    reasoning_details: list[Detail] | None = None
    refusal: str | None = None


class Choice(msgspec.Struct, gc=False):
    index: int | None = 0
    delta: Delta | None = None
    message: Delta | None = None
    """Instead of `delta` when the server ignored that a stream was asked for."""
    finish_reason: str | None = None
    native_finish_reason: str | None = None


class PromptDetails(msgspec.Struct):
    cached_tokens: int | float | None = None


class CompletionDetails(msgspec.Struct):
    reasoning_tokens: int | float | None = None


class Counts(msgspec.Struct):
    prompt_tokens: int | float | None = None
    completion_tokens: int | float | None = None
    prompt_tokens_details: PromptDetails | None = None
    completion_tokens_details: CompletionDetails | None = None
    cost: Decimal | None = None


class Timings(msgspec.Struct):
    """llama.cpp's own report, the only one of builds that know no usage chunk."""

    prompt_n: int | float | None = None
    cache_n: int | float | None = None
    predicted_n: int | float | None = None


class Chunk(msgspec.Struct, gc=False):
    id: str | None = None
    model: str | None = None
    provider: str | None = None
    object: str | None = None
    choices: list[Choice] | None = None
    usage: Counts | None = None
    timings: Timings | None = None
    error: Any = None
    simulated: Any = None


_decode = msgspec.json.Decoder(Chunk).decode


def read_chunk(data: bytes) -> Chunk:
    """A frame's JSON as a `Chunk`. Raises `ValueError` when it is no JSON object."""
    try:
        return _decode(data)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return _leniently(read_object(data))


def read_object(data: bytes) -> Mapping[str, Any]:
    """The widest reading: raw control characters, lone surrogates, NaN. Raises `ValueError` if it is no object."""
    try:
        value = json.loads(data.decode("utf-8-sig", "replace"), strict=False, parse_float=Decimal)
    except RecursionError:
        raise ValueError("nested too deeply") from None
    if not isinstance(value, dict):
        raise ValueError("not a JSON object")
    return value


def usage_of(counts: Counts) -> Usage:
    prompt, completion = counts.prompt_tokens_details, counts.completion_tokens_details
    return Usage(
        count_of(counts.prompt_tokens),
        count_of(counts.completion_tokens),
        None if completion is None else count_of(completion.reasoning_tokens),
        None if prompt is None else count_of(prompt.cached_tokens),
        UsageSource.PROVIDER,
    )


def usage_of_timings(timings: Timings) -> Usage:
    cached = count_of(timings.cache_n)
    return Usage(
        more(count_of(timings.prompt_n), cached),
        count_of(timings.predicted_n),
        None,
        cached,
        UsageSource.PROVIDER,
    )


def plain(cost: Decimal | None) -> str | None:
    """A reported cost in plain decimal notation with the digits as reported; "0" for zero, `None` for no amount."""
    if cost is None or not cost.is_finite() or cost < 0:
        return None
    if not cost:
        return "0"
    # A dozen digits on either side are more than any price has; beyond that it is no amount but an attack.
    return format(cost, "f") if -30 < cost.adjusted() < 15 else None


def _leniently(frame: Mapping[str, Any]) -> Chunk:
    choices = frame.get("choices")
    usage = frame.get("usage")
    timings = frame.get("timings")
    return Chunk(
        _string(frame, "id"),
        _string(frame, "model"),
        _string(frame, "provider"),
        _string(frame, "object"),
        [_choice(choice) for choice in choices if isinstance(choice, dict)] if isinstance(choices, list) else None,
        _counts(usage) if isinstance(usage, dict) else None,
        Timings(*(_number(timings, key) for key in ("prompt_n", "cache_n", "predicted_n")))
        if isinstance(timings, dict)
        else None,
        frame.get("error"),
        frame.get("simulated"),
    )


def _choice(choice: Mapping[str, Any]) -> Choice:
    index = choice.get("index")
    return Choice(
        index if isinstance(index, int) else 0,
        _delta(choice.get("delta")),
        _delta(choice.get("message")),
        _string(choice, "finish_reason"),
        _string(choice, "native_finish_reason"),
    )


def _delta(delta: object) -> Delta | None:
    if not isinstance(delta, dict):
        return None
    details = delta.get("reasoning_details")
    content = delta.get("content")
    return Delta(
        _of_parts(content, "text") if isinstance(content, list) else _string(delta, "content"),
        _of_parts(content, "thinking") or _string(delta, "reasoning"),
        _string(delta, "reasoning_content"),
        [
            Detail(_string(detail, "type"), _string(detail, "text"), _string(detail, "summary"))
            for detail in details
            if isinstance(detail, dict)
        ]
        if isinstance(details, list)
        else None,
        _string(delta, "refusal"),
    )


def _of_parts(content: object, kind: str) -> str | None:
    """The text of content that comes in parts, as Mistral's reasoning models send it; `thinking` holds parts itself."""
    if not isinstance(content, list):
        return None
    values = [part.get(kind) for part in content if isinstance(part, dict) and part.get("type", kind) == kind]
    return "".join(value if isinstance(value, str) else _of_parts(value, "text") or "" for value in values)


def _counts(usage: Mapping[str, Any]) -> Counts:
    prompt, completion = usage.get("prompt_tokens_details"), usage.get("completion_tokens_details")
    return Counts(
        _number(usage, "prompt_tokens"),
        _number(usage, "completion_tokens"),
        PromptDetails(_number(prompt, "cached_tokens")) if isinstance(prompt, dict) else None,
        CompletionDetails(_number(completion, "reasoning_tokens")) if isinstance(completion, dict) else None,
        _decimal(usage.get("cost")),
    )


def _string(frame: Mapping[str, Any], key: str) -> str | None:
    value = frame.get(key)
    return value if isinstance(value, str) else None


def _number(frame: Mapping[str, Any], key: str) -> int | float | None:
    value = frame.get(key)
    if isinstance(value, Decimal):
        return float(value)
    return value if isinstance(value, int | float) and not isinstance(value, bool) else None


def _decimal(value: object) -> Decimal | None:
    if isinstance(value, bool) or not isinstance(value, int | str | Decimal):
        return None
    try:
        return Decimal(value)
    except InvalidOperation:
        return None
