"""What the server saw: connections, requests, and how soon a client's leaving was noticed.

Times are nanoseconds of the machine's monotonic clock, which a test in another process can compare with its own, and
beside them Unix nanoseconds. Both lists are bounded; the counters are not.
"""

from __future__ import annotations

import hashlib
from collections import Counter, deque
from collections.abc import Sequence
from dataclasses import dataclass, field

from hive_tui.simulator.clock import Clock

KEPT = 2000
"""Requests that are remembered."""
BODY = 64 * 1024
"""Longest request body that is kept in the log, in characters."""
_SECRET = frozenset({"authorization", "x-api-key", "proxy-authorization", "api-key", "cookie"})

Headers = Sequence[tuple[str, str]]


@dataclass(slots=True)
class Seen:
    """One request."""

    id: int
    connection: int
    number: int
    """1 for the connection's first request."""
    method: str
    path: str
    headers: dict[str, object]
    seen_ns: int
    seen_wall_ns: int
    body: str = ""
    dialect: str = ""
    model: str = ""
    stream: bool = False
    faults: list[str] = field(default_factory=list)
    status: int | None = None
    first_byte_ns: int | None = None
    finished_ns: int | None = None
    finished_wall_ns: int | None = None
    client_closed_ns: int | None = None
    client_closed_wall_ns: int | None = None
    outcome: str = "open"
    """`finished`, `client-closed`, `broken` (a fault closed it) or `aborted` (the server stopped)."""
    bytes_sent: int = 0
    chunks: int = 0
    """Pieces of text that were sent."""
    tokens: int = 0
    """Tokens in them, as the simulator counts."""

    def timeline(self) -> dict[str, object]:
        """All of it but headers and body."""
        return {name: getattr(self, name) for name in self.__slots__ if name not in ("headers", "body")}

    def log_entry(self) -> dict[str, object]:
        names = ("id", "connection", "method", "path", "headers", "body", "seen_ns", "seen_wall_ns")
        return {name: getattr(self, name) for name in names}


def redacted(headers: Headers) -> dict[str, object]:
    """Headers for the log: of a secret only that it was there, and the first 12 hex digits of its SHA-256.

    The hash is of the key alone, without `Bearer `.
    """
    shown: dict[str, object] = {}
    for name, value in headers:
        if name in _SECRET:
            key = value[7:] if value[:7].lower() == "bearer " else value
            shown[name] = {"present": True, "sha256": hashlib.sha256(key.encode()).hexdigest()[:12]}
        else:
            shown[name] = value
    return shown


class Stats:
    """Counters and the log of requests since the start or the last reset."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._serial = 0
        self.open_connections = 0
        self.reset()

    def reset(self) -> None:
        """Forget everything but the connections that are open now, and the serial numbers."""
        self.connections = 0
        self.count = 0
        self.reused = 0
        self.seen: deque[Seen] = deque(maxlen=KEPT)
        self.fault_uses: Counter[str] = Counter()

    def opened(self) -> int:
        """A connection was accepted; returns its number."""
        self.connections += 1
        self.open_connections += 1
        self._serial += 1
        return self._serial

    def closed(self) -> None:
        self.open_connections -= 1

    def arrived(self, connection: int, number: int, method: str, path: str, headers: Headers) -> Seen:
        self._serial += 1
        self.count += 1
        self.reused += number > 1
        seen = Seen(
            id=self._serial,
            connection=connection,
            number=number,
            method=method,
            path=path,
            headers=redacted(headers),
            seen_ns=self._clock.monotonic_ns(),
            seen_wall_ns=self._clock.time_ns(),
        )
        if not path.startswith("/_sim/"):
            self.seen.append(seen)
        return seen

    def finished(self, seen: Seen, outcome: str) -> None:
        """The request is over; the first statement of it holds."""
        if seen.outcome == "open":
            seen.outcome = outcome
            seen.finished_ns = self._clock.monotonic_ns()
            seen.finished_wall_ns = self._clock.time_ns()

    def first_byte(self, seen: Seen) -> None:
        seen.first_byte_ns = self._clock.monotonic_ns()

    def left(self, seen: Seen) -> None:
        """The client closed the connection just now, before the answer was complete."""
        if seen.outcome == "open":
            seen.client_closed_ns = self._clock.monotonic_ns()
            seen.client_closed_wall_ns = self._clock.time_ns()
            self.finished(seen, "client-closed")

    def report(self) -> dict[str, object]:
        outcomes = Counter(seen.outcome for seen in self.seen)
        return {
            "simulated": True,
            "now_ns": self._clock.monotonic_ns(),
            "now_wall_ns": self._clock.time_ns(),
            "connections_opened": self.connections,
            "connections_open": self.open_connections,
            "requests": self.count,
            "requests_on_reused_connections": self.reused,
            "outcomes": dict(outcomes),
            "log": [seen.timeline() for seen in self.seen],
        }

    def log(self) -> dict[str, object]:
        return {"simulated": True, "requests": [seen.log_entry() for seen in self.seen]}
