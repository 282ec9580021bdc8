"""What a profile may say: the settings of `profiles/NAME.toml`, each with its default and its bounds.

The description of a bound is the text that a wrong value is answered with: `expected 0.0-2.0, got "hot"`.
"""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

DEFAULT = "default"
"""The profile that is used when none is named; needs no file."""

Name = Annotated[str, Meta(min_length=1, max_length=200, description="a name")]
Text = Annotated[str, Meta(min_length=1, description="text")]
Seconds = Annotated[float, Meta(gt=0, le=7 * 24 * 3600, description="seconds above 0")]
Count = Annotated[int, Meta(ge=1, le=1000, description="a whole number from 1 to 1000")]
Variable = Annotated[
    str,
    Meta(
        pattern="^[A-Za-z_][A-Za-z0-9_]*$",
        description="the name of an environment variable, not a key",
        extra={"unseen": True},
    ),
]
"""What stands there by mistake may be a key: an error does not repeat it."""
Dollars = Annotated[float, Meta(ge=0, le=1_000_000, description="dollars per million tokens, 0 and up")]
PlanName = Annotated[Literal["single", "pipeline"], Meta(description="single or pipeline")]
Dialect = Annotated[Literal["openrouter", "openai", "anthropic"], Meta(description="openrouter, openai or anthropic")]
Prefix = Annotated[
    Literal["none", "message", "prefix", "partial", "continue"],
    Meta(description="none, message, prefix, partial or continue"),
]
Effort = Annotated[
    Literal["none", "minimal", "low", "medium", "high", "xhigh", "max"],
    Meta(description="none, minimal, low, medium, high, xhigh or max"),
]


class Section(msgspec.Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """Base of the tables of a profile: a name that it does not know is an error, not a setting without effect."""


class StageTable(Section, frozen=True):
    """`[stages.refiner]`"""

    endpoint: Name | None = None
    """Name of an endpoint; without it the profile's."""
    model: Name | None = None
    fallbacks: tuple[Name, ...] | None = None
    """Models of the same endpoint, tried in turn when `model` fails before its first token."""
    temperature: Annotated[float, Meta(ge=0, le=2, description="0.0-2.0")] | None = None
    top_p: Annotated[float, Meta(ge=0, le=1, description="0.0-1.0")] | None = None
    max_tokens: Annotated[int, Meta(ge=1, le=10_000_000, description="a whole number of tokens above 0")] | None = None
    seed: Annotated[int, Meta(ge=-(2**63), le=2**63 - 1, description="a whole number")] | None = None
    reasoning_effort: Effort | None = None
    prompt: Name | None = None
    """Id of the role's prompt, such as `refiner.v1`; without it the newest."""


class EndpointTable(Section, frozen=True):
    """`[endpoints.mine]`"""

    base_url: Text
    """The URL to which `/chat/completions` is appended."""
    dialect: Dialect | None = None
    """Without it guessed by the host."""
    key_env: Variable | None = None
    """Environment variable, or entry of keys.toml, that holds the key; without it only a known provider gets one."""
    headers: dict[str, str] = {}
    """Extra headers; never a key."""
    max_concurrency: Count = 8
    requests_per_minute: Annotated[float, Meta(gt=0, description="a number above 0")] | None = None
    prefix: Prefix | None = None
    """How its models are told to go on from the beginning of an answer, for forks in mid-stream: as the closing
    message, with `"prefix": true` or `"partial": true` in it, or by `continue_final_message`. Without it what is known
    of the address, else `none`."""


class PriceTable(Section, frozen=True):
    """`[prices."openai/gpt-5-mini"]`: US dollars per million tokens, for calls whose provider reports no cost."""

    prompt: Dollars
    completion: Dollars
    cached: Dollars | None = None
    """Of prompt tokens that were read from a cache; without it the prompt's price."""


class LimitsTable(Section, frozen=True):
    """`[limits]`, in seconds; 0 has no meaning, leave a limit out to keep its default."""

    connect: Seconds = 10.0
    first_token: Seconds = 120.0
    idle: Seconds = 60.0
    total: Seconds = 600.0
    """Of one call."""
    run: Seconds | None = None
    """Of the whole run, as `--timeout`."""


class RetryTable(Section, frozen=True):
    """`[retry]`"""

    attempts: Annotated[int, Meta(ge=1, le=10, description="a whole number from 1 to 10")] = 3
    """Calls of one model at most, the first included."""
    base_s: Seconds = 0.5
    max_wait_s: Seconds = 30.0


class Profile(Section, frozen=True):
    """A whole profile. An empty one asks the embedded simulator."""

    plan: PlanName = "pipeline"
    endpoint: Name | None = None
    """Endpoint of every stage that names none; without it the embedded simulator."""
    stages: dict[str, StageTable] = {}
    endpoints: dict[str, EndpointTable] = {}
    limits: LimitsTable = LimitsTable()
    retry: RetryTable = RetryTable()
    prices: dict[str, PriceTable] = {}
    """By model."""
