"""OpenAI's own chat completions."""

from __future__ import annotations

from collections.abc import Sequence

from hive_tui.simulator.chance import seeded
from hive_tui.simulator.dialects.chat import Chat, Cursor, Failure, Frame, Headers, Json, Usage, data
from hive_tui.simulator.dialects.completions import Completions


class OpenAI(Completions):
    """Role-only first chunk, `usage: null` on every chunk when usage is asked for, padding, no reasoning text."""

    name = "openai"
    reasoning_field = ""

    def headers(self, chat: Chat) -> Headers:
        return [
            ("content-type", "text/event-stream; charset=utf-8"),
            ("cache-control", "no-cache"),
            ("openai-processing-ms", str(round(chat.ttft_ms))),
            ("openai-version", "2020-10-01"),
            ("x-request-id", f"req_{chat.generation[9:]}"),
            ("x-ratelimit-limit-requests", "5000"),
            ("x-ratelimit-remaining-requests", "4999"),
            ("x-ratelimit-reset-requests", "12ms"),
        ]

    def chunk(self, chat: Chat, choices: list[Json], **extra: object) -> Json:
        common: Json = {"service_tier": "default", "system_fingerprint": "fp_simulated"}
        if chat.include_usage:
            common["usage"] = None
        return super().chunk(chat, choices, **(common | extra))

    def choice(self, delta: Json, finish: str | None = None) -> Json:
        return {"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish}

    def opening(self, chat: Chat) -> list[Frame]:
        first: Json = {"role": "assistant", "content": "", "refusal": None}
        return [data(self.chunk(chat, [self.choice(first)], **self._padding(chat, 0)))]

    def piece(self, chat: Chat, cursor: Cursor, channel: str, text: str) -> list[Frame]:
        delta = self.delta(cursor, channel, text)
        if delta is None:
            return []
        padding = self._padding(chat, cursor.number + 1)
        return [data(self.chunk(chat, [self.choice(delta)], **padding))]

    def _padding(self, chat: Chat, number: int) -> Json:
        if not chat.obfuscate:
            return {}
        chance = seeded(chat.generation, number)
        return {"obfuscation": f"{chance.getrandbits(64):016x}"[: chance.randint(1, 16)]}

    def usage(self, usage: Usage) -> Json:
        return {
            "prompt_tokens": usage.prompt,
            "completion_tokens": usage.completion,
            "total_tokens": usage.prompt + usage.completion,
            "prompt_tokens_details": {"cached_tokens": usage.cached, "audio_tokens": 0},
            "completion_tokens_details": {
                "reasoning_tokens": usage.reasoning,
                "audio_tokens": 0,
                "accepted_prediction_tokens": 0,
                "rejected_prediction_tokens": 0,
            },
        }

    def closing(self, chat: Chat, cursor: Cursor, finish: str | None, usages: Sequence[Usage]) -> list[Frame]:
        del cursor
        frames = []
        if finish is not None:
            frames.append(data(self.chunk(chat, [self.choice({}, finish)], **self._padding(chat, -1))))
        if chat.include_usage:
            frames += [data(self.chunk(chat, [], usage=self.usage(usage))) for usage in usages]
        return frames

    def error_body(self, failure: Failure) -> Json:
        kind, code = _ERRORS.get(failure.status, ("server_error", None))
        error: Json = {"message": failure.message, "type": failure.type or kind, "param": None, "code": code}
        return {"error": error, "simulated": True}

    def error_headers(self, failure: Failure) -> Headers:
        headers = super().error_headers(failure)
        if failure.retry_after.isdigit():
            headers.append(("retry-after-ms", f"{failure.retry_after}000"))
        if failure.status == 429:
            headers += [
                ("x-ratelimit-limit-requests", "500"),
                ("x-ratelimit-remaining-requests", "0"),
                ("x-ratelimit-reset-requests", "6m0s"),
            ]
        return headers


_ERRORS: dict[int, tuple[str, str | None]] = {
    400: ("invalid_request_error", None),
    401: ("invalid_request_error", "invalid_api_key"),
    403: ("invalid_request_error", "permission_denied"),
    404: ("invalid_request_error", "model_not_found"),
    429: ("requests", "rate_limit_exceeded"),
}
