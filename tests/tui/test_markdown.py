"""An answer is drawn harmless and whole, a block at a time."""

from unicodedata import category

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hive_tui.tui.markdown import Typesetter
from hive_tui.tui.prose import LIMIT, PLAIN, blocks
from hive_tui.tui.themes import DEFAULT, Styles


@pytest.fixture(scope="module")
def setter() -> Typesetter:
    return Typesetter(Styles(DEFAULT))


def drawn(setter: Typesetter, text: str, width: int = 60) -> str:
    return "\n".join(strip.text.rstrip() for block in blocks(text) for strip in setter.strips(block, width))


def test_blocks_end_where_markdown_ends_them() -> None:
    text = "# One\n\ntwo\nlines\n\n```py\na\n\nb\n```\n\n- x\n\n  more x\n- y\n\nend"
    assert blocks(text) == ["# One", "two\nlines", "```py\na\n\nb\n```", "- x\n\n  more x\n- y", "end"]


def test_nothing_is_lost_between_blocks() -> None:
    text = "a\n\n\n\nb\n\n    code\n\n    more\n\nc"
    assert "".join("".join(blocks(text)).split()) == "".join(text.split())


@given(st.text(max_size=300))
def test_no_control_character_reaches_the_terminal(setter: Typesetter, text: str) -> None:
    for block in blocks(text):
        for strip in setter.strips(block, 40):
            assert not {category(character) for character in strip.text} & {"Cc", "Cs"}
            assert not set(strip.text) & set("\u202a\u202b\u202d\u202e\u2066\u2067\u2068\u200d\ufe0f")
            assert all(segment.style is None or segment.style.link is None for segment in strip)


def test_escapes_html_and_links_are_text(setter: Typesetter) -> None:
    shown = drawn(setter, "\x1b]52;c;aGk=\x07 <b>bold</b> [text](https://example.org)\n\n<div>kept</div>")
    assert "\x1b" not in shown
    assert "<b>bold</b>" in shown
    assert "<div>kept</div>" in shown
    assert "https://example.org" in shown


def test_a_giant_line_is_shown_plain_and_a_giant_answer_is_cut_and_said() -> None:
    assert max(map(len, blocks("x" * 100_000))) <= PLAIN
    cut = blocks("word " * (LIMIT // 4))
    assert "more characters" in cut[-1]


def test_every_row_is_as_wide_as_asked(setter: Typesetter) -> None:
    for width in (10, 40, 110):
        for block in blocks("# 漢字 heading\n\n| a | b |\n|---|---|\n| 1 | 2 |\n\n```python\nx = 1\n```\n\n> quote"):
            assert {strip.cell_length for strip in setter.strips(block, width)} == {width}
