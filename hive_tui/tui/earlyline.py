"""The question line before Textual is there: what is typed onto the raw first frame is seen at once.

A thread reads the terminal while the rest is imported, and paints as the question line will paint it. It does plain
typing only: at the first byte that it does not understand, or when the row is full, it stops reading. What it showed
becomes the line's first text; what it had read beyond that goes the usual way.

On the start-up path: imports nothing that Python has not loaded.
"""

from __future__ import annotations

import _thread
import os
import select

from hive_tui.tui import bars

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from hive_tui.tui.lines import Line

RUBOUT = b"\x7f\x08"
READ = 4096
PATIENCE_S = 0.5
"""Seconds that handing over waits for the thread, which may be writing to a terminal that takes nothing."""


def absorb(text: str, data: bytes, room: int) -> tuple[str, bytes]:
    """The text after plain typing, and the bytes from the first one on that is no plain typing.

    Plain are ASCII and Latin letters, of one cell each, as long as the text has no more than `room` of them, and the
    backspace. A character that has come in part only is not plain.
    """
    at = 0
    while at < len(data):
        byte = data[at]
        if byte in RUBOUT:
            text = text[:-1]
            at += 1
            continue
        size = 1 if byte < 0x80 else 2
        try:
            character = data[at : at + size].decode()
        except UnicodeDecodeError:
            break
        if len(text) >= room or not (" " <= character <= "~" or "\u00c0" <= character <= "\u024f"):
            break
        text += character
        at += size
    return text, data[at:]


def row(text: str, width: int) -> Line:
    """The question line's first row, the cursor behind the text."""
    if not text:
        return bars.placeholder(width, True)
    return ((text, "ground"), (" ", "cursor"), (" " * (width - len(text) - 1), "ground"))


class EarlyLine:
    """Reads from `fd` and gives `paint` each new row, in a thread of its own, until `stop`; `before` comes first."""

    __slots__ = ("_done", "_fd", "_paint", "_wake", "_width", "rest", "text")

    def __init__(self, fd: int, width: int, paint: Callable[[Line], None], before: bytes = b"") -> None:
        self.text = ""
        """What was typed plainly, and is shown."""
        self.rest = b""
        """What was read beyond that."""
        self._fd = fd
        self._width = width
        self._paint = paint
        self._done = _thread.allocate_lock()
        self._done.acquire()
        end, self._wake = os.pipe()
        _thread.start_new_thread(self._run, (end, before))

    def stop(self) -> None:
        """No byte is read from now on."""
        if self._wake >= 0:
            wake, self._wake = self._wake, -1
            os.close(wake)
            self._done.acquire(timeout=PATIENCE_S)

    def _run(self, end: int, before: bytes) -> None:
        try:
            self._show(before)
            while not self.rest:
                ready = select.select([self._fd, end], [], [])[0]
                if end in ready:
                    return
                data = os.read(self._fd, READ)
                if not data:
                    return
                self._show(data)
        except OSError:
            return  # The terminal is gone: whoever reads it next is told so too.
        finally:
            os.close(end)
            self._done.release()

    def _show(self, data: bytes) -> None:
        text, self.rest = absorb(self.text, data, self._width - 1)
        if text != self.text:
            self.text = text
            self._paint(row(text, self._width))
