"""Recordings of every released format stay readable, and say what they said when they were new."""

from __future__ import annotations

from pathlib import Path

import pytest

from hive_tui.events import Decision, Outcome
from hive_tui.recording.reader import LogCursor, read_records
from hive_tui.recording.summary import read_summary, summarise
from hive_tui.state import fold_all

CORPUS = sorted(path for path in (Path(__file__).parents[1] / "recordings").glob("v*/*") if path.is_dir())


@pytest.mark.parametrize("folder", CORPUS, ids=lambda path: f"{path.parent.name}-{path.name}")
def test_a_recording_opens_and_folds_to_its_summary(folder: Path) -> None:
    cursor = LogCursor(folder)
    state = fold_all(cursor.records())
    assert cursor.complete
    assert cursor.header.run == folder.name == state.run
    assert summarise(state) == read_summary(folder)


def test_the_first_version_still_says_what_was_answered() -> None:
    (folder,) = (path for path in CORPUS if path.parent.name == "v1")
    state = fold_all(read_records(folder))
    assert (state.outcome, state.decision) == (Outcome.FINISHED, Decision.CURATOR)
    assert "**546** days" in state.answer_text
    assert state.simulated
    assert [attempt.text.chunks > 0 for attempt in state.attempts] == [True] * 4
