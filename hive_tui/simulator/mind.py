"""What a character says to a request: as a generator, a reviewer or a curator."""

from __future__ import annotations

from random import Random

from hive_tui.simulator import prose, roles, speech
from hive_tui.simulator.chance import seeded
from hive_tui.simulator.characters import Character, belief
from hive_tui.simulator.knowledge import everything
from hive_tui.simulator.knowledge.finding import Finding, mentions
from hive_tui.simulator.roles import Task

ACCEPT = "VERDICT: ACCEPT"
REVISE = "VERDICT: REVISE"
_IMPROVES = {"refiner": 0.45}
"""Share of right answers that a role rewrites all the same, for more detail."""
_UNCHECKED = {"refiner": 0.65, "validator": 0.3, "curator": 0.25}
"""Share of answers that a role cannot check and adds to."""


def reply(character: Character, system: str, user: str, seed: str, rate: float | None) -> tuple[str, str]:
    """Reasoning (empty for a model that does not reason) and answer; fixed by the arguments.

    `rate` replaces the character's error rate.
    """
    task = roles.read(system, user)
    # Not by the whole message: the number of its quotations changes from run to run.
    chance = seeded(seed, character.name, task.role, task.question, *(earlier.text for earlier in task.answers))
    finding = everything.find(task.question)
    mistaken = character.errs if rate is None else rate
    value = ""
    if finding is not None:
        value = belief(character, finding, task.question, seed, mistaken / 2 if task.answers else mistaken)
    reasoning = ""
    if character.reasons:
        reasoning = speech.think(finding, value, chance) if finding else prose.think(task.question, chance)
    if not task.answers or task.role == "generator":
        return reasoning, _answer(character, task, finding, value, chance)
    if task.verdict:
        return reasoning, _review(character, task, finding, value, chance)
    return reasoning, _merge(character, task, finding, value, chance)


def _answer(character: Character, task: Task, finding: Finding | None, value: str, chance: Random) -> str:
    if finding is None:
        return prose.answer(character, task.question, chance)
    return speech.explain(character, finding, value, chance)


def _review(character: Character, task: Task, finding: Finding | None, value: str, chance: Random) -> str:
    """A verdict on the last of the earlier answers, with the whole new answer where it is to be revised."""
    judged = task.answers[-1]
    if finding is None:
        if chance.random() < _UNCHECKED.get(task.role, 0.2):
            return f"{REVISE}\n\n{judged.text.rstrip()}\n\n{prose.addition(task.question, chance)}\n"
        return _accept(task, "I cannot check the facts, but the answer says what it does not know, and it is clear.")
    if mentions(judged.text, value) and chance.random() >= _IMPROVES.get(task.role, 0.0):
        how = "worked it out" if finding.steps else "recalled it"
        return _accept(task, f"I {how} on my own and come to the same: {value}.")
    return f"{REVISE}\n\n{speech.explain(character, finding, value, chance)}"


def _accept(task: Task, why: str) -> str:
    return f"{ACCEPT}\n" if task.terse else f"{ACCEPT}\n\n{why}\n"


def _merge(character: Character, task: Task, finding: Finding | None, value: str, chance: Random) -> str:
    """The final answer without a verdict: what it worked out itself, or the last text when it knows nothing."""
    if finding is None:
        return task.answers[-1].text.rstrip() + "\n"
    agreeing, total = sum(mentions(earlier.text, value) for earlier in task.answers), len(task.answers)
    said = speech.explain(character, finding, value, chance)
    if agreeing == total:
        return said
    return f"{said}\n*The earlier answers differed: {agreeing} of {total} had {value}. I checked it anew.*\n"
