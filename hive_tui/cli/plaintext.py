"""Text from outside, made fit for a terminal: nothing in it moves the cursor, changes a colour or rings a bell."""

from __future__ import annotations

from typing import TextIO

LONGEST = 400


def harmless(text: str) -> str:
    """The text with control characters but line breaks and tabs replaced; CR LF becomes a line break."""
    if text.isprintable():
        return text
    keep = "\n\t"
    text = text.replace("\r\n", "\n")
    return "".join(char if char in keep or _is_shown(char) else "\N{REPLACEMENT CHARACTER}" for char in text)


def _is_shown(char: str) -> bool:
    """Everything but C0 and C1 controls, and the marks that turn the direction of writing around (CVE-2021-42574)."""
    return not (char < " " or "\x7f" <= char <= "\x9f" or "\u202a" <= char <= "\u202e" or "\u2066" <= char <= "\u2069")


def one_line(text: str) -> str:
    """The text on one line, cut at 400 characters."""
    flat = harmless(" ".join(text.split()))
    return flat if len(flat) <= LONGEST else flat[: LONGEST - 1] + "…"


def write_text(out: TextIO, text: str) -> None:
    """Write harmless text; what the stream's encoding has no sign for becomes a question mark."""
    encoding = out.encoding or "utf-8"
    out.write(harmless(text).encode(encoding, "replace").decode(encoding))
