"""The driver in a real pseudo-terminal: taking over, giving back, and a terminal that is slow, stopped or gone."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import select
import signal
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

PROGRAM = """
import os, sys, time
from hive_tui.tui import firstframe
first = firstframe.paint("") if "first" in sys.argv else None
time.sleep(float(os.environ.get("DELAY", 0)))
from textual.app import App
from textual.widgets import Static
from hive_tui.tui.live.driver import driver_for

class Small(App):
    keys = ticks = 0
    def compose(self):
        yield Static("ready")
    def on_mount(self):
        self.call_after_refresh(self._driver.release)
        self.set_interval(0.02, self.tick)
    def tick(self):
        self.ticks += 1
        if "flood" in sys.argv:
            self._driver.write_frame("\\x1b[1;1H" + "x" * 20000) if self._driver.may_send() else None
        with open(os.environ["REPORT"], "w") as file:
            driver = self._driver
            print(self.ticks, driver.unsent, driver.pacer.round_trip or 0, file=file)
    def on_key(self, event):
        self.keys += 1
        if event.character == "q":
            self.exit()
        elif event.character == "!":
            raise RuntimeError("on purpose")
        else:
            self.query_one(Static).update(f"got {event.key} {self.size.width}")

Small(driver_class=driver_for(first)).run()
print("goodbye")
"""
ENTER, LEAVE = b"\x1b[?1049h", b"\x1b[?1049l"
QUESTION = b"\x1b[?2026$p"


class Shell:
    """The program on a pty, and the terminal in front of it."""

    def __init__(self, report: Path, *args: str, answer: bool = True, delay: float = 0.0) -> None:
        self.master, self.slave = pty.openpty()
        self.resize(80, 24, tell=False)
        self.before = termios.tcgetattr(self.slave)
        self.report = report
        self.answer = answer
        self.seen = b""
        self._asked = 0
        environ = {**os.environ, "TERM": "xterm-256color", "REPORT": str(report), "DELAY": str(delay)}
        for name in ("COLUMNS", "LINES", "NO_COLOR", "TERM_PROGRAM"):
            environ.pop(name, None)
        self.process = subprocess.Popen(
            [sys.executable, "-c", PROGRAM, *args],
            stdin=self.slave,
            stdout=self.slave,
            stderr=self.slave,
            env=environ,
            start_new_session=True,
        )

    def resize(self, width: int, height: int, tell: bool = True) -> None:
        fcntl.ioctl(self.slave, termios.TIOCSWINSZ, struct.pack("HHHH", height, width, 0, 0))
        if tell:
            self.process.send_signal(signal.SIGWINCH)

    def read(self, seconds: float) -> None:
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            if not select.select([self.master], [], [], left)[0]:
                return
            self.seen += os.read(self.master, 65536)
            asked = self.seen.count(QUESTION)
            if self.answer:
                os.write(self.master, b"\x1b[?2026;2$y" * (asked - self._asked))
            self._asked = asked

    def until(self, condition: Callable[[], object], what: str) -> None:
        end = time.monotonic() + 20
        while not condition():
            assert time.monotonic() < end, f"never: {what}; saw {self.seen[-500:]!r}"
            self.read(0.02)

    def until_seen(self, text: bytes) -> None:
        self.until(lambda: text in self.seen, f"{text!r}")

    def type(self, text: str) -> None:
        os.write(self.master, text.encode())

    def stopped(self) -> bool:
        with open(f"/proc/{self.process.pid}/stat") as file:
            return file.read().rpartition(")")[2].split()[0] in "Tt"

    def figures(self) -> list[float]:
        try:
            return [float(each) for each in self.report.read_text().split()] or [0.0] * 3
        except FileNotFoundError:
            return [0.0] * 3

    def attributes(self) -> list[object]:
        return termios.tcgetattr(self.slave)


@pytest.fixture
def shell(tmp_path: Path) -> Iterator[Callable[..., Shell]]:
    made: list[Shell] = []

    def make(*args: str, **options: object) -> Shell:
        made.append(Shell(tmp_path / "report", *args, **options))  # type: ignore[arg-type]
        return made[-1]

    yield make
    for each in made:
        each.process.kill()
        each.process.wait()
        for descriptor in (each.master, each.slave):
            os.close(descriptor)


def test_it_takes_over_the_first_frame_without_entering_twice_and_keeps_what_was_typed(shell) -> None:
    terminal = shell("first", delay=0.2)
    terminal.until_seen(ENTER)
    terminal.type("\x1b[A")  # Before Textual is even imported; no plain typing, which the first frame shows itself.
    terminal.until_seen(b"got up 80")
    assert terminal.seen.count(ENTER) == 1
    assert b"\x1b[2J" not in terminal.seen
    first = terminal.seen.index(b"\x1b[?2026l")
    later = terminal.seen[first + 8 :]
    assert later.index(b"\x1b[?2026h") < later.index(b"ready")  # Held, then shown in one synchronised piece.
    terminal.type("q")
    terminal.until(lambda: terminal.process.poll() is not None, "exit")
    terminal.read(0.05)
    assert terminal.process.returncode == 0
    assert terminal.seen.count(LEAVE) == 1
    assert terminal.seen.index(b"goodbye") > terminal.seen.index(LEAVE)
    assert terminal.attributes() == terminal.before


def test_a_crash_gives_the_terminal_back(shell) -> None:
    terminal = shell("first")
    terminal.until_seen(b"ready")
    terminal.type("!")
    terminal.until(lambda: terminal.process.poll() is not None, "exit")
    terminal.read(0.05)
    assert terminal.seen.count(LEAVE) == 1
    assert terminal.seen.rindex(b"on purpose") > terminal.seen.index(LEAVE)
    assert terminal.attributes() == terminal.before


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_deadly_signals_give_the_terminal_back(shell, number: int) -> None:
    terminal = shell("first")
    terminal.until_seen(b"ready")
    terminal.process.send_signal(number)
    terminal.until(lambda: terminal.process.poll() is not None, "exit")
    terminal.read(0.05)
    assert LEAVE in terminal.seen
    assert terminal.attributes() == terminal.before


def test_suspended_and_continued_it_gives_the_terminal_back_and_repaints(shell) -> None:
    terminal = shell("first")
    terminal.until_seen(b"ready")
    terminal.process.send_signal(signal.SIGTSTP)
    terminal.until(terminal.stopped, "stop")
    terminal.read(0.05)
    assert terminal.seen.count(LEAVE) == 1
    assert terminal.attributes() == terminal.before
    terminal.seen = b""
    terminal._asked = 0
    terminal.process.send_signal(signal.SIGCONT)
    terminal.until_seen(b"ready")
    assert terminal.seen.count(ENTER) == 1
    assert terminal.attributes() != terminal.before
    terminal.type("z")
    terminal.until_seen(b"got z")


def test_stopped_from_outside_and_continued_it_repaints(shell) -> None:
    terminal = shell()
    terminal.until_seen(b"ready")
    terminal.process.send_signal(signal.SIGSTOP)
    terminal.until(terminal.stopped, "stop")
    termios.tcsetattr(terminal.slave, termios.TCSANOW, terminal.before)  # As a shell does meanwhile.
    terminal.seen = b""
    terminal._asked = 0
    terminal.process.send_signal(signal.SIGCONT)
    terminal.until_seen(b"ready")
    terminal.type("z")
    terminal.until_seen(b"got z")


def test_a_new_size_is_noticed(shell) -> None:
    terminal = shell()
    terminal.until_seen(b"ready")
    terminal.resize(101, 30)
    terminal.read(0.2)
    terminal.type("k")
    terminal.until_seen(b"got k 101")


def test_a_lone_escape_is_a_key(shell) -> None:
    terminal = shell()
    terminal.until_seen(b"ready")
    terminal.type("\x1b")
    terminal.until_seen(b"got escape")


def test_a_terminal_that_takes_nothing_blocks_nothing(shell) -> None:
    terminal = shell("flood", answer=False)
    terminal.until_seen(b"xxxx")

    def wait(true: Callable[[list[float]], bool]) -> list[float]:
        """Unlike `until` this reads nothing of what the terminal gets."""
        end = time.monotonic() + 20
        while not true(figures := terminal.figures()):
            assert time.monotonic() < end
            time.sleep(0.01)
        return figures

    ticks = wait(lambda figures: figures[1] > 0)[0]
    assert wait(lambda figures: figures[0] > ticks + 5)[1] <= 300_000, "all else goes on"
    terminal.type("k")
    terminal.until_seen(b"got k")


def test_frames_wait_for_the_terminals_answers(shell) -> None:
    terminal = shell("flood")
    terminal.until(lambda: terminal.figures()[2] > 0, "a round trip")
    terminal.answer = False
    terminal.read(0.3)
    before = terminal.seen.count(b"x" * 20000)
    terminal.read(0.2)
    assert terminal.seen.count(b"x" * 20000) <= before + 1  # Held back: nothing is answered.


def test_a_terminal_that_goes_away_ends_the_program(shell) -> None:
    terminal = shell()
    terminal.until_seen(b"ready")
    os.close(terminal.slave)
    os.close(terminal.master)
    terminal.process.wait(timeout=20)
    terminal.master, terminal.slave = pty.openpty()


def test_no_codes_of_unknown_meaning_are_left_on(shell) -> None:
    """Every mode that was switched on is switched off again."""
    terminal = shell()
    terminal.until_seen(b"ready")
    terminal.type("q")
    terminal.until(lambda: terminal.process.poll() is not None, "exit")
    terminal.read(0.05)
    modes = dict(re.findall(rb"\x1b\[\?(\d+)([hl])", terminal.seen))  # The last state of each.
    assert modes.pop(b"25") == b"h"
    assert modes.pop(b"7") == b"h"
    assert set(modes.values()) == {b"l"}
    assert terminal.seen.count(b"\x1b[>") == terminal.seen.count(b"\x1b[<u")
