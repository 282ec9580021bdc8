"""Which kernels a command takes for a recording."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from hive_tui.cli import bulk
from hive_tui.config.paths import paths
from hive_tui.kernels import choose
from hive_tui.kernels.plain import PlainBackend
from hive_tui.recording.folder import LOG


@pytest.fixture
def log(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("HIVE_HOME", str(tmp_path / "home"))
    return tmp_path / LOG


def of_size(log: Path, size: int) -> Path:
    log.write_bytes(b"")
    os.truncate(log, size)
    return log.parent


def test_a_short_log_is_worth_no_loading(log: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = list[Path]()
    better = PlainBackend()

    def load(cache: Path) -> tuple[PlainBackend, str]:
        asked.append(cache)
        return better, ""

    monkeypatch.setattr(choose, "load_compiled", load)
    assert bulk.kernels_for(of_size(log, bulk.LONG - 1)) is not better
    assert bulk.kernels_for(of_size(log, bulk.LONGER - 1)) is not better
    cache = Path(paths().cache) / "numba"
    assert bulk.kernels_for(of_size(log, bulk.LONGER)) is better
    cache.mkdir(parents=True)
    (cache / "a.nbi").touch()
    assert bulk.kernels_for(of_size(log, bulk.LONG)) is better
    assert asked == [cache, cache]


def test_what_cannot_be_loaded_is_done_plainly(log: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def load(_cache: Path) -> tuple[PlainBackend, str]:
        raise choose.UnusableError("no numba")

    monkeypatch.setattr(choose, "load_compiled", load)
    assert isinstance(bulk.kernels_for(of_size(log, bulk.LONGER)), PlainBackend)


def test_a_log_that_has_gone_is_told(log: Path) -> None:
    with pytest.raises(FileNotFoundError):
        bulk.kernels_for(log.parent)
