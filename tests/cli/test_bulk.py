"""Which kernels a command takes for a recording."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from hive_tui.cli import bulk
from hive_tui.config.paths import paths
from hive_tui.kernels import choose
from hive_tui.kernels.plain import PlainBackend
from hive_tui.kernels.vectors import VectorBackend
from hive_tui.recording.folder import LOG


@pytest.fixture
def log(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("HIVE_HOME", str(tmp_path / "home"))
    return tmp_path / LOG


def of_size(log: Path, size: int) -> Path:
    log.write_bytes(b"")
    os.truncate(log, size)
    return log.parent


def compiled_before() -> Path:
    cache = Path(paths().cache) / "numba"
    cache.mkdir(parents=True)
    (cache / "a.nbi").touch()
    return cache


def test_the_longer_a_log_the_more_is_loaded_for_it(log: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked, compiled = list[Path](), PlainBackend()

    def load(cache: Path) -> tuple[PlainBackend, str]:
        asked.append(cache)
        return compiled, ""

    monkeypatch.setattr(choose, "load_compiled", load)
    cache = compiled_before()
    assert type(bulk.kernels_for(of_size(log, bulk.LONG - 1))) is PlainBackend
    assert type(bulk.kernels_for(of_size(log, bulk.LONG))) is VectorBackend
    assert type(bulk.kernels_for(of_size(log, bulk.LONGER - 1))) is VectorBackend
    assert bulk.kernels_for(of_size(log, bulk.LONGER)) is compiled
    assert asked == [cache]


def test_nothing_is_compiled_for_a_command(log: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def load(_cache: Path) -> tuple[PlainBackend, str]:
        raise AssertionError

    monkeypatch.setattr(choose, "load_compiled", load)
    assert type(bulk.kernels_for(of_size(log, bulk.LONGER))) is VectorBackend


def test_what_cannot_be_loaded_is_done_without(log: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def load(_cache: Path) -> tuple[PlainBackend, str]:
        raise choose.UnusableError("no numba")

    monkeypatch.setattr(choose, "load_compiled", load)
    compiled_before()
    assert type(bulk.kernels_for(of_size(log, bulk.LONGER))) is VectorBackend


def test_a_log_that_has_gone_is_told(log: Path) -> None:
    with pytest.raises(FileNotFoundError):
        bulk.kernels_for(log.parent)
