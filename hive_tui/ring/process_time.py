"""When a process was started: with its pid this names a process for ever."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path


def start_time(pid: int) -> str | None:
    """A text that only this process of this boot has, or `None` when there is no such process."""
    if sys.platform == "linux":
        try:
            stat = Path(f"/proc/{pid}/stat").read_text()
        except (FileNotFoundError, ProcessLookupError):
            return None
        # The command's name, in brackets, may hold spaces and brackets; field 22 is the start in clock ticks.
        state, *fields = stat.rpartition(")")[2].split()
        return None if state in "ZX" else fields[18]
    found = subprocess.run(["ps", "-o", "lstart=", "-p", str(pid)], capture_output=True, text=True, check=False)
    return found.stdout.strip() or None
