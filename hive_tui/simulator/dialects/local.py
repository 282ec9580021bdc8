"""Servers that people run at home: Ollama, llama.cpp, vLLM, LM Studio; each with its own habits."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from hive_tui.simulator.dialects.chat import Chat, Cursor, Failure, Frame, Headers, Json, Listed, Usage, data
from hive_tui.simulator.dialects.completions import DONE, Completions


class Ollama(Completions):
    """Ollama's `/v1`."""

    name = "ollama-v1"
    reasoning_field = "reasoning"

    def chunk(self, chat: Chat, choices: list[Json], **extra: object) -> Json:
        return super().chunk(chat, choices, **{"system_fingerprint": "fp_ollama", **extra})

    def opening(self, chat: Chat) -> list[Frame]:
        del chat
        return []

    def delta(self, cursor: Cursor, channel: str, text: str) -> Json:
        role: Json = {} if cursor.previous else {"role": "assistant"}
        if channel == "answer":
            return {**role, "content": text}
        if channel == "refusal":
            return {**role, "content": "", "refusal": text}
        return {**role, "content": "", "reasoning": text}

    def closing(self, chat: Chat, cursor: Cursor, finish: str | None, usages: Sequence[Usage]) -> list[Frame]:
        frames = super().closing(chat, cursor, None, usages)
        if finish is None:
            return frames
        return [data(self.chunk(chat, [self.choice({"content": ""}, finish)])), *frames]

    def failing(self, chat: Chat, failure: Failure, usage: Usage | None) -> list[Frame]:
        """An error in mid-stream becomes an empty content chunk, and the stream closes."""
        del failure, usage
        return [data(self.chunk(chat, [self.choice({"role": "assistant", "content": ""})]))]


class LlamaCpp(Completions):
    """`llama-server` of 2026: pings, timings, errors as data."""

    name = "llamacpp-new"
    early = True
    keepalive_s = 30.0

    def headers(self, chat: Chat) -> Headers:
        return [*super().headers(chat), ("server", "llama.cpp"), ("access-control-allow-origin", "")]

    def chunk(self, chat: Chat, choices: list[Json], **extra: object) -> Json:
        return super().chunk(chat, choices, **{"system_fingerprint": "b9478-simulated", **extra})

    def opening(self, chat: Chat) -> list[Frame]:
        return [data(self.chunk(chat, [self.choice({"role": "assistant", "content": None})]))]

    def timings(self, chat: Chat, usage: Usage) -> Json:
        spoke_ms = usage.completion / chat.rate * 1000.0 if chat.rate else 1.0
        return {
            "cache_n": 0,
            "prompt_n": usage.prompt,
            "prompt_ms": round(chat.ttft_ms, 3),
            "predicted_n": usage.completion,
            "predicted_ms": round(spoke_ms, 3),
            "predicted_per_second": round(usage.completion / spoke_ms * 1000.0, 3),
        }

    def closing(self, chat: Chat, cursor: Cursor, finish: str | None, usages: Sequence[Usage]) -> list[Frame]:
        del cursor
        timed: Json = {"timings": self.timings(chat, usages[-1])} if usages else {}
        frames = []
        if finish is not None:
            last = {} if chat.include_usage else timed
            frames.append(data(self.chunk(chat, [self.choice({}, finish)], **last)))
        if chat.include_usage:
            frames += [data(self.chunk(chat, [], usage=self.usage(usage), **timed)) for usage in usages]
        return frames

    def error_body(self, failure: Failure) -> Json:
        kind = failure.type or ("unavailable_error" if failure.status == 503 else "server_error")
        error: Json = {"code": failure.status, "message": failure.message, "type": kind}
        return {"error": error, "simulated": True}

    def listed(self, model: Listed) -> Json:
        return {**super().listed(model), "owned_by": "llamacpp", "meta": {"n_ctx_train": model.context}}


class LlamaCpp2025(LlamaCpp):
    """Builds through 2025: no pings, usage on the finish chunk, errors in an `error` field, no last blank line."""

    name = "llamacpp-2025"
    early = False
    keepalive_s = 0.0

    def closing(self, chat: Chat, cursor: Cursor, finish: str | None, usages: Sequence[Usage]) -> list[Frame]:
        del cursor
        if finish is None and not usages:
            return []
        extra: Json = {}
        if usages:
            extra = {"usage": self.usage(usages[-1]), "timings": self.timings(chat, usages[-1])}
        return [data(self.chunk(chat, [self.choice({}, finish)], **extra))] * max(1, len(usages))

    def ending(self) -> list[Frame]:
        return [DONE._replace(blank=False)]

    def failing(self, chat: Chat, failure: Failure, usage: Usage | None) -> list[Frame]:
        del chat, usage
        return [data(self.error_body(failure))._replace(field="error"), *self.ending()]


class Vllm(Completions):
    """vLLM: a first chunk with empty content, usage on every chunk when asked for."""

    name = "vllm"

    def choice(self, delta: Json, finish: str | None = None) -> Json:
        choice: Json = {"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish}
        return choice if finish is None else {**choice, "stop_reason": None}

    def piece(self, chat: Chat, cursor: Cursor, channel: str, text: str) -> list[Frame]:
        if not chat.continuous_usage:
            return super().piece(chat, cursor, channel, text)
        delta = self.delta(cursor, channel, text)
        so_far = self.usage(Usage(chat.prompt_tokens, cursor.tokens, 0, 0))
        return [data(self.chunk(chat, [self.choice(delta or {})], usage=so_far))]

    def closing(self, chat: Chat, cursor: Cursor, finish: str | None, usages: Sequence[Usage]) -> list[Frame]:
        frames = super().closing(chat, cursor, None, usages)
        if finish is None:
            return frames
        extra: Json = {"usage": self.usage(usages[0])} if chat.continuous_usage and usages else {}
        return [data(self.chunk(chat, [self.choice({"content": ""}, finish)], **extra)), *frames]

    def error_body(self, failure: Failure) -> Json:
        kind = failure.type or {400: "BadRequestError", 404: "NotFoundError"}.get(failure.status, "InternalServerError")
        error: Json = {"message": failure.message, "type": kind, "param": None, "code": failure.status}
        if kind == "flat":
            return {"object": "error", **error, "type": "InternalServerError", "simulated": True}
        return {"error": error, "simulated": True}

    def listed(self, model: Listed) -> Json:
        root = {"root": model.name, "parent": None, "max_model_len": model.context}
        return {**super().listed(model), "owned_by": "vllm", **root}


class LmStudio(Completions):
    """LM Studio: older builds report no usage in a stream, and name the function in the first fragment alone."""

    name = "lmstudio"
    unnamed: ClassVar[Json] = {"name": ""}

    def closing(self, chat: Chat, cursor: Cursor, finish: str | None, usages: Sequence[Usage]) -> list[Frame]:
        del usages
        return super().closing(chat, cursor, finish, ())
