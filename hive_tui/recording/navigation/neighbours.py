"""The next place of a kind, or the one before: markers, stages, rounds, errors and retries."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal, get_args

from hive_tui.recording.navigation.chapters import chapters, marks
from hive_tui.recording.navigation.walker import Place
from hive_tui.recording.timeline import Timeline

Kind = Literal["marker", "stage", "round", "error", "retry"]
KINDS: tuple[Kind, ...] = get_args(Kind)


class Neighbours:
    """Remembers where the places of a run are until its log has grown."""

    def __init__(self, timeline: Timeline) -> None:
        self._timeline = timeline
        self._known: dict[Kind, tuple[int, list[Place]]] = {}

    def find(self, kind: Kind, here: Place, markers: Iterable[Place], *, backwards: bool = False) -> Place | None:
        """The next place behind `here`, or the last before it; `None` when there is none.

        Raises:
            DamagedError: a block on the way there is damaged.
            hive_tui.wire.WireError: a sound block holds bytes that are no records.
        """
        places = sorted(markers) if kind == "marker" else self._places(kind)
        if backwards:
            return next((place for place in reversed(places) if place < here), None)
        return next((place for place in places if place > here), None)

    def _places(self, kind: Kind) -> list[Place]:
        last_seq = self._timeline.last_seq
        known = self._known.get(kind)
        if known is None or known[0] != last_seq:
            known = self._known[kind] = last_seq, [Place(seq) for seq in self._seqs(kind)]
        return known[1]

    def _seqs(self, kind: Kind) -> list[int]:
        """Ascending."""
        match kind:
            case "stage":
                return [each.seq for each in chapters(self._timeline)]
            case "round":
                first: dict[int, int] = {}
                for each in chapters(self._timeline):
                    first.setdefault(each.round, each.seq)
                return sorted(first.values())
        return [each.seq for each in marks(self._timeline) if each.kind == kind]
