"""Rules that turn recorded answers and verdicts into a decision: what would have won under another one.

A rule is a `Tally`, a pure function of a `Case`. `RULES` is the table of all: one that is added there can be asked for
by its name, on the screen and without.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Protocol

import msgspec
from msgspec.structs import replace

from hive_tui.council.decision import Conclusion, Held, Reply, decide
from hive_tui.council.plans import CURATOR, WRITER, PlanError
from hive_tui.council.recorded import conclusions, replies
from hive_tui.events import Carried, Decision, ErrorInfo, Outcome, Plan, StageSpec, Verdict
from hive_tui.state import RunState

HEAVIEST = 1_000_000
WEIGHT_DIGITS = 12
"""Characters of a weight: sums of such weights are exact."""
_NUMBER = re.compile(r"\d+(\.\d+)?|\.\d+", re.ASCII)
REFUSAL = ErrorInfo(kind="refused", message="the model refused, as is supposed")


class RuleError(ValueError):
    """A case that cannot be made of this run; the message says what to name instead."""


class Case(msgspec.Struct, frozen=True):
    """What a rule decides upon."""

    specs: tuple[StageSpec, ...]
    """The stages that are heard, each after its inputs."""
    conclusions: dict[str, Conclusion]
    held: Held | None
    """The text that stands at the end of the chain."""
    weights: dict[str, Decimal]
    """Of a stage's vote; 1 for one that is not named."""


class Redecided(msgspec.Struct, frozen=True):
    decision: Decision | None
    """`None` when there is no answer."""
    answer: Held | None
    votes: dict[str, Decimal] = {}
    """By author, for a rule that counts votes."""


def weight_of(text: str) -> Decimal:
    """A vote's weight. Raises RuleError."""
    weight = Decimal(text) if len(text) <= WEIGHT_DIGITS and _NUMBER.fullmatch(text) else Decimal(-1)
    if not 0 <= weight <= HEAVIEST:
        raise RuleError(f"{text[:40]}: expected a weight from 0 to {HEAVIEST}")
    return weight


class Tally(Protocol):
    """A rule. It sends nothing, and knows of the run no more than the case."""

    @property
    def words(self) -> str:
        """By what it decides, for a person."""
        ...

    @property
    def weighs(self) -> bool:
        """Whether the case's weights mean anything to it."""
        ...

    def unfit(self, case: Case) -> str:
        """Why it cannot decide this plan; empty when it can."""
        ...

    def __call__(self, case: Case) -> Redecided: ...


@dataclass(frozen=True, slots=True)
class Rule:
    """A `Tally` of two functions."""

    words: str
    tally: Callable[[Case], Redecided]
    unfit: Callable[[Case], str] = lambda _case: ""
    weighs: bool = False

    def __call__(self, case: Case) -> Redecided:
        return self.tally(case)


def case(
    state: RunState,
    without: frozenset[str] = frozenset(),
    weights: Mapping[str, Decimal] | None = None,
    refusing: frozenset[str] = frozenset(),
) -> Case:
    """The recorded run without some of its stages, or with some that refused; who was given the text of one that is
    left out is given what that one was given.

    Raises:
        RuleError: a stage is named that the plan has not, or the writer is left out; or the plan, which may be
            anybody's, has a stage before one whose text it is given.
    """
    chosen = dict(weights or {})
    names = [spec.stage for spec in state.plan.stages]
    for name in (*without, *chosen, *refusing):
        if name not in names:
            raise RuleError(f"the run has no stage {name!r}; it has {', '.join(names)}")
    through: dict[str, tuple[str, ...]] = {}
    specs = []
    for spec in state.plan.stages:
        if strange := [name for name in spec.inputs if name not in through]:
            raise RuleError(f"{spec.stage} is given the text of {strange[0]!r}, and no such stage stands before it")
        inputs = tuple(dict.fromkeys(each for name in spec.inputs for each in through[name]))
        through[spec.stage] = inputs if spec.stage in without else (spec.stage,)
        if spec.stage not in without:
            specs.append(replace(spec, inputs=inputs))
        elif spec.role == WRITER:
            raise RuleError(f"{spec.stage} cannot be left out: it wrote the text that the others judge")
    said: dict[str, Reply] = {
        name: replace(reply, outcome=Outcome.ERRORED, error=REFUSAL) if name in refusing else reply
        for name, reply in replies(state).items()
    }
    made, held = conclusions(specs, said.get)
    return Case(tuple(specs), made, held, chosen)


def chain(case: Case) -> Redecided:
    """The plan's own rule: each stage passes on, or replaces, the text before it; the last word wins."""
    reviews = [case.conclusions[spec.stage].verdict for spec in case.specs if spec.role != WRITER]
    return Redecided(decide(case.held is not None, reviews), case.held)


def curator(case: Case) -> Redecided:
    """The curator's word alone: who else abstained or failed takes nothing from it."""
    verdicts = [case.conclusions[spec.stage].verdict for spec in case.specs if spec.role == CURATOR]
    heard = any(verdict in (Verdict.ACCEPT, Verdict.REVISE) for verdict in verdicts)
    if case.held is None:
        return Redecided(None, None)
    return Redecided(Decision.CURATOR if heard else Decision.PARTIAL, case.held)


def direct(case: Case) -> Redecided:
    """The writer's text as it came; no review is heard."""
    writer = next((case.conclusions[spec.stage].held for spec in case.specs if spec.role == WRITER), None)
    return Redecided(None if writer is None else Decision.DIRECT, writer)


def majority(case: Case) -> Redecided:
    """Each stage votes for the text that it wrote or accepted, with its weight; of equals the later text wins.

    A stage that abstains or was not heard has no vote. More than half of the votes is a majority, less is partial.
    """
    votes: dict[Carried, Decimal] = {}
    texts: dict[Carried, Held] = {}
    for spec in case.specs:
        made = case.conclusions[spec.stage]
        if made.held is not None and made.verdict is not Verdict.ABSTAIN:
            weight = case.weights.get(spec.stage, Decimal(1))
            votes[made.held.carried] = votes.get(made.held.carried, Decimal(0)) + weight
            texts[made.held.carried] = made.held
    if not any(votes.values()):
        return Redecided(None, None)
    best = max(reversed(votes), key=votes.__getitem__)
    if sum(vote > 0 for vote in votes.values()) == 1:
        decision = Decision.UNANIMOUS
    else:
        decision = Decision.MAJORITY if votes[best] * 2 > sum(votes.values()) else Decision.PARTIAL
    return Redecided(decision, texts[best], {texts[each].author: vote for each, vote in votes.items()})


def _no_curator(case: Case) -> str:
    return "" if any(spec.role == CURATOR for spec in case.specs) else "no curator is heard"


def _alone(case: Case) -> str:
    return "" if len(case.specs) > 1 else "one stage alone has nobody to vote with"


RULES: dict[str, Tally] = {
    "chain": Rule("each stage passes on or replaces the text before it; the last word wins", chain),
    "curator": Rule("the curator's word alone; who else abstained takes nothing from it", curator, _no_curator),
    "direct": Rule("the writer's text as it came; no review is heard", direct),
    "majority": Rule("each stage votes for the text that it wrote or accepted", majority, _alone, weighs=True),
}


def check_tally(plan: Plan) -> None:
    """Raises PlanError: there is no such rule, or it cannot decide that plan."""
    rule = RULES.get(plan.tally)
    if rule is None:
        raise PlanError(f"no tally is called {plan.tally!r}; tallies are {', '.join(RULES)}")
    if why := rule.unfit(Case(plan.stages, {}, None, {})):
        raise PlanError(f"the tally {plan.tally} cannot decide the plan {plan.name}: {why}")
