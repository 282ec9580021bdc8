"""Fixtures of the core's tests."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable

import pytest

import hive_tui.recording.writer as writer


@pytest.fixture
def full_disk(monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """From the call on, recordings meet a full disk: a real one would need a mount, which a test may not make."""

    def fail(*_: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    def fill() -> None:
        monkeypatch.setattr(writer, "_write_whole", fail)
        monkeypatch.setattr(writer._OpenBlock, "append", fail)  # writes itself: it is the way of every event

    return fill
