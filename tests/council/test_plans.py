"""Plans are data that is checked before anybody is asked."""

import pytest

from hive_tui.config.request import PLANS, EndpointSpec, RunRequest, StageSettings
from hive_tui.council.plans import PlanError, build_plan, load_plan, parse_plan
from hive_tui.events import Params


def request(plan: str = "pipeline", **changes: StageSettings) -> RunRequest:
    stages = {name: StageSettings("far", f"model-{name}") for name in PLANS.get(plan, ())}
    return RunRequest("Why?", plan, "default", stages | changes, (EndpointSpec("far", "http://far/v1", "openai"),))


@pytest.mark.parametrize("name", PLANS)
def test_the_configuration_and_the_council_mean_the_same_plans(name: str) -> None:
    assert tuple(place.stage for place in load_plan(name)) == PLANS[name]


@pytest.mark.parametrize("name", PLANS)
def test_every_stage_stands_after_its_inputs(name: str) -> None:
    seen: set[str] = set()
    for place in load_plan(name):
        assert seen.issuperset(place.inputs)
        seen.add(place.stage)


def test_a_plan_seats_the_requests_models() -> None:
    chosen = StageSettings("far", "other", ("spare",), Params(temperature=0.1), "refiner.v1")
    plan = build_plan(request(refiner=chosen))
    refiner = plan.stages[1]
    assert (plan.name, refiner.role, refiner.model, refiner.fallbacks) == ("pipeline", "refiner", "other", ("spare",))
    assert (refiner.params, refiner.endpoint, refiner.inputs) == (Params(temperature=0.1), "far", ("generator",))
    assert [spec.prompt for spec in plan.stages] == ["generator.v1", "refiner.v1", "validator.v1", "curator.v1"]


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        (request("debate"), "no plan is called 'debate'; plans are pipeline, single"),
        (request("../../etc/passwd"), "no plan is called"),
        (request(refiner=StageSettings("near", "m")), "stage refiner: no endpoint is called 'near'"),
        (request(refiner=StageSettings("far", "m", prompt="refiner.v99")), "no prompt is called 'refiner.v99'"),
        (request(refiner=StageSettings("far", "m", prompt="../plans/x")), "no prompt is called"),
        (RunRequest("Why?", "single", "default", {}, ()), "nobody is named for stage 'generator'"),
    ],
)
def test_a_request_that_does_not_fit_is_refused(wrong: RunRequest, words: str) -> None:
    with pytest.raises(PlanError, match=words.replace(".", r"\.")):
        build_plan(wrong)


GENERATOR = '[[stages]]\nstage = "g"\nrole = "generator"\nprompt = "generator.v1"\n'


def stage(name: str, role: str, *inputs: str) -> str:
    return f'[[stages]]\nstage = "{name}"\nrole = "{role}"\nprompt = "p"\ninputs = {list(inputs)}\n'


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("stages = 3", r"Expected `array`, got `int` - at `\$\.stages`"),
        ("[[stages]", "x.toml:"),
        (GENERATOR + 'colour = "red"\n', "unknown field `colour`"),
        (GENERATOR + GENERATOR, "two stages have the same name"),
        (GENERATOR + stage("c", "curator", "nobody"), r"stages\.c\.inputs: no stage is called 'nobody'"),
        (GENERATOR + stage("c", "king", "g"), r"stages\.c\.role: no role is called 'king'"),
        (GENERATOR + stage("c", "curator"), r"stages\.c\.inputs: a curator needs an input"),
        (stage("g", "generator", "g"), r"stages\.g\.inputs: a generator takes no inputs"),
        (GENERATOR + stage("r", "refiner", "c") + stage("c", "curator", "r"), "stages wait for each other"),
        (GENERATOR + stage("r", "refiner", "g"), "must end with a curator"),
        (GENERATOR + stage("g2", "generator"), "expected one generator"),
    ],
)
def test_a_plan_that_cannot_be_run_is_refused(text: str, words: str) -> None:
    with pytest.raises(PlanError, match=words) as caught:
        parse_plan(text, "x.toml")
    assert str(caught.value).startswith("x.toml: ")


def test_the_order_follows_from_the_inputs_not_from_the_file() -> None:
    text = stage("c", "curator", "r") + stage("r", "refiner", "g") + GENERATOR
    assert [place.stage for place in parse_plan(text, "x.toml")] == ["g", "r", "c"]
