"""A shell that lets a process open next to nothing: said at once, in words that fit. Whoever went on said that the
recording is damaged, that the disk is full, or nothing but a traceback."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from hive_tui.cli.exits import DONE, UNUSABLE
from hive_tui.cli.open_files import LEAST


def limited(limit: str, home: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """A command below `ulimit` with those options."""
    return subprocess.run(
        ["sh", "-c", f'ulimit {limit} && exec "$0" -P -m hive_tui "$@"', sys.executable, *words],
        env={**os.environ, "HIVE_HOME": str(home)},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )


@pytest.mark.parametrize("limit", [8, 17, LEAST - 1])
@pytest.mark.parametrize("words", [("fork", "--at", "start"), ("verify",), ("ask",)])
def test_it_is_refused_for_what_is_short(limit: int, words: tuple[str, ...], folder: Path, tmp_path: Path) -> None:
    done = limited(f"-n {limit}", tmp_path / "home", *words, str(folder))
    assert done.returncode == UNUSABLE
    assert done.stderr.startswith(f"hive {words[0]}: ulimit -n: only {limit} files may be open at once")


def test_a_question_is_refused_in_its_document(tmp_path: Path) -> None:
    done = limited("-n 20", tmp_path / "home", "ask", "--json", "Why?")
    assert done.returncode == UNUSABLE
    assert "only 20 files" in json.loads(done.stdout)["error"]["message"]


def test_a_limit_that_may_be_raised_is(folder: Path, tmp_path: Path) -> None:
    assert limited("-S -n 8", tmp_path / "home", "replay", str(folder), "--until", "50%", "--json").returncode == DONE
