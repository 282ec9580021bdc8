"""A terminal that runs one command and is read from a loop: every byte with its time, every question answered."""

from __future__ import annotations

import fcntl
import os
import pty
import signal
import struct
import termios
import time
from collections.abc import Mapping, Sequence

from benchmarks.frames_reader import MODE_QUESTION
from benchmarks.processes import children, wait_gone

FOREIGN = ("NO_COLOR", "COLUMNS", "LINES", "PYTHONDONTWRITEBYTECODE", "TERM_PROGRAM", "PYTHONPATH")
"""Of the developer's own environment; would change what is measured."""
KEYS = ("OPENROUTER_API_KEY", "OPENAI_API_KEY", "ANTHROPIC_API_KEY")


def environment(home: str) -> dict[str, str]:
    """The environment of a person who starts Hive for the first time, all of its files in `home`."""
    kept = {name: value for name, value in os.environ.items() if name not in FOREIGN + KEYS}
    return {**kept, "TERM": "xterm-256color", "COLORTERM": "truecolor", "HIVE_HOME": home}


class Terminal:
    """The command is started at once; `started` is the moment before, on CLOCK_MONOTONIC."""

    def __init__(self, command: Sequence[str], environ: Mapping[str, str], width: int = 160, height: int = 48) -> None:
        self.master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", height, width, 0, 0))
        name = os.ttyname(slave)
        # Opened in the child, behind setsid, so that it becomes the controlling terminal.
        actions = [
            (os.POSIX_SPAWN_OPEN, 0, name, os.O_RDWR, 0),
            (os.POSIX_SPAWN_DUP2, 0, 1),
            (os.POSIX_SPAWN_DUP2, 0, 2),
        ]
        self.started = time.monotonic()
        self.pid = os.posix_spawn(command[0], list(command), dict(environ), file_actions=actions, setsid=True)
        os.close(slave)
        self.written = bytearray()
        """All that the command wrote."""

    def read(self) -> int:
        """Take what is there, answer its questions; returns where in `written` the new bytes begin.

        Raises RuntimeError, with the last words, when the command has ended.
        """
        before = len(self.written)
        try:
            data = os.read(self.master, 65536)
        except OSError:
            raise RuntimeError(f"the screen ended: {bytes(self.written[-2000:])!r}") from None
        self.written += data
        for asked in MODE_QUESTION.finditer(self.written, max(0, before - 16)):
            if asked.end() > before:
                os.write(self.master, b"\x1b[?%s;%d$y" % (asked[1], 2 if asked[1] == b"2026" else 0))
        return before

    def type(self, text: str) -> None:
        os.write(self.master, text.encode())

    def close(self) -> None:
        """End it, and wait until what it started has ended too, so that nothing of it runs beside the next."""
        started = children(self.pid)
        os.kill(self.pid, signal.SIGKILL)
        os.waitpid(self.pid, 0)
        os.close(self.master)
        wait_gone(started)
