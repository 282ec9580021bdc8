"""Recordings for the tests: written by the real writer, with the log's other thread in the test's hand."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from pathlib import Path

import pytest

import hive_tui.recording.writer as writer_module
from hive_tui import wire
from hive_tui.events import Channel, Delta, Record
from hive_tui.recording.format import LogHeader, Span
from hive_tui.recording.reader import LogCursor
from hive_tui.recording.writer import LogWriter


class Recording:
    """A log that is being written, the records that were appended, and the sealing thread's jobs, undone as yet."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.jobs: deque[Callable[[], None]] = deque()
        self.log = LogWriter(folder, LogHeader("01JRUN", 1_700_000_000_000_000_000), self.jobs.append)
        self.appended: list[Record] = []
        self.batches: list[bytes] = []

    def append(self, *sizes: int) -> None:
        """Append one batch of records with texts of so many characters, none of which compresses well."""
        first = len(self.appended) + 1
        records = [text_record(first + index, size) for index, size in enumerate(sizes)]
        batch = b"".join(map(wire.encode, records))
        self.log.append(batch, Span(len(records), first, records[-1].seq, records[0].time_ns, records[-1].time_ns))
        self.appended += records
        self.batches.append(batch)

    def work(self, jobs: int = 1_000_000) -> None:
        """Let the other thread do its next jobs."""
        while self.jobs and jobs:
            self.jobs.popleft()()
            jobs -= 1

    def finish(self) -> None:
        self.log.finish()
        self.work()


def text_record(seq: int, size: int) -> Record:
    text = "".join(chr(33 + (seq * 7919 + at * at * 31 + at) % 90) for at in range(size)).encode()
    return Record(1, seq, seq * 1000, seq % 3, Delta(Channel.ANSWER, wire.CHUNK.pack(0, len(text)), text))


@pytest.fixture
def small_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writer_module, "BLOCK_SIZE", 600)


@pytest.fixture
def recording(tmp_path: Path, request: pytest.FixtureRequest) -> Recording:
    """Blocks of 600 bytes: five appends of 60 to 100 characters fill one."""
    request.getfixturevalue("small_blocks")
    return Recording(tmp_path / "01JRUN")


@pytest.fixture
def record() -> type[Recording]:
    return Recording


def given_out(cursor: LogCursor) -> list[int]:
    return [each.seq for each in cursor.records()]


@pytest.fixture
def seqs() -> Callable[[LogCursor], list[int]]:
    """Sequences of what a cursor gives at this look."""
    return given_out
