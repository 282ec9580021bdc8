"""What the council states its facts to."""

from __future__ import annotations

from typing import Protocol

from hive_tui.events import Event
from hive_tui.models.call import Text


class Journal(Protocol):
    """The run's one writer. Everything stated here is recorded and shown, in this order."""

    def emit(self, event: Event, stream: int = 0) -> None:
        """State a fact of the run, or of the attempt with that stream number."""
        ...

    def chunks(self, stream: int, at_ns: int, texts: list[Text]) -> None:
        """State chunks that one read brought, in order; coalesced for 2 ms at most.

        `at_ns` is the transport's monotonic clock when the read returned.
        """
        ...

    def sync(self) -> None:
        """Force what was stated to the disk, without waiting for it."""
        ...
