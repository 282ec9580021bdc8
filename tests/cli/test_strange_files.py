"""Things in a run's folder that are no files: a pipe without a writer and a device without an end hold nobody up."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from hive_tui.cli.exits import DONE, NO, UNUSABLE
from hive_tui.recording.folder import LOG, MARKERS, SUMMARY, open_name
from hive_tui.recording.summary import summarise, write_summary
from hive_tui.recording.timeline import Timeline
from tests.cli.spoilt import COMMANDS, Run, begin, facts, frames, readers

NO_FILES: dict[str, Callable[[Path], object]] = {
    "pipe": os.mkfifo,
    "device": lambda path: path.symlink_to("/dev/zero"),
    "folder": Path.mkdir,
    "loop": lambda path: path.symlink_to(path.name),
}


@pytest.fixture(params=NO_FILES)
def put(request: pytest.FixtureRequest) -> Callable[[Path], None]:
    """Puts something else in the place of a file."""

    def call(path: Path) -> None:
        path.unlink(missing_ok=True)
        NO_FILES[request.param](path)

    return call


def with_summary(folder: Path) -> None:
    timeline = Timeline(folder)
    write_summary(folder, summarise(timeline.last_state()))
    timeline.close()


@pytest.mark.parametrize("command", COMMANDS)
def test_in_place_of_the_log(command: str, put: Callable[[Path], None], folder: Path, tmp_path: Path, run: Run) -> None:
    put(folder / LOG)
    code, out, err = run(*readers(folder, tmp_path)[command])
    assert (code, out) == (UNUSABLE, "")
    assert "no recording there" in err


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize("name", [SUMMARY, MARKERS])
def test_in_place_of_a_file_beside_the_log(
    command: str, name: str, put: Callable[[Path], None], folder: Path, tmp_path: Path, run: Run
) -> None:
    with_summary(folder)
    put(folder / name)
    code, out, _ = run(*readers(folder, tmp_path)[command])
    spoilt = command == "verify" and name == SUMMARY
    assert code == (NO if spoilt else DONE)
    assert not spoilt or "summary.json, byte 0: summary: cannot be read" in out


@pytest.mark.usefixtures("small")
@pytest.mark.parametrize("command", [each for each in COMMANDS if each != "redact"])
def test_in_place_of_an_open_block(command: str, put: Callable[[Path], None], tmp_path: Path, run: Run) -> None:
    folder = tmp_path / "01J"
    begin(folder, facts()).abandon()
    blocks = [offset for tag, offset, _ in frames((folder / LOG).read_bytes() + bytes(16)) if tag == b"BLOK"]
    put(folder / open_name(len(blocks)))
    code, out, _ = run(*readers(folder, tmp_path)[command])
    assert code == (NO if command == "verify" else DONE)
    assert command != "verify" or f"{open_name(len(blocks))}, byte 0: tail: cannot be read" in out


def test_in_place_of_a_raw_copy(put: Callable[[Path], None], folder: Path, run: Run) -> None:
    put(folder / open_name(0))
    code, out, _ = run("verify", str(folder))
    assert (code, "open-00000000, byte 0: tail: cannot be read" in out) == (NO, True)


@pytest.mark.usefixtures("small")
def test_a_list_goes_on_with_the_others(put: Callable[[Path], None], tmp_path: Path, run: Run) -> None:
    root = tmp_path / "home" / "data" / "runs"
    for name, spoilt in (("01a", LOG), ("01b", SUMMARY), ("01c", "")):
        begin(root / name, facts()).finish()
        with_summary(root / name)
        if spoilt:
            put(root / name / spoilt)
    code, out, err = run("runs")
    assert (code, [line.split()[0] for line in out.splitlines()]) == (DONE, ["01c", "01b"])
    assert str(root / "01a") in err


def test_an_open_block_that_no_log_leads_to_is_named(folder: Path, run: Run) -> None:
    count = sum(tag == b"BLOK" for tag, _, _ in frames((folder / LOG).read_bytes()))
    (folder / open_name(count)).write_bytes(b"x")
    (folder / open_name(count + 7)).write_bytes(b"x")
    code, out, _ = run("verify", str(folder))
    assert code == NO
    assert f"{open_name(count)}, byte 0: stray" in out
    assert f"{open_name(count + 7)}, byte 0: stray" in out


def test_a_name_that_is_no_text_is_named_all_the_same(folder: Path, run: Run) -> None:
    name = b"sound and\ncomplete \xff\x1b[31m"
    Path(os.fsdecode(bytes(folder) + b"/" + name)).write_bytes(b"x")
    code, out, _ = run("verify", str(folder), "--json")
    assert (code, json.loads(out)["faults"][0]["file"]) == (NO, "sound and\ncomplete \\xff\x1b[31m")
    code, out, _ = run("verify", str(folder))
    assert (code, len(out.splitlines())) == (NO, 2)


@pytest.mark.parametrize(
    "words",
    [("replay", "--json"), ("export", "--format", "json", "--output", "-")],
    ids=lambda words: words[0],
)
def test_a_document_tells_a_path_that_is_no_text(words: tuple[str, ...], folder: Path, run: Run) -> None:
    parent = Path(os.fsdecode(bytes(folder.parent) + b"/\xff\xe9"))
    parent.mkdir()
    folder = folder.rename(parent / "01J")
    code, out, _ = run(words[0], str(folder), *words[1:])
    assert code == DONE
    assert Path(json.loads(out)["recording"]).parent.name == r"\xff\xe9"
