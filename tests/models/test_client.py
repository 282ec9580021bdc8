"""The HTTP client over real sockets, on both event loops: what comes, what goes wrong, and what never leaks."""

from __future__ import annotations

import asyncio
import gzip
import json
import zlib
from typing import Any

import pytest

from hive_tui.events import Channel
from hive_tui.models.call import Batch, CallError, Endpoint, Finish, Identity, Opened, Part, Text
from hive_tui.models.client import HttpTransport

DONE = b"data: [DONE]\n\n"


def texts(parts: list[Part]) -> str:
    return "".join(part.text for part in parts if isinstance(part, Text))


def test_a_stream_is_read_and_the_connection_is_used_again(
    run: Any, serve: Any, secrets: Any, frame: Any, key: str
) -> None:
    async def script(connection: Any, _: Any) -> None:
        await connection.head()
        await connection.chunk(frame("Hel") + frame("lo"))
        await connection.chunk(frame("", finish_reason="stop") + DONE)
        await connection.end()

    async def main() -> None:
        http = HttpTransport(secrets)
        async with serve(script) as server:
            seen = []
            for _ in range(2):
                parts = [part async for batch in http.stream(server.call()) for part in batch.parts]
                assert parts[1:] == [
                    Identity("gen-1", "m-1"),
                    Text(Channel.ANSWER, "Hel"),
                    Text(Channel.ANSWER, "lo"),
                    Finish("stop", "stop"),
                ]
                seen.append(parts[0])
            assert seen == [Opened(200, "HTTP/1.1", False), Opened(200, "HTTP/1.1", True)]
            assert server.connections == 1
            request = server.requests[0]
            assert (request.method, request.path) == ("POST", "/v1/chat/completions")
            assert request.headers["authorization"] == f"Bearer {key}"
            assert request.headers["accept-encoding"] == "identity"
            assert request.json["model"] == "m"
            await http.aclose()

    run(main())


def test_http_chunks_that_come_together_are_one_batch(run: Any, serve: Any, secrets: Any, frame: Any) -> None:
    async def script(connection: Any, _: Any) -> None:
        await connection.head()
        pieces = [frame(str(number)) for number in range(50)]
        await connection.send(b"".join(b"%x\r\n%b\r\n" % (len(piece), piece) for piece in pieces))
        await asyncio.sleep(0.05)
        await connection.chunk(frame("", finish_reason="stop") + DONE)
        await connection.end()

    async def main() -> None:
        http = HttpTransport(secrets)
        async with serve(script) as server:
            batches: list[Batch] = [batch async for batch in http.stream(server.call())]
            await http.aclose()
        assert sum(len(batch.parts) for batch in batches) == 53
        assert len(batches) <= 5
        assert [batch.at_ns for batch in batches] == sorted(batch.at_ns for batch in batches)

    run(main())


def test_a_keyless_endpoint_gets_no_key_and_anthropic_gets_its_own_header(
    run: Any, serve: Any, secrets: Any, key: str
) -> None:
    async def script(connection: Any, _: Any) -> None:
        await connection.answer("200 OK", b"{}")

    async def main() -> None:
        http = HttpTransport(secrets)
        async with serve(script) as server:
            for endpoint in (server.endpoint(name="keyless"), server.endpoint("anthropic")):
                call = server.call(endpoint.dialect)
                with pytest.raises(CallError):
                    async for _ in http.stream(type(call)(endpoint, "m", call.messages)):
                        pass
            first, second = server.requests
            assert key not in str(first.headers)
            assert second.path == "/v1/messages"
            assert second.headers["x-api-key"] == key
            assert "anthropic-version" in second.headers
            assert "authorization" not in second.headers
            await http.aclose()

    run(main())


@pytest.mark.parametrize(
    ("pack", "header"),
    [
        (gzip.compress, "content-encoding: gzip"),
        (gzip.compress, "x-nothing: said"),
        (lambda body: gzip.compress(body[:40]) + gzip.compress(body[40:]), "content-encoding: gzip"),
        (lambda body: zlib.compress(body, wbits=-15), "content-encoding: deflate"),
        (zlib.compress, "content-encoding: deflate"),
    ],
)
def test_packed_bodies(run: Any, serve: Any, outcome: Any, frame: Any, pack: Any, header: str) -> None:
    async def script(connection: Any, _: Any) -> None:
        packed = pack(frame("packed ") * 100 + frame("", finish_reason="stop") + DONE)
        await connection.head(header)
        for place in range(0, len(packed), 7):
            await connection.chunk(packed[place : place + 7])
        await connection.end()

    _, parts, error = run(outcome(serve, script))
    assert error is None
    assert texts(parts) == "packed " * 100


def test_the_simulators_mark_is_taken_from_the_header(run: Any, serve: Any, outcome: Any, frame: Any) -> None:
    async def script(connection: Any, _: Any) -> None:
        await connection.head("x-hive-simulated: 1")
        await connection.chunk(frame("a", finish_reason="stop") + DONE)
        await connection.end()

    _, parts, _ = run(outcome(serve, script))
    assert parts[1] == Identity(simulated=True)
    assert Identity("gen-1", "m-1", "", True) in parts


def test_one_json_document_instead_of_a_stream(run: Any, serve: Any, outcome: Any) -> None:
    async def script(connection: Any, _: Any) -> None:
        message = {"choices": [{"message": {"content": "all at once"}, "finish_reason": "stop"}]}
        await connection.answer("200 OK", json.dumps(message).encode())

    _, parts, error = run(outcome(serve, script))
    assert error is None
    assert texts(parts) == "all at once"


def test_a_stream_that_just_ends_raises_nothing_and_has_no_finish(
    run: Any, serve: Any, outcome: Any, frame: Any
) -> None:
    async def script(connection: Any, _: Any) -> None:
        await connection.head()
        await connection.chunk(frame("a"))
        await connection.end()

    _, parts, error = run(outcome(serve, script))
    assert error is None
    assert texts(parts) == "a"
    assert not any(isinstance(part, Finish) for part in parts)


@pytest.mark.parametrize(
    "last", [b'data: {"choices":[{"delta":{"content":"b"},"finish_reason":"stop"}]}', b"data: [DONE]"]
)
def test_a_last_event_without_its_blank_line_counts(
    run: Any, serve: Any, outcome: Any, frame: Any, last: bytes
) -> None:
    async def script(connection: Any, _: Any) -> None:
        await connection.head()
        await connection.chunk(frame("a") + last)
        await connection.end()

    _, parts, error = run(outcome(serve, script))
    assert error is None
    assert texts(parts).startswith("a")


def test_a_proxy_of_the_environment_is_used_but_never_for_this_machine(
    run: Any, serve: Any, secrets: Any, frame: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def script(connection: Any, _: Any) -> None:
        await connection.head()
        await connection.chunk(frame("a", finish_reason="stop") + DONE)
        await connection.end()

    async def main() -> None:
        async with serve(script) as proxy, serve(script) as here:
            monkeypatch.setenv("http_proxy", f"http://user:word@127.0.0.1:{proxy.port}")
            monkeypatch.delenv("no_proxy", raising=False)
            monkeypatch.delenv("NO_PROXY", raising=False)
            http = HttpTransport(secrets)
            call = here.call()
            far = Endpoint("far", "http://models.example/v1", "openai")
            for endpoint in (far, here.endpoint()):
                async for _ in http.stream(type(call)(endpoint, "m", call.messages)):
                    pass
            await http.preconnect(far)
            assert proxy.requests[0].path == "http://models.example/v1/chat/completions"
            assert proxy.requests[0].headers["proxy-authorization"].startswith("Basic ")
            assert len(here.requests) == len(proxy.requests) == 1
            await http.aclose()

    run(main())


def test_preconnect_opens_a_connection_that_the_next_call_takes_and_makes_no_request(
    run: Any, serve: Any, secrets: Any, frame: Any
) -> None:
    async def script(connection: Any, _: Any) -> None:
        await connection.head()
        await connection.chunk(frame("a", finish_reason="stop") + DONE)
        await connection.end()

    async def main() -> None:
        http = HttpTransport(secrets)
        async with serve(script) as server:
            await http.preconnect(server.endpoint())
            await http.preconnect(server.endpoint())
            await asyncio.sleep(0.02)
            assert (server.connections, len(server.requests)) == (1, 0)
            parts = [part async for batch in http.stream(server.call()) for part in batch.parts]
            assert parts[0] == Opened(200, "HTTP/1.1", True)
            await http.preconnect(server.endpoint())
            await asyncio.sleep(0.02)
            assert (server.connections, len(server.requests)) == (1, 1)
            await http.aclose()

    run(main())


def test_a_connection_opened_ahead_that_the_server_has_closed_is_not_used(
    run: Any, serve: Any, secrets: Any, frame: Any
) -> None:
    async def script(connection: Any, _: Any) -> None:
        await connection.head()
        await connection.chunk(frame("a", finish_reason="stop") + DONE)
        await connection.end()

    async def main() -> None:
        http = HttpTransport(secrets)
        async with serve(script) as first:
            endpoint = first.endpoint()
            await http.preconnect(endpoint)
        await asyncio.sleep(0.05)
        with pytest.raises(CallError) as caught:
            await http.preconnect(endpoint)
        assert caught.value.info.kind == "connect"
        await http.aclose()

    run(main())


def test_a_flood_is_handed_on_in_batches_and_slowed_down_by_a_slow_consumer(
    run: Any, serve: Any, secrets: Any, frame: Any
) -> None:
    piece = frame("x" * 200) * 64
    sent = 0

    async def script(connection: Any, _: Any) -> None:
        nonlocal sent
        await connection.head()
        for _ in range(600):
            await connection.chunk(piece)
            sent += 1
        await connection.chunk(frame("", finish_reason="stop") + DONE)
        await connection.end()

    async def main() -> None:
        http = HttpTransport(secrets)
        async with serve(script) as server:
            chunks, first = 0, True
            async for batch in http.stream(server.call()):
                chunks += sum(isinstance(part, Text) for part in batch.parts)
                if first:
                    await asyncio.sleep(0.3)
                    assert sent < 600
                    first = False
            assert chunks == 600 * 64
            await http.aclose()

    run(main())
