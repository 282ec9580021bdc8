"""The raw first frame shows what Textual then paints, and gives the terminal back whatever happens."""

import asyncio
import os
import pty
import select
import signal
import subprocess
import sys
import termios
import time

import pyte
import pytest
from rich.console import Console

from hive_tui.tui import colours, firstframe
from hive_tui.tui.session import CoreStats, CoreStatus, Setup

SIZES = [(160, 48), (100, 30), (80, 60), (80, 24), (60, 20), (30, 12), (20, 6)]
DEPTHS = {
    colours.TRUECOLOR: {"COLORTERM": "truecolor"},
    colours.INDEXED: {"TERM": "xterm-256color"},
    colours.STANDARD: {"TERM": "xterm"},
    colours.PLAIN: {"NO_COLOR": "1"},
}


def cells(output: str, width: int, height: int) -> list[list[tuple[object, ...]]]:
    """What a terminal shows; of a blank cell only the ground is seen."""
    screen = pyte.Screen(width, height)
    pyte.Stream(screen).feed(output)
    return [
        [
            (char.data, char.bg, *((char.fg, char.bold) if char.data != " " or char.reverse else ()), char.reverse)
            for char in (screen.buffer[y][x] for x in range(width))
        ]
        for y in range(height)
    ]


def textual_output(app, width: int, height: int, environ: dict[str, str]) -> str:
    """A full paint of the app, at the colour depth of the environment."""

    async def run() -> str:
        async with app.run_test(size=(width, height)) as pilot:
            await pilot.pause()
            await pilot.pause()
            app.console = Console(
                force_terminal=True, legacy_windows=False, _environ=environ, width=width, height=height
            )
            out = []
            for y, strip in enumerate(app.screen._compositor.render_strips()):
                out.append(f"\x1b[{y + 1};1H{strip.render(app.console)}")
            return "".join(out)

    return asyncio.run(run())


@pytest.mark.parametrize("depth", DEPTHS)
@pytest.mark.parametrize("size", SIZES, ids=[f"{w}x{h}" for w, h in SIZES])
def test_textual_paints_the_same_cells(size, depth, make_app, session, monkeypatch):
    width, height = size
    environ = DEPTHS[depth]
    assert colours.depth_of(environ) == depth
    if depth == colours.PLAIN:
        monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.setattr("hive_tui.tui.gauging._frames", lambda _clock, _now, _live: {})
    monkeypatch.setattr("hive_tui.tui.gauging.Gauging._screen", (None, None), raising=False)
    monkeypatch.setattr("hive_tui.tui.gauging.VITALS_S", float("inf"))
    session.core = CoreStatus.STARTING
    session.settings = Setup()
    session.figures = CoreStats()
    lines = firstframe.first_lines(width, height, firstframe.chrome.PIPELINE)
    raw = firstframe.picture(lines, colours.DARK, depth)
    painted = textual_output(make_app(), width, height, environ)
    for y, (mine, theirs) in enumerate(zip(cells(raw, width, height), cells(painted, width, height), strict=True)):
        assert mine == theirs, f"row {y}"


# A process in a terminal of its own.

TAKE = """
import sys
from hive_tui.tui import firstframe
first = firstframe.paint({config!r})
{then}
"""


def in_terminal(then: str, config: str, typed: bytes = b""):
    """Run a program on a pseudo-terminal; returns (its process, the master's end, attributes before)."""
    master, slave = pty.openpty()
    before = termios.tcgetattr(slave)
    if typed:
        os.write(master, typed)
    environ = {**os.environ, "TERM": "xterm-256color", "COLUMNS": "80", "LINES": "24"}
    process = subprocess.Popen(
        [sys.executable, "-c", TAKE.format(config=config, then=then)],
        stdin=slave,
        stdout=slave,
        stderr=slave,
        env=environ,
        cwd=os.getcwd(),
    )
    return process, master, slave, before


def read_until(master: int, mark: bytes, seen: bytes = b"", limit_s: float = 10.0) -> bytes:
    """What the terminal was sent, from what was `seen` before on, until the mark is in it."""
    deadline = time.monotonic() + limit_s
    while mark not in seen and time.monotonic() < deadline:
        if select.select([master], [], [], 0.1)[0]:
            seen += os.read(master, 65536)
    assert mark in seen
    return seen


ENDS = {
    "exit": "sys.exit(0)",
    "crash": "raise RuntimeError('broken')",
    # In short sleeps: one does not hear of a signal that came just before it.
    "terminated": "import time\nfor _ in range(3000): time.sleep(0.01)",
}


@pytest.mark.parametrize("end", ENDS)
def test_the_terminal_comes_back(end: str, tmp_path) -> None:
    process, master, slave, before = in_terminal(ENDS[end], str(tmp_path))
    try:
        seen = read_until(master, b"\x1b[?2026l")
        assert seen.startswith(b"\x1b[?1049h\x1b[?25l")
        assert b"GENERATOR" in seen
        if end == "terminated":
            process.send_signal(signal.SIGTERM)
        seen = read_until(master, b"\x1b[?1049l\x1b[?25h", seen)
        process.wait(10)
        assert termios.tcgetattr(slave) == before
        if end == "crash":
            # Behind the way back: else the alternate screen would take the traceback with it.
            seen = read_until(master, b"RuntimeError: broken", seen)
            assert seen.index(b"Traceback") > seen.index(b"\x1b[?1049l")
        if end == "terminated":
            assert process.returncode == -signal.SIGTERM
    finally:
        process.kill()
        process.wait()
        os.close(master)
        os.close(slave)


def test_without_a_terminal_nothing_is_touched(tmp_path) -> None:
    program = TAKE.format(config=str(tmp_path), then="print(first)")
    done = subprocess.run(
        [sys.executable, "-c", program], stdin=subprocess.DEVNULL, capture_output=True, timeout=20, check=True
    )
    assert done.stdout == b"None\n"
    assert done.stderr == b""


def test_the_way_to_the_first_frame_imports_next_to_nothing() -> None:
    program = "import sys; before = set(sys.modules); import hive_tui.tui.firstframe; print(*set(sys.modules) - before)"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=20, check=True)
    allowed = {"__future__", "_thread", "atexit", "select", "termios"}
    assert {name for name in done.stdout.split() if not name.startswith("hive_tui")} <= allowed


def chosen_colours(config: str) -> dict[str, str]:
    return firstframe.theme_colours(firstframe.theme_files(config, firstframe.chosen_theme(config)))


def test_the_chosen_theme_is_the_one_that_is_painted(tmp_path) -> None:
    (tmp_path / "screen.toml").write_text('theme = "hive-light"\n')
    assert chosen_colours(str(tmp_path))["background"] == "#fbfaf7"
    (tmp_path / "screen.toml").write_text('theme = "nobody-has-it"\n')
    assert chosen_colours(str(tmp_path)) == colours.DARK


def test_the_first_picture_has_the_profiles_stages(tmp_path) -> None:
    def stages(text: str, plan: str | None = None) -> int:
        (tmp_path / "mine.toml").write_text(text)
        return len(firstframe.planned_stages(str(tmp_path), "mine", plan))

    assert stages('# plan = "pipeline"\n plan="single" # "short"\n') == 1
    assert stages('plan = "single"\n', "pipeline") == 4
    assert stages('[stages.refiner]\nplan = "single"\n') == 4
    assert stages("plan = \n") == 4
    assert len(firstframe.planned_stages(str(tmp_path), None, None)) == 4
