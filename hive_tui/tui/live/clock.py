"""The one loop that moves the screen: drain, fold, wrap, paint, at absolute deadlines, and nothing at all when idle."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Callable, Sequence
from contextlib import suppress

from textual.app import App

from hive_tui.tui.live import private
from hive_tui.tui.live.driver import LiveDriver
from hive_tui.tui.live.meters import Meters
from hive_tui.tui.live.painter import BUSY, Frame, Painter
from hive_tui.tui.live.pane import StreamPane
from hive_tui.tui.live.rate import Rate

QUIET = 12
"""Frames without any change after which the clock stops: a tenth of a second."""


class FrameClock:
    """Make it when the panes are mounted and run it as a worker of the app: `app.run_worker(clock.run())`."""

    def __init__(
        self,
        app: App[object],
        panes: Sequence[StreamPane],
        drain: Callable[[], bool],
        rest: Callable[[], float | None] | None = None,
    ) -> None:
        """`drain` is called once a frame: it reads what came, folds it and says whether anything changed.

        `rest` is called before the clock stops. It says for how many seconds the clock may sleep without being woken
        (`math.inf` for ever), or `None` when something came meanwhile. Without it the clock sleeps until `wake`.
        """
        self._app = app
        self._drain = drain
        self._rest = rest
        self._loop = asyncio.get_running_loop()
        self._awake = asyncio.Event()
        self._suspended = False
        self.asleep = False
        """Whether the clock stands, because nothing is there to paint."""
        self._soon = False
        self._starved = False
        self._compositor_due = False
        self.painter = Painter(app, panes)
        self.meters = Meters()
        self.rate = Rate()
        for pane in panes:
            pane.wake = self.wake
            pane.moved = self._person_moved
        driver = private.driver_of(app)
        if isinstance(driver, LiveDriver):
            driver.key_seen = self.meters.key
            driver.room = self._has_room
        app.app_suspend_signal.subscribe(app, self._suspend, immediate=True)
        app.app_resume_signal.subscribe(app, self._resume, immediate=True)

    def wake(self) -> None:
        """Something may have changed: the doorbell rang, a pane was scrolled. Cheap; to be called on the loop."""
        self._awake.set()

    def displayed(self) -> None:
        """Textual has written an update; to be called from the app's `post_display_hook`."""
        now = self._loop.time()
        self.meters.composed(now)
        if self._compositor_due:
            self._compositor_due = False
            self.meters.frame(now)

    def look(self) -> None:
        """To be called a few times a second: forgets a key that changed nothing."""
        screens = self._app.screen_stack  # Empty once the app ends.
        if screens and not private.obstacle(self._app, screens[-1]):
            self.meters.nothing_waits(self._loop.time())

    async def run(self) -> None:
        """Frames, until cancelled."""
        deadline = self._loop.time()
        quiet = 0
        while True:
            start = self._loop.time()
            late = start - deadline
            quiet = 0 if self.frame() else quiet + 1
            if quiet >= QUIET:
                await self._sleep()
                quiet = QUIET - 1  # Woken for nothing: one look, and back to sleep.
                deadline = self._loop.time()
                continue
            now = self._loop.time()
            self.rate.frame(now, late, now - start)
            period = self.rate.period
            deadline += period
            if deadline <= now:
                deadline += math.ceil((now - deadline) / period) * period
            await asyncio.sleep(deadline - now)

    def frame(self) -> bool:
        """One frame. True when another should follow without a pause."""
        if self._suspended:
            return False
        moving = self._drain()
        for pane in self.painter.panes:
            moving |= pane.advance() or pane.busy
        return self._paint() or moving

    def _paint(self) -> bool:
        now = self._loop.time()
        painted = self.painter.paint(now)
        self._starved = painted.reason == BUSY
        self._measure(painted, now)
        return painted.waiting

    def _measure(self, painted: Frame, now: float) -> None:
        meters = self.meters
        if painted.rows:
            meters.frame(now)
            meters.panes_painted(self._loop.time())
            meters.rows += painted.rows
            meters.written += painted.length
            meters.path, meters.reason = "fast", painted.reason
        elif painted.slow_rows:
            # Textual writes these rows a little later and calls `displayed`.
            self._compositor_due = True
            meters.path, meters.reason = "compositor", painted.reason
        elif not painted.waiting:
            meters.pause()

    async def _sleep(self) -> None:
        """Until woken, or as long as `rest` allows; while suspended until resumed, for nothing is drained meanwhile."""
        self._awake.clear()
        allowed = math.inf if self._rest is None or self._suspended else self._rest()
        if allowed is None:
            await asyncio.sleep(0)  # Frames that take nothing must not keep the loop from all else.
            return
        self.asleep = True
        self.meters.pause()
        with suppress(TimeoutError):
            async with asyncio.timeout(None if math.isinf(allowed) else allowed):
                await self._awake.wait()
        self.asleep = False
        self.rate.pause(self._loop.time())

    def _person_moved(self) -> None:
        """A person scrolls: paint at once, not at the next deadline."""
        self.meters.pane_moved()
        self._paint_soon()

    def _has_room(self) -> None:
        """The terminal has read a frame: one that waited for that does not wait for the next deadline too."""
        if self._starved:
            self._starved = False
            self._paint_soon()

    def _paint_soon(self) -> None:
        if not self._soon:
            self._soon = True
            self._loop.call_soon(self._paint_now)

    def _paint_now(self) -> None:
        self._soon = False
        if not self._suspended:
            self._paint()

    def _suspend(self, _app: App[object]) -> None:
        self._suspended = True
        self.meters.pause()
        self.meters.forget_key()  # That of the suspension itself.

    def _resume(self, _app: App[object]) -> None:
        self._suspended = False
        self.wake()
