"""The document of `--json`: fixed keys, unknown as null, the same bytes from the same recording."""

import json
import re
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from hive_tui import wire
from hive_tui.cli.document import document, encode_document, exit_code, refused_document
from hive_tui.events import (
    AttemptEnded,
    AttemptOpened,
    AttemptStarted,
    Carried,
    Channel,
    Decision,
    Delta,
    ErrorInfo,
    Event,
    Outcome,
    Plan,
    Record,
    RunEnded,
    RunStarted,
    StageEnded,
    StageSpec,
    StageStarted,
    Usage,
    UsageReported,
    UsageSource,
    Verdict,
    Warned,
)
from hive_tui.state import RunState, fold_all

RUN = ["run", "parent", "question", "plan", "profile", "simulated", "decision", "answer", "stages", "usage"]
RUN += ["cost_usd", "duration_ms", "recording", "error"]
STAGE = ["stage", "round", "attempts", "verdict", "skipped"]
ATTEMPT = ["model", "endpoint", "outcome", "text", "reasoning", "usage", "cost_usd", "ttft_ms", "duration_ms"]
ATTEMPT += ["chunks", "error", "inherited"]
USAGE = ["prompt_tokens", "completion_tokens", "reasoning_tokens", "cached_tokens", "source"]

PLAN = Plan("pipeline", tuple(StageSpec(name, name, "far", f"m-{name}") for name in ("generator", "refiner")))
STARTED = RunStarted("01ab", "Why?", PLAN, "default", True, 5)
DOWN = ErrorInfo("connect", "refused", None, "Check that the server runs.")
MS = 1_000_000

Facts = list[tuple[int, int, Event]]
"""Milliseconds, stream, event."""


def said(text: str, channel: Channel = Channel.ANSWER, age_us: int = 0) -> Delta:
    return Delta(channel, wire.CHUNK.pack(age_us, len(text.encode())), text.encode())


def fold(facts: Facts) -> RunState:
    return fold_all(Record(1, n, ms * MS, stream, event) for n, (ms, stream, event) in enumerate(facts, 1))


def attempt(stream: int, stage: str, *usage: UsageReported, outcome: Outcome = Outcome.FINISHED) -> Facts:
    return [
        (stream * 100, 0, StageStarted(stage)),
        (stream * 100, stream, AttemptStarted(stage, f"m-{stage}", "far")),
        (stream * 100 + 5, stream, AttemptOpened(200)),
        (stream * 100 + 20, stream, said("hm", Channel.REASONING, age_us=1234)),
        (stream * 100 + 30, stream, said("42")),
        *[(stream * 100 + 40, stream, each) for each in usage],
        (stream * 100 + 50, stream, AttemptEnded(outcome)),
    ]


def reported(cost: str | None, *counts: int | None, source: UsageSource = UsageSource.PROVIDER) -> UsageReported:
    return UsageReported(Usage(**dict(zip(USAGE[:-1], counts, strict=False)), source=source), cost)


FINISHED: Facts = [
    (0, 0, STARTED),
    *attempt(1, "generator", reported("0.00000020", 10, 5, 2, 0)),
    (150, 0, StageEnded("generator", carried=Carried(1))),
    *attempt(2, "refiner", reported("0", 20, 1, None, 0, source=UsageSource.ESTIMATE)),
    (250, 0, StageEnded("refiner", verdict=Verdict.ACCEPT, carried=Carried(1))),
    (251, 0, RunEnded(Outcome.FINISHED, Decision.UNANIMOUS, Carried(1))),
]


def test_a_finished_run() -> None:
    made = document(fold(FINISHED), "/runs/01ab")
    stages = made.pop("stages")
    assert made == {
        "run": "01ab",
        "parent": None,
        "question": "Why?",
        "plan": "pipeline",
        "profile": "default",
        "simulated": True,
        "decision": "unanimous",
        "answer": "42",
        "usage": {
            "prompt_tokens": 30,
            "completion_tokens": 6,
            "reasoning_tokens": None,
            "cached_tokens": 0,
            "source": "estimate",
        },
        "cost_usd": "0.0000002",
        "duration_ms": 251.0,
        "recording": "/runs/01ab",
        "error": None,
    }
    assert isinstance(stages, list)
    assert [(stage["stage"], stage["verdict"]) for stage in stages] == [("generator", None), ("refiner", "ACCEPT")]
    assert stages[0]["attempts"][0] == {
        "model": "m-generator",
        "endpoint": "far",
        "outcome": "finished",
        "text": "42",
        "reasoning": "hm",
        "usage": {
            "prompt_tokens": 10,
            "completion_tokens": 5,
            "reasoning_tokens": 2,
            "cached_tokens": 0,
            "source": "provider",
        },
        "cost_usd": "0.0000002",
        "ttft_ms": 18.766,
        "duration_ms": 50.0,
        "chunks": 2,
        "error": None,
        "inherited": False,
    }
    assert stages[1]["attempts"][0]["cost_usd"] == "0"


@pytest.mark.parametrize("length", range(len(FINISHED) + 1))
def test_every_key_is_there_at_every_moment_in_its_order(length: int) -> None:
    made = json.loads(encode_document(document(fold(FINISHED[:length]), None)))
    assert list(made) == RUN
    assert list(made["usage"]) == USAGE
    for stage in made["stages"]:
        assert list(stage) == STAGE
        for each in stage["attempts"]:
            assert list(each) == ATTEMPT
            assert list(each["usage"]) == USAGE


def test_a_run_without_an_answer_says_what_went_wrong_and_what_to_do() -> None:
    state = fold(
        [
            (0, 0, STARTED),
            (1, 0, StageStarted("generator")),
            (1, 1, AttemptStarted("generator", "m", "far")),
            (2, 1, AttemptEnded(Outcome.ERRORED, error=replace(DOWN, status=503, advice=""))),
            (3, 0, StageEnded("generator")),
            (3, 0, StageEnded("refiner", skipped="there is no answer to judge")),
            (3, 0, RunEnded(Outcome.ERRORED, error=DOWN)),
        ]
    )
    made = document(state, "/r")
    assert (made["answer"], made["decision"]) == (None, None)
    assert made["error"] == {"kind": "connect", "status": None, "message": "refused. Check that the server runs."}
    stages = made["stages"]
    assert isinstance(stages, list)
    assert stages[0]["attempts"][0]["error"] == {"kind": "connect", "status": 503, "message": "refused"}
    assert stages[0]["attempts"][0]["ttft_ms"] is None
    assert stages[1] == {
        "stage": "refiner",
        "round": 1,
        "attempts": [],
        "verdict": None,
        "skipped": "there is no answer to judge",
    }
    assert made["cost_usd"] == "0", "a call that no endpoint took costs nothing"
    assert exit_code(state) == 4


def test_one_unknown_cost_makes_the_sum_unknown() -> None:
    facts = [(0, 0, STARTED), *attempt(1, "generator", reported("0.5", 1, 1)), *attempt(2, "refiner")]
    made = document(fold(facts), None)
    assert made["cost_usd"] is None
    assert made["usage"] == dict.fromkeys(USAGE[:-1]) | {"source": "unknown"}


def test_a_run_that_never_was() -> None:
    made = json.loads(refused_document("Why?", ErrorInfo("config", "profiles.toml: bad."), "single", None))
    assert list(made) == RUN
    known = {key: value for key, value in made.items() if value is not None}
    assert known == {
        "question": "Why?",
        "plan": "single",
        "stages": [],
        "usage": dict.fromkeys(USAGE[:-1]) | {"source": "unknown"},
        "error": {"kind": "config", "status": None, "message": "profiles.toml: bad."},
    }


def test_a_question_of_bytes_that_are_no_text_can_be_printed() -> None:
    made = json.loads(refused_document("What \udcff\udcc3\udcb6?", ErrorInfo("config", "no"), None, None))
    assert made["question"] == "What \N{REPLACEMENT CHARACTER}\u00f6?"


def test_a_run_that_has_no_end_or_is_not_recorded_says_so_in_its_error() -> None:
    unfinished = document(fold(FINISHED[:-1]), None)["error"]
    assert isinstance(unfinished, dict)
    assert unfinished["kind"] == "unfinished"
    assert document(fold(FINISHED), None)["error"] is None
    lost = Warned("unrecorded", "the recording ends here: disk full")
    state = fold([*FINISHED[:-1], (250, 0, lost), FINISHED[-1]])
    assert document(state, None)["error"] == {"kind": "disk", "status": None, "message": lost.message}
    assert document(state, None)["answer"] == document(fold(FINISHED), None)["answer"]


@pytest.mark.parametrize(
    ("cost", "text"),
    [
        ("0", "0"),
        ("0.00", "0"),
        ("0E-10", "0"),
        ("1E-7", "0.0000001"),
        ("12.50", "12.5"),
        ("100", "100"),
        ("1E+2", "100"),
    ],
)
def test_costs_are_plain_decimals(cost: str, text: str) -> None:
    state = fold([(0, 0, STARTED), *attempt(1, "generator", reported(cost, 1, 1))])
    assert document(state, None)["cost_usd"] == text
    assert Decimal(text) == Decimal(cost)


@given(st.text(max_size=30), st.text(max_size=30))
def test_what_is_printed_is_safe_and_reads_back_as_it_was(question: str, answer: str) -> None:
    facts: Facts = [
        (0, 0, replace(STARTED, question=question)),
        (1, 1, AttemptStarted("generator", "m", "far")),
        (2, 1, said(f"\x1b[2J\x9b1m\x7f\u202e{answer}")),
        (3, 0, RunEnded(Outcome.FINISHED, Decision.DIRECT, Carried(1))),
    ]
    printed = encode_document(document(fold(facts), None))
    assert printed == encode_document(document(fold(facts), None))
    assert not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e]", printed.decode())
    made = json.loads(printed)
    assert (made["question"], made["answer"]) == (question, f"\x1b[2J\x9b1m\x7f\u202e{answer}")


@pytest.mark.parametrize(
    ("outcome", "code"),
    [
        (Outcome.FINISHED, 0),
        (Outcome.ERRORED, 4),
        (Outcome.TIMED_OUT, 4),
        (Outcome.TRUNCATED, 4),
        (Outcome.CANCELLED, 130),
        (None, 4),
    ],
)
def test_exit_codes(outcome: Outcome | None, code: int) -> None:
    assert exit_code(RunState(outcome=outcome)) == code


def test_what_a_fork_has_from_its_parent_is_said_and_costs_it_nothing() -> None:
    begun = replace(STARTED, run="02cd", parent="01ab", parent_seq=9)
    state = fold([(0, 0, begun), *FINISHED[1:]])
    made = document(state, None)
    assert (made["run"], made["parent"], made["answer"]) == ("02cd", "01ab", "42")
    stages = made["stages"]
    assert isinstance(stages, list)
    assert [each["inherited"] for stage in stages for each in stage["attempts"]] == [True, False]
    assert made["usage"] == stages[1]["attempts"][0]["usage"]
    assert made["cost_usd"] == "0"
    assert stages[0]["attempts"][0]["cost_usd"] == "0.0000002"
