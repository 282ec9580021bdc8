"""What every command says of a configuration that is wrong."""

from __future__ import annotations

import sys

from hive_tui.cli.exits import DISK, UNUSABLE
from hive_tui.cli.plaintext import harmless
from hive_tui.config.errors import ConfigError, FolderError


def refuse(command: str, error: ConfigError) -> int:
    """Say what is wrong; the exit code that it means."""
    print(harmless(f"{command}: {error}"), file=sys.stderr)
    return DISK if isinstance(error, FolderError) else UNUSABLE
