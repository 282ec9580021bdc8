"""What a resolved configuration asks the core to do: plain values that cross the command socket.

Keys are not here. An endpoint names where its key is found, and the core, which makes the calls, reads it there.
"""

from __future__ import annotations

import msgspec

from hive_tui.events import Params

STAGES = ("generator", "refiner", "validator", "curator")
"""Stages that the known plans have, in their order."""
PLANS = {"single": ("generator",), "pipeline": STAGES}
TALLIES = ("chain", "curator", "direct", "majority")
"""Rules that decide (`council.rules`); the first is every plan's own."""
"""The known plans and the stages that each one asks; how they are joined is the council's business."""


class EndpointSpec(msgspec.Struct, frozen=True, omit_defaults=True):
    """A place that answers."""

    name: str
    base_url: str
    """The URL to which `/chat/completions` is appended; empty for the embedded simulator, whose port the core knows."""
    dialect: str
    """`openrouter`, `openai` or `anthropic`."""
    key_env: str = ""
    """Environment variable that holds the key; empty: no key is sent."""
    simulated: bool = False
    headers: tuple[tuple[str, str], ...] = ()
    """Extra headers; never a key."""
    max_concurrency: int = 8
    requests_per_minute: float | None = None
    prefix: str = "none"
    """How its models are told to go on from the beginning of an answer: `message`, `prefix`, `partial` or `continue`;
    `none` where they would begin anew."""


class StageSettings(msgspec.Struct, frozen=True, omit_defaults=True):
    """Who answers at a stage, and how."""

    endpoint: str
    """Name of one of the request's endpoints."""
    model: str
    fallbacks: tuple[str, ...] = ()
    params: Params = Params()
    prompt: str = ""
    """Id of the role's prompt, such as `refiner.v1`; empty takes the newest."""


class TimeLimits(msgspec.Struct, frozen=True, omit_defaults=True):
    """Limits of each call in seconds; `None` is no limit."""

    connect: float | None = 10.0
    first_token: float | None = 120.0
    idle: float | None = 60.0
    total: float | None = 600.0


class RetryPolicy(msgspec.Struct, frozen=True, omit_defaults=True):
    attempts: int = 3
    """Calls of one model at most, the first included."""
    base_s: float = 0.5
    """Wait before the second call; doubles with each, with jitter."""
    max_wait_s: float = 30.0


class ModelPrice(msgspec.Struct, frozen=True, omit_defaults=True):
    """US dollars per million tokens, as decimal strings."""

    prompt: str
    completion: str
    cached: str | None = None


class RunRequest(msgspec.Struct, frozen=True, omit_defaults=True):
    """One question and how it is to be answered."""

    question: str
    plan: str
    """`single` or `pipeline`."""
    profile: str
    stages: dict[str, StageSettings]
    """One entry for each stage of the plan."""
    endpoints: tuple[EndpointSpec, ...]
    limits: TimeLimits = TimeLimits()
    retry: RetryPolicy = RetryPolicy()
    prices: dict[str, ModelPrice] = {}
    """By model: the person's own list, which goes before the endpoints'."""
    timeout_s: float | None = None
    """Bounds the whole run, retries and back-off included."""
    tally: str = TALLIES[0]

    @property
    def simulated(self) -> bool:
        """Whether any stage is answered by the embedded simulator."""
        used = {settings.endpoint for settings in self.stages.values()}
        return any(endpoint.simulated for endpoint in self.endpoints if endpoint.name in used)
