"""What a person types to find runs: words to look for, and conditions such as `outcome:errored`, `cost>0.10`, `age<7d`.

Words are looked for in questions and answers; the last letters of each may be left out, one in double quotes stands as
it is, and a minus before a word or a condition turns it round. Pure: the time is passed in.
"""

from __future__ import annotations

import datetime
import re
from collections.abc import Iterator
from decimal import Decimal, InvalidOperation
from difflib import get_close_matches

import msgspec

from hive_tui.config.units import UnitError, bytes_of, seconds_of

OUTCOMES = (
    "finished",
    "errored",
    "truncated",
    "cancelled",
    "timed_out",
    "running",
    "unfinished",
    "unreadable",
)
KINDS = ("marked", "live", "simulated", "fork")
_EQUAL = {"outcome": "outcome", "decision": "decision", "plan": "plan", "profile": "profile"}
_COLUMNS = ("question", "answer")
_NUMBERS = ("cost", "took", "age", "size")
KEYS = (*_EQUAL, "model", "run", "is", "since", "before", *_COLUMNS, *_NUMBERS)
_TERM = re.compile(
    r"(?P<minus>-?)"
    rf"(?:(?P<key>(?:{'|'.join(_NUMBERS)})(?=\s*[<>=])|[A-Za-z_]+(?=[<>=:]))\s*(?P<op><=|>=|<|>|=|:)\s*)?"
    r'(?:"(?P<quoted>[^"]*)"?|(?P<bare>\S*))'
)
"""Space may stand around the sign of a number's condition, and behind that of any."""
_SCRIPTS = re.compile("[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff]")
"""Scripts without spaces between words: what is looked for may stand in the middle of what the index calls a word."""


class FilterError(ValueError):
    """What was typed is no filter; the message says what, and what there is."""


class Condition(msgspec.Struct, frozen=True):
    """A condition of SQL on the table `runs`, with its values."""

    sql: str
    values: tuple[object, ...] = ()


class Wanted(msgspec.Struct, frozen=True):
    """What is looked for."""

    conditions: tuple[Condition, ...] = ()
    match: str = ""
    """The words that have to be there, as FTS5 takes them; empty when no word is asked for."""

    def __add__(self, other: Wanted) -> Wanted:
        match = " AND ".join(filter(None, (self.match, other.match)))
        return Wanted(self.conditions + other.conditions, match)


def parse(text: str, now_ns: int) -> Wanted:
    """What the text asks for; `now_ns` is the Unix time that ages count from.

    Raises:
        FilterError: a condition that there is none of, or whose value means nothing.
    """
    found = [_term(match, now_ns) for match in _terms(text)]
    return sum(found, Wanted())


def words(text: str) -> Wanted:
    """The text as mere words, whatever signs are in it."""
    return sum((_word(each, "", "", exact=False) for each in text.split()), Wanted())


def _terms(text: str) -> Iterator[re.Match[str]]:
    at = 0
    while at < len(text):
        if text[at].isspace():
            at += 1
            continue
        match = _TERM.match(text, at)
        assert match is not None
        if match.end() == at:
            return
        at = match.end()
        yield match


def _term(match: re.Match[str], now_ns: int) -> Wanted:
    key, op, minus = (match["key"] or "").lower(), match["op"] or "", match["minus"]
    quoted = match["quoted"] is not None
    value = match["quoted"] if quoted else match["bare"]
    if not key:
        return _word(value, minus, "", exact=quoted)
    if key not in KEYS:
        near = get_close_matches(key, KEYS, n=1)
        hint = f"did you mean {near[0]}?" if near else f"there are {', '.join(KEYS)}"
        raise FilterError(f'there is no condition {key}; {hint} To look for the words themselves: "{match[0]}"')
    if not value.strip():
        raise FilterError(f"{key}{op} needs a value")
    if key in _COLUMNS:
        return _word(value, minus, key, exact=quoted)
    if key in _NUMBERS:
        condition = _number(key, op, value, now_ns)
    elif op not in (":", "="):
        raise FilterError(f"{key} is no number: {key}:{value}")
    else:
        condition = _named(key, value)
    return Wanted((Condition(f"NOT ({condition.sql})", condition.values) if minus else condition,))


def _named(key: str, value: str) -> Condition:
    low = value.lower()
    if key == "outcome":
        _known(key, low, OUTCOMES)
    if key in _EQUAL:
        return Condition(f"{_EQUAL[key]} = ? COLLATE NOCASE", (value,))
    if key == "model":
        return Condition("instr(lower(models), ?) > 0", (low,))
    if key == "run":
        return Condition("substr(runs.run, 1, length(?)) = ?", (low, low))
    if key == "is":
        _known(key, low, KINDS)
        return Condition("parent != ''" if low == "fork" else f"{low} = 1")
    day = _day_ns(key, value)
    return Condition("wall_ns >= ?" if key == "since" else "wall_ns < ?", (day,))


def _known(key: str, value: str, values: tuple[str, ...]) -> None:
    if value not in values:
        near = get_close_matches(value, values, n=1)
        hint = f"did you mean {near[0]}?" if near else f"one of {', '.join(values)}"
        raise FilterError(f"{key}:{value} is never so; {hint}")


def _day_ns(key: str, value: str) -> int:
    try:
        return int(datetime.datetime.fromisoformat(value).astimezone().timestamp() * 1e9)
    except (ValueError, OverflowError, OSError):
        raise FilterError(f"{key}:{value} is no date; write it as 2026-11-23 or 2026-11-23T09:30") from None


def _number(key: str, op: str, value: str, now_ns: int) -> Condition:
    op = "=" if op == ":" else op
    try:
        if key == "cost":
            cost = Decimal(value.removeprefix("$"))
            if not cost.is_finite():
                raise InvalidOperation
            return Condition(f"cost {op} ?", (float(cost),))
        if key == "size":
            return Condition(f"size {op} ?", (bytes_of(value),))
        ns = round(seconds_of(value) * 1e9)
    except InvalidOperation:
        raise FilterError(f"{key}{op}{value} is no sum of dollars, such as cost>0.05") from None
    except UnitError as error:
        raise FilterError(f"{key}{op}{value}: {error}") from error
    if key == "took":
        return Condition(f"duration_ns {op} ?", (ns,))
    return Condition(f"? - wall_ns {op} ?", (now_ns, ns))


def _word(value: str, minus: str, column: str, *, exact: bool) -> Wanted:
    if not value.strip():
        return Wanted()
    if _SCRIPTS.search(value) or not any(map(str.isalnum, value)):
        columns = (column,) if column else _COLUMNS
        like = " OR ".join(f"instr(lower({each}), ?) > 0" for each in columns)
        sql = f"runs.id {'NOT ' * bool(minus)}IN (SELECT rowid FROM texts WHERE {like})"
        return Wanted((Condition(sql, (value.lower(),) * len(columns)),))
    phrase = '"' + value.replace('"', " ").replace("\0", " ") + '"' + ("" if exact else "*")
    phrase = f"{column} : {phrase}" if column else phrase
    if minus:
        return Wanted((Condition("runs.id NOT IN (SELECT rowid FROM texts WHERE texts MATCH ?)", (phrase,)),))
    return Wanted(match=phrase)
