"""Facts from `facts.toml`, beside this module: read when first needed, found by the words of a question."""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from hive_tui.simulator.knowledge.finding import SLOT, Finding, mentions

_SHOWN = 4
"""Other facts of the same kind that a table shows beside the one asked for."""


@dataclass(frozen=True, slots=True)
class Kind:
    topic: str
    sentence: str
    ask: tuple[str, ...]
    facts: dict[str, str]
    errors: dict[str, str]
    """What people commonly take for the value."""


@dataclass(frozen=True, slots=True)
class Idiom:
    ask: tuple[str, ...]
    """Words that a question must hold, all of them."""
    subject: str
    value: str
    code: str
    wrong: tuple[str, ...] = ()
    note: str = ""
    language: str = "python"


@cache
def _known() -> tuple[tuple[Kind, ...], tuple[Idiom, ...]]:
    with (Path(__file__).parent / "facts.toml").open("rb") as file:
        tables = tomllib.load(file)
    idioms = tuple(
        Idiom(**entry | {"ask": tuple(entry["ask"]), "wrong": tuple(entry.get("wrong", ()))})
        for entry in tables.pop("idiom")
    )
    kinds = tuple(
        Kind(table["topic"], table["sentence"], tuple(table["ask"]), table["facts"], table.get("errors", {}))
        for table in tables.values()
    )
    return kinds, idioms


def size() -> int:
    """How many facts there are."""
    kinds, idioms = _known()
    return sum(len(kind.facts) for kind in kinds) + len(idioms)


def find(question: str) -> Finding | None:
    """The fact that the question asks for."""
    text = re.sub(r"\s+", " ", question.casefold())[:2000]
    kinds, idioms = _known()
    for idiom in idioms:
        if all(_has(text, word) for word in idiom.ask):
            return _from_idiom(idiom)
    for kind in kinds:
        if any(word in text for word in kind.ask):
            subjects = [subject for subject in kind.facts if _has(text, subject.casefold())]
            if subjects:
                return _from_kind(kind, max(subjects, key=len))
    return None


def _has(text: str, word: str) -> bool:
    return re.search(rf"\b{re.escape(word)}(?:s|es|ing|ed)?\b", text) is not None


def _from_kind(kind: Kind, subject: str) -> Finding:
    value = kind.facts[subject]
    if kind.sentence == SLOT:
        return Finding(kind.topic, subject.capitalize(), "{value}.", value)
    others = [other for other in kind.facts if other != subject]
    at = list(kind.facts).index(subject) % max(1, len(others))
    near = (others[at:] + others[:at])[:_SHOWN]
    common = kind.errors.get(subject)
    wrong = dict.fromkeys(kind.facts[other] for other in near if not mentions(kind.facts[other], value))
    head = ("", kind.topic)
    rows = tuple((other, kind.facts[other]) for other in near[:3])
    shown = f"{subject[0].upper()}{subject[1:]}" if kind.sentence.startswith("{subject}") else subject
    return Finding(
        kind.topic,
        f"{subject[0].upper()}{subject[1:]}",
        kind.sentence.replace("{subject}", shown),
        value,
        (common,) if common else tuple(wrong),
        table=(head, (subject, SLOT), *rows),
    )


def _from_idiom(idiom: Idiom) -> Finding:
    return Finding(
        "Programming",
        idiom.subject,
        f"{idiom.subject}: the heart of it is {{value}}.",
        idiom.value,
        idiom.wrong,
        code=idiom.code,
        language=idiom.language,
        note=idiom.note,
    )
