"""Run ids: unique, sortable by time as plain text, and written in one way only."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hive_tui.config.runid import is_run_id, run_id

MS = st.integers(0, 2**48 - 1)
RANDOM = st.binary(min_size=10, max_size=10)


def test_the_known_vector_of_the_specification() -> None:
    # Time and randomness of 01ARZ3NDEKTSV4RRFFQ69G5FAV, the example of the ULID specification.
    assert run_id(1469922850259, bytes.fromhex("d6764c61efb99302bd5b")) == "01arz3ndektsv4rrffq69g5fav"


@given(MS, RANDOM)
def test_an_id_is_26_safe_characters(unix_ms: int, randomness: bytes) -> None:
    name = run_id(unix_ms, randomness)
    assert is_run_id(name)
    assert name == name.lower()


@given(MS, RANDOM, MS, RANDOM)
def test_text_order_is_the_order_of_time_then_randomness(a: int, x: bytes, b: int, y: bytes) -> None:
    assert (run_id(a, x) < run_id(b, y)) == ((a, x) < (b, y))


@given(MS, RANDOM, RANDOM)
def test_other_randomness_is_another_id(unix_ms: int, x: bytes, y: bytes) -> None:
    assert (run_id(unix_ms, x) == run_id(unix_ms, y)) == (x == y)


@pytest.mark.parametrize(("unix_ms", "randomness"), [(-1, bytes(10)), (2**48, bytes(10)), (0, bytes(9)), (0, b"")])
def test_what_does_not_fit_is_refused(unix_ms: int, randomness: bytes) -> None:
    with pytest.raises(ValueError, match="expected"):
        run_id(unix_ms, randomness)


@pytest.mark.parametrize("text", ["", "last", "01ARZ3NDEKTSV4RRFFQ69G5FAV", "8" + "0" * 25, "0" * 25 + "u", "0" * 27])
def test_other_text_is_no_id(text: str) -> None:
    assert not is_run_id(text)
