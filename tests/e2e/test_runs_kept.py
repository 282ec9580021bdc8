"""`hive runs` finds, deletes, restores, marks and prunes: what a person and a script see."""

from __future__ import annotations

import json
import shutil
import signal
from pathlib import Path

import pytest
from msgspec.structs import replace

from hive_tui import wire
from hive_tui.config.runid import run_id
from hive_tui.recording.format import LogHeader, Span
from hive_tui.recording.reader import read_records
from hive_tui.recording.writer import LogWriter

CORPUS = Path(__file__).parents[1] / "recordings" / "v1" / "01m82d1e7cmene0ec6xva36pn3"


@pytest.fixture
def runs(hive) -> list[str]:
    """Three recorded runs, the newest first."""
    names = [run_id(1_790_000_000_000 + 60_000 * number, bytes(10)) for number in range(3)]
    for name in names:
        shutil.copytree(CORPUS, hive.runs / name)
    return names[::-1]


def listed(done) -> list[str]:
    assert done.code == 0, done.said
    return [line.split("\t")[0] for line in done.out.decode().splitlines()]


def test_runs_are_found_by_words_and_conditions(hive, runs) -> None:
    assert listed(hive("runs", "--search", "JULY 2025")) == runs
    assert listed(hive("runs", "--search", "days", "--search", "nowhere")) == []
    assert listed(hive("runs", "--search", 'cost>much "quotes* (')) == []
    assert (
        listed(hive("runs", "--filter", "outcome:finished", "--filter", "cost<1 model:cedar", "--limit", "2"))
        == runs[:2]
    )
    assert listed(hive("runs", "--filter", f"-run:{runs[0]}")) == runs[1:]
    found = json.loads(hive("runs", "--json", "--filter", "is:simulated", "--limit=1").out)
    assert [(each["run"], each["marked"]) for each in found] == [(runs[0], False)]
    for words in (("--filter", "cost>much"), ("--filter", "no:thing"), ("--limit", "0"), ("--limit", "x")):
        refused = hive("runs", *words)
        assert (refused.code, refused.out) == (2, b"")
        assert words[0] in refused.said


def test_forks_are_listed_as_a_tree(hive, runs) -> None:
    fork, stray = (run_id(1_790_000_900_000 + number, bytes(10)) for number in range(2))
    for name, parent in ((fork, runs[2]), (stray, "0" * 26)):
        records = list(read_records(CORPUS))
        started = replace(records[0].event, run=name, parent=parent, parent_seq=9)
        log = LogWriter(hive.runs / name, LogHeader(name, 1), lambda job: job())
        for each in (replace(records[0], event=started), *records[1:]):
            log.append(wire.encode(each), Span(1, each.seq, each.seq, each.time_ns, each.time_ns))
        log.finish()
    assert listed(hive("runs")) == [stray, fork, *runs]
    assert listed(hive("runs", "--tree")) == [stray, *runs, f"  {fork}"]
    assert f"fork of {'0' * 26} (gone)" in hive("runs", "--tree").out.decode()
    told = json.loads(hive("runs", "--tree", "--json").out)
    assert [(each["parent"], each["depth"]) for each in told][-1] == (runs[2], 1)
    assert listed(hive("runs", "--filter", "is:fork")) == [stray, fork]
    assert hive("runs", "delete", runs[2]).code == 0
    shown = hive("runs", "show", fork)
    assert f"fork of {runs[2]}, which it left at event 9\n" in shown.out.decode()
    assert listed(hive("runs", "--tree")) == [stray, fork, *runs[:2]]


def test_a_run_is_deleted_and_restored(hive, runs) -> None:
    before = hive("runs", "show", runs[1], "--json").out
    assert hive("runs", "delete", runs[1], "last").code == 0
    assert listed(hive("runs")) == runs[2:]
    assert hive("runs", "show", runs[1]).code == 3
    assert set(listed(hive("runs", "trash"))) == {runs[0], runs[1]}
    assert hive("runs", "restore", runs[1]).out.decode() == f"{runs[1]}\trestored\n"
    assert hive("runs", "show", runs[1], "--json").out == before
    assert json.loads(hive("runs", "restore", "last", "--json").out) == [{"run": runs[0], "said": "restored"}]
    assert listed(hive("runs")) == runs
    nothing = hive("runs", "restore", "last")
    assert nothing.code == 3
    assert "hive runs trash" in nothing.said


def test_of_what_is_emptied_no_word_is_left(hive, runs) -> None:
    assert listed(hive("runs", "--search", "july")) == runs
    assert hive("runs", "delete", *runs).code == 0
    assert set(listed(hive("runs", "empty"))) == set(runs)
    assert listed(hive("runs", "trash")) == []
    assert hive("runs", "restore", "last").code == 3
    for path in hive.home.rglob("*"):
        if path.is_file():
            data = path.read_bytes().lower()
            assert b"july" not in data, path
            assert runs[0].encode() not in data, path


def test_a_typing_error_deletes_nothing(hive, runs) -> None:
    assert hive("runs", "delete", runs[0], "nothing").code == 3
    assert listed(hive("runs")) == runs
    for words in (
        ("delete",),
        ("trash", "x"),
        ("prune", "x"),
        ("delete", "last", "--dry-run"),
        ("show", "last", "--limit", "1"),
    ):
        assert hive("runs", *words).code == 2, words


@pytest.mark.usefixtures("runs")
def test_a_folder_elsewhere_is_not_ours_to_delete(hive) -> None:
    shutil.copytree(CORPUS, hive.folder / "copy")
    refused = hive("runs", "delete", "./copy")
    assert refused.code == 3
    assert (hive.folder / "copy" / "log").exists()


def test_a_marked_run_stays_whatever_the_limits_say(hive, runs) -> None:
    assert hive("runs", "mark", runs[2]).code == 0
    assert listed(hive("runs", "--filter", "is:marked")) == [runs[2]]
    refused = hive("runs", "delete", runs[2])
    assert refused.code == 3
    assert "unmark" in refused.said
    settings = hive.home / "config" / "settings.toml"
    settings.parent.mkdir(exist_ok=True)
    settings.write_text("[retention]\nmax_runs = 1\n")
    told = hive("runs", "prune", "--dry-run")
    assert listed(told) == [runs[1], runs[0]]
    assert b"would be moved to the trash: max_runs" in told.out
    assert listed(hive("runs")) == runs
    assert listed(hive("runs", "prune")) == [runs[1], runs[0]]
    assert listed(hive("runs")) == [runs[2]]
    assert hive("runs", "unmark", runs[2]).code == 0
    assert hive("runs", "delete", runs[2]).code == 0
    settings.write_text("[retention]\nmax_runs = 'few'\n")
    wrong = hive("runs", "prune")
    assert wrong.code == 3
    assert "settings.toml: retention.max_runs" in wrong.said


def test_a_run_that_goes_on_is_not_deleted(hive, sim) -> None:
    running = hive.start("ask", *sim.single("stall:5"), "What goes on?")
    hive.until_streaming()
    refused = hive("runs", "delete", "last")
    assert refused.code == 3
    assert "still running" in refused.said
    assert listed(hive("runs", "--filter", "is:live")) != []
    running.signal(signal.SIGINT)
    assert running.wait().code == 130
    assert hive("runs", "delete", "last").code == 0


def test_a_folder_that_cannot_be_written_is_said(hive, runs) -> None:
    (hive.runs / ".trash").write_text("in the way")
    refused = hive("runs", "delete", "last")
    assert refused.code == 5
    assert ".trash" in refused.said
    assert listed(hive("runs")) == runs


@pytest.mark.parametrize("data", [b"", b"garbage" * 1000])
def test_a_damaged_catalogue_costs_nothing(hive, runs, data) -> None:
    before = hive("runs", "--json").out
    catalogue = hive.home / "data" / "catalogue.sqlite3"
    catalogue.write_bytes(data)
    assert hive("runs", "--json").out == before
    assert listed(hive("runs", "--search", "july")) == runs
    catalogue.unlink()
    catalogue.mkdir()
    assert listed(hive("runs", "--search", "july")) == runs
    assert hive("runs", "rebuild").code == 5
    catalogue.rmdir()
    assert hive("runs", "rebuild").code == 0
    assert hive("runs", "--json").out == before
