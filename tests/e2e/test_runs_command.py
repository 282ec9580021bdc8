"""`hive runs`: the list, and runs shown again by whatever name a person has for them."""

from __future__ import annotations

import json
import os
import shutil
import signal
from concurrent.futures import ThreadPoolExecutor

from hive_tui import wire
from hive_tui.events import Delta
from hive_tui.recording.format import LogHeader, Span
from hive_tui.recording.reader import read_records
from hive_tui.recording.writer import LogWriter

QUESTION = "What is 17% of 240?"


def test_nothing_yet(hive) -> None:
    assert (hive("runs").code, hive("runs").out) == (0, b"")
    assert json.loads(hive("runs", "--json").out) == []
    last = hive("runs", "show", "last")
    assert (last.code, last.out) == (3, b"")
    assert "no run has been recorded yet" in last.said


def test_one_line_a_run_newest_first_whatever_the_question_holds(hive, sim) -> None:
    questions = ["first", "tab\there", "two\nlines\r\nthree", "esc \x1b[31m \x9b \u202e \x07", "x" * 5000, "  ünï  "]
    for question in questions:
        assert hive("ask", *sim.single("say:yes"), "--", question).code == 0
    listed = hive("runs")
    lines = listed.out.decode().splitlines()
    assert len(lines) == len(questions)
    rows = [line.split("\t") for line in lines]
    assert {len(row) for row in rows} == {len(rows[0])}
    ids = [row[0] for row in rows]
    assert ids == sorted(os.listdir(hive.runs), reverse=True)
    assert "first" in lines[-1]
    assert "tab here" in lines[-2]
    assert "two lines three" in lines[-3]
    assert "\x1b" not in listed.out.decode()
    assert [each["run"] for each in json.loads(hive("runs", "--json").out)] == ids
    shown = hive("runs", "show", ids[-3], "--json").document
    assert shown["question"] == questions[2]


def test_a_run_has_many_names(hive, sim) -> None:
    documents = [hive("ask", *sim.single("say:yes"), "--json", QUESTION) for _ in range(2)]
    older, newer = (each.document["run"] for each in documents)
    common = older[: next(i for i in range(26) if older[i] != newer[i])]
    for name in (newer, newer[: len(common) + 1], newer.upper(), "last", str(hive.runs / newer)):
        assert hive("runs", "show", name, "--json").out == documents[1].out, name
    for name in (
        str(hive.runs / newer / "log"),
        f"home/data/runs/{newer}",
        f"home/data/runs/{newer}/",
        f"./home/../home/data/runs/{newer}",
    ):
        assert hive("runs", "show", name, "--json").out == documents[1].out, name
    (hive.folder / "link").symlink_to(hive.runs / newer)
    assert hive("runs", "show", "./link", "--json").out == documents[1].out
    several = hive("runs", "show", common)
    assert several.code == 3
    assert older in several.said
    assert newer in several.said
    for name in ("zzz", "", " ", "/", "..", "x" * 5000, "%", "\x1b[31m", "no/such/path", b"\xff"):
        done = hive("runs", "show", name)
        assert (done.code, done.out) == (3, b""), name
        assert "Traceback" not in done.said
        assert "\x1b" not in done.said
    assert hive("runs", "show").code == 2
    assert hive("runs", "shwo", "last").code == 2
    assert hive("runs", "show", "last", "twice").code == 2


def test_a_recording_that_is_copied_elsewhere_is_still_one(hive, sim) -> None:
    asked = hive("ask", *sim.single("say:yes"), "--json", QUESTION)
    run = asked.document["run"]
    shutil.copytree(hive.runs / run, hive.folder / "copy")
    shutil.rmtree(hive.home)
    copied = hive("runs", "show", "./copy", "--json").document
    assert copied == {**asked.document, "recording": str(hive.folder / "copy")}


def test_damaged_recordings_are_named_and_harm_no_other(hive, sim) -> None:
    asked = hive("ask", *sim.single("say:yes"), "--json", QUESTION)
    run = asked.document["run"]
    for name, spoil in (("0" * 26, b""), ("1" * 26, b"garbage" * 100)):
        folder = hive.runs / name
        folder.mkdir()
        (folder / "log").write_bytes(spoil)
        shown = hive("runs", "show", name)
        assert shown.code == 3
        assert "Traceback" not in shown.said
    (hive.runs / "a file").write_text("not a run")
    listed = hive("runs")
    assert listed.code == 0
    assert [line.split("\t")[0] for line in listed.out.decode().splitlines()] == [run]
    assert "0" * 26 in listed.said
    summary = hive.runs / run / "summary.json"
    before = hive("runs").out
    summary.write_bytes(summary.read_bytes()[:-20])
    assert hive("runs").out == before, "a summary is derived: the log is the truth"
    log = hive.runs / run / "log"
    data = log.read_bytes()
    log.write_bytes(data[: len(data) // 2])
    summary.unlink()
    torn = hive("runs", "show", run, "--json")
    assert torn.code == 3, "its one block is cut: not even the run's beginning is left"
    assert (torn.document["run"], torn.document["recording"]) == (None, None)
    assert "cut short" in torn.document["error"]["message"]
    assert "cut short" in torn.said
    listed = hive("runs")
    assert listed.out == b""
    assert run in listed.said


def test_a_run_that_goes_on_is_listed_as_running(hive, sim) -> None:
    running = hive.start("ask", *sim.single("stall:5"), QUESTION)
    hive.until_streaming()
    assert b"\trunning\t" in hive("runs").out
    assert "still running" in hive("runs", "show", "last").out.decode()
    running.signal(signal.SIGINT)
    assert running.wait().code == 130
    assert b"\tcancelled\t" in hive("runs").out


def test_a_run_that_was_cut_off_is_shown_as_far_as_it_goes_and_said_to_be_cut(hive, sim) -> None:
    hive("ask", *sim.single("say:yes"), QUESTION)
    (folder,) = hive.runs.iterdir()
    log = folder / "log"
    log.write_bytes(log.read_bytes()[:-1])
    ended = hive("runs", "show", "last")
    assert ended.code == 0
    assert ended.out.decode().endswith("\n\nyes\n")
    assert "warning: the recording is not whole (the trailer is cut short" in ended.out.decode()
    records = list(read_records(folder))
    started = next(i for i, each in enumerate(records) if isinstance(each.event, Delta))
    shutil.rmtree(folder)
    with ThreadPoolExecutor(1) as thread:
        writer = LogWriter(folder, LogHeader(folder.name, 1), thread.submit)
        for each in records[: started + 1]:
            writer.append(wire.encode(each), Span(1, each.seq, each.seq, each.time_ns, each.time_ns))
        writer.abandon()
    cut = hive("runs", "show", "last")
    assert "cut off while streaming" in cut.out.decode()
    assert "warning: the recording is not whole (its end was never written)" in cut.out.decode()
    as_json = hive("runs", "show", "last", "--json")
    assert as_json.document["decision"] is None
    assert "warning: the recording is not whole (its end was never written)" in as_json.said
