"""Profiles: what is right is loaded, what is wrong is named with its path, and saving keeps the person's own words."""

import os
import stat
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hive_tui.config.errors import ConfigError, FolderError
from hive_tui.config.paths import Paths, paths
from hive_tui.config.profile import Profile
from hive_tui.config.profile_file import edited, load_profile, profile_names, read_profile, save_values


@pytest.fixture
def places(tmp_path: Path) -> Paths:
    return paths({"HIVE_HOME": str(tmp_path)})


def write(places: Paths, name: str, text: str) -> Path:
    file = Path(places.profiles, f"{name}.toml")
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text)
    return file


WHOLE = """
plan = "single"
endpoint = "mine"
[stages.refiner]
model = "a/b"
fallbacks = ["c"]
temperature = 0.5
reasoning_effort = "low"
seed = 7
[endpoints.mine]
base_url = "http://127.0.0.1:8000/v1"
key_env = "MINE"
headers = {X-Title = "Hive"}
[limits]
idle = 5
[retry]
attempts = 1
"""


def test_a_whole_profile_is_read(places: Paths) -> None:
    write(places, "whole", WHOLE)
    profile = load_profile(places, "whole")
    assert profile.plan == "single"
    assert profile.stages["refiner"].fallbacks == ("c",)
    assert profile.endpoints["mine"].headers == {"X-Title": "Hive"}
    assert profile.limits.idle == 5.0
    assert profile_names(places) == ["default", "whole"]


def test_the_default_profile_needs_no_file(places: Paths) -> None:
    assert load_profile(places, "default") == Profile()


def test_an_unknown_profile_says_which_there_are(places: Paths) -> None:
    write(places, "mine", "")
    with pytest.raises(ConfigError, match="no such profile") as refusal:
        load_profile(places, "nine")
    assert "default, mine" in refusal.value.todo


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('temperature = "hot"', 'temperature: expected 0.0-2.0, got "hot"'),
        ("temperature = 2.5", "temperature: expected 0.0-2.0, got 2.5"),
        ("temperature = nan", "temperature: expected 0.0-2.0, got NaN"),
        ("temperature = true", "temperature: expected 0.0-2.0, got true"),
        ("seed = 1.5", "seed: expected a whole number, got 1.5"),
        ("max_tokens = 0", "max_tokens: expected a whole number of tokens above 0, got 0"),
        ('fallbacks = ["a", 3]', "fallbacks[1]: expected a name, got 3"),
        ('fallbacks = "a"', 'fallbacks: expected a list, got "a"'),
        ("temprature = 1", "temprature: there is no such setting; did you mean temperature?"),
    ],
)
def test_a_wrong_setting_of_a_stage_is_named_with_its_place(text: str, expected: str) -> None:
    with pytest.raises(ConfigError) as refusal:
        read_profile(f"[stages.refiner]\n{text}".encode(), "x")
    assert str(refusal.value).startswith(f"profiles/x.toml: stages.refiner.{expected}")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("[stages.refner]", "stages.refner: there is no such stage; did you mean refiner?"),
        ("stages = 3", "stages: expected a table, got 3"),
        ("prices = [1]", "prices: expected a table, got [1]"),
        ('[prices."a/b.c"]\nprompt = 1', "prices.a/b.c.completion: is missing"),
        ("[prices.a]\nprompt = 1\ncompletion = 1\n[prices.b]\nprompt = -1", "prices.b.prompt: expected dollars per"),
        ("[prices.a]\npromt = 1", "prices.a.promt: there is no such setting; did you mean prompt?"),
        ("[stages]\nrefiner = 3", "stages.refiner: expected a table, got 3"),
        ('plan = "pipelin"', 'plan: expected single or pipeline, got "pipelin"'),
        ("[limits]\nidle = 0", "limits.idle: expected seconds above 0, got 0"),
        ("[limits]\nidle = inf", "limits.idle: expected seconds above 0, got Infinity"),
        ("limits = 3", "limits: expected a table, got 3"),
        ("[retry]\nattempts = 99", "retry.attempts: expected a whole number from 1 to 10, got 99"),
        ("plan = ", "is no TOML: "),
    ],
)
def test_what_is_wrong_is_named_with_its_place(text: str, expected: str) -> None:
    with pytest.raises(ConfigError) as refusal:
        read_profile(text.encode(), "x")
    assert str(refusal.value).startswith(f"profiles/x.toml: {expected}")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", "base_url: is missing"),
        ('base_url = "host/v1"', "base_url: expected a URL that begins with"),
        ('base_url = "http://h"\nkey_env = "sk-1"', "key_env: expected the name of an environment variable"),
        ('base_url = "http://h"\nheaders = {Authorization = "sk-1"}', "headers.Authorization: a key has no place"),
        ('base_url = "http://h"\nheaders = {X-API-Key = "sk-1"}', "headers.X-API-Key: a key has no place"),
        ('base_url = "http://h"\nheaders = {"X Y" = "z"}', "headers.X Y: expected a header's name"),
        ('base_url = "http://h"\nheaders = {X = "a\\nb"}', "headers.X: expected text on one line"),
        ('base_url = "http://h"\nheaders = {X = "y", Z = 3}', "headers.Z: expected text, got 3"),
        ('base_url = "http://h"\napi_key = "sk-1"', "api_key: there is no such setting"),
    ],
)
def test_a_wrong_endpoint_is_named_with_its_place_and_a_key_in_it_is_not_repeated(text: str, expected: str) -> None:
    with pytest.raises(ConfigError) as refusal:
        read_profile(f"[endpoints.a]\n{text}".encode(), "x")
    assert str(refusal.value).startswith(f"profiles/x.toml: endpoints.a.{expected}")
    assert "sk-1" not in str(refusal.value)


def test_bytes_that_are_no_text_are_refused() -> None:
    with pytest.raises(ConfigError, match="UTF-8"):
        read_profile(b"\xff", "x")


COMMENTED = """# mine
plan = "single"   # for the train

[stages.refiner]  # the careful one
temperature = 0.5
model   =  "old"
"""


def test_saving_one_value_keeps_comments_and_layout(places: Paths) -> None:
    file = write(places, "x", COMMENTED)
    profile = save_values(places, "x", {("stages", "refiner", "model"): "new"})
    assert file.read_text() == COMMENTED.replace('"old"', '"new"')
    assert profile == load_profile(places, "x")
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert sorted(os.listdir(file.parent)) == [".lock", "x.toml"], "no temporary file is left"


def test_saving_makes_the_file_and_the_tables(places: Paths) -> None:
    save_values(
        places, "default", {("stages", "curator", "model"): "m", ("stages", "curator", "fallbacks"): ("a", "b")}
    )
    stage = load_profile(places, "default").stages["curator"]
    assert (stage.model, stage.fallbacks) == ("m", ("a", "b"))


@given(st.text(min_size=1, max_size=50), st.lists(st.text(min_size=1, max_size=9), max_size=3))
def test_any_name_that_a_server_may_give_a_model_is_read_back_as_it_was(model: str, others: list[str]) -> None:
    place = ("stages", "refiner")
    text = edited(COMMENTED, {(*place, "model"): model, (*place, "fallbacks"): tuple(others)})
    stage = read_profile(text.encode(), "x").stages["refiner"]
    assert (stage.model, stage.fallbacks) == (model, tuple(others))
    assert "# the careful one" in text


def test_none_takes_a_value_away() -> None:
    assert edited("# c\na = 1\nb = 2\n", {("a",): None, ("x", "y"): None}) == "# c\nb = 2\n"


def test_a_wrong_value_is_refused_before_the_file_is_touched(places: Paths) -> None:
    file = write(places, "x", COMMENTED)
    with pytest.raises(ConfigError, match="temperature"):
        save_values(places, "x", {("stages", "refiner", "temperature"): 9.0})
    assert file.read_text() == COMMENTED


def test_a_file_with_an_error_of_its_own_is_not_overwritten(places: Paths) -> None:
    file = write(places, "x", "plan = ")
    with pytest.raises(ConfigError, match="is no TOML"):
        save_values(places, "x", {("plan",): "single"})
    assert file.read_text() == "plan = "


def test_a_link_to_a_file_elsewhere_stays_a_link(places: Paths, tmp_path: Path) -> None:
    real = tmp_path / "dotfiles.toml"
    real.write_text("# dot\n")
    link = Path(places.profiles, "x.toml")
    link.parent.mkdir(parents=True)
    link.symlink_to(real)
    save_values(places, "x", {("plan",): "single"})
    assert link.is_symlink()
    assert real.read_text() == '# dot\nplan = "single"\n'


def test_a_profile_folder_that_is_a_file_is_said(places: Paths) -> None:
    Path(places.config).mkdir(parents=True)
    Path(places.profiles).write_text("")
    with pytest.raises(FolderError):
        save_values(places, "x", {("plan",): "single"})
