"""Whole responses: JSON, and a dialect's errors."""

from __future__ import annotations

from collections.abc import Sequence

from hive_tui.simulator.connection import Connection
from hive_tui.simulator.dialects.chat import Dialect, Failure, Json, encode

_JSON = ("content-type", "application/json")


async def send(
    connection: Connection,
    status: int,
    body: Json,
    headers: Sequence[tuple[str, str]] = (),
    *,
    close: bool = False,
) -> None:
    """Send a JSON document."""
    await connection.document(status, [_JSON, *headers], encode(body).encode("utf-8", "replace"), close=close)


async def fail(connection: Connection, dialect: Dialect, failure: Failure, *, close: bool = False) -> None:
    """Send an error as the dialect words it."""
    await send(connection, failure.status, dialect.error_body(failure), dialect.error_headers(failure), close=close)
