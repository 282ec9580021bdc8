"""Lists of models in every form, and what a call costs by them."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from hive_tui.events import Usage
from hive_tui.models.cards import ModelCard, Override, Prices, cards_of, price

OPENROUTER = {
    "data": [
        {
            "id": "maker/model",
            "name": "Maker: Model",
            "context_length": 200000,
            "pricing": {
                "prompt": "0.000003",
                "completion": "0.000015",
                "request": "0",
                "input_cache_read": "0.0000003",
                "overrides": [
                    {"min_prompt_tokens": 128000, "prompt": "0.000006", "completion": "0.00003"},
                    {"utc_start": "2200", "utc_end": "0600", "prompt": "0.000001"},
                ],
            },
            "top_provider": {"context_length": 200000, "max_completion_tokens": 64000},
            "supported_parameters": ["temperature", "seed"],
            "reasoning": {"supported_efforts": ["low", "high"]},
        },
        {"id": "openrouter/auto", "pricing": {"prompt": "-1", "completion": "-1"}},
        {"name": ""},
        "nonsense",
    ]
}


def test_openrouters_list() -> None:
    card, auto = cards_of(OPENROUTER)
    assert card == ModelCard(
        "maker/model",
        "Maker: Model",
        200000,
        64000,
        Prices("0.000003", "0.000015", "0.0000003", None, "0"),
        (
            Override(Prices("0.000006", "0.00003", "0.0000003", None, "0"), 128000),
            Override(Prices("0.000001", "0.000015", "0.0000003", None, "0"), 0, 22 * 60, 6 * 60),
        ),
        ("temperature", "seed"),
        ("low", "high"),
    )
    assert auto.prices == Prices()


@pytest.mark.parametrize(
    ("document", "expected"),
    [
        ({"data": [{"id": "gpt", "owned_by": "openai"}]}, ModelCard("gpt", owner="openai")),
        ({"data": [{"id": "claude", "display_name": "Claude"}]}, ModelCard("claude", "Claude")),
        ({"data": [{"id": "l", "max_model_len": 4096}]}, ModelCard("l", context=4096)),
        ({"data": [{"id": "q", "meta": {"n_ctx": 512}}]}, ModelCard("q", context=512)),
        ({"models": [{"name": "llama3:8b", "digest": "x"}]}, ModelCard("llama3:8b", "llama3:8b")),
    ],
)  # fmt: skip
def test_other_lists(document: Any, expected: ModelCard) -> None:
    assert cards_of(document) == (expected,)


@pytest.mark.parametrize("document", [None, [], {}, {"data": {}}, {"data": [{"id": 5}, None, {}]}])
def test_what_is_no_list_gives_no_cards(document: Any) -> None:
    assert cards_of(document) == ()


CARD = ModelCard("m", prices=Prices("0.000003", "0.000015", "0.0000003"))


@pytest.mark.parametrize(
    ("usage", "expected"),
    [
        (Usage(1000, 100), Decimal("0.0045")),
        (Usage(1000, 100, cached_tokens=400), Decimal("0.00342")),
        (Usage(1000, 100, cached_tokens=5000), Decimal("0.0018")),
        (Usage(1000, 100, reasoning_tokens=60), Decimal("0.0045")),
        (Usage(0, 0), Decimal(0)),
        (Usage(1000, None), None),
        (Usage(None, 100), None),
    ],
)
def test_price(usage: Usage, expected: Decimal | None) -> None:
    assert price(CARD, usage) == expected


def test_reasoning_billed_apart_is_taken_out_of_the_completion() -> None:
    card = ModelCard("m", prices=Prices("0", "0.00001", reasoning="0.00002"))
    assert price(card, Usage(10, 100, 60)) == Decimal("0.0016")
    assert price(card, Usage(10, 10, 11)) == Decimal("0.00022")


def test_a_call_has_its_own_price_too() -> None:
    assert price(ModelCard("m", prices=Prices("0", "0", request="0.01")), Usage(1, 1)) == Decimal("0.01")


@pytest.mark.parametrize("prices", [None, Prices(), Prices(prompt="1")])
def test_an_unknown_price_is_unknown(prices: Prices | None) -> None:
    assert price(ModelCard("m", prices=prices), Usage(1, 1)) is None


def test_long_prompts_have_their_price() -> None:
    card = ModelCard(
        "m", prices=Prices("1", "1"), overrides=(Override(Prices("2", "2"), 100), Override(Prices("3", "3"), 1000))
    )
    assert [price(card, Usage(count, 0)) for count in (99, 100, 999, 1000)] == [99, 200, 1998, 3000]


@pytest.mark.parametrize(("hour", "expected"), [(21, 1), (22, 2), (23, 2), (0, 2), (5, 2), (6, 1)])
def test_hours_have_their_price_also_over_midnight(hour: int, expected: int) -> None:
    card = ModelCard("m", prices=Prices("1", "1"), overrides=(Override(Prices("2", "2"), 0, 22 * 60, 6 * 60),))
    assert price(card, Usage(1, 0), at=datetime(2026, 1, 1, hour, tzinfo=UTC)) == expected
    assert price(card, Usage(1, 0)) is None
