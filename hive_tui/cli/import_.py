"""`hive import` makes a recording of an exported one."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import BinaryIO

from hive_tui.cli.exits import DONE
from hive_tui.cli.parser import Parsed, UsageError
from hive_tui.config.errors import ConfigError, FolderError
from hive_tui.config.paths import OWN_FOLDER, paths
from hive_tui.export.importing import ImportFailedError, RunExistsError, import_run


def main(parsed: Parsed) -> int:
    """Print the run's id. Raises UsageError; ConfigError for a file that cannot become a recording."""
    if len(parsed.words) != 1:
        raise UsageError("which file? hive import FILE, as `hive export RUN --format jsonl` wrote it; - is stdin")
    name, root = parsed.words[0], Path(paths().runs)
    if not name:
        raise UsageError("which file? its name is empty")
    try:
        with _opened(name) as file:
            run = import_run(file, root)
    except RunExistsError as error:
        raise ConfigError(str(error), name, "It stays as it is. `hive runs` lists the runs.") from error
    except ImportFailedError as error:
        raise ConfigError(f"{error}; nothing was imported", name) from error
    except OSError as error:
        raise FolderError(f"cannot be written: {error.strerror}", str(root), OWN_FOLDER) from error
    print(run)
    return DONE


def _opened(name: str) -> BinaryIO:
    """Raises ConfigError."""
    if name == "-":
        return sys.stdin.buffer
    try:
        return Path(name).open("rb")
    except OSError as error:
        raise ConfigError(f"cannot be read: {error.strerror}", name) from error
