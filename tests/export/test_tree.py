"""An answer's Markdown as a tree: whatever is written, nothing but the few elements comes of it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hive_tui.export.html import PAGE
from hive_tui.export.tree import ELEMENTS, tree

NAMES = {*ELEMENTS.values(), "h3", "h4", "h5", "h6", "pre", "code", "hr", "br"}
SIGNS = r"# |> |- |1. |*|**|_|`|~~|[a](b)|![|](x)|<b>|&lt;|---|\\|<!--|javascript:x|word|é漢|    "
WORDS = st.sampled_from([*SIGNS.split("|"), "|", "\n", "\n\n", "```\n", "\t"])


def walk(nodes: list[Any]) -> Iterator[Any]:
    for node in nodes:
        yield node
        if isinstance(node, list):
            yield from walk(node[1:])


@given(st.lists(WORDS, max_size=40).map("".join))
def test_a_tree_has_only_texts_and_elements_that_the_page_knows(text: str) -> None:
    for node in walk(tree(text)):
        assert isinstance(node, str) or node[0] in NAMES


def test_the_page_knows_the_same_elements() -> None:
    script = (PAGE / "page.js").read_text()
    said = script.partition('new Set(("')[2].partition('"')[0]
    assert set(said.split()) == NAMES


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("plain", [["p", "plain"]]),
        ("# a\n## b", [["h3", "a"], ["h4", "b"]]),
        ("a\nb  \nc", [["p", "a", "\n", "b", ["br"], "c"]]),
        ("<script>x</script>", [["p", "<script>x</script>"]]),
        ("<https://e.org>", [["p", "https://e.org"]]),
        ("[words](https://e.org)", [["p", "words", " (https://e.org)"]]),
        ("```py\n<b>\n```", [["pre", ["code", "<b>"]]]),
        ("~~no~~", [["p", ["s", "no"]]]),
        ("", []),
    ],
)
def test_what_becomes_of_it(text: str, expected: list[Any]) -> None:
    assert tree(text) == expected


def test_a_line_too_long_for_markdown_is_text() -> None:
    assert tree("*word* " * 1000) == [("*word* " * 1000).strip()]
