"""Ctrl-C in the midst of a query."""

from __future__ import annotations

import signal
from collections.abc import Iterator

import duckdb
import pytest

from hive_tui.interrupted import interruptible

ENDLESS = "SELECT sum(a.range * b.range) AS s FROM range(1000000000) a, range(1000000) b"


@pytest.fixture
def interrupts() -> Iterator[None]:
    """The alarm is heard as Ctrl-C is."""
    before = signal.signal(signal.SIGALRM, signal.default_int_handler)
    yield
    signal.setitimer(signal.ITIMER_REAL, 0)
    signal.signal(signal.SIGALRM, before)


@pytest.mark.usefixtures("interrupts")
def test_a_query_that_is_interrupted_is_an_interrupt() -> None:
    database = duckdb.connect(":memory:", config={"threads": 1})
    signal.setitimer(signal.ITIMER_REAL, 0.01)
    with pytest.raises(KeyboardInterrupt), interruptible():
        database.execute(ENDLESS)
    database.close()


def test_any_other_error_stays_what_it_is() -> None:
    with pytest.raises(RuntimeError, match="another"), interruptible():
        raise RuntimeError("another")
