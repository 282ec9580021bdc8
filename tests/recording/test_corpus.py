"""Recordings of every released format stay readable, and say what they said when they were new."""

from __future__ import annotations

import shutil
from contextlib import closing
from pathlib import Path

import pytest

from hive_tui.events import Decision, Outcome
from hive_tui.kernels.plain import PlainBackend
from hive_tui.recording.reader import LogCursor, read_records
from hive_tui.recording.repair import repair
from hive_tui.recording.statehash import hash_of
from hive_tui.recording.summary import read_summary, summarise
from hive_tui.recording.timeline import Timeline
from hive_tui.recording.verify import Verification
from hive_tui.state import fold_all
from tests.corpus import FINISHED, TORN, WHOLE

STATES = {
    "01m82d1e7cmene0ec6xva36pn3": ("four models, reasoning, a verdict each", "3501be9271be15fc"),
    "01m83azcy4kjf68xby3fm52n6h": ("a call refused with 503 and made again", "fc522acecac2ad49"),
    "01m83azedphzbbf7a7w01wwkvw": ("a model that nobody has", "ac4a46e21e30308e"),
    "01m83azffcv7jbwp0vqh4dpyhg": ("a refusal", "e51c37155e80e69c"),
    "01m83azgd62qsq5yd4295qkrxj": ("a stream that just ended", "e97bbbb18ad74bcb"),
    "01m83azhm9pff0tsbnze4z7xwf": ("a stall, and the run's time limit", "9d553a3e6f84c2d5"),
    "01m83azke4gx6f8gpmns1gw7p4": ("wide and combined characters, terminal escapes in the answer", "4ef6a75e7282b4d1"),
    "01m83azmdsxgnp5m8kd34ny8wc": ("60,000 chunks in six blocks", "19f5253e6c1e97bc"),
    "01m83aznz03j2rneaccy3z9ppj": ("cancelled by a person", "d2cf6b3dbe4d3f7d"),
    "01m83b0apnx7aqpm4ba5tc8yhq": ("a fork that goes on from a cut answer", "2c588f28fb72bcf5"),
    "01m83b0b8xz7d5r4arjyfqrrq2": ("a redacted copy", "06e1d7430f17515c"),
}
"""What is in each, and how the hash of its last state begins."""


def test_none_is_left_out() -> None:
    assert sorted(STATES) == [folder.name for folder in WHOLE]
    assert TORN


@pytest.mark.parametrize("folder", WHOLE, ids=lambda path: f"{path.parent.name}-{path.name}")
def test_a_recording_opens_and_folds_to_its_summary_and_its_hash(folder: Path) -> None:
    cursor = LogCursor(folder)
    state = fold_all(cursor.records())
    assert cursor.complete
    assert cursor.header.run == folder.name == state.run
    assert summarise(state) == read_summary(folder)
    assert hash_of(state).hex().startswith(STATES[folder.name][1])
    with closing(Timeline(folder)) as timeline:
        assert timeline.last_state() == state


@pytest.mark.parametrize("folder", TORN, ids=lambda path: f"{path.parent.name}-{path.name}")
def test_a_torn_recording_opens_as_far_as_it_goes_and_can_be_saved(folder: Path, tmp_path: Path) -> None:
    cursor = LogCursor(folder)
    state = fold_all(cursor.records())
    assert (cursor.complete, state.seq > 2, state.outcome) == (False, True, None)
    report = Verification(folder, PlainBackend()).run()
    assert ([fault.kind for fault in report.faults], report.records) == (["end"], state.seq)
    source = shutil.copytree(folder, tmp_path / folder.name)
    assert repair(source, tmp_path / "saved", PlainBackend()).kept >= state.seq
    assert Verification(tmp_path / "saved", PlainBackend()).run().sound


def test_the_first_version_still_says_what_was_answered() -> None:
    state = fold_all(read_records(FINISHED))
    assert (state.outcome, state.decision) == (Outcome.FINISHED, Decision.CURATOR)
    assert "**546** days" in state.answer_text
    assert state.simulated
    assert [attempt.text.chunks > 0 for attempt in state.attempts] == [True] * 4
