"""A person's commands and the run's time limit, heard at every moment; what came by then is kept."""

import asyncio
from collections.abc import Awaitable

import pytest

from hive_tui.council.inbox import Command
from hive_tui.events import (
    AttemptEnded,
    AttemptStarted,
    CancelRequested,
    Carried,
    Channel,
    Decision,
    ErrorInfo,
    Outcome,
    Usage,
    UsageSource,
    Verdict,
)
from hive_tui.models.call import Again, Batch, Counted, Opened, Text
from tests.council.conftest import Forever, Scripted, Stage, Step, batch, says

BUSY = ErrorInfo("overloaded", "busy", 503)
OPENED = batch(Opened(200, "HTTP/2"))
HALF = batch(Text(Channel.ANSWER, "half an ans"))
WAITS = batch(Again(BUSY, 60.0, "retry", "model-generator"))

MOMENTS: dict[str, list[Batch]] = {
    "connecting": [],
    "waiting for the first token": [OPENED],
    "mid-stream": [OPENED, HALF],
}


def cancel_run(transport: Scripted) -> None:
    transport.inbox.cancel()


def tell(stream: int, command: Command) -> Step:
    def post(transport: Scripted) -> None:
        assert transport.inbox.post(stream, command)

    return post


@pytest.mark.parametrize("moment", MOMENTS)
def test_a_cancel_of_the_run_is_heard(stage: Stage, moment: str) -> None:
    played = stage.play([*MOMENTS[moment], cancel_run, Forever()])
    state = played.state
    assert (state.outcome, state.decision, state.answer, state.error) == (Outcome.CANCELLED, None, None, None)
    assert [a.outcome for a in state.attempts] == [Outcome.CANCELLED]
    assert state.attempts[0].text.channel_text(Channel.ANSWER) == ("half an ans" if moment == "mid-stream" else "")
    assert [s.skipped for s in state.stages] == ["", *["the run was cancelled"] * 3]
    assert state.cancelling
    assert len(played.transport.calls) == 1


def test_a_cancel_is_heard_while_the_transport_waits_to_try_again(stage: Stage) -> None:
    state = stage.play([WAITS, cancel_run, Forever()]).state
    assert state.outcome is Outcome.CANCELLED
    assert [a.outcome for a in state.attempts] == [Outcome.ERRORED]


def test_a_cancel_is_heard_between_stages_and_what_was_agreed_is_kept(stage: Stage) -> None:
    played = stage.play([*says("42"), cancel_run], [Forever()])
    state = played.state
    assert (state.outcome, state.decision, state.answer_text) == (Outcome.CANCELLED, Decision.PARTIAL, "42")
    assert state.attempts[0].outcome is Outcome.FINISHED
    assert {a.outcome for a in state.attempts[1:]} <= {Outcome.CANCELLED}


def test_a_cancel_before_the_first_step_asks_nobody(stage: Stage) -> None:
    async def cancelled_at_once(council: Awaitable[None], transport: Scripted) -> None:
        transport.inbox.cancel()
        await council

    state = stage.play([Forever()], within=cancelled_at_once).state
    assert state.outcome is Outcome.CANCELLED


def test_a_cancel_that_comes_during_the_count_keeps_the_finished_answer(stage: Stage) -> None:
    found: list[Scripted] = []

    def remember(transport: Scripted) -> None:
        found.append(transport)

    async def slow_count(_text: str, _model: str) -> tuple[int, UsageSource]:
        found[0].inbox.cancel()
        await asyncio.Event().wait()
        return 0, UsageSource.ESTIMATE

    state = stage.play([remember, *says("42")], plan="single", counting=slow_count).state
    assert state.attempts[0].outcome is Outcome.FINISHED
    assert state.attempts[0].usage == Usage()
    assert (state.outcome, state.answer_text) == (Outcome.CANCELLED, "42")


def test_cancelling_the_calling_task_ends_the_run_too(stage: Stage) -> None:
    async def cut_off(council: Awaitable[None], _: Scripted) -> None:
        task = asyncio.ensure_future(council)
        await asyncio.sleep(0.003)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    state = stage.play([OPENED, HALF, Forever()], within=cut_off).state
    assert state.outcome is Outcome.CANCELLED
    assert [a.outcome for a in state.attempts] == [Outcome.CANCELLED]


@pytest.mark.parametrize("moment", MOMENTS)
def test_a_cancelled_attempt_ends_alone_and_its_stage_abstains(stage: Stage, moment: str) -> None:
    stopped: list[Step] = [*MOMENTS[moment], tell(2, Command.CANCEL), Forever()]
    state = stage.play(says("42"), stopped, says("ACCEPT"), says("ACCEPT")).state
    assert (state.outcome, state.decision, state.answer_text) == (Outcome.FINISHED, Decision.PARTIAL, "42")
    assert state.attempts[1].outcome is Outcome.CANCELLED
    assert state.attempts[1].cancelling
    assert not state.cancelling
    assert state.stages[1].verdict is Verdict.ABSTAIN


@pytest.mark.parametrize("before", [[OPENED, HALF], [WAITS]], ids=["mid-stream", "between attempts"])
def test_cancelling_the_writers_attempt_cancels_the_run(stage: Stage, before: list[Batch]) -> None:
    state = stage.play([*before, tell(1, Command.CANCEL), Forever()]).state
    assert (state.outcome, state.answer, state.error) == (Outcome.CANCELLED, None, None)
    assert all(s.skipped for s in state.stages[1:])


@pytest.mark.parametrize("moment", MOMENTS)
def test_a_retry_ends_the_live_attempt_and_asks_again(stage: Stage, moment: str) -> None:
    played = stage.play([*MOMENTS[moment], tell(1, Command.RETRY), Forever()], says("42"), plan="single")
    state = played.state
    assert [(a.stream, a.number, a.reason, a.outcome) for a in state.attempts] == [
        (1, 1, "first", Outcome.CANCELLED),
        (2, 2, "asked", Outcome.FINISHED),
    ]
    assert (state.outcome, state.answer) == (Outcome.FINISHED, Carried(2))
    kinds = [type(event) for event in played.journal.events(AttemptStarted, CancelRequested, AttemptEnded)]
    assert kinds == [AttemptStarted, CancelRequested, AttemptEnded, AttemptStarted, AttemptEnded]


def test_a_retry_does_not_sit_out_the_wait(stage: Stage) -> None:
    state = stage.play([WAITS, tell(1, Command.RETRY), Forever()], says("42"), plan="single").state
    assert [(a.reason, a.outcome) for a in state.attempts] == [("first", Outcome.ERRORED), ("asked", Outcome.FINISHED)]


def test_a_command_follows_the_transports_new_attempt(stage: Stage) -> None:
    again = batch(Again(BUSY, 0.0, "retry", "model-generator"))
    state = stage.play([again, OPENED, tell(2, Command.CANCEL), Forever()], plan="single").state
    assert [a.outcome for a in state.attempts] == [Outcome.ERRORED, Outcome.CANCELLED]


def test_a_command_to_an_attempt_that_is_over_is_refused(stage: Stage) -> None:
    refused: list[bool] = []

    def try_first(transport: Scripted) -> None:
        refused.append(transport.inbox.post(1, Command.RETRY))

    accept = says("ACCEPT")
    state = stage.play(says("42"), [try_first, *accept], accept, accept).state
    assert refused == [False]
    assert state.decision is Decision.UNANIMOUS


def test_a_cancelled_attempt_keeps_what_its_provider_counted(stage: Stage) -> None:
    counts = [Counted(Usage(7, n, source=UsageSource.PROVIDER), "0.1") for n in (1, 2)]
    state = stage.play([batch(Opened(200, "HTTP/2"), *counts), cancel_run, Forever()]).state
    assert state.attempts[0].usage.completion_tokens == 2
    assert str(state.attempts[0].cost_usd) == "0.1"


@pytest.mark.parametrize("moment", MOMENTS)
def test_the_time_limit_bounds_the_run(stage: Stage, moment: str) -> None:
    state = stage.play([*MOMENTS[moment], Forever()], timeout_s=0.004).state
    assert (state.outcome, state.decision, state.answer) == (Outcome.TIMED_OUT, None, None)
    assert state.attempts[0].outcome is Outcome.TIMED_OUT
    assert state.error is not None
    assert "0.004 s" in state.error.message
    assert state.attempts[0].error is not None
    assert [s.skipped for s in state.stages[1:]] == ["the run's time was over"] * 3


def test_the_time_limit_bounds_the_wait_between_attempts(stage: Stage) -> None:
    state = stage.play([WAITS, Forever()], timeout_s=0.004).state
    assert state.outcome is Outcome.TIMED_OUT
    assert [a.outcome for a in state.attempts] == [Outcome.ERRORED]


def test_an_answer_that_stood_before_the_time_was_over_is_kept(stage: Stage) -> None:
    state = stage.play(says("42"), [OPENED, HALF, Forever()], timeout_s=0.2).state
    assert (state.outcome, state.decision, state.answer_text) == (Outcome.FINISHED, Decision.PARTIAL, "42")
    assert [a.outcome for a in state.attempts] == [Outcome.FINISHED, Outcome.TIMED_OUT]
    assert [w.code for w in state.warnings] == ["timeout"]
    assert state.error is None
