"""Saves what is sound of a damaged recording: its longest valid prefix, into a folder of its own."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from hive_tui import wire
from hive_tui.events import RunStarted
from hive_tui.recording import format as form
from hive_tui.recording.blocks import span_of
from hive_tui.recording.files import NoFileError, content, open_file
from hive_tui.recording.folder import LOG, open_name
from hive_tui.recording.format import DamagedError, LogHeader
from hive_tui.recording.fresh import fresh_folder
from hive_tui.recording.reader import decompress
from hive_tui.recording.summary import summarise, write_summary
from hive_tui.recording.timeline import Timeline
from hive_tui.recording.verify import next_frame, read_frame
from hive_tui.recording.writer import LogWriter
from hive_tui.wire import DELTA_KIND, HEADER, HEADER_SIZE

if TYPE_CHECKING:
    from hive_tui.kernels.interface import Backend


class Repaired(msgspec.Struct, frozen=True):
    """What was kept and what was not."""

    run: str
    kept: int
    """Events, from the first on."""
    kept_ns: int
    """Time of the last that was kept."""
    lost: int | None
    """Events behind them that are known to have been there; `None` when nothing tells how many."""
    reason: str
    """Why no more could be kept; empty when the log went to a sound end."""
    header_made: bool = False
    """The file header was damaged, and was made again from the first event."""


class _Prefix:
    """Goes through a log as far as it is sound; `reason` and `offset` tell afterwards where and why it stopped."""

    def __init__(self, folder: Path) -> None:
        """Raises:
        FileNotFoundError: no log there.
        DamagedError: it is no recording, or of a newer version.
        """
        self._folder = folder
        self._number = 0
        self.reason = "its end was never written"
        self.offset = 0
        self.header: LogHeader | None = None
        """`None` when it is damaged."""
        self._chain: bytes | None = None
        """Before the next block; `None` when only that block tells."""
        with open_file(folder / LOG) as log:
            lead = log.read(64 * 1024)
            try:
                self.header, self.offset = form.decode_file_header(lead)
                self._chain = form.first_chain(lead[: self.offset])
            except DamagedError:
                if not form.is_spoiled_header(lead):
                    raise
                first = next_frame(log.fileno(), len(form.FILE_MAGIC))
                self.offset = os.fstat(log.fileno()).st_size if first is None else first

    def blocks(self) -> Iterator[bytes]:
        """Records, end to end, a block at a time."""
        with open_file(self._folder / LOG) as log:
            yield from self._sealed(log.fileno())
        if self.reason:
            yield from self._open()

    def _sealed(self, log: int) -> Iterator[bytes]:
        size = os.fstat(log).st_size
        try:
            while self.offset < size:
                frame, stored = read_frame(log, self.offset)
                behind = self.offset + form.FRAME.size + frame.stored
                if frame.tag == form.INDEX:
                    form.check_trailer(os.pread(log, form.TRAILER.size, behind), self.offset)
                    self.reason = ""
                    return
                if frame.tag == form.BLOCK:
                    raw = decompress(frame.codec, stored, frame.raw)
                    chain = frame.chain
                    if self._chain is not None:
                        chain = form.chain_after(self._chain, raw, frame.number, frame.span)
                    if frame.number != self._number or chain != frame.chain:
                        raise DamagedError(f"block {self._number} does not stand at byte {self.offset}", self.offset)
                    self._chain, self._number = chain, self._number + 1
                    yield raw
                self.offset = behind
        except DamagedError as error:
            self.reason = str(error)

    def _open(self) -> Iterator[bytes]:
        """A block that was sealed badly may still stand in its open file."""
        while os.path.lexists(path := self._folder / open_name(self._number)):
            try:
                data = content(path)
                number, chain = form.decode_open_header(data)
            except (DamagedError, NoFileError) as error:
                self.reason = f"{path.name}: {error if isinstance(error, DamagedError) else error.strerror}"
                return
            if (number, chain) != (self._number, self._chain or chain):
                self.reason = f"{path.name}: it belongs to another log"
                return
            batches, used = form.decode_batches(data, form.OPEN_SIZE)
            raw = b"".join(batches)
            if raw:
                yield raw
                self._chain = form.chain_after(chain, raw, number, span_of(raw))
            if used < len(data):
                self.reason = f"{path.name}: its last {len(data) - used} bytes are cut short or damaged"
                return
            self._number += 1


def repair(folder: Path, target: Path, kernels: Backend) -> Repaired:
    """Write the longest valid prefix of a log, and its summary, to a folder that must not be there yet.

    Raises:
        FileNotFoundError: no log there.
        DamagedError: it is no recording, or newer, or not one event is sound: nothing was written.
        FileExistsError: something is at `target`.
        OSError: the log cannot be read, or `target` not be written, of which nothing is left then.
    """
    prefix = _Prefix(folder)
    with fresh_folder(target) as fresh:
        run, seq, time_ns, reason = _copy(prefix, fresh, kernels)
        timeline = Timeline(fresh)
        try:
            write_summary(fresh, summarise(timeline.last_state()))
        finally:
            timeline.close()
    last = _last_known(folder, prefix.offset) if reason else seq
    lost = None if last is None else max(0, last - seq)
    return Repaired(run, seq, time_ns, lost, reason, header_made=prefix.header is None)


def _copy(prefix: _Prefix, target: Path, kernels: Backend) -> tuple[str, int, int, str]:
    """The run's id, sequence number and time of the last event that could be kept, and why no more could."""
    writer: LogWriter | None = None
    seq = time_ns = 0
    run = reason = ""
    for raw in prefix.blocks():
        found = kernels.verify(raw, seq, time_ns)
        sound, reason = _readable(raw[: found.used])
        if sound and writer is None:
            header = prefix.header or _header_of(sound)
            run, writer = header.run, LogWriter(target, header, lambda job: job())
        if sound and writer is not None:
            span = span_of(sound)
            writer.append(sound, span)
            seq, time_ns = span.last_seq, span.last_ns
        if found.fault is not None and not reason:
            reason = f"event {seq + 1}: {found.fault.value}"
        if reason:
            break
    reason = reason or prefix.reason
    if writer is None:
        raise DamagedError(f"not one event can be saved: {reason}")
    writer.finish()
    if writer.seal_error is not None:
        raise writer.seal_error
    return run, seq, time_ns, reason


def _readable(raw: bytes) -> tuple[bytes, str]:
    """Sound records up to the first that is no event of its kind, and why that is none. Of deltas the kernels know."""
    offset = 0
    while offset < len(raw):
        length, kind, _, _, _, seq, _ = HEADER.unpack_from(raw, offset)
        if kind != DELTA_KIND:
            try:
                wire.decode(raw, offset)
            except wire.WireError as error:
                return raw[:offset], f"event {seq}: {error}"
        offset += HEADER_SIZE + length
    return raw, ""


def _header_of(raw: bytes) -> LogHeader:
    """The file header, as the first event tells it.

    Raises:
        DamagedError: that is no run's start.
    """
    try:
        event = wire.decode(raw)[0].event
    except wire.WireError as error:
        raise DamagedError(f"the file header is damaged, and the first event cannot be read: {error}") from error
    if not isinstance(event, RunStarted):
        raise DamagedError("the file header is damaged, and the first event does not tell which run it was")
    return LogHeader(event.run, event.wall_ns, event.version)


def _last_known(folder: Path, offset: int) -> int | None:
    """Sequence number of the last event that a sound frame behind the damage tells of."""
    last = None
    with open_file(folder / LOG) as log:
        while (at := next_frame(log.fileno(), offset)) is not None:
            frame, _ = read_frame(log.fileno(), at)
            last = frame.span.last_seq
            offset = at + form.FRAME.size + frame.stored
    return last
