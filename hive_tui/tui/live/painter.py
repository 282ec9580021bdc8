"""Paints the panes' changed rows: straight to the driver where nothing covers them, else through the compositor.

Whole rows always, one synchronised write a frame, the cursor put back where Textual left it. Nothing about the
terminal's cells is remembered: what could go stale are the panes' own rows, and those are dropped with every change.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from textual.app import App
from textual.geometry import Region
from textual.screen import Screen

from hive_tui.tui.live import private
from hive_tui.tui.live.driver import LiveDriver
from hive_tui.tui.live.pane import StreamPane

HELD_PERIOD = 0.125
"""Seconds between repaints of panes that a modal or a large float covers: every one of them composes a whole screen."""
BUSY = "terminal busy"
"""The reason of a frame that waits for the terminal to read those before it."""


@dataclass(frozen=True, slots=True)
class Frame:
    """What one call of `paint` did."""

    rows: int = 0
    """Rows written directly."""
    slow_rows: int = 0
    """Rows handed to the compositor."""
    length: int = 0
    """Characters written directly."""
    reason: str = ""
    """Why rows went through the compositor or had to wait; empty when none did."""
    waiting: bool = False
    """Whether changed rows wait for a later frame."""


class Painter:
    """Owns no pane's rows and no cell: asks the panes each frame."""

    def __init__(self, app: App[object], panes: Sequence[StreamPane]) -> None:
        self._app = app
        self.panes = list(panes)
        self.off = private.probe(app)
        """Why the fast path is off for this session; empty while it is on."""
        self._held_until = 0.0
        self._turn = 0
        self._covers: dict[StreamPane, tuple[frozenset[int], bool]] = {}
        self._covers_of: private.Visible | None = None

    def paint(self, now: float) -> Frame:
        """Bring all changed rows of all panes to the terminal, or as many as it has room for. `now` in seconds."""
        dirty = {pane: lines for pane in self.panes if pane.is_attached and (lines := pane.changed_rows())}
        if not dirty:
            return Frame()
        driver = private.driver_of(self._app)
        live = driver if isinstance(driver, LiveDriver) else None
        if live is not None and not live.may_send():
            return Frame(reason=BUSY, waiting=True)
        if self.off:
            return self._slow(dirty, now, self.off)
        try:
            return self._fast(dirty, now, live)
        # The fast path stands on Textual's inner workings: whatever breaks there must cost speed only, never the run.
        except Exception as error:  # noqa: BLE001
            self.off = f"{type(error).__name__}: {error}"
            self._app.refresh(layout=True)
            return Frame(reason=self.off)

    def _fast(self, dirty: dict[StreamPane, list[int]], now: float, live: LiveDriver | None) -> Frame:
        app = self._app
        screen: Screen[object] = app.screen
        elsewhere = {pane: lines for pane, lines in dirty.items() if pane.screen is not screen}
        if elsewhere:
            return self._hold(dirty, now, "another screen on top")
        if obstacle := private.obstacle(app, screen):
            return self._slow(dirty, now, obstacle)
        visible = private.visible_widgets(screen)
        if visible is not self._covers_of:
            self._covers_of = visible
            self._covers = {}
        waiting = live is not None and live.pacer.slow and len(dirty) > 1
        if waiting:
            dirty = self._one_in_turn(dirty)
        console = app.console
        out: list[str] = []
        slow: dict[StreamPane, list[int]] = {}
        reason = ""
        rows = 0
        for pane, lines in dirty.items():
            place = visible.get(pane)
            if place is None:
                pane.painted(lines)  # Not on the screen: whatever shows it again repaints it.
                continue
            region, clip = place
            if not pane.fits(region.size):
                slow[pane], reason = lines, "effects or another size"
                continue
            covered, large = self._covers.get(pane) or self._cover(pane, region, clip, visible)
            free = lines if not covered else [y for y in lines if y not in covered]
            if len(free) < len(lines):
                if large and now < self._held_until:
                    waiting = True
                else:
                    slow[pane] = [y for y in lines if y in covered]
                reason = "covered"
            out += pane.codes(free, region.x + 1, region.y + 1, console)
            pane.painted(free)
            rows += len(free)
        length = self._write(out, screen, live) if out else 0
        if slow:
            self._refresh(slow)
            self._held_until = now + HELD_PERIOD
        return Frame(rows, sum(map(len, slow.values())), length, reason, waiting)

    def _write(self, out: list[str], screen: Screen[object], live: LiveDriver | None) -> int:
        app = self._app
        x, y = screen.outer_size.clamp_offset(app.cursor_position)
        out.append(f"\x1b[{y + 1};{x + 1}H")
        if private.synchronised(app):
            out.insert(0, private.SYNC_START)
            out.append(private.SYNC_END)
        data = "".join(out)
        if live is not None:
            live.write_frame(data)
        elif (driver := private.driver_of(app)) is not None:
            driver.write(data)
        return len(data)

    def _cover(
        self, pane: StreamPane, region: Region, clip: Region, visible: private.Visible
    ) -> tuple[frozenset[int], bool]:
        """Lines of the pane that something lies over or that are clipped, and whether that is most of them."""
        lines: set[int] = set()
        if not clip.contains_region(region):
            lines.update(range(region.height))
        for widget, (other, other_clip) in visible.items():
            if widget is pane:
                break
            over = region.intersection(other.intersection(other_clip))
            if over:
                lines.update(range(over.y - region.y, over.bottom - region.y))
        found = (frozenset(lines), len(lines) * 2 > region.height)
        self._covers[pane] = found
        return found

    def _one_in_turn(self, dirty: dict[StreamPane, list[int]]) -> dict[StreamPane, list[int]]:
        """One pane a frame for a slow terminal, so that a key's echo waits behind a quarter of a screen at most."""
        self._turn += 1
        order = self.panes[self._turn % len(self.panes) :] + self.panes[: self._turn % len(self.panes)]
        return next(({pane: dirty[pane]} for pane in order if pane in dirty), dirty)

    def _hold(self, dirty: dict[StreamPane, list[int]], now: float, reason: str) -> Frame:
        if now < self._held_until:
            return Frame(reason=reason, waiting=True)
        return self._slow(dirty, now, reason)

    def _slow(self, dirty: dict[StreamPane, list[int]], now: float, reason: str) -> Frame:
        self._held_until = now + HELD_PERIOD
        self._refresh(dirty)
        return Frame(slow_rows=sum(map(len, dirty.values())), reason=reason)

    def _refresh(self, dirty: dict[StreamPane, list[int]]) -> None:
        for pane, lines in dirty.items():
            pane.painted(lines)
            # A hidden pane is repainted by what shows it. To refresh it would spoil that: Textual then builds its map
            # early and takes the pane's parents for unmoved.
            if pane not in private.visible_widgets(pane.screen):
                continue
            # Not `pane.size`: reading it while a layout is pending builds Textual's map early, and what the layout
            # moves is then not repainted.
            width = pane.extent[0]
            pane.refresh(*(Region(0, start, width, stop - start) for start, stop in _runs(lines)))


def _runs(lines: Iterable[int]) -> list[tuple[int, int]]:
    """Ascending line numbers as (first, end) of their unbroken runs."""
    runs: list[tuple[int, int]] = []
    for line in lines:
        if runs and runs[-1][1] == line:
            runs[-1] = (runs[-1][0], line + 1)
        else:
            runs.append((line, line + 1))
    return runs
