"""Gives events their place and carries them to log and ring.

The order is the law: a batch is appended to the run's log with one `write(2)`, then its ring position is published,
so what was shown is always in the log. Chunks are coalesced until the turn of the event loop that read them ends, and
for 2 ms at most while more keep coming.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from msgspec.structs import replace

from hive_tui import wire
from hive_tui.core.coalesce import Pending, split_by_channel
from hive_tui.events import AttemptStarted, CancelRequested, Event, Record, RunStarted, Warned
from hive_tui.models.call import Text
from hive_tui.recording.format import Span
from hive_tui.recording.writer import LogWriter
from hive_tui.ring.writer import RingWriter
from hive_tui.wire import DELTA_KIND, HEADER, HEADER_SIZE, PLACED

COALESCE_S = 0.002


class RunJournal:
    """The one writer of a run; `council.journal.Journal` is what the council sees of it."""

    def __init__(
        self,
        slot: int,
        origin_ns: int,
        log: LogWriter,
        ring: RingWriter,
        clock: Callable[[], int],
        publish_bulk: Callable[[RingWriter, bytes], int],
    ) -> None:
        """`origin_ns` is the run's time 0 on `clock`, the transport's monotonic clock in nanoseconds.

        `publish_bulk` publishes a batch that is too large for one piece, in steps (`kernels.interface.Backend`).
        """
        self.slot = slot
        self.unrecorded = ""
        """Why the run is no longer recorded; empty while it is."""
        self._origin_ns = origin_ns
        self._log = log
        self._ring = ring
        self._clock = clock
        self._publish_bulk = publish_bulk
        self._seq = 0
        self._said_unrecorded = False
        self._pending: dict[int, list[Pending]] = {}
        self._flush: asyncio.Handle | None = None
        self._published_s = 0.0

    def emit(self, event: Event, stream: int = 0) -> None:
        self.flush()
        record = self._place(event, stream)
        data = wire.encode(record)
        limit = self._ring.record_limit
        if len(data) <= limit:
            self._publish([data], record.time_ns)
            return
        span = Span(1, record.seq, record.seq, record.time_ns, record.time_ns)
        self._append(data, span)
        if self.unrecorded:
            self._ring.publish(wire.encode(replace(record, event=_clipped(event, limit))), 1)
        else:
            head = HEADER.pack(0, wire.kind_of(event), PLACED, self.slot, stream, record.seq, record.time_ns)
            self._ring.publish(head, 1)
        self._state_unrecorded()

    def inherit(self, batch: bytes, span: Span) -> None:
        """Before anything else: records that stand in another run, as they stand there but for the slot.

        Raises:
            OSError: disk full or gone; the run must not be begun.
        """
        self._log.append(batch, span)
        self._seq = span.last_seq

    def publish_inherited(self) -> None:
        """Readers find in the log all that was inherited."""
        self._ring.publish(HEADER.pack(0, wire.kind_of(CancelRequested()), PLACED, self.slot, 0, self._seq, 0), 1)

    def chunks(self, stream: int, at_ns: int, texts: list[Text]) -> None:
        queue = self._pending.setdefault(stream, [])
        for channel, run in split_by_channel(texts):
            if not queue or queue[-1].channel != channel:
                queue.append(Pending(channel))
            queue[-1].add(at_ns, run)
        if self._flush is None:
            loop = asyncio.get_running_loop()
            wait = self._published_s + COALESCE_S - loop.time()
            self._flush = loop.call_later(wait, self.flush) if wait > 0 else loop.call_soon(self.flush)

    def flush(self) -> None:
        """Publish the chunks that wait."""
        if self._flush is None:
            return
        self._flush.cancel()
        self._flush = None
        self._published_s = asyncio.get_running_loop().time()
        now_ns = self._clock()
        time_ns = now_ns - self._origin_ns
        records = []
        for stream, queue in self._pending.items():
            for pending in queue:
                for payload in pending.payloads(now_ns, self._ring.record_limit):
                    self._seq += 1
                    head = HEADER.pack(len(payload), DELTA_KIND, 0, self.slot, stream, self._seq, time_ns)
                    records.append(head + payload)
        self._pending.clear()
        self._publish(records, time_ns)

    def sync(self) -> None:
        if not self.unrecorded:
            self._log.sync()

    def close(self) -> None:
        """Publish what waits and finish the log; the writing goes on on the log's thread."""
        self.flush()
        if self.unrecorded:
            self._log.abandon()
        else:
            self._log.finish()

    def give_up(self) -> None:
        """Before anything was published: the run is not begun after all."""
        self._log.abandon()

    @property
    def disk_error(self) -> str:
        """Once the log's thread is through: why the recording is not whole or not sealed; empty when it is."""
        return self.unrecorded or str(self._log.seal_error or "")

    def _place(self, event: Event, stream: int) -> Record:
        self._seq += 1
        time_ns = self._clock() - self._origin_ns
        return Record(slot=self.slot, seq=self._seq, time_ns=time_ns, stream=stream, event=event)

    def _publish(self, records: list[bytes], time_ns: int) -> None:
        """Append and publish the newest records, all of one moment."""
        first = self._seq - len(records) + 1
        batch = b"".join(records)
        self._append(batch, Span(len(records), first, self._seq, time_ns, time_ns))
        if len(batch) * 4 <= self._ring.capacity:
            self._ring.publish(batch, len(records))
        else:
            self._publish_bulk(self._ring, batch)
        self._state_unrecorded()

    def _append(self, batch: bytes, span: Span) -> None:
        if self.unrecorded:
            return
        try:
            self._log.append(batch, span)
        except OSError as error:
            self.unrecorded = error.strerror or str(error)

    def _state_unrecorded(self) -> None:
        """Once, behind the batch that ended the recording."""
        if not self.unrecorded or self._said_unrecorded:
            return
        self._said_unrecorded = True
        message = f"the recording ends here: {self.unrecorded} ({self._log.folder}); free space, then ask again"
        self._ring.publish(wire.encode(self._place(Warned(code="unrecorded", message=message), 0)), 1)


def _clipped(event: Event, limit: int) -> Event:
    """An event that is too large for the ring and can no longer go to the log: its long texts are cut.

    `HEADER_SIZE` and the other fields need far less than the half that is kept free for them.
    """
    room = (limit - HEADER_SIZE) // 2 // 4
    if isinstance(event, RunStarted):
        return replace(event, question=event.question[:room])
    if isinstance(event, AttemptStarted):
        return replace(event, messages=())
    return Warned(code="unrecorded", message=f"a {type(event).__name__} was too large to show and is not recorded")
