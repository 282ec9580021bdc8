"""Questions that were asked come back in order, in this session and in the next."""

import stat
from pathlib import Path

import pytest

from hive_tui.tui.asked import KEPT, LONGEST, Asked


def test_history_outlives_the_session(tmp_path: Path) -> None:
    path = tmp_path / "state" / "questions"
    first = Asked(path)
    first.add("one")
    first.add("two\nlines")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    second = Asked(path)
    assert second.older("draft") == "two\nlines"
    assert second.older("two\nlines") == "one"
    assert second.older("one") is None
    assert second.newer() == "two\nlines"
    assert second.newer() == "draft"
    assert second.newer() is None


def test_repeats_and_giants_are_not_kept(tmp_path: Path) -> None:
    asked = Asked(tmp_path / "questions")
    asked.add("one")
    asked.add("one")
    asked.add("x" * (LONGEST + 1))
    assert asked.older("") == "one"
    assert asked.older("") is None


def test_a_damaged_line_is_skipped_and_a_long_file_is_cut(tmp_path: Path) -> None:
    path = tmp_path / "questions"
    lines = [f'"q{n}"' for n in range(2 * KEPT + 1)]
    path.write_text("\n".join(["not json", "17", *lines]) + "\n")
    asked = Asked(path)
    assert asked.older("") == f"q{2 * KEPT}"
    assert len(path.read_text().splitlines()) == KEPT


def test_what_cannot_be_written_is_kept_for_the_session(tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("")
    asked = Asked(blocked / "questions")
    with pytest.raises(OSError, match=r"directory|exists"):
        asked.add("one")
    assert asked.older("") == "one"
