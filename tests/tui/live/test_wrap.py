"""Rows of a text: every law that a pane relies on."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.cells import cell_len

from hive_tui.tui.live.visible import clean, harmless, shown, shown_index, source_index
from hive_tui.tui.live.wrap import BLOCK, Flow

HARD = "abc de\t\n\r \x1b\x07\u0301\u200d\ufe0f\u4e2d\u6587\U0001f600\U0001f468\u00e9\u202e\u2028\x9b\ud800-"
texts = st.text(st.sampled_from(HARD) | st.characters(), max_size=300)
widths = st.integers(1, 40)


def flow_of(parts: list[tuple[int, str]], width: int) -> Flow:
    flow = Flow(width)
    for channel, text in parts:
        flow.append(channel, text)
        flow.advance()
    return flow


def every_row(flow: Flow) -> list[str]:
    return [flow.text(start, stop) for start, stop, _ in flow.last(1 << 30)]


@given(texts, widths, st.lists(st.integers(0, 300), max_size=8), st.booleans())
def test_rows_do_not_depend_on_how_the_text_came(text: str, width: int, cuts: list[int], look: bool) -> None:
    whole = flow_of([(0, text)], width)
    edges = [0, *sorted(min(cut, len(text)) for cut in cuts), len(text)]
    parts = Flow(width)
    for begin, end in pairwise(edges):
        parts.append(0, text[begin:end])
        parts.advance()
        if look:
            parts.last(5)  # Rows that were found while the text was shorter must not stay.
    assert parts.last(1000) == whole.last(1000)
    assert parts.after(0, 1000) == whole.last(1000)


@given(texts, widths)
def test_rows_hold_the_whole_text_in_order(text: str, width: int) -> None:
    rows = flow_of([(0, text)], width).last(1000)
    assert "".join(text[start:stop] for start, stop, _ in rows).replace("\n", "") == text.replace("\n", "")
    assert [row[0] for row in rows] == sorted({row[0] for row in rows})


@given(texts, st.integers(2, 40))
def test_a_row_fits_but_for_white_space_that_hangs(text: str, width: int) -> None:
    for row in every_row(flow_of([(0, text)], width)):
        assert cell_len(shown(row.rstrip(" \t\r"))) <= width


@given(texts, widths, widths)
def test_a_new_width_gives_the_rows_of_that_width(text: str, before: int, after: int) -> None:
    flow = flow_of([(0, text)], before)
    flow.last(10)
    flow.width = after
    assert flow.last(1000) == flow_of([(0, text)], after).last(1000)


@given(texts, widths, st.integers(0, 300), st.integers(1, 10))
def test_stretches_agree_with_the_whole(text: str, width: int, offset: int, count: int) -> None:
    flow = flow_of([(0, text)], width)
    rows = flow.last(1000)
    assert flow.before(offset, count) == [row for row in rows if row[0] < offset][-count:]
    if rows:
        holds = max(0, len([row for row in rows if row[0] <= offset]) - 1)
        assert flow.after(offset, count) == rows[holds : holds + count]


@given(st.lists(st.tuples(st.integers(0, 2), texts), max_size=6), widths, st.integers(1, 50))
def test_slices_come_to_the_same_rows(parts: list[tuple[int, str]], width: int, limit: int) -> None:
    whole = flow_of(parts, width)
    sliced = Flow(width)
    for channel, text in parts:
        sliced.append(channel, text)
    while sliced.waiting:
        sliced.advance(limit)
    assert sliced.last(1000) == whole.last(1000)
    assert sliced.text(0, sliced.length) == "".join(text for _, text in parts)


@given(texts)
def test_what_is_shown_is_harmless(text: str) -> None:
    row = shown(text.replace("\n", ""))
    assert row.isprintable() or not any(ord(char) < 32 or 0x7F <= ord(char) < 0xA0 for char in row)
    assert not set(row) & set("\u200d\ufe0f\u202e\u2028\t\r")
    row.encode()
    assert not any(ord(char) < 32 and char not in "\n\t" for char in harmless(text))


@given(texts, st.integers(0, 400))
def test_positions_go_there_and_back(text: str, index: int) -> None:
    row = text.replace("\n", "")
    index = min(index, len(row))
    there = shown_index(row, index)
    back = source_index(row, there)
    assert back >= index
    assert shown_index(row, back) == there


@pytest.mark.parametrize(
    ("text", "width", "rows"),
    [
        ("", 10, []),
        ("\n", 10, [""]),
        ("one two three", 7, ["one two ", "three"]),
        ("one two three", 8, ["one two ", "three"]),
        ("abcdefghij", 4, ["abcd", "efgh", "ij"]),
        ("ab cdefghij", 4, ["ab ", "cdef", "ghij"]),
        ("abcd    ef", 4, ["abcd    ", "ef"]),
        ("a\n\nb\r\n", 4, ["a", "", "b\r"]),
        ("abcd\r\n", 4, ["abcd\r"]),
        ("中文中文", 5, ["中文", "中文"]),
        ("a中", 2, ["a", "中"]),
        ("ab中文 cd", 4, ["ab中", "文 ", "cd"]),
        ("e\u0301e\u0301e\u0301", 2, ["e\u0301e\u0301", "e\u0301"]),
        ("a\tbc", 5, ["a\t", "bc"]),
        ("\x1b[31mred", 4, ["\x1b[31", "mred"]),
        ("中", 1, ["中"]),
    ],
)
def test_rows_by_example(text: str, width: int, rows: list[str]) -> None:
    assert every_row(flow_of([(0, text)], width)) == rows


@pytest.mark.parametrize(
    ("text", "as_shown"),
    [
        ("plain", "plain"),
        ("\x1b[2J", "␛[2J"),
        ("a\tb", "a   b"),
        ("中\tb", "中  b"),
        ("\U0001f468\u200d\U0001f469", "\U0001f468\U0001f469"),
        ("\u2764\ufe0f", "\u2764"),
        ("\u0301a", "a"),
        ("a\rb", "a␍b"),
        ("a\r", "a"),
        ("\u202eabc", "\ufffdabc"),
    ],
)
def test_shown_by_example(text: str, as_shown: str) -> None:
    assert shown(text) == as_shown


def test_common_narrow_characters_are_one_cell() -> None:
    from hive_tui.tui.live import wrap

    for code in range(0x3000):
        char = chr(code)
        if wrap._NARROW.fullmatch(char):
            assert cell_len(char) == 1
            assert clean(char) == char


def test_a_channel_begins_a_row_of_its_own() -> None:
    flow = flow_of([(1, "think"), (1, "ing"), (0, "answer")], 20)
    assert flow.last(9) == [(0, 8, 1), (8, 14, 0)]


def test_a_line_without_end_is_cut_in_blocks_whose_rows_need_no_start_of_line() -> None:
    text = "lorem ipsum " * 100_000
    flow = flow_of([(0, text)], 60)
    reads: list[int] = []
    read = flow.text
    flow.text = lambda start, stop: reads.append(stop - start) or read(start, stop)  # type: ignore[method-assign]
    assert len(flow.last(20)) == 20
    flow.width = 61
    assert len(flow.last(20)) == 20
    assert sum(reads) < 8 * BLOCK


@settings(max_examples=30)
@given(st.integers(1, 90), st.integers(1, 3000))
def test_blocks_by_any_split(width: int, step: int) -> None:
    text = ("word and 中文 " * 3000)[: BLOCK * 2 + 100]
    whole = flow_of([(0, text)], width)
    parts = flow_of([(0, text[at : at + step]) for at in range(0, len(text), step)], width)
    assert parts.last(100_000) == whole.last(100_000)
