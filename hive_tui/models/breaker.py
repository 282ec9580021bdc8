"""A circuit breaker for each model of each endpoint: what fails again and again is left alone for a while.

Closed: calls pass. Open: they fail at once, without a request. When the pause is over, one call is let through (half
open): if it brings text or ends well the circuit closes, if it fails the pause begins again.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing

import msgspec

from hive_tui.models.call import Batch, Call, CallError, Transport
from hive_tui.models.errors import failure
from hive_tui.models.retry import has_text

_ILL = frozenset(
    {
        "connect",
        "dns",
        "empty",
        "overloaded",
        "protocol",
        "provider",
        "reset",
        "server",
        "timeout",
        "timeout_connect",
        "timeout_first_token",
        "timeout_idle",
        "tls",
    }
)
"""Kinds that speak of a sick server; a wrong key or a bad request does not."""


class BreakerPolicy(msgspec.Struct, frozen=True):
    failures: int = 5
    """Failures in a row that open the circuit."""
    pause_s: float = 30.0


class _Circuit:
    def __init__(self) -> None:
        self.failures = 0
        self.open_until: float | None = None
        self.probing = False


class Breaker:
    """A `Transport` that raises kind `breaker_open` without a request while a circuit is open."""

    def __init__(self, inner: Transport, policy: BreakerPolicy, *, clock_s: Callable[[], float]) -> None:
        self._inner = inner
        self._policy = policy
        self._clock_s = clock_s
        self._circuits: dict[tuple[str, str], _Circuit] = {}

    async def stream(self, call: Call) -> AsyncGenerator[Batch, None]:
        circuit = self._circuits.setdefault((call.endpoint.base_url, call.model), _Circuit())
        probe = self._enter(circuit, call)
        spoke = False
        try:
            async with aclosing(self._inner.stream(call)) as batches:
                async for batch in batches:
                    if not spoke and has_text(batch):
                        spoke = True
                        self._well(circuit)
                    yield batch
            self._well(circuit)
        except CallError as error:
            if error.info.kind in _ILL:
                self._ill(circuit)
            else:
                self._well(circuit)
            raise
        finally:
            # A probe that was cancelled has told nothing: the next call is the probe.
            if probe:
                circuit.probing = False

    def _enter(self, circuit: _Circuit, call: Call) -> bool:
        """Whether this call is the probe. Raises `CallError` while the circuit is open."""
        if circuit.open_until is None:
            return False
        wait = circuit.open_until - self._clock_s()
        if wait > 0 or circuit.probing:
            told = f"again in {wait:.0f} s" if wait > 0 else "a first call is trying it now"
            raise failure("breaker_open", f"{call.model} failed {circuit.failures} times in a row; {told}")
        circuit.probing = True
        return True

    def _well(self, circuit: _Circuit) -> None:
        circuit.failures = 0
        circuit.open_until = None

    def _ill(self, circuit: _Circuit) -> None:
        circuit.failures += 1
        if circuit.failures >= self._policy.failures:
            circuit.open_until = self._clock_s() + self._policy.pause_s
