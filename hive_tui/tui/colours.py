"""Colours and styles by name, and their escape codes at the depth that the terminal has.

On the start-up path: imports nothing. Textual's side builds Rich styles from the same table, and Rich reduces colours
by the same two rules (greys by lightness and a 6x6x6 cube for 256 colours, the nearest of sixteen by a weighted
distance), so the raw first frame and Textual's own give equal cells; a test compares them.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

NAMES = (
    "background",
    "surface",
    "panel",
    "text",
    "muted",
    "faint",
    "border",
    "focus",
    "accent",
    "generator",
    "refiner",
    "validator",
    "curator",
    "good",
    "warn",
    "bad",
    "mark",
    "ink",
    "selection",
)
"""What a theme must give. `mark` is the ground of badges, `ink` their text."""

DARK = {
    "background": "#11151c",
    "surface": "#181d27",
    "panel": "#222a38",
    "text": "#d3dae6",
    "muted": "#8490a3",
    "faint": "#566074",
    "border": "#333d4d",
    "focus": "#7aa2f7",
    "accent": "#7aa2f7",
    "generator": "#6cc7e8",
    "refiner": "#b69af0",
    "validator": "#e2b16a",
    "curator": "#97cf79",
    "good": "#97cf79",
    "warn": "#e2b16a",
    "bad": "#f07a8c",
    "mark": "#e2b16a",
    "ink": "#11151c",
    "selection": "#33446a",
}
"""The colours where no theme file can be read; a test holds them equal to `themes/hive-dark.toml`."""

STYLES: dict[str, tuple[str, str, str]] = {
    "ground": ("text", "background", ""),
    "header": ("text", "surface", ""),
    "header.name": ("accent", "surface", "b"),
    "header.muted": ("muted", "surface", ""),
    "badge.simulated": ("ink", "mark", "b"),
    "badge.unrecorded": ("ink", "bad", "b"),
    "border": ("border", "background", ""),
    "border.focus": ("focus", "background", ""),
    "muted": ("muted", "background", ""),
    "faint": ("faint", "background", ""),
    "text": ("text", "background", ""),
    "reasoning": ("text", "background", "di"),
    "strong": ("text", "background", "b"),
    "generator": ("generator", "background", "b"),
    "refiner": ("refiner", "background", "b"),
    "validator": ("validator", "background", "b"),
    "curator": ("curator", "background", "b"),
    "role": ("accent", "background", "b"),
    "good": ("good", "background", ""),
    "warn": ("warn", "background", ""),
    "bad": ("bad", "background", ""),
    "live": ("accent", "background", ""),
    "tab": ("muted", "surface", ""),
    "tab.active": ("text", "panel", "bu"),
    "tab.good": ("good", "surface", ""),
    "tab.warn": ("warn", "surface", ""),
    "tab.bad": ("bad", "surface", ""),
    "tab.live": ("accent", "surface", ""),
    "gauge": ("text", "surface", ""),
    "gauge.label": ("muted", "surface", ""),
    "gauge.bad": ("bad", "surface", ""),
    "offer": ("accent", "background", ""),
    "offer.key": ("ink", "accent", "b"),
    "prompt": ("accent", "background", "b"),
    "placeholder": ("muted", "background", ""),
    "cursor": ("text", "background", "r"),
    "cursor.placeholder": ("muted", "background", "r"),
    "chip": ("accent", "panel", ""),
    "selected": ("text", "selection", ""),
    "match": ("ink", "warn", ""),
    "match.current": ("ink", "accent", "b"),
    "footer": ("muted", "surface", ""),
    "footer.key": ("text", "surface", "b"),
}
"""Style name -> foreground, background and attributes: b bold, d dim, i italic, u underline, r reverse."""

TRUECOLOR, INDEXED, STANDARD, PLAIN = "truecolor", "256", "16", "none"

DIM = 0.66
"""What is left of a dim colour on its ground, as Textual blends it."""
_ATTRIBUTES = {"b": "1", "d": "2", "i": "3", "u": "4", "r": "7"}
_SIXTEEN = (
    *((0, 0, 0), (170, 0, 0), (0, 170, 0), (170, 85, 0), (0, 0, 170), (170, 0, 170), (0, 170, 170)),
    *((170, 170, 170), (85, 85, 85), (255, 85, 85), (85, 255, 85), (255, 255, 85), (85, 85, 255)),
    *((255, 85, 255), (85, 255, 255), (255, 255, 255)),
)
"""The sixteen ANSI colours as a VGA showed them; the dark yellow is brown."""


def depth_of(environ: Mapping[str, str]) -> str:
    """How many colours the terminal has, as Rich judges it; `PLAIN` when `NO_COLOR` is set."""
    if "NO_COLOR" in environ:
        return PLAIN
    forced = environ.get("TEXTUAL_COLOR_SYSTEM", "auto")
    if forced in (TRUECOLOR, INDEXED):
        return forced
    if forced == "standard":
        return STANDARD
    if environ.get("COLORTERM", "").strip().lower() in ("truecolor", "24bit"):
        return TRUECOLOR
    return INDEXED if environ.get("TERM", "").strip().lower().endswith(("-256color", "-kitty")) else STANDARD


def read_colours(text: str) -> dict[str, str]:
    """The `name = "#rrggbb"` lines of a theme file, without a TOML parser (whose import costs more than the frame)."""
    found = {}
    for line in text.splitlines():
        name, equals, value = line.partition("=")
        value = value.strip()
        if equals and len(value) >= 9 and value[:2] == '"#' and value[8] == '"':
            found[name.strip()] = value[1:8]
    return found


def complete(colours: Mapping[str, str]) -> bool:
    """Whether every colour is there, well formed."""
    try:
        return all(len(colours[name]) == 7 and int(colours[name][1:], 16) >= 0 for name in NAMES)
    except (KeyError, ValueError):
        return False


def sgr(style: str, colours: Mapping[str, str], depth: str) -> str:
    """The escape code that turns the style on, from a clean slate; always resets what was on before."""
    foreground, background, attributes = STYLES[style]
    codes = ["0", *(_ATTRIBUTES[a] for a in attributes if a != "d" or depth == PLAIN)]
    if depth != PLAIN:
        above, below = _parts(colours[foreground]), _parts(colours[background])
        if "d" in attributes:
            above = tuple(int(low + (high - low) * DIM) for high, low in zip(above, below, strict=True))
        codes += [_code(above, depth, 0), _code(below, depth, 10)]
    return f"\x1b[{';'.join(codes)}m"


def _parts(colour: str) -> tuple[int, ...]:
    return int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16)


def _code(colour: tuple[int, ...], depth: str, ground: int) -> str:
    red, green, blue = colour
    if depth == TRUECOLOR:
        return f"{38 + ground};2;{red};{green};{blue}"
    if depth == INDEXED:
        return f"{38 + ground};5;{indexed(red, green, blue)}"
    number = nearest(red, green, blue)
    return str((30 if number < 8 else 82) + ground + number)


def indexed(red: int, green: int, blue: int) -> int:
    """The colour of the 256 that stands for an RGB colour."""
    high, low = max(red, green, blue) / 255, min(red, green, blue) / 255
    lightness, spread = (high + low) / 2, high - low
    saturation = spread and spread / (high + low if lightness <= 0.5 else 2 - high - low)
    if saturation < 0.15:
        grey = round(lightness * 25)
        return 16 if grey == 0 else 231 if grey == 25 else 231 + grey
    cube = [c / 95 if c < 95 else 1 + (c - 95) / 40 for c in (red, green, blue)]
    return 16 + 36 * round(cube[0]) + 6 * round(cube[1]) + round(cube[2])


def nearest(red: int, green: int, blue: int) -> int:
    """The colour of the sixteen nearest to an RGB colour, by the red-mean distance."""
    best, found = 1 << 30, 0
    for number, (r, g, b) in enumerate(_SIXTEEN):
        mean = (red + r) // 2
        away = (((512 + mean) * (red - r) ** 2) >> 8) + 4 * (green - g) ** 2 + (((767 - mean) * (blue - b) ** 2) >> 8)
        if away < best:
            best, found = away, number
    return found
