"""What a call used and cost, and who says so. What nobody says is unknown."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from decimal import Decimal

from hive_tui.events import Message, Usage, UsageReported, UsageSource
from hive_tui.models.call import Counted, Endpoint

Pricing = Callable[[str, Endpoint, Usage], Decimal | None]
"""Model, endpoint, usage -> cost in USD at list prices; `None` when there is no price or the usage does not suffice."""

Counting = Callable[[str, str], Awaitable[tuple[int, UsageSource]]]
"""Text, model -> number of tokens, and whether a `tokenizer` counted them or they are an `estimate`."""

_WEAKEST_FIRST = (UsageSource.UNKNOWN, UsageSource.ESTIMATE, UsageSource.TOKENIZER, UsageSource.PROVIDER)


def weakest(sources: Sequence[UsageSource]) -> UsageSource:
    """The source that a sum over these can claim."""
    return min(sources, key=_WEAKEST_FIRST.index, default=UsageSource.UNKNOWN)


def reported(counted: Counted) -> UsageReported:
    """A provider's report as an event."""
    return UsageReported(counted.usage, counted.cost_usd, "" if counted.cost_usd is None else "provider")


def priced(usage: Usage, price: Decimal | None) -> UsageReported:
    """Usage at list price; `price` is `None` when unknown."""
    return UsageReported(usage, *((None, "") if price is None else (f"{price:f}", "price")))


async def count(messages: Sequence[Message], answer: str, reasoning: str, model: str, counting: Counting) -> Usage:
    """Usage of a call whose provider reported none. Text alone is counted; the provider's own frame around it is not.

    Reasoning that was not shown cannot be counted, so without any text of it its number stays unknown.
    """
    prompt, first = await counting("\n".join(message.content for message in messages), model)
    spoken, second = await counting(answer, model)
    thought, third = await counting(reasoning, model) if reasoning else (0, second)
    return Usage(
        prompt_tokens=prompt,
        completion_tokens=spoken + thought,
        reasoning_tokens=thought if reasoning else None,
        source=weakest((first, second, third)),
    )
