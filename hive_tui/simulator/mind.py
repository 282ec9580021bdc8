"""What a character says to a request: as a generator, a reviewer or a curator."""

from __future__ import annotations

from random import Random

from hive_tui.simulator import knowledge, prose, roles, speech
from hive_tui.simulator.chance import seeded
from hive_tui.simulator.characters import Character, belief
from hive_tui.simulator.knowledge.finding import Finding, mentions
from hive_tui.simulator.roles import Task

ACCEPT = "VERDICT: ACCEPT"
REVISE = "VERDICT: REVISE"
_UNCHECKED_REVISIONS = 0.35
"""Share of answers which it cannot check that a reviewer revises all the same."""


def reply(character: Character, system: str, user: str, seed: str, rate: float | None) -> tuple[str, str]:
    """Reasoning (empty for a model that does not reason) and answer; fixed by the arguments.

    `rate` replaces the character's error rate.
    """
    task = roles.read(system, user)
    chance = seeded(seed, character.name, task.role, user)
    finding = knowledge.find(task.question)
    reviewing = bool(task.answers) and task.role != "generator"
    mistaken = character.errs if rate is None else rate
    value = ""
    if finding is not None:
        value = belief(character, finding, task.question, seed, mistaken / 2 if reviewing else mistaken)
    reasoning = ""
    if character.reasons:
        reasoning = speech.think(finding, value, chance) if finding else prose.think(task.question, chance)
    if task.answers and task.role in roles.REVIEWERS:
        return reasoning, _review(character, task, finding, value, chance)
    if task.answers and task.role == "curator":
        return reasoning, _curate(character, task, finding, value, chance)
    return reasoning, _answer(character, task, finding, value, chance)


def _answer(character: Character, task: Task, finding: Finding | None, value: str, chance: Random) -> str:
    if finding is None:
        return prose.answer(character, task.question, chance)
    return speech.explain(character, finding, value, chance)


def _review(character: Character, task: Task, finding: Finding | None, value: str, chance: Random) -> str:
    """A verdict on the last of the earlier answers, with the whole revised answer where it is to be revised."""
    judged = task.answers[-1]
    if finding is None:
        if chance.random() >= _UNCHECKED_REVISIONS:
            return (
                f"{ACCEPT}\n\nI cannot check the facts, but the answer says what it does not know, and it is clear.\n"
            )
        return f"{REVISE}\n\n{judged.text.rstrip()}\n\n{prose.addition(task.question, chance)}\n"
    if mentions(judged.text, value):
        why = "I worked it out on my own" if finding.steps else "I recalled it on my own"
        return f"{ACCEPT}\n\n{why} and come to the same: {value}.\n"
    return f"{REVISE}\n\n{speech.explain(character, finding, value, chance)}"


def _curate(character: Character, task: Task, finding: Finding | None, value: str, chance: Random) -> str:
    """The final answer: what it has worked out itself, or the last text when there is nothing to work out."""
    if finding is None:
        return task.answers[-1].text.rstrip() + "\n"
    agreeing = sum(mentions(earlier.text, value) for earlier in task.answers)
    said = speech.explain(character, finding, value, chance).rstrip()
    if agreeing == len(task.answers):
        return said + "\n"
    total = len(task.answers)
    return f"{said}\n\n*The earlier answers differed: {agreeing} of {total} had {value}. I checked it anew.*\n"
