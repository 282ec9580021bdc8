"""Where keys come from. Whoever holds them decides, by the endpoint's origin, which one may go there."""

from __future__ import annotations

from typing import Protocol

from hive_tui.models.call import Endpoint


class Secrets(Protocol):
    def key_for(self, endpoint: Endpoint) -> str | None:
        """The key that belongs to the endpoint's own origin; `None` when it has none."""
        ...
