"""Sends one streamed response: the script's steps at their times, in the framing that was asked for."""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from hive_tui.simulator.clock import Clock
from hive_tui.simulator.connection import Connection
from hive_tui.simulator.dialects.chat import Chat, Cursor, Dialect, Frame, Headers
from hive_tui.simulator.faults import Faults
from hive_tui.simulator.framing import Framing, cut, framing, http_chunk
from hive_tui.simulator.script import End, Step
from hive_tui.simulator.stats import Seen

_BATCH = 64 * 1024
"""Bytes that are gathered before they are written when nothing has to wait."""
_CYCLE = 4096
"""Different tokens in a flood: a blank and four hex digits, counting up."""
_MARK = " @hiv"
_UNPACED_FRAMES = 16
"""Frames an HTTP chunk when nothing paces the answer and nobody asked for a number."""


class Sender:
    """Turns frames into bytes on one connection."""

    def __init__(self, connection: Connection, faults: Faults, clock: Clock, per_chunk: int | None) -> None:
        self._connection = connection
        self._clock = clock
        self._per_chunk = per_chunk
        self._framing = framing(faults)
        self._one_by_one = "bytes" in faults or "drip" in faults
        self._drip_s = faults.number("drip", 0, 10.0) / 1000.0 if "drip" in faults else 0.0
        self._split = "emoji-split" in faults
        packed = faults.keys() & {"gzip", "gzip-bare"}
        self._zip = zlib.compressobj(6, zlib.DEFLATED, 31) if packed else None
        self._bom = b"\xef\xbb\xbf" if "bom" in faults else b""
        self._frames: list[Frame] = []
        self._out: list[bytes] = []
        self._size = 0

    def add(self, frames: Iterable[Frame]) -> None:
        """Take frames; they are sent by `flush`, or by the next `add` once there are enough."""
        self._frames += frames
        if self._per_chunk is not None:
            while len(self._frames) >= self._per_chunk:
                self._body(self._framing.encode(self._frames[: self._per_chunk]))
                del self._frames[: self._per_chunk]

    @property
    def full(self) -> bool:
        return self._size >= _BATCH

    async def flush(self) -> None:
        """Write all that was added."""
        if self._frames:
            self._body(self._framing.encode(self._frames))
            self._frames.clear()
        if self._one_by_one:
            await self._trickle()
        elif self._split:
            for body in self._out:
                for part in cut(body):
                    self._connection.body(part)
                    await self._clock.sleep(0.002)
        elif self._out:
            if self._connection.chunked:
                self._connection.raw(b"".join(map(http_chunk, self._out)))
            else:
                self._connection.raw(b"".join(self._out))
            await self._connection.drained()
        self._out.clear()
        self._size = 0

    async def end(self, end: End) -> None:
        """End the response as the script says. Raises `Gone` when it says to close."""
        if self._zip is not None and end is End.COMPLETE:
            self._connection.body(self._zip.flush(zlib.Z_FINISH))
        if end is End.COMPLETE:
            await self._connection.complete()
        elif end is End.SILENT:
            while True:
                await self._clock.sleep(3600.0)
        else:
            torn = b'data: {"id":"torn'
            self._connection.raw(b"400\r\n" + torn if self._connection.chunked else torn)
            await self._clock.sleep(0.02)  # a reset overtakes bytes that the client has not read yet
            raise self._connection.break_off(reset=end is End.RESET)

    def _body(self, body: bytes) -> None:
        body, self._bom = self._bom + body, b""
        if self._zip is not None:
            body = self._zip.compress(body) + self._zip.flush(zlib.Z_SYNC_FLUSH)
        self._out.append(body)
        self._size += len(body)

    async def _trickle(self) -> None:
        for at, byte in enumerate(b"".join(self._out)):
            self._connection.body(bytes((byte,)))
            if self._drip_s > 0.0:
                await self._clock.sleep(self._drip_s)
            elif at % 64 == 0:
                await self._connection.drained()
                await self._clock.sleep(0)


@dataclass(frozen=True, slots=True)
class Head:
    """The head of a streamed response, and when it is sent."""

    headers: Headers
    early: bool
    """At once, and not with the first frame."""
    close: bool


async def play(
    connection: Connection, head: Head, steps: Iterable[Step], sender: Sender, clock: Clock, seen: Seen
) -> None:
    """Send the steps, each at its time: waits add up from the start, so a late one does not delay the rest.

    Raises `Gone` when the script closes the connection.
    """
    due_ns = clock.monotonic_ns()
    sent_head = head.early
    if sent_head:
        connection.head(200, head.headers, close=head.close)
    for step in steps:
        if step.wait_s > 0.0:
            if sent_head:
                await sender.flush()
            due_ns += round(step.wait_s * 1e9)
            ahead = due_ns - clock.monotonic_ns()
            if ahead > 0:
                await clock.sleep(ahead / 1e9)
        if not sent_head and (step.frames or step.end is not End.GO_ON):
            connection.head(200, head.headers, close=head.close)
            sent_head = True
        sender.add(step.frames)
        seen.chunks += step.tokens > 0
        seen.tokens += step.tokens
        if sender.full:
            await sender.flush()
            await clock.sleep(0)
        if step.end is not End.GO_ON:
            await sender.flush()
            await sender.end(step.end)


def per_chunk(asked: int | None, *, paced: bool) -> int | None:
    """Frames an HTTP chunk: as asked; else one step a chunk when paced, and several when not."""
    return asked if asked is not None or paced else _UNPACED_FRAMES


@dataclass(frozen=True, slots=True)
class Flood:
    count: int
    """Five-byte tokens, each in a frame of its own."""
    frames: int
    """Frames an HTTP chunk."""
    rate: float
    """Tokens a second; 0 is as fast as the socket takes them."""


async def flood(
    connection: Connection,
    dialect: Dialect,
    chat: Chat,
    ends: tuple[Sequence[Frame], Sequence[Frame]],
    order: Flood,
    clock: Clock,
    seen: Seen,
) -> None:
    """Send a flood between the frames of `ends`.

    Token number i is a blank and the four hex digits of i modulo 4096, so a reader can prove that it lost none.
    """
    connection.head(200, dialect.headers(chat))
    plain = Framing()
    sent = min(order.count, 1)
    first = dialect.piece(chat, Cursor(tokens=1), "answer", " 0000") if sent else []
    connection.body(plain.encode([*ends[0], *first]))
    template = plain.encode(dialect.piece(chat, Cursor("answer", 1, 2), "answer", _MARK))
    cycle = [template.replace(_MARK.encode(), b" %04x" % number) for number in range(_CYCLE)]
    cycle *= order.frames // _CYCLE + 2
    began_ns = clock.monotonic_ns()
    out: list[bytes] = []
    size = 0
    while sent < order.count:
        take = min(order.frames, order.count - sent)
        at = sent % _CYCLE
        chunk = b"".join(cycle[at : at + take])
        sent += take
        out.append(http_chunk(chunk) if connection.chunked else chunk)
        size += len(chunk)
        ahead_s = sent / order.rate - (clock.monotonic_ns() - began_ns) / 1e9 if order.rate > 0.0 else 0.0
        if size >= _BATCH or ahead_s > 0.001 or sent == order.count:
            connection.raw(b"".join(out))
            seen.chunks = seen.tokens = sent
            out.clear()
            size = 0
            await connection.drained()
            await clock.sleep(max(ahead_s, 0.0))
    connection.body(plain.encode(ends[1]))
    await connection.complete()
