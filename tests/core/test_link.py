"""The command socket's ends: whole frames, descriptors beside them, and an end that is told once."""

from __future__ import annotations

import asyncio
import os
import socket
from collections.abc import Awaitable, Callable

import pytest

from hive_tui.core.commands import MAX_FRAME
from hive_tui.core.link import Link
from hive_tui.wire import HEADER, HEADER_SIZE

FACTORIES: list[Callable[[], asyncio.AbstractEventLoop]] = [asyncio.new_event_loop]
try:
    import uvloop
except ImportError:  # an extra that need not be there
    pass
else:
    FACTORIES.append(uvloop.new_event_loop)


def frame(number: int, payload: bytes) -> bytes:
    return HEADER.pack(len(payload), 0x4000, 0, 0, 0, number, 0) + payload


class End:
    """A link that keeps what comes."""

    def __init__(self, end: socket.socket) -> None:
        self.got: list[tuple[int, bytes]] = []
        self.closed = 0
        self.news = asyncio.Event()
        self.link = Link(end, self._frame, self._closed)

    def _frame(self, _kind: int, number: int, payload: bytes) -> None:
        self.got.append((number, payload))
        self.news.set()

    def _closed(self) -> None:
        self.closed += 1
        self.news.set()

    async def until(self, reached: Callable[[], bool]) -> None:
        while not reached():
            self.news.clear()
            await asyncio.wait_for(self.news.wait(), 20)


@pytest.fixture(params=FACTORIES, ids=lambda factory: factory.__module__.partition(".")[0])
def between(request: pytest.FixtureRequest) -> Callable[[Callable[[End, End], Awaitable[None]]], None]:
    """Runs a scenario with both ends in one loop."""

    def run(scenario: Callable[[End, End], Awaitable[None]]) -> None:
        async def whole() -> None:
            here, there = map(End, socket.socketpair())
            try:
                await scenario(here, there)
            finally:
                here.link.close()
                there.link.close()

        with asyncio.Runner(loop_factory=request.param) as runner:
            runner.run(whole())

    return run


def test_frames_of_all_sizes_arrive_whole_and_in_order(between) -> None:
    sizes = [0, 1, HEADER_SIZE, 70_000, 3_000_000, 5]

    async def scenario(here: End, there: End) -> None:
        for number, size in enumerate(sizes):
            here.link.send(frame(number, bytes([number]) * size))
            there.link.send(frame(number, b"x" * size))
        await there.until(lambda: len(there.got) == len(sizes))
        await here.until(lambda: len(here.got) == len(sizes))
        assert there.got == [(number, bytes([number]) * size) for number, size in enumerate(sizes)]
        assert [len(payload) for _, payload in here.got] == sizes

    between(scenario)


def test_a_descriptor_travels_beside_its_frame_and_reaches_no_child(between) -> None:
    async def scenario(here: End, there: End) -> None:
        reading, writing = os.pipe()
        here.link.send(frame(1, b"x" * 3_000_000))  # waits in the socket: the descriptor must wait with its frame
        here.link.send(frame(2, b"bell"), writing)
        await there.until(lambda: len(there.got) == 2)
        (received,) = there.link.descriptors
        assert not os.get_inheritable(received)
        os.write(received, b"!")
        os.close(received)
        assert os.read(reading, 2) == b"!"
        assert os.read(reading, 2) == b"", "the sender has let go of its own"
        os.close(reading)

    between(scenario)


def test_the_end_is_told_once_and_what_is_sent_then_is_dropped(between) -> None:
    async def scenario(here: End, there: End) -> None:
        there.link.send(frame(1, b"last words"))
        there.link.close()
        await here.until(lambda: bool(here.closed))
        assert here.got == [(1, b"last words")]
        reading, writing = os.pipe()
        here.link.send(frame(2, b""), writing)
        assert os.read(reading, 1) == b"", "a descriptor that cannot be sent is closed"
        os.close(reading)
        here.link.poll()
        await asyncio.sleep(0)
        assert (here.closed, there.closed) == (1, 0), "who closes is not told"

    between(scenario)


def test_a_frame_that_is_none_ends_the_link(between) -> None:
    async def scenario(here: End, there: End) -> None:
        here.link.send(HEADER.pack(MAX_FRAME + 1, 0x4000, 0, 0, 0, 1, 0))
        await there.until(lambda: bool(there.closed))
        await here.until(lambda: bool(here.closed))
        assert there.got == []

    between(scenario)
