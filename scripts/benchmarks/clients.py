"""Clients beside which `overhead` sets the core: each reads one flood and says what that cost its own process.

Run as `clients.py NAME PORT FRAMES CHUNKS`; prints a line of JSON. They run on the loop that the core runs on.
"""

from __future__ import annotations

import asyncio
import importlib.util
import json
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable

import httpx
import msgspec

from hive_tui.core.process import loop_factory


class _Delta(msgspec.Struct):
    content: str | None = None


class _Choice(msgspec.Struct):
    delta: _Delta


class _Chunk(msgspec.Struct):
    choices: list[_Choice]


async def _pieces(url: str, model: str) -> AsyncIterator[bytes]:
    asked = {"model": model, "stream": True, "messages": [{"role": "user", "content": "?"}]}
    async with (
        httpx.AsyncClient(timeout=None, trust_env=False) as client,
        client.stream("POST", f"{url}/chat/completions", json=asked) as response,
    ):
        async for piece in response.aiter_raw():
            yield piece


async def bare(url: str, model: str) -> int:
    """httpx alone: the bytes are counted and dropped."""
    size = 0
    async for piece in _pieces(url, model):
        size += len(piece)
    return size


async def parsed(url: str, model: str) -> int:
    """httpx, a split at blank lines, and msgspec: the least that gives the text."""
    decode = msgspec.json.Decoder(_Chunk).decode
    size, rest = 0, b""
    async for piece in _pieces(url, model):
        *events, rest = (rest + piece).split(b"\n\n")
        for event in events:
            if event != b"data: [DONE]":
                size += len(decode(event[6:]).choices[0].delta.content or "")
    return size


async def official(url: str, model: str) -> int:
    """The `openai` package, as its documentation says."""
    from openai import AsyncOpenAI  # type: ignore[import-not-found,unused-ignore]

    size = 0
    async with AsyncOpenAI(base_url=url, api_key="none") as client:
        asked = [{"role": "user", "content": "?"}]
        async for chunk in await client.chat.completions.create(model=model, messages=asked, stream=True):
            size += len(chunk.choices[0].delta.content or "")
    return size


CLIENTS: dict[str, Callable[[str, str], Awaitable[int]]] = {
    "bare httpx": bare,
    "httpx + msgspec": parsed,
    "openai package": official,
}


def available(name: str) -> bool:
    return name != "openai package" or importlib.util.find_spec("openai") is not None


async def measured(name: str, url: str, frames: int, chunks: int) -> dict[str, float]:
    await CLIENTS[name](url, f"flood/{frames}/4096")  # Whatever is made at the first call is not counted.
    cpu, wall = time.process_time(), time.monotonic()
    size = await CLIENTS[name](url, f"flood/{frames}/{chunks}")
    assert size
    return {
        "us_a_chunk": (time.process_time() - cpu) / chunks * 1e6,
        "chunks_s": chunks / (time.monotonic() - wall),
    }


if __name__ == "__main__":
    called, port, *counts = sys.argv[1:]
    with asyncio.Runner(loop_factory=loop_factory("")[1]) as runner:
        url = f"http://127.0.0.1:{port}/v1"
        print(json.dumps(runner.run(measured(called, url, *map(int, counts)))))
