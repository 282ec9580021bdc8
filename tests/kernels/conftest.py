"""The compiled kernels for the tests: compiled once a checkout, into a folder that the checkout ignores."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

os.environ.setdefault("NUMBA_CACHE_DIR", str(Path(__file__).parents[2] / ".pytest_cache" / "numba"))

from hive_tui.kernels.compiled import CompiledBackend
from hive_tui.kernels.device import ArrayBackend
from hive_tui.kernels.plain import PlainBackend
from hive_tui.kernels.vectors import VectorBackend
from hive_tui.ring.writer import RingWriter


@pytest.fixture(scope="session")
def plain() -> PlainBackend:
    return PlainBackend()


@pytest.fixture(scope="session")
def compiled() -> CompiledBackend:
    return CompiledBackend()


@pytest.fixture(scope="session")
def vectors() -> VectorBackend:
    return VectorBackend()


@pytest.fixture(scope="session")
def arrays(plain: PlainBackend) -> ArrayBackend:
    """The device's index arithmetic, on numpy."""
    import numpy

    return ArrayBackend(numpy, plain, plain.scan_records)


@pytest.fixture
def make_ring(tmp_path: Path) -> Iterator[Callable[[int], RingWriter]]:
    made: list[RingWriter] = []

    def make(capacity: int) -> RingWriter:
        made.append(RingWriter(tmp_path / "rings", capacity))
        return made[-1]

    yield make
    for writer in made:
        writer.close()
