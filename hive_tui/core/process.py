"""The worker process's life: its loop, its signals, its end."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import sys
from collections.abc import Callable

from hive_tui.config.paths import paths
from hive_tui.core.worker import Worker

LOOP_VARIABLE = "HIVE_LOOP"
"""`asyncio` keeps uvloop out, as the tests do that run on both."""


def main(arguments: list[str]) -> int:
    """Serve the command socket whose descriptor is given; returns when it is closed and all is written."""
    if len(arguments) != 2 or arguments[0] != "--socket":
        print("usage: python -m hive_tui.core --socket N (started by hive itself)", file=sys.stderr)
        return 2
    # The terminal's Ctrl-C is the command's business: it decides what is cancelled.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    os.umask(0o077)
    end = socket.socket(fileno=int(arguments[1]))
    end.set_inheritable(False)
    name, factory = loop_factory(os.environ.get(LOOP_VARIABLE, ""))
    worker = Worker(end, paths(), os.environ, name)
    with asyncio.Runner(loop_factory=factory) as runner:
        runner.run(worker.serve())
    return 0


def loop_factory(wanted: str) -> tuple[str, Callable[[], asyncio.AbstractEventLoop]]:
    """Name and maker of the event loop: uvloop where it is installed and not refused."""
    if wanted != "asyncio":
        try:
            import uvloop
        except ImportError:
            pass
        else:
            return "uvloop", uvloop.new_event_loop
    return "asyncio", asyncio.new_event_loop
