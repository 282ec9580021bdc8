"""What can be set in a fork, and what a fork asks then."""

from __future__ import annotations

from pathlib import Path

import pytest

from hive_tui.config.errors import ConfigError
from hive_tui.config.forking import SetError, forked, parse_change
from hive_tui.config.options import RunOptions
from hive_tui.config.profile import EndpointTable, Profile
from hive_tui.config.request import PLANS, RunRequest
from hive_tui.config.secrets import Secrets
from hive_tui.events import Params, Plan, RunStarted, StageSpec


def parent(plan: str = "pipeline", endpoint: str = "simulator") -> RunStarted:
    specs = tuple(StageSpec(name, name, endpoint, f"m-{name}", params=Params(seed=3)) for name in PLANS[plan])
    return RunStarted("01ab", "Why?", Plan(plan, specs), "default", True, 1, timeout_s=60.0)


@pytest.fixture
def secrets(tmp_path: Path) -> Secrets:
    return Secrets(str(tmp_path / "keys.toml"), {})


def made(secrets: Secrets, *sets: str, of: RunStarted | None = None, **options: object) -> RunRequest:
    profile = options.pop("with_profile", Profile())
    assert isinstance(profile, Profile)
    given = RunOptions(**options)  # type: ignore[arg-type]
    return forked(of or parent(), [parse_change(each) for each in sets], given, profile, secrets)


def test_without_a_change_it_asks_what_its_parent_asked(secrets: Secrets) -> None:
    request = made(secrets)
    assert (request.question, request.plan, request.profile, request.timeout_s) == ("Why?", "pipeline", "default", 60.0)
    assert {name: each.model for name, each in request.stages.items()} == {n: f"m-{n}" for n in PLANS["pipeline"]}
    assert {each.params for each in request.stages.values()} == {Params(seed=3)}
    assert request.simulated


def test_each_setting_changes_its_own_and_nothing_else(secrets: Secrets) -> None:
    request = made(
        secrets,
        "question=How = so?",
        "tally=majority",
        "stages.refiner.model=other",
        "stages.refiner.temperature=0.5",
        "stages.refiner.seed=",
        "stages.curator.fallbacks=a, b",
        "stages.curator.prompt=curator.v1",
    )
    refiner, curator = request.stages["refiner"], request.stages["curator"]
    assert (request.question, request.tally, made(secrets).tally) == ("How = so?", "majority", "chain")
    assert (refiner.model, refiner.params) == ("other", Params(temperature=0.5))
    assert (curator.fallbacks, curator.prompt, curator.params) == (("a", "b"), "curator.v1", Params(seed=3))
    assert request.stages["generator"] == made(secrets).stages["generator"]


@pytest.mark.parametrize("name", ["127.0.0.1:11434", "models.example:443", "localhost:8080", "[::1]:8080"])
def test_an_endpoint_of_the_command_line_is_to_be_named_there_again(secrets: Secrets, name: str) -> None:
    with pytest.raises(ConfigError, match="was asked with --endpoint") as refused:
        made(secrets, of=parent(endpoint=name))
    assert "add the same --endpoint URL" in refused.value.todo


def test_another_plan_takes_its_further_stages_from_the_profile(secrets: Secrets) -> None:
    request = made(secrets, "plan=pipeline", of=parent("single"))
    assert request.stages["generator"].model == "m-generator"
    assert request.stages["curator"].model == "sim/delta"
    assert list(made(secrets, "plan=single").stages) == ["generator"]
    with pytest.raises(ConfigError, match="the plan single has no stage refiner"):
        made(secrets, "plan=single", "stages.refiner.model=x")


def test_an_endpoint_is_that_of_the_profile_or_the_one_named_beside_it(secrets: Secrets) -> None:
    far = parent(endpoint="far.example")
    with pytest.raises(ConfigError, match="there is no endpoint"):
        made(secrets, of=far)
    known = Profile(endpoints={"far.example": EndpointTable("https://far.example/v1")})
    assert made(secrets, of=far, with_profile=known).endpoints[0].base_url == "https://far.example/v1"
    asked = parent(endpoint="far.example:443")  # as an endpoint of the command line is recorded
    named = made(secrets, of=asked, endpoint="https://far.example/v2", timeout_s=5.0)
    assert [each.base_url for each in named.endpoints] == ["https://far.example/v2"]
    assert named.timeout_s == 5.0


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("stages.refiner.model", "expected PATH=VALUE"),
        ("stages.refiner.model=", "expected a model's name"),
        ("stages.refiner.modle=x", "did you mean stages.refiner.model"),
        ("stages.poet.model=x", "cannot be set"),
        ("rounds=2", "what can: question, plan, tally, stages.STAGE.NAME"),
        ("tally=loudest", "expected chain or curator or direct or majority"),
        ("plan=tree", "expected single or pipeline"),
        ("question=", "expected a question"),
        ("stages.refiner.temperature=hot", "expected 0 to 2"),
        ("stages.refiner.temperature=nan", "expected 0 to 2"),
        ("stages.refiner.temperature=2.1", "expected 0 to 2"),
        ("stages.refiner.max_tokens=0", "a whole number from 1"),
        ("stages.refiner.max_tokens=1.5", "a whole number from 1"),
        ("stages.refiner.seed=99999999999999999999", "a whole number"),
        ("stages.refiner.reasoning_effort=most", "none or minimal or low"),
    ],
)
def test_what_cannot_be_set_is_refused_with_what_can(text: str, says: str) -> None:
    with pytest.raises(SetError, match=says):
        parse_change(text)
