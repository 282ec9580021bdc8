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

    def fail(_file: int, _data: bytes) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    return lambda: monkeypatch.setattr(writer, "_write_whole", fail)
