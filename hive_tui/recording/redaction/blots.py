"""Takes stretches out of a text and puts a mark in the place of each: in strings, in deltas, and in spans that count
their characters. Pure."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable

from hive_tui.wire import CHUNK, CONTINUES, LENGTH_MASK

MARK = "[redacted]"
"""As long in bytes as in characters."""
_MARK = MARK.encode()

Range = tuple[int, int]
"""From the first to behind the last, in characters or bytes."""


def merged(ranges: Iterable[Range]) -> list[Range]:
    """The same stretches in their order, those that meet or overlap as one; empty ones are left out."""
    found: list[Range] = []
    for start, stop in sorted(ranges):
        if start >= stop:
            continue
        if found and start <= found[-1][1]:
            found[-1] = found[-1][0], max(found[-1][1], stop)
        else:
            found.append((start, stop))
    return found


def blotted(text: str, ranges: Iterable[Range]) -> str:
    """The text with a mark for each of its merged stretches."""
    parts, last = [], 0
    for start, stop in ranges:
        parts += [text[last:start], MARK]
        last = stop
    return "".join([*parts, text[last:]])


def in_bytes(text: str, ranges: list[Range]) -> list[Range]:
    """Stretches of characters as stretches of the text's UTF-8."""
    if text.isascii():
        return ranges
    found, last, at = [], 0, 0
    for start, stop in ranges:
        begin = at + len(text[last:start].encode())
        last, at = stop, begin + len(text[start:stop].encode())
        found.append((begin, at))
    return found


def in_characters(data: bytes, ranges: list[Range]) -> list[Range]:
    """Stretches of UTF-8 as stretches of its characters; a character that is cut counts whole."""
    if data.isascii():
        return ranges
    found, last, at = [], 0, 0
    for start, stop in ranges:
        start = max(last, _at_character(data, start, -1))
        stop = _at_character(data, stop, 1)
        begin = at + len(data[last:start].decode())
        last, at = stop, begin + len(data[start:stop].decode())
        found.append((begin, at))
    return merged(found)


def _at_character(data: bytes, at: int, step: int) -> int:
    while at < len(data) and data[at] & 0xC0 == 0x80:
        at += step
    return at


def moved(position: int, ranges: list[Range], *, stop: bool) -> int:
    """Where a place in the text is in the blotted one; inside a stretch, in front of its mark or, a stop, behind."""
    shift = 0
    for begin, end in ranges:
        if position <= begin:
            break
        if position < end:
            return begin + shift + (len(MARK) if stop else 0)
        shift += len(MARK) - (end - begin)
    return position + shift


def blotted_delta(table: bytes, data: bytes, at: int, ranges: list[Range]) -> tuple[bytes, bytes]:
    """Chunk table and text of a delta whose first byte is number `at` of its channel; `ranges` are of the channel.

    Each chunk keeps its entry and its time. The mark stands in the chunk in which the stretch begins. Text behind the
    last chunk belongs to none: a call that goes on from a beginning was given that, and no stream brought it.
    """
    entries, parts, begin = [], [], at
    for age_us, length in CHUNK.iter_unpack(table):
        end = begin + (length & LENGTH_MASK)
        part = _cut(data[begin - at : end - at], begin, ranges)
        entries.append(CHUNK.pack(age_us, len(part) | length & CONTINUES))
        parts.append(part)
        begin = end
    parts.append(_cut(data[begin - at :], begin, ranges))
    return b"".join(entries), b"".join(parts)


def _cut(piece: bytes, at: int, ranges: list[Range]) -> bytes:
    parts, last, end = [], 0, at + len(piece)
    for start, stop in ranges[bisect_right(ranges, at, key=lambda each: each[1]) :]:
        if start >= end:
            break
        if start >= at:
            parts += [piece[last : start - at], _MARK]
        last = stop - at
    return b"".join([*parts, piece[last:]])
