"""Says of a new recording's folder why it cannot be made."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from hive_tui.config.errors import ConfigError, FolderError


@contextmanager
def target_told(target: Path, source: Path) -> Iterator[None]:
    """Errors of a folder that is written become a ConfigError or a FolderError; those of the recording that is read
    stay as they are."""
    try:
        yield
    except FileExistsError as error:
        raise ConfigError("is there already", str(target), "name a folder that is not there yet") from error
    except OSError as error:
        if str(error.filename or "").startswith(f"{source}/"):
            raise
        if isinstance(error, FileNotFoundError) and not target.parent.exists():
            raise FolderError("no such folder", str(target.parent)) from error
        raise FolderError(f"cannot be written: {error.strerror}", str(target)) from error
