"""`hive runs`: the list, and runs shown again by whatever name a person has for them."""

from __future__ import annotations

import json
import os
import shutil

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
    assert torn.code in (0, 3)
    assert "Traceback" not in torn.said
