"""What a call costs by price: the person's own list goes before the endpoint's; without a price it is unknown."""

from __future__ import annotations

from decimal import Decimal

from hive_tui.config.request import ModelPrice
from hive_tui.core.reach import PriceList
from hive_tui.events import Usage
from hive_tui.models.call import Endpoint
from hive_tui.models.cards import ModelCard, Prices

HERE = Endpoint(name="here", base_url="http://127.0.0.1:1/v1", dialect="openai")
USAGE = Usage(prompt_tokens=1000, completion_tokens=100, cached_tokens=400)
LISTED = PriceList({("here", "m"): ModelCard("m", prices=Prices("0.000001", "0.000002"))}, {})


def test_a_listed_price_times_usage() -> None:
    assert LISTED.cost("m", HERE, USAGE) == Decimal("0.0012")


def test_the_persons_own_price_goes_first_and_is_for_a_million_tokens() -> None:
    own = LISTED.with_own({"m": ModelPrice("10", "20", cached="1")})
    assert own.cost("m", HERE, USAGE) == Decimal("0.0084")


def test_an_unknown_model_or_count_has_no_price() -> None:
    assert LISTED.cost("other", HERE, USAGE) is None
    assert LISTED.cost("m", HERE, Usage(prompt_tokens=1)) is None
