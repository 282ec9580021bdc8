"""A reader of the ring, in plain Python: one copy a frame, however many records came."""

from __future__ import annotations

from hive_tui.ring import layout
from hive_tui.ring.fence import load_fence
from hive_tui.ring.segment import memory, open_segment


class LappedError(Exception):
    """The writer has overwritten bytes that this reader had not read yet."""


class NotARingError(OSError):
    """The segment is no ring of this version."""


class RingReader:
    """Reads from a position on; knows for sure whether it was lapped, and never blocks the writer."""

    def __init__(self, name: str, slot: int | None = None) -> None:
        """Attach to a ring and stand at its head. `slot` is the place that the writer gave in its readers' table.

        Raises:
            FileNotFoundError: no such ring.
            NotARingError: the segment is something else, or of another version.
        """
        self._segment = open_segment(name)
        buffer = memory(self._segment)
        if len(buffer) < layout.CONTROL_SIZE:
            self._segment.close()
            raise NotARingError(f"{name} is no ring of version {layout.VERSION}")
        self._words = buffer[: layout.CONTROL_SIZE].cast("Q")
        magic, version = self._words[layout.WORD_MAGIC], self._words[layout.WORD_VERSION]
        self.capacity = self._words[layout.WORD_CAPACITY]
        self._data = buffer[layout.CONTROL_SIZE : layout.CONTROL_SIZE + self.capacity]
        if magic != layout.MAGIC or version != layout.VERSION:
            self.close()
            raise NotARingError(f"{name} is no ring of version {layout.VERSION}")
        self._fence = load_fence()
        self._asleep = None if slot is None else layout.reader_word(slot, layout.READER_ASLEEP)
        self._mine = None if slot is None else layout.reader_word(slot, layout.READER_POSITION)
        self.position = self.head

    @property
    def buffer(self) -> memoryview:
        """The whole segment, for the compiled kernels."""
        return memory(self._segment)

    @property
    def head(self) -> int:
        """Position up to which the writer has published."""
        return self._words[layout.WORD_HEAD]

    @property
    def lag(self) -> int:
        """Bytes that are published and not read."""
        return self.head - self.position

    def read(self) -> bytes:
        """All whole records between the position and the head; empty when there is nothing new.

        Raises:
            LappedError: bytes of that stretch are gone. The position stays; `jump` moves it.
        """
        start = self.position
        head = self._words[layout.WORD_HEAD]
        if head == start:
            return b""
        size = head - start
        if size > self.capacity:
            raise LappedError
        self._fence()
        begin = start & (self.capacity - 1)
        first = self.capacity - begin
        if size <= first:
            data = bytes(self._data[begin : begin + size])
        else:
            data = bytes(self._data[begin:]) + bytes(self._data[: size - first])
        self._fence()
        if self._words[layout.WORD_CLAIM] - start > self.capacity:
            raise LappedError
        self.jump(head)
        return data

    def jump(self, position: int) -> None:
        self.position = position
        if self._mine is not None:
            self._words[self._mine] = position

    def sleep(self) -> bool:
        """Ask for the doorbell. True: nothing is there, wait for it (250 ms at most: a ring may be missed in a race);
        False: something came meanwhile, read on."""
        if self._asleep is None:
            raise RuntimeError("this reader has no doorbell")
        self._words[self._asleep] = 1
        self._fence()
        if self._words[layout.WORD_HEAD] != self.position:
            self._words[self._asleep] = 0
            return False
        return True

    def close(self) -> None:
        self._words.release()
        self._data.release()
        self._segment.close()
