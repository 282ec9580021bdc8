"""The caller's own key in an answer: an endpoint that echoes it does not bring it to the screen, the disk or an export.

The law: text is exactly what the endpoint sent, made valid UTF-8, with the caller's own key blotted out. On each
channel that is `text.replace(key, MARK)` of all its text, however frames and reads cut it. Only the key as it is sent
is known here: a key that was reversed, encoded, spread over two channels or cut short is not recognised.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator

import msgspec

from hive_tui.events import Channel
from hive_tui.models.call import Part, Text

MARK = "[key]"
SHORTEST = 8
"""Shorter keys are not guarded in text, in characters: a key like `x`, as local servers get, would blot out every word
that has one. No provider gives keys so short. (A key with square brackets, which none gives either, could be put
together again from a mark and the text beside it.)"""


def blotted(document: object, key: str | None) -> object:
    """A decoded JSON document with the key blotted out of all its texts."""
    if not key or len(key) < SHORTEST:
        return document
    if isinstance(document, str):
        return document.replace(key, MARK)
    if isinstance(document, list):
        return [blotted(each, key) for each in document]
    if isinstance(document, dict):
        return {name.replace(key, MARK): blotted(each, key) for name, each in document.items()}
    return document


class _Held(msgspec.Struct, frozen=True):
    """The end of a channel's text so far, which could be the beginning of the key."""

    rest: str
    """The end of a chunk whose beginning was given."""
    chunks: tuple[str, ...]
    """Whole chunks after it."""


_CHANNELS = tuple(Channel)
_NOTHING = _Held("", ())


class Guard:
    """Blots the key out of the text of one stream. Pure: the parts of each read go in, what may be seen comes out.

    A chunk stays one chunk, at its place among the other parts. The end of a channel's text is held while it could be
    the beginning of the key, until that channel's next text or the end of the stream tells. Then a chunk that was held
    whole comes as itself, and the rest of one that was given in part comes in front of the next one and is not counted
    again; at the end of the stream, where none is next, it counts as one more. The mark is in the chunk where the key
    began, and a chunk of which nothing else is left is not given.
    """

    __slots__ = ("_beginnings", "_held", "_key")

    def __init__(self, key: str) -> None:
        self._key = key
        self._beginnings = tuple(key[:size] for size in range(len(key) - 1, 0, -1))
        self._held: dict[Channel, _Held] = {}

    @classmethod
    def of(cls, secret: str | None) -> Guard | None:
        """`None` when there is nothing to guard."""
        return cls(secret) if secret and len(secret) >= SHORTEST else None

    def feed(self, parts: list[Part], *, last: bool = False) -> list[Part]:
        """What may be given of the parts of a read, and of what was held before. Nothing is held after the last one."""
        texts = [part for part in parts if type(part) is Text]
        if not self._held:
            if not texts:
                return parts
            joined = texts[0].text
            if len(texts) > 1:
                joined = "".join([part.text for part in texts])
                channels = [part.channel for part in texts]
                if channels.count(channels[0]) != len(channels):
                    return self._blot(parts, texts, last)
            if self._key not in joined and (last or not joined.endswith(self._beginnings)):
                return parts
        return self._blot(parts, texts, last)

    def _blot(self, parts: list[Part], texts: list[Text], last: bool) -> list[Part]:
        given: list[Part] = []
        shown: dict[Channel, Iterator[str]] = {}
        channels = [part.channel for part in texts]
        for channel in _CHANNELS:
            number = channels.count(channel)
            if not number and not (last and channel in self._held):
                continue
            held = self._held.pop(channel, _NOTHING)
            chunks = [*held.chunks, *[part.text for part in texts if part.channel is channel]]
            if held.rest:
                chunks[:1] = [held.rest + "".join(chunks[:1])]
            seen = self._seen(channel, chunks, last)
            early = len(seen) - number
            given += [Text(channel, text) for text in seen[:early] if text]
            shown[channel] = iter(seen[early:])
        for part in parts:
            if type(part) is Text:
                text = next(shown[part.channel])
                if not text:
                    continue
                if text is not part.text:
                    part = Text(part.channel, text)
            given.append(part)
        return given

    def _seen(self, channel: Channel, chunks: list[str], last: bool) -> list[str]:
        """What may be seen of each chunk of one channel; what may not be seen yet is held."""
        text = "".join(chunks)
        done = 0
        if self._key in text:
            chunks, done = self._marked(chunks, text)
        left = 0 if last else self._doubtful(text, done)
        whole: list[str] = []
        rest = ""
        place = len(chunks)
        while left:
            place -= 1
            chunk = chunks[place]
            size = max(0, len(chunk) - left)
            chunks[place] = chunk[:size]
            left -= len(chunk) - size
            if size:
                rest = chunk[size:]
            elif chunk:
                whole.append(chunk)
        if rest or whole:
            self._held[channel] = _Held(rest, tuple(reversed(whole)))
        return chunks

    def _doubtful(self, text: str, done: int) -> int:
        """How many of the last characters could begin the key; those before `done` belong to one that was found."""
        if not text.endswith(self._beginnings, done):
            return 0
        key = self._key
        at = text.find(key[0], max(done, len(text) - len(key) + 1))
        while not key.startswith(text[at:]):
            at = text.find(key[0], at + 1)
        return len(text) - at

    def _marked(self, chunks: list[str], text: str) -> tuple[list[str], int]:
        """The chunks of `text` with marks for keys, and where the last key ends in it."""
        size = len(self._key)
        starts: list[int] = []
        done = 0
        while (at := text.find(self._key, done)) >= 0:
            starts.append(at)
            done = at + size
        text = text.replace(self._key, MARK)
        marked: list[str] = []
        place = begin = 0
        for chunk in chunks:
            place += len(chunk)
            # Where the chunk's end lies in the new text; if it is inside of a key, behind the mark.
            before = bisect_left(starts, place)
            inside = max(0, starts[before - 1] + size - place) if before else 0
            end = place + inside + before * (len(MARK) - size)
            marked.append(text[begin:end])
            begin = end
        return marked, done
