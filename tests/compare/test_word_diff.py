"""Word diff: nothing is lost, and only what differs is told."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

import hive_tui.compare.words as words_module
from hive_tui.compare.words import Op, Piece, common_length, word_diff

TEXT = st.text(alphabet="ab \n.é😀", max_size=40)


@pytest.mark.parametrize("limit", [0, 3, 20_000])
def test_both_texts_can_be_put_together_again(limit: int) -> None:
    @given(TEXT, TEXT)
    def law(a: str, b: str) -> None:
        pieces = word_diff(a, b)
        assert "".join(piece.text for piece in pieces if piece.op is not Op.ADDED) == a
        assert "".join(piece.text for piece in pieces if piece.op is not Op.REMOVED) == b
        assert all(piece.text for piece in pieces)
        assert all(one.op is not other.op for one, other in itertools.pairwise(pieces))

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(words_module, "WORDS", limit)
        law()


@given(TEXT)
def test_a_text_does_not_differ_from_itself(text: str) -> None:
    assert all(piece.op is Op.SAME for piece in word_diff(text, text))


@given(TEXT, TEXT)
def test_from_the_other_side_what_was_removed_is_added(a: str, b: str) -> None:
    there, back = word_diff(a, b), word_diff(b, a)
    for side, other in ((Op.REMOVED, Op.ADDED), (Op.ADDED, Op.REMOVED), (Op.SAME, Op.SAME)):
        assert [each.text for each in there if each.op is side] == [each.text for each in back if each.op is other]


def test_a_word_is_told_whole() -> None:
    assert word_diff("It is 41.", "It is 42.") == (
        Piece(Op.SAME, "It is "),
        Piece(Op.REMOVED, "41"),
        Piece(Op.ADDED, "42"),
        Piece(Op.SAME, "."),
    )


@given(TEXT, TEXT, TEXT)
def test_the_common_beginning_is_the_longest(head: str, a: str, b: str) -> None:
    left, right = head + a, head + b
    length = common_length(left, right)
    assert length >= len(head)
    assert left[:length] == right[:length]
    assert left[length : length + 1] != right[length : length + 1] or length in (len(left), len(right))


def test_a_long_text_is_compared_by_words_between_the_lines_that_are_the_same() -> None:
    lines = [f"line {number} of a text that is long." for number in range(5_000)]
    changed = [*lines[:2_000], "line 2000 of a text that was long.", *lines[2_001:]]
    pieces = word_diff("\n".join(lines), "\n".join(changed))
    assert [piece.text for piece in pieces if piece.op is not Op.SAME] == ["is", "was"]
