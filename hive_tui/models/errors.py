"""What can go wrong with a call, what to do about it, and how a provider's answer is read as one of these.

Providers state errors in a dozen shapes and in four places: with a status, as JSON with status 200, inside a running
stream, and as a web page of something between. All of them become a `CallError` with a kind of `KINDS`.
"""

from __future__ import annotations

import email.utils
import json
import math
from collections.abc import Mapping

from hive_tui.events import ErrorInfo
from hive_tui.models.call import CallError

KINDS: dict[str, str] = {
    "auth": "Check the key of this endpoint; it is missing, wrong or no longer valid.",
    "bad_request": "The endpoint refused the request as it is; check the model's name and the parameters.",
    "breaker_open": "This model failed several times in a row and is left alone for a while; try another one.",
    "connect": "Check that the server runs, and its host and port.",
    "context_length": "The prompt is too long for this model; shorten it or choose a model with a larger context.",
    "dns": "The host's name could not be resolved; check its spelling and the network.",
    "empty": "The endpoint gave no answer at all, as some do for too long a prompt; try again or use another model.",
    "forbidden": "The key is valid but has no right to this; check its permissions or the account's settings.",
    "html": "The URL leads to a web page, not to an API; check the base URL (it often ends in /v1).",
    "not_found": "Check the model's name and the base URL (it often ends in /v1).",
    "overloaded": "The provider is overloaded; try again in a moment or choose another model.",
    "payment": "The account has no credit for this; top it up or choose a free or local model.",
    "protocol": "The endpoint does not speak the expected dialect; check the base URL and the dialect.",
    "provider": "The provider failed while answering; try again or choose another model.",
    "proxy": "Check the proxy that the environment names (HTTP_PROXY, HTTPS_PROXY, ALL_PROXY, NO_PROXY).",
    "rate_limit": "Too many requests; wait, lower the concurrency, or choose another model.",
    "redirect": "Redirects are not followed, so that no key goes astray; set the base URL to the new place.",
    "refused": "The provider's rules declined this question or answer; rephrase it or choose another model.",
    "reset": "The connection was lost; try again.",
    "server": "The provider has an internal error; try again later or choose another model.",
    "timeout": "The provider gave up waiting for the model; try again or choose another model.",
    "timeout_connect": "The server did not take the connection in time; check the network, host and port.",
    "timeout_first_token": "The model did not start to answer in time; raise the limit or choose a faster model.",
    "timeout_idle": "The stream fell silent; try again, or raise the limit for silence.",
    "timeout_total": "The answer took longer than allowed; raise the limit or choose a faster model.",
    "tls": "The server's identity could not be verified; check the URL, the clock and, for an authority of your own, "
    "that SSL_CERT_FILE names its certificate.",
    "too_large": "The answer broke a size limit and was given up; choose another model or endpoint.",
    "url": "The base URL must be an http:// or https:// URL with a host; its path often ends in /v1.",
    "unavailable": "No provider serves this model with these settings now; choose another model.",
}
"""Kind of error -> what a person can do about it."""

TEXT_CAP = 500
"""Longest text of a provider's error that is kept, in characters."""

_BY_STATUS = {
    400: "bad_request",
    401: "auth",
    402: "payment",
    403: "forbidden",
    404: "not_found",
    405: "not_found",
    407: "proxy",
    408: "timeout",
    412: "bad_request",
    413: "context_length",
    422: "bad_request",
    429: "rate_limit",
    502: "provider",
    503: "overloaded",
    504: "timeout",
    522: "timeout",
    524: "timeout",
    529: "overloaded",
}

_BY_WORD = {
    "authentication": ("auth", 401),
    "authentication_error": ("auth", 401),
    "invalid_api_key": ("auth", 401),
    "payment_required": ("payment", 402),
    "billing_error": ("payment", 402),
    "insufficient_quota": ("payment", 429),
    "permission_denied": ("forbidden", 403),
    "permission_error": ("forbidden", 403),
    "not_found": ("not_found", 404),
    "not_found_error": ("not_found", 404),
    "model_not_found": ("not_found", 404),
    "wrong_endpoint": ("not_found", 404),
    "invalid_request": ("bad_request", 400),
    "invalid_request_error": ("bad_request", 400),
    "invalid_prompt": ("bad_request", 400),
    "precondition_failed": ("bad_request", 412),
    "unprocessable": ("bad_request", 422),
    "context_length_exceeded": ("context_length", 400),
    "exceed_context_size_error": ("context_length", 400),
    "max_tokens_exceeded": ("context_length", 400),
    "token_limit_exceeded": ("context_length", 400),
    "string_too_long": ("context_length", 400),
    "payload_too_large": ("context_length", 413),
    "request_too_large": ("context_length", 413),
    "content_policy_violation": ("refused", 400),
    "content_filter": ("refused", 400),
    "refusal": ("refused", 400),
    "timeout": ("timeout", 408),
    "timeout_error": ("timeout", 504),
    "rate_limit_exceeded": ("rate_limit", 429),
    "rate_limit_error": ("rate_limit", 429),
    "server": ("server", 500),
    "server_error": ("server", 500),
    "api_error": ("server", 500),
    "unmapped": ("server", 500),
    "provider_unavailable": ("provider", 502),
    "provider_overloaded": ("overloaded", 503),
    "overloaded_error": ("overloaded", 529),
    "capacity_exhausted": ("overloaded", 503),
    "temporarily_unavailable": ("overloaded", 503),
    "unavailable_error": ("overloaded", 503),
    "no_endpoints": ("unavailable", 404),
    "model_deprecated": ("unavailable", 404),
    "model_unavailable_upstream": ("unavailable", 503),
    "region_restricted": ("unavailable", 403),
    "privacy_restricted": ("unavailable", 404),
    "constraint_filtered": ("unavailable", 404),
    "free_variant_ended": ("unavailable", 404),
}

_VAGUE = frozenset({"server", "server_error", "api_error", "unmapped", "invalid_request", "invalid_request_error"})
"""Words that servers put beside any status: where there is one, it says more."""

_RETRYABLE_STATUS = frozenset({408, 425, 429, 500, 502, 503, 504, 520, 521, 522, 523, 524, 529})
_RETRYABLE_KIND = frozenset(
    {"connect", "dns", "empty", "overloaded", "provider", "rate_limit", "reset", "server", "timeout", "timeout_connect"}
)


def failure(
    kind: str,
    message: str,
    *,
    status: int | None = None,
    advice: str = "",
    retryable: bool | None = None,
    retry_after_s: float | None = None,
) -> CallError:
    """A `CallError` of a kind of `KINDS`, with that kind's advice and its rule for retries unless told otherwise."""
    info = ErrorInfo(kind, message, status, advice or KINDS[kind])
    return CallError(
        info, retryable=kind in _RETRYABLE_KIND if retryable is None else retryable, retry_after_s=retry_after_s
    )


def clean(text: str, secret: str | None = None) -> str:
    """A provider's text made safe to show: no control characters, no key, at most `TEXT_CAP` characters."""
    if secret:
        text = text.replace(secret, "[key]")
    kept = " ".join("".join(char if char.isprintable() else " " for char in text[: 40 * TEXT_CAP]).split())
    return kept if len(kept) <= TEXT_CAP else kept[: TEXT_CAP - 1] + "…"


def from_response(
    status: int, headers: Mapping[str, str], body: bytes, *, now: float, secret: str | None = None
) -> CallError:
    """The error that a response with a status other than 2xx states. `now` is Unix time, for dates in headers."""
    hint = retry_after(headers, now)
    payload = decoded(body)
    if isinstance(payload, list) and payload:
        # So Google wraps the errors of its OpenAI-compatible API.
        payload = payload[0]
    if isinstance(payload, Mapping) and payload:
        return from_payload(payload, status=status, retry_after_s=hint, secret=secret)
    text = clean(body.decode("utf-8", "replace"), secret)
    if text.startswith("<"):
        text = f"the server answered with a web page and status {status}"
    elif text:
        text = f"status {status}: {text}"
    return _of_status(status, text or f"the server answered with status {status} and no explanation", hint)


def from_payload(
    payload: object, *, status: int | None = None, retry_after_s: float | None = None, secret: str | None = None
) -> CallError:
    """The error that a decoded JSON value states, from any of the places where providers put one."""
    outer: Mapping[str, object] = payload if isinstance(payload, Mapping) else {}
    nested = outer.get("error", outer.get("errors", outer.get("detail", payload)))
    if isinstance(nested, list | tuple) and nested:
        nested = nested[0]
    inner: Mapping[str, object] = nested if isinstance(nested, Mapping) else outer
    metadata = _mapping(inner.get("metadata"))
    availability = _mapping(inner.get("availability"))
    words = [
        word
        for word in (
            availability.get("code"),
            metadata.get("error_type"),
            inner.get("error_type"),
            inner.get("code"),
            inner.get("type"),
        )
        if isinstance(word, str) and word in _BY_WORD
    ]
    status = status if status is not None and status >= 300 else None
    for number in (inner.get("code"), inner.get("http_status"), inner.get("status"), outer.get("code")):
        status = status or _http_status(number)
    kind = ""
    telling = next((word for word in words if word not in _VAGUE or status is None), None)
    if telling is not None:
        kind, implied = _BY_WORD[telling]
        status = status or implied
    message = clean(_message(nested, inner, metadata), secret)
    if (status == 403 or kind == "forbidden") and ("flagged_input" in metadata or "patterns" in metadata):
        kind = "refused"
    if kind in ("", "bad_request") and _says_context(message):
        kind = "context_length"
    wait = _seconds(availability.get("retry_after"), _seconds(metadata.get("retry_after"), retry_after_s))
    retryable = availability.get("retryable")
    if not message:
        message = f"the server answered with status {status}" if status else "the provider reported an error"
    error = _of_status(status, message, wait, kind)
    if isinstance(retryable, bool):
        return CallError(error.info, retryable=retryable, retry_after_s=wait)
    return error


def retry_after(headers: Mapping[str, str], now: float) -> float | None:
    """How long the server asks to wait, in seconds: `retry-after-ms`, or `Retry-After` as seconds or as a date."""
    wait = _seconds(headers.get("retry-after-ms"), None)
    if wait is not None:
        return wait / 1000
    value = headers.get("retry-after")
    wait = _seconds(value, None)
    if wait is not None or value is None:
        return wait
    try:
        return max(0.0, email.utils.parsedate_to_datetime(value).timestamp() - now)
    except (ValueError, OverflowError):
        return None


def decoded(body: bytes) -> object:
    """JSON as leniently as the standard library reads it; `None` when it is none."""
    try:
        value: object = json.loads(body.decode("utf-8-sig", "replace"), strict=False)
    except (ValueError, RecursionError):
        return None
    return value


def _of_status(status: int | None, message: str, wait: float | None, kind: str = "") -> CallError:
    if not kind:
        kind = "provider" if status is None else _BY_STATUS.get(status, _sort(status))
    retryable = kind in _RETRYABLE_KIND if status is None else status in _RETRYABLE_STATUS and kind != "payment"
    return failure(kind, message, status=status, retryable=retryable, retry_after_s=wait)


def _sort(status: int) -> str:
    """The kind of a status that has none of its own; a redirection that leads nowhere is no answer to a call."""
    return "server" if status >= 500 else "bad_request" if status >= 400 else "protocol"


def _message(nested: object, inner: Mapping[str, object], metadata: Mapping[str, object]) -> str:
    text = ""
    if isinstance(nested, str):
        text = nested
    else:
        for name in ("message", "msg", "error", "detail", "title"):
            value = inner.get(name)
            if isinstance(value, str) and value:
                text = value
                break
    raw = metadata.get("raw")
    if isinstance(raw, str) and raw:
        # An aggregator's own message is often only "Provider returned error"; what happened stands in `raw`.
        told = decoded(raw.encode("utf-8", "replace"))
        if isinstance(told, Mapping):
            deeper = told.get("error", told)
            raw = _message(deeper, _mapping(deeper) or told, {}) or raw
        if raw not in text:
            text = f"{text}: {raw}" if text else raw
    reasons = metadata.get("reasons")
    if isinstance(reasons, list) and reasons:
        text += f" ({', '.join(str(reason) for reason in reasons[:5])})"
    if not text and inner:
        text = json.dumps(inner, default=str)
    return text


def _says_context(message: str) -> bool:
    low = message.lower()
    return "context length" in low or "context size" in low or "context window" in low or "too many tokens" in low


def _mapping(value: object) -> Mapping[str, object]:
    return value if isinstance(value, Mapping) else {}


def _http_status(value: object) -> int | None:
    if isinstance(value, str) and value.isascii() and value.isdigit():
        value = int(value[:4])
    if isinstance(value, int) and not isinstance(value, bool) and 300 <= value <= 599:
        return value
    return None


def _seconds(value: object, default: float | None) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return default
    try:
        seconds = float(value)
    except (ValueError, OverflowError):
        return default
    # An hour or a century: both are longer than anybody waits, and neither is no wait at all.
    return seconds if 0 <= seconds < math.inf else default
