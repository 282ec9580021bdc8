"""The kernels for a command that goes through a whole recording: the longer it is, the dearer ones are worth it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from hive_tui.config.paths import paths
from hive_tui.kernels.plain import PlainBackend
from hive_tui.recording.folder import LOG

if TYPE_CHECKING:
    from hive_tui.kernels.interface import Backend

LONG = 2 << 20
"""Bytes of a log from which on numpy is worth the 0.1 s in which it is imported: measured with `hive verify`, it takes
longer than plain Python on 50,000 events (0.9 MB), less from 100,000 on (1.7 MB), and half as long on 1,000,000."""
LONGER = 36 << 20
"""The same for compiled kernels, which take 0.5 s: on 1,000,000 events (17 MB) the command takes longer with them than
with numpy, on 3,000,000 (52 MB) a tenth less. Where they were never compiled, which takes 5 s, they are not."""


def kernels_for(folder: Path) -> Backend:
    """Raises:
    OSError: no log there.
    """
    size = (folder / LOG).stat().st_size
    if size < LONG:
        return PlainBackend()
    cache = Path(paths().cache) / "numba"
    if size >= LONGER and any(cache.rglob("*.nbi")):
        from hive_tui.kernels.choose import UnusableError, load_compiled

        try:
            return load_compiled(cache)[0]
        except UnusableError:
            pass  # `hive doctor` says why.
    from hive_tui.kernels.vectors import VectorBackend

    return VectorBackend()
