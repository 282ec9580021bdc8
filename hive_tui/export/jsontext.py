"""JSON that a terminal may show as it is."""

from __future__ import annotations

import re

# JSON escapes C0 alone. C1 works on a terminal just as well, and the others reorder or break a line.
_UNSEEN = re.compile("[\x7f-\x9f\u2028-\u202e\u2066-\u2069]")


def escaped(data: bytes) -> bytes:
    """The same JSON with the control characters of its texts escaped."""
    if data.isascii() and b"\x7f" not in data:
        return data
    return _UNSEEN.sub(lambda found: f"\\u{ord(found[0]):04x}", data.decode()).encode()
