"""Every shape in which a provider states an error, and what must never be in a text."""

from __future__ import annotations

import email.utils
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hive_tui.models.call import CallError
from hive_tui.models.errors import KINDS, TEXT_CAP, clean, failure, from_payload, from_response, retry_after

NOW = 1_800_000_000.0


def error(status: int, payload: Any, **headers: str) -> CallError:
    body = payload if isinstance(payload, bytes) else json.dumps(payload).encode()
    return from_response(status, headers, body, now=NOW, secret="sk-secret")


@pytest.mark.parametrize(
    ("status", "kind", "retryable"),
    [
        (400, "bad_request", False), (401, "auth", False), (402, "payment", False), (403, "forbidden", False),
        (404, "not_found", False), (408, "timeout", True), (412, "bad_request", False), (413, "context_length", False),
        (422, "bad_request", False), (429, "rate_limit", True), (500, "server", True), (502, "provider", True),
        (503, "overloaded", True), (504, "timeout", True), (524, "timeout", True), (529, "overloaded", True),
        (418, "bad_request", False), (599, "server", False),
    ],
)  # fmt: skip
def test_each_status(status: int, kind: str, retryable: bool) -> None:
    got = error(status, {"error": {"code": status, "message": "what happened"}})
    assert (got.info.kind, got.info.status, got.retryable) == (kind, status, retryable)
    assert got.info.message == "what happened"
    assert got.info.advice == KINDS[kind]


@pytest.mark.parametrize(
    ("payload", "kind", "message"),
    [
        ({"error": "text"}, "bad_request", "text"),
        ({"message": "flat"}, "bad_request", "flat"),
        ({"detail": "not so"}, "bad_request", "not so"),
        ({"detail": [{"loc": ["body"], "msg": "field required"}]}, "bad_request", "field required"),
        ({"errors": [{"message": "first"}]}, "bad_request", "first"),
        ([{"error": {"code": 400, "message": "wrapped"}}], "bad_request", "wrapped"),
        ({"error": {"message": "m", "metadata": {"retry_after": 10**400}}}, "bad_request", "m"),
        ({"object": "error", "message": "m", "type": "BadRequestError", "code": 400}, "bad_request", "m"),
        ({"type": "error", "error": {"type": "not_found_error", "message": "model: x"}}, "not_found", "model: x"),
        ({"error": {"message": "m", "code": "context_length_exceeded"}}, "context_length", "m"),
        ({"error": {"message": "The context length is 5"}}, "context_length", "The context length is 5"),
        ({"error": {"message": "m", "metadata": {"error_type": "refusal"}}}, "refused", "m"),
        ({"error": {"message": "Oh", "metadata": {"raw": '{"error":{"message":"deep"}}'}}}, "bad_request", "Oh: deep"),
        ({"error": {"message": "Oh", "metadata": {"raw": "plain"}}}, "bad_request", "Oh: plain"),
        ({"error": {"unheard": "of"}}, "bad_request", '{"unheard": "of"}'),
        (b"plain words", "bad_request", "status 400: plain words"),
        (b"", "bad_request", "the server answered with status 400 and no explanation"),
        (b"<html><body>Bad</body></html>", "bad_request", "the server answered with a web page and status 400"),
    ],
)  # fmt: skip
def test_each_shape(payload: Any, kind: str, message: str) -> None:
    got = error(400, payload)
    assert (got.info.kind, got.info.message) == (kind, message)


def test_moderation_is_a_refusal_with_its_reasons() -> None:
    metadata = {"reasons": ["violence"], "flagged_input": "...", "provider_name": "P"}
    got = error(403, {"error": {"code": 403, "message": "Flagged", "metadata": metadata}})
    assert (got.info.kind, got.info.message) == ("refused", "Flagged (violence)")


def test_availability_says_itself_whether_to_try_again() -> None:
    availability = {"code": "no_endpoints", "retryable": True, "retry_after": 7}
    got = error(404, {"error": {"http_status": 404, "message": "m", "availability": availability}})
    assert (got.info.kind, got.retryable, got.retry_after_s) == ("unavailable", True, 7)
    availability["retryable"] = False
    assert not error(503, {"error": {"message": "m", "availability": availability}}).retryable


@pytest.mark.parametrize(("status", "kind"), [(401, "auth"), (429, "rate_limit"), (500, "server"), (503, "overloaded")])
@pytest.mark.parametrize("word", ["invalid_request_error", "server_error", "api_error"])
def test_a_status_says_more_than_a_vague_word(status: int, kind: str, word: str) -> None:
    assert error(status, {"error": {"message": "m", "type": word}}).info.kind == kind
    assert from_payload({"error": {"message": "m", "type": word, "code": status}}).info.kind == kind


def test_a_spent_quota_is_no_rate_limit() -> None:
    got = error(429, {"error": {"message": "m", "type": "insufficient_quota", "code": "insufficient_quota"}})
    assert (got.info.kind, got.retryable) == ("payment", False)


@pytest.mark.parametrize(
    ("code", "status"),
    [(503, 503), ("503", 503), ("server_error", 500), (None, None), (True, None), (7, None), ("abc", None)],
)
def test_the_status_of_an_error_in_a_stream_comes_from_its_code(code: object, status: int | None) -> None:
    assert from_payload({"error": {"code": code, "message": "m"}}).info.status == status


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"retry-after": "3"}, 3),
        ({"retry-after": "0.5"}, 0.5),
        ({"retry-after-ms": "250", "retry-after": "3"}, 0.25),
        ({"retry-after": email.utils.formatdate(NOW + 30, usegmt=True)}, 30),
        ({"retry-after": email.utils.formatdate(NOW - 30, usegmt=True)}, 0),
        ({"retry-after": "soon"}, None),
        ({"retry-after": "-1"}, None),
        ({"retry-after": "nan"}, None),
        ({"retry-after": "inf"}, None),
        ({"retry-after": "Fri, 31 Dec 99999999999999999999 23:59:59 GMT"}, None),
        ({"retry-after": "99999999999"}, 99999999999),
        ({}, None),
    ],
)
def test_hints_when_to_come_back(headers: dict[str, str], seconds: float | None) -> None:
    assert retry_after(headers, NOW) == seconds
    assert error(429, {"error": {"message": "m"}}, **headers).retry_after_s == seconds


def test_texts_are_cleaned() -> None:
    assert clean("a\x1b[31mb\x00\n\tc\u202ed\x9b") == "a [31mb c d"
    assert clean("key sk-secret, again sk-secret", "sk-secret") == "key [key], again [key]"
    assert len(clean("x" * 10_000)) == TEXT_CAP


@given(st.text(), st.text(min_size=8, alphabet="abcdefgh0123"), st.text())
def test_no_key_and_no_control_character_passes(before: str, secret: str, after: str) -> None:
    text = clean(before + secret + after, secret)
    assert secret not in text
    assert text.isprintable()


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(
                st.sampled_from(["error", "message", "code", "type", "metadata", "raw", "detail"]), inner, max_size=4
            )
        ),
        max_leaves=12,
    )
)
def test_no_payload_breaks_the_reading_of_it(payload: Any) -> None:
    got = from_payload(payload)
    assert got.info.kind in KINDS
    assert got.info.message


def test_each_kind_has_advice() -> None:
    for kind in KINDS:
        assert failure(kind, "m").info.advice
