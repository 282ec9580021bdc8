"""How a person names a run."""

from __future__ import annotations

from pathlib import Path

import pytest

from hive_tui.recording.folder import LOG, NoSuchRunError, find_run, run_ids

IDS = ("01a1", "01a2", "01b7")


@pytest.fixture
def root(tmp_path: Path) -> Path:
    for name in IDS:
        (tmp_path / name).mkdir()
        (tmp_path / name / LOG).write_bytes(b"")
    (tmp_path / "01c9").mkdir()  # Begun, but there is no log: no run.
    (tmp_path / ".trash").mkdir()
    (tmp_path / ".trash" / LOG).write_bytes(b"")
    return tmp_path


def test_runs_are_listed_newest_first(root: Path) -> None:
    assert run_ids(root) == ["01b7", "01a2", "01a1"]


def test_no_folder_is_no_runs(tmp_path: Path) -> None:
    assert run_ids(tmp_path / "nothing") == []


@pytest.mark.parametrize(
    ("name", "found"),
    [("01a1", "01a1"), ("01b", "01b7"), ("01B", "01b7"), ("last", "01b7"), ("01a2", "01a2")],
)
def test_id_prefix_and_last(root: Path, name: str, found: str) -> None:
    assert find_run(root, name) == root / found


def test_a_path_of_a_folder_or_of_a_log(root: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    assert find_run(elsewhere, str(root / "01a1")) == root / "01a1"
    assert find_run(elsewhere, str(root / "01a1" / LOG)) == root / "01a1"


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("01a", r"2 runs begin so \(01a2, 01a1\); type more of the id"),
        ("01c9", "no such run"),
        ("zzz", "`hive runs` lists them"),
        ("", r"\(empty\): no such run"),
        ("./nowhere", "a run's folder holds a file named log"),
    ],
)
def test_what_fits_none_or_many_is_refused_with_advice(root: Path, name: str, words: str) -> None:
    with pytest.raises(NoSuchRunError, match=words):
        find_run(root, name)


def test_an_id_that_is_the_beginning_of_another_is_found_itself(root: Path) -> None:
    (root / "01a10").mkdir()
    (root / "01a10" / LOG).write_bytes(b"")
    assert find_run(root, "01a1") == root / "01a1"


def test_last_without_runs_says_so(tmp_path: Path) -> None:
    with pytest.raises(NoSuchRunError, match="no run has been recorded yet"):
        find_run(tmp_path, "last")
