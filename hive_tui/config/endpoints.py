"""The places that answer: known providers with a sensible model for each stage, servers that people run at home,
and the embedded simulator."""

from __future__ import annotations

import msgspec

from hive_tui.config.origin import host, origin
from hive_tui.config.request import EndpointSpec, StageSettings


class Provider(msgspec.Struct, frozen=True):
    """An endpoint that Hive knows by name."""

    endpoint: EndpointSpec
    models: dict[str, str]
    """Model of each stage when nothing else names one."""
    fallbacks: tuple[str, ...] = ()


SIMULATOR = Provider(
    EndpointSpec("simulator", "", "openrouter", simulated=True, prefix="message"),
    {"generator": "sim/atlas", "refiner": "sim/birch", "validator": "sim/cedar", "curator": "sim/delta"},
)

PROVIDERS = (
    Provider(
        EndpointSpec("openrouter", "https://openrouter.ai/api/v1", "openrouter", "OPENROUTER_API_KEY"),
        {
            "generator": "openai/gpt-5-mini",
            "refiner": "~anthropic/claude-sonnet-latest",
            "validator": "google/gemini-3-flash-preview",
            "curator": "~anthropic/claude-sonnet-latest",
        },
        ("openrouter/auto",),
    ),
    Provider(
        EndpointSpec("openai", "https://api.openai.com/v1", "openai", "OPENAI_API_KEY"),
        {"generator": "gpt-5-mini", "refiner": "gpt-5", "validator": "gpt-5-mini", "curator": "gpt-5"},
        ("gpt-4o-mini",),
    ),
    Provider(
        EndpointSpec("anthropic", "https://api.anthropic.com/v1", "anthropic", "ANTHROPIC_API_KEY", prefix="message"),
        {
            "generator": "claude-haiku-4-5",
            "refiner": "claude-sonnet-4-5",
            "validator": "claude-haiku-4-5",
            "curator": "claude-sonnet-4-5",
        },
    ),
)

LOCAL_SERVERS = (
    ("ollama", "Ollama", "http://127.0.0.1:11434/v1"),
    ("lmstudio", "LM Studio", "http://127.0.0.1:1234/v1"),
    ("llamacpp", "llama.cpp", "http://127.0.0.1:8080/v1"),
    ("vllm", "vLLM", "http://127.0.0.1:8000/v1"),
)
"""Endpoint name, the server's own name and where it listens unless told otherwise; each has `/models` there."""

PREFIXES = {
    "http://127.0.0.1:8080/v1": "message",
    "http://127.0.0.1:8000/v1": "continue",
    "https://api.mistral.ai/v1": "prefix",
    "https://api.deepseek.com/beta": "prefix",
    "https://api.moonshot.ai/v1": "partial",
    "https://dashscope-intl.aliyuncs.com/compatible-mode/v1": "partial",
}
"""By base URL, how its models are told to go on from the beginning of an answer, where its makers say so."""


def local_endpoint(name: str) -> EndpointSpec | None:
    """The endpoint of a local server by its endpoint name."""
    found = next((url for known, _, url in LOCAL_SERVERS if known == name), None)
    return None if found is None else EndpointSpec(name, found, "openai", prefix=known_prefix(found, "openai"))


def provider_named(name: str) -> Provider | None:
    return next((known for known in (SIMULATOR, *PROVIDERS) if known.endpoint.name == name), None)


def provider_at(url: str) -> Provider | None:
    """The known provider with that origin. Raises BadUrl."""
    at = origin(url)
    return next((known for known in PROVIDERS if origin(known.endpoint.base_url) == at), None)


def guess_dialect(url: str) -> str:
    """The dialect that a host speaks: what the rest of the world speaks is OpenAI's. Raises BadUrl."""
    name = host(url)
    if name == "openrouter.ai" or name.endswith(".openrouter.ai"):
        return "openrouter"
    if name == "anthropic.com" or name.endswith(".anthropic.com"):
        return "anthropic"
    return "openai"


def known_prefix(url: str, dialect: str) -> str:
    """How models there are told to go on from the beginning of an answer. The Anthropic dialect has one way."""
    return PREFIXES.get(url, "message" if dialect == "anthropic" else "none")


def named_on_command_line(url: str, dialect: str | None, key_env: str | None) -> EndpointSpec:
    """An endpoint for this run alone. It gets no key but the one that was named beside it. Raises BadUrl."""
    name = origin(url).partition("://")[2]
    url, dialect = url.rstrip("/"), dialect or guess_dialect(url)
    return EndpointSpec(name, url, dialect, key_env or "", prefix=known_prefix(url, dialect))


def default_stage(provider: Provider, stage: str) -> StageSettings:
    """What a known provider is asked for at a stage of that name."""
    model = provider.models.get(stage) or provider.models["generator"]
    return StageSettings(provider.endpoint.name, model, tuple(f for f in provider.fallbacks if f != model))
