"""The Markdown of a run, read by a parser of CommonMark."""

from __future__ import annotations

import pytest
from markdown_it import MarkdownIt
from msgspec.structs import replace

from hive_tui.events import Record
from hive_tui.export.markdown import pages
from hive_tui.state import RunState, fold_all
from tests.test_state import START

ASKED = ["# one\ntwo", "<b>one</b>\n\n    two", "```\none\n````\ntwo", "~~~\none", "| a | b |"]


def test_before_the_first_event_nothing_is_claimed() -> None:
    assert b"".join(pages(RunState())) == b"# Hive run\n\nExported as it was before its first event.\n\n"


@pytest.mark.parametrize("asked", ASKED)
def test_a_question_in_markdown_is_what_was_typed(asked: str) -> None:
    state = fold_all([Record(1, 1, 0, 0, replace(START, question=asked))])
    text = b"".join(pages(state)).decode()
    blocks = [each.content for each in MarkdownIt("commonmark").parse(text) if each.type == "fence"]
    assert blocks == [asked + "\n"]
    assert all(each.type != "html_block" for each in MarkdownIt("commonmark").parse(text))
