"""The options that `hive` and `hive ask` share: each wrong value is refused before anything else happens."""

import pytest

from hive_tui.cli import options
from hive_tui.cli.commands import ASK
from hive_tui.cli.options import question, run_options
from hive_tui.cli.parser import UsageError, parse
from hive_tui.config.options import RunOptions
from hive_tui.config.request import PLANS, STAGES


def test_all_of_them_at_once() -> None:
    line = "--endpoint https://h/v1 --key-env MY_KEY --dialect openai --model m --model refiner=r --profile p-1"
    found = run_options(parse(ASK, [*line.split(), "--plan", "single", "--timeout", "2.5"]))
    assert (found.endpoint, found.key_env, found.dialect) == ("https://h/v1", "MY_KEY", "openai")
    assert (found.model, found.stage_models) == ("m", (("refiner", "r"),))
    assert (found.profile, found.plan, found.timeout_s) == ("p-1", "single", 2.5)


def test_none_of_them_leaves_all_to_the_profile() -> None:
    found = run_options(parse(ASK, []))
    assert all(not getattr(found, name) for name in RunOptions.__slots__)


def test_a_model_name_may_hold_an_equals_sign_behind_its_stage() -> None:
    assert run_options(parse(ASK, ["--model", "curator=a=b"])).stage_models == (("curator", "a=b"),)


@pytest.mark.parametrize("name", ["org/model+a=b", "sim/atlas+fault=stall:3", "m:x=1", "gpt-4=x"])
def test_a_name_with_signs_before_its_equals_sign_is_a_model_for_all(name: str) -> None:
    found = run_options(parse(ASK, ["--model", name]))
    assert (found.model, found.stage_models) == (name, ())


@pytest.mark.parametrize(
    ("argv", "expected"),
    [
        (["--endpoint", "host/v1"], "--endpoint: expected a URL that begins with https:// or http://"),
        (["--endpoint", "https://me:hunter2@host/v1"], "--endpoint: a name or password has no place in a URL"),
        (["--endpoint", "https://h/v1/chat/completions"], "--endpoint: expected the base alone"),
        (["--endpoint", "https://h/v1?k=hunter2"], "--endpoint: expected the base alone"),
        (["--key-env", "A"], "--key-env belongs to an endpoint named beside it"),
        (["--dialect", "openai"], "--dialect belongs to an endpoint named beside it"),
        (
            ["--endpoint", "http://h", "--key-env", "hunter2-x"],
            "--key-env: expected the name of an environment variable",
        ),
        (["--endpoint", "http://h", "--dialect", "opnai"], "--dialect: expected openrouter, openai or anthropic"),
        (["--plan", "pipelin"], "--plan: expected single or pipeline, got 'pipelin'; did you mean pipeline?"),
        (["--model", "refner=x"], "--model refner=x: there is no stage 'refner'; did you mean refiner?"),
        (["--model", "zzz=x"], "--model zzz=x: there is no stage 'zzz'; the stages are generator, refiner"),
        (["--model", "refiner="], "--model refiner=: the model's name is missing"),
        (["--profile", "../x"], "--profile: expected a name of letters, digits, '-' and '_', got '../x'"),
        (["--profile", "a/b"], "--profile: expected a name"),
        (["--profile", "x" * 65], "--profile: expected a name"),
        *(
            (["--timeout", value], "--timeout: expected seconds above 0 and up to 604800, got ")
            for value in ("-5", "0", "nan", "inf", "-inf", "1e999", "ten", "1,5", "604801")
        ),
    ],
)
def test_a_wrong_value_is_refused(argv: list[str], expected: str) -> None:
    with pytest.raises(UsageError) as refusal:
        run_options(parse(ASK, argv))
    assert str(refusal.value).startswith(expected)
    assert "hunter2" not in str(refusal.value)


def test_a_question_is_its_words() -> None:
    assert question([]) is None
    assert question(["why", "not"]) == "why not"
    assert question(["two\nlines  kept"]) == "two\nlines  kept"


@pytest.mark.parametrize("words", [[""], [" ", "\n"]])
def test_a_blank_question_is_refused(words: list[str]) -> None:
    with pytest.raises(UsageError, match="the question is empty"):
        question(words)


def test_the_names_that_the_parser_knows_are_those_of_the_request() -> None:
    # Written twice: the request's module imports msgspec, which the way to the first frame cannot afford.
    assert options.STAGES == STAGES
    assert tuple(PLANS) == options.PLANS
