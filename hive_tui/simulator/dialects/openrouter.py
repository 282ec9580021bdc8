"""OpenRouter, twice: as it is documented, and as its streams were captured. They differ; a client meets both."""

from __future__ import annotations

from collections.abc import Sequence

from hive_tui.simulator.dialects.chat import (
    Chat,
    Cursor,
    Failure,
    Frame,
    Headers,
    Json,
    Listed,
    Usage,
    data,
    price,
)
from hive_tui.simulator.dialects.completions import DONE, Completions

PROVIDER = "Simulator"

_TYPES = {
    400: "invalid_request",
    401: "authentication",
    402: "payment_required",
    403: "permission_denied",
    404: "not_found",
    408: "timeout",
    412: "precondition_failed",
    413: "payload_too_large",
    422: "unprocessable",
    429: "rate_limit_exceeded",
    500: "server",
    502: "provider_unavailable",
    503: "provider_overloaded",
    504: "timeout",
    524: "timeout",
    529: "provider_overloaded",
}


class OpenRouterDocs(Completions):
    """As its documentation tells."""

    name = "openrouter-docs"
    early = True
    keepalive_s = 0.4
    reasoning_field = "reasoning"

    def headers(self, chat: Chat) -> Headers:
        return [
            *super().headers(chat),
            ("x-generation-id", chat.generation),
            ("x-provider-name", PROVIDER),
            ("cf-ray", f"{chat.created:x}-SIM"),
            ("access-control-expose-headers", "X-Generation-Id, X-Provider-Name, cf-ray"),
        ]

    def chunk(self, chat: Chat, choices: list[Json], **extra: object) -> Json:
        return super().chunk(chat, choices, **{"provider": PROVIDER, **extra})

    def choice(self, delta: Json, finish: str | None = None) -> Json:
        native = "completed" if finish == "stop" else finish
        return {"index": 0, "delta": delta, "finish_reason": finish, "native_finish_reason": native}

    def opening(self, chat: Chat) -> list[Frame]:
        del chat
        return [self.keepalive(), self.keepalive()]

    def keepalive(self) -> Frame:
        return Frame(comment=" OPENROUTER PROCESSING")

    def delta(self, cursor: Cursor, channel: str, text: str) -> Json:
        del cursor
        if channel == "answer":
            return {"content": text, "role": "assistant"}
        if channel == "refusal":
            return {"content": "", "role": "assistant", "refusal": text}
        detail = {"type": "reasoning.text", "text": text, "format": "unknown", "index": 0}
        return {"content": "", "role": "assistant", "reasoning": text, "reasoning_details": [detail]}

    def piece(self, chat: Chat, cursor: Cursor, channel: str, text: str) -> list[Frame]:
        frames = super().piece(chat, cursor, channel, text)
        if cursor.number % 64 == 63:
            frames.append(self.keepalive())
        return frames

    def usage(self, usage: Usage) -> Json:
        cost = usage.dollars()
        costs: Json = {"cost": cost, "cost_details": {"upstream_inference_cost": cost}} if usage.priced else {}
        return {
            "prompt_tokens": usage.prompt,
            "completion_tokens": usage.completion,
            "total_tokens": usage.prompt + usage.completion,
            **costs,
            "is_byok": False,
            "prompt_tokens_details": {
                "cached_tokens": usage.cached,
                "cache_write_tokens": 0,
                "audio_tokens": 0,
                "video_tokens": 0,
            },
            "completion_tokens_details": {
                "reasoning_tokens": usage.reasoning,
                "image_tokens": 0,
                "audio_tokens": 0,
            },
        }

    def closing(self, chat: Chat, cursor: Cursor, finish: str | None, usages: Sequence[Usage]) -> list[Frame]:
        del cursor
        frames = [] if finish is None else [data(self.chunk(chat, [self.choice(_SILENT, finish)]))]
        return frames + [data(self.chunk(chat, [], usage=self.usage(usage))) for usage in usages]

    def failing(self, chat: Chat, failure: Failure, usage: Usage | None) -> list[Frame]:
        """One chunk with a top-level error whose code is a word, and the stream ends."""
        del usage
        error: Json = {"code": "server_error", "message": failure.message}
        return [data(self.chunk(chat, [self.choice({"content": ""}, "error")], error=error))]

    def error_body(self, failure: Failure) -> Json:
        kind = failure.type or _TYPES.get(failure.status, "unmapped")
        if kind in _AVAILABILITY:
            return {"error": self._availability(kind, failure), "simulated": True}
        metadata: Json = {"error_type": kind}
        if kind == "moderation":
            metadata |= {"reasons": ["violence"], "flagged_input": "how do I ...", "provider_name": PROVIDER}
            metadata["model_slug"] = "sim/atlas"
        elif failure.status not in (401, 402, 500):
            metadata["provider_name"] = PROVIDER
        error: Json = {"code": failure.status, "message": failure.message, "metadata": metadata}
        return {"error": error, "simulated": True}

    def _availability(self, code: str, failure: Failure) -> Json:
        availability: Json = {
            "code": code,
            "retryable": code in ("capacity_exhausted", "temporarily_unavailable"),
            "retry_after": int(failure.retry_after) if failure.retry_after.isdigit() else None,
            "affected_providers": [PROVIDER],
            "fallback_models": ["sim/birch"],
        }
        said: Json = {
            "message": failure.message,
            "http_status": failure.status,
            "error_type": "provider_overloaded",
        }
        return {**said, "availability": availability}

    def error_headers(self, failure: Failure) -> Headers:
        headers = super().error_headers(failure)
        if failure.status == 429 and failure.type != "upstream":
            headers += [("x-ratelimit-limit", "20"), ("x-ratelimit-remaining", "0")]
            headers.append(("x-ratelimit-reset", "1798761600000"))
        return headers

    def listed(self, model: Listed) -> Json:
        parameters = ["max_tokens", "seed", "stop", "stream", "temperature", "top_p"]
        return {
            "id": model.name,
            "canonical_slug": model.name,
            "name": model.name,
            "created": 1767225600,
            "description": model.about,
            "context_length": model.context,
            "architecture": {
                "modality": "text->text",
                "input_modalities": ["text"],
                "output_modalities": ["text"],
                "tokenizer": "Simulator",
                "instruct_type": None,
            },
            "pricing": {
                "prompt": price(model.prompt_pico),
                "completion": price(model.completion_pico),
                "request": "0",
                "image": "0",
            },
            "top_provider": {
                "context_length": model.context,
                "max_completion_tokens": 8192,
                "is_moderated": False,
            },
            "per_request_limits": None,
            "supported_parameters": [*parameters, "reasoning"] if model.reasons else parameters,
        }


_SILENT: Json = {"content": "", "role": "assistant"}

_AVAILABILITY = frozenset(
    {
        "model_not_found",
        "wrong_endpoint",
        "no_endpoints",
        "model_deprecated",
        "model_unavailable_upstream",
        "capacity_exhausted",
        "temporarily_unavailable",
        "region_restricted",
        "privacy_restricted",
        "constraint_filtered",
        "free_variant_ended",
    }
)


class OpenRouterWire(OpenRouterDocs):
    """As captured in July 2026, or with `old_wire` in November 2025."""

    name = "openrouter-wire"

    def choice(self, delta: Json, finish: str | None = None) -> Json:
        return super().choice({"role": "assistant", **delta}, finish)

    def chunk(self, chat: Chat, choices: list[Json], **extra: object) -> Json:
        if chat.old_wire:
            choices = [{**choice, "logprobs": None} for choice in choices]
        return super().chunk(chat, choices, **extra)

    def closing(self, chat: Chat, cursor: Cursor, finish: str | None, usages: Sequence[Usage]) -> list[Frame]:
        """The usage chunk has a choice, which repeats the finish reason (2025: null)."""
        frames = super().closing(chat, cursor, finish, ())
        again = self.choice(_SILENT, None if chat.old_wire else finish)
        return frames + [data(self.chunk(chat, [again], usage=self.usage(usage))) for usage in usages]

    def failing(self, chat: Chat, failure: Failure, usage: Usage | None) -> list[Frame]:
        """A null finish reason, the error and the usage in one chunk; [DONE] follows."""
        error: Json = {"code": failure.status, "message": failure.message}
        spent = {} if usage is None else {"usage": self.usage(usage)}
        said = self.chunk(chat, [self.choice(_SILENT)], error=error, **spent)
        return [data(said), DONE]
