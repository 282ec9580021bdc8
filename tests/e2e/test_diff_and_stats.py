"""`hive diff` and `hive stats` over runs that were really made."""

from __future__ import annotations

from msgspec.structs import replace

from hive_tui.events import (
    AttemptEnded,
    AttemptOpened,
    AttemptStarted,
    Outcome,
    Record,
    RunEnded,
    StageStarted,
    Usage,
    UsageReported,
    UsageSource,
)
from hive_tui.recording.format import LogHeader, Span
from hive_tui.recording.writer import LogWriter
from hive_tui.wire import encode
from tests.corpus import FINISHED as CORPUS
from tests.test_state import START

QUESTION = "What is 17% of 240?"


def test_two_runs_are_compared(hive, sim) -> None:
    one = hive("ask", *sim.single("say:It is forty."), "--json", QUESTION).document["run"]
    other = hive("ask", *sim.single("say:It is fifty."), "--json", QUESTION).document["run"]
    itself = hive("diff", one, one, "--json")
    assert (itself.code, itself.err) == (0, b"")
    found = itself.document
    assert (found["same"], found["configuration"], found["divergence"]) == (True, [], None)
    assert found["answer"] == [["same", "It is forty."]]
    found = hive("diff", one, other, "--json").document
    assert (found["runs"], found["same"]) == ([one, other], False)
    assert found["answer"] == [["same", "It is "], ["removed", "forty"], ["added", "fifty"], ["same", "."]]
    first = found["divergence"]
    assert (first["stage"], first["what"]) == ("generator", "call")
    for run, place in zip((one, other), first["places"], strict=True):
        shown = hive("replay", run, "--until", place, "--json").document["stages"][0]["attempts"]
        assert [attempt["outcome"] for attempt in shown] == [None], "the place is where the call begins"
    lanes = found["lanes"]
    assert lanes["bin_ms"] > 0
    assert [[sum(lane["bytes"]) for lane in each] for each in lanes["runs"]] == [[len("It is forty.")]] * 2
    text = hive("diff", one, other).out.decode()
    assert text.endswith("It is [-forty-]{+fifty+}.\n")
    assert "first divergence: generator, round 1: " in text


def test_runs_that_share_little_are_told_apart_in_words(hive, sim) -> None:
    none = hive("ask", *sim.single("status:401"), "--json", QUESTION).document["run"]
    four = hive("ask", *sim.at(), "--model", "sim/instant+fault=empty", "--json", QUESTION).document["run"]
    text = hive("diff", none, four).out.decode()
    assert "\nstages.curator.inputs: none -> generator, refiner, validator\n" in text
    assert text.endswith("\nneither has an answer\n")


def test_what_cannot_be_compared(hive) -> None:
    assert hive("diff", "last").code == 2
    assert hive("diff", "last", "last").code == 3
    assert hive("stats", "last").code == 3
    assert hive("stats", "--from", "10%").code == 2
    assert hive("stats", "last", "--model", "x").code == 2
    assert hive("stats", "--since", "yesterday").code == 2


def test_statistics_of_a_run_and_of_a_stretch(hive, sim) -> None:
    asked = hive("ask", *sim.at(), "--model", "sim/instant", "--json", QUESTION).document
    told = hive("stats", "last", "--json")
    assert (told.code, told.err) == (0, b"")
    found = told.document
    calls = [attempt for stage in asked["stages"] for attempt in stage["attempts"]]
    assert [call["chunks"] for call in found["attempts"]] == [call["chunks"] for call in calls]
    assert [call["first_token_ms"] for call in found["attempts"]] == [call["ttft_ms"] for call in calls]
    assert all(call["connect_ms"] is not None for call in found["attempts"])
    part = hive("stats", "last", "--from", "stage:refiner", "--to", "stage:refiner:end", "--json").document
    assert [call["stage"] for call in part["attempts"]] == ["refiner"]
    assert part["attempts"][0]["chunks"] == found["attempts"][1]["chunks"]
    few = hive("stats", "last", "--from", "chunk:3", "--to", "chunk:7", "--json").document
    assert sum(call["chunks"] for call in few["attempts"]) == 4
    halves = [hive("stats", "last", flag, "50%", "--json").document for flag in ("--to", "--from")]
    assert sum(call["bytes"] for half in halves for call in half["attempts"]) == sum(
        call["bytes"] for call in found["attempts"]
    )
    assert hive("stats", "last", "--from", "end", "--to", "start").code == 2
    assert hive("stats", "last", "--from", "stge:x").code == 2
    assert hive("stats", "last").out.decode().startswith(f"run {found['run']} SIMULATED · 0.000 s to ")


def test_statistics_of_all_runs(hive, sim) -> None:
    assert hive("stats", "--json").document == {"runs": 0, "fresh": 0, "live": 0, "unreadable": [], "groups": []}
    for _ in range(2):
        hive("ask", *sim.single("say:It is forty."), "--json", QUESTION)
    first, second = hive("stats", "--json"), hive("stats", "--json")
    assert (first.code, first.err) == (0, b"")
    assert (first.document["fresh"], second.document["fresh"]) == (2, 0)
    assert first.document["groups"] == second.document["groups"]
    (group,) = first.document["groups"]
    assert (group["runs"], group["calls"], group["failed"], group["error_rate"]) == (2, 2, 0, 0.0)
    assert group["first_token_ms"]["count"] == 2
    assert hive("verify", "last").code == 0, "the derived file is as the summary says"
    assert hive("stats", "--model", "another*", "--json").document["groups"] == []
    assert len(hive("stats", "--model", group["model"], "--since", "1d", "--json").document["groups"]) == 1
    assert "2 calls in 2 runs" in hive("stats").out.decode()


def test_before_a_runs_first_event_nothing_is_known_of_it(hive, sim) -> None:
    hive("ask", *sim.single("say:yes"), QUESTION)
    for words in (("stats", "last", "--to", "start"), ("whatif", "last", "--at", "start")):
        found = hive(*words, "--json").document
        assert (found["run"], found["simulated"]) == (None, None)
        assert hive(*words).out.decode().startswith("before the run's first event")


def test_a_folder_with_a_hostile_name_is_named_on_one_line(hive, sim) -> None:
    hive("ask", *sim.single("say:yes"), QUESTION)
    bad = hive.runs / "odd\n\x1b[2Jname"
    bad.mkdir()
    (bad / "log").write_bytes(b"no recording")
    assert "cannot be read (hive verify says why): odd �[2Jname\n" in hive("stats").out.decode()
    said = hive("runs").said
    assert said.count("\n") == 1
    assert "odd �[2Jname: " in said


def test_a_cost_that_no_call_reported_is_unknown(hive, sim) -> None:
    hive("ask", *sim.single("usage-none"), QUESTION)
    (group,) = hive("stats", "--json").document["groups"]
    assert (group["cost_usd"], group["cost_unknown"]) == (None, 1)
    assert ", cost unknown\n" in hive("stats").out.decode()


def test_every_command_says_a_cost_in_the_same_words(hive) -> None:
    """Two calls of 5 thousandths, as a provider with a fixed number of decimals words them."""
    run = CORPUS.name
    log = LogWriter(hive.runs / run, LogHeader(run, 1), lambda job: job())
    usage = UsageReported(Usage(7, 5, source=UsageSource.PROVIDER), "0.0050", "provider")
    call = [AttemptStarted("generator", "m", "e"), AttemptOpened(200), usage, AttemptEnded(Outcome.FINISHED, "stop")]
    calls = [(stream, each) for stream in (1, 2) for each in call]
    facts = [(0, replace(START, run=run)), (0, StageStarted("generator")), *calls]
    for seq, (stream, event) in enumerate([*facts, (0, RunEnded(Outcome.FINISHED))], 1):
        log.append(encode(Record(1, seq, seq, stream, event)), Span(1, seq, seq, seq, seq))
    log.finish()
    costs = {
        hive("replay", run, "--json").document["cost_usd"],
        hive("stats", run, "--json").document["cost_usd"],
        hive("stats", "--json").document["groups"][0]["cost_usd"],
        hive("runs", "--json").document[0]["cost_usd"],
        *hive("diff", run, run, "--json").document["cost_usd"]["values"],
    }
    assert costs == {"0.01"}
    for words in (("runs",), ("stats", run), ("export", run, "--format", "md", "--output", "-")):
        text = hive(*words).out.decode()
        assert "$0.01" in text
        assert "$0.010" not in text
