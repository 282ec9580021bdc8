"""A recorded run decided again, under each of some rules; pure, and nothing is sent."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal

import msgspec

from hive_tui.council.rules import RULES, Case
from hive_tui.events import Decision
from hive_tui.state import RunState


class Supposed(msgspec.Struct, frozen=True):
    """What one rule comes to."""

    rule: str
    unfit: str
    """Why the rule cannot decide this plan; nothing else is told then. Empty when it can."""
    decision: Decision | None = None
    author: str | None = None
    """The stage that wrote the text which wins; `None` when none does."""
    text: str | None = None
    votes: dict[str, Decimal] = {}
    """By author, for a rule that counts votes."""
    changed: bool = False
    """Whether another text wins than did."""


def suppose(state: RunState, heard: Case, names: Iterable[str]) -> list[Supposed]:
    """What each rule makes of the case; `state` says what was decided. The names are keys of `RULES`."""
    recorded = None if state.answer is None else state.answer_text
    found = []
    for name in names:
        rule = RULES[name]
        if why := rule.unfit(heard):
            found.append(Supposed(name, why))
            continue
        made = rule(heard)
        text = None if made.answer is None else made.answer.text
        author = None if made.answer is None else made.answer.author
        found.append(Supposed(name, "", made.decision, author, text, made.votes, text != recorded))
    return found
