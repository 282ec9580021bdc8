"""Pace is planned, seeded, and has the medians of its class."""

from __future__ import annotations

from random import Random
from statistics import median

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hive_tui.simulator.pace import PACES, first_token, pieces

NAMES = sorted(PACES)


@given(st.lists(st.text(min_size=1, max_size=4)), st.sampled_from(NAMES), st.integers())
def test_pieces_put_together_are_the_text_in_order(tokens: list[str], name: str, seed: int) -> None:
    planned = list(pieces("answer", tokens, PACES[name], Random(seed)))
    assert "".join(piece.text for piece in planned) == "".join(tokens)
    assert sum(piece.tokens for piece in planned) == len(tokens)
    assert all(piece.wait_s >= 0.0 and piece.channel == "answer" for piece in planned)
    fewest, most = PACES[name].burst
    assert all(1 <= piece.tokens <= most for piece in planned)
    assert all(piece.tokens >= fewest for piece in planned[:-1])
    assert planned == list(pieces("answer", tokens, PACES[name], Random(seed)))


@pytest.mark.parametrize("name", [name for name in NAMES if name != "instant"])
def test_a_class_has_its_median_and_its_rate(name: str) -> None:
    pace, chance = PACES[name], Random(7)
    assert median(first_token(pace, chance) for _ in range(2000)) == pytest.approx(pace.ttft_s, rel=0.1)
    planned = list(pieces("answer", ["token"] * 20_000, pace, chance))
    calm = [piece for piece in planned if piece.wait_s < 0.5]
    assert sum(piece.tokens for piece in calm) / sum(piece.wait_s for piece in calm) == pytest.approx(
        pace.rate, rel=0.1
    )


def test_instant_never_waits() -> None:
    assert first_token(PACES["instant"], Random(0)) == 0.0
    assert not any(piece.wait_s for piece in pieces("answer", ["a"] * 100, PACES["instant"], Random(0)))
