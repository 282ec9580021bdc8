"""The kernels as the core holds them: right before, while and after they are loaded, and where they cannot be."""

from __future__ import annotations

import os
import subprocess
import sys
from array import array
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

import hive_tui
from hive_tui.kernels import calibrate
from hive_tui.kernels.calibrate import sample
from hive_tui.kernels.choose import Kernels, UnusableError, load_device
from hive_tui.kernels.compiled import CompiledBackend
from hive_tui.kernels.device import ArrayBackend, NoDeviceError, find_cupy
from hive_tui.kernels.interface import Backend, Scans
from hive_tui.kernels.plain import PlainBackend

OPERATIONS = {"scan_chunks", "density", "scan_records", "index", "verify", "tally", "publish", "drain"}


class Counting(PlainBackend):
    """A back end that says when it is asked, and is as fast or slow as the test's clock makes it."""

    name = "counting"

    def __init__(self) -> None:
        self.asked: list[int] = []

    def verify(self, data: bytes, seq: int, time_ns: int) -> Any:
        self.asked.append(len(data))
        return super().verify(data, seq, time_ns)


def no_device(_host: Backend) -> Scans:
    raise UnusableError("no device in this test")


def kernels(folder: Path, backend: Backend | None = None, **options: Any) -> Kernels:
    options.setdefault("device", no_device)
    if backend is not None:
        options["compiled"] = lambda cache: (backend, str(cache))
    return Kernels(folder / "cache", folder / "rings", **options)


def test_before_they_are_loaded_plain_python_does_all(tmp_path: Path, plain: PlainBackend) -> None:
    held = kernels(tmp_path)
    data = sample(300)
    assert held.verify(data, 0, 0) == plain.verify(data, 0, 0)
    assert held.index(data, array("Q", [len(data)])) == plain.index(data, array("Q", [len(data)]))
    assert [facts.state for facts in held.describe()] == ["waiting", "waiting"]


def test_they_are_loaded_measured_and_described(tmp_path: Path, plain: PlainBackend) -> None:
    held = kernels(tmp_path, CompiledBackend())
    held.load()
    numba, cupy = held.describe()
    assert (numba.state, numba.error) == ("loaded", "")
    assert numba.name.startswith("numba ")
    assert {each.operation for each in numba.break_evens} == OPERATIONS
    assert (cupy.state, cupy.error) == ("unusable", "no device in this test")
    data = sample(3000)
    chunks = held.scan_chunks(data)
    assert chunks == plain.scan_chunks(data)
    window = (array("I", [1, 2]), 0, 10**8, 7, "chunks")
    assert held.density(chunks, *window) == plain.density(chunks, *window)
    assert held.scan_records(data) == plain.scan_records(data)
    assert list((tmp_path / "rings").iterdir()) == [], "the ring that was measured on is gone"


def test_the_faster_one_is_used_from_the_break_even_on(tmp_path: Path) -> None:
    found = calibrate._cross("verify", (1000, 2000), (100, 200), (150, 160))
    # 0.1 a byte against 140 + 0.01 a byte.
    assert found.size == 1556
    counting = Counting()
    held = kernels(tmp_path, counting)
    held._faster = {"verify": (found.size, counting)}
    held.verify(sample(29), 0, 0)
    held.verify(sample(30), 0, 0)
    assert counting.asked == [30 * 53]


@pytest.mark.parametrize(
    ("usual", "other", "size"),
    [
        ((100, 200), (10, 20), 0),
        ((100, 200), (300, 400), None),
        ((100, 200), (300, 500), None),
        ((100, 200), (50, 160), None),
    ],
    ids=["always faster", "as much slower at any size", "ever slower", "faster only when small"],
)
def test_where_two_costs_cross(usual: tuple[int, int], other: tuple[int, int], size: int | None) -> None:
    assert calibrate._cross("verify", (1000, 2000), usual, other).size == size


def test_a_back_end_that_gives_other_results_is_not_used(tmp_path: Path, plain: PlainBackend) -> None:
    class Wrong(PlainBackend):
        name = "wrong"

        def scan_chunks(self, data: bytes) -> Any:
            return super().scan_chunks(data[:-53])

    held = kernels(tmp_path, Wrong())
    held.load()
    assert held.describe()[0].error == "scan_chunks differs from plain Python"
    assert held.scan_chunks(sample(1000)) == plain.scan_chunks(sample(1000))


def test_a_kernel_that_does_not_compile_leaves_plain_python_in_use(tmp_path: Path, plain: PlainBackend) -> None:
    def fail(_cache: Path) -> tuple[Backend, str]:
        raise UnusableError("a kernel does not compile: no such instruction")

    held = kernels(tmp_path, compiled=fail)
    held.load()
    assert held.describe()[0].state == "unusable"
    assert held.describe()[0].error == "a kernel does not compile: no such instruction"
    assert held.verify(sample(500), 0, 0) == plain.verify(sample(500), 0, 0)


def test_loading_twice_loads_once(tmp_path: Path) -> None:
    loads = []

    def load(_cache: Path) -> tuple[Backend, str]:
        loads.append(1)
        raise UnusableError("no")

    held = kernels(tmp_path, compiled=load)
    held.load()
    held.load()
    assert loads == [1]


REAL = """
import sys
from pathlib import Path
from hive_tui.kernels.choose import Kernels
{prepare}
kernels = Kernels(Path(sys.argv[1]), Path(sys.argv[2]))
assert "numba" not in sys.modules or sys.modules["numba"] is None
assert "numpy" not in sys.modules
kernels.load()
from hive_tui.kernels.calibrate import sample
assert kernels.verify(sample(200), 0, 0).records == 200
numba = kernels.describe()[0]
print(numba.state, numba.error, sep="|")
"""

NO_NUMBA = 'sys.modules["numba"] = None'
NO_COMPILER = """
import numba
import numba.core.errors
def fail(*_arguments, **_options):
    raise numba.core.errors.LoweringError("the backend of this machine is broken")
numba.njit = fail
"""


@pytest.mark.parametrize(
    ("prepare", "words"),
    [
        pytest.param(NO_NUMBA, "unusable|numba cannot be imported: ", id="numba is not installed"),
        pytest.param(NO_COMPILER, "unusable|a kernel does not compile: ", id="the compiler fails"),
    ],
)
def test_a_process_without_a_compiler_works_and_says_why(tmp_path: Path, prepare: str, words: str) -> None:
    program = REAL.format(prepare=prepare)
    if prepare == NO_COMPILER:
        program = "\n".join(line for line in program.splitlines() if "not in sys.modules" not in line)
    environment = {**os.environ, "PYTHONPATH": str(Path(hive_tui.__file__).parents[1])}
    environment.pop("NUMBA_CACHE_DIR", None)
    (tmp_path / "cache").mkdir()
    (tmp_path / "cache" / "filled.nbi").touch()  # So no other process, whose compiler works, is asked to compile.
    done = subprocess.run(
        [sys.executable, "-c", program, str(tmp_path / "cache"), str(tmp_path / "rings")],
        capture_output=True,
        text=True,
        env=environment,
        check=False,
    )
    assert done.stderr == ""
    assert done.stdout.startswith(words)


def test_a_device_is_there_or_it_is_said_why_not(plain: PlainBackend) -> None:
    try:
        device = load_device(plain)
    except UnusableError as error:
        reason = str(error)
    else:
        reason = "cupy"
        assert device.scan_chunks(sample(5000)) == plain.scan_chunks(sample(5000))
    assert reason.startswith("cupy")


def test_a_cupy_without_a_device_is_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "cupy", SimpleNamespace(cuda=SimpleNamespace(runtime=_Runtime(0))))
    with pytest.raises(NoDeviceError, match="cupy finds no device"):
        find_cupy()


class _Runtime:
    """What cupy asks the driver."""

    def __init__(self, devices: int) -> None:
        self._devices = devices

    def getDeviceCount(self) -> int:
        return self._devices


def test_a_device_is_measured_against_what_is_used_without_it(tmp_path: Path, arrays: ArrayBackend) -> None:
    held = kernels(tmp_path, CompiledBackend(), device=lambda _host: arrays)
    held.load()
    _, device = held.describe()
    assert device.state == "loaded"
    assert {each.operation for each in device.break_evens} == {"scan_chunks", "density"}
