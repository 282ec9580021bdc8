"""Files made from a log: named in the summary with their hash, put in place so that a cut-off leaves no wrong one."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from hive_tui.kernels.plain import PlainBackend
from hive_tui.recording.derived import NotDerivableError, add_derived
from hive_tui.recording.folder import MARKERS, SUMMARY
from hive_tui.recording.summary import Derived, read_summary
from hive_tui.recording.verify import Verification
from tests.corpus import FINISHED as CORPUS


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return Path(shutil.copytree(CORPUS, tmp_path / CORPUS.name))


def writes(data: bytes) -> Callable[[Path], None]:
    def make(path: Path) -> None:
        path.write_bytes(data)

    return make


def faults(folder: Path) -> list[tuple[str, str]]:
    return [(fault.kind, fault.file) for fault in Verification(folder, PlainBackend()).run().faults]


def named(folder: Path) -> tuple[Derived, ...]:
    summary = read_summary(folder)
    assert summary is not None
    return summary.derived


def test_a_derived_file_is_named_with_its_hash_and_is_sound(folder: Path) -> None:
    assert add_derived(folder, "events.parquet", writes(b"rows")) == folder / "events.parquet"
    add_derived(folder, "a.bin", writes(b"more"))
    assert named(folder) == (
        Derived("a.bin", hashlib.sha256(b"more").hexdigest()),
        Derived("events.parquet", hashlib.sha256(b"rows").hexdigest()),
    )
    assert faults(folder) == []
    add_derived(folder, "a.bin", writes(b"other"))
    assert named(folder)[0].sha256 == hashlib.sha256(b"other").hexdigest()
    assert faults(folder) == []
    assert sorted(path.name for path in folder.iterdir()) == ["a.bin", "events.parquet", "log", "summary.json"]


def test_another_content_is_a_fault_and_none_is_not(folder: Path) -> None:
    path = add_derived(folder, "events.parquet", writes(b"rows"))
    path.write_bytes(b"rowz")
    assert faults(folder) == [("derived", "events.parquet")]
    path.unlink()
    assert faults(folder) == []
    path.mkdir()
    assert faults(folder) == [("derived", "events.parquet")]


def test_what_the_summary_does_not_name_stays_stray(folder: Path) -> None:
    (folder / "events.parquet").write_bytes(b"rows")
    assert faults(folder) == [("stray", "events.parquet")]


def test_a_run_without_a_summary_takes_none(folder: Path) -> None:
    (folder / SUMMARY).unlink()
    with pytest.raises(NotDerivableError, match="no sound summary"):
        add_derived(folder, "events.parquet", writes(b"rows"))
    assert [path.name for path in folder.iterdir()] == ["log"]


@pytest.mark.parametrize("name", ["log", SUMMARY, MARKERS, "open-00000001", "../out", ".hidden", "a/b", "", "x" * 200])
def test_the_recordings_own_names_are_not_taken(folder: Path, name: str) -> None:
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    with pytest.raises(NotDerivableError):
        add_derived(folder, name, writes(b"rows"))
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before


@pytest.mark.parametrize("step", ["making", "summary", "renaming"])
def test_whenever_it_fails_nothing_is_wrong(folder: Path, step: str, monkeypatch: pytest.MonkeyPatch) -> None:
    add_derived(folder, "a.bin", writes(b"one"))
    replace = Path.replace

    def make(path: Path) -> None:
        path.write_bytes(b"two")
        if step == "making":
            raise OSError(28, "No space left on device")

    def replaced(path: Path, target: Path) -> Path:
        if ("summary" in path.name) == (step == "summary"):
            raise OSError(28, "No space left on device")
        return replace(path, target)

    monkeypatch.setattr(Path, "replace", replaced)
    with pytest.raises(OSError, match="No space"):
        add_derived(folder, "a.bin", make)
    assert faults(folder) == []
    assert not [path for path in folder.iterdir() if path.name.startswith(".")]
