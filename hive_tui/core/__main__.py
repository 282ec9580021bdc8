"""`python -m hive_tui.core --socket N`: the worker process. Started by `core.spawning`, not by people."""

from __future__ import annotations

import sys

from hive_tui.core.process import main

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
