"""What everything that crosses the command socket is."""

from __future__ import annotations

import msgspec


class Tagged(msgspec.Struct, frozen=True, tag=True, omit_defaults=True):
    """Told apart by the name of its class."""
