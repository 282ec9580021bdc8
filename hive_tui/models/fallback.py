"""The next model of the stage when one failed before its first token."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing

from msgspec.structs import replace

from hive_tui.models.call import Again, Batch, Call, CallError, Transport
from hive_tui.models.retry import has_text

_ALL_MODELS_ALIKE = frozenset({"auth", "connect", "dns", "proxy", "redirect", "timeout_connect", "tls", "url"})
"""Kinds of errors that belong to the endpoint: another model of it would fail the same way."""


class Fallback:
    """A `Transport` that asks `call.model`, then each of `call.fallbacks`."""

    def __init__(self, inner: Transport, *, clock_ns: Callable[[], int]) -> None:
        self._inner = inner
        self._clock_ns = clock_ns

    async def stream(self, call: Call) -> AsyncGenerator[Batch, None]:
        models = (call.model, *call.fallbacks)
        for model, next_model in zip(models, (*models[1:], ""), strict=True):
            spoke = False
            try:
                async with aclosing(self._inner.stream(replace(call, model=model, fallbacks=()))) as batches:
                    async for batch in batches:
                        spoke = spoke or has_text(batch)
                        yield batch
                return
            except CallError as error:
                if spoke or not next_model or error.info.kind in _ALL_MODELS_ALIKE:
                    raise
                again = Again(error.info, 0.0, "fallback", next_model)
            yield Batch(self._clock_ns(), (again,))
