"""How a character puts what it knows into Markdown."""

from __future__ import annotations

import re
from collections.abc import Sequence
from random import Random

from hive_tui.simulator.characters import Character
from hive_tui.simulator.knowledge.finding import SLOT, Finding

_BREAK = re.compile(r"(?<=[.!?])[ \n]+|\n+")
_OPENERS = {
    "brief": ("", "", "Short answer: "),
    "structured": ("", "In one sentence: "),
    "teacher": ("Let's work it out. ", "Good question. ", "Step by step, then. "),
    "reasoner": ("", "Having checked it twice: "),
}


def explain(character: Character, finding: Finding, value: str, chance: Random) -> str:
    """The whole answer, with the value that the character believes in."""
    opener = chance.choice(_OPENERS[character.style])
    parts = [opener + finding.stated(value)]
    match character.style:
        case "structured":
            parts.insert(0, f"## {finding.subject}")
            parts += _section("### How", _numbered(finding, value))
            parts += _section("### Beside it" if finding.steps else "", table(finding.table, value))
            parts += _section("### Check" if finding.steps else "", code(finding, value))
            parts += _section("", _quoted(finding.note))
        case "teacher":
            parts += _section("", _numbered(finding, value))
            parts += _section("You can try it yourself:" if finding.steps else "", code(finding, value))
            parts += _section("", finding.note)
            if finding.steps:
                parts.append(f"So the result is {value}, as said above.")
        case "reasoner":
            parts += _section("**Why:**", _bullets(finding, value))
            parts += _section("", code(finding, value))
            parts += _section("", table(finding.table, value))
        case _:
            if finding.topic == "Programming":
                parts += _section("", code(finding, value))
    return "\n\n".join(parts) + "\n"


def rest(answer: str, beginning: str) -> str:
    """How a character goes on from the beginning of an answer, whoever said it: with what it would have said behind it,
    from a sentence or a line on where it would have begun otherwise."""
    if answer.startswith(beginning):
        return answer[len(beginning) :]
    breaks = [found.end() for found in _BREAK.finditer(answer, 0, len(answer.rstrip()))]
    at = next((each for each in breaks if each >= len(beginning)), breaks[-1] if breaks else 0)
    return "... " + answer[at:]


def think(finding: Finding, value: str, chance: Random) -> str:
    """What a reasoning model says to itself before it answers."""
    lines = [
        f"The question is about {finding.subject}.",
        chance.choice(("What kind of question is it? ", "First, the kind: ")) + f"{finding.topic.lower()}.",
        *(step.replace(SLOT, value) for step in finding.steps),
        chance.choice(("Wait, let me do that once more.", "Is that plausible? Let me look from the other end.")),
        f"If the result were far from {value}, a rough estimate would show it. It does not.",
        chance.choice(("Could the question mean something else? I do not see it.", "No trap that I can see.")),
        f"I am settled on {value}.",
    ]
    return " ".join(lines) + "\n"


def table(rows: Sequence[Sequence[str]], value: str) -> str:
    """A Markdown table; the first row is its head."""
    if not rows:
        return ""
    lines = ["| " + " | ".join(cell.replace(SLOT, value) for cell in row) + " |" for row in rows]
    lines.insert(1, "|" + " --- |" * len(rows[0]))
    return "\n".join(lines)


def code(finding: Finding, value: str) -> str:
    if not finding.code:
        return ""
    return f"```{finding.language}\n{finding.code.replace(SLOT, value).rstrip()}\n```"


def _numbered(finding: Finding, value: str) -> str:
    return "\n".join(f"{at}. {step.replace(SLOT, value)}" for at, step in enumerate(finding.steps, 1))


def _bullets(finding: Finding, value: str) -> str:
    return "\n".join(f"- {step.replace(SLOT, value)}" for step in finding.steps)


def _quoted(note: str) -> str:
    return f"> {note}" if note else ""


def _section(title: str, body: str) -> list[str]:
    if not body:
        return []
    return [title, body] if title else [body]
