"""Files go where the platform says, or all into HIVE_HOME; folders are made late, and for their owner alone."""

import os
import stat
from pathlib import Path

import pytest

from hive_tui.config.errors import FolderError
from hive_tui.config.paths import ensure_folder, paths


def test_a_relative_home_in_a_folder_that_is_gone_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    gone = tmp_path / "gone"
    gone.mkdir()
    monkeypatch.chdir(gone)
    gone.rmdir()
    with pytest.raises(FolderError, match="HIVE_HOME=here: the folder that you stand in is gone"):
        paths({"HIVE_HOME": "here"})
    assert paths({"HIVE_HOME": "/there"}).data == "/there/data"


def test_hive_home_moves_all_of_them(tmp_path: Path) -> None:
    home = str(tmp_path / "h")
    found = paths({"HIVE_HOME": home, "XDG_CONFIG_HOME": "/etc/x", "HOME": "/root"})
    folders = (found.config, found.data, found.state, found.cache, found.runtime, found.profiles, found.runs)
    assert all(folder.startswith(home + "/") for folder in folders)
    assert not os.path.exists(home), "asking for a path makes no folder"


@pytest.mark.parametrize("variable", ["HIVE_HOME", "HOME", "XDG_DATA_HOME"])
def test_a_folder_whose_name_is_not_utf8_is_refused(variable: str) -> None:
    environ = {"HOME": "/home/ada", variable: os.fsdecode(b"/srv/od\xffd")}
    with pytest.raises(FolderError, match="its name is not UTF-8"):
        paths(environ, macos=False)


def test_a_relative_hive_home_is_made_absolute() -> None:
    assert paths({"HIVE_HOME": "here"}).runs == os.path.abspath("here/data/runs")


def test_xdg_variables_are_heard_and_relative_ones_ignored(tmp_path: Path) -> None:
    environ = {"HOME": "/home/ada", "XDG_CONFIG_HOME": str(tmp_path), "XDG_DATA_HOME": "relative"}
    found = paths(environ, macos=False)
    assert found.profiles == f"{tmp_path}/hive/profiles"
    assert found.runs == "/home/ada/.local/share/hive/runs"
    assert found.crashes == "/home/ada/.local/state/hive/crashes"
    assert found.cache == "/home/ada/.cache/hive"


def test_macos_has_its_own_places() -> None:
    found = paths({"HOME": "/Users/ada"}, macos=True)
    assert found.config == found.data == found.state == "/Users/ada/Library/Application Support/hive"
    assert found.cache == "/Users/ada/Library/Caches/hive"


def test_the_runtime_folder_must_be_there_and_ours(tmp_path: Path) -> None:
    environ = {"HOME": "/home/ada"}
    assert paths({**environ, "XDG_RUNTIME_DIR": str(tmp_path)}, macos=False).runtime == f"{tmp_path}/hive"
    gone = paths({**environ, "XDG_RUNTIME_DIR": str(tmp_path / "gone")}, macos=False)
    assert gone.runtime == "/home/ada/.local/state/hive/run"


def test_a_folder_is_made_for_its_owner_alone(tmp_path: Path) -> None:
    folder = ensure_folder(str(tmp_path / "data" / "runs"))
    assert stat.S_IMODE(os.stat(folder).st_mode) == 0o700
    assert ensure_folder(folder) == folder


def test_a_file_in_the_way_is_said_with_its_place(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("")
    with pytest.raises(FolderError) as refusal:
        ensure_folder(str(tmp_path / "data" / "runs"))
    assert str(tmp_path / "data" / "runs") in str(refusal.value)
    assert "HIVE_HOME" in refusal.value.todo
