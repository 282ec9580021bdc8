"""Ctrl-C in the midst of a query of DuckDB."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

_SAID = "Query interrupted"


@contextmanager
def interruptible() -> Iterator[None]:
    """An interrupt during a query comes out as what it is: DuckDB ends the query, and raises a bare RuntimeError in
    the place of whatever Python's signal handler raised.

    Raises:
        KeyboardInterrupt: the query was interrupted.
    """
    try:
        yield
    except RuntimeError as error:
        if str(error) == _SAID:
            raise KeyboardInterrupt from error
        raise
