"""The kernels as the core holds them: plain Python at once, and what was measured to be faster once it is loaded."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from array import array
from collections.abc import Callable
from pathlib import Path

import msgspec

from hive_tui.kernels import calibrate
from hive_tui.kernels.calibrate import BreakEven, Clock
from hive_tui.kernels.interface import Backend, Chunks, Facts, Records, Scans, Verified, Weight
from hive_tui.kernels.plain import PlainBackend
from hive_tui.recording.counts import Counts, Taken
from hive_tui.ring.reader import RingReader
from hive_tui.ring.writer import RingWriter

TYPICAL = 54
"""Bytes of a delta of one chunk."""


class UnusableError(RuntimeError):
    """A back end cannot be used here; the message says why, for `hive doctor`."""


class BackendFacts(msgspec.Struct, frozen=True):
    """What `hive doctor` says of a back end."""

    name: str
    state: str
    """`waiting` (not asked for yet), `loaded`, or `unusable`."""
    error: str = ""
    """Why it is unusable; plain Python does its work."""
    cache: str = ""
    """Folder in which its compiled code is kept."""
    load_ms: float = 0.0
    """To import it, and to compile or load its code."""
    break_evens: tuple[BreakEven, ...] = ()
    """Measured against the back end that is used below these sizes."""


def load_compiled(cache: Path) -> tuple[Backend, str]:
    """The Numba back end, and the folder that its code is really kept in.

    Raises:
        UnusableError: Numba is not there, or a kernel does not compile.
    """
    os.environ["NUMBA_CACHE_DIR"] = str(cache)  # Read once, when numba is imported.
    try:
        from numba.core.errors import NumbaError
    except (ImportError, OSError, RuntimeError, AttributeError) as error:
        raise UnusableError(f"numba cannot be imported: {error}") from error
    if not any(cache.rglob("*.nbi")):
        # Compiling leaves 40 MB behind for good, so another process does it; if it fails, what fails is told below.
        subprocess.run([sys.executable, "-P", "-c", "import hive_tui.kernels.compiled"], capture_output=True)
    try:
        from hive_tui.kernels.compiled import CompiledBackend
    except (NumbaError, ImportError, OSError, RuntimeError, AttributeError, TypeError, ValueError) as error:
        raise UnusableError(f"a kernel does not compile: {error}") from error
    return CompiledBackend(), CompiledBackend.cache_path


def load_device(host: Backend) -> Scans:
    """The CuPy back end.

    Raises:
        UnusableError: no cupy, or no device.
    """
    try:
        from hive_tui.kernels.device import ArrayBackend, NoDeviceError, find_cupy
    except (ImportError, OSError) as error:
        raise UnusableError(f"numpy cannot be imported: {error}") from error
    try:
        return ArrayBackend(find_cupy(), host, host.scan_records)
    except NoDeviceError as error:
        raise UnusableError(str(error)) from error


class Kernels:
    """See `interface.Backend`, whose operations these are; every one may be called at any time, from any thread."""

    def __init__(
        self,
        cache: Path,
        registry: Path,
        *,
        clock: Clock = time.perf_counter_ns,
        compiled: Callable[[Path], tuple[Backend, str]] = load_compiled,
        device: Callable[[Backend], Scans] = load_device,
    ) -> None:
        """`cache` is where compiled code is kept (made when needed), `registry` that of the rings."""
        self._cache, self._registry, self._clock = cache, registry, clock
        self._load_compiled, self._load_device = compiled, device
        self._loading = threading.Lock()
        self._done = False
        self.name = "hive"
        self._plain: Backend = PlainBackend()
        self._faster: dict[str, tuple[int, Backend]] = {}
        self._fastest: dict[str, tuple[int, Scans]] = {}
        self._facts = (BackendFacts("numba", "waiting"), BackendFacts("cupy", "waiting"))

    def load(self) -> None:
        """Load what is faster and measure from which size on: 0.5 s, once. For a thread, off every critical path.

        Never fails: what cannot be loaded is not used, and `describe` says so.
        """
        with self._loading:
            if self._done:
                return
            host, compiled = self._take_compiled()
            self._facts = (compiled, self._facts[1])
            self._facts = (compiled, self._take_device(host))
            self._done = True

    def _take_compiled(self) -> tuple[Backend, BackendFacts]:
        start = self._clock()
        try:
            backend, cache = self._load_compiled(self._cache)
            load_ms = (self._clock() - start) / 1e6
            found = tuple(calibrate.compare(self._plain, backend, self._registry, self._clock))
        except (UnusableError, calibrate.DiffersError, OSError) as error:
            return self._plain, BackendFacts("numba", "unusable", error=str(error))
        self._faster = {each.operation: (each.size, backend) for each in found if each.size is not None}
        return backend, BackendFacts(backend.name, "loaded", cache=cache, load_ms=load_ms, break_evens=found)

    def _take_device(self, host: Backend) -> BackendFacts:
        start = self._clock()
        try:
            backend = self._load_device(host)
            load_ms = (self._clock() - start) / 1e6
            found = tuple(calibrate.compare_scans(host, backend, self._clock, device=True))
        except (UnusableError, calibrate.DiffersError, OSError) as error:
            return BackendFacts("cupy", "unusable", error=str(error))
        self._fastest = {each.operation: (each.size, backend) for each in found if each.size is not None}
        return BackendFacts(backend.name, "loaded", load_ms=load_ms, break_evens=found)

    def describe(self) -> tuple[BackendFacts, ...]:
        """Facts for `hive doctor`: Numba, then CuPy."""
        return self._facts

    def _backend(self, operation: str, size: int) -> Backend:
        threshold, backend = self._faster.get(operation, (0, self._plain))
        return backend if size >= threshold else self._plain

    def _scans(self, operation: str, size: int) -> Scans:
        if operation in self._fastest and size >= self._fastest[operation][0]:
            return self._fastest[operation][1]
        return self._backend(operation, size)

    def publish(self, writer: RingWriter, data: bytes) -> int:
        return self._backend("publish", len(data)).publish(writer, data)

    def drain(self, reader: RingReader) -> bytes:
        return self._backend("drain", reader.lag).drain(reader)

    def scan_records(self, data: bytes) -> Records:
        return self._backend("scan_records", len(data)).scan_records(data)

    def scan_chunks(self, data: bytes) -> Chunks:
        return self._scans("scan_chunks", len(data)).scan_chunks(data)

    def density(
        self, chunks: Chunks, streams: array[int], start_ns: int, bin_ns: int, bins: int, weight: Weight
    ) -> array[int]:
        backend = self._scans("density", len(chunks.streams))
        return backend.density(chunks, streams, start_ns, bin_ns, bins, weight)

    def index(self, data: bytes, ends: array[int]) -> Facts:
        return self._backend("index", len(data)).index(data, ends)

    def verify(self, data: bytes, seq: int, time_ns: int) -> Verified:
        return self._backend("verify", len(data)).verify(data, seq, time_ns)

    def tally(
        self,
        raw: bytes,
        offset: int,
        most: int,
        due_ns: int,
        seq: int,
        time_ns: int,
        missing: int,
        counts: list[Counts],
    ) -> Taken:
        backend = self._backend("tally", min(len(raw) - offset, most * TYPICAL))
        return backend.tally(raw, offset, most, due_ns, seq, time_ns, missing, counts)
