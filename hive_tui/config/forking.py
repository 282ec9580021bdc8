"""What a fork asks: what its parent asked, with what a person sets anew; pure but for the keys that must be there."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Sequence
from difflib import get_close_matches
from typing import Any

import msgspec
from msgspec.structs import replace

from hive_tui.config.endpoints import named_on_command_line
from hive_tui.config.errors import ConfigError
from hive_tui.config.options import RunOptions
from hive_tui.config.profile import Profile
from hive_tui.config.request import PLANS, TALLIES, EndpointSpec, RunRequest, StageSettings
from hive_tui.config.resolve import assembled, check_text, own_endpoint, resolve
from hive_tui.config.secrets import Secrets
from hive_tui.events import RunStarted

_ADDRESS = re.compile(r".+:\d+")
"""How an endpoint is named that stood on the command line: by its host and port."""
EFFORTS = ("none", "minimal", "low", "medium", "high", "xhigh", "max")


class SetError(ValueError):
    """A setting that nothing has, or a value that it cannot have; the message names what can be set."""


class Change(msgspec.Struct, frozen=True):
    """One `PATH=VALUE`."""

    stage: str
    """Empty for what the whole run has."""
    name: str
    value: Any
    """`None` leaves it to the provider, the prompt to the plan."""


def parse_change(text: str) -> Change:
    """Raises SetError."""
    path, equals, value = text.partition("=")
    path, value = path.strip(), value.strip()
    if not equals:
        raise SetError(f"{text}: expected PATH=VALUE, such as stages.refiner.model=NAME")
    parts = path.split(".")
    if len(parts) == 1 and path in _OF_RUN:
        return Change("", path, _valued(path, value, _OF_RUN[path]))
    if len(parts) == 3 and parts[0] == "stages" and parts[1] in PLANS["pipeline"] and parts[2] in _OF_STAGE:
        return Change(parts[1], parts[2], _valued(path, value, _OF_STAGE[parts[2]]))
    known = [*_OF_RUN, *(f"stages.{stage}.{name}" for stage in PLANS["pipeline"] for name in _OF_STAGE)]
    near = get_close_matches(path, known, n=1)
    hint = f"; did you mean {near[0]}?" if near else ""
    stages, names = ", ".join(PLANS["pipeline"]), ", ".join(_OF_STAGE)
    raise SetError(
        f"{path}: cannot be set{hint}; what can: {', '.join(_OF_RUN)}, stages.STAGE.NAME "
        f"with STAGE one of {stages} and NAME one of {names}"
    )


def forked(
    parent: RunStarted, changes: Sequence[Change], options: RunOptions, profile: Profile, secrets: Secrets
) -> RunRequest:
    """The request of a fork: the parent's stages as they were recorded, then the changes.

    Endpoints, limits, retries and prices are those of the profile; `options` may name another one, or an endpoint, and
    bound the run. Raises ConfigError: the fork cannot be asked so.
    """
    run = {change.name: change.value for change in changes if not change.stage}
    question, plan = run.get("question", parent.question), run.get("plan", parent.plan.name)
    check_text(question)
    if plan not in PLANS:
        raise ConfigError(f"there is no plan {plan}", "plan", f"set another: --set plan={' or plan='.join(PLANS)}")
    tally = run.get("tally", parent.plan.tally)
    if tally not in TALLIES:
        todo = f"set another: --set tally={' or tally='.join(TALLIES)}"
        raise ConfigError(f"there is no tally {tally}", "tally", todo)
    name = options.profile or parent.profile
    stages = {
        spec.stage: StageSettings(spec.endpoint, spec.model, spec.fallbacks, spec.params, spec.prompt)
        for spec in parent.plan.stages
        if spec.stage in PLANS[plan]
    }
    if any(stage not in stages for stage in PLANS[plan]):
        fresh = resolve(question, RunOptions(plan=plan, profile=name), profile, secrets).stages
        stages = {stage: stages.get(stage) or fresh[stage] for stage in PLANS[plan]}
    for change in changes:
        if change.stage:
            if change.stage not in stages:
                todo = f"its stages: {', '.join(stages)}"
                where = f"--set stages.{change.stage}.{change.name}"
                raise ConfigError(f"the plan {plan} has no stage {change.stage}", where, todo)
            stages[change.stage] = _changed(stages[change.stage], change)
    endpoints = _endpoints(stages, options, profile, name)
    timeout_s = parent.timeout_s if options.timeout_s is None else options.timeout_s
    return replace(assembled(question, plan, name, stages, endpoints, profile, secrets, timeout_s), tally=tally)


def _endpoints(
    stages: dict[str, StageSettings], options: RunOptions, profile: Profile, name: str
) -> tuple[EndpointSpec, ...]:
    found: dict[str, EndpointSpec] = {}
    if options.endpoint is not None:
        named = named_on_command_line(options.endpoint, options.dialect, options.key_env)
        found[named.name] = named
    for stage, settings in stages.items():
        if settings.endpoint not in found:
            try:
                found[settings.endpoint] = own_endpoint(settings.endpoint, profile, f"profiles/{name}.toml", stage)
            except ConfigError as error:
                if not _ADDRESS.fullmatch(settings.endpoint):
                    raise
                what = f"the run was asked with --endpoint, at {settings.endpoint}, which no profile names"
                raise ConfigError(
                    what, error.where, "add the same --endpoint URL, and --key-env if it had one"
                ) from error
    used = {settings.endpoint for settings in stages.values()}
    return tuple(spec for spec in found.values() if spec.name in used)


def _changed(settings: StageSettings, change: Change) -> StageSettings:
    if change.name in ("endpoint", "model", "fallbacks", "prompt"):
        value = () if change.name == "fallbacks" and change.value is None else change.value
        return replace(settings, **{change.name: value or ("" if change.name == "prompt" else value)})
    return replace(settings, params=replace(settings.params, **{change.name: change.value}))


def _valued(path: str, value: str, read: Callable[[str], Any]) -> Any:
    try:
        return read(value)
    except ValueError as error:
        raise SetError(f"{path}: expected {error}, got {value!r}") from error


def _text(what: str) -> Callable[[str], str]:
    def read(value: str) -> str:
        if not value:
            raise ValueError(what)
        return value

    return read


def _number(low: float, high: float) -> Callable[[str], float | None]:
    def read(value: str) -> float | None:
        if not value:
            return None
        try:
            number = float(value)
        except ValueError:
            number = math.nan
        if not low <= number <= high:
            raise ValueError(f"{low:g} to {high:g}, or nothing for the provider's own")
        return number

    return read


def _whole(low: int, high: int) -> Callable[[str], int | None]:
    def read(value: str) -> int | None:
        if not value:
            return None
        digits = value.removeprefix("-")
        if not (digits.isascii() and digits.isdigit() and len(digits) < 20 and low <= int(value) <= high):
            raise ValueError(f"a whole number from {low} to {high}, or nothing for the provider's own")
        return int(value)

    return read


def _one_of(*words: str, empty: bool = False) -> Callable[[str], str | None]:
    def read(value: str) -> str | None:
        if empty and not value:
            return None
        if value not in words:
            raise ValueError(" or ".join(words))
        return value

    return read


def _models(value: str) -> tuple[str, ...]:
    return tuple(each.strip() for each in value.split(",") if each.strip())


_OF_RUN: dict[str, Callable[[str], Any]] = {
    "question": _text("a question"),
    "plan": _one_of(*PLANS),
    "tally": _one_of(*TALLIES),
}
_OF_STAGE: dict[str, Callable[[str], Any]] = {
    "model": _text("a model's name"),
    "endpoint": _text("an endpoint's name"),
    "fallbacks": _models,
    "prompt": lambda value: value or None,
    "temperature": _number(0, 2),
    "top_p": _number(0, 1),
    "max_tokens": _whole(1, 10_000_000),
    "seed": _whole(-(2**63), 2**63 - 1),
    "reasoning_effort": _one_of(*EFFORTS, empty=True),
}
