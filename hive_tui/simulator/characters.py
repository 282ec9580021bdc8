"""The simulated models: who there is, how each speaks, what each costs, how often each errs."""

from __future__ import annotations

from dataclasses import dataclass

from hive_tui.simulator.chance import below, normal, seeded
from hive_tui.simulator.knowledge.finding import Finding
from hive_tui.simulator.pace import PACES, Pace

_SHARED = 0.25
"""Share of a character's latent that every character has in common: some questions are hard for all."""
_FAMILY = 0.45
"""Share that is common to a family: models of one origin fail together."""


@dataclass(frozen=True, slots=True)
class Character:
    name: str
    family: str
    pace: Pace
    style: str
    """`brief`, `structured`, `teacher` or `reasoner`."""
    errs: float
    """Share of answerable questions that it gets wrong; half of that when it reviews, for it checks then."""
    prompt_pico: int
    """Price of a prompt token in picodollars."""
    completion_pico: int
    about: str
    context: int = 131_072
    reasons: bool = False


def _named(
    name: str, family: str, pace: str, style: str, errs: float, dollars: tuple[float, float], about: str
) -> Character:
    prompt, completion = (round(million * 1_000_000) for million in dollars)
    return Character(
        f"sim/{name}",
        family,
        PACES[pace],
        style,
        errs,
        prompt,
        completion,
        about,
        reasons=style == "reasoner",
    )


CHARACTERS: tuple[Character, ...] = (
    _named(
        "atlas",
        "north",
        "frontier",
        "structured",
        0.12,
        (2.5, 10.0),
        "Broad and orderly; tables and headings.",
    ),
    _named("birch", "wood", "flash", "teacher", 0.16, (0.15, 0.6), "Quick, explains step by step."),
    _named("cedar", "wood", "large", "structured", 0.08, (5.0, 25.0), "Slow and thorough; birch's elder."),
    _named("delta", "river", "reasoning", "reasoner", 0.05, (1.1, 4.4), "Thinks aloud before it speaks."),
    _named("ember", "fire", "fast-hardware", "brief", 0.22, (0.05, 0.08), "Very fast, few words, often wrong."),
    _named("fjord", "north", "diffusion", "brief", 0.18, (0.25, 1.0), "Writes in blocks; of atlas's family."),
    _named("grove", "wood", "local", "brief", 0.28, (0.0, 0.0), "A small model on a laptop."),
    _named(
        "harbor",
        "river",
        "frontier",
        "teacher",
        0.10,
        (1.0, 5.0),
        "Patient; delta's family without the thinking.",
    ),
    _named(
        "instant",
        "none",
        "instant",
        "structured",
        0.0,
        (0.0, 0.0),
        "No pace, no errors; for tests and benches.",
    ),
)

ALIASES = {
    "sim/generator": "sim/atlas",
    "sim/refiner": "sim/birch",
    "sim/validator": "sim/cedar",
    "sim/curator": "sim/delta",
    "sim/fast-hardware": "sim/ember",
    "sim/flash": "sim/birch",
    "sim/frontier": "sim/atlas",
    "sim/large": "sim/cedar",
    "sim/reasoning": "sim/delta",
    "sim/diffusion": "sim/fjord",
    "sim/local": "sim/grove",
}

_BY_NAME = {character.name: character for character in CHARACTERS}


def lookup(name: str) -> Character | None:
    """The character of that name or alias, with or without `sim/`."""
    full = name if name.startswith("sim/") else f"sim/{name}"
    return _BY_NAME.get(ALIASES.get(full, full))


def errs(character: Character, question: str, seed: str, rate: float) -> bool:
    """Whether the character gets the question wrong.

    A Gaussian copula: the sum of a latent of the question, one of the question and the family, and one of its own is a
    standard normal again, so each errs at exactly its rate, and families err together.
    """
    z = (
        _SHARED**0.5 * normal(seed, "question", question)
        + _FAMILY**0.5 * normal(seed, "family", character.family, question)
        + (1.0 - _SHARED - _FAMILY) ** 0.5 * normal(seed, "own", character.name, question)
    )
    return below(z, rate)


def belief(character: Character, finding: Finding, question: str, seed: str, rate: float) -> str:
    """What the character takes the value to be. A family makes one and the same mistake."""
    if not finding.wrong or not errs(character, question, seed, rate):
        return finding.value
    return seeded(seed, "mistake", character.family, question).choice(finding.wrong)
