"""Bytes to the terminal that never block the event loop."""

from __future__ import annotations

import asyncio
import os
import select
import stat
import time
from collections.abc import Callable

FULL = 262_144
"""Bytes that may wait. A terminal that takes nothing gets a full repaint later instead of all that it missed."""


def open_terminal(fd: int) -> tuple[int, bool]:
    """Another open file of the terminal behind `fd`, which alone is non-blocking; (descriptor, whether it is).

    Setting the flag on `fd` itself would set it for the shell too, for they share one open file.
    """
    here = os.fstat(fd)
    if stat.S_ISCHR(here.st_mode) and os.isatty(fd):
        for name in _names(fd):
            try:
                other = os.open(name, os.O_WRONLY | os.O_NONBLOCK | os.O_NOCTTY)
            except OSError:
                continue
            if os.fstat(other).st_rdev == here.st_rdev:
                return other, True
            os.close(other)
    return os.dup(fd), False


def _names(fd: int) -> list[str]:
    names = [f"/proc/self/fd/{fd}"]
    try:
        names.insert(0, os.ttyname(fd))
    except OSError:
        return names  # A terminal of another mount namespace has no name here.
    return names


class Output:
    """Writes at once what the terminal takes, and the rest when it takes more."""

    def __init__(self, fd: int, loop: asyncio.AbstractEventLoop, drained: Callable[[bool], None]) -> None:
        """`drained` is called when all that waited was taken, with True when something was left out meanwhile."""
        self._fd, self._asynchronous = open_terminal(fd)
        self._loop = loop
        self._drained = drained
        self._waiting = bytearray()
        self._left_out = False
        self.written = 0
        """Bytes that the kernel took."""

    @property
    def unsent(self) -> int:
        return len(self._waiting)

    def write(self, text: str) -> None:
        data = text.encode("utf-8", "replace")
        if self._waiting:
            if len(self._waiting) + len(data) > FULL:
                self._left_out = True
            else:
                self._waiting += data
            return
        taken = self._take(data)
        if taken < len(data):
            self._waiting += data[taken:]
            self._loop.add_writer(self._fd, self._more)

    def _take(self, data: bytes | bytearray) -> int:
        """How many of the bytes the terminal took."""
        done = 0
        while done < len(data):
            try:
                done += os.write(self._fd, memoryview(data)[done:])
            except BlockingIOError:
                break
            except OSError:
                # The terminal is gone (closed window, dropped line). SIGHUP or the end of input says so to the app.
                return len(data)
        self.written += done
        return done

    def _more(self) -> None:
        del self._waiting[: self._take(self._waiting)]
        if not self._waiting:
            self._loop.remove_writer(self._fd)
            left_out, self._left_out = self._left_out, False
            self._drained(left_out)

    def finish(self, last: str, patience: float) -> None:
        """Write all that waits and `last`, for at most `patience` seconds, and let the terminal go.

        A terminal that takes nothing still gets `last` offered, for that gives it back to the shell.
        """
        if self._waiting:
            self._loop.remove_writer(self._fd)
        data = self._waiting + last.encode()
        deadline = time.monotonic() + patience
        while data:
            del data[: self._take(data)]
            left = deadline - time.monotonic()
            if not data or left <= 0:
                break
            select.select([], [self._fd], [], left)
        if data:
            self._take(last.encode())
        self._waiting.clear()
        os.close(self._fd)
