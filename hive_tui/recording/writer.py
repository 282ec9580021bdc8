"""Appends a run's records to its log.

Each batch is one `write(2)` to the open block's file, before its ring position is published. A full block is sealed on
another thread: compressed and appended to the log; then its open file is removed, at the next fsync if one has made a
part of it safe, so that a power cut takes nothing of that. If sealing fails the open files stay, and the recording is
as whole as before, only larger.
"""

from __future__ import annotations

import errno
import fcntl
import os
from collections.abc import Callable
from pathlib import Path

import msgspec
import zstandard

from hive_tui.recording import format as form
from hive_tui.recording.counts import Tally, take_deltas
from hive_tui.recording.folder import LOG, open_name
from hive_tui.recording.format import IndexEntry, LogHeader, Span
from hive_tui.recording.keyframes import Tracker, encode_keyframes
from hive_tui.recording.statehash import REDUCER

BLOCK_SIZE = 128 * 1024
"""Raw bytes after which a block is sealed."""


LEVEL = 3
"""Of zstd."""
CHAIN_SIZE = 32


class AlreadyWrittenError(OSError):
    """Another process writes this run."""


class _OpenBlock:
    """The block that takes batches now."""

    def __init__(self, folder: Path, number: int, before: bytes) -> None:
        self.number = number
        self.before = before
        self.path = folder / open_name(number)
        self.file = os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND, 0o600)
        self.batches: list[bytes] = []
        self.size = 0
        self._records = 0
        self._first: Span | None = None
        self._last: Span | None = None
        self.safe = False
        """Whether its first batches were forced to the disk: until they are there in the log too, the file stays."""
        try:
            _write_whole(self.file, form.encode_open_header(number, before))
        except OSError:
            self.path.unlink()
            os.close(self.file)
            raise

    def append(self, batch: bytes, span: Span) -> None:
        data = form.encode_batch(batch)
        written = os.write(self.file, data)
        if written < len(data):
            _write_whole(self.file, data[written:])
        self.batches.append(batch)
        self.size += len(batch)
        self._records += span.records
        if self._first is None:
            self._first = span
        self._last = span

    @property
    def span(self) -> Span | None:
        """What all batches hold."""
        first, last = self._first, self._last
        if first is None or last is None:
            return None
        return Span(self._records, first.first_seq, last.last_seq, first.first_ns, last.last_ns)


class LogWriter:
    """The one writer of a run's folder, held by `flock` until `close`.

    `submit` runs a function later, on one other thread, in the order given (an executor with one worker).
    """

    def __init__(
        self,
        folder: Path,
        header: LogHeader,
        submit: Callable[[Callable[[], None]], object],
        tally: Tally = take_deltas,
    ) -> None:
        """Make the folder and its log. `tally` counts the deltas for the keyframes, on the other thread.

        Raises:
            AlreadyWrittenError: another process writes this run.
            FileExistsError: the run was written already.
            OSError: the folder cannot be written.
        """
        folder.mkdir(parents=True, mode=0o700, exist_ok=True)
        self.folder = folder
        self._submit = submit
        self._log = os.open(folder / LOG, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600)
        try:
            fcntl.flock(self._log, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            os.close(self._log)
            raise AlreadyWrittenError(f"{folder}: another process writes this run") from error
        if os.fstat(self._log).st_size:
            os.close(self._log)
            raise FileExistsError(errno.EEXIST, "the run was written already", str(folder / LOG))
        data = form.encode_file_header(header)
        try:
            _write_whole(self._log, data)
            self._block = _OpenBlock(folder, 0, form.first_chain(data))
        except OSError:
            # Nothing was recorded: a log without a word would stand in every list.
            (folder / LOG).unlink()
            os.close(self._log)
            folder.rmdir()
            raise
        self._end = len(data)
        self._entries: list[IndexEntry] = []
        self._sealed: list[Path] = []
        """Open files that are on the disk, of blocks that stand in the log but perhaps not yet on the disk."""
        self._tracker = Tracker(tally=tally)
        self.seal_error: OSError | None = None
        """Why blocks stay in their open files, or may not be on the disk."""

    def append(self, batch: bytes, span: Span) -> None:
        """Append whole records; after this returns, a process that is killed loses none of them.

        Raises:
            OSError: disk full or gone; the batch may be partly written, which readers take for a torn tail.
        """
        self._block.append(batch, span)
        if self._block.size >= BLOCK_SIZE:
            self._roll()

    def _roll(self) -> None:
        """Seal the open block on the other thread and open the next."""
        full, raw, chain = self._full()
        self._block = _OpenBlock(self.folder, full.number + 1, chain)
        self._submit(lambda: self._seal(full, raw, chain))

    def _full(self) -> tuple[_OpenBlock, bytes, bytes]:
        """The open block, its records and the chain behind it."""
        block, span = self._block, self._block.span
        raw = b"".join(block.batches)
        block.batches.clear()
        return block, raw, block.before if span is None else form.chain_after(block.before, raw, block.number, span)

    def _seal(self, block: _OpenBlock, raw: bytes, chain: bytes) -> None:
        os.close(block.file)
        if self.seal_error is not None or block.span is None:
            return
        stored = zstandard.ZstdCompressor(level=LEVEL).compress(raw)
        frame = form.encode_frame(form.BLOCK, form.ZSTD, block.number, stored, len(raw), block.span, chain)
        keyframes = self._keyframes_of(block, raw)
        try:
            _write_whole(self._log, frame + keyframes)
        except OSError as error:
            self.seal_error = error
            os.ftruncate(self._log, self._end)
            return
        self._entries.append(
            IndexEntry(self._end, block.number, len(raw), block.span, self._end + len(frame) if keyframes else 0)
        )
        self._end += len(frame) + len(keyframes)
        if block.safe:
            self._sealed.append(block.path)
        else:
            block.path.unlink()

    def _keyframes_of(self, block: _OpenBlock, raw: bytes) -> bytes:
        """The frame behind a block."""
        assert block.span is not None
        payload = encode_keyframes(self._tracker.block(raw))
        stored = zstandard.ZstdCompressor(level=LEVEL).compress(payload)
        return form.encode_frame(
            form.KEYFRAME, form.ZSTD, block.number, stored, len(payload), block.span, bytes(CHAIN_SIZE)
        )

    def _settle(self) -> None:
        """Force the log to the disk; only then the raw copies of what it holds may go."""
        os.fsync(self._log)
        while self._sealed:
            self._sealed.pop().unlink()

    def sync(self) -> None:
        """On the other thread: force what was appended to the disk."""
        file = os.dup(self._block.file)
        self._block.safe = True

        def run() -> None:
            try:
                self._settle()
                os.fsync(file)
            except OSError as error:
                self.seal_error = error
            finally:
                os.close(file)

        self._submit(run)

    def finish(self) -> None:
        """On the other thread: seal what is open, write index and trailer, give the folder free."""
        block, raw, chain = self._full()
        self._submit(lambda: self._finish(block, raw, chain))

    def abandon(self) -> None:
        """On the other thread: give the folder free and leave the recording as it is, without a sound end."""

        def run() -> None:
            os.close(self._block.file)
            os.close(self._log)

        self._submit(run)

    def _finish(self, block: _OpenBlock, raw: bytes, chain: bytes) -> None:
        self._seal(block, raw, chain)
        try:
            if block.span is None:
                block.path.unlink()
            if self.seal_error is None and self._entries:
                self._write_index(chain)
            self._settle()
        except OSError as error:
            self.seal_error = error
            os.ftruncate(self._log, self._end)
        finally:
            os.close(self._log)

    def _write_index(self, chain: bytes) -> None:
        first, last = self._entries[0].span, self._entries[-1].span
        count = sum(entry.span.records for entry in self._entries)
        span = Span(count, first.first_seq, last.last_seq, first.first_ns, last.last_ns)
        raw = msgspec.msgpack.encode(form.Index(tuple(self._entries), self._tracker.hash, REDUCER))
        frame = form.encode_frame(form.INDEX, form.RAW, len(self._entries), raw, len(raw), span, chain)
        _write_whole(self._log, frame + form.TRAILER.pack(form.END_MAGIC, self._end))


def _write_whole(file: int, data: bytes) -> None:
    written = os.write(file, data)
    while written < len(data):
        written += os.write(file, memoryview(data)[written:])
