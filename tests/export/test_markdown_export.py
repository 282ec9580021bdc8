"""The Markdown of a run, read by a parser of CommonMark."""

from __future__ import annotations

import pytest
from markdown_it import MarkdownIt
from msgspec.structs import replace

from hive_tui.events import Record
from hive_tui.export.markdown import pages
from hive_tui.state import fold_all
from tests.test_state import START

ASKED = ["# one\ntwo", "<b>one</b>\n\n    two", "```\none\n````\ntwo", "~~~\none", "| a | b |"]


@pytest.mark.parametrize("asked", ASKED)
def test_a_question_in_markdown_is_what_was_typed(asked: str) -> None:
    state = fold_all([Record(1, 1, 0, 0, replace(START, question=asked))])
    text = b"".join(pages(state)).decode()
    blocks = [each.content for each in MarkdownIt("commonmark").parse(text) if each.type == "fence"]
    assert blocks == [asked + "\n"]
    assert all(each.type != "html_block" for each in MarkdownIt("commonmark").parse(text))
