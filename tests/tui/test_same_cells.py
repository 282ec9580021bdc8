"""Chrome and text that were painted directly, in any order with what Textual paints, give a full repaint's cells."""

import asyncio
import random

import pyte
import pytest
from textual.driver import Driver
from textual.events import Resize
from textual.geometry import Size

from hive_tui.tui.session import CoreStatus, Offer


class Emulator(Driver):
    """Feeds an emulated terminal with everything that is written."""

    def start_application_mode(self) -> None:
        self.screen = pyte.Screen(*self._app.terminal)
        self.screen.reset_mode(7, private=True)
        self.stream = pyte.Stream(self.screen)
        self.resize(*self._app.terminal)

    def resize(self, width: int, height: int) -> None:
        self.screen.resize(height, width)
        self._app.post_message(Resize(Size(width, height), Size(width, height)))

    def write(self, data: str) -> None:
        self.stream.feed(data)

    def disable_input(self) -> None: ...

    def stop_application_mode(self) -> None: ...


def cells(screen: pyte.Screen) -> list[list[tuple[object, ...]]]:
    return [[tuple(screen.buffer[y][x]) for x in range(screen.columns)] for y in range(screen.lines)]


async def settled(pilot) -> None:
    app = pilot.app
    calm = 0
    for _ in range(2_000):
        app.look()
        app.frames.painter._held_until = 0.0
        frame = app.frames.painter.paint(1e9)
        await pilot.pause(0.005)
        pending = any(
            screen._layout_required or screen._dirty_widgets or screen._compositor._dirty_regions
            for screen in app.screen_stack
        )
        pending |= app.size != (app._driver.screen.columns, app._driver.screen.lines)
        calm = 0 if frame.rows or frame.slow_rows or frame.waiting or pending else calm + 1
        if calm == 3:
            return
    raise AssertionError("never settles")


def differences(app) -> list[str]:
    """Cells that are not what a full repaint gives."""
    fresh = pyte.Screen(app.size.width, app.size.height)
    noted = [(bar, list(bar._painted)) for bar in app.frames.painter.panes]
    update = app.screen._compositor.render_update(full=True, screen_stack=app._background_screens)
    pyte.Stream(fresh).feed(update.render_segments(app.console))
    for bar, painted in noted:
        bar._painted = painted
    both = zip(cells(app._driver.screen), cells(fresh), strict=True)
    return [
        f"{x},{y}: {a[0]!r} is not {b[0]!r} or another style"
        for y, (left, right) in enumerate(both)
        for x, (a, b) in enumerate(zip(left, right, strict=True))
        if a != b
    ]


KEYS = ("tab", "shift+tab", "m", "f3", "f6", "i", "escape", "x", "ctrl+j", "up", "pageup", "end", "/", "f1", "ctrl+u")


@pytest.mark.parametrize("seed", range(6))
def test_a_random_walk_leaves_the_cells_of_a_full_repaint(make_app, session, runs, seed: int) -> None:
    chance = random.Random(seed)
    app = make_app(driver_class=Emulator)
    app.terminal = chance.choice([(120, 40), (80, 24), (160, 48)])
    records = list(runs["whole"])
    direct = 0
    failed: list[BaseException] = []

    async def walk(pilot) -> None:
        nonlocal direct
        while app.frames is None:
            await pilot.pause(0.01)
        await settled(pilot)
        for step in range(24):
            count = chance.randint(1, 12)
            if records:
                session.play(records[:count])
                del records[:count]
            for _ in range(chance.randint(1, 3)):
                app.look()
                app.frames.frame()
                direct += app.frames.meters.path == "fast"
            what = chance.randint(0, 9)
            if what < 5:
                await pilot.press(chance.choice(KEYS))
            elif what == 5:
                app._driver.resize(*chance.choice([(120, 40), (100, 30), (80, 24), (40, 14)]))
            elif what == 6:
                session.found = () if session.found else (Offer("found something"),)
            elif what == 7:
                session.core = chance.choice([CoreStatus.ALIVE, CoreStatus.SILENT])
            if step % 6 == 5:
                await settled(pilot)
                assert differences(app) == [], f"seed {seed}, step {step}"

    async def autopilot(pilot) -> None:
        try:
            await walk(pilot)
        except BaseException as error:
            failed.append(error)
            raise
        finally:
            app.exit()

    async def main() -> None:
        await app.run_async(size=app.terminal, auto_pilot=autopilot)

    asyncio.run(main())
    if failed:
        raise failed[0]
    assert direct > 5
