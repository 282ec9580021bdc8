"""Model servers on this machine: asked at their usual ports, on loopback only, without a key.

A port alone proves nothing (8000 and 8080 are everybody's), so each server must say something that only it says.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from hive_tui.models.call import CallError, Endpoint
from hive_tui.models.cards import cards_of
from hive_tui.models.client import HttpTransport

PROBE_S = 0.5
_CAP = 4 << 20


class Found(msgspec.Struct, frozen=True):
    """A server that answers, and what it serves."""

    name: str
    endpoint: Endpoint
    models: tuple[str, ...]


class _Server(msgspec.Struct, frozen=True):
    name: str
    port: int
    path: str
    """Where it says who it is; from the host's root."""
    models: Callable[[Mapping[str, Any]], tuple[str, ...] | None]
    """The names of its models; `None` when this is another server, or one that has no model and so cannot be told."""


def _ollama(document: Mapping[str, Any]) -> tuple[str, ...] | None:
    entries = document.get("models")
    if not isinstance(entries, list) or not entries:
        return None
    if not all(isinstance(entry, Mapping) and "digest" in entry and "details" in entry for entry in entries):
        return None
    return tuple(card.id for card in cards_of(document) if "embed" not in card.id)


def _lm_studio(document: Mapping[str, Any]) -> tuple[str, ...] | None:
    entries = document.get("data")
    if document.get("object") != "list" or not isinstance(entries, list) or not entries:
        return None
    if not all(isinstance(entry, Mapping) and "type" in entry and "publisher" in entry for entry in entries):
        return None
    spoken = {str(entry.get("id")) for entry in entries if entry["type"] in ("llm", "vlm")}
    return tuple(card.id for card in cards_of(document) if card.id in spoken)


def _owned_by(owner: str) -> Callable[[Mapping[str, Any]], tuple[str, ...] | None]:
    def models(document: Mapping[str, Any]) -> tuple[str, ...] | None:
        cards = cards_of(document)
        ours = document.get("object") == "list" and cards and all(card.owner == owner for card in cards)
        return tuple(card.id for card in cards) if ours else None

    return models


SERVERS = (
    _Server("ollama", 11434, "/api/tags", _ollama),
    _Server("lmstudio", 1234, "/api/v0/models", _lm_studio),
    _Server("llamacpp", 8080, "/v1/models", _owned_by("llamacpp")),
    _Server("vllm", 8000, "/v1/models", _owned_by("vllm")),
)


async def discover(http: HttpTransport, *, ports: Mapping[str, int] | None = None) -> tuple[Found, ...]:
    """The model servers that run here, each asked once and at the same time. `ports` are other ports by name."""
    asked = (_ask(http, server, (ports or {}).get(server.name, server.port)) for server in SERVERS)
    return tuple(found for found in await asyncio.gather(*asked) if found is not None)


async def _ask(http: HttpTransport, server: _Server, port: int) -> Found | None:
    root = f"http://127.0.0.1:{port}"
    try:
        document = await http.fetch(
            Endpoint(server.name, root, "openai"), server.path, limit_s=PROBE_S, cap=_CAP, key=False
        )
    except CallError:
        # Nothing listens there, or it is something else: that is the answer, not a fault.
        return None
    models = server.models(document) if isinstance(document, Mapping) else None
    return None if models is None else Found(server.name, Endpoint(server.name, root + "/v1", "openai"), models)
