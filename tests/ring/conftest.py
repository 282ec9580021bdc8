"""Rings and processes for the tests of the ring: real segments, real processes, and nothing left behind."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

import hive_tui
from hive_tui.ring.writer import RingWriter

Start = Callable[..., "subprocess.Popen[str]"]


@pytest.fixture
def start() -> Iterator[Start]:
    """Start a Python process with a program and arguments; it is killed at the test's end if it still runs."""
    started: list[subprocess.Popen[str]] = []

    def run(program: str, *arguments: object) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [sys.executable, "-c", program, *map(str, arguments)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            bufsize=1,
            env={**os.environ, "PYTHONPATH": str(Path(hive_tui.__file__).parents[1])},
        )
        started.append(process)
        return process

    yield run
    for process in started:
        process.kill()
        process.communicate()


@pytest.fixture
def make_ring(tmp_path: Path) -> Iterator[Callable[[int], RingWriter]]:
    made: list[RingWriter] = []

    def make(capacity: int) -> RingWriter:
        made.append(RingWriter(tmp_path / "rings", capacity))
        return made[-1]

    yield make
    for writer in made:
        writer.close()
