"""Which options mean something to which words of `hive runs`."""

from __future__ import annotations

from collections.abc import Sequence

from hive_tui.cli.parser import Parsed, UsageError

LISTING = ("--search", "--filter", "--limit", "--tree")
PRUNING = ("--dry-run",)


def check_flags(parsed: Parsed, allowed: Sequence[str]) -> None:
    """Raises UsageError: an option that means nothing here, and would be ignored."""
    for flag in (*LISTING, *PRUNING):
        if parsed.has(flag) and flag not in allowed:
            raise UsageError(f"{flag} means nothing to `hive runs {' '.join(parsed.words[:1])}`".rstrip())
