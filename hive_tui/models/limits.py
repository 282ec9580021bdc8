"""How many calls one endpoint is given at a time, and how fast."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from contextlib import aclosing

import msgspec

from hive_tui.models.call import Batch, Call, Transport


class Allowance(msgspec.Struct, frozen=True):
    """What one endpoint allows; `None` is no limit."""

    concurrency: int | None = 24
    per_minute: float | None = None


class _Gate:
    def __init__(self, allowance: Allowance) -> None:
        self.slots = None if allowance.concurrency is None else asyncio.Semaphore(allowance.concurrency)
        self.interval = 60.0 / allowance.per_minute if allowance.per_minute else 0.0
        self.burst = max(1.0, (allowance.per_minute or 0.0) / 10)
        """Calls that may start at once after a quiet time: a tenth of a minute's."""
        self.free_at = float("-inf")
        """When the next call would be due if none had been saved up (generic cell rate algorithm)."""


class Limiter:
    """A `Transport` that lets calls wait, in order, until their endpoint's allowance has room."""

    def __init__(
        self,
        inner: Transport,
        allowances: Mapping[str, Allowance],
        *,
        clock_s: Callable[[], float],
        sleep: Callable[[float], Awaitable[None]],
    ) -> None:
        """`allowances` by the endpoint's name; one that is not named has the default one."""
        self._inner = inner
        self._allowances = allowances
        self._clock_s = clock_s
        self._sleep = sleep
        self._gates: dict[str, _Gate] = {}

    async def stream(self, call: Call) -> AsyncGenerator[Batch, None]:
        name = call.endpoint.name
        gate = self._gates.get(name)
        if gate is None:
            gate = self._gates[name] = _Gate(self._allowances.get(name, Allowance()))
        if gate.slots is not None:
            await gate.slots.acquire()
        try:
            await self._pace(gate)
            async with aclosing(self._inner.stream(call)) as batches:
                async for batch in batches:
                    yield batch
        finally:
            if gate.slots is not None:
                gate.slots.release()

    async def _pace(self, gate: _Gate) -> None:
        if not gate.interval:
            return
        now = self._clock_s()
        due = max(gate.free_at, now - (gate.burst - 1) * gate.interval)
        gate.free_at = due + gate.interval
        if due > now:
            await self._sleep(due - now)
