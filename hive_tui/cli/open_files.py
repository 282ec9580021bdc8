"""How many files a process may have open: a council has a recording, a ring, pipes and a connection a stream."""

from __future__ import annotations

import resource

from hive_tui.config.errors import ConfigError

LEAST = 64


def check_open_files() -> None:
    """Raise this process's own limit where that may be. Raises ConfigError: Hive may not open as many as it needs, and
    would take that for a damaged recording, or a full disk."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft == resource.RLIM_INFINITY or soft >= LEAST:
        return
    if hard != resource.RLIM_INFINITY and hard < LEAST:
        raise ConfigError(
            f"only {hard} files may be open at once, and Hive needs {LEAST}", "ulimit -n", "raise it: ulimit -n 256"
        )
    resource.setrlimit(resource.RLIMIT_NOFILE, (LEAST, hard))
