"""Anthropic's messages API.

Source: Anthropic's documentation of streaming messages. Named events, each repeating its name as `type` in its JSON;
unknown ones are ignored. Usage is cumulative: a later report replaces the fields it has, and output tokens are those of
`message_delta`, since what `message_start` says of them was counted before the answer. There is no `[DONE]`;
`message_stop` is the end, and what an aggregator sends after it is not read.

Prompt tokens are input tokens + tokens read from the cache + tokens written to it, since Anthropic reports the three
apart; cached tokens are those read.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from hive_tui.events import Channel, Usage, UsageSource
from hive_tui.models.call import Call, Counted, Part
from hive_tui.models.dialect import Progress, Reader, Request, count_of, is_usage, more, text_part
from hive_tui.models.errors import clean, failure, from_payload
from hive_tui.models.openai_frames import read_object
from hive_tui.models.sse import Event

VERSION = "2023-06-01"
MAX_TOKENS = 4096
"""The API demands a bound; this one holds when the call names none."""

_REASONS = {
    "end_turn": "stop",
    "stop_sequence": "stop",
    "max_tokens": "length",
    "model_context_window_exceeded": "length",
    "tool_use": "tool_calls",
    "refusal": "content_filter",
}

_EFFORTS = {"minimal": 0.1, "low": 0.2, "medium": 0.5, "high": 0.8, "xhigh": 0.95, "max": 0.95}
_LEAST_THINKING = 1024
_TAKES_BUDGET = re.compile(r"claude-(?:[123]|[a-z]+-4(?:[-.][015])?(?:$|[-@:]\d{8}))")
"""Claude up to 4.5 is told how many tokens it may think, as are other makers' models that speak this dialect. Later
Claudes are told the effort, show their thinking only when asked to, and refuse a budget."""


class _Counts(msgspec.Struct):
    input_tokens: int | float | None = None
    output_tokens: int | float | None = None
    cache_read_input_tokens: int | float | None = None
    cache_creation_input_tokens: int | float | None = None


class _Block(msgspec.Struct, gc=False):
    """A content block, or a delta of one, or the delta of the message: whatever stands under these names."""

    type: str | None = None
    text: str | None = None
    thinking: str | None = None
    stop_reason: str | None = None


class _Message(msgspec.Struct):
    id: str | None = None
    model: str | None = None
    usage: _Counts | None = None
    metadata: Any = None


class _Frame(msgspec.Struct, gc=False):
    type: str | None = None
    delta: _Block | None = None
    content_block: _Block | None = None
    message: _Message | None = None
    usage: _Counts | None = None
    error: Any = None


class _Whole(_Message):
    """A message that came in one piece although a stream was asked for."""

    type: str | None = None
    content: list[_Block] | None = None
    stop_reason: str | None = None
    error: Any = None


_decode = msgspec.json.Decoder(_Frame).decode


class Anthropic:
    """How a call is put to Anthropic."""

    name = "anthropic"

    def request(self, call: Call) -> Request:
        headers = (("content-type", "application/json"), ("anthropic-version", VERSION))
        return Request("/messages", headers, msgspec.json.encode(_body(call)))

    def authorization(self, key: str) -> tuple[str, str]:
        return "x-api-key", key

    def reader(self, *, simulated: bool, secret: str | None) -> Reader:
        return AnthropicReader(simulated=simulated, secret=secret)


class AnthropicReader(Progress):
    """Reads one answer of Anthropic."""

    def __init__(self, *, simulated: bool, secret: str | None) -> None:
        super().__init__(simulated=simulated, secret=secret)
        self._counts = _Counts()

    def feed(self, events: Sequence[Event]) -> list[Part]:
        parts: list[Part] = []
        for event in events:
            if not event.data.strip():
                continue
            if event.type == "error":
                self._erred(event.data)
                break
            try:
                frame = _read(event.data)
            except ValueError:
                if event.type == "message" or event.type.startswith(("message_", "content_block_")):
                    shown = clean(event.data[:4096].decode("utf-8", "replace"), self._secret)[:200]
                    self.failure = failure("protocol", f"a frame of the stream is no JSON object: {shown}")
                    break
                continue
            self._take(frame, parts)
            if self.done or self.failure is not None:
                break
        self._count(parts)
        return parts

    def whole(self, body: bytes) -> list[Part]:
        parts: list[Part] = []
        try:
            message = msgspec.convert(read_object(body), _Whole)
        except ValueError:
            self.failure = failure("protocol", "the answer is neither an event stream nor a message")
            return parts
        self.done = True
        if message.type != "message":
            if message.error:
                self.failure = from_payload({"error": message.error}, secret=self._secret)
            else:
                self.failure = failure("protocol", "the answer is JSON, but not a message")
            return parts
        self._begin(message, parts)
        for block in message.content or ():
            self._speak(block, parts)
        if message.stop_reason:
            self._stop(message.stop_reason, parts)
        self._count(parts)
        return parts

    def _take(self, frame: _Frame, parts: list[Part]) -> None:
        kind = frame.type
        if kind in ("content_block_delta", "content_block_start"):
            block = frame.delta if kind == "content_block_delta" else frame.content_block
            if block is not None:
                self._speak(block, parts)
        elif kind == "message_start":
            message = frame.message
            if message is not None:
                if message.usage is not None:
                    # What it says of the output is not how long the answer becomes.
                    message.usage.output_tokens = None
                self._begin(message, parts)
        elif kind == "message_delta":
            self._tally(frame.usage)
            if frame.delta is not None and frame.delta.stop_reason:
                self._stop(frame.delta.stop_reason, parts)
        elif kind == "message_stop":
            self.done = True
        elif kind == "error" or frame.error:
            self.failure = from_payload({"error": frame.error or {}}, secret=self._secret)

    def _speak(self, block: _Block, parts: list[Part]) -> None:
        if block.text:
            self._spoke = True
            parts.append(text_part(Channel.ANSWER, block.text))
        elif block.thinking:
            self._spoke = True
            parts.append(text_part(Channel.REASONING, block.thinking))

    def _begin(self, message: _Message, parts: list[Part]) -> None:
        simulated = isinstance(message.metadata, Mapping) and message.metadata.get("simulated") is True
        self._identify(parts, message.id or "", message.model or "", "", simulated=simulated)
        self._tally(message.usage)

    def _stop(self, native: str, parts: list[Part]) -> None:
        self._finished(parts, _REASONS.get(native, native), native)

    def _tally(self, new: _Counts | None) -> None:
        if new is None:
            return
        for name in new.__struct_fields__:
            value = getattr(new, name)
            if value is not None:
                setattr(self._counts, name, value)
        counts = self._counts
        cached = count_of(counts.cache_read_input_tokens)
        prompt = more(more(count_of(counts.input_tokens), cached), count_of(counts.cache_creation_input_tokens))
        usage = Usage(prompt, count_of(counts.output_tokens), None, cached, UsageSource.PROVIDER)
        if is_usage(usage):
            self._counted = Counted(usage)


def _read(data: bytes) -> _Frame:
    """A frame's JSON. Raises `ValueError` when it is no JSON object."""
    try:
        return _decode(data)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return _leniently(read_object(data))


def _leniently(frame: Mapping[str, Any]) -> _Frame:
    """Field by field: one that has another type than expected counts as absent, in nested objects too."""
    fields: dict[str, Any] = {"type": _fitting(frame.get("type"), str), "error": frame.get("error")}
    for name, kind in (("delta", _Block), ("content_block", _Block), ("message", _Message), ("usage", _Counts)):
        fields[name] = _nested(frame.get(name), kind)
    return _Frame(**fields)


def _nested(value: object, kind: type[_Block] | type[_Message] | type[_Counts]) -> Any:
    if not isinstance(value, dict):
        return None
    result = kind()
    for field in msgspec.structs.fields(kind):
        if field.name == "usage":
            setattr(result, field.name, _nested(value.get(field.name), _Counts))
        elif field.name in value:
            setattr(result, field.name, _fitting(value[field.name], field.type))
    return result


def _fitting(value: object, kind: Any) -> Any:
    try:
        return msgspec.convert(value, kind)
    except msgspec.ValidationError:
        return None


def _body(call: Call) -> dict[str, Any]:
    params = call.params
    limit = params.max_tokens or MAX_TOKENS
    system = "\n\n".join(message.content for message in call.messages if message.role == "system")
    body: dict[str, Any] = {
        "model": call.model,
        "max_tokens": limit,
        "stream": True,
        "messages": [
            {"role": message.role, "content": message.content} for message in call.messages if message.role != "system"
        ],
    }
    optional: dict[str, Any] = {
        "system": system or None,
        "temperature": params.temperature,
        "top_p": params.top_p,
        "stop_sequences": list(params.stop) or None,
    }
    # The API takes no beginning of an answer beside thinking.
    effort = "" if call.prefix else params.reasoning_effort or ""
    budget = int(limit * _EFFORTS.get(effort, 0))
    if budget and "claude-" in call.model and not _TAKES_BUDGET.search(call.model):
        body["thinking"] = {"type": "adaptive", "display": "summarized"}
        body["output_config"] = {"effort": "low" if effort == "minimal" else effort}
    elif budget and limit > _LEAST_THINKING:
        body["thinking"] = {"type": "enabled", "budget_tokens": min(max(budget, _LEAST_THINKING), limit - 1)}
    if "thinking" in body:
        # The API takes no sampling parameters beside thinking.
        optional["temperature"] = optional["top_p"] = None
    body.update((name, value) for name, value in optional.items() if value is not None)
    return body
