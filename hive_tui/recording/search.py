"""Looks for a pattern in what the streams say, in the order in which it came; a text may come in many deltas."""

from __future__ import annotations

import re
from collections.abc import Iterator

import msgspec

from hive_tui.events import Channel, Delta, Record
from hive_tui.recording.timeline import Timeline
from hive_tui.recording.walker import Place, chunk_ends
from hive_tui.wire import CHUNK, LENGTH_MASK

LONGEST = 512
"""Characters of a text that can be found, at least: so much of a stream is looked at together with what comes next."""


class Found(msgspec.Struct, frozen=True):
    """A text that was found."""

    place: Place
    """Behind the chunk that made it complete."""
    time_ns: int
    """Of that chunk's event."""
    stream: int
    text: str


def words_pattern(words: str) -> re.Pattern[str]:
    """Finds these words, in large or small letters, whatever space is between them."""
    return re.compile(r"\s+".join(map(re.escape, words.split())), re.IGNORECASE)


def find_text(timeline: Timeline, pattern: re.Pattern[str], after: Place) -> Found | None:
    """The first text that is complete behind a place. Raises as `texts_found`."""
    return next(texts_found(timeline, pattern, after, timeline.last_seq), None)


def texts_found(timeline: Timeline, pattern: re.Pattern[str], after: Place, until: int) -> Iterator[Found]:
    """All that are complete behind a place and with the event `until`, in their order; looks at every event between.

    Raises:
        DamagedError: a block on the way there is damaged.
        hive_tui.wire.WireError: a sound block holds bytes that are no records.
    """
    tails: dict[tuple[int, Channel], str] = {}
    for attempt in timeline.state_at(after.seq).attempts:
        for channel, text in attempt.text.segments(attempt.text.tail(LONGEST * 4)):
            key = attempt.stream, channel
            tails[key] = (tails.get(key, "") + text)[-LONGEST:]
    for record in timeline.records(after.seq):
        if record.seq > until:
            return
        delta = record.event
        if not isinstance(delta, Delta):
            continue
        key = record.stream, delta.channel
        tail, fresh = tails.get(key, ""), delta.data.decode()
        tails[key] = (tail + fresh)[-LONGEST:]
        for found in pattern.finditer(tail + fresh):
            if found.end() <= len(tail) or not found[0]:
                continue
            place = _behind(record, len((tail + fresh)[len(tail) : found.end()].encode()))
            if place > after:
                yield Found(place, record.time_ns, record.stream, found[0])


def _behind(record: Record, size: int) -> Place:
    """Behind the chunk of a delta that holds the last of its first `size` bytes."""
    assert isinstance(record.event, Delta)
    lengths = [length & LENGTH_MASK for _, length in CHUNK.iter_unpack(record.event.table)]
    ends = chunk_ends(record)
    for shown, end in enumerate(ends[:-1], 1):
        if sum(lengths[:end]) >= size:
            return Place(record.seq - 1, shown)
    return Place(record.seq)
