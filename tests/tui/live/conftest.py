"""A whole Textual app that paints for real, into an emulator instead of a terminal."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable, Iterator

import pyte
import pytest
from rich.color import ColorSystem
from textual.app import App, ComposeResult
from textual.containers import Container
from textual.driver import Driver
from textual.events import Resize
from textual.geometry import Size
from textual.pilot import Pilot
from textual.screen import ModalScreen
from textual.widgets import Input, Static

from hive_tui.tui.live.painter import Frame, Painter
from hive_tui.tui.live.pane import StreamPane

WORDS = (
    *[
        "the",
        "council",
        "asked",
        "four",
        "models",
        "and",
        "each",
        "of",
        "them",
        "wrote",
        "what",
        "it",
        "knew",
        "about",
        "bees",
    ],
    *(
        "中文字",
        "かな",
        "한글",
        "😀🚀",
        "e\u0301tude",
        "naïve",
        "—",
        "a\tb",
        "\x1b[31m",
        "👨\u200d👩\u200d👧",
        "❤\ufe0f",
    ),
    "averyveryverylongwordthatmustbebrokenbecauseitfitsnowhereatallinapaneofthissize",
)


class Text:
    """A stream's text as the run's state offers it: append-only pieces."""

    def __init__(self) -> None:
        self.pieces: list[tuple[int, str]] = []

    @property
    def deltas(self) -> int:
        return len(self.pieces)

    @property
    def size(self) -> int:
        return sum(len(text.encode()) for _, text in self.pieces)

    def segments(self, start: int = 0) -> Iterator[tuple[int, str]]:
        return iter(self.pieces[start:])

    def tail(self, _size: int) -> int:
        return 0


class Emulator:
    """Cells as a terminal would show them."""

    def __init__(self, width: int, height: int) -> None:
        self.screen = pyte.Screen(width, height)
        self.screen.reset_mode(7, private=True)
        self.stream = pyte.Stream(self.screen)

    def cells(self) -> list[list[tuple[object, ...]]]:
        buffer = self.screen.buffer
        return [[tuple(buffer[y][x]) for x in range(self.screen.columns)] for y in range(self.screen.lines)]


class CapturingDriver(Driver):
    """Feeds an emulator with everything that is written."""

    written = 0
    writes = 0

    @property
    def emulator(self) -> Emulator:
        app = self._app
        assert isinstance(app, StageApp)
        return app.emulator

    def write(self, data: str) -> None:
        self.writes += 1
        self.written += len(data)
        self.emulator.stream.feed(data)

    def start_application_mode(self) -> None:
        self.tell_size()

    def tell_size(self) -> None:
        app = self._app
        assert isinstance(app, StageApp)
        size = Size(*app.terminal)
        app.post_message(Resize(size, size))

    def disable_input(self) -> None: ...

    def stop_application_mode(self) -> None: ...


class Modal(ModalScreen[None]):
    CSS = "Modal { align: center middle; } Static { width: 20; height: 5; background: $panel; border: thick $accent; }"

    def compose(self) -> ComposeResult:
        yield Static("a modal 中文")


class StageApp(App[None]):
    """Four panes in boxes, a header, an input line and floats."""

    CSS = """
    Screen { layers: base float; }
    #grid { layout: grid; grid-size: 2 2; height: 1fr; }
    .box { border: round $primary; &:focus-within { border: heavy $accent; background: $boost; } }
    .float { layer: float; width: 14; height: 3; background: $error; position: absolute; }
    #head { height: 1; }
    Input { height: 3; }
    """

    def __init__(self, width: int, height: int) -> None:
        super().__init__(driver_class=CapturingDriver)
        self.console._color_system = ColorSystem.TRUECOLOR
        self.terminal = (width, height)
        self.emulator = Emulator(width, height)
        self.texts = [Text() for _ in range(4)]

    def compose(self) -> ComposeResult:
        yield Static("head", id="head")
        with Container(id="grid"):
            for text in self.texts:
                yield Container(StreamPane(lambda text=text: text), classes="box")
        yield Input()


class Stage:
    """The running app, with frames by hand and a clock of its own."""

    def __init__(self, app: StageApp, pilot: Pilot[None]) -> None:
        self.app = app
        self.pilot = pilot
        self.panes = list(app.query(StreamPane))
        self.painter = Painter(app, self.panes)
        self.now = 0.0
        for pane in self.panes:
            pane.wake = lambda: None

    @property
    def driver(self) -> CapturingDriver:
        driver = self.app._driver
        assert isinstance(driver, CapturingDriver)
        return driver

    def feed(self, chance: random.Random, most: int = 12) -> None:
        for text in self.app.texts:
            words = [chance.choice(WORDS) for _ in range(chance.randint(0, most))]
            ends = [chance.choice(("", "\n", "\r\n") + (" ",) * 9) for _ in words]
            joined = "".join(a + b for a, b in zip(words, ends, strict=True))
            if joined:
                text.pieces.append((chance.choice((0, 0, 0, 0, 0, 1, 2)), joined))

    def frame(self) -> Frame:
        """What the frame clock does in one frame."""
        self.now += 1 / 120
        for pane in self.panes:
            pane.advance()
        return self.painter.paint(self.now)

    def resize(self, width: int, height: int) -> None:
        self.app.terminal = (width, height)
        self.app.emulator.screen.resize(height, width)
        self.driver.tell_size()

    def push_modal(self) -> None:
        self.app.push_screen(Modal())

    async def settle(self) -> None:
        """Until nothing is left to paint by either way."""
        calm = 0
        for _ in range(2_000):
            await self.pilot.pause(0.005)
            self.now += 1.0
            painted = self.frame()
            moving = painted.rows or painted.slow_rows or painted.waiting
            pending = any(
                screen._dirty_widgets or screen._layout_required or screen._compositor._dirty_regions
                for screen in self.app.screen_stack
            )
            calm = 0 if moving or pending else calm + 1
            if calm == 4:
                return
        raise AssertionError("never settles")

    def repainted(self) -> list[list[tuple[object, ...]]]:
        """The cells of a full repaint by Textual, from the text, with nothing that was kept."""
        fresh = Emulator(*self.app.terminal)
        noted = [list(pane._painted) for pane in self.panes]
        for pane in self.panes:
            pane._kept.clear()
            pane._window.flow._rows.clear()
            pane._window.flow.version += 1
        update = self.app.screen._compositor.render_update(full=True, screen_stack=self.app._background_screens)
        fresh.stream.feed(update.render_segments(self.app.console))
        for pane, painted in zip(self.panes, noted, strict=True):
            pane._painted = painted
        return fresh.cells()

    def differences(self) -> list[str]:
        """Cells of the terminal that differ from a full repaint."""
        shown, wanted = self.app.emulator.cells(), self.repainted()
        return [
            f"{x},{y}: {a} is not {b}"
            for y, (left, right) in enumerate(zip(shown, wanted, strict=True))
            for x, (a, b) in enumerate(zip(left, right, strict=True))
            if a != b
        ]


Scene = Callable[[Stage], Awaitable[None]]


@pytest.fixture
def play() -> Callable[..., None]:
    """Runs a scene in the app; whatever it raises comes out."""

    def run(scene: Scene, width: int = 80, height: int = 24) -> None:
        failed: list[BaseException] = []

        async def autopilot(pilot: Pilot[None]) -> None:
            try:
                await pilot.pause()
                await scene(Stage(pilot.app, pilot))  # type: ignore[arg-type]
            except BaseException as error:
                failed.append(error)
                raise
            finally:
                pilot.app.exit()

        async def main() -> None:
            await StageApp(width, height).run_async(size=(width, height), auto_pilot=autopilot)

        asyncio.run(main())
        if failed:
            raise failed[0]

    return run
