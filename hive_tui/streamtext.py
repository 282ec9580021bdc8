"""A stream's text: append-only buffers that all states of the stream share, each with its own length.

No Python object is kept for a chunk or a delta: text is UTF-8 in one bytearray, chunk tables in another, and four
numbers a delta in arrays. A view of a past moment is the same buffers with smaller lengths.

A view may begin in the middle: it then knows the lengths of what came before, and asks a `Source` (the recording) for
the text itself when someone wants to see it.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterator
from itertools import groupby
from operator import itemgetter
from typing import Protocol

import msgspec

from hive_tui import wire
from hive_tui.events import Channel, Delta

STALL_NS = 2_000_000_000
"""A silence of so long, or longer, between two chunks of a call is a stall."""


class Lengths(msgspec.Struct, frozen=True, array_like=True):
    """How much of a stream there is at a moment; no text."""

    deltas: int = 0
    chunks: int = 0
    """What the provider sent as frames, not tokens."""
    size: int = 0
    """Bytes of text on all channels."""
    first_ns: int | None = None
    """When the first chunk came, in nanoseconds since the run began."""
    last_ns: int | None = None
    channel: int | None = None
    """Of the last delta."""


NOTHING = Lengths()


class Source(Protocol):
    """Where the text before a view's own beginning lies."""

    def deltas(self, stream: int, start: int, stop: int) -> Iterator[tuple[int, Delta]]:
        """(record time in ns, delta) of the stream's deltas from number `start` up to `stop`, exclusive."""
        ...

    def texts(self, stream: int, start: int, stop: int) -> Iterator[tuple[int, bytes]]:
        """(channel, UTF-8) of the same deltas."""
        ...

    def tail(self, stream: int, until: Lengths, size: int) -> int:
        """Number of a delta, the first of all or one from which on at least `size` bytes of text come before `until`;
        one that is quickly read."""
        ...


class Place(msgspec.Struct, frozen=True):
    """Which stream of which source."""

    source: Source
    stream: int


def lengthened(lengths: Lengths, time_ns: int, delta: Delta) -> Lengths:
    """The lengths with one more delta; `time_ns` is its record's time."""
    first_ns, last_ns = lengths.first_ns, lengths.last_ns
    if delta.table:
        last_ns = time_ns - wire.CHUNK.unpack_from(delta.table, len(delta.table) - wire.CHUNK.size)[0] * 1000
        if first_ns is None:
            first_ns = time_ns - wire.CHUNK.unpack_from(delta.table)[0] * 1000
    return Lengths(
        lengths.deltas + 1,
        lengths.chunks + wire.chunk_count(delta.table),
        lengths.size + len(delta.data),
        first_ns,
        last_ns,
        int(delta.channel),
    )


class _Buffers:
    """What the views share. `times[i]`, `tables[i]`, `ends[i]`, `channels[i]` belong to delta i; ends exclusive."""

    __slots__ = ("channels", "data", "ends", "table", "tables", "times")

    def __init__(self) -> None:
        self.data = bytearray()
        self.table = bytearray()
        self.times = array("Q")
        self.tables = array("Q")
        self.ends = array("Q")
        self.channels = bytearray()

    def append(self, time_ns: int, delta: Delta) -> None:
        self.data += delta.data
        self.table += delta.table
        self.times.append(time_ns)
        self.tables.append(len(self.table))
        self.ends.append(len(self.data))
        self.channels.append(delta.channel)

    def prefix(self, deltas: int) -> _Buffers:
        copy = _Buffers()
        if deltas:
            copy.data += self.data[: self.ends[deltas - 1]]
            copy.table += self.table[: self.tables[deltas - 1]]
            copy.times = self.times[:deltas]
            copy.tables = self.tables[:deltas]
            copy.ends = self.ends[:deltas]
            copy.channels += self.channels[:deltas]
        return copy

    def delta(self, index: int) -> tuple[int, Delta]:
        begin = self.tables[index - 1] if index else 0
        start = self.ends[index - 1] if index else 0
        table, data = bytes(self.table[begin : self.tables[index]]), bytes(self.data[start : self.ends[index]])
        return self.times[index], Delta(channel=Channel(self.channels[index]), table=table, data=data)


class StreamText:
    """An immutable view: the first `deltas` deltas of a stream."""

    __slots__ = ("_buffers", "_place", "before", "lengths")

    def __init__(self, before: Lengths = NOTHING, place: Place | None = None) -> None:
        """A view without deltas of its own, behind what `before` tells and `place` holds."""
        self.before = before
        """What is not in this view's own buffers."""
        self.lengths = before
        self._place = place
        self._buffers: _Buffers | None = None

    @property
    def deltas(self) -> int:
        return self.lengths.deltas

    @property
    def chunks(self) -> int:
        return self.lengths.chunks

    @property
    def size(self) -> int:
        return self.lengths.size

    @property
    def first_ns(self) -> int | None:
        return self.lengths.first_ns

    @property
    def last_ns(self) -> int | None:
        return self.lengths.last_ns

    @property
    def last_channel(self) -> Channel | None:
        return None if self.lengths.channel is None else Channel(self.lengths.channel)

    @property
    def _own(self) -> int:
        return self.lengths.deltas - self.before.deltas

    def append(self, time_ns: int, delta: Delta) -> StreamText:
        """The view with one more delta. Amortised cost is that of the delta, unless this view is not the newest."""
        buffers = self._buffers
        if buffers is None:
            buffers = _Buffers()
        elif len(buffers.ends) != self._own:
            buffers = buffers.prefix(self._own)
        buffers.append(time_ns, delta)
        view = StreamText(self.before, self._place)
        view._buffers = buffers
        view.lengths = lengthened(self.lengths, time_ns, delta)
        return view

    def segments(self, start: int = 0) -> Iterator[tuple[Channel, str]]:
        """Text from delta number `start` on, neighbouring deltas of one channel joined.

        Raises:
            hive_tui.wire.WireError: what the source gives is no UTF-8; or what the source itself raises.
        """
        if start < self.before.deltas and self._place is not None:
            found = self._place.source.texts(self._place.stream, start, self.before.deltas)
            for channel, texts in groupby(found, key=itemgetter(0)):
                try:
                    text = b"".join(text for _, text in texts).decode()
                except UnicodeDecodeError as error:
                    raise wire.WireError(
                        f"the text of stream {self._place.stream} is no UTF-8: {error.reason}"
                    ) from error
                yield Channel(channel), text
        start = max(0, start - self.before.deltas)
        buffers = self._buffers
        if buffers is None:
            return
        while start < self._own:
            channel = buffers.channels[start]
            stop = start + 1
            while stop < self._own and buffers.channels[stop] == channel:
                stop += 1
            begin = buffers.ends[start - 1] if start else 0
            yield Channel(channel), buffers.data[begin : buffers.ends[stop - 1]].decode()
            start = stop

    def pieces(self) -> Iterator[tuple[int, bytes]]:
        """(channel, UTF-8) from the start on, as it is read; no piece ends inside a character."""
        if self.before.deltas and self._place is not None:
            yield from self._place.source.texts(self._place.stream, 0, self.before.deltas)
        buffers = self._buffers
        for index in range(self._own if buffers is not None else 0):
            assert buffers is not None
            yield (
                buffers.channels[index],
                bytes(buffers.data[buffers.ends[index - 1] if index else 0 : buffers.ends[index]]),
            )

    def tail(self, size: int) -> int:
        """Number of a delta, the first of all or one from which on the view has at least `size` bytes of text."""
        own = self.lengths.size - self.before.size
        if self._place is None or own >= size:
            return self.before.deltas
        return self._place.source.tail(self._place.stream, self.before, size - own)

    def channel_text(self, channel: Channel) -> str:
        return "".join(text for each, text in self.segments() if each == channel)

    def all_deltas(self, start: int = 0) -> Iterator[tuple[int, Delta]]:
        """(record time in ns, delta) of each from number `start` on, oldest first."""
        if start < self.before.deltas and self._place is not None:
            yield from self._place.source.deltas(self._place.stream, start, self.before.deltas)
        if self._buffers is not None:
            for index in range(max(0, start - self.before.deltas), self._own):
                yield self._buffers.delta(index)

    def arrivals(self, start: int = 0) -> Iterator[tuple[int, int, Channel]]:
        """(time in ns since the run began, bytes, channel) of each chunk from delta number `start` on; a chunk that
        was cut in pieces comes once."""
        pending: tuple[int, int, Channel] | None = None
        for time_ns, delta in self.all_deltas(start):
            for age_us, length, continues in wire.chunks(delta.table):
                if continues and pending is not None:
                    pending = (pending[0], pending[1] + length, delta.channel)
                    continue
                if pending is not None:
                    yield pending
                pending = (time_ns - age_us * 1000, length, delta.channel)
        if pending is not None:
            yield pending

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, StreamText):
            return NotImplemented
        return self.lengths == other.lengths and list(self.all_deltas()) == list(other.all_deltas())

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return f"StreamText(chunks={self.chunks}, size={self.size})"
