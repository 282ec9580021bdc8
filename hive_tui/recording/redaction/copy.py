"""Copies a recording without some of its texts: a new run with a chain of its own, which names its source.

Every event keeps its number, its time and its stream, every chunk its time; so a place of the source is the same place
of the copy. What cannot be read here (an event of an unknown kind) keeps its place and loses its content.
"""

from __future__ import annotations

import re
import struct
from collections import Counter, defaultdict
from collections.abc import Iterator
from pathlib import Path

import msgspec
from msgspec.structs import replace

from hive_tui import __version__, wire
from hive_tui.events import AttemptStarted, Carried, Channel, Delta, Event, RunEnded, RunStarted, StageEnded, Unknown
from hive_tui.recording.batches import append_all
from hive_tui.recording.format import LogHeader
from hive_tui.recording.navigation.walker import chunk_ends
from hive_tui.recording.redaction.blots import Range, blotted, blotted_delta, in_bytes, moved
from hive_tui.recording.redaction.finding import Redaction, Span, Voice
from hive_tui.recording.redaction.freetext import Change, Sort, changed
from hive_tui.recording.summary import summarise, write_summary
from hive_tui.recording.timeline import Timeline
from hive_tui.recording.writer import LogWriter
from hive_tui.wire import CHUNK, DELTA_HEAD, DELTA_KIND, HEADER, HEADER_SIZE, LENGTH_MASK

_HEAD = HEADER_SIZE + DELTA_HEAD.size
_LAST_CHANNEL = int(max(Channel))
_DELTA = struct.Struct("<II4xI16xII")
"""Of a delta's record: length, kind and flags, stream; channel, chunks."""


class NothingFoundError(LookupError):
    """There is nothing to take out; nothing was written."""


class Taken(msgspec.Struct, frozen=True):
    """How many texts were taken out of one place."""

    place: str
    """Such as `stage refiner, call 1: answer`."""
    count: int


class Redacted(msgspec.Struct, frozen=True):
    """What was taken out; never the text itself."""

    run: str
    """The new one's."""
    source: str
    taken: tuple[Taken, ...]
    emptied: int
    """Events of unknown kinds, whose content could not be looked at."""
    left: tuple[Taken, ...]
    """Where words of the span stand in what others said: they were not asked for."""


def redact(timeline: Timeline, rule: re.Pattern[str] | Span, run: str, target: Path) -> Redacted:
    """Write the copy, as the run `run`, into the folder `target`, which is empty or not there.

    Raises:
        NothingFoundError: the rule fits nothing.
        DamagedError: a block of the source is damaged.
        hive_tui.wire.WireError: a sound block holds bytes that are no records.
        OSError: `target` cannot be written; what was written of it is left there.
    """
    redaction = Redaction(rule)
    said, labels = _gather(timeline, redaction)
    ranges = {voice: in_bytes(said[voice].decode(), found) for voice, found in redaction.voices.items()}
    copier = _Copier(redaction, ranges, labels, run)
    source = timeline.blocks.header
    header = LogHeader(run=run, wall_ns=source.wall_ns, version=__version__, source=source.run)
    writer = LogWriter(target, header, lambda job: job())
    append_all(writer, (piece for raw in _blocks(timeline) for piece in copier.block(raw)))
    writer.finish()
    if writer.seal_error is not None:
        raise writer.seal_error
    taken = copier.taken()
    if not taken:
        raise NothingFoundError("nothing of the run fits; nothing was written")
    copy = Timeline(target)
    try:
        write_summary(target, summarise(copy.last_state()))
    finally:
        copy.close()
    left = Counter[str]()
    for voice, data in said.items():
        found = redaction.left_in(blotted(data.decode(), redaction.voices.get(voice, ())))
        left[_said_by(labels, voice)] += found
    return Redacted(run, source.run, taken, copier.emptied, _counted(left))


def _blocks(timeline: Timeline) -> Iterator[bytes]:
    for index in range(len(timeline.blocks.places)):
        yield timeline.blocks.raw(index)


def _counted(counts: Counter[str]) -> tuple[Taken, ...]:
    return tuple(Taken(place, count) for place, count in counts.items() if count)


def _said_by(labels: dict[int, str], voice: Voice) -> str:
    return f"{labels.get(voice[0], f'stream {voice[0]}')}: {Channel(voice[1]).name.lower()}"


def _gather(timeline: Timeline, redaction: Redaction) -> tuple[dict[Voice, bytes], dict[int, str]]:
    """What each channel says, and how each stream is called; `redaction` finds in it what is to go."""
    parts = defaultdict[Voice, list[bytes]](list)
    spanned = defaultdict[Voice, list[Range]](list)
    sizes = Counter[Voice]()
    facts: list[tuple[int, int, Event]] = []
    labels: dict[int, str] = {}
    for raw in _blocks(timeline):
        for offset, behind, voice, begin in _records(raw):
            if voice is None:
                record, _ = wire.decode(raw, offset)
                facts.append((record.seq, record.stream, record.event))
                if isinstance(record.event, AttemptStarted):
                    labels.setdefault(record.stream, _label(record.event, redaction))
                continue
            if redaction.span is not None:
                found = _in_span(raw, offset, begin, redaction.span)
                if found is not None:
                    spanned[voice].append((sizes[voice] + found[0], sizes[voice] + found[1]))
                sizes[voice] += behind - begin
            parts[voice].append(raw[begin:behind])
    said = {voice: b"".join(each) for voice, each in parts.items()}
    redaction.find(said, spanned, facts)
    return said, labels


def _label(event: AttemptStarted, redaction: Redaction) -> str:
    stage = blotted(event.stage, redaction.matches(event.stage))
    return f"stage {stage}, call {event.number}"


def _records(raw: bytes) -> Iterator[tuple[int, int, Voice | None, int]]:
    """Where each record of a sound block begins and ends, who speaks in it, and where the text begins.

    Nobody speaks in an event that is no delta, or of a channel that is not known.
    """
    offset, end, unpack = 0, len(raw), _DELTA.unpack_from
    while offset < end:
        if offset + _DELTA.size > end:  # Too short for a delta.
            behind = offset + HEADER_SIZE + HEADER.unpack_from(raw, offset)[0]
            yield offset, behind, None, behind
            offset = behind
            continue
        length, kind, stream, channel, chunks = unpack(raw, offset)
        behind = offset + HEADER_SIZE + length
        if kind == DELTA_KIND and channel <= _LAST_CHANNEL:
            yield offset, behind, (stream, channel), offset + _HEAD + chunks * CHUNK.size
        else:
            yield offset, behind, None, behind
        offset = behind


def _in_span(raw: bytes, offset: int, text: int, span: Span) -> Range | None:
    """Which bytes of a delta's text came in the span."""
    record, _ = wire.decode(raw, offset)
    if span.streams is not None and record.stream not in span.streams:
        return None
    delta = record.event
    assert isinstance(delta, Delta)
    ends = [0, *chunk_ends(record)]
    lengths = [length & LENGTH_MASK for _, length in CHUNK.iter_unpack(raw[offset + _HEAD : text])]
    bounds = []
    for place in (span.after, span.until):
        shown = 0 if record.seq > place.seq else len(ends) - 1
        if record.seq == place.seq + 1:
            shown = min(place.chunks, len(ends) - 1)
        # The whole delta is all of its text, also what belongs to no chunk.
        bounds.append(sum(lengths[: ends[shown]]) if shown < len(ends) - 1 else len(delta.data))
    return (bounds[0], bounds[1]) if bounds[0] < bounds[1] else None


class _Copier:
    """Gives each record as it is in the copy, and counts what it takes out."""

    def __init__(
        self, redaction: Redaction, ranges: dict[Voice, list[Range]], labels: dict[int, str], run: str
    ) -> None:
        self._redaction = redaction
        self._labels = labels
        self._run = run
        self._ranges = ranges
        """What is taken out of each channel, in bytes."""
        self._at = Counter[Voice]()
        """Bytes of a channel that were copied or taken out."""
        self._due = Counter[Voice]()
        """The first of a channel's ranges that ends behind them."""
        self._stages: dict[str, str] = {}
        self._counts = Counter[str]()
        self.emptied = 0

    def taken(self) -> tuple[Taken, ...]:
        for voice, ranges in self._redaction.voices.items():
            self._counts[_said_by(self._labels, voice)] += len(ranges)
        return _counted(self._counts)

    def block(self, raw: bytes) -> Iterator[bytes]:
        """A block's records, in pieces that hold whole ones."""
        kept = 0
        for offset, behind, voice, text in _records(raw):
            new = self._fact(raw, offset) if voice is None else self._delta(raw, offset, text, behind, voice)
            if new is not None:
                yield raw[kept:offset]
                yield new
                kept = behind
        yield raw[kept:]

    def _delta(self, raw: bytes, offset: int, text: int, behind: int, voice: Voice) -> bytes | None:
        """`None` when nothing is taken out of it."""
        ranges = self._ranges.get(voice)
        if ranges is None:
            return None
        at, due = self._at[voice], self._due[voice]
        stop = self._at[voice] = at + behind - text
        while due < len(ranges) and ranges[due][1] <= at:
            due += 1
        self._due[voice] = due
        if due == len(ranges) or ranges[due][0] >= stop:
            return None
        table, data = blotted_delta(raw[offset + _HEAD : text], raw[text:behind], at, ranges)
        _, *rest = HEADER.unpack_from(raw, offset)
        length = DELTA_HEAD.size + len(table) + len(data)
        return HEADER.pack(length, *rest) + raw[offset + HEADER_SIZE : offset + _HEAD] + table + data

    def _fact(self, raw: bytes, offset: int) -> bytes:
        record, _ = wire.decode(raw, offset)
        event: Event = record.event
        match event:
            case Unknown():
                return wire.encode(replace(record, event=self._emptied(event)))
            case RunStarted():
                event = replace(event, run=self._run)
            case StageEnded(carried=Carried() as carried):
                event = replace(event, carried=self._carried(carried))
            case RunEnded(answer=Carried() as carried):
                event = replace(event, answer=self._carried(carried))
        label = self._labels.get(record.stream, "run")
        return wire.encode(replace(record, event=changed(event, self._change(record.seq, record.stream, label))))

    def _emptied(self, event: Unknown) -> Unknown:
        payload = b""
        if event.kind == DELTA_KIND and not event.flags:
            payload = event.payload[: CHUNK.size // 2] + bytes(DELTA_HEAD.size - CHUNK.size // 2)  # The channel stays.
        self.emptied += event.payload != payload
        return replace(event, payload=payload)

    def _carried(self, carried: Carried) -> Carried:
        ranges = self._redaction.voices.get((carried.stream, int(Channel.ANSWER)), [])
        stop = None if carried.stop is None else moved(carried.stop, ranges, stop=True)
        return replace(carried, start=moved(carried.start, ranges, stop=False), stop=stop)

    def _change(self, seq: int, stream: int, label: str) -> Change:
        span = self._redaction.span
        whole = span is not None and span.has(seq, stream)

        def change(text: str, place: str, sort: Sort) -> str:
            if sort != "words" and span is not None:
                return text
            ranges = [(0, len(text))] if whole else self._redaction.in_words(text, message=place == "messages")
            if not ranges:
                return text
            self._counts[place if place == "question" else f"{label}: {place}"] += len(ranges)
            return self._stage(text, ranges) if sort == "stage" else blotted(text, ranges)

        return change

    def _stage(self, name: str, ranges: list[Range]) -> str:
        """A stage's new name: the same wherever it is named, and no other's."""
        if name not in self._stages:
            new, number = blotted(name, ranges), 2
            while new in self._stages.values():
                new, number = f"{blotted(name, ranges)} {number}", number + 1
            self._stages[name] = new
        return self._stages[name]
