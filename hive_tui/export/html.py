"""One HTML file that plays a run in a browser: style, script and recording are in it, and it may reach no network.

The recording is `moments` in gzip and base64; the page unpacks it as a stream. Its policy
(https://www.w3.org/TR/CSP3/) lets nothing run but that very script.
"""

from __future__ import annotations

import hashlib
import zlib
from base64 import b64encode
from collections.abc import Iterable, Iterator, Sequence
from html import escape
from pathlib import Path
from string import Template

from hive_tui.export import moments
from hive_tui.recording.navigation.markers import Marker
from hive_tui.recording.timeline import Timeline
from hive_tui.tui.facts import one_line

PAGE = Path(__file__).parent / "page"
TITLE = 120
"""Characters of the question in the title."""
SIMULATED = '<strong class="badge" id="simulated">SIMULATED</strong>\n'
LINE = 48 * 1024
"""Bytes of the packed recording in a line, a multiple of three: every line's base64 stands for itself."""
_GZIP = 16 + zlib.MAX_WBITS


def pieces(timeline: Timeline, until: int, markers: Sequence[Marker], *, fault: str) -> Iterator[bytes]:
    """The file, up to the record with sequence `until`. `fault` is what is wrong with the recording, if anything.

    Raises:
        DamagedError: a block is damaged.
        hive_tui.wire.WireError: a sound block holds bytes that are no records.
        OSError: a part of the program is not where it belongs.
    """
    state = timeline.state_at(until)
    mark = " (SIMULATED)" if state.simulated else ""
    style, script = ((PAGE / name).read_text("utf-8") for name in ("page.css", "page.js"))
    page = Template((PAGE / "page.html").read_text("utf-8"))
    yield page.substitute(
        title=escape(f"Hive{mark}: {one_line(state.question[:TITLE])}"),
        badge=SIMULATED if state.simulated else "",
        style=style,
        style_hash=_hash(style),
        script_hash=_hash(script),
    ).encode("utf-8", "replace")
    yield from _lines(_packed(moments.lines(timeline, until, markers, fault)))
    yield f"</script>\n<script>{script}</script>\n</body>\n</html>\n".encode()


def _hash(text: str) -> str:
    return b64encode(hashlib.sha256(text.encode()).digest()).decode()


def _packed(lines: Iterable[bytes]) -> Iterator[bytes]:
    packer = zlib.compressobj(wbits=_GZIP)
    for line in lines:
        yield packer.compress(line)
    yield packer.flush()


def _lines(data: Iterable[bytes]) -> Iterator[bytes]:
    held = bytearray()
    for piece in data:
        held += piece
        while len(held) >= LINE:
            yield b64encode(held[:LINE]) + b"\n"
            del held[:LINE]
    yield b64encode(held) + b"\n"
