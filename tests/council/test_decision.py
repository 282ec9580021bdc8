"""By what right a text wins, as tables."""

import itertools
from decimal import Decimal

import pytest

from hive_tui.council.costs import priced, reported, weakest
from hive_tui.council.decision import Held, Reply, conclude, decide, run_outcome
from hive_tui.council.endings import ending
from hive_tui.events import Carried, Decision, ErrorInfo, Outcome, Usage, UsageSource, Verdict
from hive_tui.models.call import Counted, Finish

A, R, X = Verdict.ACCEPT, Verdict.REVISE, Verdict.ABSTAIN
GIVEN = Held(Carried(1), "draft", "generator")
LOST = ErrorInfo("reset", "connection lost")


@pytest.mark.parametrize(
    ("reviews", "decision"),
    [
        ([], Decision.DIRECT),
        ([A], Decision.UNANIMOUS),
        ([A, A, A], Decision.UNANIMOUS),
        ([R, A, A], Decision.CURATOR),
        ([A, R, A], Decision.CURATOR),
        ([A, A, R], Decision.CURATOR),
        ([R, R, R], Decision.CURATOR),
        ([X, A, A], Decision.PARTIAL),
        ([A, X, R], Decision.PARTIAL),
        ([R, A, X], Decision.PARTIAL),
        ([A, A, None], Decision.PARTIAL),
        ([None, None, None], Decision.PARTIAL),
    ],
)
def test_decisions(reviews: list[Verdict | None], decision: Decision) -> None:
    assert decide(True, reviews) is decision
    assert decide(False, reviews) is None


def test_nobody_who_was_not_heard_makes_a_decision_unanimous() -> None:
    for reviews in itertools.product([A, R, X, None], repeat=3):
        unanimous = decide(True, reviews) is Decision.UNANIMOUS
        assert unanimous == (set(reviews) == {A})


@pytest.mark.parametrize(
    ("role", "text", "verdict", "held"),
    [
        ("generator", "ACCEPT", None, "ACCEPT"),
        ("refiner", "VERDICT: ACCEPT", A, "draft"),
        ("refiner", "VERDICT: REVISE\nbetter", R, "better"),
        ("refiner", "better", X, "draft"),
        ("validator", "VERDICT: REVISE", X, "draft"),
        ("validator", "ACCEPTABLE, but wrong", X, "draft"),
        ("curator", "ACCEPT\nI agree.", A, "draft"),
        ("curator", "REVISE\nbest", R, "best"),
        ("curator", "best", R, "best"),
        ("curator", "ACCEPT.", X, "draft"),
        ("curator", "REVISE", X, "draft"),
    ],
)
def test_what_a_reply_comes_to(role: str, text: str, verdict: Verdict | None, held: str) -> None:
    given = None if role == "generator" else GIVEN
    conclusion = conclude(role, Reply("stage", 7, text, Outcome.FINISHED), given)
    assert conclusion.verdict is verdict
    assert conclusion.held is not None
    assert conclusion.held.text == held
    assert conclusion.held.carried.stream == (1 if held == "draft" else 7)
    assert bool(conclusion.why) == (verdict is X)


@pytest.mark.parametrize("outcome", [outcome for outcome in Outcome if outcome is not Outcome.FINISHED])
@pytest.mark.parametrize("role", ["refiner", "validator", "curator"])
def test_a_reply_that_did_not_finish_abstains_whatever_it_says(role: str, outcome: Outcome) -> None:
    conclusion = conclude(role, Reply("stage", 7, "VERDICT: ACCEPT", outcome, LOST), GIVEN)
    assert (conclusion.verdict, conclusion.held) == (X, GIVEN)
    assert conclude("generator", Reply("stage", 7, "text", outcome, LOST), None).held is None


@pytest.mark.parametrize(
    ("stopped", "answered", "withdrawn", "outcome"),
    [
        (None, True, False, Outcome.FINISHED),
        (None, False, False, Outcome.ERRORED),
        (None, False, True, Outcome.CANCELLED),
        (Outcome.CANCELLED, True, False, Outcome.CANCELLED),
        (Outcome.CANCELLED, False, False, Outcome.CANCELLED),
        (Outcome.TIMED_OUT, True, False, Outcome.FINISHED),
        (Outcome.TIMED_OUT, False, False, Outcome.TIMED_OUT),
    ],
)
def test_how_a_run_ends(stopped: Outcome | None, answered: bool, withdrawn: bool, outcome: Outcome) -> None:
    assert run_outcome(stopped, answered=answered, withdrawn=withdrawn) is outcome


STOP, LENGTH, FILTER, FAILED = (Finish(word, word) for word in ("stop", "length", "content_filter", "error"))
SLOW = ErrorInfo("timeout_idle", "silent")


@pytest.mark.parametrize(
    ("finish", "refusal", "failure", "outcome", "kind"),
    [
        (STOP, "", None, Outcome.FINISHED, None),
        (LENGTH, "", None, Outcome.FINISHED, None),
        (Finish("eos", "eos"), "", None, Outcome.FINISHED, None),
        (None, "", None, Outcome.TRUNCATED, "truncated"),
        (FILTER, "", None, Outcome.ERRORED, "refused"),
        (STOP, "I can't.", None, Outcome.ERRORED, "refused"),
        (None, "I can't.", None, Outcome.ERRORED, "refused"),
        (FAILED, "", None, Outcome.ERRORED, "provider"),
        (None, "", LOST, Outcome.ERRORED, "reset"),
        (FAILED, "", LOST, Outcome.ERRORED, "reset"),
        (None, "I can", LOST, Outcome.ERRORED, "reset"),
        (None, "", SLOW, Outcome.TIMED_OUT, "timeout_idle"),
        (STOP, "", LOST, Outcome.FINISHED, None),
        (LENGTH, "", SLOW, Outcome.FINISHED, None),
    ],
)
def test_how_an_attempt_ends(
    finish: Finish | None, refusal: str, failure: ErrorInfo | None, outcome: Outcome, kind: str | None
) -> None:
    ended, error = ending(finish, refusal, failure)
    assert ended is outcome
    assert (None if error is None else error.kind) == kind
    assert error is None or error is failure or error.advice


def test_costs_name_their_source_or_are_unknown() -> None:
    usage = Usage(1, 2, source=UsageSource.PROVIDER)
    told = reported(Counted(usage, "0"))
    assert (told.cost_usd, told.cost_source) == ("0", "provider")
    assert (reported(Counted(usage)).cost_usd, reported(Counted(usage)).cost_source) == (None, "")
    by_price = priced(usage, Decimal("1E-7"))
    assert (by_price.cost_usd, by_price.cost_source) == ("0.0000001", "price")
    assert (priced(usage, None).cost_usd, priced(usage, None).cost_source) == (None, "")


def test_a_sum_is_as_sure_as_its_weakest_part() -> None:
    assert weakest([UsageSource.PROVIDER, UsageSource.TOKENIZER]) is UsageSource.TOKENIZER
    assert weakest([UsageSource.ESTIMATE, UsageSource.PROVIDER, UsageSource.TOKENIZER]) is UsageSource.ESTIMATE
    assert weakest([]) is UsageSource.UNKNOWN
