"""Command line + profile + keys -> a request: who is asked, with which key, and what is refused."""

from pathlib import Path

import msgspec
import pytest

from hive_tui.config.endpoints import PROVIDERS, guess_dialect
from hive_tui.config.errors import ConfigError
from hive_tui.config.offers import accept, keys_found, servers_found, simulated_notice
from hive_tui.config.options import RunOptions
from hive_tui.config.paths import paths
from hive_tui.config.profile import Profile
from hive_tui.config.profile_file import load_profile, read_profile, save_values
from hive_tui.config.request import STAGES, EndpointSpec, RunRequest
from hive_tui.config.resolve import resolve
from hive_tui.config.secrets import Secrets

KEYS = {"OPENROUTER_API_KEY": "or-key", "OPENAI_API_KEY": "oa-key", "MINE": "my-key"}


def secrets(environ: dict[str, str] | None = None) -> Secrets:
    return Secrets("/nowhere/keys.toml", environ or {})


def models(request: RunRequest) -> list[str]:
    return [settings.model for settings in request.stages.values()]


def test_with_nothing_set_up_the_simulator_is_asked() -> None:
    request = resolve("q", RunOptions(), Profile(), secrets())
    assert request.simulated
    assert list(request.stages) == list(STAGES)
    assert models(request) == ["sim/atlas", "sim/birch", "sim/cedar", "sim/delta"]
    assert [spec.name for spec in request.endpoints] == ["simulator"]


def test_prices_are_what_the_person_wrote() -> None:
    profile = read_profile(b'[prices."m/x"]\nprompt = 0.15\ncompletion = 1e-7\n', "p")
    request = resolve("q", RunOptions(), profile, secrets())
    price = request.prices["m/x"]
    assert (price.prompt, price.completion, price.cached) == ("0.15", "0.0000001", None)


def test_a_key_in_the_environment_alone_changes_nothing() -> None:
    assert resolve("q", RunOptions(), Profile(), secrets(KEYS)).simulated


def test_a_request_crosses_the_socket_unchanged_and_without_a_key() -> None:
    profile = read_profile(b'endpoint = "openrouter"', "default")
    request = resolve("q", RunOptions(timeout_s=3.0), profile, secrets(KEYS))
    data = msgspec.msgpack.encode(request)
    assert msgspec.msgpack.decode(data, type=RunRequest) == request
    assert b"or-key" not in data
    assert not request.simulated


@pytest.mark.parametrize("provider", PROVIDERS, ids=lambda provider: provider.endpoint.name)
def test_a_known_provider_needs_only_its_name_and_key(provider: object) -> None:
    spec = provider.endpoint  # type: ignore[attr-defined]
    profile = Profile(endpoint=spec.name)
    request = resolve("q", RunOptions(), profile, secrets({spec.key_env: "k"}))
    assert request.endpoints == (spec,)
    assert all(models(request))
    with pytest.raises(ConfigError, match=spec.key_env):
        resolve("q", RunOptions(), profile, secrets())


def test_an_endpoint_on_the_command_line_gets_no_key_unless_one_is_named() -> None:
    url = "https://openrouter.ai/api/v1"
    request = resolve("q", RunOptions(endpoint=url), Profile(), secrets(KEYS))
    assert [spec.key_env for spec in request.endpoints] == [""]
    request = resolve("q", RunOptions(endpoint=url, key_env="MINE"), Profile(), secrets(KEYS))
    assert [spec.key_env for spec in request.endpoints] == ["MINE"]
    with pytest.raises(ConfigError, match="GONE"):
        resolve("q", RunOptions(endpoint=url, key_env="GONE"), Profile(), secrets(KEYS))


def test_a_table_of_the_profile_gets_the_key_of_its_own_origin_only() -> None:
    text = b"""
    [stages.generator]
    endpoint = "a"
    model = "m"
    [stages.refiner]
    endpoint = "b"
    model = "m"
    [endpoints.a]
    base_url = "https://openrouter.ai/api/v1"
    [endpoints.b]
    base_url = "https://openrouter.ai.evil.example/api/v1"
    """
    request = resolve("q", RunOptions(), read_profile(text, "x"), secrets(KEYS))
    assert {spec.name: spec.key_env for spec in request.endpoints} == {
        "a": "OPENROUTER_API_KEY",
        "b": "",
        "simulator": "",
    }


def test_models_of_the_command_line_go_before_the_profile_and_stages_before_all() -> None:
    profile = read_profile(b'[stages.refiner]\nmodel = "p"\nfallbacks = ["f"]', "x")
    assert models(resolve("q", RunOptions(), profile, secrets()))[1] == "p"
    request = resolve("q", RunOptions(model="all", stage_models=(("curator", "one"),)), profile, secrets())
    assert models(request) == ["all", "all", "all", "one"]
    assert request.stages["refiner"].fallbacks == ("f",)


def test_models_chosen_for_another_endpoint_mean_nothing_to_the_named_one() -> None:
    profile = read_profile(b'[stages.refiner]\nmodel = "sim/birch"\nfallbacks = ["sim/x"]\ntemperature = 1', "x")
    options = RunOptions(endpoint="http://127.0.0.1:8000/v1")
    with pytest.raises(ConfigError, match="no model is named for the stage generator"):
        resolve("q", options, profile, secrets())
    options = RunOptions(endpoint="http://127.0.0.1:8000/v1", model="m")
    refiner = resolve("q", options, profile, secrets()).stages["refiner"]
    assert (refiner.model, refiner.fallbacks, refiner.params.temperature) == ("m", (), 1.0)


def test_a_named_model_brings_no_fallback_of_the_provider() -> None:
    profile = Profile(endpoint="openrouter")
    assert resolve("q", RunOptions(), profile, secrets(KEYS)).stages["curator"].fallbacks == ("openrouter/auto",)
    assert resolve("q", RunOptions(model="m"), profile, secrets(KEYS)).stages["curator"].fallbacks == ()


def test_the_plan_and_the_limits() -> None:
    profile = read_profile(b"[limits]\nrun = 9\nidle = 2\n[retry]\nattempts = 1", "x")
    request = resolve("q", RunOptions(plan="single", profile="x"), profile, secrets())
    assert list(request.stages) == ["generator"]
    assert (request.profile, request.timeout_s, request.limits.idle, request.retry.attempts) == ("x", 9.0, 2.0, 1)
    assert resolve("q", RunOptions(timeout_s=1.0), profile, secrets()).timeout_s == 1.0


@pytest.mark.parametrize(
    ("options", "text", "expected"),
    [
        (
            RunOptions(),
            'endpoint = "openruoter"',
            'endpoint: there is no endpoint "openruoter"; did you mean openrouter?',
        ),
        (RunOptions(), '[stages.curator]\nendpoint = "no"', 'stages.curator.endpoint: there is no endpoint "no"'),
        (RunOptions(plan="single", stage_models=(("refiner", "m"),)), "", "the plan single has no stage refiner"),
        (RunOptions(), 'endpoint = "ollama"', "endpoint ollama: no model is named for the stage generator"),
    ],
)
def test_what_nothing_names_is_refused(options: RunOptions, text: str, expected: str) -> None:
    with pytest.raises(ConfigError) as refusal:
        resolve("q", options, read_profile(text.encode(), "x"), secrets())
    assert expected in str(refusal.value)


def test_a_question_that_is_no_text_is_refused() -> None:
    with pytest.raises(ConfigError, match="UTF-8"):
        resolve("a\udcff", RunOptions(), Profile(), secrets())


@pytest.mark.parametrize(
    ("url", "dialect"),
    [
        ("https://openrouter.ai/api/v1", "openrouter"),
        ("https://API.anthropic.com/v1", "anthropic"),
        ("https://api.openai.com/v1", "openai"),
        ("http://127.0.0.1:1234/v1", "openai"),
        ("https://notopenrouter.ai/v1", "openai"),
        ("https://anthropic.com.evil.example/v1", "openai"),
    ],
)
def test_the_dialect_is_guessed_by_host(url: str, dialect: str) -> None:
    assert guess_dialect(url) == dialect


def test_found_keys_are_offered_until_an_endpoint_is_set_up(tmp_path: Path) -> None:
    places = paths({"HIVE_HOME": str(tmp_path)})
    offers = keys_found(Profile(), secrets(KEYS))
    assert [offer.found for offer in offers] == ["OPENROUTER_API_KEY is set", "OPENAI_API_KEY is set"]
    assert "or-key" not in repr(offers)
    assert "--key-env OPENROUTER_API_KEY" in simulated_notice(offers)
    save_values(places, "default", {("stages", "refiner", "model"): "sim/birch"})
    profile = accept(places, "default", offers[0])
    assert profile == load_profile(places, "default")
    assert keys_found(profile, secrets(KEYS)) == ()
    request = resolve("q", RunOptions(), profile, secrets(KEYS))
    assert not any(model.startswith("sim/") for model in models(request))


def test_a_local_server_is_offered_with_its_first_model(tmp_path: Path) -> None:
    places = paths({"HIVE_HOME": str(tmp_path)})
    ollama = EndpointSpec("ollama", "http://127.0.0.1:11434/v1", "openai")
    (offer,) = servers_found((ollama, ollama), (("llama3", "phi"), ()))
    request = resolve("q", RunOptions(), accept(places, "default", offer), secrets())
    assert request.endpoints == (ollama,)
    assert models(request) == ["llama3"] * 4


def test_a_simulated_run_says_so_and_how_to_change_it() -> None:
    assert simulated_notice(()).startswith("SIMULATED:")
    assert "--endpoint" in simulated_notice(())
