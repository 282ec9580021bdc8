"""A council that goes on from the end of any stage states what the whole one stated."""

from __future__ import annotations

import asyncio
from itertools import product

import pytest

from hive_tui.council.recorded import Beginning, begun_answer
from hive_tui.events import (
    AttemptEnded,
    AttemptStarted,
    Channel,
    ErrorInfo,
    Message,
    Outcome,
    Plan,
    RunEnded,
    RunStarted,
    StageSpec,
    StageStarted,
)
from hive_tui.models.call import Again, CallError, Text
from hive_tui.state import fold_all
from tests.council.conftest import Collected, Stage, Step, batch, says

REPLIES = ("VERDICT: ACCEPT", "VERDICT: REVISE\n\nIt is {}.", "hm", "")
FAILED = CallError(ErrorInfo("connect", "refused"))
STAGE = Stage(asyncio.new_event_loop)


def scripts(texts: tuple[str, ...]) -> list[list[Step]]:
    return [says(text.format(at)) if text else [FAILED] for at, text in enumerate(texts)]


@pytest.mark.parametrize("replies", [("",), *product(("It is 0.",), *[REPLIES] * 3)])
def test_it_goes_on_as_if_it_had_never_stopped(replies: tuple[str, ...]) -> None:
    steps = scripts(replies)
    whole = STAGE.play(*steps)
    records = whole.journal.records
    for at, record in enumerate(records):
        if isinstance(record.event, StageStarted | RunEnded):
            done = sum(isinstance(each.event, StageStarted) for each in records[:at])
            resumed = STAGE.play(*steps[done:], recorded=records[:at])
            assert resumed.journal.records == records
            assert [call.messages for call in resumed.transport.calls] == [
                call.messages for call in whole.transport.calls[done:]
            ]


def test_a_stage_that_has_its_reply_is_ended_with_it() -> None:
    steps = scripts(("It is 0.", *REPLIES[:1] * 3))
    records = STAGE.play(*steps).journal.records
    for at, record in enumerate(records, 1):
        if isinstance(record.event, AttemptEnded):
            resumed = STAGE.play(*steps[record.stream :], recorded=records[:at])
            assert resumed.journal.records == records


def test_a_stage_whose_calls_had_failed_goes_on_with_the_next() -> None:
    steps = scripts(("", *REPLIES[:1] * 3))
    records = STAGE.play(*steps).journal.records
    at = next(at for at, record in enumerate(records, 1) if isinstance(record.event, AttemptEnded))
    resumed = STAGE.play(*scripts(("It is 0.", *REPLIES[:1] * 3)), recorded=records[:at]).journal.records
    added = [(each.stream, each.event) for each in resumed[at:] if isinstance(each.event, AttemptStarted)]
    stream, begun = added[0]
    assert (stream, begun.stage, begun.number, begun.reason) == (2, "generator", 2, "asked")
    assert not [each for each in resumed[at:] if each.event == StageStarted("generator")]
    assert fold_all(resumed).answer_text == "It is 0."


def test_a_cut_answer_goes_on_from_what_was_said_of_it() -> None:
    records = STAGE.play(*scripts(("It is 42, I think.", *REPLIES[:1] * 3))).journal.records
    cut = next(at for at, record in enumerate(records, 1) if isinstance(record.event, StageStarted))
    beginning = Beginning("generator", "It is 4", "message")
    steps = [says("2, surely.", reason="stop"), *scripts(REPLIES[:1] * 3)]
    played = STAGE.play(*steps, recorded=records[:cut], beginning=beginning)
    call, *later = played.transport.calls
    assert (call.messages[-1], call.prefix) == (Message("assistant", "It is 4"), "message")
    assert [each.prefix for each in later] == ["", "", ""]
    (attempt, *_) = played.state.attempts
    assert (attempt.reason, attempt.messages[-1].content) == ("continued", "It is 4")
    assert played.state.answer_text == "It is 42, surely."
    assert attempt.text.chunks == 1, "what it was given is no chunk of its own"
    assert attempt.text.first_ns is not None
    assert attempt.usage.completion_tokens == len(["2,", "surely."]), "nor are its tokens"


def test_a_call_that_is_made_again_is_given_the_beginning_again() -> None:
    begun = STAGE.play(*scripts(("It is 42.", *REPLIES[:1] * 3))).journal.records[:2]
    again = batch(Again(ErrorInfo("overloaded", "busy"), 0.0, "retry", "model-generator"))
    steps = [[again, *says("2, surely.")], *scripts(REPLIES[:1] * 3)]
    state = STAGE.play(*steps, recorded=begun, beginning=Beginning("generator", "It is 4", "message")).state
    first, second, *_ = state.attempts
    assert [first.reason, second.reason] == ["continued", "retry"]
    assert second.text.channel_text(Channel.ANSWER) == state.answer_text == "It is 42, surely."


def test_a_beginning_that_is_refused_is_said_to_be_it() -> None:
    begun = STAGE.play(*scripts(("It is 42.", *REPLIES[:1] * 3))).journal.records[:2]
    refused = CallError(ErrorInfo("request", "the conversation must end with a user message", 400, "Look at it."))
    state = STAGE.play([refused], recorded=begun, beginning=Beginning("generator", "It is 4", "message")).state
    assert state.attempts[0].error is not None
    assert "--prefix none" in state.attempts[0].error.advice


@pytest.mark.parametrize(
    ("said", "begun"),
    [
        ([Text(Channel.ANSWER, "It is \n")], ("generator", "It is")),
        ([Text(Channel.REASONING, "Hm."), Text(Channel.ANSWER, "It")], ("generator", "It")),
        ([Text(Channel.REASONING, "Hm.")], None),
        ([Text(Channel.ANSWER, " ")], None),
        ([Text(Channel.ANSWER, "It"), Text(Channel.REFUSAL, "No.")], None),
        ([], None),
    ],
)
def test_what_a_model_can_go_on_from(said: list[Text], begun: tuple[str, str] | None) -> None:
    journal = Collected()
    plan = Plan("single", (StageSpec("generator", "generator", "far", "m"),))
    for event in (RunStarted("run-1", "Why?", plan, "default", False, 0), StageStarted("generator")):
        journal.emit(event)
    journal.emit(AttemptStarted("generator", "m", "far"), 1)
    if said:
        journal.chunks(1, 0, said)
    assert begun_answer(fold_all(journal.records)) == begun
    journal.emit(AttemptEnded(Outcome.FINISHED), 1)
    assert begun_answer(fold_all(journal.records)) is None
