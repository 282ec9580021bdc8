"""What a screen reads: the ring while it keeps up, the runs' logs after it was lapped.

A lapped reader notes the ring's position, re-reads every live run's log from its own last sequence on, then resumes
from the noted position; records that it meets twice are dropped by their sequence. Catching up is done a block of the
log at a time, so a frame's work does not grow with how long the reader was away.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

from hive_tui import wire
from hive_tui.events import Record, RunEnded, RunStarted, Unknown
from hive_tui.recording.format import DamagedError
from hive_tui.recording.reader import LogCursor
from hive_tui.ring.reader import LappedError, RingReader


class _Run:
    def __init__(self, run: str) -> None:
        self.run = run
        self.seq = 0
        self.ended = False
        self.cursor: LogCursor | None = None


class Feed:
    """The records of a core's runs, in order, each once."""

    def __init__(self, ring: RingReader, runs_folder: Path, poll: Callable[[], None]) -> None:
        """`poll` reads the command socket: a run's first record may be seen here before the core's word, sent earlier,
        that the run exists."""
        self._ring = ring
        self._poll = poll
        self._folder = runs_folder
        self._runs: dict[int, _Run] = {}
        self._catching: Iterator[list[Record]] | None = None
        self._resume = 0
        self.laps = 0
        """How often this reader was lapped."""

    @property
    def catching_up(self) -> bool:
        return self._catching is not None

    @property
    def lag(self) -> int:
        """Bytes in the ring that are not read yet."""
        return self._ring.lag

    def know(self, slot: int, run: str) -> None:
        """The core has said that a run exists; a reader that is lapped before the run's first record finds it so."""
        self._runs.setdefault(slot, _Run(run))

    def drain(self) -> list[Record]:
        """What is new; one piece of it while catching up.

        Raises:
            hive_tui.wire.WireError: the ring or a log holds bytes that are no records.
        """
        if self._catching is None:
            try:
                data = self._ring.read()
            except LappedError:
                self.laps += 1
                self._poll()
                self._resume = self._ring.head
                self._catching = self._catch_up()
            else:
                return self._fresh(data) if data else []
        for records in self._catching:
            if records:
                return records
        self._catching = None
        self._ring.jump(self._resume)
        return []

    def sleep(self) -> bool:
        """Ask for the doorbell; False when there is something to read now."""
        return self._catching is None and self._ring.sleep()

    def rest(self) -> Iterator[list[Record]]:
        """After the core's death: what stands in the logs and was never read from the ring."""
        while records := self.drain():
            yield records
        yield from self._catch_up()

    def close(self) -> None:
        self._ring.close()

    def _fresh(self, data: bytes) -> list[Record]:
        fresh: list[Record] = []
        for record in wire.records(data):
            run = self._runs.get(record.slot)
            event = record.event
            if run is None:
                self._poll()
                run = self._runs.setdefault(record.slot, _Run(event.run if isinstance(event, RunStarted) else ""))
            if record.seq <= run.seq:
                continue
            if isinstance(event, Unknown) and event.flags & wire.PLACED:
                for records in self._from_log(run):
                    fresh += records
                continue
            self._take(run, record, fresh)
        return fresh

    @staticmethod
    def _take(run: _Run, record: Record, into: list[Record]) -> None:
        run.seq = record.seq
        run.ended = isinstance(record.event, RunEnded)
        into.append(record)

    def _catch_up(self) -> Iterator[list[Record]]:
        for run in list(self._runs.values()):
            if not run.ended:
                yield from self._from_log(run)

    def _from_log(self, run: _Run) -> Iterator[list[Record]]:
        """The run's records behind its last one, a block at a time."""
        if run.cursor is None:
            try:
                run.cursor = LogCursor(self._folder / run.run)
            except (FileNotFoundError, DamagedError):
                return  # Not recorded: the gap shows in the state's count of missing records.
        for data in run.cursor.read():
            fresh: list[Record] = []
            for record in wire.records(data):
                if record.seq > run.seq:
                    self._take(run, record, fresh)
            yield fresh
