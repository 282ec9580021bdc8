"""Keys that come in one burst do what they would do one by one.

Textual hands a key to the widget that has the focus and looks at once at the next; what the first was bound to is done
later, when the key has bubbled up. Over a slow line, where keys come in bursts, two Tabs would be one, and what is
typed behind a Tab would land in the place before. So each key waits until the one before has done what it does.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Awaitable, Callable

from textual import events
from textual.app import App
from textual.dom import DOMNode

from hive_tui.tui.widgets.question_line import QuestionLine


class KeyOrder:
    def __init__(self, app: App[object], hand: Callable[[events.Event], Awaitable[None]]) -> None:
        """`hand` gives an event to Textual."""
        self._app = app
        self._hand = hand
        self._waiting: deque[events.Event] = deque()
        self._busy = False

    @property
    def idle(self) -> bool:
        """Whether all keys have done what they do."""
        return not self._busy and not self._waiting

    async def take(self, event: events.Event) -> None:
        """A key or a paste, as it comes from the terminal."""
        if self._busy:
            self._waiting.append(event)
        else:
            await self._give(event)

    async def _give(self, event: events.Event) -> None:
        focused = self._app.focused
        typed = isinstance(event, events.Paste) or (isinstance(event, events.Key) and event.is_printable)
        # What the line takes itself is done in its own order: typing costs nothing more.
        self._busy = not (typed and isinstance(focused, QuestionLine))
        target = focused or self._app.screen
        await self._hand(event)
        if self._busy:
            self._follow(target)

    def _follow(self, node: DOMNode) -> None:
        """Go the way that the key goes, from queue to queue, behind it."""
        parent = node.parent
        if parent is None or not node.call_later(self._follow, parent):
            # Whoever moves the focus asks the app to do it later; so this comes later still.
            self._app.call_later(self._app.call_later, self._next)

    async def _next(self) -> None:
        self._busy = False
        while self._waiting and not self._busy:
            await self._give(self._waiting.popleft())
