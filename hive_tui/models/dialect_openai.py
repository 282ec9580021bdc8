"""The OpenAI-compatible dialect: OpenAI, Ollama `/v1`, vLLM, llama.cpp (old and new), LM Studio, LiteLLM and others.

Source: OpenAI's chat completions API and recorded streams of the servers above. Rules that cover all of them: unknown
keys are ignored; `choices` may be absent or empty; text is `content` when it is a string; reasoning is taken once, from
`reasoning_details`, else `reasoning`, else `reasoning_content`; the last finish reason and the last usage count; an
error is a truthy `error`, `object` = `error`, or an SSE event or field `error`. `<think>` tags in the text stay text.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from urllib.parse import urlsplit

import msgspec

from hive_tui.events import Channel
from hive_tui.models import prefix
from hive_tui.models.call import Call, Counted, Part
from hive_tui.models.dialect import Progress, Reader, Request, is_usage, text_part
from hive_tui.models.errors import clean, failure, from_payload
from hive_tui.models.openai_frames import (
    Choice,
    Chunk,
    Delta,
    plain,
    read_chunk,
    read_object,
    usage_of,
    usage_of_timings,
)
from hive_tui.models.sse import Event

_REASONS = {"function_call": "tool_calls", "max_tokens": "length", "end_turn": "stop", "eos": "stop"}


class OpenAI:
    """How a call is put to an OpenAI-compatible server."""

    name = "openai"

    def request(self, call: Call) -> Request:
        body = self._body(call)
        return Request("/chat/completions", (("content-type", "application/json"),), msgspec.json.encode(body))

    def authorization(self, key: str) -> tuple[str, str]:
        return "authorization", f"Bearer {key}"

    def reader(self, *, simulated: bool, secret: str | None) -> Reader:
        return OpenAIReader(simulated=simulated, secret=secret)

    def _body(self, call: Call) -> dict[str, Any]:
        params = call.params
        body: dict[str, Any] = {
            "model": call.model,
            "messages": [{"role": message.role, "content": message.content} for message in call.messages],
            "stream": True,
            # Without it OpenAI, vLLM and Ollama report no usage at all.
            "stream_options": {"include_usage": True},
        }
        if call.endpoint.name == "vllm":
            # The name of vLLM's own endpoint. Each chunk counts its tokens then, also in a stream that is cut off; of
            # the servers that do not know the option some refuse it.
            body["stream_options"]["continuous_usage_stats"] = True
        # OpenAI's reasoning models refuse the old name, compatible servers do not know the new one.
        own = urlsplit(call.endpoint.base_url).hostname == "api.openai.com"
        optional = {
            "temperature": params.temperature,
            "top_p": params.top_p,
            "max_completion_tokens" if own else "max_tokens": params.max_tokens,
            "seed": params.seed,
            "reasoning_effort": params.reasoning_effort,
            "stop": list(params.stop) or None,
        }
        body.update((name, value) for name, value in optional.items() if value is not None)
        prefix.mark(body, call.prefix)
        return body


class OpenAIReader(Progress):
    """Reads one answer of an OpenAI-compatible server."""

    reports_usd = False
    """Whether `usage.cost` is known to be US dollars."""

    def __init__(self, *, simulated: bool, secret: str | None) -> None:
        super().__init__(simulated=simulated, secret=secret)
        self._heading: tuple[object, ...] = ()

    def feed(self, events: Sequence[Event]) -> list[Part]:
        parts: list[Part] = []
        for event in events:
            data = event.data
            if data[:1] != b"{":
                data = data.strip()
                if data.startswith(b"[DONE]"):
                    self.done = True
                    break
            if data:
                try:
                    chunk = read_chunk(data)
                except ValueError:
                    if event.type != "error":
                        shown = clean(data[:4096].decode("utf-8", "replace"), self._secret)[:200]
                        self.failure = failure("protocol", f"a frame of the stream is no JSON object: {shown}")
                        break
                else:
                    self._take(chunk, data, parts)
            if event.error is not None:
                self._erred(event.error)
            elif event.type == "error" and self.failure is None:
                self._erred(data)
            if self.failure is not None:
                break
        self._count(parts)
        return parts

    def whole(self, body: bytes) -> list[Part]:
        parts: list[Part] = []
        try:
            chunk = read_chunk(body)
        except ValueError:
            self.failure = failure("protocol", "the answer is neither an event stream nor one JSON document")
            return parts
        self._take(chunk, body, parts)
        self._count(parts)
        self.done = True
        if self.failure is None and not chunk.choices:
            self.failure = failure("protocol", "the answer is JSON, but not a completion", status=None)
            payload = read_object(body)
            if any(name in payload for name in ("message", "detail", "errors")):
                self.failure = from_payload(payload, secret=self._secret)
        return parts

    def _take(self, chunk: Chunk, data: bytes, parts: list[Part]) -> None:
        heading = (chunk.id, chunk.model, chunk.provider, chunk.simulated)
        if heading != self._heading:
            self._heading = heading
            self._identify(
                parts, chunk.id or "", chunk.model or "", chunk.provider or "", simulated=chunk.simulated is True
            )
        if chunk.choices:
            for choice in chunk.choices:
                if not choice.index:
                    self._choose(choice, parts)
        if chunk.usage is not None:
            usage = usage_of(chunk.usage)
            if is_usage(usage):
                self._counted = Counted(usage, plain(chunk.usage.cost) if self.reports_usd else None)
        elif chunk.timings is not None and self._counted is None:
            usage = usage_of_timings(chunk.timings)
            if is_usage(usage):
                self._counted = Counted(usage)
        if chunk.error:
            self.failure = from_payload({"error": chunk.error}, secret=self._secret)
        elif chunk.object == "error":
            self.failure = from_payload(read_object(data), secret=self._secret)

    def _choose(self, choice: Choice, parts: list[Part]) -> None:
        delta = choice.delta or choice.message
        if delta is not None:
            reasoning = (
                _details(delta) or delta.reasoning or delta.reasoning_content
                if delta.reasoning_details
                else delta.reasoning or delta.reasoning_content
            )
            if reasoning:
                self._spoke = True
                parts.append(text_part(Channel.REASONING, reasoning))
            if delta.content:
                self._spoke = True
                parts.append(text_part(Channel.ANSWER, delta.content))
            if delta.refusal:
                self._spoke = True
                parts.append(text_part(Channel.REFUSAL, delta.refusal))
        if choice.finish_reason:
            reason = choice.finish_reason
            self._finished(parts, _REASONS.get(reason, reason), choice.native_finish_reason or reason)


def _details(delta: Delta) -> str:
    """The text of the reasoning blocks; encrypted ones and tool calls have none."""
    return "".join(detail.text or detail.summary or "" for detail in delta.reasoning_details or ())
