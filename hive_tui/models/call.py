"""The one interface of the transport: a call goes in, batches of parts come out.

Every layer (the HTTP client, retry, breaker, limits, fallback) is a `Transport` around another one. A batch is what
one read of the socket brought, so the cost of the layers is per read and not per chunk.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator
from typing import Protocol

import msgspec

from hive_tui.events import Channel, ErrorInfo, Message, Params, Usage


class Limits(msgspec.Struct, frozen=True):
    """Time limits of one call, in seconds; `None` is no limit."""

    connect: float | None = 10.0
    first_token: float | None = 120.0
    """From the request's last byte to the first text of any channel; comments and pings do not count."""
    idle: float | None = 60.0
    """Longest silence, of any bytes at all, once the first token came."""
    total: float | None = 600.0


class Endpoint(msgspec.Struct, frozen=True):
    """A place that answers. The key is not here: `Secrets` gives it to the transport, by origin."""

    name: str
    base_url: str
    """The URL to which `/chat/completions` (or `/messages`) is appended."""
    dialect: str
    """`openrouter`, `openai` or `anthropic`."""
    key_name: str = ""
    """Name of the variable or entry that holds the key, for what a person is told; empty: no key is sent."""
    simulated: bool = False
    headers: tuple[tuple[str, str], ...] = ()
    """Extra headers that are no secrets."""


class Call(msgspec.Struct, frozen=True):
    """One call of one model."""

    endpoint: Endpoint
    model: str
    messages: tuple[Message, ...]
    params: Params = Params()
    limits: Limits = Limits()
    fallbacks: tuple[str, ...] = ()
    """Models of the same endpoint to ask in turn when `model` fails before its first token."""
    prefix: str = ""
    """How the server is told that the last message is the beginning of its answer (`models.prefix`); empty when it is
    none."""


class Opened(msgspec.Struct, frozen=True):
    """The headers of a response whose stream will be read."""

    status: int
    http_version: str
    reused: bool | None = None


class Text(msgspec.Struct, frozen=True, gc=False):
    """One chunk: the text that one frame of the provider carried on one channel.

    Text is exactly what the endpoint sent, made valid UTF-8, with the caller's own key blotted out (`redaction`).
    """

    channel: Channel
    text: str


class Identity(msgspec.Struct, frozen=True):
    """Who the response says it is from; sent when first known and again when it changes."""

    generation: str = ""
    served_model: str = ""
    provider: str = ""
    simulated: bool = False


class Counted(msgspec.Struct, frozen=True):
    """A usage report of the provider; a later one replaces it."""

    usage: Usage
    cost_usd: str | None = None
    """Decimal string, as the provider reported it; `None` when it reported none."""


class Finish(msgspec.Struct, frozen=True):
    """A finish reason: normalised, and in the provider's own word. The last one counts."""

    reason: str
    native: str


class Again(msgspec.Struct, frozen=True):
    """From a layer: this attempt failed before its first token and another one follows after the wait.

    The consumer closes the attempt with `error` and opens a new one; all later parts belong to that one.
    """

    error: ErrorInfo
    wait_s: float
    reason: str
    """`retry` or `fallback`."""
    model: str
    """The model that is asked next."""


Part = Opened | Text | Identity | Counted | Finish | Again


class Batch(msgspec.Struct, frozen=True):
    """What one read of the socket brought, in order."""

    at_ns: int
    """The transport's monotonic clock when the read returned."""
    parts: tuple[Part, ...]


class CallError(Exception):
    """A call failed. Parts that came before it stand; a normal end of the iteration is a normal end of the stream."""

    def __init__(self, info: ErrorInfo, *, retryable: bool = False, retry_after_s: float | None = None) -> None:
        super().__init__(f"{info.kind}: {info.message}")
        self.info = info
        self.retryable = retryable
        self.retry_after_s = retry_after_s


class Transport(Protocol):
    def stream(self, call: Call) -> AsyncGenerator[Batch, None]:
        """Run the call. Raises `CallError`; cancelling the task, or closing the generator, closes the HTTP stream.

        The iteration ends without a `Finish` when the stream just ended: the consumer calls that truncated.
        """
        ...
