"""An answer's Markdown as strips, a block at a time.

Text from models is hostile: controls become visible characters before anything is parsed, HTML is shown as text, and
a link is its text and its address, never a terminal hyperlink. Rich's renderer and its parser are imported when the
first answer is drawn, not before: 30 ms and 4 MB.
"""

from __future__ import annotations

import io
from collections.abc import Mapping
from typing import TYPE_CHECKING

from rich.console import Console
from rich.segment import Segment
from rich.style import Style
from rich.text import Text
from rich.theme import Theme
from textual.strip import Strip

from hive_tui.tui.live.visible import clean
from hive_tui.tui.prose import SLICE, prose_rows
from hive_tui.tui.themes import Styles

if TYPE_CHECKING:
    from rich.console import RenderableType


class Typesetter:
    """Draws blocks in the colours of a look."""

    def __init__(self, styles: Styles) -> None:
        self._ground = styles["ground"]
        self._colours = styles.look.colours
        self._console = Console(
            file=io.StringIO(),
            force_terminal=True,
            color_system="truecolor",
            legacy_windows=False,
            theme=Theme(_theme(self._colours)),
            _environ={},
        )

    def strips(self, block: str, width: int) -> list[Strip]:
        """The rows of a block, with a blank one behind it."""
        width = max(4, width)
        if (prose := prose_rows(block, width)) is not None:
            out = [Strip([Segment(row.ljust(width), self._ground)], width) for row in prose]
            return [*out, Strip.blank(width, self._ground)]
        rows = self._console.render_lines(
            self._renderable(block), self._console.options.update(width=width), style=self._ground
        )
        while rows and self._blank(rows[-1]):
            rows.pop()
        while rows and self._blank(rows[0]):
            del rows[0]
        out = [Strip([_safe(segment) for segment in row], width) for row in rows]
        return [*out, Strip.blank(width, self._ground)]

    def _blank(self, row: list[Segment]) -> bool:
        """Whether nothing is seen there; the margin of a code block is."""
        ground = self._ground.bgcolor
        return all(segment.text.isspace() and (segment.style or self._ground).bgcolor == ground for segment in row)

    def _renderable(self, block: str) -> RenderableType:
        if len(block) >= SLICE and "\n" not in block:
            return Text(block, overflow="fold")
        from markdown_it import MarkdownIt
        from rich.markdown import Markdown

        from hive_tui.tui.code_colours import CodeColours

        markdown = Markdown("", hyperlinks=False)
        # Rich's own parser would drop HTML without a trace.
        markdown.parsed = MarkdownIt("commonmark", {"html": False}).enable(["strikethrough", "table"]).parse(block)
        # Rich hands this to its Syntax, which takes a theme's name or a theme.
        markdown.code_theme = CodeColours(self._colours)  # type: ignore[assignment]
        return markdown


def _safe(segment: Segment) -> Segment:
    return segment if segment.text.isprintable() else Segment(clean(segment.text), segment.style)


def _theme(c: Mapping[str, str]) -> dict[str, Style]:
    text, accent, muted = c["text"], c["accent"], c["muted"]
    heading = Style(color=accent, bold=True)
    return {
        "markdown.paragraph": Style(color=text),
        "markdown.text": Style(color=text),
        "markdown.em": Style(italic=True),
        "markdown.strong": Style(bold=True),
        "markdown.code": Style(color=c["validator"], bgcolor=c["surface"]),
        "markdown.code_block": Style(color=text, bgcolor=c["surface"]),
        "markdown.block_quote": Style(color=muted, italic=True),
        "markdown.list": Style(color=text),
        "markdown.item": Style(color=text),
        "markdown.item.bullet": Style(color=accent, bold=True),
        "markdown.item.number": Style(color=accent, bold=True),
        "markdown.hr": Style(color=c["border"]),
        "markdown.h1": Style(color=accent, bold=True, underline=True),
        "markdown.h1.border": Style(color=c["border"]),
        **{f"markdown.h{level}": heading for level in range(2, 8)},
        "markdown.link": Style(color=accent),
        "markdown.link_url": Style(color=muted, underline=True),
        "markdown.s": Style(strike=True),
        "markdown.table.border": Style(color=c["border"]),
        "markdown.table.header": Style(color=accent, bold=True),
    }
