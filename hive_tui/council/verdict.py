"""What a reviewing stage said, read strictly.

A verdict is the whole of the first line that is not blank: `VERDICT: ACCEPT`, `VERDICT: REVISE`, or the bare word. It
may stand in `**`; nothing else is a verdict, and what is none counts as ABSTAIN. The text after REVISE is a new
answer; a text that is itself nothing but an attempt at a verdict never becomes one.
"""

from __future__ import annotations

import re

import msgspec

from hive_tui.events import Verdict

_FORMS = ("{w}", r"\*\*{w}\*\*", "{v}:{s}{w}", r"\*\*{v}:{s}{w}\*\*", r"{v}:{s}\*\*{w}\*\*", r"\*\*{v}:\*\*{s}{w}")
_LINE = re.compile(
    "|".join(form.format(v="VERDICT", s="[ \t]*", w="(?:ACCEPT|REVISE)") for form in (*_FORMS, r"\*\*{v}\*\*:{s}{w}"))
)
# A verdict was meant, but not in a form that counts: "ACCEPT, mostly", "Verdict - accept"; and "Accepted." alone.
_MEANT = re.compile(r"[\W_]*(?:(?:ACCEPT|REVISE)|(?i:verdict\W*(?:accept|revise)))")
_WORD_ALONE = re.compile(r"[\W_]*(?:accept(?:ed)?|revised?)[\W_]*", re.IGNORECASE)
# Without a verdict before it, a line that names one is no answer either: "VERDICT: REJECT", "I do not ACCEPT this".
_NAMED = re.compile(r"[\W_]*(?i:verdict)[\W_]*:|.*\b(?:ACCEPT|REVISE)\b")
_STATED_LATER = re.compile(r"^[ \t]*\**VERDICT\**:\**[ \t]*\**(?:ACCEPT|REVISE)\b", re.MULTILINE)


class Said(msgspec.Struct, frozen=True):
    """A reply taken apart."""

    verdict: Verdict | None
    """`ACCEPT` or `REVISE`; `None` when the reply does not begin with a verdict."""
    start: int
    """Where the text that is not the verdict begins, in characters of the reply."""
    stop: int
    """Where it ends; blank lines around it and space at its end are left out. `start` when there is none."""
    answers: bool
    """Whether that text can stand as an answer: there is some, and it is no attempt at a verdict."""


def read_verdict(reply: str) -> Said:
    start, line = _first_line(reply, 0)
    verdict = None
    if _LINE.fullmatch(line.strip(" \t\r")):
        verdict = Verdict.ACCEPT if "ACCEPT" in line else Verdict.REVISE
        after = reply.find("\n", start)
        start = len(reply) if after < 0 else after + 1
    start, first = _first_line(reply, start)
    stop = max(start, len(reply.rstrip()))
    words, line = _first_words(reply, start)
    # "Accept." above a text of its own may answer the question; with no verdict before it, it rather was meant as one.
    alone = reply[words:stop] if verdict is not None else line
    meant = any(_MEANT.match(each) for each in (first, line))
    meant = meant or any(_WORD_ALONE.fullmatch(each) for each in (alone, reply[start:stop]))
    if verdict is None and not meant:
        # A preface before the verdict: what the model wants is unclear, and the line itself is no part of an answer.
        meant = _NAMED.match(line) is not None or _STATED_LATER.search(reply, start) is not None
    return Said(verdict, start, stop, answers=stop > start and not meant)


def _first_line(text: str, start: int) -> tuple[int, str]:
    """The first line at or after `start` that is not blank, and where it begins."""
    while start < len(text):
        end = text.find("\n", start)
        end = len(text) if end < 0 else end
        if not text[start:end].isspace() and end > start:
            return start, text[start:end]
        start = end + 1
    return len(text), ""


def _first_words(text: str, start: int) -> tuple[int, str]:
    """The first line that holds a word, and where it begins; a code fence's opening line holds none."""
    while start < len(text):
        start, line = _first_line(text, start)
        if not line.lstrip().startswith(("```", "~~~")) and re.search(r"\w", line):
            return start, line
        start += len(line) + 1
    return len(text), ""
