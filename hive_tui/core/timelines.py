"""What the screen asks of a recording's time: lanes of a stretch, places by name, markers.

All work is done in a thread, which lets go of the interpreter every two milliseconds: a live run beside it goes on. Of
the searches only the newest goes on.
"""

from __future__ import annotations

import asyncio
import os
import threading
import time
from bisect import bisect_left
from collections.abc import Callable, Iterator, Mapping, Sequence
from decimal import Decimal
from itertools import takewhile
from pathlib import Path

from hive_tui.core.commands import (
    CallLane,
    Done,
    FindPlace,
    MarkedPlace,
    PlaceFound,
    Refused,
    RemoveMarker,
    Reply,
    SetMarker,
    StageSpan,
    TimelineLanes,
    TimelineOf,
)
from hive_tui.core.pattern_search import search_apart
from hive_tui.events import ErrorInfo, Record
from hive_tui.kernels.choose import Kernels
from hive_tui.recording.density import Density
from hive_tui.recording.folder import LOG, MARKERS, NoSuchRunError, find_run
from hive_tui.recording.navigation import breaks, places
from hive_tui.recording.navigation.markers import Marker, MarkerError, add, read_markers, remove
from hive_tui.recording.navigation.neighbours import KINDS, Neighbours
from hive_tui.recording.navigation.search import is_plain
from hive_tui.recording.navigation.walker import Place
from hive_tui.recording.timeline import Timeline
from hive_tui.state import AttemptState, RunState
from hive_tui.streamtext import STALL_NS

SLICE_S = 0.002
REST_S = 0.0005
LOOKS_AHEAD = 8
"""Looks at how a silence goes on behind a stretch: it is told to a quarter of a second."""
LOOK_EVERY = 64
"""Records, between two looks at the clock."""


class GivenUpError(Exception):
    """Another search was wanted, or none."""


class _Breath:
    """Lets others run after each slice of work, and ends a search that nobody wants any more."""

    def __init__(self) -> None:
        self.given_up = threading.Event()
        self._began = time.perf_counter()

    def __call__(self) -> None:
        if self.given_up.is_set():
            raise GivenUpError
        if time.perf_counter() - self._began > SLICE_S:
            time.sleep(REST_S)
            self._began = time.perf_counter()


class _Searched(Timeline):
    """A timeline that is looked through in slices."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.breath = _Breath()

    def rest(self) -> None:
        self.breath()

    def records(self, after: int) -> Iterator[Record]:
        for number, record in enumerate(super().records(after)):
            if not number % LOOK_EVERY:
                self.breath()
            yield record


class _Opened:
    """A run that was asked about."""

    def __init__(self, folder: Path, kernels: Kernels) -> None:
        self.folder = folder
        self.file = (folder / LOG).stat().st_ino
        self.timeline = _Searched(folder)
        self.run = self.timeline.blocks.header.run
        self.density = Density(self.timeline, kernels, lambda: self.timeline.breath())
        self.neighbours = Neighbours(self.timeline)

    def close(self) -> None:
        self.timeline.close()


class Timelines:
    def __init__(self, runs: Path, kernels: Kernels, environment: Mapping[str, str] = os.environ) -> None:
        """`environment` is that of the processes in which patterns are looked for."""
        self._runs = runs
        self._environment = environment
        self._kernels = kernels
        self._looking = asyncio.Lock()
        self._searching = asyncio.Lock()
        self._looked_at: _Opened | None = None
        self._searched: _Opened | None = None
        """Of its own, for a search must not hold up the lanes."""
        self._search: _Breath | None = None

    # Lanes

    async def lanes(self, asked: TimelineLanes) -> Reply:
        async with self._looking:
            return await self._in_thread(lambda: self._lanes(asked))

    def _lanes(self, asked: TimelineLanes) -> Reply:
        opened = self._looked_at = self._open(self._looked_at, asked.run)
        timeline = opened.timeline
        state = timeline.last_state()
        stop_ns = timeline.duration_ns if asked.stop_ns is None else min(asked.stop_ns, timeline.duration_ns)
        start_ns = min(max(0, asked.start_ns), stop_ns)
        bin_ns = bin_of(stop_ns - start_ns, max(2, asked.bins))
        start_ns -= start_ns % bin_ns
        moments = (start_ns, *(stop_ns + STALL_NS * part // LOOKS_AHEAD for part in range(LOOKS_AHEAD + 1)))
        edges = [timeline.state_at(timeline.seq_at(at)) for at in moments]
        rows, exact = opened.density.rows(start_ns, bin_ns, (stop_ns - start_ns) // bin_ns + 1)
        try:
            markers, problem = _marked(opened), ""
        except (MarkerError, OSError) as error:
            markers, problem = (), f"no markers: {error}"
        return TimelineOf(
            run=opened.run,
            duration_ns=timeline.duration_ns,
            start_ns=start_ns,
            bin_ns=bin_ns,
            lanes=tuple(
                _lane(each, state, _trimmed(rows.get(each.stream, [])), *_quiet(edges, each.stream, start_ns))
                for each in state.attempts
            ),
            stages=_stages(state),
            markers=markers,
            costs=_costs(state),
            exact=exact,
            problem=problem,
        )

    # Places

    async def find(self, asked: FindPlace) -> Reply:
        self.stop_finding()
        breath = self._search = _Breath()
        async with self._searching:
            return await self._in_thread(lambda: self._find(asked, breath))

    def stop_finding(self) -> None:
        """Give up the search that goes on."""
        if self._search is not None:
            self._search.given_up.set()

    def _find(self, asked: FindPlace, breath: _Breath) -> Reply:
        breath()
        opened = self._searched = self._open(self._searched, asked.run)
        timeline = opened.timeline
        timeline.breath = breath
        here = Place(asked.seq, asked.chunks)
        head, colon, rest = asked.where.partition(":")
        by_marker = asked.where == "next:marker" or head == "marker"
        markers = {each.name: each.place for each in read_markers(opened.folder, opened.run)} if by_marker else {}
        found: Place | None
        if head == "break" and colon:
            condition = breaks.parse_condition(rest)
            if condition.kind == "text" and not is_plain(condition.pattern):
                return search_apart(asked, opened.folder, self._environment, breath)
            hit = breaks.find(timeline, condition, here, backwards=asked.backwards)
            found = None if hit is None else hit.place
        elif head == "next" and colon:
            kind = next((each for each in KINDS if each == rest), None)
            if kind is None:
                return _no_place(f"{asked.where}: expected next:{', next:'.join(KINDS)}")
            found = opened.neighbours.find(kind, here, markers.values(), backwards=asked.backwards)
        else:
            found = places.resolve(places.parse(asked.where), timeline, markers)
        if found is None:
            return _no_place(f"no {_called(head, rest)} {'before' if asked.backwards else 'after'} this place")
        return PlaceFound(found.seq, found.chunks, time_of(timeline, found))

    # Markers

    async def set_marker(self, asked: SetMarker) -> Reply:
        marker = Marker(asked.name.strip(), asked.note.strip(), asked.seq, asked.chunks, time.time_ns())
        return await self._in_thread(lambda: self._write(asked, lambda folder, run: add(folder, run, marker)))

    async def remove_marker(self, asked: RemoveMarker) -> Reply:
        return await self._in_thread(lambda: self._write(asked, lambda folder, run: remove(folder, run, asked.name)))

    def _write(self, asked: SetMarker | RemoveMarker, change: Callable[[Path, str], None]) -> Reply:
        folder = find_run(self._runs, asked.run)
        timeline = Timeline(folder)
        timeline.close()
        if isinstance(asked, SetMarker) and asked.seq > timeline.last_seq:
            return _no_place(f"event {asked.seq} is not in the recording, which has {timeline.last_seq}")
        try:
            change(folder, timeline.blocks.header.run)
        except OSError as error:
            message = f"{folder / MARKERS}: the markers cannot be written: {error.strerror}"
            advice = "the recording and its markers are as they were"
            return Refused(ErrorInfo(kind="disk", message=message, advice=advice), 5)
        return Done()

    # Inside

    def _open(self, before: _Opened | None, name: str) -> _Opened:
        folder = find_run(self._runs, name)
        # Another recording may have been put in the place of one that was removed.
        if before is not None and before.folder == folder and before.file == (folder / LOG).stat().st_ino:
            before.timeline.blocks.refresh()
            before.timeline.breath = _Breath()
            return before
        opened = _Opened(folder, self._kernels)
        if before is not None:
            before.close()
        return opened

    async def _in_thread(self, work: Callable[[], Reply]) -> Reply:
        try:
            return await asyncio.to_thread(work)
        except GivenUpError:
            return Refused(ErrorInfo(kind="given_up", message="the search was given up"), 130)
        except places.PlaceError as error:
            return Refused(ErrorInfo(kind="place", message=f"{error.where}: {error.what}", advice=error.todo))
        except (breaks.ConditionError, MarkerError) as error:
            return _no_place(str(error))
        except (NoSuchRunError, OSError, ValueError) as error:
            return Refused(ErrorInfo(kind="recording", message=str(error)))


def bin_of(length_ns: int, bins: int) -> int:
    """The smallest power of two with which no more bins than that cover the length, wherever it begins."""
    bin_ns = 1
    while length_ns // bin_ns + 2 > bins:
        bin_ns *= 2
    return bin_ns


def time_of(timeline: Timeline, place: Place) -> int:
    """When what a place stands behind was recorded."""
    seq = place.seq + (place.chunks > 0)
    return timeline.record(seq).time_ns if 0 < seq <= timeline.last_seq else 0


def _called(head: str, rest: str) -> str:
    return f"place where {rest} holds" if head == "break" else rest


def _no_place(message: str) -> Refused:
    return Refused(ErrorInfo(kind="place", message=message))


def _quiet(edges: Sequence[RunState], stream: int, start_ns: int) -> tuple[int, int]:
    """How long a call was silent before a stretch, and how long it will be behind it, from the states at its start
    and from its end on."""
    at_start, at_stop, *ahead = (state.attempt(stream) for state in edges)
    last_ns = None if at_start is None else at_start.text.last_ns
    size = 0 if at_stop is None else at_stop.text.size
    same = takewhile(lambda each: each is not None and each.text.size == size > 0, ahead)
    return (0 if last_ns is None else max(0, start_ns - last_ns)), STALL_NS * len(list(same)) // LOOKS_AHEAD


def _lane(
    attempt: AttemptState, state: RunState, bins: tuple[int, ...], quiet_before_ns: int, quiet_after_ns: int
) -> CallLane:
    stage = next(
        (each for each in state.stages if each.spec.stage == attempt.stage and each.round == attempt.round), None
    )
    said = stage is not None and stage.verdict is not None and stage.streams[-1:] == (attempt.stream,)
    return CallLane(
        stream=attempt.stream,
        stage=attempt.stage,
        role="" if stage is None else stage.spec.role,
        round=attempt.round,
        number=attempt.number,
        started_ns=attempt.started_ns,
        first_ns=attempt.text.first_ns,
        ended_ns=attempt.ended_ns,
        outcome="" if attempt.outcome is None else attempt.outcome.value,
        retried=attempt.retry is not None,
        verdict=stage.verdict.value if said and stage is not None and stage.verdict is not None else "",
        verdict_ns=stage.ended_ns if said and stage is not None else None,
        bins=bins,
        quiet_before_ns=quiet_before_ns,
        quiet_after_ns=quiet_after_ns,
    )


def _trimmed(counts: list[int]) -> tuple[int, ...]:
    last = next((at for at in range(len(counts), 0, -1) if counts[at - 1]), 0)
    return tuple(counts[:last])


def _stages(state: RunState) -> tuple[StageSpan, ...]:
    spans = [
        StageSpan(f"{each.spec.stage}{f' r{each.round}' if each.round > 1 else ''}", each.started_ns, each.ended_ns)
        for each in state.stages
        if each.started_ns is not None
    ]
    return tuple(sorted(spans, key=lambda each: each.start_ns))


def _costs(state: RunState) -> tuple[tuple[int, str], ...]:
    total, found = Decimal(0), []
    ended = [(each.ended_ns, each.cost_usd) for each in state.attempts if not state.is_inherited(each.stream)]
    for at_ns, cost in sorted((at, cost) for at, cost in ended if at is not None and cost):
        total += cost
        found.append((at_ns, f"{total:f}"))
    return tuple(found)


def _marked(opened: _Opened) -> tuple[MarkedPlace, ...]:
    timeline, last = opened.timeline, opened.timeline.last_seq
    markers = read_markers(opened.folder, opened.run)
    within = markers[: bisect_left(markers, last + 1, key=lambda each: each.seq)]
    return tuple(
        MarkedPlace(each.name, each.note, each.seq, each.chunks, time_of(timeline, each.place)) for each in within
    )
