"""Colours of code in an answer, from the look's own few hues. Imports Pygments: only when an answer is drawn."""

from __future__ import annotations

from collections.abc import Mapping

from pygments.token import Comment, Keyword, Name, Number, Operator, String, _TokenType  # type: ignore[import-untyped]
from rich.style import Style
from rich.syntax import SyntaxTheme

_HUES = (
    (Comment, "muted"),
    (Keyword, "refiner"),
    (String, "curator"),
    (Number, "validator"),
    (Name.Function, "accent"),
    (Name.Class, "accent"),
    (Name.Decorator, "validator"),
    (Name.Builtin, "generator"),
    (Operator, "muted"),
)


class CodeColours(SyntaxTheme):
    def __init__(self, colours: Mapping[str, str]) -> None:
        self._colours = colours

    def get_style_for_token(self, token_type: _TokenType) -> Style:
        hue = next((colour for kind, colour in _HUES if token_type in kind), "text")
        return Style(color=self._colours[hue], bgcolor=self._colours["surface"], italic=hue == "muted" or None)

    def get_background_style(self) -> Style:
        return Style(bgcolor=self._colours["surface"])
