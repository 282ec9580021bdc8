"""`hive doctor` tells what works, says what to do about the rest, and says no when something must be mended."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from shutil import _ntuple_diskusage

import pytest

from hive_tui.cli.doctor import _folders
from hive_tui.config.paths import paths


def _doctor(home: Path, **environment: str) -> tuple[int, dict[str, dict[str, str]]]:
    keep = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
    keep |= {"HIVE_HOME": str(home), **environment}
    done = subprocess.run(
        [sys.executable, "-m", "hive_tui", "doctor", "--json"], env=keep, capture_output=True, check=False, timeout=100
    )
    return done.returncode, {fact["subject"]: fact for fact in json.loads(done.stdout)}


def test_what_works_is_said_and_keys_are_only_named(tmp_path: Path) -> None:
    code, facts = _doctor(tmp_path, OPENAI_API_KEY="sk-canary-0451")
    assert code == 0
    assert facts["core"]["status"] == "ok"
    assert facts["endpoint openai"]["status"] == "ok"
    assert facts["endpoint anthropic"]["status"] == "absent"
    assert facts["profile default"]["what"] == "pipeline: simulator (SIMULATED)"
    assert any(subject.startswith("kernels (numba") for subject in facts)
    assert all(fact["todo"] for fact in facts.values() if fact["status"] == "failed")
    assert "canary" not in json.dumps(facts)


def test_a_disk_without_room_for_a_recording_is_a_failure(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for free, status, todo in ((0, "failed", True), (50 << 20, "ok", True), (5 << 30, "ok", False)):
        monkeypatch.setattr("shutil.disk_usage", lambda _path, free=free: _ntuple_diskusage(free, 0, free))
        facts = list(_folders(paths({"HIVE_HOME": str(tmp_path)})))
        assert {fact[1] for fact in facts} == {status}
        assert {bool(fact[3]) for fact in facts} == {todo}


def test_a_broken_profile_and_a_file_for_a_folder_are_failures(tmp_path: Path) -> None:
    (tmp_path / "config" / "profiles").mkdir(parents=True)
    (tmp_path / "config" / "profiles" / "mine.toml").write_text("[stages.refiner]\ntemperature = 'hot'\n")
    (tmp_path / "data").write_text("a file")
    code, facts = _doctor(tmp_path)
    assert code == 1
    assert "stages.refiner.temperature" in facts["profile mine"]["what"]
    assert facts["folder data"]["status"] == "failed"
    assert "core" not in facts, "without its folders a core is not even tried"
