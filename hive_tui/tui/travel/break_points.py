"""Break points: the conditions that a person set, where one of them is met next, and playing that stops there.

Several conditions are looked for one after the other, for the core goes on with the newest search only.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from hive_tui.core.commands import Command, FindPlace, PlaceFound, Refused, Reply
from hive_tui.tui.widgets.timeline import Here

Query = Callable[[Command, Callable[[Reply | None], None]], None]
NO_PLACE = "place"
"""The kind of a refusal that says no more than that there is no such place."""


@dataclass(frozen=True, slots=True)
class Met:
    """Where a condition is met; or that none is, or why nobody knows."""

    found: PlaceFound | None
    condition: str = ""
    problem: str = ""


def find_nearest(
    query: Query,
    run: str,
    conditions: Sequence[str],
    here: Here,
    backwards: bool,
    tell: Callable[[Met], None],
) -> None:
    """Tell where the first of the conditions is met behind `here`, or the last before it."""
    best = Met(None)
    left = list(conditions)

    def ask_next() -> None:
        if not left:
            tell(best)
            return
        condition = left.pop(0)

        def take(reply: Reply | None) -> None:
            nonlocal best
            if isinstance(reply, PlaceFound):
                if best.found is None or nearer(reply, best.found, backwards):
                    best = Met(reply, condition)
            elif not isinstance(reply, Refused) or reply.error.kind != NO_PLACE:
                tell(Met(None, condition, "the core died" if not isinstance(reply, Refused) else reply.error.message))
                return
            ask_next()

        query(FindPlace(run, f"break:{condition}", *here, backwards), take)

    ask_next()


def nearer(one: PlaceFound, other: PlaceFound, backwards: bool) -> bool:
    ahead = place_of(one) < place_of(other)
    return ahead != backwards and place_of(one) != place_of(other)


def place_of(found: PlaceFound) -> Here:
    return found.seq, found.chunks


class BreakPoints:
    """The conditions that a viewer set, and the next stop of what is played."""

    def __init__(self, query: Query, say: Callable[[str], None]) -> None:
        """`say` is told why the next stop cannot be looked for."""
        self._query = query
        self._say = say
        self.conditions: tuple[str, ...] = ()
        self._of = ("", 0)
        """Run and direction that the stop is of."""
        self._stop: Met | None = None
        """`None` while it is looked for."""
        self._asking = 0

    def set(self, conditions: Sequence[str]) -> None:
        self.conditions = tuple(dict.fromkeys(conditions))
        self.forget()

    def forget(self) -> None:
        """The viewer stands elsewhere than playing brought it, or at the stop: from here on another is looked for."""
        self._of, self._stop = ("", 0), None
        self._asking += 1

    def stop_ahead(self, run: str, here: Here, direction: int, grown: bool = False) -> Met | None:
        """Where playing from `here` must stop, once it is known: to be asked in each frame that plays.

        A stop that was passed while the core still looked for it is told as well: playing goes back to it. `grown` is
        whether the run became longer since the last call.
        """
        if not self.conditions or not direction:
            return None
        stop = self._stop
        if self._of != (run, direction) or (grown and stop is not None and stop.found is None and not stop.problem):
            self._ask(run, here, direction)
        return self._stop if self._stop is not None and self._stop.found is not None else None

    def _ask(self, run: str, here: Here, direction: int) -> None:
        self._of, self._stop = (run, direction), None
        self._asking += 1
        asking = self._asking

        def take(met: Met) -> None:
            if asking == self._asking:
                self._stop = met
                if met.problem:
                    self._say(f"{met.condition}: {met.problem}")

        find_nearest(self._query, run, self.conditions, here, direction < 0, take)
