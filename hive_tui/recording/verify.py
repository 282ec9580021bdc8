"""Whether a recording is what it was: every frame, every record, and what is derived from them.

The log is gone through from end to end. Behind a damaged place the next sound frame is looked for, so that each fault
is named by its own position and one damage is not told twice.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
from msgspec.structs import replace

from hive_tui import wire
from hive_tui.recording import format as form
from hive_tui.recording.blocks import span_of
from hive_tui.recording.derived import BEING_MADE, sha256_of
from hive_tui.recording.files import content, open_file
from hive_tui.recording.folder import LOG, MARKERS, SUMMARY, is_written, open_name
from hive_tui.recording.format import DamagedError, Frame, IndexEntry
from hive_tui.recording.keyframes import Tracker, encode_keyframes
from hive_tui.recording.reader import decompress
from hive_tui.recording.statehash import REDUCER
from hive_tui.recording.summary import Summary, read_summary

if TYPE_CHECKING:
    from hive_tui.kernels.interface import Backend

_TAG = re.compile(b"|".join((form.BLOCK, form.KEYFRAME, form.INDEX)))
_OPEN = re.compile(r"open-(\d{8})")
_OURS = re.compile(rf"\.(summary|markers)\.json\.\d+|{BEING_MADE.pattern}")
"""Files that are being written."""
SEARCH = 1 << 20
"""Bytes that are searched at a time for the next frame."""


class Fault(msgspec.Struct, frozen=True):
    """Something that is not as it was written."""

    kind: str
    """`header`, `block`, `order`, `chain`, `records`, `keyframes`, `index`, `state`, `end`, `tail`, `summary`,
    `derived`, `stray`."""
    file: str
    offset: int
    """Byte in the file."""
    message: str


class Report(msgspec.Struct, frozen=True):
    run: str
    blocks: int
    records: int
    written: bool
    """A live process still writes it: that it has no end is no fault."""
    faults: tuple[Fault, ...]
    source: str = ""
    """The run of which it is a redacted copy."""

    @property
    def sound(self) -> bool:
        return not self.faults


class Verification:
    """One pass over a log."""

    def __init__(self, folder: Path, kernels: Backend) -> None:
        self._folder = folder
        self._kernels = kernels
        self._faults: list[Fault] = []
        self._entries: list[IndexEntry] = []
        self._records = 0
        self._number = 0
        self._seq, self._time_ns = 0, 0
        self._chain = b""
        self._tracker: Tracker | None = Tracker(tally=kernels.tally)
        """`None` behind a damage: what follows cannot be folded."""
        self._keyframes: bytes | None = None
        """What should stand behind the block before, encoded."""
        self._same_reducer = True
        """Whether what is derived was made by this version's rule; by another, it is not compared."""
        self._written = False
        """Whether a live process writes it: what stands at its end may be half there."""
        self._lost = False
        """Whether a frame before was damaged: what it was the next block tells."""

    def run(self) -> Report:
        """Raises:
        FileNotFoundError: no log there.
        DamagedError: it is no recording, or of a newer version.
        """
        # Asked first: a run that ends meanwhile has a sound end by the time its log is read.
        written = self._written = is_written(self._folder)
        with open_file(self._folder / LOG) as log:
            lead = log.read(64 * 1024)
            try:
                header, offset = form.decode_file_header(lead)
            except DamagedError as error:
                if not form.is_spoiled_header(lead):
                    raise
                self._fault("header", 0, f"{error}; without it nothing can be said of the rest")
                return Report("", 0, 0, written, tuple(self._faults))
            self._chain = form.first_chain(lead[:offset])
            self._same_reducer = self._told_reducer(log.fileno()) in (None, REDUCER)
            ended = self._walk(log.fileno(), offset)
        if not ended:
            self._tail()
        if not ended and not written:
            size = os.stat(self._folder / LOG).st_size
            self._fault("end", size, "the recording has no sound end: it was cut off, or is not finished")
        self._folder_files(header.run)
        return Report(header.run, len(self._entries), self._records, written, tuple(self._faults), header.source)

    def _fault(self, kind: str, offset: int, message: str, file: str = LOG) -> None:
        # A name that is no text would fit in no document.
        name = file.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
        self._faults.append(Fault(kind, name, offset, message))

    def _walk(self, log: int, offset: int) -> bool:
        """All frames; whether an index and a trailer end them."""
        size = os.fstat(log).st_size
        while offset < size:
            try:
                frame, stored = read_frame(log, offset)
            except DamagedError as error:
                behind = next_frame(log, offset + 1)
                if behind is None and self._written and _is_cut(log, offset):
                    return False
                lost = "the rest of the file" if behind is None else f"{behind - offset} bytes"
                self._fault("block", offset, f"{error}; {lost} cannot be read")
                self._tracker = self._keyframes = None
                self._lost = True
                if behind is None:
                    return False
                offset = behind
                continue
            behind = offset + form.FRAME.size + frame.stored
            if frame.tag == form.BLOCK:
                self._block(frame, stored, offset)
            elif frame.tag == form.KEYFRAME:
                self._keyframe(frame, stored, offset)
            elif frame.tag == form.INDEX:
                return self._index(log, frame, stored, offset, behind, size)
            offset = behind
        return False

    def _block(self, frame: Frame, stored: bytes, offset: int) -> None:
        name = f"block {frame.number}"
        if frame.number != self._number and not (self._lost and frame.number > self._number):
            what = f"{name} stands where block {self._number} belongs"
            gone = frame.number - self._number
            if gone > 0:
                lost = f"block {self._number}" if gone == 1 else f"blocks {self._number} to {frame.number - 1}"
                what += f"; {lost} missing here"
            self._fault("order", offset, what)
            self._tracker = None
        try:
            raw = decompress(frame.codec, stored, frame.raw)
        except DamagedError as error:
            self._fault("block", offset, f"{name}: {error}")
            self._tracker = None
            raw = None
        if raw is not None:
            if (
                self._tracker is not None
                and form.chain_after(self._chain, raw, frame.number, frame.span) != frame.chain
            ):
                self._fault("chain", offset, f"{name}: the hash chain does not lead here from the block before")
            self._check_records(raw, frame, offset)
        self._lost = False
        self._chain = frame.chain
        self._number = frame.number + 1
        self._entries.append(IndexEntry(offset, frame.number, frame.raw, frame.span))
        self._records += frame.span.records

    def _check_records(self, raw: bytes, frame: Frame, offset: int) -> None:
        name, span = f"block {frame.number}", frame.span
        if self._tracker is None:
            self._seq, self._time_ns = span.first_seq - 1, span.first_ns
        elif span.first_seq != self._seq + 1:
            self._fault("records", offset, f"{name} begins with event {span.first_seq}, not {self._seq + 1}")
            self._seq = span.first_seq - 1
        found = self._kernels.verify(raw, self._seq, self._time_ns)
        if found.fault is not None:
            self._fault("records", offset, f"{name}, event {found.seq + 1}: {found.fault.value}")
            self._tracker = None
        elif (found.records, found.seq, found.time_ns) != (span.records, span.last_seq, span.last_ns):
            self._fault("records", offset, f"{name} holds other events than its header tells")
        self._seq, self._time_ns = span.last_seq, span.last_ns
        self._keyframes = None
        if self._tracker is not None:
            try:
                self._keyframes = encode_keyframes(self._tracker.block(raw))
            except wire.WireError as error:
                self._fault("records", offset, f"{name}: {error}")
                self._tracker = None

    def _keyframe(self, frame: Frame, stored: bytes, offset: int) -> None:
        if self._lost:
            return
        if not self._entries or self._entries[-1].number != frame.number:
            self._fault("order", offset, f"the keyframes of block {frame.number} do not stand behind it")
            return
        self._entries[-1] = replace(self._entries[-1], keyframes=offset)
        try:
            raw = decompress(frame.codec, stored, frame.raw)
        except DamagedError as error:
            self._fault("keyframes", offset, f"keyframes of block {frame.number}: {error}")
            return
        if self._keyframes is not None and self._same_reducer and raw != self._keyframes:
            self._fault("keyframes", offset, f"keyframes of block {frame.number} are not what its events come to")

    def _index(self, log: int, frame: Frame, stored: bytes, offset: int, behind: int, size: int) -> bool:
        """Whether the index is followed by its trailer."""
        try:
            index = form.decode_index(stored)
        except DamagedError as error:
            self._fault("index", offset, str(error))
            return False
        if not self._faults and index.blocks != tuple(self._entries):
            self._fault("index", offset, "the index tells other blocks than there are")
        if self._tracker is not None and not self._faults:
            if index.reducer == REDUCER and index.state_hash != self._tracker.hash:
                self._fault("state", offset, "the events come to another last state than the recording tells")
            if frame.chain != self._chain:
                self._fault("chain", offset, "the index: the hash chain does not lead here from the last block")
        end = behind + form.TRAILER.size
        if os.pread(log, form.TRAILER.size, behind) != form.TRAILER.pack(form.END_MAGIC, offset):
            if self._written:
                return False
            self._fault("end", behind, "the trailer is cut short or damaged")
        elif size > end:
            self._fault("end", end, f"{size - end} bytes stand behind the end")
        return True

    @staticmethod
    def _told_reducer(log: int) -> int | None:
        """By which rule keyframes were made, as the index tells; `None` without a sound one."""
        size = os.fstat(log).st_size
        trailer = os.pread(log, form.TRAILER.size, max(0, size - form.TRAILER.size))
        if not trailer.startswith(form.END_MAGIC) or len(trailer) < form.TRAILER.size:
            return None
        try:
            frame, stored = read_frame(log, min(form.TRAILER.unpack(trailer)[1], size))
            return form.decode_index(stored).reducer if frame.tag == form.INDEX else None
        except DamagedError:
            return None

    def _folder_files(self, run: str) -> None:
        """The summary by its own checksum, what is derived by the summary, raw copies by their blocks, and files that
        nobody wrote here; notes are a person's own."""
        blocks = {open_name(entry.number): entry for entry in self._entries}
        summary = read_summary(self._folder)
        derived = {} if summary is None else {each.name: each.sha256 for each in summary.derived}
        for name in sorted(os.listdir(self._folder)):
            if name == SUMMARY:
                self._summary(summary, run)
            elif name in derived:
                self._derived(self._folder / name, derived[name])
            elif name in blocks:
                self._raw_copy(self._folder / name, blocks[name])
            elif (block := _OPEN.fullmatch(name)) is not None:
                if int(block[1]) >= self._number and not (self._lost or self._written):
                    self._fault("stray", 0, "the blocks before do not lead to this one", name)
            elif name not in (LOG, MARKERS) and not _OURS.fullmatch(name):
                self._fault("stray", 0, "no file of a recording", name)

    def _derived(self, path: Path, sha256: str) -> None:
        try:
            found = sha256_of(path)
        except OSError as error:
            self._fault("derived", 0, f"cannot be read: {error.strerror}", path.name)
            return
        if found != sha256:
            self._fault("derived", 0, "it is not what the summary says that was derived", path.name)

    def _raw_copy(self, path: Path, entry: IndexEntry) -> None:
        """An open file whose block stands in the log: it was to be removed, and until then holds the same."""
        data = self._content(path.name, "tail")
        if data is None:
            return  # It cannot be read, or its writer has just removed it.
        try:
            form.decode_open_header(data)
        except DamagedError as error:
            self._fault("tail", 0, str(error), path.name)
            return
        batches, used = form.decode_batches(data, form.OPEN_SIZE)
        with open_file(self._folder / LOG) as log:
            frame, stored = read_frame(log.fileno(), entry.offset)
        try:
            raw = decompress(frame.codec, stored, frame.raw)
        except DamagedError:
            return  # Told already.
        if used < len(data):
            self._fault("tail", used, f"the last {len(data) - used} bytes are cut short or damaged", path.name)
        elif b"".join(batches) != raw:
            self._fault("tail", form.OPEN_SIZE, f"it holds other events than block {entry.number}", path.name)

    def _summary(self, summary: Summary | None, run: str) -> None:
        if summary is None:
            if self._content(SUMMARY, "summary") is not None:
                self._fault("summary", 0, "its checksum is wrong, or it is no summary of this version", SUMMARY)
        elif summary.run != run:
            self._fault("summary", 0, f"it belongs to run {summary.run}", SUMMARY)
        elif summary.seq != self._seq and not self._faults and not self._written:
            self._fault("summary", 0, f"it tells of {summary.seq} events, and there are {self._seq}", SUMMARY)

    def _tail(self) -> None:
        """The blocks in open files."""
        while (data := self._content(name := open_name(self._number), "tail")) is not None:
            number, chain = self._number, self._chain
            try:
                number, chain = form.decode_open_header(data)
            except DamagedError as error:
                self._fault("tail", 0, str(error), name)
            if (number, chain) != (self._number, self._chain) and not self._lost:
                self._fault("chain", 0, "the hash chain does not lead here from the block before", name)
            batches, used = form.decode_batches(data, form.OPEN_SIZE)
            raw = b"".join(batches)
            found = self._kernels.verify(raw, self._seq, self._time_ns)
            if found.fault is not None:
                self._fault("records", form.OPEN_SIZE, f"event {found.seq + 1}: {found.fault.value}", name)
                self._tracker = None
            if self._tracker is not None:
                try:
                    self._tracker.block(raw)
                except wire.WireError as error:
                    self._fault("records", form.OPEN_SIZE, str(error), name)
                    self._tracker = None
            if used < len(data):
                self._fault("tail", used, f"the last {len(data) - used} bytes are cut short or damaged", name)
            self._records += found.records
            self._seq, self._time_ns = found.seq, found.time_ns
            self._chain = form.chain_after(chain, raw, number, span_of(raw)) if found.used == len(raw) > 0 else chain
            self._number += 1

    def _content(self, name: str, kind: str) -> bytes | None:
        """`None` where no file is, or none that can be read, which is a fault."""
        try:
            return content(self._folder / name)
        except FileNotFoundError:
            return None
        except OSError as error:
            self._fault(kind, 0, f"cannot be read: {error.strerror}", name)
            return None


def _is_cut(log: int, offset: int) -> bool:
    """Whether the file ends inside the frame there."""
    left = os.fstat(log).st_size - offset
    if left < form.FRAME.size:
        return True
    try:
        return left < form.FRAME.size + form.decode_frame(os.pread(log, form.FRAME.size, offset), offset).stored
    except DamagedError:
        return False


def read_frame(log: int, offset: int) -> tuple[Frame, bytes]:
    """A frame and its stored payload.

    Raises:
        DamagedError: there is none, or it is not what its checksum tells.
    """
    frame = form.decode_frame(os.pread(log, form.FRAME.size, offset), offset)
    stored = os.pread(log, frame.stored, offset + form.FRAME.size)
    form.check_frame(frame, stored, offset)
    return frame, stored


def next_frame(log: int, offset: int) -> int | None:
    """Where the next sound frame of a known kind begins."""
    for at in _places(log, offset):
        try:
            read_frame(log, at)
        except DamagedError:
            continue
        return at
    return None


def _places(log: int, offset: int) -> Iterator[int]:
    """Where a frame's tag stands, from `offset` on."""
    while data := os.pread(log, SEARCH, offset):
        found = sorted(at.start() for at in _TAG.finditer(data))
        yield from (offset + at for at in found)
        if len(data) < SEARCH:
            return
        offset += SEARCH - 3
