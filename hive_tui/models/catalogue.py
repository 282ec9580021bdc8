"""The endpoints' lists of models, kept on disk so that they are there at once and without a network.

The cache is diskcache with JSON values in a folder of mode 0700. diskcache itself can unpickle what it finds
(CVE-2025-69872), so its disk class is one that refuses to.
"""

from __future__ import annotations

import asyncio
import sqlite3
import time
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from hive_tui.models.call import CallError, Endpoint
from hive_tui.models.cards import ModelCard, cards_of
from hive_tui.models.client import HttpTransport
from hive_tui.models.errors import failure

if TYPE_CHECKING:
    import diskcache  # type: ignore[import-untyped]

TTL_S = 24 * 3600.0
"""How long a list counts as fresh."""
LIMIT_S = 15.0
LIST_CAP = 32 << 20
"""Largest list in bytes; OpenRouter's is about half a megabyte."""


class Listing(msgspec.Struct, frozen=True):
    """What an endpoint offers."""

    cards: tuple[ModelCard, ...]
    fetched_at: float
    """Unix time."""
    stale: bool = False
    """Older than it should be; where the endpoint could not be asked, `problem` says why."""
    problem: str = ""
    """Else it says why the list cannot be kept on disk."""


class Catalogue:
    """Lists of models by endpoint."""

    def __init__(
        self, directory: Path, http: HttpTransport, *, ttl_s: float = TTL_S, wall_s: Callable[[], float] = time.time
    ) -> None:
        self._directory = directory
        self._http = http
        self._ttl_s = ttl_s
        self._wall_s = wall_s
        self._cache: diskcache.Cache | None = None

    async def listing(self, endpoint: Endpoint, *, refresh: bool = False) -> Listing:
        """The endpoint's list, from the cache while it is fresh. Raises `CallError` when there is none at all."""
        if endpoint.simulated:  # Its port is another one each time: what is kept would never be found again.
            return Listing(await self._fetch(endpoint), self._wall_s())
        kept = await self.kept(endpoint)
        if kept is not None and not refresh and not kept.stale:
            return kept
        try:
            cards = await self._fetch(endpoint)
        except CallError as error:
            if kept is None:
                raise
            return msgspec.structs.replace(kept, stale=True, problem=error.info.message)
        listing = Listing(cards, self._wall_s())
        problem = await asyncio.to_thread(self._keep, endpoint, listing)
        return msgspec.structs.replace(listing, problem=problem)

    async def kept(self, endpoint: Endpoint) -> Listing | None:
        """What is kept on disk, however old, which `stale` tells; no request is made."""
        kept = await asyncio.to_thread(self._kept, endpoint)
        if kept is None or 0 <= self._wall_s() - kept.fetched_at < self._ttl_s:
            return kept
        return msgspec.structs.replace(kept, stale=True)

    def close(self) -> None:
        if self._cache is not None:
            self._cache.close()
            self._cache = None

    async def _fetch(self, endpoint: Endpoint) -> tuple[ModelCard, ...]:
        path = "/models?limit=1000" if endpoint.dialect == "anthropic" else "/models"
        document = await self._http.fetch(endpoint, path, limit_s=LIMIT_S, cap=LIST_CAP)
        if not isinstance(document, dict) or not isinstance(document.get("data", document.get("models")), list):
            raise failure("protocol", "the endpoint gave no list of models")
        return cards_of(document)

    def _kept(self, endpoint: Endpoint) -> Listing | None:
        try:
            value = self._open().get(endpoint.base_url)
            return None if value is None else msgspec.convert(value, Listing)
        except _unusable():
            # Damaged, out of reach, or written by another version. Prices are unknown then, and no run fails for it.
            return None

    def _keep(self, endpoint: Endpoint, listing: Listing) -> str:
        """Why it cannot be kept; empty when it is."""
        try:
            self._open().set(endpoint.base_url, msgspec.to_builtins(listing))
        except _unusable() as error:
            return f"the list cannot be kept in {self._directory}: {error}"
        return ""

    def _open(self) -> diskcache.Cache:
        if self._cache is None:
            import diskcache

            self._directory.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._directory.chmod(0o700)
            self._cache = diskcache.Cache(str(self._directory), disk=_no_pickle(), timeout=5)
        return self._cache


def _unusable() -> tuple[type[Exception], ...]:
    """What a cache answers with that is broken, full or held by others; msgspec's and json's errors are ValueErrors."""
    import diskcache

    return OSError, sqlite3.Error, zlib.error, ValueError, diskcache.Timeout


def _no_pickle() -> type[diskcache.Disk]:
    import diskcache
    from diskcache.core import MODE_PICKLE  # type: ignore[import-untyped]

    class JsonOnly(diskcache.JSONDisk):  # type: ignore[misc]
        """Refuses rows that say they are pickled, whoever wrote them."""

        def fetch(self, mode: int, filename: str | None, value: Any, read: bool) -> Any:
            if mode == MODE_PICKLE:
                raise ValueError("a pickled value in the cache of models")
            return super().fetch(mode, filename, value, read)

    return JsonOnly
