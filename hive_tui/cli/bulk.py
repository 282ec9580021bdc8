"""The kernels for a command that goes through a whole recording: compiled ones for a long one, else plain Python."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from hive_tui.config.paths import paths
from hive_tui.kernels.plain import PlainBackend
from hive_tui.recording.folder import LOG

if TYPE_CHECKING:
    from hive_tui.kernels.interface import Backend

LONG = 4 << 20
"""Bytes of a log from which on compiled kernels are worth the 0.5 s in which they are loaded."""
LONGER = 48 << 20
"""The same where they have to be compiled first, which takes 5 s, once."""


def kernels_for(folder: Path) -> Backend:
    """Raises:
    OSError: no log there.
    """
    cache = Path(paths().cache) / "numba"
    size = (folder / LOG).stat().st_size
    if size < LONG or (size < LONGER and not any(cache.rglob("*.nbi"))):
        return PlainBackend()
    from hive_tui.kernels.choose import UnusableError, load_compiled

    try:
        return load_compiled(cache)[0]
    except UnusableError:
        return PlainBackend()  # `hive doctor` says why.
