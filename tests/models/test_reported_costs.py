"""Dollars that a provider reports: the digits as they came, and from OpenRouter only."""

from __future__ import annotations

import pytest

from hive_tui.events import Usage
from hive_tui.models.call import Counted
from tests.models.test_dialect_openai import PROVIDER, frames, read


@pytest.mark.parametrize(
    ("number", "expected"),
    [
        ("0", "0"), ("0.0", "0"), ("0e5", "0"), ("0.1", "0.1"), ("1.2e-05", "0.000012"), ("0.0010", "0.0010"),
        ("0.30000000000000004", "0.30000000000000004"), ("12", "12"), ('"0.25"', "0.25"), ("null", None),
        ("-1", None), ("1e999999", None), ("true", None), ('"much"', None), ("[]", None),
    ],
)  # fmt: skip
def test_cost_is_the_digits_that_were_reported(number: str, expected: str | None) -> None:
    stream = b'data: {"choices":[],"usage":{"prompt_tokens":1,"completion_tokens":1,"cost":%b}}\n\n' % number.encode()
    (counted,) = (part for part in read(stream, "openrouter")[0] if isinstance(part, Counted))
    assert counted.cost_usd == expected


def test_only_openrouter_reports_dollars() -> None:
    stream = frames({"usage": {"prompt_tokens": 1, "completion_tokens": 1, "cost": 3}})
    assert read(stream)[0] == [Counted(Usage(1, 1, None, None, PROVIDER))]
