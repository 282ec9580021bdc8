"""Chunks -> delta payloads: what the streams brought between two publishes becomes a record a stream and channel."""

from __future__ import annotations

from array import array
from collections.abc import Iterator

from hive_tui.events import Channel
from hive_tui.models.call import Text
from hive_tui.wire import CHUNK, CONTINUES, DELTA_HEAD, HEADER_SIZE

MAX_AGE_US = 0xFFFF_FFFF


class Pending:
    """Chunks of one stream on one channel that are not published yet."""

    __slots__ = ("arrived_ns", "channel", "counts", "data", "lengths")

    def __init__(self, channel: Channel) -> None:
        self.channel = channel
        self.arrived_ns: list[int] = []
        self.counts: list[int] = []
        """How many chunks came with each read."""
        self.lengths: list[int] = []
        self.data: list[bytes] = []

    def add(self, at_ns: int, texts: list[str]) -> None:
        joined = "".join(texts)
        data = joined.encode()
        if len(data) == len(joined):
            self.lengths += map(len, texts)
        else:
            self.lengths += [len(text.encode()) for text in texts]
        self.arrived_ns.append(at_ns)
        self.counts.append(len(texts))
        self.data.append(data)

    def table(self, now_ns: int) -> array[int]:
        """Ages and lengths, by turns."""
        lengths = self.lengths
        table = array("I", bytes(CHUNK.size * len(lengths)))
        table[1::2] = array("I", lengths)
        start = 0
        for arrived_ns, count in zip(self.arrived_ns, self.counts, strict=True):
            age = min((now_ns - arrived_ns) // 1000, MAX_AGE_US)
            if age:
                table[2 * start : 2 * (start + count) : 2] = array("I", [age]) * count
            start += count
        return table

    def payloads(self, now_ns: int, limit: int) -> Iterator[bytes]:
        """Delta payloads, each such that its record is at most `limit` bytes.

        A chunk that is longer than that is cut between two characters, and its later pieces are marked.
        """
        table = self.table(now_ns)
        data = b"".join(self.data)
        room = limit - HEADER_SIZE - DELTA_HEAD.size
        if len(table) * 4 + len(data) <= room:
            yield DELTA_HEAD.pack(self.channel, len(table) // 2) + table.tobytes() + data
            return
        for piece_table, piece in _pieces(table, data, room):
            yield DELTA_HEAD.pack(self.channel, len(piece_table) // 2) + piece_table.tobytes() + piece


def _pieces(table: array[int], data: bytes, room: int) -> Iterator[tuple[array[int], bytes]]:
    entries = array("I")
    start = stop = 0
    for index in range(0, len(table), 2):
        age, length, mark = table[index], table[index + 1], 0
        while True:
            left = room - (len(entries) * 4 + CHUNK.size) - (stop - start)
            if length <= left:
                break
            if entries and left < min(length, room // 2):
                yield entries, data[start:stop]
                entries, start = array("I"), stop
                continue
            cut = _character_start(data, stop + left)
            entries.extend((age, (cut - stop) | mark))
            yield entries, data[start:cut]
            length -= cut - stop
            entries, start, stop, mark = array("I"), cut, cut, CONTINUES
        entries.extend((age, length | mark))
        stop += length
    if entries:
        yield entries, data[start:stop]


def _character_start(data: bytes, at: int) -> int:
    """The last place at or before `at` where a UTF-8 character begins."""
    while data[at] & 0xC0 == 0x80:
        at -= 1
    return at


def split_by_channel(texts: list[Text]) -> Iterator[tuple[Channel, list[str]]]:
    """Runs of chunks on one channel, in order."""
    run: list[str] = []
    channel: Channel | None = None
    for text in texts:
        if text.channel is not channel:
            if channel is not None:
                yield channel, run
            channel, run = text.channel, []
        run.append(text.text)
    if channel is not None:
        yield channel, run
