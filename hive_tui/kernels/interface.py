"""What a back end of the kernels does, and the columns that it gives.

All back ends give equal bytes for equal input. Columns are `array.array` and `bytes`, so that plain Python needs no
numpy. Records are as `wire` tells; "a buffer of records" holds whole ones, end to end.
"""

from __future__ import annotations

from array import array
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Literal, Protocol

from hive_tui.recording.counts import Counts, Taken

if TYPE_CHECKING:
    from hive_tui.ring.reader import RingReader
    from hive_tui.ring.writer import RingWriter

Weight = Literal["bytes", "chunks"]


@dataclass(frozen=True, slots=True)
class Records:
    """The headers of a buffer of records; record i at index i of each column."""

    offsets: array[int]
    """u64: where the record's header begins."""
    kinds: array[int]
    """u16."""
    flags: array[int]
    """u16."""
    streams: array[int]
    """u32."""
    seqs: array[int]
    """u64."""
    times: array[int]
    """u64: nanoseconds since the run began."""
    used: int
    """Bytes of whole records; less than the buffer's length when it ends inside one."""


@dataclass(frozen=True, slots=True)
class Chunks:
    """The entries of the chunk tables of a buffer's deltas; entry i at index i of each column."""

    streams: array[int]
    """u32."""
    times: array[int]
    """u64: when the chunk came, in nanoseconds since the run began; 0 for one that claims to be older than the run."""
    lengths: array[int]
    """u32: bytes."""
    channels: array[int]
    """u8: `events.Channel`."""
    begins: array[int]
    """u8: 1 where a chunk begins, 0 where the piece goes on with the chunk before it of the same stream."""


@dataclass(frozen=True, slots=True)
class Facts:
    """What an index holds: a row a block, and a row a stream in the order of their first records."""

    records: array[int]
    """u64 a block; 0 for an empty block, whose other columns are 0 as well."""
    first_seqs: array[int]
    last_seqs: array[int]
    first_ns: array[int]
    last_ns: array[int]
    streams: array[int]
    """u32 a stream; 0 is the run itself."""
    stream_first_seqs: array[int]
    stream_last_seqs: array[int]
    stream_first_ns: array[int]
    stream_last_ns: array[int]
    stream_bytes: array[int]
    """u64 a stream: text on all channels."""
    stream_chunks: array[int]
    """u64 a stream."""


class Fault(StrEnum):
    """What is wrong with a record."""

    CUT = "the record is cut short"
    SEQUENCE = "its sequence number does not follow"
    TIME = "its time is before that of the record before it"
    TABLE = "its chunk table is longer than its payload"
    SUM = "its chunks do not sum up to its text"
    TEXT = "its text is no UTF-8, or is cut inside a character"


@dataclass(frozen=True, slots=True)
class Verified:
    """How far a buffer of records is sound."""

    records: int
    """Sound records from the start on."""
    used: int
    """Their bytes: where the faulty record begins, if there is one."""
    seq: int
    """Sequence number of the last sound record, or what was passed in."""
    time_ns: int
    fault: Fault | None


class Scans(Protocol):
    """The scans that a graphics processor can do as well."""

    name: str

    def scan_chunks(self, data: bytes) -> Chunks:
        """The chunks of all deltas; other records, and deltas of channels that are not known, are skipped.

        Raises:
            hive_tui.wire.WireError: the buffer ends inside a record, or a chunk table is longer than its payload.
        """
        ...

    def density(
        self, chunks: Chunks, streams: array[int], start_ns: int, bin_ns: int, bins: int, weight: Weight
    ) -> array[int]:
        """Per stream a histogram over time: u64, row i is that of `streams[i]` (u32, each once), `bins` columns a row.

        Column j counts what came in `start_ns + j * bin_ns <= time < start_ns + (j + 1) * bin_ns`: bytes, or chunks
        that begin there. What lies outside, and other streams, are not counted.
        """
        ...


class Backend(Scans, Protocol):
    """Bulk work on records. Implementations hold no state and may be used from any thread."""

    def publish(self, writer: RingWriter, data: bytes) -> int:
        """Publish a buffer of records of any length, in steps that leave a reader in step unlapped (`publish_step`).

        Returns the position behind them.

        Raises:
            hive_tui.wire.WireError: the buffer does not hold whole records, or one that is over the ring's limit;
                nothing was published.
        """
        ...

    def drain(self, reader: RingReader) -> bytes:
        """All that is published and unread, as `RingReader.read`.

        Raises:
            hive_tui.ring.reader.LappedError: see `RingReader.read`.
        """
        ...

    def scan_records(self, data: bytes) -> Records:
        """Where the records stand; stops at one that is cut short, without an error."""
        ...

    def index(self, data: bytes, ends: array[int]) -> Facts:
        """What an index holds, from the raw records of a run of blocks; `ends` (u64) are the blocks' ends in `data`.

        Raises:
            hive_tui.wire.WireError: as `scan_chunks`, or a block's end is not between two records.
        """
        ...

    def verify(self, data: bytes, seq: int, time_ns: int) -> Verified:
        """Check records that follow one with this sequence number and time (0 and 0 at a log's start).

        Payloads other than deltas' are not looked into; `wire.decode` does that.
        """
        ...

    def tally(
        self,
        raw: bytes,
        offset: int,
        most: int,
        due_ns: int,
        seq: int,
        time_ns: int,
        missing: int,
        counts: list[Counts],
    ) -> Taken:
        """See `recording.counts.Tally`. What `parts` hold is equal end to end."""
        ...


def publish_step(capacity: int) -> int:
    """Bytes that a bulk publish claims at a time: no more than a reader in step can lose, no less than any record."""
    return capacity // 4
