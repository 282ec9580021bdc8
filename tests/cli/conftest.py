"""Recordings and commands for tests of what is read."""

from __future__ import annotations

from pathlib import Path

import pytest

import hive_tui.recording.keyframes as keyframes_module
import hive_tui.recording.writer as writer_module
from hive_tui.cli import dispatch
from hive_tui.cli.commands import SUBCOMMANDS
from hive_tui.cli.parser import parse
from tests.cli.spoilt import Run, begin, facts


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("HIVE_HOME", str(tmp_path / "home"))
    monkeypatch.setattr(writer_module, "BLOCK_SIZE", 500)
    monkeypatch.setattr(keyframes_module, "EVERY_RECORDS", 3)


@pytest.fixture
def folder(tmp_path: Path, small: None) -> Path:
    """A sound recording of about eight blocks."""
    assert small is None
    begin(tmp_path / "01J", facts()).finish()
    return tmp_path / "01J"


@pytest.fixture
def run(capfd: pytest.CaptureFixture[str]) -> Run:
    """Exit code, stdout and stderr of a command."""

    def call(name: str, *words: str) -> tuple[int, str, str]:
        capfd.readouterr()
        code = dispatch.run(name, parse(SUBCOMMANDS[name], words))
        out, err = capfd.readouterr()
        return code, out, err

    return call
