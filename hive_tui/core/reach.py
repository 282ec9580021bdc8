"""How the core reaches models: transports with their keys, the embedded simulator, prices, token counts."""

from __future__ import annotations

import random
from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import msgspec

from hive_tui.config.paths import Paths
from hive_tui.config.request import EndpointSpec, ModelPrice, RetryPolicy, RunRequest
from hive_tui.config.secrets import RunKeys, Secrets
from hive_tui.core.simulated import SimulatorProcess
from hive_tui.events import Usage
from hive_tui.models import retry, stack
from hive_tui.models.call import Endpoint, Transport
from hive_tui.models.cards import ModelCard, Prices, price
from hive_tui.models.catalogue import Catalogue
from hive_tui.models.client import HttpTransport
from hive_tui.models.limits import Allowance
from hive_tui.models.tokenizer import Tokenizer

SIMULATED_PATH = "/openrouter-wire/api/v1"
"""Dialect of the embedded simulator: it reports usage and cost."""


class PriceList:
    """List prices of the models: the person's own, else the endpoints' as far as their lists are at hand."""

    def __init__(self, listed: Mapping[tuple[str, str], ModelCard], own: Mapping[str, ModelPrice]) -> None:
        self._listed = listed
        """By endpoint and model."""
        self._own = {model: _card(model, each) for model, each in own.items()}

    def with_own(self, own: Mapping[str, ModelPrice]) -> PriceList:
        return PriceList(self._listed, own)

    def cost(self, model: str, endpoint: Endpoint, usage: Usage) -> Decimal | None:
        card = self._own.get(model) or self._listed.get((endpoint.name, model))
        return None if card is None else price(card, usage, at=datetime.now(UTC))


def _card(model: str, own: ModelPrice) -> ModelCard:
    def per_token(per_million: str | None) -> str | None:
        return None if per_million is None else f"{Decimal(per_million) / 1_000_000:f}"

    return ModelCard(model, prices=Prices(per_token(own.prompt), per_token(own.completion), per_token(own.cached)))


class Route:
    """What the runs of one configuration share: connections, limits, breakers, prices."""

    def __init__(self, http: HttpTransport, transport: Transport, endpoints: dict[str, Endpoint]) -> None:
        self.http = http
        self.transport = transport
        self.endpoints = endpoints
        """By name."""
        self.prices: PriceList | None = None
        """As last read; a run that finds none reads them before its first call."""


class Reach:
    """Owned by the core; everything here is made when first needed."""

    def __init__(self, paths: Paths, environment: Mapping[str, str]) -> None:
        self._paths = paths
        self._secrets = Secrets(paths.keys, environment)
        self._simulator = SimulatorProcess(environment)
        self._routes: dict[tuple[tuple[EndpointSpec, ...], RetryPolicy], Route] = {}
        self.tokenizer = Tokenizer()

    async def route(self, request: RunRequest) -> Route:
        """The request's route; starts the simulator if the request needs it.

        Raises:
            ConfigError: an endpoint names a key that is not there.
            SimulatorError: the simulator did not come up.
        """
        specs = tuple([await self._placed(spec) for spec in request.endpoints])
        key = (specs, request.retry)
        if key not in self._routes:
            self._routes[key] = self._make(specs, request.retry)
        return self._routes[key]

    async def fetcher(self, spec: EndpointSpec) -> tuple[HttpTransport, Endpoint]:
        """For lists of models: a transport with that endpoint's key alone. The caller closes it.

        Raises:
            ConfigError: the endpoint names a key that is not there.
            SimulatorError: the simulator did not come up.
        """
        return HttpTransport(RunKeys([spec], self._secrets)), _endpoint(await self._placed(spec))

    def no_keys(self) -> RunKeys:
        """For requests that must carry none."""
        return RunKeys([], self._secrets)

    def catalogue(self, http: HttpTransport) -> Catalogue:
        return Catalogue(Path(self._paths.cache) / "models", http)

    async def read_prices(self, route: Route) -> PriceList:
        """Prices from the lists that are kept on disk; no request is made for them.

        Takes 10 ms, so it is done while a question is being typed.
        """
        catalogue = self.catalogue(route.http)
        cards: dict[tuple[str, str], ModelCard] = {}
        for endpoint in route.endpoints.values():
            listing = None if endpoint.simulated else await catalogue.kept(endpoint)
            for card in () if listing is None else listing.cards:
                cards[endpoint.name, card.id] = card
        catalogue.close()
        route.prices = PriceList(cards, {})
        return route.prices

    async def close(self) -> None:
        for route in self._routes.values():
            await route.http.aclose()
        self._simulator.close()

    async def _placed(self, spec: EndpointSpec) -> EndpointSpec:
        if not spec.simulated:
            return spec
        return msgspec.structs.replace(spec, base_url=await self._simulator.root() + SIMULATED_PATH)

    def _make(self, specs: tuple[EndpointSpec, ...], policy: RetryPolicy) -> Route:
        http = HttpTransport(RunKeys(specs, self._secrets))
        config = stack.StackConfig(
            retry=retry.RetryPolicy(attempts=policy.attempts, base_s=policy.base_s, cap_s=policy.max_wait_s),
            allowances={spec.name: Allowance(spec.max_concurrency, spec.requests_per_minute) for spec in specs},
        )
        transport = stack.layered(http, config, rng=random.Random())
        return Route(http, transport, {spec.name: _endpoint(spec) for spec in specs})


def _endpoint(spec: EndpointSpec) -> Endpoint:
    return Endpoint(
        name=spec.name,
        base_url=spec.base_url,
        dialect=spec.dialect,
        key_name=spec.key_env,
        simulated=spec.simulated,
        headers=spec.headers,
    )
