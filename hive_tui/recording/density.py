"""Bytes of text by stream and time, of any stretch of a run, at a cost that does not grow with the run.

A stretch of few events is counted chunk by chunk. In one of many, how much of a text there was at the edge of each bin
is told by the keyframes on both sides of it, which are no more than 256 events apart or, where much time lies between
them, by a seek.
"""

from __future__ import annotations

from array import array
from bisect import bisect_right
from collections import OrderedDict
from collections.abc import Callable
from itertools import pairwise
from typing import TYPE_CHECKING

import msgspec

from hive_tui.recording.format import DamagedError
from hive_tui.recording.keyframes import StoredKeyframe
from hive_tui.recording.timeline import Timeline
from hive_tui.streamtext import Lengths

if TYPE_CHECKING:
    from hive_tui.kernels.interface import Backend

EXACT_RECORDS = 65_536
"""Up to so many are counted, and only once: half a second in plain Python, a tenth of that with compiled kernels."""
FAR_BINS = 2
"""Keyframes further apart say too little of what lies between."""
KEPT = 4096
"""Counts of blocks, and of edges, that are kept: a live run is read on from where it was."""
WIDEST = 4096
"""Bins of a block whose counts are kept."""

Counts = dict[int, tuple[int, "array[int]"]]
"""By stream: the first bin, and the bytes of each from there on."""


class _Text(msgspec.Struct):
    text: Lengths = Lengths()


class _Texts(msgspec.Struct):
    """What is wanted of a keyframe's state."""

    time_ns: int = 0
    attempts: tuple[_Text, ...] = ()


_decode = msgspec.msgpack.Decoder(_Texts).decode


class Density:
    def __init__(self, timeline: Timeline, kernels: Backend, pause: Callable[[], None] = lambda: None) -> None:
        """`pause` is called after every few milliseconds of work."""
        self._timeline = timeline
        self._kernels = kernels
        self._pause = pause
        self._blocks: OrderedDict[tuple[int, int], Counts] = OrderedDict()
        self._edges: OrderedDict[tuple[int, int], tuple[int, ...]] = OrderedDict()

    def rows(self, start_ns: int, bin_ns: int, bins: int) -> tuple[dict[int, list[int]], bool]:
        """By stream, the bytes of each bin from `start_ns` on, a multiple of `bin_ns`; and whether they were counted.

        Raises:
            DamagedError: a block on the way there is damaged.
            hive_tui.wire.WireError: a sound block holds bytes that are no records.
        """
        places = self._timeline.blocks.places
        stop_ns = start_ns + bins * bin_ns
        first = max(0, bisect_right(places, start_ns, key=lambda place: place.span.first_ns) - 1)
        # A chunk is recorded a little after it came: the block behind the stretch may hold some of it.
        last = min(len(places), bisect_right(places, stop_ns, key=lambda place: place.span.first_ns) + 1)
        if sum(place.span.records for place in places[first:last]) <= EXACT_RECORDS:
            return self._counted(first, last, start_ns, bin_ns, bins), True
        return self._told(start_ns, bin_ns, bins), False

    # Counted

    def _counted(self, first: int, last: int, start_ns: int, bin_ns: int, bins: int) -> dict[int, list[int]]:
        begin = start_ns // bin_ns
        rows: dict[int, list[int]] = {}
        for index in range(first, last):
            for stream, (at, counts) in self._block(index, bin_ns, begin, bins).items():
                row = rows.setdefault(stream, [0] * bins)
                for column, count in enumerate(counts, at - begin):
                    if count and 0 <= column < bins:
                        row[column] += count
            self._pause()
        return rows

    def _block(self, index: int, bin_ns: int, begin: int, bins: int) -> Counts:
        found = self._blocks.get((index, bin_ns))
        if found is not None:
            self._blocks.move_to_end((index, bin_ns))
            return found
        blocks = self._timeline.blocks
        chunks = self._kernels.scan_chunks(blocks.raw(index))
        if not chunks.times:
            return {}
        first, last = min(chunks.times) // bin_ns, max(chunks.times) // bin_ns
        whole = last - first < WIDEST
        if not whole:
            first, last = begin, begin + bins - 1
        streams, width = array("I", sorted(set(chunks.streams))), last - first + 1
        counts = self._kernels.density(chunks, streams, first * bin_ns, bin_ns, width, "bytes")
        found = {
            stream: (first, counts[row * width : (row + 1) * width])
            for row, stream in enumerate(streams)
            if any(counts[row * width : (row + 1) * width])
        }
        if whole and index not in blocks.open:
            self._blocks[index, bin_ns] = found
            if len(self._blocks) > KEPT:
                self._blocks.popitem(last=False)
        return found

    # Told by keyframes

    def _told(self, start_ns: int, bin_ns: int, bins: int) -> dict[int, list[int]]:
        # What came at the very edge is in the bin behind it.
        edges = [self._edge(start_ns + number * bin_ns - 1, bin_ns) for number in range(bins + 1)]
        streams = max(map(len, edges))
        sizes = [edge + (0,) * (streams - len(edge)) for edge in edges]
        return {
            stream: [after[stream - 1] - before[stream - 1] for before, after in pairwise(sizes)]
            for stream in range(1, streams + 1)
        }

    def _edge(self, at_ns: int, bin_ns: int) -> tuple[int, ...]:
        """Bytes of each stream's text at a moment."""
        found = self._edges.get((at_ns, bin_ns))
        if found is not None:
            self._edges.move_to_end((at_ns, bin_ns))
            return found
        blocks = self._timeline.blocks
        index = bisect_right(blocks.places, at_ns, key=lambda place: place.span.first_ns) - 1
        found = () if index < 0 else self._sizes(index, at_ns, FAR_BINS * bin_ns)
        # The last block may yet tell more.
        if index + 1 < len(blocks.places) and index not in blocks.open:
            self._edges[at_ns, bin_ns] = found
            if len(self._edges) > KEPT:
                self._edges.popitem(last=False)
        self._pause()
        return found

    def _sizes(self, index: int, at_ns: int, far_ns: int) -> tuple[int, ...]:
        """The same, of a moment within a block."""
        blocks = self._timeline.blocks
        keyframes = blocks.keyframes(index)
        number = bisect_right(keyframes, at_ns, key=lambda each: each.time_ns)
        before, after = _texts(keyframes[max(0, number - 1)]), None
        if number < len(keyframes):
            after = _texts(keyframes[number])
        elif index + 1 < len(blocks.places):
            after = _texts(blocks.keyframes(index + 1)[0])
        if after is None or after.time_ns - before.time_ns > far_ns:
            state = self._timeline.state_at(self._timeline.seq_at(at_ns))
            return tuple(each.text.size for each in state.attempts)
        length = max(1, after.time_ns - before.time_ns)
        past = min(max(0, at_ns - before.time_ns), length)
        low = [each.text.size for each in before.attempts]
        high = [each.text.size for each in after.attempts]
        low += [0] * (len(high) - len(low))
        return tuple(a + (b - a) * past // length for a, b in zip(low, high, strict=True))


def _texts(keyframe: StoredKeyframe) -> _Texts:
    try:
        return _decode(keyframe.encoded)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise DamagedError(f"keyframe of event {keyframe.seq}: {error}") from error
