"""What is typed onto the raw first frame: shown at once, by the cells of the question line, and never lost."""

import asyncio
import os
import pty
import termios

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hive_tui.tui import colours, earlyline, firstframe
from hive_tui.tui.earlyline import EarlyLine, absorb
from tests.tui.test_firstframe import cells, in_terminal, read_until, textual_output

PLAIN = st.text(st.sampled_from("abc XYZ0~äßéłž"), max_size=30)


@given(PLAIN, PLAIN)
def test_plain_typing_is_taken_as_it_comes(before: str, typed: str) -> None:
    assert absorb(before, typed.encode(), 100) == (before + typed, b"")


@given(PLAIN, PLAIN, PLAIN)
def test_in_any_pieces_the_same_is_shown(before: str, first: str, then: str) -> None:
    text, rest = absorb(before, first.encode(), 200)
    assert rest == b""
    assert absorb(text, then.encode(), 200) == absorb(before, (first + then).encode(), 200)


@given(st.binary(max_size=40))
def test_what_is_not_shown_is_left_byte_for_byte(data: bytes) -> None:
    text, rest = absorb("", data.replace(b"\x7f", b"").replace(b"\x08", b""), 20)
    assert text.encode() + rest == data.replace(b"\x7f", b"").replace(b"\x08", b"")
    assert len(text) <= 20


def test_the_backspace_takes_back() -> None:
    assert absorb("", b"whz\x7fy", 20) == ("why", b"")
    assert absorb("a", b"\x7f\x08\x7f", 20) == ("", b"")


@pytest.mark.parametrize(
    "typed", [b"\r", b"\x1b[A", b"\x03", "漢".encode(), "e\u0301"[1:].encode(), b"\xc3", b"\xff", b"\t", b"\xc2\xad"]
)
def test_anything_else_ends_it(typed: bytes) -> None:
    assert absorb("ok", b"!" + typed + b"more", 20) == ("ok!", typed + b"more")


def test_a_full_row_ends_it() -> None:
    assert absorb("", b"abcdef", 4) == ("abcd", b"ef")


@pytest.mark.parametrize("depth", [colours.TRUECOLOR, colours.PLAIN])
@pytest.mark.parametrize("text", ["", "w", "why is the sky blue", "ä" * 73])
def test_the_row_is_the_question_lines(text: str, depth: str, make_app, monkeypatch) -> None:
    environ = {"COLORTERM": "truecolor"} if depth == colours.TRUECOLOR else {"NO_COLOR": "1"}
    if depth == colours.PLAIN:
        monkeypatch.setenv("NO_COLOR", "1")
    app = make_app(typed=lambda: text)
    painted = cells(textual_output(app, 80, 24, environ), 80, 24)
    x, y, width, _ = firstframe.arrange(80, 24, firstframe.View(stages=4)).parts["question.body"]
    codes = firstframe.painted([(x, y, earlyline.row(text, width))], {}, colours.DARK, depth)
    assert cells(codes, 80, 24)[y][x : x + width] == painted[y][x : x + width]


class Typed:
    """An early line on a pty of its own."""

    def __init__(self) -> None:
        self.master, self.slave = pty.openpty()
        attributes = termios.tcgetattr(self.slave)
        attributes[0] &= ~termios.ICRNL
        attributes[3] &= ~(termios.ECHO | termios.ICANON)
        termios.tcsetattr(self.slave, termios.TCSANOW, attributes)
        self.rows: list[str] = []
        self.shown, self._show = os.pipe()
        self.line = EarlyLine(self.slave, 20, self._paint)

    def _paint(self, line) -> None:
        self.rows.append("".join(text for text, _ in line))
        os.write(self._show, b".")

    def type(self, data: bytes) -> None:
        os.write(self.master, data)
        os.read(self.shown, 1)

    def close(self) -> None:
        self.line.stop()
        for each in (self.master, self.slave, self.shown, self._show):
            os.close(each)


@pytest.fixture
def typed():
    line = Typed()
    yield line
    line.close()


def test_each_key_is_shown_as_it_comes(typed: Typed) -> None:
    typed.type(b"a")
    typed.type(b"b")
    typed.type(b"\x7f")
    assert [row.rstrip() for row in typed.rows] == ["a", "ab", "a"]


def test_once_stopped_the_terminal_is_read_no_more(typed: Typed) -> None:
    typed.type(b"a")
    typed.line.stop()
    os.write(typed.master, b"b")
    assert os.read(typed.slave, 10) == b"b"
    assert (typed.line.text, typed.line.rest) == ("a", b"")
    typed.line.stop()


def test_what_follows_an_enter_is_left_in_the_terminal(typed: Typed) -> None:
    typed.type(b"why\rand")
    os.write(typed.master, b"then")
    assert os.read(typed.slave, 10) == b"then"
    assert (typed.line.text, typed.line.rest) == ("why", b"\rand")


HAND_OVER = "import os; rest = first.hand_over(); os.write(1, b'<' + first.typed.encode() + b'|' + rest + b'>')"


def test_what_was_typed_before_the_start_is_shown_and_kept(tmp_path) -> None:
    wait = "import time\nwhile not first.typed: time.sleep(0.001)\n"
    process, master, slave, _before = in_terminal(wait + HAND_OVER, str(tmp_path), typed=b"why\t")
    try:
        seen = read_until(master, b">")
        assert b"why" in seen.partition(b"<")[0]
        assert b"<why|\t>" in seen
    finally:
        process.wait(10)
        os.close(master)
        os.close(slave)


def test_the_question_line_begins_with_it(make_app) -> None:
    async def run() -> tuple[str, int]:
        app = make_app(typed=lambda: "how")
        async with app.run_test(size=(80, 24)) as pilot:
            await pilot.press("s", "!")
            await pilot.pause()
            editor = app._council.question.line.editor
            return editor.value, editor.cursor

    assert asyncio.run(run()) == ("hows!", 5)
