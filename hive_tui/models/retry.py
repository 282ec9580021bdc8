"""Another try when a call failed before its first token.

Waits grow exponentially with full jitter (Brooker, "Exponential Backoff and Jitter", AWS 2015): a random time up to the
bound, so that many clients do not come back at once. What the server asks for is a lower bound.
"""

from __future__ import annotations

import random
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import aclosing

import msgspec

from hive_tui.models.call import Again, Batch, Call, CallError, Text, Transport


class RetryPolicy(msgspec.Struct, frozen=True):
    attempts: int = 3
    """Calls in all, the first one included."""
    base_s: float = 0.5
    """Bound of the first wait; each further one is twice as long."""
    cap_s: float = 8.0
    """Bound of any wait that we choose ourselves."""
    patience_s: float = 60.0
    """Longest wait that a server may ask for; beyond it the error stands."""


class Retry:
    """A `Transport` that repeats calls whose error is retryable. No wait is shorter than what the server asks for."""

    def __init__(
        self,
        inner: Transport,
        policy: RetryPolicy,
        *,
        clock_ns: Callable[[], int],
        sleep: Callable[[float], Awaitable[None]],
        rng: random.Random,
    ) -> None:
        self._inner = inner
        self._policy = policy
        self._clock_ns = clock_ns
        self._sleep = sleep
        self._rng = rng

    async def stream(self, call: Call) -> AsyncGenerator[Batch, None]:
        number = 1
        while True:
            spoke = False
            try:
                async with aclosing(self._inner.stream(call)) as batches:
                    async for batch in batches:
                        spoke = spoke or has_text(batch)
                        yield batch
                return
            except CallError as error:
                wait = self._wait(number, error)
                if spoke or wait is None:
                    self._tell(error)
                    raise
                again = Again(error.info, wait, "retry", call.model)
            yield Batch(self._clock_ns(), (again,))
            await self._sleep(again.wait_s)
            number += 1

    def _wait(self, number: int, error: CallError) -> float | None:
        policy = self._policy
        asked = error.retry_after_s or 0.0
        if not error.retryable or number >= policy.attempts or asked > policy.patience_s:
            return None
        bound = min(policy.cap_s, policy.base_s * 2 ** (number - 1))
        return asked + self._rng.uniform(0, bound)

    def _tell(self, error: CallError) -> None:
        """A wait that is not waited is for the person."""
        asked = error.retry_after_s or 0.0
        if error.retryable and asked > self._policy.patience_s:
            message = f"{error.info.message}; the server asks to wait {asked:.0f} s"
            error.info = msgspec.structs.replace(error.info, message=message)


def has_text(batch: Batch) -> bool:
    """Whether the first token is in this batch: from then on a call cannot be repeated."""
    return any(type(part) is Text for part in batch.parts)
