"""Word diff of two texts."""

from __future__ import annotations

import re
from collections.abc import Iterator
from difflib import SequenceMatcher
from enum import StrEnum

import msgspec

WORDS = 20_000
"""Texts of more pieces than this are compared by lines, and then what lies between lines that are the same: a longest
match among so many words takes seconds."""
_PIECE = re.compile(r"\w+|\s+|[^\w\s]")
_LINE = re.compile(r"[^\n.!?]*[\n.!?]+|[^\n.!?]+")
"""Lines and sentences."""


class Op(StrEnum):
    SAME = "same"
    REMOVED = "removed"
    """In the first text only."""
    ADDED = "added"


_OPPOSITE = {Op.SAME: Op.SAME, Op.REMOVED: Op.ADDED, Op.ADDED: Op.REMOVED}


class Piece(msgspec.Struct, frozen=True):
    op: Op
    text: str


def word_diff(a: str, b: str) -> tuple[Piece, ...]:
    """How `b` comes from `a`: what is the same and removed, joined, is `a`; what is the same and added is `b`.

    Neighbouring pieces differ in their op; of a replaced stretch the removed piece comes first. Seen from the other
    side it is the same with removed for added.
    """
    if a <= b:
        return tuple(_joined(_pieces(a, b)))
    # The matcher looks for the words of one text in the other, and does not find the same from both sides.
    return tuple(_joined(Piece(_OPPOSITE[piece.op], piece.text) for piece in _pieces(b, a)))


def common_length(a: str, b: str) -> int:
    """Characters with which both texts begin."""
    low, high = 0, min(len(a), len(b))
    while low < high:
        middle = (low + high + 1) // 2
        if a[:middle] == b[:middle]:
            low = middle
        else:
            high = middle - 1
    return low


def _pieces(a: str, b: str) -> Iterator[Piece]:
    if a == b:
        yield Piece(Op.SAME, a)
        return
    words = _PIECE.findall(a), _PIECE.findall(b)
    if max(map(len, words)) <= WORDS:
        yield from _matched(*words)
        return
    lines = _LINE.findall(a), _LINE.findall(b)
    if max(map(len, lines)) > WORDS:
        lines = [a], [b]
    for piece_a, piece_b in _blocks(*lines):
        if len(piece_a) < len(a) or len(piece_b) < len(b):
            yield from _pieces(piece_a, piece_b)
        else:
            yield from _ends(a, b)


def _blocks(a: list[str], b: list[str]) -> Iterator[tuple[str, str]]:
    """Lines that are the same in both, and what stands between them."""
    for _, a_from, a_to, b_from, b_to in SequenceMatcher(None, a, b).get_opcodes():
        yield "".join(a[a_from:a_to]), "".join(b[b_from:b_to])


def _ends(a: str, b: str) -> Iterator[Piece]:
    """No line is the same: the ends that both share are told, and what stands between them by words if it is short."""
    head = common_length(a, b)
    tail = common_length(a[head:][::-1], b[head:][::-1])
    middle = a[head : len(a) - tail], b[head : len(b) - tail]
    yield Piece(Op.SAME, a[:head])
    if head + tail:
        yield from _pieces(*middle)
    else:
        yield Piece(Op.REMOVED, middle[0])
        yield Piece(Op.ADDED, middle[1])
    yield Piece(Op.SAME, a[len(a) - tail :])


def _matched(a: list[str], b: list[str]) -> Iterator[Piece]:
    for _, a_from, a_to, b_from, b_to in SequenceMatcher(None, a, b).get_opcodes():
        left, right = "".join(a[a_from:a_to]), "".join(b[b_from:b_to])
        if left == right:
            yield Piece(Op.SAME, left)
        else:
            yield Piece(Op.REMOVED, left)
            yield Piece(Op.ADDED, right)


def _joined(pieces: Iterator[Piece]) -> Iterator[Piece]:
    held = {Op.SAME: "", Op.REMOVED: "", Op.ADDED: ""}

    def told(*ops: Op) -> Iterator[Piece]:
        for op in ops:
            if held[op]:
                yield Piece(op, held[op])
                held[op] = ""

    for piece in pieces:
        yield from told(*((Op.REMOVED, Op.ADDED) if piece.op is Op.SAME else (Op.SAME,)))
        held[piece.op] += piece.text
    yield from told(Op.SAME, Op.REMOVED, Op.ADDED)
