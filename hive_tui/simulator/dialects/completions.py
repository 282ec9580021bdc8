"""The shape that all chat-completions dialects share. What differs from server to server is overridden elsewhere."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from hive_tui.simulator.dialects.chat import Chat, Cursor, Failure, Frame, Headers, Json, Listed, Usage, data

DONE = Frame("[DONE]")


class Completions:
    """Chat completions as a plain compatible server speaks them."""

    name = "completions"
    early = False
    keepalive_s = 0.0
    reasoning_field = "reasoning_content"
    """Where a delta carries reasoning; empty when this server never shows it."""

    def headers(self, chat: Chat) -> Headers:
        del chat
        return [("content-type", "text/event-stream"), ("cache-control", "no-cache")]

    def chunk(self, chat: Chat, choices: list[Json], **extra: object) -> Json:
        """One `chat.completion.chunk`."""
        return {
            "id": chat.generation,
            "object": "chat.completion.chunk",
            "created": chat.created,
            "model": chat.model,
            "choices": choices,
            **extra,
            "simulated": True,
        }

    def choice(self, delta: Json, finish: str | None = None) -> Json:
        return {"index": 0, "delta": delta, "finish_reason": finish}

    def opening(self, chat: Chat) -> list[Frame]:
        return [data(self.chunk(chat, [self.choice({"role": "assistant", "content": ""})]))]

    def keepalive(self) -> Frame:
        return Frame(comment="")

    def delta(self, cursor: Cursor, channel: str, text: str) -> Json | None:
        """The delta that carries the text; `None` when this server does not show the channel."""
        del cursor
        if channel == "answer":
            return {"content": text}
        if channel == "refusal":
            return {"refusal": text}
        return {self.reasoning_field: text} if self.reasoning_field else None

    def piece(self, chat: Chat, cursor: Cursor, channel: str, text: str) -> list[Frame]:
        delta = self.delta(cursor, channel, text)
        return [] if delta is None else [data(self.chunk(chat, [self.choice(delta)]))]

    def usage(self, usage: Usage) -> Json:
        counted: Json = {
            "prompt_tokens": usage.prompt,
            "completion_tokens": usage.completion,
            "total_tokens": usage.prompt + usage.completion,
        }
        if usage.reasoning and self.reasoning_field:
            counted["completion_tokens_details"] = {"reasoning_tokens": usage.reasoning}
        if usage.cached:
            counted["prompt_tokens_details"] = {"cached_tokens": usage.cached}
        return counted

    def closing(self, chat: Chat, cursor: Cursor, finish: str | None, usages: Sequence[Usage]) -> list[Frame]:
        del cursor
        frames = [data(self.chunk(chat, [self.choice({}, finish)]))] if finish is not None else []
        if chat.include_usage:
            frames += [data(self.chunk(chat, [], usage=self.usage(usage))) for usage in usages]
        return frames

    def ending(self) -> list[Frame]:
        return [DONE]

    def failing(self, chat: Chat, failure: Failure, usage: Usage | None) -> list[Frame]:
        """An error inside a stream of status 200."""
        del chat, usage
        return [data(self.error_body(failure)), DONE]

    def odd(self, chat: Chat, cursor: Cursor, kind: str) -> list[Frame]:
        """Frames that servers were seen to send and that a client has to live with."""
        del cursor
        whole = self.chunk(chat, [])
        match kind:
            case "empty-choices":
                return [data(whole)]
            case "no-choices":
                return [data({key: value for key, value in whole.items() if key != "choices"})]
            case "null-content":
                return [data(self.chunk(chat, [self.choice({"content": None})]))]
            case "encrypted-reasoning":
                detail: Json = {"type": "reasoning.encrypted", "data": "QUJD" * 375, "id": "rs_0"}
                detail |= {"format": "openai-responses-v1", "index": 0}
                delta: Json = {
                    "role": "assistant",
                    "content": "",
                    "reasoning": None,
                    "reasoning_details": [detail],
                }
                return [data(self.chunk(chat, [self.choice(delta)]))]
            case "refusal":
                said = "I'm sorry, but I can't help with that."
                return [data(self.chunk(chat, [self.choice({"refusal": said})]))]
            case "tools":
                return [data(self.chunk(chat, [self.choice({"tool_calls": [call]})])) for call in self.tool_calls()]
            case "unknown-fields":
                strange = self.choice({"content": "", "telepathy": {"level": 9}})
                return [
                    data(self.chunk(chat, [strange], warp=[1, None, {"a": "b"}], system_fingerprint="fp_sim")),
                    Frame('{"weather":"fine"}', "weather.changed"),
                ]
        return []

    def tool_calls(self) -> list[Json]:
        """Two calls in fragments, all at index 0: only the ids tell them apart."""
        calls: list[Json] = []
        for call, city in (("call_a", "Oslo"), ("call_b", "Lima")):
            named: Json = {"name": "weather", "arguments": ""}
            calls.append({"index": 0, "id": call, "type": "function", "function": named})
            calls += [
                {"index": 0, "id": call, "function": {**self.unnamed, "arguments": part}}
                for part in ('{"city":', f'"{city}"}}')
            ]
        return calls

    unnamed: ClassVar[Json] = {}
    """What the function of a later fragment holds besides its arguments."""

    def whole(self, chat: Chat, answer: str, reasoning: str, finish: str, usage: Usage | None) -> Json:
        """The answer to a request that did not ask for a stream."""
        message: Json = {"role": "assistant", "content": answer}
        if reasoning and self.reasoning_field:
            message[self.reasoning_field] = reasoning
        return {
            **self.chunk(chat, [{"index": 0, "message": message, "finish_reason": finish}]),
            "object": "chat.completion",
            **({} if usage is None else {"usage": self.usage(usage)}),
        }

    def error_body(self, failure: Failure) -> Json:
        kind = failure.type or _TYPES.get(failure.status, "api_error")
        error: Json = {"message": failure.message, "type": kind, "param": None, "code": None}
        return {"error": error, "simulated": True}

    def error_headers(self, failure: Failure) -> Headers:
        return [("retry-after", failure.retry_after)] if failure.retry_after else []

    def models(self, listed: Sequence[Listed]) -> Json:
        entries = [self.listed(model) for model in listed]
        return {"object": "list", "data": entries, "simulated": True}

    def listed(self, model: Listed) -> Json:
        return {"id": model.name, "object": "model", "created": 1767225600, "owned_by": "simulator"}


_TYPES = {
    400: "invalid_request_error",
    401: "authentication_error",
    403: "permission_error",
    404: "not_found_error",
    429: "rate_limit_error",
}
