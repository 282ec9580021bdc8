"""The clock: one drain a frame, nothing when idle, a bell that wakes it."""

from __future__ import annotations

import asyncio
import math

from hive_tui.tui.live.clock import QUIET, FrameClock


async def until(condition) -> None:
    for _ in range(1000):
        if condition():
            return
        await asyncio.sleep(0.01)
    raise AssertionError("never")


async def stands_still(count) -> bool:
    """Whether a count rests for a tenth of a second."""
    before = count()
    await asyncio.sleep(0.1)
    return count() == before


def test_it_drains_paints_sleeps_and_wakes(play) -> None:
    async def scene(stage) -> None:
        drains = 0
        text = stage.app.texts[0]

        def drain() -> bool:
            nonlocal drains
            drains += 1
            return False

        clock = FrameClock(stage.app, stage.panes, drain)
        worker = stage.app.run_worker(clock.run())
        await until(lambda: drains >= QUIET)
        await asyncio.sleep(0.05)
        assert await stands_still(lambda: drains)
        text.pieces.append((0, "one"))
        clock.wake()
        await until(lambda: clock.meters.frames == 1)
        assert clock.meters.path == "fast"
        assert clock.meters.reason == ""
        await asyncio.sleep(0.3)
        assert await stands_still(lambda: drains)
        assert len(clock.meters.intervals) == 0  # One frame has no interval.
        worker.cancel()

    play(scene)


def test_it_does_not_sleep_when_something_came_meanwhile(play) -> None:
    async def scene(stage) -> None:
        rests = 0

        def rest() -> float | None:
            nonlocal rests
            rests += 1
            return None if rests < 5 else math.inf

        clock = FrameClock(stage.app, stage.panes, lambda: False, rest)
        worker = stage.app.run_worker(clock.run())
        await until(lambda: rests == 5)
        assert await stands_still(lambda: rests)
        worker.cancel()

    play(scene)


def test_it_looks_again_after_the_time_that_it_may_rest(play) -> None:
    async def scene(stage) -> None:
        drains = 0

        def drain() -> bool:
            nonlocal drains
            drains += 1
            return False

        clock = FrameClock(stage.app, stage.panes, drain, lambda: 0.02)
        worker = stage.app.run_worker(clock.run())
        await until(lambda: drains >= QUIET + 3)
        worker.cancel()

    play(scene)


def test_rows_that_changed_while_nothing_moves_are_one_look_and_no_interval(play) -> None:
    async def scene(stage) -> None:
        drains = 0

        def drain() -> bool:
            nonlocal drains
            drains += 1
            return False

        stage.app.texts[0].pieces.append((0, "one two"))
        clock = FrameClock(stage.app, stage.panes, drain)
        worker = stage.app.run_worker(clock.run())
        for frames in (2, 3):
            await until(lambda: clock.asleep)
            before = drains
            stage.panes[0].selection_updated(None)  # Its rows are to be painted again, as those of a gauge that ticks.
            await until(lambda frames=frames: clock.meters.frames == frames)
            await until(lambda: clock.asleep)
            assert drains <= before + 2
        assert len(clock.meters.intervals) == 0
        worker.cancel()

    play(scene)


def test_a_scroll_is_painted_at_once_even_when_asleep(play) -> None:
    async def scene(stage) -> None:
        stage.app.texts[0].pieces.append((0, "\n".join(map(str, range(99)))))
        clock = FrameClock(stage.app, stage.panes, lambda: False)
        worker = stage.app.run_worker(clock.run())
        await until(lambda: clock.meters.frames == 1)
        await asyncio.sleep(0.3)
        clock.meters.key(asyncio.get_running_loop().time())
        stage.panes[0].scroll_rows(-2)
        await until(lambda: clock.meters.frames == 2)
        assert len(clock.meters.key_to_paint) == 1
        assert clock.meters.rows >= 2 * stage.panes[0].extent[1] - 2
        worker.cancel()

    play(scene)


def test_continued_with_something_unread_the_loop_lives_on_and_the_clock_catches_up(play) -> None:
    """After a stop the doorbell may wake the clock before the app hears that it goes on; nothing may be drained yet,
    and what came meanwhile stays unread."""

    async def scene(stage) -> None:
        unread = []
        drains = 0

        def drain() -> bool:
            nonlocal drains
            drains += 1
            found = bool(unread)
            unread.clear()
            return found

        clock = FrameClock(stage.app, stage.panes, drain, lambda: None if unread else math.inf)
        worker = stage.app.run_worker(clock.run())
        await until(lambda: clock.asleep)
        stage.app.app_suspend_signal.publish(stage.app)
        unread.append("a record")
        clock.wake()
        before = drains
        await asyncio.sleep(0.05)
        assert drains == before
        stage.app.app_resume_signal.publish(stage.app)
        await until(lambda: not unread)
        worker.cancel()

    play(scene)


def test_suspended_it_leaves_the_terminal_alone_and_catches_up_later(play) -> None:
    async def scene(stage) -> None:
        clock = FrameClock(stage.app, stage.panes, lambda: False)
        worker = stage.app.run_worker(clock.run())
        await asyncio.sleep(0.05)
        clock.meters.frame(-1e9)
        clock.meters.key(-1e9)
        stage.app.app_suspend_signal.publish(stage.app)
        writes = stage.driver.writes
        stage.app.texts[0].pieces.append((0, "meanwhile"))
        clock.wake()
        await asyncio.sleep(0.1)
        assert stage.driver.writes == writes
        stage.app.app_resume_signal.publish(stage.app)
        await until(lambda: "meanwhile" in "".join(stage.app.emulator.screen.display))
        assert (clock.meters.intervals.percentile(1.0) or 0.0) < 1e8, "the pause is no time between two frames"
        assert not len(clock.meters.key_to_paint), "nor does Ctrl+Z wait for its paint all that time"
        worker.cancel()

    play(scene)


def test_a_modal_slows_the_panes_and_stops_none(play) -> None:
    async def scene(stage) -> None:
        stage.push_modal()
        await stage.settle()
        stage.painter.paint(100.0)
        slow = 0
        for frame in range(120):
            stage.app.texts[0].pieces.append((0, "word "))
            stage.panes[0].advance()
            painted = stage.painter.paint(101.0 + frame / 120)
            assert painted.rows == 0
            slow += painted.slow_rows > 0
            assert painted.slow_rows or painted.waiting
        assert 4 <= slow <= 10
        await stage.settle()
        assert stage.differences() == []

    play(scene)


def test_what_a_small_float_covers_goes_slow_and_the_rest_fast(play) -> None:
    from textual.widgets import Static

    async def scene(stage) -> None:
        stage.app.texts[0].pieces.append((0, "\n".join(map(str, range(99)))))
        await stage.settle()
        float_ = Static("over", classes="float")
        await stage.app.screen.mount(float_)
        pane = stage.panes[0]
        float_.styles.offset = (pane.region.x, pane.region.y + 2)
        await stage.settle()
        height = pane.extent[1]
        stage.app.texts[0].pieces.append((0, "\nnext"))
        painted = stage.frame()
        assert (painted.rows, painted.slow_rows, painted.reason) == (height - 3, 3, "covered")
        await stage.settle()
        assert stage.differences() == []

    play(scene)
