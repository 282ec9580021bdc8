"""What of a run's texts is to be taken out: found before anything is written.

A pattern is looked for in every text: on each channel of a stream in all that it says, however it was cut into deltas
and chunks, and in all fields of the other events. A span takes what came in a stretch of time. What is taken out of
the question or of an answer is taken out of the prompts that carry it, too.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import msgspec

from hive_tui.events import Carried, Channel, Event, RunEnded, RunStarted, StageEnded
from hive_tui.recording.navigation.walker import Place
from hive_tui.recording.redaction.blots import Range, in_characters, merged
from hive_tui.recording.redaction.freetext import Sort, changed

SHORTEST = 8
"""Characters of a text that is looked for by itself: shorter ones stand everywhere by chance."""
Voice = tuple[int, int]
"""A stream and one of its channels."""


class Span(msgspec.Struct, frozen=True):
    """What came behind `after` and up to `until`, in these streams or, without any, in all and in the run itself."""

    after: Place
    until: Place
    streams: frozenset[int] | None = None

    def has(self, seq: int, stream: int) -> bool:
        """Whether all of that event came in the span."""
        return self.after.seq < seq <= self.until.seq and (self.streams is None or stream in self.streams)


class Source(msgspec.Struct, frozen=True):
    """A text that prompts carry, and what is taken out of it."""

    text: str
    ranges: tuple[Range, ...]


class Redaction:
    """All that is to be taken out; first `find`, then `in_words` and `voices` tell."""

    def __init__(self, rule: re.Pattern[str] | Span) -> None:
        self.pattern = rule if isinstance(rule, re.Pattern) else None
        self.span = rule if isinstance(rule, Span) else None
        self.voices: dict[Voice, list[Range]] = {}
        """What is taken out of a stream's channel, in characters."""
        self._sources: list[Source] = []
        self._needles: dict[str, re.Pattern[str] | None] = {}
        """Texts that are taken out wherever they stand in a field, and how they are told when a prompt quotes them
        otherwise."""

    def find(
        self, said: dict[Voice, bytes], spanned: dict[Voice, list[Range]], facts: list[tuple[int, int, Event]]
    ) -> None:
        """`said` is the text of each channel, `spanned` the bytes of it that lie in the span, `facts` are (sequence,
        stream, event) of all events but deltas."""
        texts = {voice: data.decode() for voice, data in said.items()}
        for voice, text in texts.items():
            ranges = in_characters(said[voice], merged(spanned.get(voice, ())))
            self._note(voice, text, merged([*ranges, *self.matches(text)]))
        if self.pattern is not None:
            for _, _, event in facts:
                changed(event, self._learn)
            for voice, text in texts.items():
                self._note(voice, text, merged([*self.voices.get(voice, ()), *self._needles_in(text)]))
        for voice, ranges in self.voices.items():
            if voice[1] == Channel.ANSWER:
                self._sources.append(Source(texts[voice], tuple(ranges)))
        for seq, stream, event in facts:
            self._look_at(seq, stream, event, texts)

    def _note(self, voice: Voice, text: str, ranges: list[Range]) -> None:
        if ranges:
            self.voices[voice] = ranges
            self._take_needles(text, ranges)

    def _learn(self, text: str, _place: str, sort: Sort) -> str:
        """What a pattern finds behind certain words stands elsewhere without them."""
        if sort == "words":
            self._take_needles(text, self.matches(text))
        return text

    def _look_at(self, seq: int, stream: int, event: Event, texts: dict[Voice, str]) -> None:
        """What of an event others carry on."""
        match event:
            case RunStarted(question=question):
                whole = self.span is not None and self.span.has(seq, stream)
                ranges = [(0, len(question))] if whole and question else self.matches(question)
                self._take_needles(question, ranges)
                if ranges:
                    self._sources.append(Source(question, tuple(ranges)))
            case StageEnded(carried=Carried() as carried) | RunEnded(answer=Carried() as carried):
                self._carry(carried, texts)

    def _carry(self, carried: Carried, texts: dict[Voice, str]) -> None:
        voice = carried.stream, int(Channel.ANSWER)
        text = texts.get(voice, "")
        start, stop, _ = slice(carried.start, carried.stop).indices(len(text))
        inside = [(max(begin, start) - start, min(end, stop) - start) for begin, end in self.voices.get(voice, ())]
        ranges = merged(inside)
        if ranges:
            source = Source(text[start:stop], tuple(ranges))
            self._sources.append(source)
            self._take_needles(source.text, ranges)

    def matches(self, text: str) -> list[Range]:
        """Where the pattern fits."""
        if self.pattern is None:
            return []
        return merged(found.span() for found in self.pattern.finditer(text))

    def _take_needles(self, text: str, ranges: list[Range]) -> None:
        """Texts that are looked for by themselves: all of a span; of a pattern's those that it finds only in their
        place, behind certain words."""
        for start, stop in ranges:
            needle = text[start:stop].strip()
            if len(needle) < SHORTEST:
                continue
            if self.pattern is None or not self.pattern.search(needle):
                self._needles[needle] = re.compile(loosely(needle)) if _SPELLED.search(needle) else None

    def in_words(self, text: str, message: bool = False) -> list[Range]:
        """What is taken out of a field; `message`: of a prompt, which carries other texts."""
        found = [*self.matches(text), *self._needles_in(text)]
        if message:
            for source in self._sources:
                found += carried_in(text, source)
        return merged(found)

    def _needles_in(self, text: str) -> Iterator[Range]:
        for needle, loose in self._needles.items():
            yield from _where(needle, text)
            if loose is not None:
                yield from (found.span() for found in loose.finditer(text))

    def left_in(self, text: str) -> int:
        """How many texts of a span stand in a channel elsewhere."""
        if self.pattern is not None:
            return 0
        return sum(text.count(needle) for needle in self._needles)


def carried_in(text: str, source: Source) -> Iterator[Range]:
    """The parts of a text in which what is taken out of the source stands, wherever the whole source stands in it.

    A short one counts only where it has lines of its own.
    """
    own_lines = len(source.text) < SHORTEST
    for begin, end in _where(source.text, text):
        if not own_lines or (text[begin - 1 : begin] in ("", "\n") and text[end : end + 1] in ("", "\n")):
            yield from ((begin + start, begin + stop) for start, stop in source.ranges)
    if not _SPELLED.search(source.text):
        return
    parts, last = [], 0
    for start, stop in source.ranges:
        parts.append(f"{loosely(source.text[last:start])}({loosely(source.text[start:stop])})")
        last = stop
    whole = "".join(parts) + loosely(source.text[last:])
    for found in re.finditer(f"(?<![^\\n]){whole}(?![^\\n])" if own_lines else whole, text):
        yield from (found.span(group) for group in range(1, len(source.ranges) + 1))


def _where(needle: str, text: str) -> Iterator[Range]:
    at = text.find(needle)
    while at >= 0:
        yield at, at + len(needle)
        at = text.find(needle, at + len(needle))


_SPELLED = re.compile(r"\r\n|[^\w\s\-.,;:!?'\"(){}\[\]=+*/\\|@#$%^&~`>]|[\r\x0b\x0c\x1c-\x1f\x85\u2028\u2029]")


def loosely(text: str) -> str:
    """A pattern for the text as it stands or as a prompt quotes it: `<` may be `&lt;`, a character that is not seen
    may be spelled out, as in `\\x1b`."""
    parts, last = [], 0
    for found in _SPELLED.finditer(text):
        parts += [re.escape(text[last : found.start()]), _either(found[0])]
        last = found.end()
    return "".join([*parts, re.escape(text[last:])])


def _either(character: str) -> str:
    if character == "\r\n":
        return "\\r?\\n"
    code = ord(character)
    spelled = f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"
    return f"(?:{re.escape(character)}|{re.escape(spelled)}|&lt;)"
