"""`--assert 'PATH OP VALUE'`: what a script wants to be so in a document, and what is."""

from __future__ import annotations

import re
from decimal import Decimal, InvalidOperation

import msgspec

from hive_tui.cli.parser import UsageError
from hive_tui.cli.plaintext import one_line
from hive_tui.config.errors import ConfigError

_WHOLE = re.compile(r"\s*(?P<path>\S+?)\s*(?P<op>==|!=|<|>|~)\s*(?P<value>.*?)\s*", re.DOTALL)
_STEP = re.compile(r"\.?([A-Za-z_][A-Za-z_0-9]*)|\[(-?\d{1,9})\]")
_FORM = "expected 'PATH OP VALUE', such as 'decision == majority' or 'stages[1].attempts[0].chunks > 10'"


class Assertion(msgspec.Struct, frozen=True):
    """One `--assert`, taken apart."""

    text: str
    path: tuple[str | int, ...]
    op: str
    value: object
    """JSON where it reads as JSON, else the words themselves."""


def parse_assertion(text: str) -> Assertion:
    """Raises UsageError."""
    found = _WHOLE.fullmatch(text)
    if found is None:
        raise UsageError(f"--assert {text!r}: {_FORM}")
    path, at = found["path"], 0
    steps: list[str | int] = []
    while at < len(path):
        step = _STEP.match(path, at)
        if step is None or (at and path[at] not in ".["):
            raise UsageError(f"--assert {text!r}: {path!r} is no path in a document: {_FORM}")
        steps.append(step[1] if step[1] is not None else int(step[2]))
        at = step.end()
    value = _value(found["value"])
    if found["op"] == "~":
        value = found["value"] if not isinstance(value, str) else value
        try:
            re.compile(str(value))
        except re.error as error:
            raise UsageError(f"--assert {text!r}: no regular expression: {error}") from error
    if found["op"] in "<>" and _number(value) is None:
        raise UsageError(f"--assert {text!r}: {found['op']} needs a number, got {found['value']!r}")
    return Assertion(text, tuple(steps), found["op"], value)


def failure(assertion: Assertion, document: object) -> str:
    """Why it is not so; empty when it is. What is `null` holds nothing: `null` is all that is found below it.

    Raises:
        UsageError: no document has such a key.
        ConfigError: this one has fewer elements.
    """
    found = document
    for step in assertion.path:
        if isinstance(found, dict) and isinstance(step, str):
            if step not in found:
                known = ", ".join(found)
                raise UsageError(f"--assert {assertion.text!r}: there is no {step!r}; there are {known}")
            found = found[step]
        elif isinstance(found, list) and isinstance(step, int):
            if not -len(found) <= step < len(found):
                what = f"there is no element {step}: {len(found)} are there at this moment"
                raise ConfigError(what, f"--assert {assertion.text!r}")
            found = found[step]
        elif found is not None:
            what = "a list, which takes a number" if isinstance(found, list) else "an object, which takes a name"
            what = what if isinstance(found, list | dict) else "a value that holds nothing"
            raise UsageError(f"--assert {assertion.text!r}: {step!r} stands behind {what}")
    if _holds(found, assertion.op, assertion.value):
        return ""
    return f"{assertion.text!r} is not so: found {one_line(msgspec.json.encode(found).decode())}"


def _holds(found: object, op: str, wanted: object) -> bool:
    if op == "~":
        return isinstance(found, str) and re.search(str(wanted), found) is not None
    left, right = _number(found), _number(wanted)
    both = left is not None and right is not None and not (isinstance(found, str) and isinstance(wanted, str))
    if op in "<>":
        return left is not None and right is not None and (left < right if op == "<" else left > right)
    same = left == right if both else type(found) is type(wanted) and found == wanted
    return same if op == "==" else not same


def _value(text: str) -> object:
    try:
        value: object = msgspec.json.decode(text)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return text
    return value


def _number(value: object) -> Decimal | None:
    """The number that it is; costs are numbers written as text."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        number = Decimal(str(value))
    except InvalidOperation:
        return None
    return number if number.is_finite() else None
