"""The blocks of a log as places that can be read in any order; of a log that grows, as far as it has grown.

A log with a sound end tells its blocks in its index; of any other the frames' headers are looked through. A block that
stands raw in an open file is a block like the others.
"""

from __future__ import annotations

import os
from collections import OrderedDict
from pathlib import Path

import msgspec

from hive_tui.recording import format as form
from hive_tui.recording.files import NoFileError, content, open_file
from hive_tui.recording.folder import LOG, open_name
from hive_tui.recording.format import DamagedError, Frame, Span
from hive_tui.recording.keyframes import StoredKeyframe, Tracker, decode_keyframes, encode_keyframes
from hive_tui.recording.reader import decompress
from hive_tui.wire import HEADER, HEADER_SIZE

KEPT = 12
"""Blocks whose payload is kept: 1.5 MiB; a screen of eight streams looks at four to six."""
KEYFRAMES_KEPT = 24
"""Blocks whose keyframes are kept: about 1 MiB."""


class Place(msgspec.Struct, frozen=True):
    """Where a block stands."""

    number: int
    span: Span
    offset: int = -1
    """Of its frame in the log; negative for a block in an open file."""
    keyframes: int = 0
    """Offset of its keyframes' frame; 0 when there is none."""


class Blocks:
    """Raises:
    FileNotFoundError: no log there.
    DamagedError: the file header is damaged or newer.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._file = open_file(folder / LOG)
        self._log = self._file.fileno()
        try:
            self.header, self._end = form.decode_file_header(os.pread(self._log, 64 * 1024, 0))
        except DamagedError:
            self._file.close()
            raise
        self.places: list[Place] = []
        self.complete = False
        """The log has a sound end: nothing will come."""
        self.open: dict[int, bytes] = {}
        """Records of the blocks in open files."""
        self._raw: OrderedDict[int, bytes] = OrderedDict()
        self._keyframes: OrderedDict[int, tuple[StoredKeyframe, ...]] = OrderedDict()
        self._made: dict[int, StoredKeyframe] = {}
        """State before each block whose keyframes are not stored."""
        self._spoiled: set[int] = set()
        """Blocks whose stored keyframes are damaged."""
        self.damaged: dict[int, DamagedError] = {}
        """Blocks that were asked for and cannot be read, by the place in `places`, and why."""
        self._read_index()
        self.refresh()

    def close(self) -> None:
        self._file.close()

    def refresh(self) -> None:
        """Take what has come since the last call. What was there stays, also when somebody has removed the files."""
        if self.complete:
            return
        known, open_ = self.places.copy(), self.open.copy()
        while self.places and self.places[-1].offset < 0:
            self.places.pop()
            self._keyframes.pop(len(self.places), None)
        self.open.clear()
        while self._take_frame():
            pass
        if not self.complete:
            self._take_open_files()
        if known and (not self.places or self.places[-1].span.last_seq < known[-1].span.last_seq):
            self.places, self.open = known, open_

    def raw(self, index: int) -> bytes:
        """A block's records, end to end; `index` counts `places`.

        Raises:
            DamagedError: the block is not what its frame promises.
        """
        if index in self.open:
            return self.open[index]
        found = self._raw.get(index)
        if found is None:
            found = self._raw[index] = self._read(index)
            if len(self._raw) > KEPT:
                self._raw.popitem(last=False)
        else:
            self._raw.move_to_end(index)
        return found

    def _read(self, index: int) -> bytes:
        if index in self.damaged:
            raise self.damaged[index]
        place = self.places[index]
        try:
            frame, stored = self._frame(place.offset)
            if (frame.tag, frame.number, frame.span) != (form.BLOCK, place.number, place.span):
                raise DamagedError(f"block {place.number} does not stand at byte {place.offset}", place.offset)
            return decompress(frame.codec, stored, frame.raw)
        except DamagedError as error:
            span = place.span
            what = f"events {span.first_seq} to {span.last_seq} cannot be read: {error}"
            self.damaged[index] = DamagedError(what, place.offset)
            raise self.damaged[index] from error

    def keyframes(self, index: int) -> tuple[StoredKeyframe, ...]:
        """A block's keyframes, the first of which is the state before it; damaged ones are made again.

        Raises:
            DamagedError: a block that they must be made from is not what its frame promises.
        """
        found = self._keyframes.get(index)
        if found is None:
            found = self._keyframes[index] = self._stored(index) or self._make(index)
            if len(self._keyframes) > KEYFRAMES_KEPT:
                self._keyframes.popitem(last=False)
        return found

    def _stored(self, index: int) -> tuple[StoredKeyframe, ...]:
        """The keyframes behind a block; none when there are none that can be read."""
        offset = self.places[index].keyframes
        if not offset or index in self._spoiled:
            return ()
        try:
            frame, stored = self._frame(offset)
            if (frame.tag, frame.number) != (form.KEYFRAME, self.places[index].number):
                raise DamagedError(f"the keyframes of block {self.places[index].number} do not stand at byte {offset}")
            return decode_keyframes(decompress(frame.codec, stored, frame.raw))
        except DamagedError:
            self._spoiled.add(index)
            return ()

    def _make(self, index: int) -> tuple[StoredKeyframe, ...]:
        """Keyframes of a block that has none stored, from the nearest block before it whose state is known."""
        start, known = index, self._stored(index)
        while start and start not in self._made and not known:
            start -= 1
            known = self._stored(start)
        tracker = Tracker(known[0] if known else self._made.get(start))
        for number in range(start, index):
            self._made[number] = _as_stored(tracker, self.raw(number))[0]
        found = _as_stored(tracker, self.raw(index))
        self._made[index] = found[0]
        return found

    def _frame(self, offset: int) -> tuple[Frame, bytes]:
        frame = form.decode_frame(os.pread(self._log, form.FRAME.size, offset), offset)
        stored = os.pread(self._log, frame.stored, offset + form.FRAME.size)
        form.check_frame(frame, stored, offset)
        return frame, stored

    def _take_frame(self) -> bool:
        """Take the frame at the end of what is known; False when no whole one is there."""
        offset = self._end
        head = os.pread(self._log, form.FRAME.size, offset)
        size = os.fstat(self._log).st_size
        try:
            frame = form.decode_frame(head, offset)
        except DamagedError:
            return False
        behind = offset + form.FRAME.size + frame.stored
        if behind > size:
            return False
        if frame.tag == form.INDEX:
            self.complete = os.pread(self._log, form.TRAILER.size, behind) == form.TRAILER.pack(form.END_MAGIC, offset)
            return False
        if frame.tag == form.BLOCK:
            self.places.append(Place(frame.number, frame.span, offset))
        elif frame.tag == form.KEYFRAME and self.places and self.places[-1].number == frame.number:
            self.places[-1] = msgspec.structs.replace(self.places[-1], keyframes=offset)
        self._end = behind
        return True

    def _take_open_files(self) -> None:
        number = self.places[-1].number + 1 if self.places else 0
        while (raw := self._read_open(number)) is not None:
            if raw:
                self.open[len(self.places)] = raw
                self.places.append(Place(number, span_of(raw)))
            number += 1

    def _read_open(self, number: int) -> bytes | None:
        try:
            data = content(self._folder / open_name(number))
        except (FileNotFoundError, NoFileError):
            return None
        return b"".join(form.decode_batches(data, form.OPEN_SIZE)[0])

    def _read_index(self) -> None:
        """Take all places from the index, if the log has a sound end."""
        size = os.fstat(self._log).st_size
        end = size - form.TRAILER.size
        trailer = os.pread(self._log, form.TRAILER.size, end) if end > self._end else b""
        if not trailer.startswith(form.END_MAGIC):
            return
        try:
            offset = form.TRAILER.unpack(trailer)[1]
            _frame, stored = self._frame(offset)
            index = form.decode_index(stored)
        except DamagedError:
            return  # The frames tell the same.
        self.places = [Place(each.number, each.span, each.offset, each.keyframes) for each in index.blocks]
        self._end = offset
        self.complete = True


def _as_stored(tracker: Tracker, raw: bytes) -> tuple[StoredKeyframe, ...]:
    return decode_keyframes(encode_keyframes(tracker.block(raw)))


def span_of(raw: bytes) -> Span:
    """What whole records, at least one, hold."""
    count, offset, first = 0, 0, None
    head: tuple[int, ...] = ()
    while offset < len(raw):
        head = HEADER.unpack_from(raw, offset)
        first = head if first is None else first
        offset += HEADER_SIZE + head[0]
        count += 1
    assert first is not None
    return Span(count, first[5], head[5], first[6], head[6])
