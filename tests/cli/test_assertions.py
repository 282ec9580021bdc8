"""`--assert`: paths as jq has them, and what is found told when it is not so."""

from __future__ import annotations

import pytest

from hive_tui.cli.assertions import failure, parse_assertion
from hive_tui.cli.parser import UsageError
from hive_tui.config.errors import ConfigError

DOCUMENT = {
    "decision": "curator",
    "error": None,
    "simulated": True,
    "cost_usd": "0.0125",
    "answer": "It is **546** days == long.",
    "stages": [{"attempts": [{"usage": {"completion_tokens": 12}, "ttft_ms": 1.5}]}, {"attempts": []}],
}


@pytest.mark.parametrize(
    "text",
    [
        "decision == curator",
        'decision == "curator"',
        "decision==curator",
        ".decision != majority",
        "decision ~ ^cur",
        "error == null",
        "error.kind == null",
        "simulated == true",
        "simulated != 1",
        "cost_usd < 0.02",
        "cost_usd == 0.01250",
        "stages[0].attempts[0].usage.completion_tokens > 11",
        "stages[-2].attempts[0].usage.completion_tokens == 12",
        "stages[0].attempts[0].ttft_ms == 1.5",
        "stages[1].attempts == []",
        "answer ~ 546.*days == long",
        "answer != ",
    ],
)
def test_what_is_so(text: str) -> None:
    assert failure(parse_assertion(text), DOCUMENT) == ""


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("decision == majority", 'found "curator"'),
        ("decision > 3", 'found "curator"'),
        ("error.kind == connect", "found null"),
        ("error ~ .", "found null"),
        ("cost_usd > 0.0125", 'found "0.0125"'),
        ("simulated == 1", "found true"),
        ("stages[0].attempts[0].usage.completion_tokens != 12", "found 12"),
    ],
)
def test_what_is_not_so_is_told(text: str, found: str) -> None:
    assert failure(parse_assertion(text), DOCUMENT) == f"{text!r} is not so: {found}"


@pytest.mark.parametrize("text", ["", "decision", "== curator", "a b == c", "a[x] == 1", "decision < words", "a ~ ("])
def test_what_is_no_assertion_is_usage(text: str) -> None:
    with pytest.raises(UsageError, match="--assert"):
        parse_assertion(text)


@pytest.mark.parametrize("text", ["decisoin == x", "stages[0].nobody == 1", "stages.first == 1", "decision.x == 1"])
def test_a_key_that_no_document_has_is_usage(text: str) -> None:
    with pytest.raises(UsageError):
        failure(parse_assertion(text), DOCUMENT)


def test_an_element_that_is_not_there_is_the_recordings_fault() -> None:
    with pytest.raises(ConfigError, match="0 are there at this moment"):
        failure(parse_assertion("stages[1].attempts[0].chunks == 1"), DOCUMENT)
