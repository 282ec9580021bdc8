"""How facts are said where there is only text."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hive_tui.wording import amount

AMOUNTS = {
    "0": "0",
    "0.000": "0",
    "0E-12": "0",
    "1E-7": "0.0000001",
    "12.50": "12.5",
    "0.0087800": "0.00878",
    "1E+3": "1000",
}


@pytest.mark.parametrize(("cost", "text"), AMOUNTS.items())
def test_an_amount_is_plain_and_has_no_needless_zeros(cost: str, text: str) -> None:
    assert amount(Decimal(cost)) == text


@given(st.decimals(0, 1000, places=12))
def test_an_amount_is_exact(cost: Decimal) -> None:
    assert Decimal(amount(cost)) == cost
