"""Themes: TOML files that ship with the program, and the person's own beside them.

What is valid is loaded, what is not is named by file and key, and nobody's file stops the program.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import msgspec
from rich.style import Style
from textual.theme import Theme

from hive_tui.tui.colours import DARK, NAMES, STYLES, complete
from hive_tui.tui.firstframe import CHOICES, theme_colours, theme_files


class Look(msgspec.Struct, frozen=True):
    """A theme as the screen uses it."""

    name: str
    title: str
    dark: bool
    colours: Mapping[str, str]


DEFAULT = Look("hive-dark", "Hive dark", True, DARK)


def load(folders: Sequence[Path]) -> tuple[dict[str, Look], list[str]]:
    """Looks by name, later folders first to win, and what is wrong with files: one line each, with file and key."""
    looks = {DEFAULT.name: DEFAULT}
    faults: list[str] = []
    for folder in folders:
        for path in sorted(folder.glob("*.toml")):
            look = read(path, faults)
            if look is not None:
                looks[look.name] = look
    return looks, faults


def read(path: Path, faults: list[str]) -> Look | None:
    """One theme; colours that are missing or malformed are those of the default of its kind, and are named."""
    import tomllib  # 5 ms, and not needed for the first picture.

    try:
        data = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        faults.append(f"{path}: {error}")
        return None
    given = data.get("colors", {})
    if not isinstance(given, dict):
        faults.append(f"{path}: colors: expected a table")
        return None
    colours = dict(DARK)
    for name in NAMES:
        value = given.get(name)
        if value is None:
            faults.append(f"{path}: colors.{name}: missing")
        elif isinstance(value, str) and complete({**DARK, name: value}):
            colours[name] = value
        else:
            faults.append(f'{path}: colors.{name}: expected "#rrggbb", got {value!r}')
    faults.extend(f"{path}: colors.{name}: no such colour" for name in given if name not in NAMES)
    title, dark = data.get("title", path.stem), data.get("dark", True)
    if not isinstance(title, str) or not isinstance(dark, bool):
        faults.append(f"{path}: title or dark: expected a string and true or false")
        title, dark = path.stem, True
    return Look(path.stem, title, dark, colours)


def painted(name: str, config: str) -> Look:
    """The look of the raw first frame, by the same quick reading; `load` reads it properly later."""
    if name == DEFAULT.name:
        return DEFAULT
    colours = theme_colours(theme_files(config, name))
    red, green, blue = (int(colours["background"][at : at + 2], 16) for at in (1, 3, 5))
    return Look(name, name, red + green + blue < 384, colours)


def textual_theme(look: Look) -> Theme:
    """For Textual's own widgets: palette, inputs, scrollbars."""
    c = look.colours
    return Theme(
        name=look.name,
        primary=c["accent"],
        secondary=c["refiner"],
        warning=c["warn"],
        error=c["bad"],
        success=c["good"],
        accent=c["accent"],
        foreground=c["text"],
        background=c["background"],
        surface=c["surface"],
        panel=c["panel"],
        dark=look.dark,
        variables={
            "text-muted": c["muted"],
            "faint": c["faint"],
            "border": c["focus"],
            "border-blurred": c["border"],
            "scrollbar": c["border"],
            "scrollbar-hover": c["muted"],
            "scrollbar-active": c["accent"],
            "scrollbar-background": c["background"],
            "scrollbar-corner-color": c["background"],
            "screen-selection-background": c["selection"],
            "input-selection-background": c["selection"],
        },
    )


def remember(config: Path, name: str) -> None:
    """Keep the choice for the next start, other lines of the file as they are. Raises OSError."""
    config.mkdir(parents=True, exist_ok=True, mode=0o700)
    path = config / CHOICES
    lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
    kept = [line for line in lines if line.partition("=")[0].strip() != "theme"]
    fresh = path.with_name(CHOICES + ".new")
    fresh.write_text("\n".join([f'theme = "{name}"', *kept]) + "\n", encoding="utf-8")
    fresh.replace(path)


class Styles:
    """Rich styles of one look, by the names of `colours.STYLES`."""

    def __init__(self, look: Look) -> None:
        self.look = look
        self._made: dict[str, Style] = {}

    def __getitem__(self, name: str) -> Style:
        style = self._made.get(name)
        if style is None:
            foreground, background, attributes = STYLES[name]
            style = self._made[name] = Style(
                color=self.look.colours[foreground],
                bgcolor=self.look.colours[background],
                bold="b" in attributes or None,
                italic="i" in attributes or None,
                underline="u" in attributes or None,
                reverse="r" in attributes or None,
            )
        return style
