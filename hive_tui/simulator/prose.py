"""What a character says when it knows nothing: it says so, and thinks along with the question's own words."""

from __future__ import annotations

import re
from random import Random

from hive_tui.simulator.characters import Character
from hive_tui.simulator.speech import table

_COMMON_WORDS = (
    "a about above after again all also am an and any are as at be because been before being between both but "
    "by can could did do does doing down during each explain few for from further give had has have having he "
    "her here him his how i if in into is it its just know let like make many may me mean might more most much "
    "must my no nor not of off on once one only or other our out over own please same shall she should show so "
    "some such tell than that the their them then there these they thing this those through to too under until "
    "up use used using very want was way we were what when where which while who whom why will with would "
    "write you your better best good function code program learn difference compare versus vs work works "
)
_COMMON = frozenset(_COMMON_WORDS.split())
_HONEST = (
    "I am a simulated model: I compute, convert and date things, and I know a few facts. This question is beyond them, "
    "so take what follows as a way to think about it, not as knowledge.",
    "A word of honesty first: I am simulated and do not really know this. What I can do is sort the question.",
    "This answer is simulated. I hold no facts on this one; here is how I would go about it.",
)
_LENSES = (
    ("Purpose", "the need behind {a}, and who would miss it."),
    ("Cost", "the price of {a} in time, money and attention, now and later."),
    ("Evidence", "one observation about {a} that would change my mind."),
    ("Scale", "what becomes of {a} at ten times the size."),
    ("Limits", "the point at which {a} fails, and how one would notice."),
    ("Alternatives", "what one would do without {a}."),
    ("People", "who decides about {a}, and who lives with the result."),
    ("Time", "what was different about {a} ten years ago, and will be in ten."),
)
_CLOSERS = (
    "If I had to bet, I would start with {a} and leave {b} for later.",
    "My guess, and no more than that: {a} decides it.",
    "I would ask someone who has done it; {a} is where their answer will be worth most.",
    "The honest summary: the question turns on {a}, and I cannot look that up.",
)


def words(question: str) -> list[str]:
    """The words that carry the question, in its order, each once."""
    found = re.findall(r"[^\W_][\w'+#./-]*[\w+#]|[^\W_]", question[:4000])
    return list(dict.fromkeys(word for word in found if word.casefold() not in _COMMON and not word.isdigit()))[:12]


def answer(character: Character, question: str, chance: Random) -> str:
    """An answer in Markdown that claims no knowledge."""
    keys = words(question) or ["the question"]
    a, b = keys[0], keys[1] if len(keys) > 1 else "the rest"
    text = question.casefold()
    parts = [chance.choice(_HONEST)]
    if character.style != "brief":
        parts.insert(0, f"## {_title(question)}")
    if re.search(r"\bvs\b|\bversus\b|\bcompare|\bdifference|\bor\b|\bbetter\b", text) and len(keys) > 1:
        parts += _compared(*_sides(question, a, b), chance)
    elif re.search(r"\bwrite\b|\bcode\b|\bfunction\b|\bprogram\b|\bimplement|\bscript\b", text):
        parts += _sketched(keys, chance)
    elif re.search(r"\bhow (?:do|can|to|should|would)\b|\bsteps?\b|\bplan\b", text):
        parts += _stepped(a, b, chance)
    else:
        parts += _looked_at(keys, chance, 2 if character.style == "brief" else 4)
    parts.append(chance.choice(_CLOSERS).format(a=f"*{a}*", b=f"*{b}*"))
    return "\n\n".join(parts) + "\n"


def think(question: str, chance: Random) -> str:
    keys = words(question) or ["the question"]
    picked = chance.sample(_LENSES, 3)
    looked = " ".join(f"{name}: {ask.format(a=chance.choice(keys))}" for name, ask in picked)
    return (
        f"They ask about {', '.join(keys[:4])}. I have nothing on file about that. {looked} I should say so plainly.\n"
    )


def addition(question: str, chance: Random) -> str:
    """A section that a reviewer adds to an answer which it cannot check."""
    keys = words(question) or ["the question"]
    name, ask = chance.choice(_LENSES)
    missing = ask.format(a=f"*{chance.choice(keys)}*")
    return f"### What was left out: {name.lower()}\n\nThe answer so far is silent on {missing}"


def _title(question: str) -> str:
    line = " ".join(question.split())
    return line if len(line) <= 70 else line[:67].rsplit(" ", 1)[0] + " ..."


def _sides(question: str, a: str, b: str) -> tuple[str, str]:
    found = re.search(r"([\w+#./-]+) (?:vs\.?|versus|or|and) ([\w+#./-]+)", question, re.IGNORECASE)
    return (found[1], found[2].rstrip(".")) if found else (a, b)


def _compared(a: str, b: str, chance: Random) -> list[str]:
    rows = [("", a, b)]
    for name, ask in chance.sample(_LENSES, 4):
        short = ask.split(",")[0].rstrip(".")
        rows.append((name, short.format(a=a), short.format(a=b)))
    return [
        f"Set side by side, **{a}** and **{b}** raise the same questions, whose answers may differ:",
        table(rows, ""),
    ]


def _sketched(keys: list[str], chance: Random) -> list[str]:
    name = "_".join(re.sub(r"\W", "", key).casefold() for key in keys[:3] if re.sub(r"\W", "", key)) or "solve"
    name = name if not name[0].isdigit() else f"do_{name}"
    check = chance.choice(("an empty input", "the largest input", "the same input twice"))
    return [
        "A frame to fill in, tests first:",
        f'```python\ndef {name}(given):\n    """State here what it returns, and what it refuses."""\n'
        f'    if not given:\n        raise ValueError("nothing given")\n    result = given  # the real work goes here\n'
        f"    return result\n\n\nassert {name}([1]) == [1]\n```",
        f"Before the real work I would write a test for {check}.",
    ]


def _stepped(a: str, b: str, chance: Random) -> list[str]:
    steps = [
        f"Say what *done* means for {a}, in one sentence.",
        f"Find the smallest part of {a} that can be tried today.",
        f"Try it, and write down what {b} did.",
        "Change one thing at a time.",
        "Stop when the next step costs more than it brings.",
    ]
    kept = sorted(chance.sample(range(len(steps)), 4))
    return ["\n".join(f"{number}. {steps[at]}" for number, at in enumerate(kept, 1))]


def _looked_at(keys: list[str], chance: Random, count: int) -> list[str]:
    picked = chance.sample(_LENSES, count)
    lines = [f"- **{name}.** {ask.format(a=f'*{keys[at % len(keys)]}*')}" for at, (name, ask) in enumerate(picked)]
    return [f"I see {count} sides of it:", "\n".join(lines)]
