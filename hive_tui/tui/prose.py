"""An answer's text before it is typeset: cut in Markdown's blocks, and those that are nothing but prose in rows.

Pure, and on the way to the first picture of a recorded run: prose needs neither Rich's renderer nor a parser.
"""

from __future__ import annotations

import re

from hive_tui.tui.lines import width_of
from hive_tui.tui.live.visible import clean

PLAIN = 16_384
"""Characters of a block beyond which it is shown as it is: no person wrote it, and parsing it would take seconds."""
SLICE = 2_048
LIMIT = 400_000
"""Characters of an answer that are shown; the rest is said to be there."""


def blocks(text: str) -> list[str]:
    """An answer cut where Markdown's blocks end: at blank lines outside of fences and lists' continuations."""
    found: list[str] = []
    current: list[str] = []
    fence = ""
    lines = clean(text[:LIMIT]).split("\n")
    for number, line in enumerate(lines):
        mark = line.lstrip()[:3]
        if fence:
            fence = "" if mark == fence and not line.strip().strip(fence[0]) else fence
        elif mark in ("```", "~~~"):
            fence = mark
        following = lines[number + 1] if number + 1 < len(lines) else ""
        if line.strip() or fence:
            current.append(line)
        elif current and following.strip() and not following.startswith((" ", "\t")):
            _close(found, current)
        elif current:
            current.append(line)
    _close(found, current)
    if len(text) > LIMIT:
        found.append(f"({len(text) - LIMIT:,} more characters: `hive runs show last` prints them all.)")
    return found


def _close(found: list[str], current: list[str]) -> None:
    block = "\n".join(current).rstrip()
    current.clear()
    if len(block) > PLAIN:
        found.extend(block[at : at + SLICE] for at in range(0, len(block), SLICE))
    elif block:
        found.append(block)


WIDEST = 110
"""Cells of a line: longer ones are hard to read."""
_PROSE = re.compile(r"[A-Za-z][A-Za-z0-9 .,;:?!()'\"/%$+=\u2013\u2014\u2018\u2019\u201c\u201d\u2026-]*")
"""A line that no rule of Markdown is for, whatever stands beside it; a cell a character."""
_WORD = re.compile(r" *\S+ *")
"""With the indentation of a line before its first."""


def prose_rows(block: str, width: int) -> list[str] | None:
    """The rows of a paragraph without any markup, as Rich sets it; `None` for every other block."""
    lines = block.split("\n")
    if not all(_PROSE.fullmatch(line) and line[-1] != " " for line in lines):
        return None
    return _filled(" ".join(lines), width)


def source_rows(block: str, width: int) -> list[str]:
    """The rows of any block as its source: about as many as when it is typeset."""
    lines: list[str] = []
    fenced = block.lstrip().startswith(("```", "~~~"))
    for line in block.split("\n"):
        if lines and not fenced and line[:1].isalpha() and lines[-1][:1].isalpha():
            lines[-1] += f" {line}"
        else:
            lines.append(line)
    return [row for line in lines for row in _filled(line, width) or [line]]


def _filled(text: str, width: int) -> list[str] | None:
    """Words in rows; `None` where one is wider than a row."""
    rows, row, cells = [], "", 0
    for found in _WORD.finditer(text):
        word = found[0]
        size = width_of(word.rstrip(" "))
        if size > width:
            return None
        if cells + size > width:
            rows.append(row.rstrip(" "))
            row, cells = "", 0
        row += word
        cells += size + len(word) - len(word.rstrip(" "))
    return [*rows, row.rstrip(" ")]
