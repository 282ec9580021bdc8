"""Answers to what the screen asks and nothing records: who is there, what they offer, how dense a run was."""

from __future__ import annotations

import asyncio
import importlib.util
import shlex
import sys
from pathlib import Path

from hive_tui.config.errors import ConfigError
from hive_tui.config.paths import Paths
from hive_tui.config.request import EndpointSpec, RunRequest
from hive_tui.core.commands import Done, FactList, Found, LanesOf, Models, Refused, Reply
from hive_tui.core.reach import Reach
from hive_tui.core.simulated import SimulatorError
from hive_tui.council.plans import PlanError, build_plan
from hive_tui.events import ErrorInfo
from hive_tui.kernels.calibrate import BreakEven, sample
from hive_tui.kernels.choose import BackendFacts, Kernels
from hive_tui.models import discover
from hive_tui.models.call import CallError
from hive_tui.models.client import HttpTransport
from hive_tui.models.tokenizer import VOCABULARIES, vocabulary
from hive_tui.recording.folder import NoSuchRunError, find_run
from hive_tui.recording.lanes import Lanes
from hive_tui.ring.reader import RingReader
from hive_tui.ring.writer import RingWriter

RING_RECORDS = 4096


class Queries:
    def __init__(self, paths: Paths, reach: Reach, kernels: Kernels, loop_name: str) -> None:
        self._paths = paths
        self._reach = reach
        self._kernels = kernels
        self._loop_name = loop_name
        self._following = asyncio.Lock()
        self._followed: tuple[tuple[str, int], Lanes] | None = None
        """The run and bins that were asked for last, and how far its log was read."""

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

    async def models(self, spec: EndpointSpec, kept: bool = False) -> Reply:
        """What an endpoint offers; with `kept` no more than what the disk has of it."""
        if kept and spec.simulated:
            return Models((), stale=True)
        try:
            http, endpoint = await self._reach.fetcher(spec)
            catalogue = self._reach.catalogue(http)
            try:
                listing = await (catalogue.kept(endpoint) if kept else catalogue.listing(endpoint))
            finally:
                catalogue.close()
                await http.aclose()
        except (ConfigError, SimulatorError) as error:
            return Refused(ErrorInfo(kind="config", message=str(error)))
        except CallError as error:
            return Refused(error.info)
        if listing is None:
            return Models((), stale=True)
        return Models(tuple(card.id for card in listing.cards), listing.stale, listing.problem)

    async def lanes(self, run: str, bins: int) -> Reply:
        """Density of each stream over the run's time, from its log; asked again, it reads on from where it was."""
        async with self._following:
            try:
                return await asyncio.to_thread(self._lanes, run, bins)
            except (NoSuchRunError, OSError, ValueError) as error:
                self._followed = None
                return Refused(ErrorInfo(kind="recording", message=str(error)))

    def _lanes(self, run: str, bins: int) -> LanesOf:
        if self._followed is None or self._followed[0] != (run, bins):
            self._followed = (run, bins), Lanes(find_run(Path(self._paths.runs), run), self._kernels, bins)
        lanes = self._followed[1]
        lanes.read()
        rows = lanes.rows()
        return LanesOf(tuple(rows), tuple(rows.values()), lanes.duration_ns)

    async def facts(self) -> Reply:
        """What works in the core. Loads the kernels, so that their break-even can be told."""
        await asyncio.to_thread(self._kernels.load)
        ring = await asyncio.to_thread(_ring_fact, self._kernels, Path(self._paths.runtime) / "rings")
        facts = [self._loop_fact(), ring, *map(_kernel_fact, self._kernels.describe())]
        facts += [_vocabulary_fact(name) for name in VOCABULARIES]
        return FactList(tuple(facts))

    def _loop_fact(self) -> tuple[str, str, str, str]:
        if self._loop_name == "uvloop":
            return ("event loop", "ok", "uvloop", "")
        if importlib.util.find_spec("uvloop") is not None:
            return ("event loop", "ok", "asyncio, as HIVE_LOOP asks", "")
        return ("event loop", "absent", "asyncio; uvloop is not installed", f"{_pip()} install uvloop")


def _pip() -> str:
    """The command that installs where Hive is."""
    return f"{shlex.quote(sys.executable)} -m pip"


def _ring_fact(kernels: Kernels, registry: Path) -> tuple[str, str, str, str]:
    """Send records through a ring of its own, and look whether they are the same behind it."""
    data = sample(RING_RECORDS)
    writer = RingWriter(registry)
    try:
        reader = RingReader(writer.name)
        kernels.publish(writer, data)
        same = kernels.drain(reader) == data and kernels.verify(data, 0, 0).records == RING_RECORDS
        reader.close()
    finally:
        writer.close()
    if same:
        return ("ring", "ok", f"{RING_RECORDS} records went through shared memory unchanged", "")
    return ("ring", "failed", "records were changed on their way through shared memory", "tell the makers of Hive")


def _kernel_fact(facts: BackendFacts) -> tuple[str, str, str, str]:
    subject = "GPU (cupy)" if facts.name.startswith("cupy") else f"kernels ({facts.name})"
    if facts.state != "loaded":
        todo = f"{_pip()} install cupy-cuda12x, where there is an NVIDIA device"
        return (subject, "absent", facts.error or facts.state, todo if facts.name.startswith("cupy") else "")
    sizes = ", ".join(f"{each.operation} {_from(each)}" for each in facts.break_evens)
    return (subject, "ok", f"loaded in {facts.load_ms:.0f} ms; takes over {sizes}", "")


def _from(measured: BreakEven) -> str:
    unit = "chunks" if measured.operation == "density" else "bytes"
    return "never (slower)" if measured.size is None else f"from {measured.size:,} {unit}"


def _vocabulary_fact(name: str) -> tuple[str, str, str, str]:
    if vocabulary(name) is not None:
        return (f"vocabulary {name}", "ok", "at hand: tokens are counted where a provider reports none", "")
    todo = "put tiktoken's file there and set TIKTOKEN_CACHE_DIR; nothing is fetched"
    return (f"vocabulary {name}", "absent", "tokens that no provider reports are estimated, and marked so", todo)
