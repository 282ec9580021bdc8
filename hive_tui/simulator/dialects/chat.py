"""What a dialect is given to put into frames, and the frames themselves; pure."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple, Protocol

encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode

Json = dict[str, object]
Headers = list[tuple[str, str]]

PICO = 10**12
"""Prices are whole picodollars a token inside the simulator: sums stay exact."""


class Frame(NamedTuple):
    """One server-sent event before it has bytes."""

    data: str = ""
    event: str = ""
    comment: str | None = None
    """Set for a comment line; the frame has then neither event nor data."""
    field: str = "data"
    """llama.cpp sent errors in a field called `error` through 2025."""
    blank: bool = True
    """Whether a blank line follows."""


class Cursor(NamedTuple):
    """Where the stream stands before a piece is framed."""

    previous: str = ""
    """Channel of the piece before; empty before the first."""
    number: int = 0
    """Chunks of text so far."""
    tokens: int = 0
    """Completion tokens so far, the piece included."""
    block: int = 0
    """Number of the run of pieces of one channel that this piece belongs to."""


@dataclass(frozen=True, slots=True)
class Usage:
    """Tokens and cost of one call. `completion` holds the reasoning too, as providers count it."""

    prompt: int
    completion: int
    reasoning: int
    cost_pico: int
    priced: bool = True
    """Whether anybody knows the cost."""
    cached: int = 0
    """Of the prompt's."""

    def dollars(self) -> float:
        return self.cost_pico / PICO


@dataclass(frozen=True, slots=True)
class Chat:
    """One call, as a dialect sees it."""

    generation: str
    """Id of the call."""
    created: int
    """Unix time in seconds."""
    model: str
    include_usage: bool = False
    """The request had `stream_options.include_usage`."""
    continuous_usage: bool = False
    """The request had `stream_options.continuous_usage_stats`."""
    obfuscate: bool = True
    """OpenAI pads its deltas unless the request said `stream_options.include_obfuscation: false`."""
    old_wire: bool = False
    """OpenRouter's shapes as captured in November 2025, not July 2026."""
    prompt_tokens: int = 0
    ttft_ms: float = 0.0
    rate: float = 0.0
    """Planned tokens a second; 0 is as fast as can be."""


class Listed(Protocol):
    """A model as `/models` lists it."""

    @property
    def name(self) -> str: ...
    @property
    def about(self) -> str: ...
    @property
    def context(self) -> int: ...
    @property
    def prompt_pico(self) -> int: ...
    @property
    def completion_pico(self) -> int: ...
    @property
    def reasons(self) -> bool: ...


@dataclass(frozen=True, slots=True)
class Failure:
    """An error to be put into a dialect's words."""

    status: int
    message: str
    type: str = ""
    """The dialect's own error type; empty takes the usual one of the status."""
    retry_after: str = ""
    """Value of the `Retry-After` header; empty sends none."""


class Dialect(Protocol):
    """How one provider or server speaks. All methods are pure."""

    name: str
    early: bool
    """Headers are sent at once, and not with the first token."""
    keepalive_s: float
    """A keep-alive is sent after so long a silence before the first token; 0 is never."""

    def headers(self, chat: Chat) -> Headers: ...
    def opening(self, chat: Chat) -> list[Frame]: ...
    def keepalive(self) -> Frame: ...
    def piece(self, chat: Chat, cursor: Cursor, channel: str, text: str) -> list[Frame]: ...
    def closing(self, chat: Chat, cursor: Cursor, finish: str | None, usages: Sequence[Usage]) -> list[Frame]: ...
    def ending(self) -> list[Frame]: ...
    def failing(self, chat: Chat, failure: Failure, usage: Usage | None) -> list[Frame]: ...
    def odd(self, chat: Chat, cursor: Cursor, kind: str) -> list[Frame]: ...
    def whole(self, chat: Chat, answer: str, reasoning: str, finish: str, usage: Usage | None) -> Json: ...
    def error_body(self, failure: Failure) -> Json: ...
    def error_headers(self, failure: Failure) -> Headers: ...
    def models(self, listed: Sequence[Listed]) -> Json: ...


def data(payload: Mapping[str, object], event: str = "") -> Frame:
    """A frame of JSON."""
    return Frame(encode(payload), event)


def price(pico: int) -> str:
    """Dollars a token as the decimal string that price lists hold; exact."""
    whole, part = divmod(pico, PICO)
    digits = f"{part:012d}".rstrip("0")
    return f"{whole}.{digits}" if digits else str(whole)
