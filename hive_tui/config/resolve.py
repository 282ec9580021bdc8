"""Command line, profile and what is known -> the request that crosses to the core. Asks nobody and sends nothing."""

from __future__ import annotations

from decimal import Decimal
from difflib import get_close_matches

import msgspec

from hive_tui.config.endpoints import (
    LOCAL_SERVERS,
    PROVIDERS,
    SIMULATOR,
    default_stage,
    guess_dialect,
    known_prefix,
    local_endpoint,
    named_on_command_line,
    provider_at,
    provider_named,
)
from hive_tui.config.errors import ConfigError
from hive_tui.config.options import RunOptions
from hive_tui.config.origin import origin
from hive_tui.config.profile import DEFAULT, EndpointTable, PriceTable, Profile, StageTable
from hive_tui.config.request import PLANS, EndpointSpec, ModelPrice, RetryPolicy, RunRequest, StageSettings, TimeLimits
from hive_tui.config.secrets import RunKeys, Secrets
from hive_tui.events import Params


def resolve(question: str, options: RunOptions, profile: Profile, secrets: Secrets) -> RunRequest:
    """The request for a question; with nothing set up the embedded simulator is asked.

    Raises ConfigError: an endpoint or a model that nothing names, a key that is not there, a question that is no text.
    """
    check_text(question)
    name = options.profile or DEFAULT
    plan = options.plan or profile.plan
    stages: dict[str, StageSettings] = {}
    endpoints: dict[str, EndpointSpec] = {}
    chosen = dict(options.stage_models)
    surplus = [stage for stage in chosen if stage not in PLANS[plan]]
    if surplus:
        todo = f"its stages: {', '.join(PLANS[plan])}; or add --plan pipeline"
        raise ConfigError(f"the plan {plan} has no stage {surplus[0]}", f"--model {surplus[0]}=...", todo)
    for stage in PLANS[plan]:
        table = profile.stages.get(stage, StageTable())
        own = table.endpoint or profile.endpoint or SIMULATOR.endpoint.name
        spec = own_endpoint(own, profile, f"profiles/{name}.toml", stage if table.endpoint else "")
        if options.endpoint is not None:
            named = named_on_command_line(options.endpoint, options.dialect, options.key_env)
            if _place(named) != _place(spec):
                # What the profile chose for another endpoint means nothing to this one.
                table = msgspec.structs.replace(table, model=None, fallbacks=None)
            spec = named
        endpoints[spec.name] = spec
        stages[stage] = _settings(stage, spec, table, chosen.get(stage) or options.model)
    timeout_s = profile.limits.run if options.timeout_s is None else options.timeout_s
    return assembled(question, plan, name, stages, tuple(endpoints.values()), profile, secrets, timeout_s)


def assembled(
    question: str,
    plan: str,
    name: str,
    stages: dict[str, StageSettings],
    endpoints: tuple[EndpointSpec, ...],
    profile: Profile,
    secrets: Secrets,
    timeout_s: float | None,
) -> RunRequest:
    """The request with the limits, retries and prices of the profile, whose name that is.

    Raises ConfigError: an endpoint's key is not there.
    """
    RunKeys(endpoints, secrets)  # for its refusal: a missing key is found before anything is sent
    limits = profile.limits
    return RunRequest(
        question=question,
        plan=plan,
        profile=name,
        stages=stages,
        endpoints=endpoints,
        limits=TimeLimits(limits.connect, limits.first_token, limits.idle, limits.total),
        retry=RetryPolicy(profile.retry.attempts, profile.retry.base_s, profile.retry.max_wait_s),
        prices={model: _price(table) for model, table in profile.prices.items()},
        timeout_s=timeout_s,
    )


def _price(table: PriceTable) -> ModelPrice:
    """Numbers of TOML as the person wrote them: `repr` of a float is its shortest decimal form."""
    cached = None if table.cached is None else f"{Decimal(repr(table.cached)):f}"
    return ModelPrice(f"{Decimal(repr(table.prompt)):f}", f"{Decimal(repr(table.completion)):f}", cached)


def check_text(question: str) -> None:
    """A command line's bytes that are no UTF-8 arrive as lone surrogates, which nothing behind this can encode."""
    try:
        question.encode()
    except UnicodeEncodeError as error:
        raise ConfigError(
            "is not valid UTF-8", "question", "write it as UTF-8, or pass a file: hive ask - <FILE"
        ) from error


def _settings(stage: str, spec: EndpointSpec, table: StageTable, asked_for: str | None) -> StageSettings:
    provider = SIMULATOR if spec.simulated else provider_at(spec.base_url)
    model, fallbacks = asked_for or table.model, table.fallbacks
    if model is None and provider is not None:
        default = default_stage(provider, stage)
        model, fallbacks = default.model, default.fallbacks if fallbacks is None else fallbacks
    if model is None:
        todo = "add --model NAME, or --model STAGE=NAME for each stage"
        raise ConfigError(f"no model is named for the stage {stage}", f"endpoint {spec.name}", todo)
    params = Params(
        temperature=table.temperature,
        top_p=table.top_p,
        max_tokens=table.max_tokens,
        seed=table.seed,
        reasoning_effort=table.reasoning_effort,
    )
    return StageSettings(spec.name, model, fallbacks or (), params, table.prompt or "")


def own_endpoint(name: str, profile: Profile, file: str, stage: str) -> EndpointSpec:
    """The endpoint that the profile means by a name: its own tables go before what Hive knows."""
    if name in profile.endpoints:
        return _from_table(name, profile.endpoints[name])
    provider = provider_named(name)
    spec = provider.endpoint if provider else local_endpoint(name)
    if spec is None:
        known = [*profile.endpoints, *_known_names()]
        near = get_close_matches(name, known, n=1)
        what = f'there is no endpoint "{name}"' + (f"; did you mean {near[0]}?" if near else "")
        where = f"{file}: stages.{stage}.endpoint" if stage else f"{file}: endpoint"
        raise ConfigError(what, where, f"describe it under [endpoints.{name}], or use one of: {', '.join(known)}")
    return spec


def _known_names() -> tuple[str, ...]:
    providers = (provider.endpoint.name for provider in (SIMULATOR, *PROVIDERS))
    return (*providers, *(local for local, _, _ in LOCAL_SERVERS))


def _from_table(name: str, table: EndpointTable) -> EndpointSpec:
    provider = provider_at(table.base_url)
    url, dialect = table.base_url.rstrip("/"), table.dialect or guess_dialect(table.base_url)
    return EndpointSpec(
        name=name,
        base_url=url,
        dialect=dialect,
        key_env=table.key_env or (provider.endpoint.key_env if provider else ""),
        headers=tuple(table.headers.items()),
        max_concurrency=table.max_concurrency,
        requests_per_minute=table.requests_per_minute,
        prefix=table.prefix or known_prefix(url, dialect),
    )


def _place(spec: EndpointSpec) -> str:
    return origin(spec.base_url) if spec.base_url else spec.name
