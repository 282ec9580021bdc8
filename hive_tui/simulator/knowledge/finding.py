"""What the simulated models can know: a statement, its value, and the mistakes that one might make about it."""

from __future__ import annotations

import re
from dataclasses import dataclass

SLOT = "{value}"


@dataclass(frozen=True, slots=True)
class Finding:
    """The answer to a question that the simulator recognises."""

    topic: str
    """`Arithmetic`, `Units`, `Dates`, or the category of a fact."""
    subject: str
    """What it is about, as a heading says it."""
    sentence: str
    """The whole statement, with `{value}` for the value."""
    value: str
    wrong: tuple[str, ...] = ()
    """Plausible mistakes; empty when the models do not err about it."""
    steps: tuple[str, ...] = ()
    """How it comes about; may hold `{value}`."""
    table: tuple[tuple[str, ...], ...] = ()
    """A table with its head; cells may hold `{value}`."""
    code: str = ""
    """Code that shows or checks it; may hold `{value}`."""
    language: str = "python"
    note: str = ""
    """A remark that holds whatever the value."""

    def stated(self, value: str) -> str:
        """The sentence with that value, in bold unless it is all of the sentence."""
        if self.sentence.startswith(SLOT):
            return self.sentence.replace(SLOT, value)
        return self.sentence.replace(SLOT, f"**{value}**")


def mentions(text: str, value: str) -> bool:
    """Whether the text states the value, as a word or number of its own, whatever its separators.

    A text that has something in bold states what stands there: numbers in its steps are no statement.
    """
    bold = [span for span in re.findall(r"\*\*(.+?)\*\*", text) if not span.endswith(":")]
    wanted = rf"(?<![\w.]){re.escape(_plain(value))}(?!\w|\.\d)"
    return any(re.search(wanted, _plain(claim)) for claim in bold or [text])


def _plain(text: str) -> str:
    text = re.sub(r"^\s*\d+\. ", "", text.casefold(), flags=re.MULTILINE)
    text = re.sub(r"(?<=\d)[,\u202f\u00a0](?=\d{3})", "", text)
    return re.sub(r"[*_`]", "", text)
