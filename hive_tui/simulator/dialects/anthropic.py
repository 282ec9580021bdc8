"""Anthropic's messages: named events, blocks, cumulative usage, no [DONE]."""

from __future__ import annotations

from collections.abc import Sequence

from hive_tui.simulator.dialects.chat import Chat, Cursor, Failure, Frame, Headers, Json, Listed, Usage, data

_STOPS = {"stop": "end_turn", "length": "max_tokens", "tool_calls": "tool_use", "content_filter": "refusal"}
_TYPES = {
    400: "invalid_request_error",
    401: "authentication_error",
    402: "billing_error",
    403: "permission_error",
    404: "not_found_error",
    413: "request_too_large",
    429: "rate_limit_error",
    504: "timeout_error",
    529: "overloaded_error",
}
_EMPTY = {
    "text": {"type": "text", "text": ""},
    "thinking": {"type": "thinking", "thinking": "", "signature": ""},
}


def _event(kind: str, **rest: object) -> Frame:
    return data({"type": kind, **rest}, kind)


class Anthropic:
    """The messages API of version 2023-06-01."""

    name = "anthropic"
    early = False
    keepalive_s = 0.0

    def headers(self, chat: Chat) -> Headers:
        return [
            ("content-type", "text/event-stream; charset=utf-8"),
            ("cache-control", "no-cache"),
            ("request-id", f"req_{chat.generation[4:]}"),
            ("anthropic-ratelimit-requests-limit", "4000"),
            ("anthropic-ratelimit-requests-remaining", "3999"),
        ]

    def opening(self, chat: Chat) -> list[Frame]:
        message: Json = {
            "id": chat.generation,
            "type": "message",
            "role": "assistant",
            "model": chat.model,
            "content": [],
            "stop_reason": None,
            "stop_sequence": None,
            "usage": {"input_tokens": chat.prompt_tokens, "output_tokens": 1},
            "metadata": {"simulated": True},
        }
        return [_event("message_start", message=message), self.keepalive()]

    def keepalive(self) -> Frame:
        return _event("ping")

    def piece(self, chat: Chat, cursor: Cursor, channel: str, text: str) -> list[Frame]:
        del chat
        frames: list[Frame] = []
        kind = "thinking" if channel == "reasoning" else "text"
        if cursor.previous != channel:
            if cursor.previous:
                frames += self._leave(cursor.previous, cursor.block - 1)
            frames.append(_event("content_block_start", index=cursor.block, content_block=_EMPTY[kind]))
        delta = {"type": f"{kind}_delta", kind: text}
        return [*frames, _event("content_block_delta", index=cursor.block, delta=delta)]

    def _leave(self, channel: str, block: int) -> list[Frame]:
        stop = _event("content_block_stop", index=block)
        if channel != "reasoning":
            return [stop]
        signature = {"type": "signature_delta", "signature": "c2ltdWxhdGVk"}
        return [_event("content_block_delta", index=block, delta=signature), stop]

    def closing(self, chat: Chat, cursor: Cursor, finish: str | None, usages: Sequence[Usage]) -> list[Frame]:
        """Block stop and `message_delta`, whose usage is cumulative; none without a finish reason and usage."""
        frames = self._leave(cursor.previous, cursor.block) if cursor.previous else []
        stop: Json = {
            "stop_reason": None if finish is None else _STOPS.get(finish, finish),
            "stop_sequence": None,
        }
        del chat
        if not usages and finish is not None:
            frames.append(_event("message_delta", delta=stop, usage={}))
        return frames + [_event("message_delta", delta=stop, usage=self._usage(usage)) for usage in usages]

    def _usage(self, usage: Usage) -> Json:
        """What the cache gave is none of the input tokens."""
        counted: Json = {"input_tokens": usage.prompt - usage.cached, "output_tokens": usage.completion}
        return {**counted, "cache_creation_input_tokens": 0, "cache_read_input_tokens": usage.cached}

    def ending(self) -> list[Frame]:
        return [_event("message_stop")]

    def failing(self, chat: Chat, failure: Failure, usage: Usage | None) -> list[Frame]:
        del chat, usage
        return [data(self.error_body(failure), "error")]

    def odd(self, chat: Chat, cursor: Cursor, kind: str) -> list[Frame]:
        del chat
        match kind:
            case "empty-choices" | "no-choices":
                return [self.keepalive()]
            case "null-content":
                part = "thinking" if cursor.previous == "reasoning" else "text"
                delta = {"type": f"{part}_delta", part: None}
                return [_event("content_block_delta", index=cursor.block, delta=delta)]
            case "encrypted-reasoning":
                block: Json = {"type": "redacted_thinking", "data": "QUJD" * 375}
                start = _event("content_block_start", index=cursor.block, content_block=block)
                return [start, _event("content_block_stop", index=cursor.block)]
            case "tools":
                frames = self._leave(cursor.previous, cursor.block) if cursor.previous else []
                first = cursor.block + bool(cursor.previous)
                for index, city in ((first, "Oslo"), (first + 1, "Lima")):
                    block = {"type": "tool_use", "id": f"toolu_{city}", "name": "weather", "input": {}}
                    frames.append(_event("content_block_start", index=index, content_block=block))
                    for part in ('{"city":', f'"{city}"}}'):
                        delta = {"type": "input_json_delta", "partial_json": part}
                        frames.append(_event("content_block_delta", index=index, delta=delta))
                    frames.append(_event("content_block_stop", index=index))
                return frames
            case "unknown-fields":
                strange: Json = {"type": "ping", "warp": [1, None]}
                return [_event("weather_changed", weather="fine"), data(strange, "ping")]
        return []

    def whole(self, chat: Chat, answer: str, reasoning: str, finish: str, usage: Usage | None) -> Json:
        content: list[Json] = [{"type": "text", "text": answer}]
        if reasoning:
            content.insert(0, {"type": "thinking", "thinking": reasoning, "signature": "c2ltdWxhdGVk"})
        return {
            "id": chat.generation,
            "type": "message",
            "role": "assistant",
            "model": chat.model,
            "content": content,
            "stop_reason": _STOPS.get(finish, finish),
            "stop_sequence": None,
            "usage": {} if usage is None else self._usage(usage),
            "metadata": {"simulated": True},
        }

    def error_body(self, failure: Failure) -> Json:
        kind = failure.type or _TYPES.get(failure.status, "api_error")
        error: Json = {"type": kind, "message": failure.message}
        return {"type": "error", "error": error, "simulated": True}

    def error_headers(self, failure: Failure) -> Headers:
        return [("retry-after", failure.retry_after)] if failure.retry_after else []

    def models(self, listed: Sequence[Listed]) -> Json:
        entries: list[Json] = [
            {
                "type": "model",
                "id": model.name,
                "display_name": model.name,
                "created_at": "2026-01-01T00:00:00Z",
            }
            for model in listed
        ]
        ends: Json = {"first_id": entries[0]["id"], "last_id": entries[-1]["id"]} if entries else {}
        return {"data": entries, "has_more": False, **ends, "simulated": True}
