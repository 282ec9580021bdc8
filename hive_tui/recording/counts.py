"""How much text each stream of a run has, counted off the log's bytes: no event is made for a delta."""

from __future__ import annotations

import hashlib
import struct
from typing import NamedTuple, Protocol

from hive_tui import wire
from hive_tui.events import Channel
from hive_tui.state import AttemptState
from hive_tui.streamtext import Lengths, StreamText
from hive_tui.wire import CHUNK, CONTINUES, DELTA_HEAD, DELTA_KIND, HEADER_SIZE

FOREVER_NS = 1 << 64
"""Later than any record."""
_LEAST = HEADER_SIZE + DELTA_HEAD.size
_LAST_CHANNEL = max(Channel)
_DELTA = struct.Struct("<II4xIQQIIII")
"""Of a delta's record: length, kind and flags, stream, sequence, time; channel, chunks; its first chunk's two words."""
_PADDING = bytes(CHUNK.size)
"""Behind the last record, so that `_DELTA` fits there also on a delta without chunks."""


class Counts:
    """What is known of an attempt's text; `Lengths` that can be changed."""

    __slots__ = ("channel", "chunks", "deltas", "digest", "first_ns", "last_ns", "messages", "open", "parts", "size")

    def __init__(self) -> None:
        self.messages = b""
        """Digest of the attempt's messages."""
        self.digest = hashlib.sha256()
        """Of the deltas' payloads."""
        self.parts: list[bytes] = []
        """Payloads that are not in the digest yet, end to end."""
        self.deltas = self.chunks = self.size = 0
        self.first_ns: int | None = None
        self.last_ns: int | None = None
        self.channel: int | None = None
        self.open = True
        """Whether the attempt has not ended: what comes behind its end does not count."""

    @classmethod
    def of(cls, attempt: AttemptState) -> Counts:
        counts, lengths = cls(), attempt.text.lengths
        counts.deltas, counts.chunks, counts.size = lengths.deltas, lengths.chunks, lengths.size
        counts.first_ns, counts.last_ns, counts.channel = lengths.first_ns, lengths.last_ns, lengths.channel
        counts.open = attempt.outcome is None
        return counts

    def add_table(self, table: bytes, time_ns: int) -> None:
        """What the chunk table of one more delta tells."""
        if not table:
            return
        if self.first_ns is None:
            self.first_ns = time_ns - CHUNK.unpack_from(table)[0] * 1000
        self.last_ns = time_ns - CHUNK.unpack_from(table, len(table) - CHUNK.size)[0] * 1000
        self.chunks += wire.chunk_count(table)

    def settle(self) -> None:
        """Take the payloads into the digest."""
        self.digest.update(b"".join(self.parts))
        self.parts.clear()

    def text(self) -> StreamText:
        return StreamText(Lengths(self.deltas, self.chunks, self.size, self.first_ns, self.last_ns, self.channel))


class Taken(NamedTuple):
    """How far deltas were taken."""

    offset: int
    """Where it stopped."""
    records: int
    """How many were taken."""
    seq: int
    """Of the last one that was new, or as passed in."""
    time_ns: int
    missing: int
    """Numbers left out, added to what was passed in."""


class Tally(Protocol):
    """Takes deltas off a buffer of records, from `offset` on, until another record, `most` of them, or one that is
    not before `due_ns` was taken.

    `seq`, `time_ns` and `missing` are of the state before; a record that is not behind `seq` is passed over. Stream n
    is counted in `counts[n - 1]`, others nowhere, and none when `counts` is empty.
    """

    def __call__(
        self,
        raw: bytes,
        offset: int,
        most: int,
        due_ns: int,
        seq: int,
        time_ns: int,
        missing: int,
        counts: list[Counts],
    ) -> Taken: ...


def take_deltas(
    raw: bytes, offset: int, most: int, due_ns: int, seq: int, time_ns: int, missing: int, counts: list[Counts]
) -> Taken:
    """`Tally` in plain Python."""
    unpack, end, taken, streams = _DELTA.unpack_from, len(raw), 0, len(counts)
    whole = end - _DELTA.size
    while taken < most and time_ns < due_ns and offset + _LEAST <= end:
        found = unpack(raw, offset) if offset <= whole else unpack(raw[offset:] + _PADDING)
        length, kind, stream, number, at_ns, channel, chunks, age_us, size = found
        stop = offset + HEADER_SIZE + length
        text = offset + _LEAST + chunks * CHUNK.size
        if kind != DELTA_KIND or channel > _LAST_CHANNEL or not text <= stop <= end:
            break  # Whatever that is, `wire` knows.
        if number > seq:
            missing += number - seq - 1
            seq, time_ns = number, at_ns
            if 0 < stream <= streams and (had := counts[stream - 1]).open:
                had.parts.append(raw[offset + HEADER_SIZE : stop])
                had.deltas += 1
                had.size += stop - text
                had.channel = channel
                if chunks == 1:
                    had.last_ns = at_ns - age_us * 1000
                    if had.first_ns is None:
                        had.first_ns = had.last_ns
                    had.chunks += size < CONTINUES
                else:
                    had.add_table(raw[offset + _LEAST : text], at_ns)
        offset = stop
        taken += 1
    return Taken(offset, taken, seq, time_ns, missing)
