"""Prose in rows: as Rich's Markdown sets it, so that the first picture need not wait for Rich."""

import io

from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from rich.console import Console
from rich.markdown import Markdown

from hive_tui.tui.prose import prose_rows, source_rows

WORDS = st.text(st.sampled_from("abcXYZ09.,;:?!()'\"/%$+=-\u2013\u2019\u201c\u2026"), min_size=1, max_size=12)
LINES = st.builds(lambda first, rest: " ".join([f"a{first}", *rest]), WORDS, st.lists(WORDS, max_size=20))


def set_by_rich(block: str, width: int) -> list[str]:
    markdown = Markdown("", hyperlinks=False)
    markdown.parsed = MarkdownIt("commonmark", {"html": False}).enable(["strikethrough", "table"]).parse(block)
    console = Console(file=io.StringIO(), width=width, force_terminal=True, legacy_windows=False, _environ={})
    return ["".join(each.text for each in row).rstrip() for row in console.render_lines(markdown)]


@given(st.lists(LINES, min_size=1, max_size=5), st.integers(14, 60))
def test_a_paragraph_without_markup_is_set_as_rich_sets_it(lines: list[str], width: int) -> None:
    block = "\n".join(lines)
    rows = prose_rows(block, width)
    assert rows is not None
    assert [row.rstrip() for row in rows] == set_by_rich(block, width)


MARKUP = (
    *("# Sky", "- a", "+ a", "1. a", "1) a", "> a", "    code", "```\na\n```", "a\n===", "a\n---", "a | b\n--|--"),
    *("*a*", "`a`", "[a](b)", "[a]: b", "<a>", "&amp;", "~~a~~", "a\\", "a  \nb", "a\n  b", "\u9752\u3044"),
)


def test_whatever_may_be_markup_is_left_to_rich() -> None:
    assert [block for block in MARKUP if prose_rows(block, 40) is not None] == []


def test_a_word_wider_than_a_row_is_left_to_rich() -> None:
    assert prose_rows("a " + "b" * 41, 40) is None


def test_the_source_of_any_block_has_rows() -> None:
    assert all(source_rows(block, 40) for block in MARKUP)
    assert source_rows("b" * 41, 40) == ["b" * 41]
    assert source_rows("one\ntwo", 40) == ["one two"]
    assert source_rows("```\none\ntwo\n```", 40) == ["```", "one", "two", "```"]
