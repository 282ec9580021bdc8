"""The core's own process, with two of its functions watched: what each read of the socket cost, and how many chunks it
brought; and, when asked for, how many allocations and collections of garbage that took.

Run as `python -m benchmarks.traced_core --socket N FILE [allocations]`; writes its findings to the file when it ends.
"""

from __future__ import annotations

import gc
import json
import sys
import time
from array import array
from pathlib import Path
from typing import Any

from benchmarks import allocations

from hive_tui.core import process
from hive_tui.core.journal import RunJournal
from hive_tui.models.call import Text
from hive_tui.models.network import Stream


class Watch:
    """Stands before `Stream.data_received` and `RunJournal.chunks`."""

    def __init__(self, counting: bool) -> None:
        self.told = 0
        # Arrays, for the collector of garbage counts the tuples of a list.
        self.cpu_ns, self.told_by = array("q"), array("q")
        """At each read: the loop's thread's processor time, and the chunks told so far."""
        self.marks: list[tuple[int, float, int, int]] = []
        """Chunks told, seconds, allocations, collections: at the first read and at every chunk list since."""
        self._allocations = allocations.count() if counting else lambda: 0
        received, chunks = Stream.data_received, RunJournal.chunks

        def watched_read(stream: Stream, data: bytes) -> None:
            self.cpu_ns.append(time.thread_time_ns())
            self.told_by.append(self.told)
            received(stream, data)

        def watched_chunks(journal: RunJournal, stream: int, at_ns: int, texts: list[Text]) -> None:
            if not self.told:
                self.marks.append(self._mark())
            self.told += len(texts)
            chunks(journal, stream, at_ns, texts)
            self.marks[1:] = [self._mark()]

        setattr(Stream, "data_received", watched_read)  # noqa: B010
        setattr(RunJournal, "chunks", watched_chunks)  # noqa: B010

    def _mark(self) -> tuple[int, float, int, int]:
        return self.told, time.monotonic(), self._allocations(), sum(each["collections"] for each in gc.get_stats())

    def findings(self) -> dict[str, Any]:
        """Microseconds a chunk for each read, from it to the next; one that told no chunk is counted to the next."""
        costs = []
        begun, told = self.cpu_ns[0], self.told_by[0]
        for cpu, now in zip(self.cpu_ns, self.told_by, strict=True):
            if now > told:
                costs.append((cpu - begun) / 1000 / (now - told))
                begun, told = cpu, now
        (told, since, made, passes), (told_last, until, made_last, passes_last) = self.marks
        return {
            "us_a_chunk": costs,
            "allocations_a_chunk": (made_last - made) / (told_last - told),
            "gc_passes_a_minute": (passes_last - passes) / (until - since) * 60,
            "chunks": self.told,
        }


def main_traced(argv: list[str]) -> int:
    watch = Watch(counting="allocations" in argv)
    status = process.main(argv[:2])
    Path(argv[2]).write_text(json.dumps(watch.findings()))
    return status


if __name__ == "__main__":
    sys.exit(main_traced(sys.argv[1:]))
