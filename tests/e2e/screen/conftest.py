"""The real screen in a real pseudo-terminal: what it writes goes through an emulator, what is pressed goes in."""

from __future__ import annotations

import contextlib
import fcntl
import os
import pty
import re
import select
import struct
import subprocess
import sys
import termios
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import pyte
import pytest

PATIENCE_S = 20.0
"""Bound of every wait: reached only when something hangs, however slow the machine is."""

KEYS = {
    "enter": "\r", "escape": "\x1b", "tab": "\t", "shift+tab": "\x1b[Z", "up": "\x1b[A", "down": "\x1b[B",
    "right": "\x1b[C", "left": "\x1b[D", "home": "\x1b[H", "end": "\x1b[F", "pageup": "\x1b[5~", "pagedown": "\x1b[6~",
    "ctrl+home": "\x1b[1;5H",
    "backspace": "\x7f", "ctrl+j": "\n", "ctrl+q": "\x11", "ctrl+u": "\x15", "ctrl+z": "\x1a", "ctrl+p": "\x10",
    "ctrl+c": "\x03", "f1": "\x1bOP", "f2": "\x1bOQ", "f3": "\x1bOR", "f4": "\x1bOS", "f5": "\x1b[15~",
    "f6": "\x1b[17~",
}  # fmt: skip

SEQUENCE = re.compile(
    rb"\x1b\[[0-?]*[ -/]*[@-~]"  # CSI
    rb"|\x1b[\]P_^X][^\x07\x1b]*(?:\x07|\x1b\\)"  # OSC, DCS, APC, PM, SOS
    rb"|\x1b[ -/]*[0-OQ-WYZ`-~\\]"
)
BEGUN = re.compile(rb"\x1b(\[[0-?]*[ -/]*|[\]P_^X][^\x07\x1b]*\x1b?|[ -/]*)?$")
"""A sequence whose end has not come yet."""
KNOWN_TO_PYTE = re.compile(rb"\x1b\[\??[0-9;]*[A-HJKfhlmr]")
MODE = re.compile(rb"\x1b\[\?([0-9;]+)([hl])")
FAMILIES = re.compile(
    rb"\x1b\[\?(25|1049|1000|1003|1004|1006|1015|1016|2004|2026|2048|7)[hl]"  # modes
    rb"|\x1b\[\?(2026|2048)\$p|\x1b\[\?u|\x1b\[>\d*u|\x1b\[<\d*u"  # questions, keyboard
    rb"|\x1b\[[0-9;]*m|\x1b\[\d*;?\d*H|\x1b\[[0-9]*[ABCDGJK]"  # colours and places
    rb"|\x1b\]22;[a-z-]*(\x1b\\|\x07)"  # the pointer's shape
)
"""All that Hive has reason to write. What else appears came from outside."""


@dataclass
class Terminal:
    """A terminal with a command in it, and a person before it."""

    words: list[str]
    environment: dict[str, str]
    folder: str
    columns: int = 160
    rows: int = 48
    answers: bool = True
    """Whether it answers what it is asked, as modern terminals do."""
    raw: bytearray = field(default_factory=bytearray)
    """Every byte that was ever written."""

    def __post_init__(self) -> None:
        self.screen = pyte.Screen(self.columns, self.rows)
        self._stream = pyte.ByteStream(self.screen)
        self._fed = 0
        self._closed = False
        self._news = threading.Condition()
        self.master, self.slave = pty.openpty()
        self._set_size()
        self.before = termios.tcgetattr(self.slave)
        self.process = subprocess.Popen(
            self.words,
            stdin=self.slave,
            stdout=self.slave,
            stderr=self.slave,
            env=self.environment,
            cwd=self.folder,
            start_new_session=True,
            preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),
        )
        self._closing, self._close = os.pipe()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    # The terminal's side

    def _set_size(self) -> None:
        fcntl.ioctl(self.master, termios.TIOCSWINSZ, struct.pack("HHHH", self.rows, self.columns, 0, 0))

    def _read(self) -> None:
        answered = 0
        while True:
            ready = select.select([self.master, self._closing], [], [])[0]
            if self._closing in ready:
                return
            try:
                data = os.read(self.master, 1 << 16)
            except OSError:
                data = b""
            with self._news:
                self.raw += data
                self._news.notify_all()
            if not data:
                return
            for found in re.finditer(rb"\x1b\[\?(\d+)\$p", self.raw[answered:]):
                if self.answers:
                    known = b"2" if found[1] == b"2026" else b"0"
                    with contextlib.suppress(OSError):
                        os.write(self.master, b"\x1b[?%b;%b$y" % (found[1], known))
                last = answered + found.end()
            answered = max(last if b"$p" in data else answered, len(self.raw) - 16, answered)

    def _feed(self) -> None:
        """Bring the emulator up to what was written, but for a sequence or a synchronised frame that is not whole."""
        with self._news:
            fresh = bytes(self.raw[self._fed :])
        if begun := BEGUN.search(fresh[-4096:]):
            fresh = fresh[: len(fresh) - (len(begun[0]))]
        opened = fresh.rfind(b"\x1b[?2026h")
        if opened > fresh.rfind(b"\x1b[?2026l"):
            fresh = fresh[:opened]
        self._fed += len(fresh)
        self._stream.feed(SEQUENCE.sub(lambda found: found[0] if KNOWN_TO_PYTE.fullmatch(found[0]) else b"", fresh))

    # The person's side

    @property
    def text(self) -> str:
        self._feed()
        return "\n".join(self.screen.display)

    @property
    def lines(self) -> list[str]:
        self._feed()
        return list(self.screen.display)

    def wait_for(self, what: str | Callable[[str], Any], limit_s: float = PATIENCE_S) -> str:
        """Wait until the screen shows a text, or something is true of its whole text; gives that."""
        true = (lambda text: what in text) if isinstance(what, str) else what
        deadline = time.monotonic() + limit_s
        while True:
            with self._news:
                seen = len(self.raw)
            text = self.text
            if true(text):
                return text
            left = deadline - time.monotonic()
            if left <= 0:
                pytest.fail(f"waited {limit_s:g} s in vain for {what!r} (exit {self.process.poll()}) in\n{text}")
            with self._news:
                if len(self.raw) == seen:
                    self._news.wait(min(left, 0.2))

    def write(self, data: str | bytes) -> None:
        data = data.encode() if isinstance(data, str) else data
        while data:
            select.select([], [self.master], [], PATIENCE_S)
            data = data[os.write(self.master, data[:1024]) :]

    def press(self, *names: str) -> None:
        for name in names:
            self.write(KEYS.get(name, name))

    def escape(self, gone: str) -> None:
        """A lone Escape that takes this text away: what came before it is heard could be taken for a sequence."""
        self.press("escape")
        self.wait_for(lambda text: gone not in text)

    def paste(self, data: bytes) -> None:
        self.write(b"\x1b[200~" + data + b"\x1b[201~")

    def ask(self, question: str) -> None:
        self.write(question)
        self.wait_for(lambda text: question[-40:] in text)
        self.press("enter")

    def resize(self, columns: int, rows: int) -> None:
        self.columns, self.rows = columns, rows
        self._feed()
        self.screen.resize(rows, columns)
        self._set_size()

    @property
    def status(self) -> str:
        """The status line, above the footer."""
        return self.lines[-2].strip()

    def row_with(self, text: str) -> str:
        return next((line for line in self.lines if text in line), "")

    # Its end

    def wait(self, limit_s: float = PATIENCE_S) -> int:
        """Wait for the command's own end; gives its exit code."""
        code = self.process.wait(limit_s)
        deadline = time.monotonic() + limit_s
        # What it wrote last may still be on its way through the terminal.
        while select.select([self.master], [], [], 0)[0] and self._reader.is_alive() and time.monotonic() < deadline:
            time.sleep(0.005)
        return code

    def quit(self) -> int:
        self.press("ctrl+q")
        return self.wait()

    def close(self) -> None:
        """The window is closed."""
        if self._closed:
            return
        self._closed = True
        os.write(self._close, b"x")
        self._reader.join()
        for descriptor in (self.master, self.slave, self._closing, self._close):
            with contextlib.suppress(OSError):
                os.close(descriptor)

    @property
    def modes(self) -> set[int]:
        """The private modes that stand switched on."""
        on = {7, 25}
        for numbers, how in MODE.findall(bytes(self.raw)):
            for number in map(int, numbers.split(b";")):
                (on.add if how == b"h" else on.discard)(number)
        return on

    def check_given_back(self) -> None:
        """Everything of the terminal is as it was before."""
        assert termios.tcgetattr(self.slave) == self.before
        assert self.modes == {7, 25}
        raw = bytes(self.raw)
        assert len(re.findall(rb"\x1b\[>\d+u", raw)) <= len(re.findall(rb"\x1b\[<u", raw))

    @property
    def strange(self) -> set[bytes]:
        """Sequences and control characters in the output that are none of Hive's own."""
        raw = bytes(self.raw)
        odd = {found[0] for found in SEQUENCE.finditer(raw) if not FAMILIES.fullmatch(found[0])}
        rest = SEQUENCE.sub(b"", raw).decode(errors="surrogateescape")
        controls = re.findall(
            "[\x00-\x09\x0b\x0c\x0e-\x1f\x7f-\x9f\u200b-\u200f\u202a-\u202e\u2066-\u2069\udc80-\udcff]", rest
        )
        return odd | {each.encode(errors="surrogateescape") for each in controls}


@pytest.fixture
def open_hive(hive) -> Iterator[Callable[..., Terminal]]:
    """Opens `hive` with these words in a terminal of its own."""
    opened: list[Terminal] = []

    def start(
        *words: str, size: tuple[int, int] = (160, 48), env: dict[str, str] | None = None, answers: bool = True,
        command: list[str] | None = None, ready: bool = True,
    ) -> Terminal:  # fmt: skip
        environment = hive.environment({"TERM": "xterm-256color", "COLORTERM": "truecolor", **(env or {})})
        whole = command or [sys.executable, "-P", "-m", "hive_tui", *words]
        opened.append(Terminal(whole, environment, str(hive.folder), *size, answers=answers))
        if ready:
            opened[-1].wait_for(lambda _: opened[-1].status not in ("", "starting"))
        return opened[-1]

    yield start
    for terminal in opened:
        if terminal.process.poll() is None:
            terminal.process.kill()
            terminal.process.wait()
        terminal.close()
