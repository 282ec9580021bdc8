"""`hive replay` and `hive mark`: any moment of a run, as a script has it."""

from __future__ import annotations

import json
import os
import subprocess

import pytest

QUESTION = "What is 17% of 240?"


def keys(value: object) -> object:
    """A document without what it says: its keys alone, of lists the first element's."""
    if isinstance(value, dict):
        return {name: keys(each) for name, each in value.items() if name not in ("error", "stages")}
    return None


def test_the_end_is_byte_for_byte_what_was_asked(hive, sim) -> None:
    asked = hive("ask", *sim.at(), "--model", "sim/instant", "--json", QUESTION)
    run = asked.document["run"]
    for until in ("100%", "end", "99999s"):
        shown = hive("replay", run, "--until", until, "--json")
        assert (shown.code, shown.out, shown.err) == (0, asked.out, b"")
    assert hive("replay", "last").out == hive("runs", "show", "last").out
    start = hive("replay", run, "--until", "0%", "--json").document
    assert keys(start) == keys(asked.document)
    nothing = {"usage": start["usage"], "cost_usd": "0", "recording": str(hive.runs / run), "stages": []}
    assert {name: value for name, value in start.items() if value is not None} == nothing
    refiner = hive("replay", run, "--until", "stage:refiner", "--json").document
    assert keys(refiner) == keys(asked.document)
    assert (refiner["error"], refiner["answer"], refiner["decision"], refiner["duration_ms"]) == (None,) * 4
    generator, second = refiner["stages"][:2]
    assert generator["attempts"] == asked.document["stages"][0]["attempts"]
    assert second["attempts"] == []
    text = hive("replay", run, "--until", "stage:refiner").out.decode()
    assert f"run {run} · SIMULATED · at stage:refiner: event " in text
    assert "before the first of" in hive("replay", run, "--until", "0%").out.decode()


def test_assertions_decide_the_exit(hive, sim) -> None:
    hive("ask", *sim.single("say:yes"), QUESTION)
    held = hive("replay", "last", "--assert", "answer ~ ^yes", "--assert", "stages[0].attempts[0].chunks > 0")
    assert (held.code, held.err) == (0, b"")
    broken = hive(
        "replay", "last", "--until", "0%", "--json", "--assert", "answer == yes", "--assert", "answer == null"
    )
    assert broken.code == 1
    assert broken.document["answer"] is None
    assert broken.said == "hive replay: 'answer == yes' is not so: found null\n"
    assert hive("replay", "last", "--assert", "anwser == yes").code == 2
    assert hive("replay", "last", "--assert", "answer is yes").code == 2
    assert hive("replay", "last", "--assert", "stages[7] == null").code == 3


@pytest.mark.parametrize("text", ["say:yes", "line:300000"])
@pytest.mark.parametrize("more", [[], ["--json"]])
def test_a_reader_that_has_enough_changes_no_verdict(hive, sim, text: str, more: list[str]) -> None:
    hive("ask", *sim.single(text), QUESTION)
    for value, code in (("direct", 0), ("curator", 1)):
        read, write = os.pipe()
        os.close(read)
        line = ["replay", "last", "--assert", f"decision == {value}", *more]
        done = hive(*line, stdout=write, stderr=subprocess.PIPE, capture_output=False)
        os.close(write)
        assert done.code == code
        assert ("is not so" in done.said) == (code == 1)
        assert "ipe" not in done.said


def test_what_an_assertion_found_is_said_on_a_line_that_can_be_read(hive, sim) -> None:
    hive("ask", *sim.single("line:300000"), QUESTION)
    said = hive("replay", "last", "--assert", "answer == no", "--assert", "decision == curator").said
    first, second = said.splitlines()
    assert first.startswith("hive replay: 'answer == no' is not so: found \"")
    assert len(first) < 1000
    assert second.endswith('found "direct"')


def test_break_points_stop_where_something_is_so(hive, sim) -> None:
    hive("ask", *sim.single("say:one two three"), QUESTION)
    stopped = hive("replay", "last", "--break", "text:two", "--json")
    assert stopped.code == 0
    assert "two" in stopped.document["stages"][0]["attempts"][0]["text"]
    assert hive("replay", "last", "--break", "text:two", "--back", "--json").out == stopped.out
    never = hive("replay", "last", "--until", "50%", "--break", "retry")
    assert (never.code, never.out, never.said) == (1, b"", "hive replay: retry is nowhere after 50%\n")
    never = hive("replay", "last", "--until", "50%", "--break", "retry", "--json")
    assert (never.code, never.said) == (1, "hive replay: retry is nowhere after 50%\n")
    assert never.document["error"] == {"kind": "nowhere", "status": None, "message": "retry is nowhere after 50%"}
    assert keys(never.document) == keys(stopped.document)
    assert hive("replay", "last", "--break", "retyr").code == 2
    assert hive("replay", "last", "--back").code == 2


def test_what_is_no_run_or_no_place(hive, sim) -> None:
    assert hive("replay").code == 2
    none = hive("replay", "last", "--json")
    assert (none.code, none.document["run"]) == (3, None)
    hive("ask", *sim.single("say:yes"), QUESTION)
    assert hive("replay", "last", "--until", "stge:x").code == 2
    far = hive("replay", "last", "--until", "event:99999", "--json")
    assert far.code == 3
    assert "there is no such event" in far.said
    assert far.document["error"]["kind"] == "config"
    (folder,) = hive.runs.iterdir()
    log = folder / "log"
    whole = log.read_bytes()
    for spoiled in (b"", b"garbage" * 100, whole[:8] + b"\xff" + whole[9:], whole[: len(whole) // 2], whole[:100]):
        log.write_bytes(spoiled)
        damaged = hive("replay", "last")
        assert (damaged.code, damaged.out) == (3, b"")
        assert "Traceback" not in damaged.said
    log.write_bytes(whole[:-1])
    assert b"the recording is not whole" in hive("replay", "last").out


def test_markers_are_set_listed_used_and_removed(hive, sim) -> None:
    asked = hive("ask", *sim.single("say:yes"), "--json", QUESTION)
    run = asked.document["run"]
    log = (hive.runs / run / "log").read_bytes()
    assert hive("mark", run, "here", "it", "is", "--at", "stage:generator", "--note", "begins").code == 0
    assert hive("mark", run, "start", "--at", "0%").code == 0
    listed = hive("mark", run).out.decode().splitlines()
    assert listed[0] == "start\tevent:0\t"
    assert listed[1].startswith("here it is\tevent:")
    assert listed[1].endswith("\tbegins")
    found = json.loads(hive("mark", run, "--json").out)[1]
    at = hive("replay", run, "--until", "marker:here it is", "--json")
    assert at.out == hive("replay", run, "--until", f"event:{found['seq']}", "--json").out
    assert hive("mark", run, "here it is", "--at", "0%").code == 3
    assert hive("mark", run, "--remove", "here it is").out == b"start\tevent:0\t\n"
    assert hive("mark", run, "--remove", "here it is").code == 3
    for wrong in ((), (run, "x"), (run, "--at", "0%"), (run, "x", "--at", "nowhere"), (run, "--note", "y")):
        assert hive("mark", *wrong).code == 2
    assert (hive.runs / run / "log").read_bytes() == log
    if os.geteuid():
        (hive.runs / run).chmod(0o500)
        assert hive("mark", run, "x", "--at", "0%").code == 5
