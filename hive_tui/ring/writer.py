"""The ring's one writer: publishes batches of records and never waits for a reader."""

from __future__ import annotations

import os
from pathlib import Path

from hive_tui.ring import layout
from hive_tui.ring.fence import load_fence
from hive_tui.ring.segment import memory, new_name, open_segment, register, unlink_segment


class RingWriter:
    """Owns the segment. Positions are published as single aligned 8-byte stores, after the bytes that they promise."""

    def __init__(self, registry: Path, capacity: int = layout.DEFAULT_CAPACITY) -> None:
        """Make a ring of `capacity` bytes (a power of two) and enter it in the registry folder.

        Raises:
            OSError: the registry cannot be written, or there is no shared memory.
        """
        if capacity & (capacity - 1):
            raise ValueError(f"capacity must be a power of two, not {capacity}")
        self.name = new_name()
        self.capacity = capacity
        self.position = 0
        self.records = 0
        self._entry = register(registry, self.name)
        self._segment = open_segment(self.name, create_size=layout.CONTROL_SIZE + capacity)
        buffer = memory(self._segment)
        self._words = buffer[: layout.CONTROL_SIZE].cast("Q")
        self._data = buffer[layout.CONTROL_SIZE : layout.CONTROL_SIZE + capacity]
        self._fence = load_fence()
        self._doorbells: dict[int, int] = {}
        self._words[layout.WORD_VERSION] = layout.VERSION
        self._words[layout.WORD_CAPACITY] = capacity
        self._words[layout.WORD_OWNER_PID] = os.getpid()
        self._fence()
        self._words[layout.WORD_MAGIC] = layout.MAGIC

    @property
    def record_limit(self) -> int:
        return layout.record_limit(self.capacity)

    @property
    def buffer(self) -> memoryview:
        """The whole segment, for the compiled kernels."""
        return memory(self._segment)

    def publish(self, batch: bytes | bytearray | memoryview, records: int) -> int:
        """Publish whole records, end to end, and ring the doorbell of each reader that sleeps.

        A batch is at most half the capacity, so that a reader that is in step is not lapped by a single publish.
        Returns the position behind the batch.
        """
        size = len(batch)
        if size * 2 > self.capacity:
            raise ValueError(f"a batch of {size} bytes is over half the ring ({self.capacity} bytes)")
        end = self.position + size
        self._words[layout.WORD_CLAIM] = end
        self._fence()
        begin = self.position & (self.capacity - 1)
        first = min(size, self.capacity - begin)
        if first == size:
            self._data[begin : begin + size] = batch
        else:
            view = memoryview(batch)
            self._data[begin:] = view[:first]
            self._data[: size - first] = view[first:]
        self._fence()
        self.records += records
        self._words[layout.WORD_RECORDS] = self.records
        self._words[layout.WORD_HEAD] = end
        self.position = end
        self.ring_doorbells()
        return end

    def advanced(self, position: int, records: int) -> None:
        """A compiled kernel has published up to `position`."""
        self.position = position
        self.records += records
        self._words[layout.WORD_RECORDS] = self.records
        self.ring_doorbells()

    def ring_doorbells(self) -> None:
        self._fence()
        for slot, doorbell in self._doorbells.items():
            word = layout.reader_word(slot, layout.READER_ASLEEP)
            if self._words[word]:
                self._words[word] = 0
                try:
                    os.write(doorbell, b"!")
                except BlockingIOError:
                    continue  # The pipe is full of rings already.
                except BrokenPipeError:
                    continue  # The reader has left; its client's end of life removes the doorbell.

    def add_reader(self, doorbell: int) -> int:
        """Give a reader a place in the table and its doorbell (the writable end of a pipe, owned from now on).

        Raises:
            RuntimeError: all places are taken.
        """
        free = next((slot for slot in range(layout.READERS) if slot not in self._doorbells), None)
        if free is None:
            raise RuntimeError(f"a ring takes {layout.READERS} readers")
        os.set_blocking(doorbell, False)
        self._words[layout.reader_word(free, layout.READER_ASLEEP)] = 0
        self._doorbells[free] = doorbell
        return free

    def remove_reader(self, slot: int) -> None:
        os.close(self._doorbells.pop(slot))

    def close(self) -> None:
        """Remove the segment's name and the registry entry; attached readers keep what they have."""
        for slot in list(self._doorbells):
            self.remove_reader(slot)
        self._words.release()
        self._data.release()
        unlink_segment(self.name)
        self._segment.close()
        self._entry.unlink(missing_ok=True)
