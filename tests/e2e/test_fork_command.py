"""`hive fork`: a recorded run goes on from a place as a run of its own, through real processes and HTTP."""

from __future__ import annotations

import itertools
import shutil
import signal
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from hive_tui.events import AttemptStarted, Delta
from hive_tui.recording.reader import read_records

QUESTION = "What is 17% of 240?"
INSTANT = [f"--model={stage}=sim/instant" for stage in ("generator", "refiner", "validator", "curator")]


def bare(document: Any) -> Any:
    """Without ids, costs and where it lies."""
    gone = {"run", "parent", "recording", "cost_usd", "usage", "inherited"}
    if isinstance(document, dict):
        return {key: bare(value) for key, value in document.items() if key not in gone}
    return [bare(each) for each in document] if isinstance(document, list) else document


def only(folder: Path, *but: str) -> Path:
    (found,) = (path for path in folder.iterdir() if path.name not in but and not path.name.startswith("."))
    return found


@pytest.fixture
def parent(hive) -> Path:
    done = hive("ask", QUESTION, *INSTANT)
    assert done.code == 0, done.said
    return only(hive.runs)


def test_at_the_end_without_a_change_it_says_what_its_parent_said_and_costs_nothing(hive, parent) -> None:
    whole = hive("runs", "show", parent.name, "--json").document
    done = hive("fork", parent.name, "--at", "end", "--json")
    assert done.code == 0, done.said
    assert bare(done.document) == bare(whole)
    assert (done.document["parent"], done.document["cost_usd"]) == (parent.name, "0")
    fork = done.document["run"]
    assert hive("verify", fork).code == 0
    assert hive("runs", "show", fork, "--json").out == done.out
    ours, theirs = list(read_records(hive.runs / fork)), list(read_records(parent))
    assert [replace(each, slot=0) for each in ours[1:]] == [replace(each, slot=0) for each in theirs[1:]]


def test_another_tally_decides_again_what_was_recorded(hive, parent) -> None:
    supposed = hive("whatif", parent.name, "--rule", "direct", "--json").document["rules"][0]
    done = hive("fork", parent.name, "--at", "end", "--set", "tally=direct", "--json")
    assert done.code == 0, done.said
    assert (done.document["decision"], done.document["answer"]) == (supposed["decision"], supposed["answer"])
    assert done.document["cost_usd"] == "0"
    fork = done.document["run"]
    assert hive("verify", fork).code == 0
    assert b"tally: chain -> direct" in hive("diff", parent.name, fork).out
    assert hive("whatif", fork, "--json").document["recorded"]["rule"] == "direct"
    again = hive("fork", fork, "--at", "50%", "--json")
    assert again.document["decision"] == "direct", "what a fork was asked with goes on in its forks"
    refused = hive("fork", parent.name, "--at", "start", "--set", "plan=single", "--set", "tally=majority")
    assert refused.code == 3
    assert "one stage alone has nobody to vote with" in refused.said


def test_it_goes_on_live_behind_what_it_shares_with_its_parent(hive, parent) -> None:
    done = hive(
        "fork", parent.name, "--at", "stage:refiner", "--set", "stages.refiner.model=sim/instant+seed=5", "--json"
    )
    assert done.code == 0, done.said
    document = done.document
    assert [[each["inherited"] for each in stage["attempts"]] for stage in document["stages"]] == [
        [True], [False], [False], [False],
    ]  # fmt: skip
    assert document["stages"][1]["attempts"][0]["model"] == "sim/instant+seed=5"
    fork = hive.runs / document["run"]
    assert hive("verify", fork.name).code == 0
    ours, theirs = list(read_records(fork)), list(read_records(parent))
    last = ours[0].event.parent_seq
    assert 1 < last < len(theirs)
    assert [replace(each, slot=0) for each in ours[1:last]] == [replace(each, slot=0) for each in theirs[1:last]]
    assert [each.seq for each in ours] == list(range(1, len(ours) + 1))
    assert all(a.time_ns <= b.time_ns for a, b in itertools.pairwise(ours))

    # A fork of the fork, and then the parents go.
    second = hive("fork", fork.name, "--at", "stage:curator", "--json")
    assert second.code == 0, second.said
    third = second.document["run"]
    tree = [line.split("\t")[0] for line in hive("runs", "--tree").out.decode().splitlines()]
    assert tree == [parent.name, f"  {fork.name}", f"    {third}"]
    shutil.rmtree(parent)
    shutil.rmtree(fork)
    assert hive("verify", third).code == 0
    assert hive("runs", "show", third, "--json").out == second.out
    assert "(gone)" in hive("runs", "--tree").out.decode()
    gone = hive("fork", parent.name, "--at", "end", "--json")
    assert (gone.code, gone.document["run"]) == (3, None)


def test_what_cannot_be_is_said_and_nothing_is_written(hive, parent) -> None:
    refused = (
        (3, "does not offer the model sim/gone", "--at", "stage:refiner", "--set", "stages.refiner.model=sim/gone"),
        (3, "fork from stage:refiner", "--at", "end", "--set", "stages.refiner.temperature=0.5"),
        (3, "the question cannot be changed there", "--at", "stage:curator", "--set", "question=Why?"),
        (3, "no prompt is called", "--at", "start", "--set", "stages.refiner.prompt=poet.v1"),
        (3, "there is no endpoint", "--at", "start", "--set", "stages.refiner.endpoint=nowhere"),
        (3, "no such stage", "--at", "stage:poet"),
        (2, "did you mean stages.refiner.model", "--at", "start", "--set", "stages.refiner.modle=x"),
        (2, "names no place", "--at", "yesterday"),
        (2, "from where?",),
    )  # fmt: skip
    for code, says, *words in refused:
        done = hive("fork", parent.name, *words)
        assert (done.code, says in done.said) == (code, True), done.said
    assert hive("fork", "--at", "end").code == 2
    assert hive("fork", "zzz", "--at", "end").code == 3
    assert only(hive.runs) == parent


def test_a_cut_answer_goes_on_from_what_was_said_and_the_whole_is_what_it_was(hive, parent) -> None:
    whole = hive("runs", "show", parent.name, "--json").document
    records = list(read_records(parent))
    spoken = [each.seq for each in records if isinstance(each.event, Delta) and each.stream == 1]
    done = hive("fork", parent.name, "--at", f"event:{spoken[0]}", "--set", "plan=single", "--json")
    assert done.code == 0, done.said
    assert "generator: sim/instant goes on from the " in done.said
    assert hive("verify", done.document["run"]).code == 0
    (attempt,) = done.document["stages"][0]["attempts"]
    assert attempt["text"] == whole["stages"][0]["attempts"][0]["text"]
    ours = list(read_records(hive.runs / done.document["run"]))
    begun = next(each.event for each in ours if isinstance(each.event, AttemptStarted))
    given = next(each.event for each in ours if isinstance(each.event, Delta))
    assert (begun.reason, begun.messages[-1].role) == ("continued", "assistant")
    assert (given.table, given.data.decode()) == (b"", begun.messages[-1].content)

    # The council goes on from it as from any answer, with other models too, or anew where that is wanted.
    at = ("--at", f"event:{spoken[0]}")
    other = hive("fork", parent.name, *at, "--set", "stages.generator.model=sim/instant+seed=5", "--json")
    assert (other.code, other.document["stages"][0]["attempts"][0]["text"].startswith(given.data.decode())) == (0, True)
    anew = hive("fork", parent.name, *at, "--prefix", "none", "--json")
    assert "is asked anew, as it was asked for" in anew.said
    assert anew.document["stages"][0]["attempts"][0]["text"] == attempt["text"]
    nothing = hive("fork", parent.name, "--at", "end", "--prefix", "message")
    assert (nothing.code, "no answer is under way there" in nothing.said) == (3, True)
    assert hive("fork", parent.name, *at, "--prefix", "prefill").code == 2


def test_plan_and_question_change_where_they_still_can(hive, parent) -> None:
    done = hive(
        "fork", parent.name, "--at", "start", "--set", "plan=single", "--set", "question=What is 6 x 7?", "--json"
    )
    assert done.code == 0, done.said
    assert (done.document["question"], done.document["plan"], len(done.document["stages"])) == (
        "What is 6 x 7?", "single", 1,
    )  # fmt: skip
    more = hive("fork", done.document["run"], "--at", "stage:generator:end", "--set", "plan=pipeline", "--json")
    assert more.code == 0, more.said
    assert [stage["stage"] for stage in more.document["stages"]] == ["generator", "refiner", "validator", "curator"]
    assert more.document["stages"][0]["attempts"][0]["inherited"]


def test_a_run_that_goes_on_is_forked_and_neither_disturbs_the_other(hive) -> None:
    slow = hive.start("ask", QUESTION, "--plan", "single", "--model", "sim/instant+rate=20+tokens=400", "--json")
    hive.until_streaming()
    name = only(hive.runs).name
    done = hive("fork", name, "--at", "end", "--set", "stages.generator.model=sim/instant", "--json")
    assert done.code == 0, done.said
    assert not done.document["stages"][0]["attempts"][0]["inherited"], "a call under way is made once more"
    assert "generator: sim/instant goes on from the " in done.said
    slow.signal(signal.SIGINT)
    assert slow.wait().code == 130
    # What was cancelled is not cancelled in a fork from before that.
    again = hive("fork", name, "--at", "50%", "--set", "stages.generator.model=sim/instant", "--json")
    assert again.code == 0, again.said


def test_a_torn_run_and_an_imported_one_go_on(hive, parent) -> None:
    exported = hive.folder / "run.jsonl"
    assert hive("export", parent.name, "--format", "jsonl", "--output", str(exported)).code == 0
    shutil.rmtree(parent)
    assert hive("import", str(exported)).out.decode().strip() == parent.name
    for _ in range(2):
        done = hive("fork", parent.name, "--at", "stage:curator", "--json")
        assert done.code == 0, done.said
        assert done.document["parent"] == parent.name
        assert hive("verify", done.document["run"]).code == 0
        log = parent / "log"
        log.write_bytes(log.read_bytes()[:-20])
