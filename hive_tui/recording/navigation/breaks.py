"""Break points: where a condition is met in a run, the next place or the one before.

What events state is found from the keyframes in a few seeks. Texts and gaps are looked for in all that lies between:
forward from the place, backward in stretches of blocks, the nearest first.
"""

from __future__ import annotations

import re
import struct
from bisect import bisect_right
from collections.abc import Callable, Iterator
from decimal import Decimal
from itertools import pairwise
from typing import Literal

import msgspec

from hive_tui.events import Channel, Delta, Outcome, Record
from hive_tui.recording.navigation.search import texts_found
from hive_tui.recording.navigation.soonest import soonest
from hive_tui.recording.navigation.walker import Place, chunk_ends
from hive_tui.recording.timeline import Timeline
from hive_tui.state import AttemptState, RunState
from hive_tui.wire import CONTINUES, DELTA_KIND, HEADER_SIZE, decode
from hive_tui.wire import chunks as wire_chunks

FORMS = "text:PATTERN, gap:MS, cost:USD, finish, diverge or retry"
STRETCH = 32
"""Blocks that are gone through forward at a time when one looks backward, at most: to begin anew costs about as much as
two. The first time it is one, for what is looked for may be near."""
_LAST_CHANNEL = max(Channel)
_DELTA = struct.Struct("<II4xIQQIIII")
"""Of a delta's record: length, kind and flags, stream, sequence, time; channel, chunks; its first chunk's two words."""
_LEAST = _DELTA.size - HEADER_SIZE
_AMOUNT = re.compile(r"\d{1,12}(\.\d{1,12})?")


class ConditionError(ValueError):
    """Words that are no condition; the message says what one looks like."""


class Condition(msgspec.Struct, frozen=True):
    kind: Literal["text", "gap", "cost", "finish", "diverge", "retry"]
    pattern: str = ""
    """A regular expression, for large and small letters alike."""
    amount: Decimal = Decimal(0)
    """Milliseconds of a gap, or a cost in USD; what is more meets the condition."""


class Hit(msgspec.Struct, frozen=True):
    """Where a condition is met."""

    place: Place
    """Behind what meets it."""
    time_ns: int
    """Of the event that does."""
    stream: int
    """0 when it is the run itself."""


def parse_condition(text: str) -> Condition:
    """Raises:
    ConditionError: no condition is written so.
    """
    head, colon, rest = text.strip().partition(":")
    match head:
        case "finish" | "diverge" | "retry" if not colon:
            return Condition(head)
        case "gap" | "cost" if _AMOUNT.fullmatch(rest):
            return Condition(head, amount=Decimal(rest))
        case "text" if rest:
            try:
                re.compile(rest)
            except re.error as error:
                raise ConditionError(f"{text}: no regular expression: {error}") from error
            return Condition("text", pattern=rest)
    raise ConditionError(f"{text or '(empty)'}: expected {FORMS}")


def find(timeline: Timeline, condition: Condition, after: Place, *, backwards: bool = False) -> Hit | None:
    """The next place behind `after`, or the last before it, where the condition is met.

    Raises:
        DamagedError: a block on the way there is damaged.
        hive_tui.wire.WireError: a sound block holds bytes that are no records.
    """
    match condition.kind:
        case "text":
            pattern = re.compile(condition.pattern, re.IGNORECASE)
            return _scanned(timeline, lambda place, until: _texts(timeline, pattern, place, until), after, backwards)
        case "gap":
            gap_ns = int(condition.amount * 1_000_000)
            return _scanned(timeline, lambda place, until: _gaps(timeline, gap_ns, place, until), after, backwards)
        case "cost":
            return _counted(timeline, lambda state: int(_cost(state) > condition.amount), after, backwards)
        case "finish":
            return _counted(timeline, _bad_ends, after, backwards)
        case "diverge":
            return _counted(timeline, _divergences, after, backwards)
    return _counted(timeline, lambda state: sum(a.retry is not None for a in state.attempts), after, backwards)


def _counted(timeline: Timeline, count: Callable[[RunState], int], after: Place, backwards: bool) -> Hit | None:
    """Where a count that never falls has risen."""
    if backwards:
        wanted = count(timeline.state_at(after.seq if after.chunks else max(0, after.seq - 1)))
    else:
        wanted = count(timeline.state_at(after.seq)) + 1
    seq = soonest(timeline, lambda state: count(state) >= wanted) if wanted else None
    if seq is None:
        return None
    record = timeline.record(seq)
    return Hit(Place(seq), record.time_ns, record.stream)


def _scanned(
    timeline: Timeline, hits: Callable[[Place, int], Iterator[Hit]], after: Place, backwards: bool
) -> Hit | None:
    if not backwards:
        return next(hits(after, timeline.last_seq), None)
    places = timeline.blocks.places
    stop = bisect_right(places, after.seq + 1, key=lambda place: place.span.first_seq)
    stretch = 1
    while stop > 0:
        begin = max(0, stop - stretch)
        last = None
        for hit in hits(Place(places[begin].span.first_seq - 1), places[stop - 1].span.last_seq):
            if hit.place >= after:
                break
            last = hit
        if last is not None:
            return last
        stop, stretch = begin, min(2 * stretch, STRETCH)
    return None


def _texts(timeline: Timeline, pattern: re.Pattern[str], after: Place, until: int) -> Iterator[Hit]:
    for found in texts_found(timeline, pattern, after, until):
        yield Hit(found.place, found.time_ns, found.stream)


def _gaps(timeline: Timeline, gap_ns: int, after: Place, until: int) -> Iterator[Hit]:
    """Each chunk that came so long after the chunk before it of the same stream."""
    last = {each.stream: each.text.last_ns for each in timeline.state_at(after.seq).attempts}
    places = timeline.blocks.places
    index = max(0, bisect_right(places, after.seq + 1, key=lambda place: place.span.first_seq) - 1)
    while index < len(places) and places[index].span.first_seq <= until:
        timeline.rest()
        raw = timeline.blocks.raw(index)
        for offset, number in _late_entries(raw, gap_ns, last, after.seq, until):
            record, _ = decode(raw, offset)
            place = _behind_entry(record, number)
            if place > after:
                yield Hit(place, record.time_ns, record.stream)
        index += 1


def _late_entries(
    raw: bytes, gap_ns: int, last: dict[int, int | None], after: int, until: int
) -> Iterator[tuple[int, int]]:
    """(where a delta stands, which entry of its chunk table) of each chunk that came late, in records behind `after`
    and up to `until`; `last` is when each stream's last one came.

    No event is made for a delta, which takes a tenth of the time.

    Raises:
        hive_tui.wire.WireError: bytes that are no records.
    """
    unpack, offset, whole, had = _DELTA.unpack_from, 0, len(raw) - _DELTA.size, last.get
    while offset <= whole:
        length, kind, stream, seq, time_ns, channel, chunks, age_us, size = unpack(raw, offset)
        begin, offset = offset, offset + HEADER_SIZE + length
        if kind != DELTA_KIND or not chunks or channel > _LAST_CHANNEL or seq <= after:
            continue
        if seq > until:
            return
        if chunks == 1 and length >= _LEAST and offset <= len(raw):
            came_ns, before = time_ns - age_us * 1000, had(stream)
            last[stream] = came_ns
            if before is not None and came_ns - before > gap_ns and size < CONTINUES:
                yield begin, 0
            continue
        record, _ = decode(raw, begin)
        assert isinstance(record.event, Delta)
        for number, (age_us, _, continues) in enumerate(wire_chunks(record.event.table)):
            came_ns, before = time_ns - age_us * 1000, had(stream)
            last[stream] = came_ns
            if before is not None and not continues and came_ns - before > gap_ns:
                yield begin, number


def _behind_entry(record: Record, number: int) -> Place:
    """Behind the chunk that an entry of the chunk table belongs to."""
    ends = chunk_ends(record)
    shown = next(at for at, end in enumerate(ends, 1) if end > number)
    return Place(record.seq) if shown == len(ends) else Place(record.seq - 1, shown)


def _cost(state: RunState) -> Decimal:
    """Of what is known and was not paid in a fork's parent; a cost that is reported later can only add to it."""
    own = (each.cost_usd for each in state.attempts if not state.is_inherited(each.stream))
    return sum((cost for cost in own if cost is not None), Decimal(0))


def _bad_ends(state: RunState) -> int:
    def is_bad(attempt: AttemptState) -> bool:
        return attempt.outcome is not None and (attempt.outcome, attempt.finish_reason) != (Outcome.FINISHED, "stop")

    return sum(map(is_bad, state.attempts))


def _divergences(state: RunState) -> int:
    """How often a stage's verdict was another than the one before it."""
    ended = sorted((each.ended_ns or 0, each.verdict) for each in state.stages if each.verdict is not None)
    return sum(one[1] != other[1] for one, other in pairwise(ended))
