"""The first picture, in plain escape codes, before Textual is imported.

Takes the terminal (raw mode, alternate screen, hidden cursor) once for the whole session; Textual takes over the same
layout later. What was typed before is never flushed. A hook set before the first byte gives the terminal back on any
exit, exception or deadly signal. Imports next to nothing: every millisecond here is one that the person waits.
"""

from __future__ import annotations

# The C module under `signal`, whose Python part builds enums for 3 ms.
import _signal  # type: ignore[import-not-found]
import atexit
import os
import select
import sys
import termios

from hive_tui.tui import bars, chrome, colours
from hive_tui.tui.earlyline import READ, EarlyLine
from hive_tui.tui.geometry import Rect, View, arrange
from hive_tui.tui.lines import Line

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from types import FrameType, TracebackType

ENTER = "\x1b[?1049h\x1b[?25l"
LEAVE = (
    "\x1b[?2026l\x1b[<u\x1b[?2004l\x1b[?1000l\x1b[?1003l\x1b[?1015l\x1b[?1006l\x1b[?1004l\x1b[?2048l\x1b[?7h"
    "\x1b[0m\x1b[?1049l\x1b[?25h"
)
"""Ends everything that the first frame or Textual may have switched on; unknown modes are ignored by terminals."""
OUTPUT = 2
"""The descriptor that is painted on."""
Placed = tuple[int, int, Line]
"""Column, row and content."""
STARTING = "starting"
CHOICES = "screen.toml"
"""The file, in the configuration's folder, in which the screen keeps what the person chose there."""
DEFAULT_THEME = "hive-dark"

_IFLAG, _LFLAG, _CC = 0, 3, 6


class FirstFrame:
    """The terminal as it was taken, and the way to give it back."""

    __slots__ = ("attributes", "depth", "early", "fd", "height", "left", "output", "unread", "width")

    def __init__(self, fd: int, output: int, width: int, height: int, depth: str) -> None:
        self.fd = fd
        self.output = output
        self.width = width
        self.height = height
        self.depth = depth
        self.attributes = termios.tcgetattr(fd)
        """As they were before: to be restored in the end."""
        self.left = False
        """Set by the driver once it has left the alternate screen itself."""
        self.early: EarlyLine | None = None
        """The question line until Textual has it; `None` on a picture in which nothing can be typed."""
        self.unread = b""
        """What was typed before the terminal was taken, and nobody has read."""

    @property
    def typed(self) -> str:
        """What the question line already shows."""
        return "" if self.early is None else self.early.text

    def hand_over(self) -> bytes:
        """Stop reading the terminal; what was read and is not shown. Only the first call has any."""
        if self.early is not None:
            self.early.stop()
            self.unread, self.early.rest = self.early.rest, b""
        rest, self.unread = self.unread, b""
        return rest

    def raw(self) -> bytes:
        """The modes that Textual sets too: no echo, no lines, no signals, no translation; nothing is flushed.

        Returns what was typed before, when Enter was still turned into what Ctrl+J sends: it is Enter again.
        """
        attributes = termios.tcgetattr(self.fd)
        attributes[_LFLAG] &= ~(termios.ECHO | termios.ICANON | termios.IEXTEN | termios.ISIG)
        attributes[_IFLAG] &= ~(termios.IXON | termios.IXOFF | termios.ICRNL | termios.INLCR | termios.IGNCR)
        attributes[_CC][termios.VMIN] = 1
        termios.tcsetattr(self.fd, termios.TCSANOW, attributes)
        turned = self.attributes[_IFLAG] & termios.ICRNL and select.select([self.fd], [], [], 0)[0]
        return os.read(self.fd, READ).replace(b"\n", b"\r") if turned else b""

    def restore(self) -> None:
        """Give the terminal back; may be called again, and after the terminal is gone."""
        if self.early is not None:
            self.early.stop()
        try:
            if not self.left:
                self.left = True
                write(self.output, LEAVE)
            termios.tcsetattr(self.fd, termios.TCSANOW, self.attributes)
        except (OSError, termios.error):
            return

    def guard(self) -> None:
        """From here on the terminal comes back whatever happens, before any traceback is printed."""
        atexit.register(self.restore)
        before = sys.excepthook

        def hook(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
            self.restore()
            before(kind, error, trace)

        sys.excepthook = hook

        def die(number: int, _frame: FrameType | None) -> None:
            self.restore()
            _signal.signal(number, _signal.SIG_DFL)
            os.kill(os.getpid(), number)

        for number in (_signal.SIGTERM, _signal.SIGHUP):
            _signal.signal(number, die)


def paint(
    config: str,
    stages: Sequence[str] = chrome.PIPELINE,
    environ: Mapping[str, str] = os.environ,
    shown: Sequence[Placed] | None = None,
) -> FirstFrame | None:
    """Take the terminal and paint; `None`, and nothing touched, when standard input or error is no terminal.

    `config` is the folder of the person's configuration files, `stages` are the plan's. `shown` is another picture than
    that of a new question; what is typed onto it waits for Textual.
    """
    fd, output = 0, OUTPUT
    if not (os.isatty(fd) and os.isatty(output)):
        return None
    width, height = size_of(environ, output)
    first = FirstFrame(fd, output, width, height, colours.depth_of(environ))
    first.guard()
    before = first.raw()
    theme = theme_colours(theme_files(config, chosen_theme(config)))
    lines = first_lines(width, height, stages) if shown is None else shown
    write(output, ENTER + picture(lines, theme, first.depth))
    if shown is not None:
        first.unread = before
        return first
    x, y, room, _ = arrange(width, height, View(stages=len(stages))).parts["question.body"]
    codes: dict[str, str] = {}

    def paint_row(line: Line) -> None:
        write(output, painted([(x, y, line)], codes, theme, first.depth) + "\x1b[0m")

    first.early = EarlyLine(fd, room, paint_row, before)
    return first


def size_of(environ: Mapping[str, str], output: int) -> tuple[int, int]:
    """Columns and rows, by the rule of `shutil.get_terminal_size`, which Textual asks."""
    named = [environ.get("COLUMNS", ""), environ.get("LINES", "")]
    width, height = (int(text) if text.isdecimal() else 0 for text in named)
    if width and height:
        return width, height
    try:
        real = os.get_terminal_size(output)
    except OSError:
        return width or 80, height or 24
    return width or real.columns or 80, height or real.lines or 24


def chosen_theme(config: str) -> str:
    """The name of the theme that the person chose last: `theme = "NAME"` in `screen.toml`."""
    return _said(os.path.join(config, CHOICES), "theme") or DEFAULT_THEME


def planned_stages(profiles: str, profile: str | None, plan: str | None) -> tuple[str, ...]:
    """The stages of the first picture: those of the command line's plan, else of the one in the profile's file."""
    named = plan or _said(os.path.join(profiles, f"{profile or 'default'}.toml"), "plan")
    return chrome.PIPELINE[:1] if named == "single" else chrome.PIPELINE


def _said(path: str, name: str) -> str:
    """The string that a line of a TOML file, before its first table, gives a name; empty when none is seen.

    A TOML reader costs 4 ms. What this does not see, such as other quotes, is seen a moment later.
    """
    try:
        with open(path, encoding="utf-8") as source:
            for line in source:
                if line.lstrip().startswith("["):
                    break
                key, _, value = line.partition("=")
                before, *parts = value.split('"')
                if key.strip() == name and len(parts) > 1 and not before.strip():
                    return parts[0]
    except (OSError, UnicodeDecodeError):
        return ""
    return ""


def theme_folders(config: str) -> tuple[str, ...]:
    """Where themes are, the person's own last: in the wheel, in a checkout, in the configuration."""
    package = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    return (
        os.path.join(package, "themes"),
        os.path.join(os.path.dirname(package), "themes"),
        os.path.join(config, "themes"),
    )


def theme_files(config: str, theme: str) -> list[str]:
    """The files that may hold a theme, the one that counts first."""
    name = os.path.basename(theme) + ".toml"
    return [os.path.join(folder, name) for folder in reversed(theme_folders(config))]


def theme_colours(files: Sequence[str]) -> dict[str, str]:
    for file in files:
        try:
            with open(file, encoding="utf-8") as source:
                found = colours.read_colours(source.read())
        except (OSError, UnicodeDecodeError):
            continue
        if colours.complete(found):
            return found
    return colours.DARK


def picture(lines: Sequence[Placed], theme: Mapping[str, str], depth: str) -> str:
    """The whole first screen as one synchronised piece of output."""
    return f"\x1b[?2026h{painted(lines, {}, theme, depth)}\x1b[0m\x1b[?2026l"


def painted(lines: Sequence[Placed], codes: dict[str, str], theme: Mapping[str, str], depth: str) -> str:
    """Lines at their column and row; `codes` keeps the escape code of each style met."""
    out = []
    for x, y, line in lines:
        out.append(f"\x1b[{y + 1};{x + 1}H")
        for text, style in line:
            if style not in codes:
                codes[style] = colours.sgr(style, theme, depth)
            out.append(codes[style] + text)
    return "".join(out)


def first_lines(width: int, height: int, stages: Sequence[str]) -> list[Placed]:
    """All that the first screen shows, in the order of painting."""
    place = arrange(width, height, View(stages=len(stages)))
    parts = place.parts
    facts = [chrome.PaneFacts(n + 1, role) for n, role in enumerate(stages)]
    rows = {"header": [bars.header(width)], "tabs": [chrome.tabs(facts, 0, False, width)]}
    for index, each in enumerate(facts):
        if f"pane.{index}" in parts:
            _, _, w, h = parts[f"pane.{index}"]
            rows[f"pane.{index}"] = chrome.pane_rows(each, w, h, place.boxed, True)
    rows["gauges"] = [bars.gauges({}, frozenset(), width)]
    rows["question"] = bars.question_frame(*parts["question"][2:], True, False)
    rows["question.body"] = [bars.placeholder(parts["question.body"][2], True)]
    rows["status"] = [bars.status(STARTING, "muted", "", width)]
    rows["footer"] = [bars.footer("question", width)]
    return placed(parts, rows)


def placed(parts: Mapping[str, Rect], rows: Mapping[str, Sequence[Line]]) -> list[Placed]:
    """Rows by the name of a part, where each stands, in the order of painting; without those that have no place."""
    return [
        (parts[name][0], y, row)
        for name, lines in rows.items()
        if name in parts
        for y, row in enumerate(lines, parts[name][1])
    ]


def write(output: int, text: str) -> None:
    """All of the text, however often the terminal takes only a part."""
    data = text.encode()
    while data:
        data = data[os.write(output, data) :]
