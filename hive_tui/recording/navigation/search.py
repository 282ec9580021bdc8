"""Looks for a pattern in what the streams say, in the order in which it came; a text may come in many deltas."""

from __future__ import annotations

import re
import struct
from bisect import bisect_right
from collections.abc import Iterator

import msgspec

from hive_tui.events import Channel, Delta, Record
from hive_tui.recording.navigation.walker import Place, chunk_ends
from hive_tui.recording.timeline import Timeline
from hive_tui.wire import CHUNK, DELTA_KIND, HEADER_SIZE, LENGTH_MASK, decode

LONGEST = 512
"""Characters of a text that can be found, at least: so much of a stream is looked at together with what comes next."""


Key = tuple[int, int]
"""Stream and channel."""
_PLAIN = re.compile(r"(?:[^\\^$.|?*+()\[\]{}]|\\[^a-zA-Z0-9\s]|\\ |\\s\+)+")
"""Patterns of words, with any space between."""
_TOKEN = re.compile(
    r"(?P<edge>[\^$]|\\[AbBZ])|(?P<look>\(\?<?[=!])|\((?:\?:|\?P<\w+>|(?!\?))|[*+?}](?!\+)|\[\^?\]?(?:[^\]\\]|\\.)*\]"
    r"|\\[^a-zA-Z0-9]|\\[dDsSwWnrtfv]|[^\\^$\[(*+?}]",
    re.DOTALL,
)
"""What patterns consist of whose match is a match whatever stands around it, but for edges and what looks around; not
what points back, or never gives back what it took."""
WINDOW = 2_048
"""Characters: a text is looked through in windows of four times as many, for some patterns take the square of it."""
_HEAD = struct.Struct("<II4xIQ8xII")
"""Of a delta's record: length, kind and flags, stream, sequence, channel, chunks."""
_LAST_CHANNEL = max(Channel)


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


def around(pattern: re.Pattern[str]) -> re.Pattern[str] | None:
    """One that has a match in every text that has a text in it in which `pattern` has one: without all that asks what
    stands around. `None` where none is known."""
    kept, at, depth, looking = [], 0, 0, 0
    while at < len(pattern.pattern):
        token = _TOKEN.match(pattern.pattern, at)
        if token is None:
            return None
        at = token.end()
        depth += token[0].startswith("(") - (token[0] == ")")
        if looking:
            looking = 0 if depth < looking else looking
        elif token["look"]:
            looking = depth
            kept.append("(?:)")
        else:
            kept.append("(?:)" if token["edge"] else token[0])
    return re.compile("".join(kept), pattern.flags)


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
    places, anywhere = timeline.blocks.places, around(pattern)
    index = max(0, bisect_right(places, after.seq + 1, key=lambda place: place.span.first_seq) - 1)
    while index < len(places) and (span := places[index].span).first_seq <= until:
        timeline.rest()
        if anywhere is not None and after.seq < span.first_seq and span.last_seq <= until:
            texts, longest = _texts(timeline.blocks.raw(index))
            longer = {key: tails.get(key, "") + text for key, text in texts.items()}
            if not any(_has(anywhere, text, longest) for text in longer.values()):
                tails |= {key: text[-LONGEST:] for key, text in longer.items()}
                index += 1
                continue
        yield from _completed(timeline.blocks.raw(index), pattern, after, until, tails)
        index += 1


def _completed(
    raw: bytes, pattern: re.Pattern[str], after: Place, until: int, tails: dict[Key, str]
) -> Iterator[Found]:
    """What the records of a block behind `after` and up to `until` make complete; takes their text into `tails`."""
    offset, whole = 0, len(raw) - _HEAD.size
    while offset <= whole:
        length, kind, stream, seq, channel, count = _HEAD.unpack_from(raw, offset)
        begin, offset = offset, offset + HEADER_SIZE + length
        if kind != DELTA_KIND or channel > _LAST_CHANNEL or seq <= after.seq:
            continue
        if seq > until:
            return
        start = begin + _HEAD.size + count * CHUNK.size
        if not start <= offset <= len(raw):
            decode(raw, begin)  # Says what is wrong with it.
        try:
            fresh = raw[start:offset].decode()
        except UnicodeDecodeError:
            decode(raw, begin)
            raise
        tail = tails.get((stream, channel), "")
        said = tail + fresh
        tails[stream, channel] = said[-LONGEST:]
        for found in pattern.finditer(said):
            if found.end() <= len(tail) or not found[0]:
                continue
            record, _ = decode(raw, begin)
            place = _behind(record, len(said[len(tail) : found.end()].encode()))
            if place > after:
                yield Found(place, record.time_ns, stream, found[0])


def _has(pattern: re.Pattern[str], text: str, longest: int) -> bool:
    """Whether a pattern is in a text; if not, in no piece of it of `longest` characters with `LONGEST` before it."""
    step = max(WINDOW, longest)
    return any(pattern.search(text[at : at + 4 * step + LONGEST]) for at in range(0, len(text), 3 * step))


def _texts(raw: bytes) -> tuple[dict[Key, str], int]:
    """All text of a block by stream and channel, and the bytes of the longest piece of it."""
    parts: dict[Key, list[bytes]] = {}
    longest, offset, whole = 0, 0, len(raw) - _HEAD.size
    while offset <= whole:
        length, kind, stream, _seq, channel, count = _HEAD.unpack_from(raw, offset)
        stop = offset + HEADER_SIZE + length
        if kind == DELTA_KIND:
            piece = raw[offset + _HEAD.size + count * CHUNK.size : stop]
            longest = max(longest, len(piece))
            try:
                parts[stream, channel].append(piece)
            except KeyError:
                parts[stream, channel] = [piece]
        offset = stop
    return {key: b"".join(pieces).decode(errors="replace") for key, pieces in parts.items()}, longest


def _behind(record: Record, size: int) -> Place:
    """Behind the chunk of a delta that holds the last of its first `size` bytes."""
    assert isinstance(record.event, Delta)
    lengths = [length & LENGTH_MASK for _, length in CHUNK.iter_unpack(record.event.table)]
    ends = chunk_ends(record)
    for shown, end in enumerate(ends[:-1], 1):
        if sum(lengths[:end]) >= size:
            return Place(record.seq - 1, shown)
    return Place(record.seq)
