"""The screens of the `frames` measurement: four panes and a line that counts keys, in five ways.

fast        the panes through the frame painter
compositor  the same panes through Textual's compositor
richlog     Textual's RichLog
markdown    Textual's Markdown stream
rowdiff     plain escape codes without Textual: what the terminal and the data cost, the limit
"""

from __future__ import annotations

import gc
import math
import os
import select
import sys
import termios
import time
from collections.abc import Callable, Iterator

from hive_tui import wire
from hive_tui.ring.reader import LappedError, RingReader
from hive_tui.state import RunState, fold
from hive_tui.streamtext import StreamText

PANES = 4
KEYS = "keys {:06d}"


class Feed:
    """The screen's end of the ring: folds what came."""

    def __init__(self, name: str) -> None:
        self.ring = RingReader(name)
        self.ring.position = 0
        self.state = RunState()

    def drain(self) -> bool:
        try:
            data = self.ring.read()
        except LappedError:
            # A baseline that cannot keep up has no log to read on from: it goes on with what comes now.
            self.ring.jump(self.ring.head)
            return True
        for record in wire.records(data):
            self.state = fold(self.state, record)
        return bool(data)

    def text(self, pane: int) -> StreamText | None:
        attempt = self.state.attempt(pane + 1)
        return None if attempt is None else attempt.text


def new_text(feed: Feed) -> Callable[[int], str]:
    """Gives what came for a pane since it was last asked."""
    taken = [0] * PANES

    def ask(pane: int) -> str:
        view = feed.text(pane)
        if view is None or view.deltas == taken[pane]:
            return ""
        text = "".join(text for _, text in view.segments(taken[pane]))
        taken[pane] = view.deltas
        return text

    return ask


def run_rowdiff(feed: Feed) -> None:
    """Wraps with the same code, remembers the rows on the screen, writes those that differ, once a frame."""
    from hive_tui.tui.live.visible import shown
    from hive_tui.tui.live.wrap import Flow

    width, height = os.get_terminal_size(0)
    box_width, box_height = width // 2, (height - 1) // 2
    inner, rows = box_width - 2, box_height - 2
    flows = [Flow(inner) for _ in range(PANES)]
    painted: list[dict[int, str]] = [{} for _ in range(PANES)]
    ask = new_text(feed)
    before = termios.tcgetattr(0)
    raw = termios.tcgetattr(0)
    raw[3] &= ~(termios.ECHO | termios.ICANON)
    termios.tcsetattr(0, termios.TCSANOW, raw)
    os.write(1, b"\x1b[?1049h\x1b[2J")
    keys = 0
    deadline = time.monotonic()
    out: list[str] = [f"\x1b[{height};1H" + KEYS.format(0)]
    try:
        while True:
            feed.drain()
            pressed = os.read(0, 4096).count(b"x") if select.select([0], [], [], 0)[0] else 0
            if pressed:
                keys += pressed
                out.append(f"\x1b[{height};1H" + KEYS.format(keys))
            for pane, flow in enumerate(flows):
                flow.append(0, ask(pane))
                flow.advance()
                left, top = pane % 2 * box_width + 2, pane // 2 * box_height + 2
                for y, (start, stop, _) in enumerate(flow.last(rows)):
                    text = shown(flow.text(start, stop)).ljust(inner)[:inner]
                    if painted[pane].get(y) != text:
                        painted[pane][y] = text
                        out.append(f"\x1b[{top + y};{left}H{text}")
            if out:
                os.write(1, ("\x1b[?2026h" + "".join(out) + "\x1b[?2026l").encode())
                out.clear()
            deadline += 1 / 120
            now = time.monotonic()
            if deadline < now:
                deadline += math.ceil((now - deadline) * 120) / 120
            time.sleep(deadline - now)
    finally:
        termios.tcsetattr(0, termios.TCSANOW, before)


def run_textual(feed: Feed, variant: str) -> None:
    from rich.text import Text
    from textual.app import App
    from textual.containers import Container
    from textual.driver import Driver
    from textual.events import Key
    from textual.reactive import reactive
    from textual.widget import Widget
    from textual.widgets import Markdown, RichLog

    from hive_tui.tui.live.clock import FrameClock
    from hive_tui.tui.live.driver import LiveDriver, driver_for
    from hive_tui.tui.live.pane import StreamPane

    class KeyLine(Widget, can_focus=True):
        count = reactive(0)

        def render(self) -> str:
            return KEYS.format(self.count)

        def on_key(self, event: Key) -> None:
            if event.character == "x":
                self.count += 1

    class Bench(App[None]):
        CSS = """
        Screen { layout: grid; grid-size: 2 3; grid-rows: 1fr 1fr 1; }
        Container { border: round $primary; }
        Container:focus-within { border: round $accent; }
        KeyLine { column-span: 2; height: 1; }
        RichLog { scrollbar-size: 0 0; }
        """
        ENABLE_COMMAND_PALETTE = False

        def compose(self) -> Iterator[Widget]:
            for pane in range(PANES):
                if variant in ("fast", "compositor"):
                    yield Container(StreamPane(lambda pane=pane: feed.text(pane)))
                elif variant == "richlog":
                    yield Container(RichLog(wrap=True, min_width=10, max_lines=1000))
                else:
                    yield Container(Markdown())
            yield KeyLine()

        def on_mount(self) -> None:
            self.query_one(KeyLine).focus()
            self.call_after_refresh(self.begin)

        def begin(self) -> None:
            gc.collect()
            gc.freeze()
            self.clock: FrameClock | None = None
            if variant in ("fast", "compositor"):
                panes = list(self.query(StreamPane))
                self.clock = FrameClock(self, panes, feed.drain, lambda: None if feed.ring.lag else 0.25)
                if variant == "compositor":
                    self.clock.painter.off = "measured without"
                self.run_worker(self.clock.run())
                driver = self._driver
                if isinstance(driver, LiveDriver):
                    driver.release()
            elif variant == "richlog":
                self.logs = list(self.query(RichLog))
                self.ask = new_text(feed)
                self.tails = [""] * PANES
                self.set_interval(1 / 120, self.feed_logs)
            else:
                self.ask = new_text(feed)
                self.streams = [Markdown.get_stream(each) for each in self.query(Markdown)]
                self.run_worker(self.feed_markdown())

        def post_display_hook(self) -> None:
            clock = getattr(self, "clock", None)
            if clock is not None:
                clock.displayed()

        def feed_logs(self) -> None:
            """A RichLog takes whole lines."""
            feed.drain()
            for pane, log in enumerate(self.logs):
                *lines, self.tails[pane] = (self.tails[pane] + self.ask(pane)).split("\n")
                for line in lines:
                    log.write(Text(line))

        async def feed_markdown(self) -> None:
            import asyncio

            while True:
                feed.drain()
                for pane, stream in enumerate(self.streams):
                    if text := self.ask(pane):
                        await stream.write(text)
                        self.streams[pane].markdown_widget.parent.scroll_end(animate=False)
                await asyncio.sleep(1 / 120)

    driver_class: type[Driver] | None = driver_for(None) if variant == "fast" else None
    Bench(driver_class=driver_class).run()


if __name__ == "__main__":
    os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    mine = Feed(sys.argv[2])
    if sys.argv[1] == "rowdiff":
        run_rowdiff(mine)
    else:
        run_textual(mine, sys.argv[1])
