"""`hive export` and `hive import` as a person calls them, and what they do where they cannot."""

from __future__ import annotations

import json
import os
import resource
import shutil
import signal
import subprocess
from pathlib import Path

import pytest

from hive_tui.recording.reader import LogCursor
from tests.corpus import FINISHED as CORPUS

QUESTION = "What is 17% of 240?"


@pytest.fixture
def run(hive) -> str:
    """The id of a run that has ended and lies in the home."""
    shutil.copytree(CORPUS, hive.runs / CORPUS.name)
    return CORPUS.name


def left_over(folder: Path) -> list[str]:
    return sorted(each.name for each in folder.iterdir() if each.name != "home")


def test_an_export_as_lines_comes_back_in_another_home_as_the_same_recording(hive, run: str) -> None:
    assert hive("export", "last", "--format", "jsonl", "--output", "run.jsonl").code == 0
    log = hive.runs / run
    before = b"".join(LogCursor(log).read())
    there = {"HIVE_HOME": str(hive.folder / "other")}
    imported = hive("import", "run.jsonl", env=there)
    assert (imported.code, imported.out) == (0, f"{run}\n".encode())
    assert b"".join(LogCursor(hive.folder / "other" / "data" / "runs" / run).read()) == before
    assert hive("verify", run, env=there).code == 0
    ours, theirs = hive("runs", "show", run, "--json"), hive("runs", "show", run, "--json", env=there)
    assert {**ours.document, "recording": ""} == {**theirs.document, "recording": ""}


def test_a_pipe_carries_an_export_into_an_import(hive, run: str) -> None:
    out = hive("export", run, "--format", "jsonl", "--output", "-")
    assert (out.code, out.err) == (0, b"")
    there = {"HIVE_HOME": str(hive.folder / "other")}
    assert hive("import", "-", stdin=out.out, env=there).out == f"{run}\n".encode()
    again = hive("import", "-", stdin=out.out, env=there)
    assert again.code == 3
    assert "is there already" in again.said


def test_json_is_what_ask_printed(hive, sim) -> None:
    asked = hive("ask", *sim.single("say:yes"), "--json", QUESTION)
    assert hive("export", "last", "--format", "json", "--output", "-").out == asked.out
    half = hive("export", "last", "--format", "json", "--output", "-", "--until", "event:2")
    assert half.out == hive("replay", "last", "--until", "event:2", "--json").out
    assert json.loads(half.out)["answer"] is None


def test_what_is_there_already_stays(hive, run: str) -> None:
    mine = hive.folder / "mine"
    mine.write_text("mine")
    refused = hive("export", run, "--format", "md", "--output", "mine")
    assert refused.code == 2
    assert "--force" in refused.said
    assert mine.read_text() == "mine"
    (hive.folder / "link").symlink_to(mine)
    assert hive("export", run, "--format", "md", "--output", "link").code == 2
    assert hive("export", run, "--format", "md", "--output", "mine", "--force").code == 0
    assert mine.read_text().startswith("# Hive run")
    assert hive("export", run, "--format", "md", "--output", ".").code in (2, 5)


@pytest.mark.usefixtures("run")
@pytest.mark.parametrize("name", ["nothing", "01m82d1e7cmene0ec6xva36pn4", "../../etc", ""])
def test_a_run_that_is_not_there_is_said_and_nothing_is_written(hive, name: str) -> None:
    done = hive("export", name, "--format", "html", "--output", "out.html")
    assert done.code == 3
    assert "Traceback" not in done.said
    assert left_over(hive.folder) == []


@pytest.mark.parametrize("name", ["jsonl", "html", "parquet", "mcap", "asciicast"])
def test_a_torn_run_is_exported_as_far_as_it_goes_and_it_is_said(hive, run: str, name: str) -> None:
    log = hive.runs / run / "log"
    log.write_bytes(log.read_bytes()[:-9])
    done = hive("export", run, "--format", name, "--output", "out")
    assert done.code == 0
    assert "no sound end" in done.said
    assert (hive.folder / "out").stat().st_size > 0


@pytest.mark.parametrize("name", ["jsonl", "md", "parquet", "html"])
def test_a_damaged_run_leaves_nothing_behind(hive, run: str, name: str) -> None:
    log = hive.runs / run / "log"
    data = bytearray(log.read_bytes())
    data[200] ^= 4
    log.write_bytes(data)
    done = hive("export", run, "--format", name, "--output", "out")
    assert done.code == 3
    assert "hive verify" in done.said
    assert left_over(hive.folder) == []


def test_a_run_that_goes_on_is_exported_as_far_as_it_came(hive, sim) -> None:
    running = hive.start("ask", *sim.single("stall:5"), QUESTION)
    hive.until_streaming()
    done = hive("export", "last", "--format", "jsonl", "--output", "run.jsonl")
    assert done.code == 0
    assert "still goes on" in done.said
    running.signal(signal.SIGINT)
    running.wait()
    there = {"HIVE_HOME": str(hive.folder / "other")}
    assert hive("import", "run.jsonl", env=there).code == 0
    torn = hive("verify", "last", env=there)
    assert torn.code == 1, "an import is no more whole than what it was made of"
    assert b": end: " in torn.out


def test_a_full_disk_leaves_nothing_behind(hive, run: str) -> None:
    # Python keeps a module's bytecode that the disk took a part of only, and cannot import that module any more.
    cramped = {"PYTHONDONTWRITEBYTECODE": "1"}

    def little_room() -> None:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (2000, 2000))

    for name in ("jsonl", "html", "asciicast"):
        done = hive("export", run, "--format", name, "--output", "out", env=cramped, preexec_fn=little_room)
        assert done.code == 5, (name, done.said)
        assert "cannot be written" in done.said
        assert left_over(hive.folder) == []
    full = hive("export", run, "--format", "md", "--output", "/dev/full")
    assert full.code == 5
    hive("export", run, "--format", "jsonl", "--output", "run.jsonl")
    there = {"HIVE_HOME": str(hive.folder / "other")}
    imported = hive("import", "run.jsonl", env=there | cramped, preexec_fn=little_room)
    assert imported.code == 5, imported.said
    assert left_over(hive.folder / "other" / "data" / "runs") == []


@pytest.mark.parametrize("output", ["/proc/out", "no/such/folder/out", "run-log/out"])
def test_a_place_that_cannot_be_written_is_said(hive, run: str, output: str) -> None:
    (hive.folder / "run-log").write_text("a file")
    done = hive("export", run, "--format", "md", "--output", output)
    assert done.code == 5
    assert f"{output}: cannot be written" in done.said


@pytest.mark.parametrize("content", [b"", b"garbage\n" * 9, b'{"hive_jsonl":99,"run":"x","wall_ns":1}\n'])
def test_what_is_no_export_is_not_imported(hive, content: bytes) -> None:
    (hive.folder / "file").write_bytes(content)
    done = hive("import", "file")
    assert (done.code, done.out) == (3, b"")
    assert "nothing was imported" in done.said
    assert hive("import", "no-such-file").code == 3
    assert hive("import").code == 2
    assert not hive.runs.is_dir() or left_over(hive.runs) == []


def test_a_cut_export_is_not_imported(hive, run: str) -> None:
    whole = hive("export", run, "--format", "jsonl", "--output", "-").out
    there = {"HIVE_HOME": str(hive.folder / "other")}
    for size in (len(whole) // 2, len(whole) - 20):
        done = hive("import", "-", stdin=whole[:size], env=there)
        assert done.code == 3
        assert "line " in done.said
    assert left_over(hive.folder / "other" / "data" / "runs") == []


def test_a_reader_that_goes_away_ends_an_export(hive, run: str) -> None:
    read, write = os.pipe()
    os.close(read)
    done = hive(
        "export", run, "--format", "jsonl", "--output", "-", stdout=write, stderr=subprocess.PIPE, capture_output=False
    )
    os.close(write)
    assert "Traceback" not in done.said
