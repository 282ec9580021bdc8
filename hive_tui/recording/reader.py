"""Reads a run's log, live or past, a block at a time: memory does not grow with the run's length.

A cursor stands between two records and gives what came since, from sealed blocks and from open ones; it survives that
a block is sealed between two looks. A torn tail is normal: the longest valid prefix counts.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from hive_tui import wire
from hive_tui.events import Record
from hive_tui.recording import format as form
from hive_tui.recording.files import NoFileError, content, open_file
from hive_tui.recording.folder import LOG, open_name
from hive_tui.recording.format import DamagedError, Frame
from hive_tui.state import RunState, fold


def decompress(codec: int, stored: bytes, raw: int) -> bytes:
    """The payload of a frame.

    Raises:
        DamagedError: unknown codec, or not what the codec makes.
    """
    if codec == form.RAW:
        return stored
    if codec != form.ZSTD:
        raise DamagedError(f"unknown codec {codec}")
    import zstandard  # The screen pays for it only when it reads a sealed block.

    try:
        # Read as a stream: at once, it would take the memory that the payload itself asks for.
        data = zstandard.ZstdDecompressor().stream_reader(stored).read(raw + 1)
    except zstandard.ZstdError as error:
        raise DamagedError(f"zstd: {error}") from error
    if len(data) != raw:
        raise DamagedError(f"zstd: {raw} bytes announced, and there are {'more' if len(data) > raw else len(data)}")
    return data


class LogCursor:
    """A place in a run's log."""

    def __init__(self, folder: Path) -> None:
        """Stand before the first record.

        Raises:
            FileNotFoundError: no log there.
            DamagedError: the file header is damaged or newer.
        """
        self._folder = folder
        with open_file(folder / LOG) as log:
            self.header, self._offset = form.decode_file_header(log.read(64 * 1024))
        self._number = 0
        self._consumed = 0  # Raw bytes of block `_number` that were given out from its open file.
        self._open_offset = form.OPEN_SIZE
        self.complete = False
        """The log has a sound end."""
        self.damage: DamagedError | None = None
        """Why the log could not be read further, when it was not simply at its end."""

    def read(self) -> Iterator[bytes]:
        """Whole records, end to end, that have come since the last look."""
        while not self.complete:
            sealed = self._read_sealed()
            if sealed is not None:
                if sealed:
                    yield sealed
                continue
            fresh = self._read_open()
            if fresh:
                yield fresh
            if not self._is_sealed():
                return

    def records(self) -> Iterator[Record]:
        """The same as events.

        Raises:
            hive_tui.wire.WireError: a sound block holds bytes that are no records.
        """
        for data in self.read():
            yield from wire.records(data)

    @property
    def torn(self) -> str:
        """Why no more can be read, in words; empty when the log has a sound end."""
        if self.complete:
            return ""
        if self.damage is not None:
            return str(self.damage)
        name = open_name(self._number)
        try:
            left = (self._folder / name).stat().st_size - self._open_offset
        except FileNotFoundError:
            left = 0
        return f"{name}: its last {left} bytes are cut short or damaged" if left > 0 else "its end was never written"

    def _is_sealed(self) -> bool:
        """Whether more can be had at once: the log has grown, or the records go on in the next open file."""
        if self._sealed_frame() is not None:
            return True
        if not (self._folder / open_name(self._number + 1)).exists():
            return False
        try:
            left = (self._folder / open_name(self._number)).stat().st_size - self._open_offset
        except FileNotFoundError:
            # An open file goes only after its block stands in the log, so if it was sealed just now it is there.
            return self._sealed_frame() is not None
        if left == 0:
            self._next_block()
        return left == 0

    def _next_block(self) -> None:
        self._number += 1
        self._consumed = 0
        self._open_offset = form.OPEN_SIZE

    def _sealed_frame(self) -> tuple[Frame, bytes] | None:
        """The frame at the cursor and what a block holds, or `None` while there is no whole one."""
        with open_file(self._folder / LOG) as log:
            log.seek(self._offset)
            head = log.read(form.FRAME.size)
            if not head:
                return None
            try:
                frame = form.decode_frame(head, self._offset)
                stored = log.read(frame.stored)
                form.check_frame(frame, stored, self._offset)
                if frame.tag == form.INDEX:
                    form.check_trailer(log.read(form.TRAILER.size), self._offset)
                raw = decompress(frame.codec, stored, frame.raw) if frame.tag == form.BLOCK else b""
            except DamagedError as error:
                self.damage = error
                return None
        self.damage = None
        return frame, raw

    def _read_sealed(self) -> bytes | None:
        found = self._sealed_frame()
        if found is None:
            return None
        frame, raw = found
        if frame.tag == form.INDEX:
            self.complete = True
            return b""
        self._offset += form.FRAME.size + frame.stored
        if frame.tag != form.BLOCK:
            return b""
        if frame.number < self._number:
            return b""  # Sealed late: its records were given out from its open file.
        fresh = raw[self._consumed :] if frame.number == self._number else raw
        self._number = frame.number
        self._next_block()
        return fresh

    def _read_open(self) -> bytes:
        try:
            data = content(self._folder / open_name(self._number), self._open_offset)
        except (FileNotFoundError, NoFileError):
            return b""
        batches, used = form.decode_batches(data)
        self._open_offset += used
        fresh = b"".join(batches)
        self._consumed += len(fresh)
        return fresh


def fold_log(folder: Path) -> tuple[RunState, str]:
    """The state at the end of the longest valid prefix, and why the prefix ends there; empty for a sound end.

    Raises:
        FileNotFoundError: no log there.
        DamagedError: the file header is damaged or newer.
    """
    cursor, state = LogCursor(folder), RunState()
    try:
        for record in cursor.records():
            state = fold(state, record)
    except wire.WireError as error:
        return state, str(error)
    return state, cursor.torn


def read_records(folder: Path) -> Iterator[Record]:
    """All records of a run, oldest first.

    Raises:
        FileNotFoundError: no log there.
        DamagedError: the file header is damaged or newer.
        hive_tui.wire.WireError: a sound block holds bytes that are no records.
    """
    yield from LogCursor(folder).records()
