"""The start-up path's own colour rules give what Rich gives, and the themes that ship are whole."""

import tomllib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len
from rich.color import Color, ColorSystem

from hive_tui.tui import colours, lines

THEMES = sorted((Path(__file__).parents[2] / "themes").glob("*.toml"))
byte = st.integers(0, 255)


@given(byte, byte, byte)
def test_colours_are_reduced_as_rich_reduces_them(red: int, green: int, blue: int) -> None:
    colour = Color.from_rgb(red, green, blue)
    assert colours.indexed(red, green, blue) == colour.downgrade(ColorSystem.EIGHT_BIT).number
    assert colours.nearest(red, green, blue) == colour.downgrade(ColorSystem.STANDARD).number


@pytest.mark.parametrize(
    ("environ", "depth"),
    [
        ({"COLORTERM": "truecolor"}, colours.TRUECOLOR),
        ({"TERM": "xterm-256color"}, colours.INDEXED),
        ({"TERM": "xterm"}, colours.STANDARD),
        ({"TERM": "xterm-256color", "COLORTERM": "24bit", "NO_COLOR": ""}, colours.PLAIN),
        ({"TEXTUAL_COLOR_SYSTEM": "standard", "COLORTERM": "truecolor"}, colours.STANDARD),
    ],
)
def test_depth_is_judged_by_the_environment(environ: dict[str, str], depth: str) -> None:
    assert colours.depth_of(environ) == depth


@pytest.mark.parametrize("path", THEMES, ids=lambda path: path.stem)
def test_a_theme_that_ships_is_whole_and_reads_alike_without_a_toml_parser(path: Path) -> None:
    text = path.read_text()
    parsed = tomllib.loads(text)
    assert parsed["name"] == path.stem
    assert colours.read_colours(text) == parsed["colors"]
    assert set(parsed["colors"]) == set(colours.NAMES)
    assert colours.complete(parsed["colors"])


def test_the_built_in_colours_are_those_of_the_dark_theme() -> None:
    dark = next(path for path in THEMES if path.stem == "hive-dark")
    assert tomllib.loads(dark.read_text())["colors"] == colours.DARK


def test_every_style_names_colours_that_themes_have() -> None:
    for foreground, background, attributes in colours.STYLES.values():
        assert {foreground, background} <= set(colours.NAMES)
        assert set(attributes) <= set("bdiur")


def test_the_glyphs_of_the_chrome_take_one_cell() -> None:
    assert all(cell_len(glyph) == 1 for glyph in lines._NARROW)
