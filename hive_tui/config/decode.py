"""Plain data from a user's file -> structs, with errors that give the path of the bad value and what was expected."""

from __future__ import annotations

import difflib
import json
import re
from typing import Annotated, Any, TypeVar, get_args, get_origin, get_type_hints

import msgspec

from hive_tui.config.errors import ConfigError

T = TypeVar("T", bound=msgspec.Struct)

_PATH = re.compile(r"(?P<what>.*?)(?: - at `(?:key in )?\$(?P<path>.*)`)?", re.DOTALL)
_STEP = re.compile(r"\.([^.\[]+)|\[(\d+|\.\.\.)\]")
_UNKNOWN = re.compile(r"Object contains unknown field `(.*)`", re.DOTALL)
_MISSING = re.compile(r"Object missing required field `(.*)`", re.DOTALL)


def decode(table: object, struct: type[T], file: str) -> T:
    """The struct that the table says. Raises ConfigError."""
    try:
        return msgspec.convert(table, struct, strict=True)
    except msgspec.ValidationError as error:
        raise explain(str(error), table, struct, file) from error


def explain(message: str, table: object, struct: type[msgspec.Struct], file: str) -> ConfigError:
    """The error of msgspec in our words: `profiles/x.toml: stages.refiner.temperature: expected 0.0-2.0, got "hot"`."""
    match = _PATH.fullmatch(message)
    what, path = (match["what"], match["path"] or "") if match else (message, "")
    steps = _steps(path, table, struct)
    unknown, missing = _UNKNOWN.fullmatch(what), _MISSING.fullmatch(what)
    if unknown or missing:
        name = (unknown or missing or [""])[1]
        known = _fields(struct, steps)
        where = _where(file, [*steps, name])
        if missing:
            return ConfigError("is missing", where)
        near = difflib.get_close_matches(name, known, n=1)
        return ConfigError("there is no such setting" + (f"; did you mean {near[0]}?" if near else ""), where,
                           "" if near else f"known here: {', '.join(known)}")  # fmt: skip
    meta = _meta(struct, steps)
    expected = (meta and meta.description) or _expected(struct, steps, what)
    got = "" if meta and meta.extra else f", got {shown(_value(table, steps))}"
    return ConfigError(f"expected {expected}{got}", _where(file, steps))


def shown(value: object) -> str:
    """A value of a user's file, short and on one line."""
    try:
        text = json.dumps(value, ensure_ascii=False)
    except (TypeError, ValueError):
        text = str(value)
    return text if len(text) <= 60 else text[:57] + "..."


def _steps(path: str, table: object, struct: type[msgspec.Struct]) -> list[str | int]:
    steps: list[str | int] = []
    for name, index in _STEP.findall(path):
        steps.append(_wrong_key(table, struct, steps) if index == "..." else name or int(index))
    return steps


def _wrong_key(table: object, struct: type[msgspec.Struct], steps: list[str | int]) -> str:
    """The key of a dict whose value is refused: msgspec names the fields of structs, and writes `[...]` for it."""
    values, kind = _value(table, steps), get_args(_annotation(struct, steps))[1]
    assert isinstance(values, dict)
    for key, value in values.items():
        try:
            msgspec.convert(value, kind, strict=True)
        except msgspec.ValidationError:
            return str(key)
    raise ValueError(f"every value at {steps} is right")


def _where(file: str, steps: list[str | int]) -> str:
    place = ""
    for step in steps:
        place += f"[{step}]" if isinstance(step, int) else f".{step}" if place else step
    return f"{file}: {place}" if place else file


def _value(table: object, steps: list[str | int]) -> object:
    for step in steps:
        if isinstance(table, dict | list):
            table = table[step]  # type: ignore[index]
    return table


def _annotation(struct: type[msgspec.Struct], steps: list[str | int]) -> Any:
    """The type at a path, or `None` where the path leaves what the structs say."""
    current: Any = struct
    for step in steps:
        if isinstance(step, int):
            inner = [arg for option in (get_args(current) or (current,)) for arg in get_args(option)]
            current = next((arg for arg in inner if arg is not Ellipsis), None)
        elif get_origin(current) is dict:
            current = get_args(current)[1]
        elif isinstance(current, type) and issubclass(current, msgspec.Struct):
            current = get_type_hints(current, include_extras=True).get(step)
        else:
            return None
    return current


def _fields(struct: type[msgspec.Struct], steps: list[str | int]) -> list[str]:
    found = _annotation(struct, steps)
    return list(found.__struct_fields__) if isinstance(found, type) and issubclass(found, msgspec.Struct) else []


def _meta(struct: type[msgspec.Struct], steps: list[str | int]) -> msgspec.Meta | None:
    """The bounds and their description at a path, also behind `| None`."""
    found = _annotation(struct, steps)
    extras = [
        extra
        for option in (found, *get_args(found))
        if get_origin(option) is Annotated
        for extra in option.__metadata__
    ]
    return next((extra for extra in extras if isinstance(extra, msgspec.Meta)), None)


def _expected(struct: type[msgspec.Struct], steps: list[str | int], what: str) -> str:
    found = _annotation(struct, steps)
    if isinstance(found, type) and issubclass(found, msgspec.Struct):
        return "a table"
    named = re.search(r"Expected `(\w+)", what)
    return {"array": "a list", "object": "a table", "str": "text"}.get(named[1], named[1]) if named else what
