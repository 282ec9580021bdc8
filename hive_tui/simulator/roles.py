"""Reads what a council's prompt asks of a model: its role, the question, the earlier answers that it is given; pure.

The system prompt names the role in a line `Role: refiner`. In the user message earlier answers stand in blocks
`<answer from="generator" id="N">` ... `</answer N>`, the question in a block `<question id="N">`; the numbers may be
missing, and a question without a block is all the rest. A prompt without a role is a plain question.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

REVIEWERS = frozenset({"refiner", "validator", "reviewer"})
_ROLE = re.compile(r"^\W{0,4}role\W{0,4}:\W{0,4}([a-z]+)", re.IGNORECASE | re.MULTILINE)
_NUMBERED = r"""<{tag}\b(?P<about>[^>]*?\bid=["']?(?P<id>[\w-]+)["']?[^>]*)>\n?(?P<text>.*?)\n?</{tag} (?P=id)>"""
_PLAIN = r"<{tag}\b(?P<about>[^>]*)>\n?(?P<text>.*?)\n?</{tag}\b[^>]*>"
_FROM = re.compile(r"""(?:from|stage)\s*=\s*["']?([\w./-]+)""", re.IGNORECASE)
_LABEL = re.compile(r"^\W{0,4}(?:the |user'?s? )?question\W{0,4}:[ \t]*", re.IGNORECASE | re.MULTILINE)


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
    """Oldest first; the last one is under review."""
    verdict: bool = False
    """Whether the prompt wants a verdict as the first line."""
    terse: bool = False
    """Whether nothing may follow a verdict that accepts."""


def read(system: str, user: str) -> Task:
    """What the prompt asks for."""
    named = _ROLE.search(system)
    if named is None:
        return Task("generator", user.strip())
    role = named[1].casefold()
    answers = tuple(
        Earlier(source[1] if (source := _FROM.search(match["about"])) else "earlier", match["text"].strip())
        for match in _blocks("answer", user)
    )
    tagged = _blocks("question", user)
    question = tagged[0]["text"] if tagged else _LABEL.sub("", re.sub(r"(?s)<answer\b.*</answer\b[^>]*>", "", user))
    verdict = role in REVIEWERS or "VERDICT:" in system
    return Task(role, question.strip(), answers, verdict, "nothing more" in system.casefold())


def _blocks(tag: str, text: str) -> list[re.Match[str]]:
    """The blocks of that tag; where some bear a number, only those, since only their end cannot be forged."""
    numbered = list(re.finditer(_NUMBERED.format(tag=tag), text, re.IGNORECASE | re.DOTALL))
    return numbered or list(re.finditer(_PLAIN.format(tag=tag), text, re.IGNORECASE | re.DOTALL))
