"""Answers to what the screen asks and nothing records: who is there, what they offer, how dense a run was."""

from __future__ import annotations

import asyncio
import importlib.util
from array import array
from pathlib import Path

from hive_tui.config.errors import ConfigError
from hive_tui.config.paths import Paths
from hive_tui.config.request import EndpointSpec, RunRequest
from hive_tui.core.commands import Done, FactList, Found, LanesOf, Models, Refused, Reply
from hive_tui.core.reach import Reach
from hive_tui.core.simulated import SimulatorError
from hive_tui.council.plans import PlanError, build_plan
from hive_tui.events import ErrorInfo
from hive_tui.kernels.choose import BackendFacts, Kernels
from hive_tui.models import discover
from hive_tui.models.call import CallError
from hive_tui.models.client import HttpTransport
from hive_tui.models.tokenizer import VOCABULARIES, vocabulary
from hive_tui.recording.folder import NoSuchRunError, find_run
from hive_tui.recording.reader import LogCursor


class Queries:
    def __init__(self, paths: Paths, reach: Reach, kernels: Kernels, loop_name: str) -> None:
        self._paths = paths
        self._reach = reach
        self._kernels = kernels
        self._loop_name = loop_name

    async def warm(self, request: RunRequest) -> Reply:
        """Open connections to what the request would ask, and read what it needs. What fails now, the call will say."""
        try:
            build_plan(request)
            route = await self._reach.route(request)
            await asyncio.gather(
                self._reach.read_prices(route),
                *(route.http.preconnect(endpoint) for endpoint in route.endpoints.values()),
            )
        except (PlanError, ConfigError, SimulatorError, CallError) as error:
            return Refused(ErrorInfo(kind="config", message=str(error)))
        return Done()

    async def discover(self) -> Reply:
        http = HttpTransport(self._reach.no_keys())
        try:
            found = await discover.discover(http)
        finally:
            await http.aclose()
        specs = tuple(EndpointSpec(each.name, each.endpoint.base_url, each.endpoint.dialect) for each in found)
        return Found(specs, tuple(each.models for each in found))

    async def models(self, spec: EndpointSpec) -> Reply:
        try:
            http, endpoint = await self._reach.fetcher(spec)
            catalogue = self._reach.catalogue(http)
            try:
                listing = await catalogue.listing(endpoint)
            finally:
                catalogue.close()
                await http.aclose()
        except (ConfigError, SimulatorError) as error:
            return Refused(ErrorInfo(kind="config", message=str(error)))
        except CallError as error:
            return Refused(error.info)
        return Models(tuple(card.id for card in listing.cards))

    async def lanes(self, run: str, bins: int) -> Reply:
        """Density of each stream over the run's time, from its log."""
        try:
            return await asyncio.to_thread(self._lanes, run, bins)
        except (NoSuchRunError, OSError, ValueError) as error:
            return Refused(ErrorInfo(kind="recording", message=str(error)))

    def _lanes(self, run: str, bins: int) -> LanesOf:
        folder = find_run(Path(self._paths.runs), run)
        blocks = list(LogCursor(folder).read())
        facts = self._kernels.index(b"".join(blocks), _ends(blocks))
        streams = array("I", (stream for stream in facts.streams if stream))
        duration_ns = max(facts.last_ns, default=0)
        bin_ns = duration_ns // bins + 1
        rows = [array("Q", bytes(8 * bins)) for _ in streams]
        for block in blocks:
            chunks = self._kernels.scan_chunks(block)
            counts = self._kernels.density(chunks, streams, 0, bin_ns, bins, "bytes")
            for index, row in enumerate(rows):
                rows[index] = array("Q", map(int.__add__, row, counts[index * bins : (index + 1) * bins]))
        return LanesOf(tuple(streams), tuple(tuple(row) for row in rows), duration_ns)

    async def facts(self) -> Reply:
        """What works in the core. Loads the kernels, so that their break-even can be told."""
        await asyncio.to_thread(self._kernels.load)
        facts = [self._loop_fact(), *map(_kernel_fact, self._kernels.describe())]
        facts += [_vocabulary_fact(name) for name in VOCABULARIES]
        return FactList(tuple(facts))

    def _loop_fact(self) -> tuple[str, str, str, str]:
        if self._loop_name == "uvloop":
            return ("event loop", "ok", "uvloop", "")
        if importlib.util.find_spec("uvloop") is not None:
            return ("event loop", "ok", "asyncio, as HIVE_LOOP asks", "")
        return ("event loop", "absent", "asyncio; uvloop is not installed", "pip install 'hive-tui[speed]'")


def _ends(blocks: list[bytes]) -> array[int]:
    ends, end = array("Q"), 0
    for block in blocks:
        end += len(block)
        ends.append(end)
    return ends


def _kernel_fact(facts: BackendFacts) -> tuple[str, str, str, str]:
    subject = "GPU (cupy)" if facts.name.startswith("cupy") else f"kernels ({facts.name})"
    if facts.state != "loaded":
        todo = "pip install 'hive-tui[gpu]' where there is an NVIDIA device" if facts.name.startswith("cupy") else ""
        return (subject, "absent", facts.error or facts.state, todo)
    sizes = [
        f"{each.operation} {'never' if each.size is None else f'from {each.size} B'}" for each in facts.break_evens
    ]
    return (subject, "ok", f"loaded in {facts.load_ms:.0f} ms; faster than below at: {', '.join(sizes)}", "")


def _vocabulary_fact(name: str) -> tuple[str, str, str, str]:
    if vocabulary(name) is not None:
        return (f"vocabulary {name}", "ok", "at hand: tokens are counted where a provider reports none", "")
    todo = "put tiktoken's file there and set TIKTOKEN_CACHE_DIR; nothing is fetched"
    return (f"vocabulary {name}", "absent", "tokens that no provider reports are estimated, and marked so", todo)
