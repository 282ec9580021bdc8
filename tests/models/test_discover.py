"""Model servers on this machine: known by what only they say, never by their port alone."""

from __future__ import annotations

import json
from contextlib import AsyncExitStack
from typing import Any

import pytest

from hive_tui.models.client import HttpTransport
from hive_tui.models.discover import SERVERS, discover

ANSWERS: dict[str, Any] = {
    "ollama": {
        "models": [
            {"name": "llama3:8b", "digest": "x", "details": {}},
            {"name": "nomic-embed-text", "digest": "y", "details": {}},
        ]
    },
    "lmstudio": {
        "object": "list",
        "data": [
            {"id": "qwen", "object": "model", "type": "llm", "publisher": "q"},
            {"id": "embed", "object": "model", "type": "embeddings", "publisher": "n"},
        ],
    },
    "llamacpp": {"object": "list", "data": [{"id": "gguf", "owned_by": "llamacpp", "meta": {"n_ctx": 512}}]},
    "vllm": {"object": "list", "data": [{"id": "mistral", "owned_by": "vllm", "max_model_len": 4096}]},
}


def answering(payload: Any, status: str = "200 OK") -> Any:
    body = payload if isinstance(payload, bytes) else json.dumps(payload).encode()

    async def script(connection: Any, _: Any) -> None:
        await connection.answer(status, body)

    return script


def test_each_server_is_found_by_its_own_words_and_gets_no_key(run: Any, serve: Any, secrets: Any, key: str) -> None:
    async def main() -> None:
        http = HttpTransport(secrets)
        async with AsyncExitStack() as stack:
            servers = {name: await stack.enter_async_context(serve(answering(told))) for name, told in ANSWERS.items()}
            found = await discover(http, ports={name: server.port for name, server in servers.items()})
            assert {item.name: item.models for item in found} == {
                "ollama": ("llama3:8b",),
                "lmstudio": ("qwen",),
                "llamacpp": ("gguf",),
                "vllm": ("mistral",),
            }
            for item in found:
                assert item.endpoint.base_url == f"http://127.0.0.1:{servers[item.name].port}/v1"
                assert item.endpoint.dialect == "openai"
            assert all(key not in str(server.requests[0].headers) for server in servers.values())
        await http.aclose()

    run(main())


@pytest.mark.parametrize(
    "told",
    [
        answering(b"<html>Jenkins</html>"),
        answering({"data": []}),
        answering({"object": "list", "data": []}),
        answering({"object": "list", "data": [{"id": "x", "owned_by": "somebody"}]}),
        answering({"models": ["a"]}),
        answering({"models": []}),
        answering({}, "404 No"),
        answering(b""),
        answering([1, 2]),
    ],
)
def test_other_servers_at_these_ports_are_not_mistaken(run: Any, serve: Any, secrets: Any, told: Any) -> None:
    async def main() -> None:
        http = HttpTransport(secrets)
        async with serve(told) as server:
            found = await discover(http, ports={known.name: server.port for known in SERVERS})
            assert found == ()
        await http.aclose()

    run(main())


def test_one_server_is_not_another(run: Any, serve: Any, secrets: Any) -> None:
    async def main() -> None:
        http = HttpTransport(secrets)
        for name, told in ANSWERS.items():
            async with serve(answering(told)) as server:
                found = await discover(http, ports={known.name: server.port for known in SERVERS})
                assert [item.name for item in found] == [name]
        await http.aclose()

    run(main())


def test_a_server_that_never_answers_is_waited_for_briefly(run: Any, serve: Any, secrets: Any) -> None:
    async def silent(connection: Any, _: Any) -> None:
        await connection.closed()

    async def main() -> None:
        http = HttpTransport(secrets)
        async with serve(silent) as server:
            assert await discover(http, ports={known.name: server.port for known in SERVERS}) == ()
        await http.aclose()

    run(main())
