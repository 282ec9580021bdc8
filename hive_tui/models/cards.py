"""Model cards: what an endpoint's list says of a model, and what a call of it costs.

Prices are US dollars per token, as decimal strings, as OpenRouter lists them; the other lists know no prices.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

import msgspec

from hive_tui.events import Usage


class Prices(msgspec.Struct, frozen=True, omit_defaults=True):
    """US dollars per token (`request`: per call); `None` is unknown."""

    prompt: str | None = None
    completion: str | None = None
    cached: str | None = None
    """Of prompt tokens that were read from a cache; `None` is the prompt's price."""
    reasoning: str | None = None
    """Of reasoning tokens, when they are billed apart from the others; `None` or 0 is the completion's price."""
    request: str | None = None


class Override(msgspec.Struct, frozen=True, omit_defaults=True):
    """Other prices that hold for long prompts, or at some hours of the day."""

    prices: Prices
    min_prompt_tokens: int = 0
    utc_start: int | None = None
    """Minutes since midnight, UTC; the window may span midnight."""
    utc_end: int | None = None


class ModelCard(msgspec.Struct, frozen=True, omit_defaults=True):
    id: str
    name: str = ""
    context: int | None = None
    """Tokens of prompt and answer together."""
    max_output: int | None = None
    prices: Prices | None = None
    overrides: tuple[Override, ...] = ()
    supported_parameters: tuple[str, ...] = ()
    """Empty is unknown."""
    reasoning_efforts: tuple[str, ...] = ()
    owner: str = ""
    """Who serves it, as the list says: `vllm`, `llamacpp`, `library`, an organisation."""


def price(card: ModelCard, usage: Usage, *, at: datetime | None = None) -> Decimal | None:
    """List price of a call in US dollars; `None` when a price or a count that matters is unknown.

    `at` is when the call was made; without it a card whose prices depend on the hour gives `None`. Cached tokens that
    were not reported count as none, since providers leave the field out when nothing was cached. Where reasoning is
    billed apart, its tokens are taken out of the completion's, never below zero: providers have reported more reasoning
    than completion.
    """
    prices = _prices_at(card, usage.prompt_tokens, at)
    if prices is None or usage.prompt_tokens is None or usage.completion_tokens is None:
        return None
    if prices.prompt is None or prices.completion is None:
        return None
    cached = min(usage.cached_tokens or 0, usage.prompt_tokens)
    completion = usage.completion_tokens
    total = (usage.prompt_tokens - cached) * Decimal(prices.prompt)
    total += cached * Decimal(prices.cached or prices.prompt)
    if prices.reasoning is not None and Decimal(prices.reasoning):
        reasoning = usage.reasoning_tokens or 0
        total += reasoning * Decimal(prices.reasoning)
        completion = max(0, completion - reasoning)
    return total + completion * Decimal(prices.completion) + Decimal(prices.request or 0)


def cards_of(document: object) -> tuple[ModelCard, ...]:
    """The cards of a list of models, in any of the forms that providers use; entries without an id are left out."""
    if not isinstance(document, Mapping):
        return ()
    entries = document.get("data", document.get("models"))
    if not isinstance(entries, list):
        return ()
    return tuple(_card(entry) for entry in entries if isinstance(entry, Mapping) and _id(entry))


def _card(entry: Mapping[str, Any]) -> ModelCard:
    pricing = _mapping(entry.get("pricing"))
    top = _mapping(entry.get("top_provider"))
    meta = _mapping(entry.get("meta"))
    contexts = (
        entry.get("context_length"),
        entry.get("max_model_len"),
        entry.get("max_input_tokens"),
        entry.get("loaded_context_length"),
        entry.get("max_context_length"),
        meta.get("n_ctx"),
    )
    overrides = pricing.get("overrides")
    efforts = _mapping(entry.get("reasoning")).get("supported_efforts")
    return ModelCard(
        _id(entry),
        _text(entry.get("name")) or _text(entry.get("display_name")),
        next((value for value in map(_count, contexts) if value), None),
        _count(top.get("max_completion_tokens")) or _count(entry.get("max_tokens")),
        _prices(pricing, Prices()) if pricing else None,
        tuple(_override(item, _prices(pricing, Prices())) for item in overrides if isinstance(item, Mapping))
        if isinstance(overrides, list)
        else (),
        _texts(entry.get("supported_parameters")),
        _texts(efforts),
        _text(entry.get("owned_by")),
    )


def _prices(source: Mapping[str, Any], base: Prices) -> Prices:
    return Prices(
        _amount(source.get("prompt")) or base.prompt,
        _amount(source.get("completion")) or base.completion,
        _amount(source.get("input_cache_read")) or base.cached,
        _amount(source.get("internal_reasoning")) or base.reasoning,
        _amount(source.get("request")) or base.request,
    )


def _override(item: Mapping[str, Any], base: Prices) -> Override:
    nested = item.get("pricing")
    return Override(
        _prices(nested if isinstance(nested, Mapping) else item, base),
        _count(item.get("min_prompt_tokens")) or 0,
        _minutes(item.get("utc_start")),
        _minutes(item.get("utc_end")),
    )


def _prices_at(card: ModelCard, prompt_tokens: int | None, at: datetime | None) -> Prices | None:
    """The last override that holds, else the card's own prices."""
    prices = card.prices
    for override in sorted(card.overrides, key=lambda item: item.min_prompt_tokens):
        if override.min_prompt_tokens and (prompt_tokens is None or prompt_tokens < override.min_prompt_tokens):
            continue
        if override.utc_start is not None and override.utc_end is not None:
            if at is None:
                return None
            now = at.astimezone(UTC)
            minute, start, end = now.hour * 60 + now.minute, override.utc_start, override.utc_end
            if not (start <= minute < end if start <= end else minute >= start or minute < end):
                continue
        prices = override.prices
    return prices


def _amount(value: object) -> str | None:
    """A price as it stands; a negative one (OpenRouter's routers have -1) or none at all is unknown."""
    if isinstance(value, bool) or not isinstance(value, str | int | float | Decimal):
        return None
    try:
        amount = Decimal(str(value))
    except InvalidOperation:
        return None
    return format(amount, "f") if amount.is_finite() and 0 <= amount < 10**6 else None


def _minutes(value: object) -> int | None:
    """`HHMM` or `HH:MM` as minutes since midnight."""
    digits = str(value).replace(":", "") if isinstance(value, str | int) else ""
    if not digits.isascii() or not digits.isdigit() or len(digits) > 4:
        return None
    hour, minute = divmod(int(digits), 100)
    return hour * 60 + minute if hour <= 24 and minute < 60 else None


def _id(entry: Mapping[str, Any]) -> str:
    return _text(entry.get("id")) or _text(entry.get("model")) or _text(entry.get("name"))


def _mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _text(value: object) -> str:
    return "".join(char for char in value[:200] if char.isprintable()) if isinstance(value, str) else ""


def _texts(value: object) -> tuple[str, ...]:
    return tuple(text for text in map(_text, value) if text) if isinstance(value, list) else ()


def _count(value: object) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) and value > 0 else None
