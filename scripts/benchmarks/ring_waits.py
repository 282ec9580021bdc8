"""How long one record is on its way, what a sleeping reader costs, and readers that are lapped on purpose."""

from __future__ import annotations

import os
import select
import shutil
import tempfile
import threading
import time
import zlib
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from benchmarks.ring_roads import CONTEXT, HEADER, PATTERNS, between, payloads

from hive_tui import wire
from hive_tui.core.feed import Feed
from hive_tui.events import Delta
from hive_tui.recording.format import LogHeader, Span
from hive_tui.recording.writer import LogWriter
from hive_tui.ring import layout
from hive_tui.ring.reader import RingReader
from hive_tui.ring.writer import RingWriter

GAP_S = 0.0003
WAIT_S = 0.25
LAPPED_SIZE = 1024
LAPPED_CAPACITY = 1024 * 1024
BURST, CYCLE = 100, 130
"""Batches of four records: 5 rings of burst, then 30 batches in step."""


def share(times: list[int], part: float) -> float:
    """The time in microseconds that this part of all did not exceed."""
    ordered = sorted(times)
    return ordered[min(len(ordered) - 1, int(part * len(ordered)))] / 1000


def _stamped(seq: int, payload: bytes) -> bytes:
    return HEADER.pack(len(payload), wire.DELTA_KIND, 0, 1, 1, seq, time.perf_counter_ns()) + payload


def _pause(until: float) -> None:
    while time.perf_counter() < until:
        pass


def ring_delay(samples: int, sleeping: bool) -> list[int]:
    """Nanoseconds from before the publish to after the read, of records of one token."""
    ear, bell = os.pipe()

    def send(meet: Connection) -> None:
        with tempfile.TemporaryDirectory() as folder:
            writer = RingWriter(Path(folder))
            meet.send((writer.name, writer.add_reader(bell)))
            meet.recv()
            payload = payloads(1)[0]
            for seq in range(samples):
                _pause(time.perf_counter() + GAP_S)
                writer.publish(_stamped(seq, payload), 1)
            meet.recv()
            writer.close()

    def receive(meet: Connection) -> list[int]:
        reader, times, record = RingReader(*meet.recv()), [], len(_stamped(0, payloads(1)[0]))
        meet.send("ready")
        while len(times) < samples:
            data = reader.read()
            if data:
                now = time.perf_counter_ns()
                # More than one when this reader was off its core for longer than the gap: each counts.
                times += [now - HEADER.unpack_from(data, at)[6] for at in range(0, len(data), record)]
            elif sleeping and reader.sleep() and select.select([ear], [], [], WAIT_S)[0]:
                os.read(ear, 64)
        meet.send("done")
        reader.close()
        return times

    _, times = between(send, receive)
    os.close(ear)
    os.close(bell)
    return list(times)


def other_delay(samples: int, kind: str) -> list[int]:
    """The same over a `Queue` or a `Pipe`."""
    if kind == "queue":
        queue: Any = CONTEXT.Queue()
        put, get = queue.put, queue.get
    else:
        out, into = CONTEXT.Pipe(duplex=False)
        put, get = into.send_bytes, out.recv_bytes

    def send(meet: Connection) -> None:
        payload = payloads(1)[0]
        for seq in range(samples):
            _pause(time.perf_counter() + GAP_S)
            put(_stamped(seq, payload))
        meet.recv()

    def receive(meet: Connection) -> list[int]:
        times = []
        for _ in range(samples):
            data = get()
            times.append(time.perf_counter_ns() - HEADER.unpack_from(data)[6])
        meet.send("done")
        return times

    return list(between(send, receive)[1])


def idle_share(seconds: float) -> float:
    """Percent of a core that a reader costs which sleeps at its doorbell, woken each 250 ms for safety."""
    ear, bell = os.pipe()

    def hold(meet: Connection) -> None:
        with tempfile.TemporaryDirectory() as folder:
            writer = RingWriter(Path(folder))
            meet.send((writer.name, writer.add_reader(bell)))
            meet.recv()
            writer.close()

    def sleep(meet: Connection) -> float:
        reader = RingReader(*meet.recv())
        start, cpu = time.perf_counter(), time.process_time()
        while time.perf_counter() - start < seconds:
            if not reader.read() and reader.sleep():
                select.select([ear], [], [], WAIT_S)
        used, wall = time.process_time() - cpu, time.perf_counter() - start
        meet.send("done")
        reader.close()
        return 100 * used / wall

    _, used = between(hold, sleep)
    os.close(ear)
    os.close(bell)
    return float(used)


class _Backlog:
    """Seals on a thread of its own, as the core does; the bench, not the writer, waits when 64 blocks are behind."""

    def __init__(self) -> None:
        self._pool = ThreadPoolExecutor(1)
        self._room = threading.Semaphore(64)

    def submit(self, job: Callable[[], None]) -> None:
        self._room.acquire()
        self._pool.submit(self._do, job)

    def _do(self, job: Callable[[], None]) -> None:
        try:
            job()
        finally:
            self._room.release()

    def finish(self) -> None:
        self._pool.shutdown()


def lapped(tokens: int) -> dict[str, float]:
    """Carry so many tokens past a reader that falls asleep on purpose: what the ring lost, the log gives back.

    The reader is `hive_tui.core.feed.Feed`, the screen's own. A reader that is lapped once by a writer at full speed
    stays in the log to the end, which would test one lap. So the writer goes in bursts of several rings, in which it
    waits for nobody (but for its own sealing thread, when that is 64 blocks behind), and between two bursts it waits
    until the reader stands at the ring's head again, then publishes a stretch that is read from the ring.
    """
    folder = Path(tempfile.mkdtemp())
    ear, bell = os.pipe()
    records, rest = divmod(tokens, LAPPED_SIZE)
    runs = folder / "runs"

    def send(meet: Connection) -> int:
        sealing = _Backlog()
        writer = RingWriter(folder / "rings", LAPPED_CAPACITY)
        log = LogWriter(runs / "01J", LogHeader("01J", 0), sealing.submit)
        patterns, crc = payloads(LAPPED_SIZE), 0
        last = payloads(rest)[0] if rest else b""
        slot = writer.add_reader(bell)
        meet.send((writer.name, slot))
        meet.recv()
        words = writer.buffer[: layout.CONTROL_SIZE].cast("Q")
        place = layout.reader_word(slot, layout.READER_POSITION)
        everything = records + bool(rest)
        for first in range(1, everything + 1, 4):
            batch = []
            seqs = range(first, min(first + 4, everything + 1))
            for seq in seqs:
                payload = patterns[seq % PATTERNS] if seq <= records else last
                crc = zlib.crc32(payload, crc)
                batch.append(HEADER.pack(len(payload), wire.DELTA_KIND, 0, 1, 1, seq, seq) + payload)
            data = b"".join(batch)
            log.append(data, Span(len(batch), seqs[0], seqs[-1], seqs[0], seqs[-1]))
            writer.publish(data, len(batch))
            # The second half of each cycle is read in step; the first is the burst that runs over the reader.
            if first // 4 % CYCLE >= BURST:
                while words[place] != writer.position:
                    time.sleep(0)
        log.finish()
        sealing.finish()
        meet.recv()
        words.release()
        writer.close()
        return crc

    def receive(meet: Connection) -> tuple[int, ...]:
        feed = Feed(RingReader(*meet.recv()), runs, lambda: None)
        feed.know(1, "01J")
        meet.send("ready")
        seen = crc = last = lost = doubled = torn = looks = from_ring = 0
        while last < records + bool(rest):
            records_now = feed.drain()
            looks += bool(records_now)
            if records_now and looks % 25 == 0:
                time.sleep(0.01)  # Fall asleep: in a burst the writer runs over this reader.
            if not feed.catching_up:
                from_ring += len(records_now)
            for record in records_now:
                event = record.event
                assert isinstance(event, Delta)
                lost += max(record.seq - last - 1, 0)
                doubled += record.seq <= last
                torn += wire.chunk_count(event.table) * 5 != len(event.data)
                last = max(last, record.seq)
                seen += len(event.data) // 5
                head = wire.DELTA_HEAD.pack(event.channel, len(event.table) // 8)
                crc = zlib.crc32(event.data, zlib.crc32(event.table, zlib.crc32(head, crc)))
        meet.send("done")
        laps = feed.laps
        feed.close()
        return seen, lost, doubled, torn, laps, from_ring, crc

    start = time.perf_counter()
    try:
        sent_crc, (seen, lost, doubled, torn, laps, from_ring, crc) = between(send, receive)
        seconds = time.perf_counter() - start
        size = sum(path.stat().st_size for path in (runs / "01J").iterdir())
    finally:
        shutil.rmtree(folder)
        os.close(ear)
        os.close(bell)
    return {
        "tokens": seen,
        "lost": tokens - seen if seen < tokens else lost,
        "torn": torn + (crc != sent_crc),
        "doubled": doubled,
        "laps": laps,
        "records": records + bool(rest),
        "records_from_ring": from_ring,
        "seconds": seconds,
        "log_bytes": size,
    }
