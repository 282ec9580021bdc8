"""What was found on this machine that could answer, offered to the person; nothing is used before it is accepted."""

from __future__ import annotations

import shlex

import msgspec

from hive_tui.config.endpoints import LOCAL_SERVERS, PROVIDERS
from hive_tui.config.paths import Paths
from hive_tui.config.profile import Profile
from hive_tui.config.profile_file import Place, load_profile, save_values
from hive_tui.config.request import STAGES, EndpointSpec
from hive_tui.config.secrets import Secrets


class Offer(msgspec.Struct, frozen=True):
    """An endpoint that could be used from now on."""

    endpoint: EndpointSpec
    found: str
    """Why it is offered, such as `OPENAI_API_KEY is set`."""
    models: tuple[str, ...] = ()
    """What a local server says it has; a known provider has models of its own for each stage."""


def keys_found(profile: Profile, secrets: Secrets) -> tuple[Offer, ...]:
    """An offer for each known provider whose key is here, when the profile has no endpoint. Raises ConfigError."""
    if profile.endpoint is not None:
        return ()
    known = (provider.endpoint for provider in PROVIDERS)
    return tuple(Offer(spec, f"{spec.key_env} is set") for spec in known if secrets.has(spec.key_env))


def servers_found(endpoints: tuple[EndpointSpec, ...], models: tuple[tuple[str, ...], ...]) -> tuple[Offer, ...]:
    """An offer for each local server that answered and has a model."""
    names = {name: title for name, title, _ in LOCAL_SERVERS}
    return tuple(
        Offer(spec, f"{names.get(spec.name, spec.name)} runs at {spec.base_url}", offered)
        for spec, offered in zip(endpoints, models, strict=True)
        if offered
    )


def accept(paths: Paths, profile_name: str, offer: Offer) -> Profile:
    """Make the endpoint the profile's own, so that it is set up from now on. Raises ConfigError, FolderError.

    Models that were chosen for the simulator mean nothing to the endpoint: they go, and a local server's first model
    takes their place.
    """
    stages = load_profile(paths, profile_name).stages
    values: dict[Place, object] = {("endpoint",): offer.endpoint.name}
    for stage in STAGES:
        values["stages", stage, "model"] = offer.models[0] if offer.models else None
        if stage in stages and stages[stage].fallbacks is not None:
            values["stages", stage, "fallbacks"] = None
    return save_values(paths, profile_name, values)


def simulated_notice(offers: tuple[Offer, ...]) -> str:
    """What `hive ask` says on stderr when the simulator answers, and how to use what was found instead."""
    text = "SIMULATED: no endpoint is set up, the embedded simulator answers."
    if not offers:
        return f"{text} Name one: hive ask --endpoint URL --key-env NAME --model NAME ..."
    spec = offers[0].endpoint
    command = shlex.join(["hive", "ask", "--endpoint", spec.base_url, "--key-env", spec.key_env])
    return f"{text} {offers[0].found}; to use it: {command} ..."
