"""Looks for a pattern in what the streams say, in the order in which it came; a text may come in many deltas."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator

import msgspec

from hive_tui.events import Delta, Record
from hive_tui.recording.navigation.walker import Place, chunk_ends
from hive_tui.recording.timeline import Timeline
from hive_tui.wire import CHUNK, DELTA_HEAD, DELTA_KIND, HEADER, HEADER_SIZE, LENGTH_MASK

LONGEST = 512
"""Characters of a text that can be found, at least: so much of a stream is looked at together with what comes next."""


Key = tuple[int, int]
"""Stream and channel."""
_PLAIN = re.compile(r"(?:[^\\^$.|?*+()\[\]{}]|\\[^a-zA-Z0-9\s]|\\ |\\s\+)+")
"""Patterns of words, with any space between: where a block's whole text has none, no piece of it has one. They are
looked for in a block at a time, which takes a quarter of the time that records do."""


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


def is_plain(pattern: str) -> bool:
    """Whether a pattern is no more than words: it takes a time that grows with the text, and no more."""
    return _PLAIN.fullmatch(pattern) is not None


def find_text(timeline: Timeline, pattern: re.Pattern[str], after: Place) -> Found | None:
    """The first text that is complete behind a place. Raises as `texts_found`."""
    return next(texts_found(timeline, pattern, after, timeline.last_seq), None)


def texts_found(timeline: Timeline, pattern: re.Pattern[str], after: Place, until: int) -> Iterator[Found]:
    """All that are complete behind a place and with the event `until`, in their order; looks at every event between.

    Raises:
        DamagedError: a block on the way there is damaged.
        hive_tui.wire.WireError: a sound block holds bytes that are no records.
    """
    tails: dict[Key, str] = {}
    for attempt in timeline.state_at(after.seq).attempts:
        for channel, text in attempt.text.segments(attempt.text.tail(LONGEST * 4)):
            key = attempt.stream, int(channel)
            tails[key] = (tails.get(key, "") + text)[-LONGEST:]
    places, whole = timeline.blocks.places, is_plain(pattern.pattern)
    index = max(0, bisect_right(places, after.seq + 1, key=lambda place: place.span.first_seq) - 1)
    while index < len(places) and (span := places[index].span).first_seq <= until:
        timeline.rest()
        if whole and after.seq < span.first_seq and span.last_seq <= until:
            texts = _texts(timeline.blocks.raw(index))
            longer = {key: tails.get(key, "") + text for key, text in texts.items()}
            if not any(map(pattern.search, longer.values())):
                tails |= {key: text[-LONGEST:] for key, text in longer.items()}
                index += 1
                continue
        for record in timeline.records(max(after.seq, span.first_seq - 1)):
            if record.seq > min(until, span.last_seq):
                break
            yield from _completed(record, pattern, after, tails)
        index += 1


def _completed(record: Record, pattern: re.Pattern[str], after: Place, tails: dict[Key, str]) -> Iterator[Found]:
    """What a record makes complete; takes its text into `tails`."""
    delta = record.event
    if not isinstance(delta, Delta):
        return
    key = record.stream, int(delta.channel)
    tail, fresh = tails.get(key, ""), delta.data.decode()
    tails[key] = (tail + fresh)[-LONGEST:]
    for found in pattern.finditer(tail + fresh):
        if found.end() <= len(tail) or not found[0]:
            continue
        place = _behind(record, len((tail + fresh)[len(tail) : found.end()].encode()))
        if place > after:
            yield Found(place, record.time_ns, record.stream, found[0])


def _texts(raw: bytes) -> dict[Key, str]:
    """All text of a block by stream and channel."""
    parts: dict[Key, list[bytes]] = {}
    offset, end = 0, len(raw)
    while offset < end:
        length, kind, flags, _slot, stream, _seq, _time = HEADER.unpack_from(raw, offset)
        start = offset + HEADER_SIZE
        offset = start + length
        if kind == DELTA_KIND and not flags and length >= DELTA_HEAD.size:
            channel, count = DELTA_HEAD.unpack_from(raw, start)
            parts.setdefault((stream, channel), []).append(raw[start + DELTA_HEAD.size + count * CHUNK.size : offset])
    return {key: b"".join(pieces).decode(errors="replace") for key, pieces in parts.items()}


def _behind(record: Record, size: int) -> Place:
    """Behind the chunk of a delta that holds the last of its first `size` bytes."""
    assert isinstance(record.event, Delta)
    lengths = [length & LENGTH_MASK for _, length in CHUNK.iter_unpack(record.event.table)]
    ends = chunk_ends(record)
    for shown, end in enumerate(ends[:-1], 1):
        if sum(lengths[:end]) >= size:
            return Place(record.seq - 1, shown)
    return Place(record.seq)
