"""Rules over recorded runs: the plan's own one decides as the run did; others by what they say."""

from __future__ import annotations

import asyncio
from decimal import Decimal
from itertools import product
from pathlib import Path

import pytest
from msgspec.structs import replace

from hive_tui.config.request import TALLIES
from hive_tui.council.plans import CURATOR, WRITER, PlanError
from hive_tui.council.rules import RULES, RuleError, case, check_tally, weight_of
from hive_tui.council.whatif import suppose
from hive_tui.events import Decision, ErrorInfo, Plan, StageSpec
from hive_tui.models.call import CallError
from hive_tui.recording.timeline import Timeline
from hive_tui.state import RunState
from tests.corpus import WHOLE
from tests.council.conftest import Stage, Step, says

ACCEPT = "VERDICT: ACCEPT"
REVISE = "VERDICT: REVISE\n\nIt is {}."
REPLIES = (ACCEPT, REVISE, "hm", "")
FAILED = CallError(ErrorInfo("connect", "refused"))


def played(*texts: str, tally: str = "chain") -> RunState:
    scripts: list[list[Step]] = [says(text.format(at)) if text else [FAILED] for at, text in enumerate(texts)]
    return Stage(asyncio.new_event_loop).play(*scripts, tally=tally).state


@pytest.mark.parametrize("replies", list(product(REPLIES, repeat=3)))
def test_the_chain_decides_as_the_run_did(replies: tuple[str, ...]) -> None:
    state = played("It is 0.", *replies)
    made = RULES["chain"](case(state))
    assert made.decision is state.decision
    assert (None if made.answer is None else made.answer.carried) == state.answer
    assert made.answer is None or made.answer.text == state.answer_text


@pytest.mark.parametrize("tally", RULES)
@pytest.mark.parametrize("replies", list(product(("It is 0.", ""), *[REPLIES[:3]] * 3)))
def test_a_council_decides_by_its_tally_as_a_recorded_run_is_decided_again(
    tally: str, replies: tuple[str, ...]
) -> None:
    state = played(*replies, tally=tally)
    as_chain = played(*replies)
    (again,) = suppose(as_chain, case(as_chain), [tally])
    assert state.plan.tally == tally
    assert (state.decision, state.answer_text if state.answer else None) == (again.decision, again.text)
    assert state.outcome == as_chain.outcome
    (own,) = suppose(state, case(state), [tally])
    assert not own.changed


def test_a_tally_that_cannot_decide_the_plan_is_refused() -> None:
    writer = (StageSpec("generator", WRITER, "far", "m"),)
    check_tally(Plan("single", writer, "direct"))
    for tally, why in (
        ("majority", "nobody to vote with"),
        ("curator", "no curator"),
        ("loudest", "no tally is called"),
    ):
        with pytest.raises(PlanError, match=why):
            check_tally(Plan("single", writer, tally))


def test_every_tally_that_can_be_set_is_a_rule() -> None:
    assert tuple(RULES) == TALLIES


def test_no_text_no_answer_under_any_rule() -> None:
    state = played("")
    assert {(rule(case(state)).decision, rule(case(state)).answer) for rule in RULES.values()} == {(None, None)}


def test_direct_takes_the_writers_text() -> None:
    made = RULES["direct"](case(played("It is 0.", REVISE, ACCEPT, REVISE)))
    assert made.answer is not None
    assert (made.decision, made.answer.text) == (Decision.DIRECT, "It is 0.")


def test_the_curators_word_stands_without_the_others() -> None:
    state = played("It is 0.", "hm", "", ACCEPT)
    assert RULES["chain"](case(state)).decision is Decision.PARTIAL
    assert RULES["curator"](case(state)).decision is Decision.CURATOR
    assert RULES["curator"].unfit(case(state)) == ""
    assert RULES["curator"].unfit(case(state, frozenset({CURATOR}))) == "no curator is heard"


def test_who_is_left_out_passes_nothing_on() -> None:
    state = played("It is 0.", REVISE, ACCEPT, ACCEPT)
    made = RULES["chain"](case(state, frozenset({"refiner"})))
    assert made.answer is not None
    assert (made.decision, made.answer.text) == (Decision.UNANIMOUS, "It is 0.")
    alone = RULES["chain"](case(state, frozenset({"refiner", "validator", "curator"})))
    assert alone.decision is Decision.DIRECT


def test_a_majority_by_weights() -> None:
    state = played("It is 0.", ACCEPT, ACCEPT, REVISE)
    made = RULES["majority"](case(state))
    assert made.answer is not None
    assert (made.decision, made.answer.text) == (Decision.MAJORITY, "It is 0.")
    assert made.votes == {"generator": Decimal(3), "curator": Decimal(1)}
    heavy = RULES["majority"](case(state, weights={"curator": Decimal("3.5")}))
    assert heavy.answer is not None
    assert (heavy.decision, heavy.answer.text) == (Decision.MAJORITY, "It is 3.")
    even = RULES["majority"](case(state, weights={"curator": Decimal(3)}))
    assert even.answer is not None
    assert (even.decision, even.answer.text) == (Decision.PARTIAL, "It is 3.")
    nobody = dict.fromkeys(("generator", "refiner", "validator", "curator"), Decimal(0))
    assert RULES["majority"](case(state, weights=nobody)).answer is None
    alone = RULES["majority"](case(state, weights={"curator": Decimal(0)}))
    assert alone.decision is Decision.UNANIMOUS, "a vote that weighs nothing is against nothing"


@pytest.mark.parametrize("text", ["0", "2", "0.5", ".5", "1000000"])
def test_a_weight(text: str) -> None:
    assert weight_of(text) == Decimal(text)


@pytest.mark.parametrize("text", ["", "-1", "1000001", "1e3", "NaN", "٣", "1.", "0.12345678901"])
def test_what_is_no_weight(text: str) -> None:
    with pytest.raises(RuleError, match="expected a weight from 0 to 1000000"):
        weight_of(text)


def test_what_cannot_be_left_out_or_weighed() -> None:
    state = played("It is 0.", ACCEPT, ACCEPT, ACCEPT)
    with pytest.raises(RuleError, match="has no stage 'refinr'; it has generator, refiner"):
        case(state, frozenset({"refinr"}))
    with pytest.raises(RuleError, match="has no stage 'x'"):
        case(state, weights={"x": Decimal(1)})
    with pytest.raises(RuleError, match="generator cannot be left out"):
        case(state, frozenset({"generator"}))
    with pytest.raises(RuleError, match="has no stage 'x'"):
        case(state, refusing=frozenset({"x"}))


def test_a_plan_whose_stages_do_not_follow_each_other_is_refused_in_words() -> None:
    state = played("It is 0.", ACCEPT, ACCEPT, ACCEPT)
    first, *others = state.plan.stages
    strange = replace(state.plan, stages=(replace(first, inputs=("nobody",)), *others))
    with pytest.raises(RuleError, match="no such stage stands before it"):
        case(replace(state, plan=strange))


def test_who_refuses_abstains() -> None:
    state = played("It is 0.", ACCEPT, ACCEPT, REVISE)
    made = RULES["chain"](case(state, refusing=frozenset({"curator"})))
    assert made.answer is not None
    assert (made.decision, made.answer.text) == (Decision.PARTIAL, "It is 0.")
    assert RULES["chain"](case(state, refusing=frozenset({"generator"}))).answer is None
    voted = RULES["majority"](case(state, refusing=frozenset({"curator"})))
    assert (voted.decision, voted.votes) == (Decision.UNANIMOUS, {"generator": Decimal(3)})


@pytest.mark.parametrize("reply", ["It is 0.", ""])
def test_a_plan_of_one_stage_decides_as_it_did(reply: str) -> None:
    scripts: list[list[Step]] = [says(reply) if reply else [FAILED]]
    state = Stage(asyncio.new_event_loop).play(*scripts, plan="single").state
    found = {each.rule: each for each in suppose(state, case(state), RULES)}
    assert (found["chain"].decision, found["chain"].changed, found["chain"].text or "") == (
        state.decision,
        False,
        reply,
    )
    assert (found["direct"].decision, found["direct"].text or "") == (state.decision, reply)
    assert {name: each.unfit for name, each in found.items() if each.unfit} == {
        "curator": "no curator is heard",
        "majority": "one stage alone has nobody to vote with",
    }


def test_what_is_recorded_is_told_apart_from_what_would_have_been() -> None:
    state = played("It is 0.", ACCEPT, ACCEPT, REVISE)
    found = {each.rule: each for each in suppose(state, case(state), RULES)}
    assert {name: each.changed for name, each in found.items()} == {
        "chain": False, "curator": False, "direct": True, "majority": True
    }  # fmt: skip
    assert (found["majority"].author, found["majority"].text) == ("generator", "It is 0.")


@pytest.mark.parametrize("folder", WHOLE, ids=lambda path: path.name)
def test_a_recording_of_any_version_is_decided_as_it_was(folder: Path) -> None:
    timeline = Timeline(folder)
    state = timeline.last_state()
    (own,) = suppose(state, case(state), [state.plan.tally])
    text = None if state.answer is None else state.answer_text
    assert (own.decision, own.text, own.changed) == (state.decision, text, False)
    timeline.close()
