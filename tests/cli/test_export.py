"""`hive export` and `hive import`: what a person types, and what is said when it cannot be done."""

from __future__ import annotations

import io
import json
import os
import shutil
import sys
from pathlib import Path

import pytest

from hive_tui.cli import dispatch, import_
from hive_tui.cli.commands import EXPORT, IMPORT
from hive_tui.cli.document import document, encode_document
from hive_tui.cli.exits import DISK, DONE, UNUSABLE
from hive_tui.cli.export import FORMATS, main
from hive_tui.cli.parser import UsageError, parse
from hive_tui.config.errors import ConfigError, FolderError
from hive_tui.config.paths import paths
from hive_tui.events import Delta
from hive_tui.recording.folder import LOG
from hive_tui.recording.navigation.walker import Place, Walker
from hive_tui.recording.reader import LogCursor, fold_log
from hive_tui.recording.timeline import Timeline
from hive_tui.wire import chunk_count

RUN = "01m82d1e7cmene0ec6xva36pn3"
CORPUS = Path(__file__).parents[1] / "recordings" / "v1" / RUN


@pytest.fixture
def runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of the runs, with one run of the corpus in it."""
    monkeypatch.setenv("HIVE_HOME", str(tmp_path / "home"))
    monkeypatch.chdir(tmp_path)
    folder = Path(paths().runs)
    folder.mkdir(parents=True)
    shutil.copytree(CORPUS, folder / RUN)
    return folder


def export(*words: str) -> int:
    return main(parse(EXPORT, words))


@pytest.mark.usefixtures("runs")
@pytest.mark.parametrize("name", FORMATS)
def test_every_format_says_that_a_run_was_simulated(name: str, tmp_path: Path) -> None:
    assert export("last", "--format", name, "--output", "out") == DONE
    assert b"simulated" in (tmp_path / "out").read_bytes().lower()
    assert [each.name for each in tmp_path.iterdir() if each.name.startswith(".")] == []


def test_json_is_the_document_of_the_run(runs: Path, tmp_path: Path) -> None:
    export(RUN, "--format", "json", "--output", "run.json")
    state = fold_log(runs / RUN)[0]
    assert (tmp_path / "run.json").read_bytes() == encode_document(document(state, os.path.realpath(runs / RUN)))


@pytest.mark.usefixtures("runs")
def test_json_up_to_a_moment_is_the_document_of_that_moment(tmp_path: Path) -> None:
    export(RUN, "--format", "json", "--output", "run.json", "--until", "event:1")
    told = json.loads((tmp_path / "run.json").read_bytes())
    assert (told["run"], told["answer"], told["duration_ms"]) == (RUN, None, None)


def test_jsonl_comes_back_through_import(
    runs: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    export(RUN, "--format", "jsonl", "--output", "run.jsonl")
    monkeypatch.setenv("HIVE_HOME", str(tmp_path / "other"))
    assert import_.main(parse(IMPORT, ["run.jsonl"])) == DONE
    assert capsys.readouterr().out == f"{RUN}\n"
    there = b"".join(LogCursor(Path(paths().runs) / RUN).read())
    assert there == b"".join(LogCursor(runs / RUN).read())


@pytest.mark.usefixtures("runs")
def test_a_run_that_is_there_is_not_imported_again(capfd: pytest.CaptureFixture[str]) -> None:
    export(RUN, "--format", "jsonl", "--output", "run.jsonl")
    assert dispatch.run("import", parse(IMPORT, ["run.jsonl"])) == UNUSABLE
    said = capfd.readouterr().err
    assert f"run.jsonl: the run {RUN} is there already" in said
    assert "Traceback" not in said


@pytest.mark.usefixtures("runs")
@pytest.mark.parametrize("content", [b"", b"\x00\xff", b"{}\n", b"[" * 100_000])
def test_a_file_that_is_no_export_is_refused(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(content)
    with pytest.raises(ConfigError, match="line 1: this is no export of Hive"):
        import_.main(parse(IMPORT, ["file"]))


@pytest.mark.usefixtures("runs")
@pytest.mark.parametrize("name", ["nothing", "."])
def test_a_file_that_cannot_be_read_is_said(name: str) -> None:
    with pytest.raises(ConfigError, match="cannot be read") as caught:
        import_.main(parse(IMPORT, [name]))
    assert not isinstance(caught.value, FolderError)


@pytest.mark.usefixtures("runs")
@pytest.mark.parametrize("name", FORMATS)
@pytest.mark.parametrize("place", ["start", "event:3", "chunk:7", "50%", "end"])
def test_every_format_takes_every_place(
    name: str, place: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert export(RUN, "--format", name, "--output", "out", "--until", place) == DONE
    assert (tmp_path / "out").stat().st_size > 0
    said = capsys.readouterr().err
    assert said in ("", f"note: exported in whole events: up to event {said.split()[-1] if said else 0}\n")


def test_a_place_inside_an_event_is_kept_where_a_state_is_told(runs: Path, tmp_path: Path) -> None:
    timeline = Timeline(runs / RUN)
    seq, chunks = next(
        (record.seq - 1, 1)
        for record in timeline.records(0)
        if isinstance(record.event, Delta) and chunk_count(record.event.table) > 1
    )
    state = Walker(timeline).go(Place(seq, chunks))
    number = sum(attempt.text.chunks for attempt in state.attempts)
    timeline.close()
    export(RUN, "--format", "json", "--output", "run.json", "--until", f"chunk:{number}")
    expected = encode_document(document(state, os.path.realpath(runs / RUN), past=True))
    assert (tmp_path / "run.json").read_bytes() == expected


@pytest.mark.usefixtures("runs")
def test_markdown_tells_question_stages_figures_and_answer(tmp_path: Path) -> None:
    export(RUN, "--format", "md", "--output", "run.md")
    text = (tmp_path / "run.md").read_text()
    state = fold_log(CORPUS)[0]
    assert text.startswith(f"# Hive run {RUN}\n\n**SIMULATED**")
    for stage in state.stages:
        assert f"| {stage.spec.stage} | 1 |" in text
    assert f"## Question\n\n```text\n{state.question}\n```\n\n## Stages" in text
    assert state.answer_text.strip() in text


@pytest.mark.usefixtures("runs")
def test_a_file_that_is_there_stays_unless_forced(tmp_path: Path) -> None:
    (tmp_path / "out").write_text("mine")
    with pytest.raises(UsageError, match="--force"):
        export(RUN, "--format", "md", "--output", "out")
    assert (tmp_path / "out").read_text() == "mine"
    assert export(RUN, "--format", "md", "--output", "out", "--force") == DONE
    assert (tmp_path / "out").read_text().startswith("# Hive run")


@pytest.mark.usefixtures("runs")
def test_an_output_that_cannot_be_written_is_exit_5(capfd: pytest.CaptureFixture[str]) -> None:
    words = [RUN, "--format", "md", "--output", "no/such/folder/out"]
    assert dispatch.run("export", parse(EXPORT, words)) == DISK
    assert "no/such/folder/out: cannot be written: No such file or directory" in capfd.readouterr().err


@pytest.mark.usefixtures("runs")
def test_a_full_disk_is_exit_5(capfd: pytest.CaptureFixture[str]) -> None:
    assert dispatch.run("export", parse(EXPORT, [RUN, "--format", "md", "--output", "/dev/full"])) == DISK
    assert "/dev/full: cannot be written: No space left on device" in capfd.readouterr().err


@pytest.mark.usefixtures("runs")
def test_a_format_whose_package_is_missing_says_what_to_install(
    capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setitem(sys.modules, "mcap.writer", None)
    words = [RUN, "--format", "mcap", "--output", "out"]
    assert dispatch.run("export", parse(EXPORT, words)) == UNUSABLE
    said = capfd.readouterr().err
    assert "needs the package mcap" in said
    assert "pip install 'hive-tui[mcap]'" in said
    assert [each.name for each in tmp_path.iterdir()] == ["home"]


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ([], "which run"),
        ([RUN], "in which format"),
        ([RUN, "--format", "jsnl", "--output", "x"], "did you mean json"),
        ([RUN, "--format", "docx", "--output", "x"], "known: "),
        ([RUN, "--format", "md"], "where to"),
        ([RUN, "--format", "md", "--output", "x", "--until", "soon"], "--until: soon"),
        ([RUN, "--format", "asciicast", "--output", "x", "--theme", "pink"], "known: hive-contrast, hive-dark, hive-l"),
    ],
)
@pytest.mark.usefixtures("runs")
def test_a_wrong_command_line_is_told(words: list[str], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        export(*words)


@pytest.mark.usefixtures("runs")
def test_an_asciicast_has_the_theme_that_is_asked_for(tmp_path: Path) -> None:
    assert export(RUN, "--format", "asciicast", "--output", "out", "--theme", "hive-light") == DONE
    assert b"48;2;251;250;247" in (tmp_path / "out").read_bytes()


def test_a_damaged_run_leaves_no_half_export(runs: Path, tmp_path: Path) -> None:
    log = runs / RUN / LOG
    data = bytearray(log.read_bytes())
    data[len(data) // 3] ^= 1
    log.write_bytes(data)
    with pytest.raises(ConfigError, match="cannot be read"):
        export(RUN, "--format", "jsonl", "--output", "out")
    assert sorted(each.name for each in tmp_path.iterdir()) == ["home"]


def test_a_torn_run_is_exported_as_far_as_it_goes(
    runs: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    log = runs / RUN / LOG
    log.write_bytes(log.read_bytes()[:-7])
    assert export(RUN, "--format", "jsonl", "--output", "out") == DONE
    assert "no sound end" in capsys.readouterr().err
    assert (tmp_path / "out").read_bytes().splitlines()[-1].startswith(b'{"records":')


@pytest.mark.usefixtures("runs")
def test_import_reads_stdin(monkeypatch: pytest.MonkeyPatch) -> None:
    stdin = io.TextIOWrapper(io.BytesIO(b"{}"))
    monkeypatch.setattr("sys.stdin", stdin)
    with pytest.raises(ConfigError, match="-: line 1"):
        import_.main(parse(IMPORT, ["-"]))
