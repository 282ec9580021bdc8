"""What is served where: dialects by path, side endpoints, the simulator's own pages."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import parse_qs, urlsplit

from hive_tui.simulator.asked import Rejected
from hive_tui.simulator.calls import Calls, Settings, authorise
from hive_tui.simulator.characters import CHARACTERS, lookup
from hive_tui.simulator.clock import Clock
from hive_tui.simulator.connection import Connection, Request
from hive_tui.simulator.dialects import DIALECTS
from hive_tui.simulator.dialects.chat import Dialect, Failure, Json, Listed, price
from hive_tui.simulator.generations import Generations
from hive_tui.simulator.replies import fail, send
from hive_tui.simulator.stats import Stats

if TYPE_CHECKING:
    from hive_tui.simulator.recorded_calls import RecordedCalls


class Target(NamedTuple):
    """A request's path, taken apart."""

    dialect: Dialect
    place: str
    """What follows `/v1/` or `/api/v1/`; a path outside both keeps its leading slash."""
    query: dict[str, list[str]]


def target(text: str, default: str) -> Target:
    """Take `/DIALECT/api/v1/PLACE?query` apart; the dialect, and `/api`, may be missing."""
    split = urlsplit(text)
    first, _, rest = split.path.lstrip("/").partition("/")
    name, path = (first, f"/{rest}") if first in DIALECTS else (default, split.path)
    for base in ("/api/v1/", "/v1/"):
        if path.startswith(base):
            path = path.removeprefix(base)
            break
    return Target(DIALECTS[name], path, parse_qs(split.query))


class Simulator:
    """Answers requests; one object a server."""

    def __init__(self, settings: Settings, stats: Stats, clock: Clock) -> None:
        self._settings = settings
        self._stats = stats
        self._generations = Generations()
        self._calls: Calls | RecordedCalls
        if settings.recording is None:
            self._calls = Calls(settings, stats, self._generations, clock)
            self._models: Sequence[Listed] = CHARACTERS
        else:
            from hive_tui.simulator.recorded_calls import RecordedCalls

            self._calls = RecordedCalls(settings.recording, settings, clock)
            self._models = settings.recording.models

    async def answer(self, request: Request, connection: Connection) -> None:
        """Serve one request. Raises `Gone` when a fault closes the connection."""
        dialect, place, query = target(request.target, self._settings.dialect)
        request.seen.dialect = dialect.name
        try:
            if request.target.startswith("/_sim/"):
                await send(connection, 200, self._own(request))
            elif place == ("messages" if dialect.name == "anthropic" else "chat/completions"):
                if request.method != "POST":
                    raise Rejected(Failure(405, f"{request.method} is not allowed here"))
                await self._calls.serve(request, dialect, connection)
            elif request.method == "GET":
                await send(connection, 200, self._side(dialect, place, query, request))
            else:
                raise Rejected(Failure(404, f"nothing is served at {request.target}"))
        except Rejected as rejected:
            await fail(connection, dialect, rejected.failure)

    def _own(self, request: Request) -> Json:
        """`/_sim/`: what the server saw. Raises `Rejected`."""
        match request.method, urlsplit(request.target).path:
            case "GET", "/_sim/stats":
                return self._stats.report()
            case "GET", "/_sim/requests":
                return self._stats.log()
            case "POST", "/_sim/reset":
                self._stats.reset()
                return {"simulated": True, "reset": True}
        raise Rejected(Failure(404, "GET /_sim/stats, GET /_sim/requests and POST /_sim/reset are served"))

    def _side(self, dialect: Dialect, place: str, query: dict[str, list[str]], request: Request) -> Json:
        """What a GET finds. Raises `Rejected`."""
        if place == "models":
            authorise(request)
            return dialect.models(self._models)
        if dialect.name.startswith("openrouter"):
            if place == "key":
                authorise(request)
                return _KEY
            if place == "credits":
                raise Rejected(Failure(403, "Only management keys can fetch credits"))
            if place == "generation":
                name = query.get("id", [""])[0]
                found = self._generations.find(name)
                if found is None:
                    raise Rejected(Failure(404, f"Generation {name} not found"))
                return {"data": found, "simulated": True}
            if place.startswith("models/") and place.endswith("/endpoints"):
                return _endpoints(place.removeprefix("models/").removesuffix("/endpoints"))
        elif place == "/health" and dialect.name.startswith(("llamacpp", "vllm")):
            return {"status": "ok", "simulated": True}
        elif place == "/props" and dialect.name.startswith("llamacpp"):
            return {"default_generation_settings": {"n_ctx": 131_072}, "total_slots": 4, "simulated": True}
        elif place == "/api/version" and dialect.name == "ollama-v1":
            return {"version": "0.14.0", "simulated": True}
        raise Rejected(Failure(404, f"nothing is served at {request.target}"))


_KEY: Json = {
    "data": {
        "label": "simulated key",
        "limit": 100.0,
        "limit_remaining": 74.5,
        "limit_reset": "monthly",
        "usage": 25.5,
        "usage_daily": 0.5,
        "usage_weekly": 2.5,
        "usage_monthly": 25.5,
        "byok_usage": 0,
        "is_free_tier": False,
        "expires_at": None,
        "rate_limit": {"requests": -1, "interval": "10s"},
    },
    "simulated": True,
}


def _endpoints(name: str) -> Json:
    """The one provider of a model, with the latency and throughput that its pace gives. Raises `Rejected`."""
    character = lookup(name)
    if character is None:
        raise Rejected(Failure(404, f"{name} is not a valid model ID"))
    latency_ms = character.pace.ttft_s * 1000.0
    shape = {"p50": 1.0, "p75": 1.27, "p90": 1.57, "p99": 2.6}
    endpoint: Json = {
        "name": f"Simulator | {character.name}",
        "provider_name": "Simulator",
        "context_length": character.context,
        "max_completion_tokens": 8192,
        "pricing": {"prompt": price(character.prompt_pico), "completion": price(character.completion_pico)},
        "quantization": "unknown",
        "status": 0,
        "uptime_last_30m": 100.0,
        "latency_last_30m": {name: round(latency_ms * factor) for name, factor in shape.items()},
        "throughput_last_30m": {name: round(character.pace.rate / factor, 1) for name, factor in shape.items()},
        "supports_implicit_caching": False,
    }
    return {
        "data": {"id": character.name, "name": character.name, "endpoints": [endpoint]},
        "simulated": True,
    }
