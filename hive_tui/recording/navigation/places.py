"""How a person names a place of a run, and where that is: `50%`, `12.5s`, `event:1200`, `stage:refiner`, `error`.

A place stands behind an event: behind the start of a stage, behind the chunk that made a text complete.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Literal

import msgspec

from hive_tui.events import Delta
from hive_tui.recording.navigation.search import find_text, words_pattern
from hive_tui.recording.navigation.soonest import soonest
from hive_tui.recording.navigation.walker import Place, chunk_ends
from hive_tui.recording.timeline import Timeline
from hive_tui.state import RunState
from hive_tui.wire import CHUNK, CONTINUES

Kind = Literal["percent", "time", "event", "chunk", "stage", "stage end", "round", "marker", "text", "error"]
WORDS = (
    "0%..100%, 12.5s, 1m30s, 500ms, event:N, chunk:N, stage:NAME, stage:NAME:end, round:N, marker:NAME, text:WORDS, \
error, error:N, start or end"
)
_DURATION = re.compile(
    r"(?:(?P<h>\d{1,6})h)?(?:(?P<m>\d{1,9})m(?!s))?(?:(?P<s>\d{1,12}(?:\.\d{1,9})?) ?s)?"
    r"(?:(?P<ms>\d{1,15}(?:\.\d{1,6})?) ?ms)?",
    re.ASCII,
)
_CLOCK = re.compile(r"(?:(?P<h>\d{1,6}):)?(?P<m>\d{1,9}):(?P<s>\d\d(?:\.\d{1,9})?)", re.ASCII)
"""As the screen says a time: what is read there can be typed."""
_PERCENT = re.compile(r"(\d{1,3}(?:\.\d{1,15})?)%", re.ASCII)
_NUMBER = re.compile(r"\d{1,18}", re.ASCII)
_NS = {"h": 3600 * 10**9, "m": 60 * 10**9, "s": 10**9, "ms": 10**6}


class PlaceError(ValueError):
    """A place that no run has, or not this one. Reads as `where: what` and a second line with what to do."""

    def __init__(self, what: str, where: str, todo: str = "") -> None:
        super().__init__(what, where, todo)
        self.what = what
        self.where = where
        """The words that were meant to name a place."""
        self.todo = todo

    def __str__(self) -> str:
        return f"{self.where}: {self.what}" + (f"\n  {self.todo}" if self.todo else "")


class Where(msgspec.Struct, frozen=True):
    """A place as it was named; where that is, a run must tell."""

    text: str
    kind: Kind
    name: str = ""
    """Of the stage or the marker, or the words looked for."""
    number: int = 0
    """Of the event, chunk, round or error, from 1 on; of a time, nanoseconds."""
    percent: Decimal = Decimal(0)


def parse(text: str) -> Where:
    """Raises:
    PlaceError: no place is named so.
    """
    text = text.strip()
    if text in ("start", "end"):
        return Where(text, "percent", percent=Decimal(100 if text == "end" else 0))
    if found := _PERCENT.fullmatch(text):
        percent = Decimal(found[1])
        if percent > 100:
            raise PlaceError("expected a percentage of the run's time, up to 100%", text)
        return Where(text, "percent", percent=percent)
    if text and (found := _DURATION.fullmatch(text) or _CLOCK.fullmatch(text)):
        parts = [Decimal(value) * _NS[unit] for unit, value in found.groupdict().items() if value is not None]
        return Where(text, "time", number=int(sum(parts)))
    head, colon, rest = text.partition(":")
    match head:
        case "event" | "chunk" | "round" if colon:
            return Where(text, head, number=_number(text, rest, least=0 if head in ("event", "chunk") else 1))
        case "error":
            return Where(text, "error", number=_number(text, rest, least=1) if colon else 1)
        case "stage" if rest:
            name = rest.removesuffix(":end")
            if name:
                return Where(text, "stage" if name == rest else "stage end", name)
        case "marker" | "text" if rest.strip():
            return Where(text, head, rest.strip())
    hint = f"did you mean {text}%, {text}s or event:{text}?" if _NUMBER.fullmatch(text) else f"expected {WORDS}"
    raise PlaceError("names no place of a run", text or "(empty)", hint)


def resolve(where: Where, timeline: Timeline, markers: Mapping[str, Place]) -> Place:
    """The place in this run; a time behind its end is its end.

    Raises:
        PlaceError: this run has no such place.
        DamagedError: a block on the way there is damaged.
        hive_tui.wire.WireError: a sound block holds bytes that are no records.
    """
    match where.kind:
        case "percent":
            return Place(_percent(where.percent, timeline))
        case "time":
            return Place(timeline.seq_at(where.number))
        case "event":
            if where.number > timeline.last_seq:
                raise PlaceError("there is no such event", where.text, f"the run has {timeline.last_seq}")
            return Place(where.number)
        case "chunk":
            return _chunk(where, timeline)
        case "marker":
            return _marker(where, markers)
        case "text":
            found = find_text(timeline, words_pattern(where.name), Place())
            if found is None:
                raise PlaceError("no stream says that", where.text, "letters may be large or small; the rest must fit")
            return found.place
    seq = soonest(timeline, lambda state: _has(where, state))
    if seq is None:
        raise PlaceError(*_missing(where, timeline))
    return Place(seq)


def _number(text: str, digits: str, least: int) -> int:
    if not _NUMBER.fullmatch(digits) or int(digits) < least:
        raise PlaceError(f"expected a number from {least} on behind the colon", text)
    return int(digits)


def _percent(percent: Decimal, timeline: Timeline) -> int:
    if percent == 100:
        return timeline.last_seq
    return timeline.seq_at(int(timeline.duration_ns * percent / 100)) if percent else 0


def _chunk(where: Where, timeline: Timeline) -> Place:
    """Behind the chunk with that number, of all streams as they were recorded."""
    if not where.number:
        return Place()
    found = behind_chunk(timeline, where.number, chunks_of)
    if found is None:
        count = chunks_of(timeline.last_state())
        raise PlaceError("there is no such chunk", where.text, f"the run has {count}")
    return found


def behind_chunk(timeline: Timeline, number: int, count: Callable[[RunState], int]) -> Place | None:
    """Behind the chunk, from 1 on, with which `count` comes to its number; `None` when it never does.

    `count` is of chunks: of all streams, or of some.

    Raises:
        DamagedError: a block on the way there is damaged.
        hive_tui.wire.WireError: a sound block holds bytes that are no records.
    """
    seq = soonest(timeline, lambda state: count(state) >= number)
    if seq is None:
        return None
    before, record = count(timeline.state_at(seq - 1)), timeline.record(seq)
    ends, delta = chunk_ends(record), record.event
    assert isinstance(delta, Delta)
    # A first piece that goes on with a chunk of an earlier delta counted there.
    begun_before = bool(delta.table) and CHUNK.unpack_from(delta.table)[1] >= CONTINUES
    shown = number - before + begun_before
    return Place(seq) if shown >= len(ends) else Place(seq - 1, shown)


def _marker(where: Where, markers: Mapping[str, Place]) -> Place:
    if where.name not in markers:
        known = ", ".join(sorted(markers)) or "none; `hive mark` sets one"
        raise PlaceError("there is no such marker", where.text, f"the run's markers: {known}")
    return markers[where.name]


def chunks_of(state: RunState) -> int:
    """How many chunks all streams have brought."""
    return sum(attempt.text.chunks for attempt in state.attempts)


def errors_of(state: RunState) -> int:
    """How many attempts have failed, and whether the run has."""
    return sum(attempt.error is not None for attempt in state.attempts) + (state.error is not None)


def _has(where: Where, state: RunState) -> bool:
    match where.kind:
        case "stage":
            return any(each.spec.stage == where.name and each.started_ns is not None for each in state.stages)
        case "stage end":
            return any(each.spec.stage == where.name and each.ended_ns is not None for each in state.stages)
        case "round":
            return any(each.round == where.number and each.started_ns is not None for each in state.stages)
    return errors_of(state) >= where.number


def _missing(where: Where, timeline: Timeline) -> tuple[str, str, str]:
    state = timeline.last_state()
    match where.kind:
        case "stage" | "stage end":
            names = [each.spec.stage for each in state.stages]
            what = "there is no such stage"
            if where.name in names:
                what = "the stage never ended" if where.kind == "stage end" else "the stage never began"
            return what, where.text, "the run's stages: " + (", ".join(dict.fromkeys(names)) or "none yet")
        case "round":
            last = max((each.round for each in state.stages if each.started_ns is not None), default=0)
            return "there is no such round", where.text, f"the run has {last}"
    return "there is no such error", where.text, f"the run has {errors_of(state)}"
