"""What commands say of a recording that goes away, grows or cannot be written to, and of two that write one folder."""

from __future__ import annotations

import errno
import fcntl
import os
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path

import pytest

import hive_tui.recording.writer as writer_module
from hive_tui import wire
from hive_tui.cli import redact, repair, replay, verify
from hive_tui.cli.exits import DISK, DONE, NO, UNUSABLE
from hive_tui.kernels.interface import Verified
from hive_tui.kernels.plain import PlainBackend
from hive_tui.recording.folder import LOG
from hive_tui.recording.format import Span
from tests.cli.spoilt import COMMANDS, Run, begin, facts, readers


@pytest.mark.parametrize("command", COMMANDS)
def test_one_that_is_taken_away_while_it_is_opened(
    command: str, folder: Path, tmp_path: Path, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    def taken_away(path: Path) -> bool:
        shutil.rmtree(path)
        return False

    for module in (replay, redact, repair, verify):
        monkeypatch.setattr(f"{module.__name__}.run_folder", lambda _: taken_away(folder) or folder)
    monkeypatch.setattr("hive_tui.cli.export.run_folder", lambda _: taken_away(folder) or folder)
    monkeypatch.setattr("hive_tui.cli.stats.run_folder", lambda _: taken_away(folder) or folder)
    code, out, err = run(*readers(folder, tmp_path)[command])
    assert (code, out) == (UNUSABLE, "")
    assert "the recording is gone; somebody removed it" in err
    assert list(tmp_path.iterdir()) == []


class Meanwhile(PlainBackend):
    """Does something else while it verifies its first block."""

    def __init__(self, job: Callable[[], object]) -> None:
        self._job: Callable[[], object] | None = job

    def verify(self, data: bytes, seq: int, time_ns: int) -> Verified:
        if self._job is not None:
            self._job()
            self._job = None
        return super().verify(data, seq, time_ns)


@pytest.mark.parametrize("command", ["verify", "redact", "repair"])
def test_one_that_is_taken_away_while_it_is_read(
    command: str, folder: Path, tmp_path: Path, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A reader keeps the log that it has opened; what it has still to open is gone."""
    kernels = Meanwhile(lambda: shutil.rmtree(folder))
    monkeypatch.setattr(f"hive_tui.cli.{command}.kernels_for", lambda _: kernels)
    code, _, err = run(*readers(folder, tmp_path)[command])
    assert "Traceback" not in err
    assert (code == DONE) if command == "repair" else (code == UNUSABLE and "gone" in err)


@pytest.mark.usefixtures("small")
@pytest.mark.parametrize("ends", [False, True])
def test_one_that_grows_while_it_is_verified(
    tmp_path: Path, run: Run, monkeypatch: pytest.MonkeyPatch, *, ends: bool
) -> None:
    records = facts()
    log = begin(tmp_path / "01J", records[:20])

    def grow() -> None:
        for each in records[20:]:
            log.append(wire.encode(each), Span(1, each.seq, each.seq, each.time_ns, each.time_ns))
        if ends:
            log.finish()

    monkeypatch.setattr("hive_tui.cli.verify.kernels_for", lambda _: Meanwhile(grow))
    code, out, err = run("verify", str(tmp_path / "01J"))
    assert (code, err) == (DONE, "")
    assert out.startswith("sound so far; a live process still writes it")
    if not ends:
        log.abandon()


@pytest.mark.usefixtures("small")
def test_the_half_of_a_frame_that_a_live_process_writes_is_no_damage(tmp_path: Path, run: Run) -> None:
    log, folder = begin(tmp_path / "01J", facts()), tmp_path / "01J"
    kept = {path.name: path.read_bytes() for path in folder.iterdir()}
    log.finish()
    whole = (folder / LOG).read_bytes()
    for stop in range(len(kept[LOG]), len(whole)):
        for name, data in kept.items():
            (folder / name).write_bytes(data)
        (folder / LOG).unlink()
        (folder / LOG).write_bytes(whole[:stop])
        with (folder / LOG).open("rb") as held:
            fcntl.flock(held, fcntl.LOCK_EX)
            assert run("verify", str(folder))[0] == DONE, stop
    (folder / LOG).write_bytes(whole[: len(kept[LOG]) + 50])
    assert run("verify", str(folder))[0] == NO


@pytest.mark.usefixtures("small")
def test_a_run_that_goes_on_is_replayed_and_exported_and_nothing_else(tmp_path: Path, run: Run) -> None:
    log = begin(tmp_path / "01J", facts()[:20])
    for command, words in readers(tmp_path / "01J", tmp_path).items():
        code, _, err = run(*words)
        assert code == (UNUSABLE if command in ("repair", "redact") else DONE)
        assert ("a live process still writes it" in err) == (command in ("repair", "redact"))
    log.abandon()


@pytest.mark.parametrize("command", ["repair", "redact"])
def test_a_target_that_cannot_be_written(
    command: str, folder: Path, tmp_path: Path, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    words = readers(folder, tmp_path)[command]
    (tmp_path / "there").mkdir()
    code, _, err = run(*words[:-1], str(tmp_path / "there"))
    assert (code, "is there already" in err) == (UNUSABLE, True)
    assert run(*words[:-1], str(tmp_path / "no" / "where"))[0] == DISK

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as patch:
        patch.setattr(writer_module, "_write_whole", full)
        code, _, err = run(*words)
        assert (code, "No space left on device" in err) == (DISK, True)

    def refused(*_: object, **__: object) -> str:
        raise PermissionError(errno.EROFS, os.strerror(errno.EROFS))

    with monkeypatch.context() as patch:
        patch.setattr(tempfile, "mkdtemp", refused)
        code, _, err = run(*words)
        assert (code, "Read-only file system" in err) == (DISK, True)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["01J", "there"]
    assert list((tmp_path / "there").iterdir()) == []


@pytest.mark.parametrize("command", ["repair", "redact"])
def test_of_two_that_write_one_target_the_first_wins(
    command: str, folder: Path, tmp_path: Path, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    words = readers(folder, tmp_path)[command]
    target = Path(words[-1])

    def other() -> None:
        target.mkdir()
        (target / LOG).write_bytes(b"the other's")

    monkeypatch.setattr(f"hive_tui.cli.{command}.kernels_for", lambda _: Meanwhile(other))
    code, _, err = run(*words)
    assert (code, "is there already" in err) == (UNUSABLE, True)
    assert [path.read_bytes() for path in target.iterdir()] == [b"the other's"]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["01J", target.name]


@pytest.mark.parametrize("command", COMMANDS)
def test_a_read_only_recording_is_read(command: str, folder: Path, tmp_path: Path, run: Run) -> None:
    (folder / LOG).chmod(0o400)
    folder.chmod(0o500)
    try:
        assert run(*readers(folder, tmp_path)[command])[0] == DONE
    finally:
        folder.chmod(0o700)
