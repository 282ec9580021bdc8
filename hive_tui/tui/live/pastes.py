"""Takes what is pasted out of the terminal's input before Textual's parser sees it.

That parser reads escapes within a bracketed paste as keys, so that a pasted text could press Enter, and needs 0.8 us a
character, a second for a megabyte. A paste without brackets, of a terminal that knows none, is told by its speed:
nobody types so many characters between two reads.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

BEGIN, END = "\x1b[200~", "\x1b[201~"
"""Bracketed paste, https://invisible-island.net/xterm/ctlseqs/ctlseqs.html#h2-Bracketed-Paste-Mode."""
TYPED = 64
"""Printable characters in one read beyond which they are taken for a paste. A line's end among them stays a key."""

_PRINTED = re.compile(rf"[^\x00-\x1f\x7f-\x9f]{{{TYPED},}}")


class Pastes:
    def __init__(self) -> None:
        self._tail = ""
        """The end of what came before, in which a bracket may have begun."""
        self._pasted: list[str] | None = None

    def take(self, text: str, between: bool) -> Iterator[tuple[str, str]]:
        """In their order, pieces of (what the parser is to read, what was pasted behind that); either may be empty.

        The parser gets the brackets themselves. `between` is whether it stands between two sequences.
        """
        if self._pasted is None and between and "\x1b" not in text:
            self._tail = ""
            yield from _printed(text)
            return
        while text:
            bracket = BEGIN if self._pasted is None else END
            known = len(self._tail)
            seen = self._tail + text
            at = seen.find(bracket)
            stop = len(text) if at < 0 else at + len(bracket) - known
            piece, text = text[:stop], text[stop:]
            self._tail = seen[1 - len(bracket) :] if at < 0 else ""
            if self._pasted is None:
                yield piece, ""
                if at >= 0:
                    self._pasted = []
            else:
                self._pasted.append(piece)
                if at >= 0:
                    whole, self._pasted = "".join(self._pasted), None
                    yield END, whole[: -len(END)]


def _printed(text: str) -> Iterator[tuple[str, str]]:
    at = 0
    for found in _PRINTED.finditer(text):
        yield text[at : found.start()], found[0]
        at = found.end()
    if at < len(text):
        yield text[at:], ""
