"""The one way to the terminal: takes it over from the raw first frame, paces it, and gives it back.

Differs from Textual's Linux driver, which it replaces on macOS too, in this: the alternate screen is entered once;
what is written before the first whole picture is held, so that the raw first frame stays until then; input is never
flushed, so that nothing typed early is lost; no thread runs, so that an idle screen does nothing; and a terminal that
takes no more output is noticed instead of waited for.
"""

from __future__ import annotations

import asyncio
import codecs
import os
import re
import select
import signal
import termios
import time
from collections.abc import Callable
from typing import Any, ClassVar, Protocol

from textual import constants, events, messages
from textual._xterm_parser import XTermParser
from textual.app import App
from textual.drivers.linux_driver import LinuxDriver
from textual.geometry import Size
from textual.message import Message

from hive_tui.tui.live.output import Output
from hive_tui.tui.live.pacing import QUESTION, Pacer
from hive_tui.tui.live.pastes import Pastes
from hive_tui.tui.live.private import SYNC_END, SYNC_START

HOLD = 1.0
"""Seconds after which held output is let go even if nobody said that the first picture is whole."""
FAREWELL = 1.5
"""Seconds that leaving waits for answers that are on their way, which would land in the shell as typed text. Only of a
terminal that has answered before; a busy one was seen to need over 0.25 s."""
DRAIN = 1.0
"""Seconds that leaving waits for a terminal that takes no output."""
READ = 65_536

_ENTER = "\x1b[?1049h\x1b[?25l"
_MODES = "\x1b[?1000h\x1b[?1003h\x1b[?1015h\x1b[?1006h"
_KITTY_FLAGS = 0b11001
"""Disambiguate, report all keys, report associated text: https://sw.kovidgoyal.net/kitty/keyboard-protocol."""
_QUIET = "\x1b[?1000l\x1b[?1003l\x1b[?1015l\x1b[?1006l\x1b[?1016l\x1b[?1004l\x1b[?2004l\x1b[?2048l"
_LEAVE = "\x1b[?2026l\x1b[?7h\x1b[<u\x1b[0m\x1b[?1049l\x1b[?25h"
_ANSWER = re.compile(rb"\x1b\[\?2026;(\d)\$y")


class Taken(Protocol):
    """The terminal as the raw first frame took it."""

    attributes: Any
    """Its attributes before, as `termios.tcgetattr` gave them."""
    left: bool
    """Set when the alternate screen was left, so that it is not left twice."""

    def hand_over(self) -> bytes:
        """Read the terminal no more. Returns input that was read and not used."""
        ...


class LiveDriver(LinuxDriver):
    """Use as `driver_class`; a subclass made by `driver_for` knows the first frame."""

    taken: ClassVar[Taken | None] = None

    def __init__(
        self, app: App[Any], *, debug: bool = False, mouse: bool = True, size: tuple[int, int] | None = None
    ) -> None:
        super().__init__(app, debug=debug, mouse=mouse, size=size)
        # Known before the first event says it: Rich takes a terminal called dumb for 80 by 25, whatever it is, and a
        # screen that was laid out for that before it could hear the true size kept it.
        self._size = size or self._get_terminal_size()
        self.pacer = Pacer()
        self.key_seen: Callable[[float], None] | None = None
        """Called with the time of each key press, in seconds of the loop's clock, before the app gets it."""
        self.room: Callable[[], None] | None = None
        """Called when the terminal has taken what it had, so that a frame that waited may be written."""
        self._output: Output | None = None
        self._held: list[str] | None = None
        self._hold_end: asyncio.TimerHandle | None = None
        self._entered = self.taken is not None
        self._parser: XTermParser | None = None
        self._pastes = Pastes()
        self._decode = codecs.getincrementaldecoder("utf-8")("replace").decode
        self._escape_end: asyncio.TimerHandle | None = None
        self._told_synchronised = False
        self.attrs_before = None if self.taken is None else self.taken.attributes

    # Output

    @property
    def unsent(self) -> int:
        """Bytes that the terminal has not taken yet."""
        return 0 if self._output is None else self._output.unsent

    @property
    def active(self) -> bool:
        """Whether the terminal is ours: not suspended, not left."""
        return self._output is not None

    def write(self, data: str) -> None:
        """Never blocks. What is written while the terminal is not ours is dropped: coming back repaints all."""
        if self._held is not None:
            self._held.append(data)
        elif self._output is not None:
            self._output.write(data)

    def may_send(self) -> bool:
        """Whether the terminal has room for another frame."""
        return self._output is not None and self.pacer.may_send(self._loop.time(), self._output.unsent)

    def write_frame(self, data: str) -> None:
        """A frame, with the question behind it whose answer says that it was read."""
        if self._held is None and self.input_tty and self._asks:
            self.pacer.sent(self._loop.time())
            data += QUESTION
        self.write(data)

    @property
    def _asks(self) -> bool:
        # Apple's terminal prints the last letter of the question.
        return os.environ.get("TERM_PROGRAM", "") != "Apple_Terminal"

    def release(self) -> None:
        """The first picture is whole: show what was held since the raw first frame, in one piece."""
        if self._hold_end is not None:
            self._hold_end.cancel()
            self._hold_end = None
        held, self._held = self._held, None
        if held and self._output is not None:
            text = "".join(held).replace(SYNC_START, "").replace(SYNC_END, "")
            self._output.write(SYNC_START + text + SYNC_END)

    def _drained(self, left_out: bool) -> None:
        if left_out:
            self._app.call_later(self._app.refresh, layout=True)
        if self.room is not None:
            self.room()

    # Taking and leaving

    def start_application_mode(self) -> None:
        """Take the terminal, or, when it is taken already (continued after a stop), set all its modes again."""
        if not self._in_foreground():
            return
        again = self._output is not None
        if self._output is None:
            if self._file is None:
                raise RuntimeError("there is no standard error to draw on")
            self._output = Output(self._file.fileno(), self._loop, self._drained)
        signal.signal(signal.SIGWINCH, self._resized)
        self._set_attributes()
        if self._entered and not again:
            self._held = []
            self._hold_end = self._loop.call_later(HOLD, self.release)
        else:
            self._send(_ENTER)
        self._entered = False
        if self.taken is not None:
            self.taken.left = False
        modes = _MODES if self._mouse else ""
        kitty = "" if constants.DISABLE_KITTY_KEY else f"\x1b[>{_KITTY_FLAGS}u"
        pop = "\x1b[<u" if again else ""
        self._send(f"{modes}\x1b[?1004h{pop}{kitty}\x1b[?2004h\x1b[?7l")
        if self.input_tty and self._parser is None:
            self._parser = XTermParser(self._debug)
            if self.taken is not None and (early := self.taken.hand_over()):
                self._loop.call_soon(self._take, early)
            self._loop.add_reader(self.fileno, self._readable)
        if self.input_tty and self._asks:
            self.pacer.sent(self._loop.time())
            self._send(QUESTION)
        if self.input_tty:
            self._query_in_band_window_resize()
        self._post_size()
        if again or self._must_signal_resume:
            self._must_signal_resume = False
            self.send_message(self.SignalResume())
            self._app.call_later(self._app.refresh, layout=True)

    def _send(self, codes: str) -> None:
        """Codes that must not wait for the first picture."""
        if self._output is not None:
            self._output.write(codes)

    def _in_foreground(self) -> bool:
        """A process that was continued in the background is stopped again by touching the terminal."""
        if not os.isatty(self.fileno):
            return True

        def stop_again(*_: object) -> None:
            os.kill(os.getpid(), signal.SIGSTOP)

        kept = [(number, signal.signal(number, stop_again)) for number in (signal.SIGTTOU, signal.SIGTTIN)]
        try:
            termios.tcsetattr(self.fileno, termios.TCSANOW, termios.tcgetattr(self.fileno))
        except termios.error:
            return False
        finally:
            for number, before in kept:
                signal.signal(number, before or signal.SIG_DFL)
        return True

    def _set_attributes(self) -> None:
        """Raw mode; the attributes to go back to are those of the first frame, or these when there was none."""
        if not os.isatty(self.fileno):
            return
        now = termios.tcgetattr(self.fileno)
        if self.attrs_before is None:
            self.attrs_before = termios.tcgetattr(self.fileno)
        now[0] = self._patch_iflag(now[0])
        now[3] = self._patch_lflag(now[3])
        now[6][termios.VMIN] = 1
        termios.tcsetattr(self.fileno, termios.TCSANOW, now)

    def disable_input(self) -> None:
        """Stop reading. Nothing is flushed: mouse and answers are switched off and read until a last answer."""
        if self._parser is None:
            return
        signal.signal(signal.SIGWINCH, signal.SIG_DFL)
        self._loop.remove_reader(self.fileno)
        self._parser = None
        if self._escape_end is not None:
            self._escape_end.cancel()
            self._escape_end = None
        self._send(_QUIET)
        if self.pacer.answers and self._output is not None and not self._output.unsent:
            self._send(QUESTION)
            self._read_answers(self.pacer.unanswered + 1)

    def _read_answers(self, expected: int) -> None:
        deadline = time.monotonic() + FAREWELL
        seen = b""
        while len(_ANSWER.findall(seen)) < expected:
            left = deadline - time.monotonic()
            if left <= 0 or not select.select([self.fileno], [], [], left)[0]:
                return
            try:
                data = os.read(self.fileno, READ)
            except OSError:
                return
            if not data:
                return
            seen += data

    def stop_application_mode(self) -> None:
        """Give the terminal back as it was before the first frame."""
        if self._output is None:
            return
        self._held = None
        if self._hold_end is not None:
            self._hold_end.cancel()
            self._hold_end = None
        self.disable_input()
        output, self._output = self._output, None
        output.finish(_QUIET + _LEAVE, DRAIN)
        if self.taken is not None:
            self.taken.left = True
        self.pacer.forget()
        if self.attrs_before is not None:
            try:
                termios.tcsetattr(self.fileno, termios.TCSANOW, self.attrs_before)
            except termios.error:
                return  # The terminal is gone, and its attributes with it.

    def close(self) -> None:
        """Nothing is left to close: leaving the terminal lets go of it."""

    # Input

    def _readable(self) -> None:
        try:
            data = os.read(self.fileno, READ)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if not data:
            # The window was closed or the line dropped.
            self._loop.remove_reader(self.fileno)
            self._app.call_later(self._app.exit)
            return
        self._take(data)

    def _take(self, data: bytes) -> None:
        if b"\x1b[?2026;" in data:
            data = _ANSWER.sub(self._answered, data)
        parser = self._parser
        if parser is not None and (text := self._decode(data)):
            for codes, pasted in self._pastes.take(text, parser._timeout_time is None):
                for message in parser.feed(codes) if codes else ():
                    if not isinstance(message, events.Paste):  # the parser's own, of brackets with nothing between
                        self.process_message(message)
                if pasted:
                    self.process_message(events.Paste(pasted.replace("\x00", "")))
            self._watch_escape(parser)

    def _answered(self, answer: re.Match[bytes]) -> bytes:
        """Takes the answers that came whole out of the input: Textual's parser needs 0.1 ms for one."""
        if self._told_synchronised or answer[1] == b"0":
            self._frame_read()
        else:
            self.process_message(messages.TerminalSupportsSynchronizedOutput())
        return b""

    def _frame_read(self) -> None:
        self.pacer.answered(self._loop.time())
        if self.room is not None:
            self.room()

    def _watch_escape(self, parser: XTermParser) -> None:
        """A lone escape is a key only when nothing follows in time."""
        if self._escape_end is not None:
            self._escape_end.cancel()
            self._escape_end = None
        if (when := parser._timeout_time) is not None:
            delay = max(0.0, when - time.monotonic()) + 0.001
            self._escape_end = self._loop.call_later(delay, self._escape_over)

    def _escape_over(self) -> None:
        self._escape_end = None
        if self._parser is not None:
            for message in self._parser.tick():
                self.process_message(message)
            self._watch_escape(self._parser)

    def process_message(self, message: Message) -> None:
        if isinstance(message, messages.TerminalSupportsSynchronizedOutput):
            self._frame_read()
            if self._told_synchronised:
                return
            self._told_synchronised = True
        elif isinstance(message, events.Key) and self.key_seen is not None:
            self.key_seen(self._loop.time())
        super().process_message(message)

    def send_message(self, message: Message) -> None:
        """Straight into the app's queue: input is read on the app's own thread here."""
        self._app.post_message(message)

    def _resized(self, *_: object) -> None:
        # The size is read on the loop: one such handler interrupts another, and the older size would be told last.
        self._loop.call_soon_threadsafe(self._look_at_size)

    def _look_at_size(self) -> None:
        if not self._in_band_window_resize:
            self._post_size()
        # In any case: a terminal that was another size for less time than anyone looked has lost what that cut off.
        self._app.call_later(self._app.refresh, layout=True)

    def _post_size(self) -> None:
        size = Size(*self._get_terminal_size())
        self._loop.call_soon_threadsafe(self.send_message, events.Resize(size, size))


def driver_for(taken: Taken | None) -> type[LiveDriver]:
    """The driver class for a terminal that the first frame took, or for one that nobody took (`None`)."""
    return type("LiveDriver", (LiveDriver,), {"taken": taken})
