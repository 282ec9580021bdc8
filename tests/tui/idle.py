"""When a screen under test has done all it was told: a state of the app, where Textual's pilot guesses by CPU time.

The pilot takes an app for idle that used less than 1 ms in 20 ms. A clock of frames uses more, so each key waited a
second in vain; on a busy machine an app that was not let run uses none, so keys went on before the last one was done.
"""

from __future__ import annotations

import asyncio
from time import monotonic

from textual._context import active_app
from textual.app import App
from textual.message_pump import MessagePump

CALM = 3
"""Looks in a row that must find nothing under way: a callback may be on its way between two of Textual's queues."""
LOOK_S = 0.003
PATIENCE_S = 3.0
"""Bound of a wait (Textual has 1 s): a screen that is told news all the time is never idle."""


def _waits(pump: MessagePump) -> bool:
    """Whether its loop stands at its empty queue, and so has done all that it was told."""
    queue = pump._message_queue
    return not pump._running or (queue.empty() and bool(queue.ready_event._waiters) and not pump._next_callbacks)


def is_idle(app: App[object]) -> bool:
    """No message is being handled, and nothing of the shown screen is left for Textual to lay out or to paint."""
    if not all(_waits(pump) for pump in (app, *app._registry)):
        return False
    screen = app.screen_stack[-1] if app._running and app.screen_stack else None
    return screen is None or not (screen._layout_required or screen._dirty_widgets or screen._callbacks)


async def wait_for_idle(min_sleep: float = 0.0, max_sleep: float = PATIENCE_S) -> None:
    """Stands in for Textual's function of this name, whose arguments it takes."""
    app = active_app.get()
    end = monotonic() + max_sleep
    least = monotonic() + min_sleep
    calm = 0
    while calm < CALM or monotonic() < least:
        await asyncio.sleep(LOOK_S)
        calm = calm + 1 if is_idle(app) else 0
        if monotonic() > end:
            return
