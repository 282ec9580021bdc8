"""An answer's Markdown as a tree of a few harmless elements, for a page that builds them one by one.

A node is a text, or a list of an element's name and its children. Addresses are text beside the words that they belong
to, never links, and HTML is shown as it was written.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from markdown_it import MarkdownIt
from markdown_it.tree import SyntaxTreeNode

from hive_tui.tui.prose import SLICE, blocks

Node = Any
ELEMENTS = {
    "paragraph": "p", "strong": "strong", "em": "em", "s": "s", "bullet_list": "ul", "ordered_list": "ol",
    "list_item": "li", "blockquote": "blockquote", "table": "table", "thead": "thead", "tbody": "tbody", "tr": "tr",
    "th": "th", "td": "td",
}  # fmt: skip
"""By markdown-it's name."""


def tree(text: str) -> list[Node]:
    """The answer's blocks; a line that no person wrote, by its length, is a text, as it is on the screen."""
    parser = MarkdownIt("commonmark", {"html": False}).enable(["strikethrough", "table"])
    found: list[Node] = []
    for block in blocks(text):
        long = len(block) >= SLICE and "\n" not in block
        found += [block] if long else _children(SyntaxTreeNode(parser.parse(block)))
    return found


def _children(node: SyntaxTreeNode) -> list[Node]:
    return [made for child in node.children for made in _nodes(child)]


def _nodes(node: SyntaxTreeNode) -> Iterator[Node]:
    match node.type:
        case "heading":
            # The page's own headings stand above an answer's.
            yield [f"h{min(6, int(node.tag[1]) + 2)}", *_children(node)]
        case "fence" | "code_block":
            yield ["pre", ["code", node.content.removesuffix("\n")]]
        case "code_inline":
            yield ["code", node.content]
        case "hr":
            yield ["hr"]
        case "hardbreak":
            yield ["br"]
        case "softbreak":
            yield "\n"
        case "text":
            yield node.content
        case "link" | "image":
            words = _children(node)
            address = str(node.attrs.get("src") or node.attrs.get("href") or "")
            yield from words
            if words != [address]:
                yield f" ({address})"
        case "inline":
            yield from _children(node)
        case kind if kind in ELEMENTS:
            yield [ELEMENTS[kind], *_children(node)]
        case _:
            yield from _children(node) or [node.content]
