"""A stream's text: append-only buffers that all states of the stream share, each with its own length.

No Python object is kept for a chunk or a delta: text is UTF-8 in one bytearray, chunk tables in another, and four
numbers a delta in arrays. A view of a past moment is the same buffers with smaller lengths.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterator

from hive_tui import wire
from hive_tui.events import Channel, Delta


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


class StreamText:
    """An immutable view: the first `deltas` deltas of a stream."""

    __slots__ = ("_buffers", "chunks", "deltas", "first_ns", "last_ns")

    def __init__(self) -> None:
        self._buffers: _Buffers | None = None
        self.deltas = 0
        self.chunks = 0
        """What the provider sent as frames, not tokens."""
        self.first_ns: int | None = None
        """When the first chunk came, in nanoseconds since the run began."""
        self.last_ns: int | None = None

    def append(self, time_ns: int, delta: Delta) -> StreamText:
        """The view with one more delta. Amortised cost is that of the delta, unless this view is not the newest."""
        buffers = self._buffers
        if buffers is None:
            buffers = _Buffers()
        elif len(buffers.ends) != self.deltas:
            buffers = buffers.prefix(self.deltas)
        buffers.data += delta.data
        buffers.table += delta.table
        buffers.times.append(time_ns)
        buffers.tables.append(len(buffers.table))
        buffers.ends.append(len(buffers.data))
        buffers.channels.append(delta.channel)
        view = StreamText()
        view._buffers = buffers
        view.deltas = self.deltas + 1
        view.chunks = self.chunks + wire.chunk_count(delta.table)
        view.first_ns = self.first_ns
        view.last_ns = self.last_ns
        if delta.table:
            if view.first_ns is None:
                view.first_ns = time_ns - wire.CHUNK.unpack_from(delta.table)[0] * 1000
            view.last_ns = time_ns - wire.CHUNK.unpack_from(delta.table, len(delta.table) - 8)[0] * 1000
        return view

    @property
    def size(self) -> int:
        """Bytes of text on all channels."""
        return 0 if self._buffers is None or not self.deltas else self._buffers.ends[self.deltas - 1]

    @property
    def last_channel(self) -> Channel | None:
        return None if self._buffers is None or not self.deltas else Channel(self._buffers.channels[self.deltas - 1])

    def segments(self, start: int = 0) -> Iterator[tuple[Channel, str]]:
        """Text from delta number `start` on, neighbouring deltas of one channel joined."""
        buffers = self._buffers
        if buffers is None:
            return
        while start < self.deltas:
            channel = buffers.channels[start]
            stop = start + 1
            while stop < self.deltas and buffers.channels[stop] == channel:
                stop += 1
            begin = buffers.ends[start - 1] if start else 0
            yield Channel(channel), buffers.data[begin : buffers.ends[stop - 1]].decode()
            start = stop

    def channel_text(self, channel: Channel) -> str:
        return "".join(text for each, text in self.segments() if each == channel)

    def arrivals(self) -> Iterator[tuple[int, int, Channel]]:
        """(time in ns since the run began, bytes, channel) of each chunk; a chunk that was cut in pieces comes once."""
        buffers = self._buffers
        if buffers is None:
            return
        pending: tuple[int, int, Channel] | None = None
        for index in range(self.deltas):
            begin = buffers.tables[index - 1] if index else 0
            channel = Channel(buffers.channels[index])
            for age_us, length, continues in wire.chunks(bytes(buffers.table[begin : buffers.tables[index]])):
                if continues and pending is not None:
                    pending = (pending[0], pending[1] + length, channel)
                    continue
                if pending is not None:
                    yield pending
                pending = (buffers.times[index] - age_us * 1000, length, channel)
        if pending is not None:
            yield pending

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, StreamText):
            return NotImplemented
        return self._content() == other._content()

    __hash__ = None  # type: ignore[assignment]

    def _content(self) -> tuple[object, ...]:
        buffers = None if self._buffers is None else self._buffers.prefix(self.deltas)
        if buffers is None:
            return (0,)
        return (
            self.deltas,
            bytes(buffers.data),
            bytes(buffers.table),
            buffers.times.tobytes(),
            buffers.tables.tobytes(),
            bytes(buffers.channels),
        )

    def __repr__(self) -> str:
        return f"StreamText(chunks={self.chunks}, size={self.size})"
