"""Frames to bytes: line ends, oddities of the text/event-stream format, HTTP chunks; pure.

The format is WHATWG's server-sent events; a fault here is something that its parser must survive or that servers do.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from hive_tui.simulator.dialects.chat import Frame
from hive_tui.simulator.faults import Faults

BAD_UTF8 = "\ue000"
"""A private-use character that stands for two bytes which are no UTF-8."""
SPLIT = "\U0001f41d"
"""A four-byte character; `emoji-split` cuts the HTTP chunk in its middle."""


@dataclass(frozen=True, slots=True)
class Framing:
    """How frames become bytes in one response."""

    eol: str = "\n"
    space: str = " "
    multiline: bool = False
    comments: int = 0
    colon: bool = False
    nul_id: bool = False

    def encode(self, frames: Iterable[Frame]) -> bytes:
        text = "".join(map(self._one, frames))
        raw = text.encode("utf-8", "surrogatepass")
        if BAD_UTF8 in text:
            raw = raw.replace(BAD_UTF8.encode(), b"\xff\xfe")
        return raw

    def _one(self, frame: Frame) -> str:
        eol = self.eol
        lines: list[str] = [":" + f"{self.space}storm {number}" for number in range(self.comments)]
        if self.colon:
            lines += [":", ""]
        if frame.comment is not None:
            lines.append(":" + frame.comment)
        else:
            if frame.event:
                lines.append(f"event:{self.space}{frame.event}")
            if self.nul_id:
                lines.append(f"id:{self.space}a\0b")
            if self.multiline and frame.data.startswith("{"):
                lines += [f"{frame.field}:{self.space}{{", f"{frame.field}:{self.space}{frame.data[1:]}"]
            else:
                lines.append(f"{frame.field}:{self.space}{frame.data}")
        if frame.blank:
            lines.append("")
        return eol.join(lines) + eol


def framing(faults: Faults) -> Framing:
    return Framing(
        eol="\r\n" if "crlf" in faults else "\r" if "cr" in faults else "\n",
        space="" if "nospace" in faults else " ",
        multiline="multiline" in faults,
        comments=int(faults.number("comments", 0, 50)) if "comments" in faults else 0,
        colon="colon" in faults,
        nul_id="nulid" in faults,
    )


def http_chunk(body: bytes) -> bytes:
    """One chunk of `Transfer-Encoding: chunked`; an empty body is none at all (it would end the message)."""
    return b"%x\r\n%b\r\n" % (len(body), body) if body else b""


def cut(body: bytes) -> list[bytes]:
    """Cut inside each four-byte character that `emoji-split` put there."""
    half = SPLIT.encode()
    parts = body.split(half)
    if len(parts) == 1:
        return [body]
    pieces = [parts[0] + half[:2]]
    pieces += [half[2:] + part + half[:2] for part in parts[1:-1]]
    return [*pieces, half[2:] + parts[-1]]
