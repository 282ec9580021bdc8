"""Reads what a council's prompt asks of a model: its role, the question, the earlier answers that it is given; pure.

The system prompt names the role in a line `Role: refiner`. Earlier answers stand in the user message as blocks
`<answer from="generator" ...>` ... `</answer>`; the question in a block `<question>`, or as all the rest. A prompt
without a role is a plain question.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

REVIEWERS = frozenset({"refiner", "validator", "reviewer"})
_ROLE = re.compile(r"^\W{0,4}role\W{0,4}:\W{0,4}([a-z]+)", re.IGNORECASE | re.MULTILINE)
_ANSWER = re.compile(r"<answer\b([^>]*)>\n?(.*?)\n?</answer>", re.IGNORECASE | re.DOTALL)
_OPEN_ANSWER = re.compile(r"<answer\b[^>]*>.*", re.IGNORECASE | re.DOTALL)
_FROM = re.compile(r"""(?:from|stage)\s*=\s*["']?([\w./-]+)""", re.IGNORECASE)
_QUESTION = re.compile(r"<question\b[^>]*>\n?(.*?)\n?</question>", re.IGNORECASE | re.DOTALL)
_LABEL = re.compile(
    r"^\W{0,4}(?:the )?(?:user'?s? )?question\W{0,4}:?\W{0,4}$|^\W{0,4}question\W{0,4}:\s*", re.I | re.M
)


@dataclass(frozen=True, slots=True)
class Earlier:
    """An answer of an earlier stage."""

    source: str
    text: str


@dataclass(frozen=True, slots=True)
class Task:
    role: str
    """`generator` when the prompt names none."""
    question: str
    answers: tuple[Earlier, ...] = ()


def read(system: str, user: str) -> Task:
    """What the prompt asks for."""
    named = _ROLE.search(system)
    role = named[1].casefold() if named else "generator"
    answers = tuple(
        Earlier(source[1] if (source := _FROM.search(attributes)) else "earlier", text.strip())
        for attributes, text in _ANSWER.findall(user)
    )
    tagged = _QUESTION.search(user)
    if tagged:
        return Task(role, tagged[1].strip(), answers)
    rest = _OPEN_ANSWER.sub("", _ANSWER.sub("", user))
    question = _LABEL.sub("", rest).strip() if named else user.strip()
    return Task(role, question, answers)
