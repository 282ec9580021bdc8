"""The scans on a graphics processor, by prefix sums: every chunk's place is known before any chunk is looked at.

Only index arithmetic on arrays, written for any module that speaks numpy's words: cupy on a device, numpy in the tests
of the arithmetic. Records form a chain, which a device cannot walk; their columns come from `records`.
"""

from __future__ import annotations

import importlib
from array import array
from collections.abc import Callable
from typing import Any

import numpy as np

from hive_tui.events import Channel
from hive_tui.kernels.interface import Chunks, Records, Scans, Weight
from hive_tui.wire import CHUNK, DELTA_HEAD, DELTA_KIND, HEADER_SIZE, LENGTH_MASK


class NoDeviceError(RuntimeError):
    """There is no device that cupy can use; the message says why."""


def find_cupy() -> Any:
    """The cupy module.

    Raises:
        NoDeviceError: it is not installed, or finds no device.
    """
    try:
        cupy = importlib.import_module("cupy")
    except (ImportError, OSError) as error:
        raise NoDeviceError(f"cupy is not installed ({error})") from error
    try:
        devices = cupy.cuda.runtime.getDeviceCount()
    except RuntimeError as error:
        raise NoDeviceError(f"cupy finds no device ({error})") from error
    if not devices:
        raise NoDeviceError("cupy finds no device")
    return cupy


def _u32(data: Any, at: Any) -> Any:
    """The u32 at each of the places."""
    parts = (data[at + byte].astype(np.int64) << (8 * byte) for byte in range(4))
    return sum(parts, start=np.int64(0))


class ArrayBackend:
    """See `interface.Scans`. `module` is cupy (or numpy), `host` the back end that the rest is left to."""

    def __init__(self, module: Any, host: Scans, records: Callable[[bytes], Records]) -> None:
        self.name = f"{module.__name__} {module.__version__}"
        self._module, self._host, self._records = module, host, records

    def _column(self, code: str, column: Any) -> array[int]:
        bytes_: bytes = column.astype(np.dtype(code)).tobytes()
        return array(code, bytes_)

    def scan_chunks(self, data: bytes) -> Chunks:
        on, found = self._module, self._records(data)
        kinds, flags = np.frombuffer(found.kinds, np.uint16), np.frombuffer(found.flags, np.uint16)
        deltas = np.flatnonzero((kinds == DELTA_KIND) & (flags == 0))
        if found.used != len(data) or not len(deltas):
            return self._host.scan_chunks(data)
        octets = on.asarray(np.frombuffer(data, np.uint8))
        offsets = on.asarray(np.frombuffer(found.offsets, np.uint64)[deltas].astype(np.int64))
        sizes = _u32(octets, offsets)
        # A payload too short for its head would be read past its end: those are the host's to refuse.
        if int(sizes.min()) < DELTA_HEAD.size:
            return self._host.scan_chunks(data)
        counts = _u32(octets, offsets + HEADER_SIZE + 4)
        if bool((DELTA_HEAD.size + counts * CHUNK.size > sizes).any()):
            return self._host.scan_chunks(data)
        channels = _u32(octets, offsets + HEADER_SIZE)
        counts = on.where(channels < len(Channel), counts, 0)
        ends = on.cumsum(counts)
        rows = on.arange(int(ends[-1]))
        owners = on.searchsorted(ends, rows, side="right")
        at = offsets[owners] + HEADER_SIZE + DELTA_HEAD.size + (rows - (ends - counts)[owners]) * CHUNK.size
        times = on.asarray(np.frombuffer(found.times, np.uint64)[deltas])[owners]
        ages, pieces = _u32(octets, at).astype(np.uint64) * np.uint64(1000), _u32(octets, at + 4)
        streams = on.asarray(np.frombuffer(found.streams, np.uint32)[deltas])[owners]
        return Chunks(
            self._column("I", streams),
            self._column("Q", on.where(ages < times, times - ages, np.uint64(0))),
            self._column("I", pieces & LENGTH_MASK),
            self._column("B", channels[owners]),
            self._column("B", pieces <= LENGTH_MASK),
        )

    def density(
        self, chunks: Chunks, streams: array[int], start_ns: int, bin_ns: int, bins: int, weight: Weight
    ) -> array[int]:
        on = self._module
        if not len(streams):
            return array("Q")
        wanted = np.frombuffer(streams, np.uint32)
        order = np.argsort(wanted)
        known, rows = on.asarray(wanted[order]), on.asarray(order)
        own = on.asarray(np.frombuffer(chunks.streams, np.uint32))
        times = on.asarray(np.frombuffer(chunks.times, np.uint64))
        found = on.minimum(on.searchsorted(known, own), len(wanted) - 1)
        columns = (times - np.uint64(start_ns)) // np.uint64(bin_ns)
        counted = (known[found] == own) & (times >= np.uint64(start_ns)) & (columns < np.uint64(bins))
        places = rows[found[counted]] * bins + columns[counted].astype(np.int64)
        column, type_ = (chunks.lengths, np.uint32) if weight == "bytes" else (chunks.begins, np.uint8)
        weights = on.asarray(np.frombuffer(column, type_))[counted]
        # The sums are made in float64, which is exact up to 2**53 bytes.
        return self._column("Q", on.bincount(places, weights, minlength=bins * len(wanted)))
