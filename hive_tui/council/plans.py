"""Plans as data: who is asked in which order, and what each is given.

A plan is a TOML file in `plans/` that lists its stages; the order in which they are asked follows from their inputs.
"""

from __future__ import annotations

import graphlib
import tomllib
from functools import cache
from importlib import resources

import msgspec

from hive_tui.config.request import RunRequest
from hive_tui.council import prompts
from hive_tui.events import Plan, StageSpec

WRITER = "generator"
"""The role that writes the first text; it is given nothing but the question."""
CURATOR = "curator"
"""The role that owns the final answer."""
REVIEWERS = ("refiner", "validator", CURATOR)
"""Roles that judge the text of an earlier stage."""


class PlanError(ValueError):
    """A plan cannot be run as it stands, or a request does not fit it; the message says where and why."""


class Place(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A stage before anybody is chosen to answer there."""

    stage: str
    role: str
    prompt: str
    inputs: tuple[str, ...] = ()


class _PlanFile(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    stages: tuple[Place, ...]


def parse_plan(text: str, source: str) -> tuple[Place, ...]:
    """The places of a plan file, each after its inputs; `source` names the file in errors. Raises `PlanError`."""
    try:
        places = msgspec.convert(tomllib.loads(text), _PlanFile).stages
    except (tomllib.TOMLDecodeError, msgspec.ValidationError) as error:
        raise PlanError(f"{source}: {error}") from error
    by_name = {place.stage: place for place in places}
    if len(by_name) != len(places):
        raise PlanError(f"{source}: two stages have the same name")
    for place in places:
        _check_place(place, by_name, source)
    try:
        order = tuple(graphlib.TopologicalSorter({p.stage: p.inputs for p in places}).static_order())
    except graphlib.CycleError as error:
        raise PlanError(f"{source}: stages wait for each other: {' <- '.join(error.args[1])}") from error
    ordered = tuple(by_name[name] for name in order)
    if sum(place.role == WRITER for place in ordered) != 1:
        raise PlanError(f"{source}: expected one {WRITER}")
    if len(ordered) > 1 and ordered[-1].role != CURATOR:
        raise PlanError(f"{source}: a plan with reviews must end with a {CURATOR}, who decides between them")
    return ordered


@cache
def load_plan(name: str) -> tuple[Place, ...]:
    """The shipped plan of that name. Raises `PlanError` when there is none."""
    folder = resources.files("hive_tui.council").joinpath("plans")
    known = sorted(entry.name.removesuffix(".toml") for entry in folder.iterdir() if entry.name.endswith(".toml"))
    if name not in known:
        raise PlanError(f"no plan is called {name!r}; plans are {', '.join(known)}")
    return parse_plan(folder.joinpath(f"{name}.toml").read_text(encoding="utf-8"), f"{name}.toml")


def build_plan(request: RunRequest) -> Plan:
    """Seat the request's models at the places of its plan. Raises `PlanError` when one is missing or unknown."""
    endpoints = {endpoint.name for endpoint in request.endpoints}
    specs = []
    for place in load_plan(request.plan):
        settings = request.stages.get(place.stage)
        if settings is None:
            raise PlanError(f"plan {request.plan}: nobody is named for stage {place.stage!r}")
        if settings.endpoint not in endpoints:
            raise PlanError(f"stage {place.stage}: no endpoint is called {settings.endpoint!r}")
        prompt = settings.prompt or place.prompt
        if not prompts.exists(prompt):
            raise PlanError(f"stage {place.stage}: no prompt is called {prompt!r}")
        specs.append(
            StageSpec(
                stage=place.stage,
                role=place.role,
                endpoint=settings.endpoint,
                model=settings.model,
                inputs=place.inputs,
                fallbacks=settings.fallbacks,
                params=settings.params,
                prompt=prompt,
            )
        )
    return Plan(request.plan, tuple(specs), request.tally)


def _check_place(place: Place, by_name: dict[str, Place], source: str) -> None:
    if place.role != WRITER and place.role not in REVIEWERS:
        raise PlanError(f"{source}: stages.{place.stage}.role: no role is called {place.role!r}")
    if (place.role == WRITER) == bool(place.inputs):
        rule = "takes no inputs" if place.inputs else "needs an input to judge"
        raise PlanError(f"{source}: stages.{place.stage}.inputs: a {place.role} {rule}")
    for name in place.inputs:
        if name not in by_name:
            raise PlanError(f"{source}: stages.{place.stage}.inputs: no stage is called {name!r}")
