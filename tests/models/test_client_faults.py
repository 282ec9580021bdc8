"""The HTTP client when things go wrong: each fault is said by its name, the text before it stands, no key leaks."""

from __future__ import annotations

import asyncio
import json
import logging
import socket
from typing import Any

import pytest

from hive_tui.models.call import CallError, Endpoint, Finish, Identity, Opened, Part, Text
from hive_tui.models.client import HttpTransport

DONE = b"data: [DONE]\n\n"


def texts(parts: list[Part]) -> str:
    return "".join(part.text for part in parts if isinstance(part, Text))


def _status(status: str, body: bytes = b"", *headers: str, kind: str = "application/json") -> Any:
    async def script(connection: Any, _: Any) -> None:
        await connection.answer(status, body, *headers, kind=kind)

    return script


async def _html(connection: Any, _: Any) -> None:
    await connection.answer("200 OK", b"\n <!doctype html><html>Welcome</html>", kind="text/html")


async def _lying_html(connection: Any, _: Any) -> None:
    await connection.answer("200 OK", b"<html>Welcome</html>", kind="text/event-stream")


async def _hang_up(connection: Any, _: Any) -> None:
    connection.writer.close()


async def _no_http(connection: Any, _: Any) -> None:
    await connection.send(b"SSH-2.0-OpenSSH_9.6\r\n\r\n")
    connection.writer.close()


def _letters(body: bytes) -> Any:
    async def script(connection: Any, _: Any) -> None:
        await connection.head()
        for place in range(len(body)):
            await connection.chunk(body[place : place + 1])
            await asyncio.sleep(0.001)
        await connection.end()

    return script


async def _brotli(connection: Any, _: Any) -> None:
    await connection.answer("200 OK", b"xx", "content-encoding: br")


async def _bad_gzip(connection: Any, _: Any) -> None:
    await connection.answer("200 OK", b"\x1f\x8b\x08\0\0\0\0\0\0\0garbage garbage")


async def _one_long_line(connection: Any, _: Any) -> None:
    await connection.head()
    for _ in range(40):
        await connection.chunk(b"x" * (1 << 18))
    await connection.end()


@pytest.mark.parametrize(
    ("script", "kind", "status", "words"),
    [
        pytest.param(_status("401 No", b'{"error":{"message":"bad key"}}'), "auth", 401, "bad key", id="401"),
        pytest.param(_status("404 No", b"<html>", kind="text/html"), "not_found", 404, "web page", id="404 page"),
        pytest.param(_status("503 No"), "overloaded", 503, "no explanation", id="503 empty"),
        pytest.param(_status("307 Go", b"", "location: http://b.c/"), "redirect", 307, "b.c", id="redirect"),
        pytest.param(_status("302 Go"), "protocol", 302, "status 302", id="redirect to nowhere"),
        pytest.param(_status("304 Same"), "protocol", 304, "status 304", id="304"),
        pytest.param(_status("407 No"), "proxy", 407, "status 407", id="407"),
        pytest.param(_status("200 OK", b'{"error":{"message":"m","code":429}}'), "rate_limit", 429, "m", id="200"),
        pytest.param(_status("200 OK", b""), "empty", None, "no text", id="empty body"),
        pytest.param(_status("204 None"), "empty", None, "no text", id="204"),
        pytest.param(_status("200 OK", b"Hello.", kind="text/plain"), "protocol", None, ": Hello.", id="words"),
        pytest.param(_letters(b"Hello."), "protocol", None, ": Hello.", id="words by letters"),
        pytest.param(_letters(b": ping\n\n"), "empty", None, "no text", id="a ping alone"),
        pytest.param(_letters(b"data: [DONE]\n\n"), "empty", None, "no text", id="an end alone"),
        pytest.param(_html, "html", None, "web page", id="html"),
        pytest.param(_lying_html, "html", None, "web page", id="html as a stream"),
        pytest.param(_hang_up, "reset", None, "without an answer", id="hang up"),
        pytest.param(_no_http, "protocol", None, "HTTP", id="no http"),
        pytest.param(_brotli, "protocol", None, "'br'", id="brotli"),
        pytest.param(_bad_gzip, "protocol", None, "damaged", id="bad gzip"),
        pytest.param(_one_long_line, "too_large", None, "1048576", id="10 MB on a line"),
    ],
)  # fmt: skip
def test_what_goes_wrong_is_said(
    run: Any, serve: Any, outcome: Any, key: str, script: Any, kind: str, status: int | None, words: str
) -> None:
    server, parts, error = run(outcome(serve, script))
    assert (error.info.kind, error.info.status) == (kind, status)
    assert words in error.info.message
    assert key not in repr(error)
    assert texts(parts) == ""
    assert len(server.requests) == 1


@pytest.mark.parametrize("ending", ["reset", "close"])
def test_a_connection_lost_in_mid_stream_keeps_the_text(
    run: Any, serve: Any, outcome: Any, frame: Any, ending: str
) -> None:
    async def script(connection: Any, _: Any) -> None:
        await connection.head()
        await connection.chunk(frame("partial"))
        await asyncio.sleep(0.05)
        connection.reset() if ending == "reset" else connection.writer.close()

    _, parts, error = run(outcome(serve, script))
    assert texts(parts) == "partial"
    assert (error.info.kind, error.retryable) == ("reset", True)


def test_a_connection_lost_after_the_finish_is_no_error(run: Any, serve: Any, outcome: Any, frame: Any) -> None:
    async def script(connection: Any, _: Any) -> None:
        await connection.head()
        await connection.chunk(frame("a", finish_reason="stop"))
        await asyncio.sleep(0.05)
        connection.reset()

    _, parts, error = run(outcome(serve, script))
    assert error is None
    assert parts[-1] == Finish("stop", "stop")


def test_an_error_in_mid_stream_comes_after_the_text_before_it(
    run: Any, serve: Any, outcome: Any, frame: Any, key: str
) -> None:
    async def script(connection: Any, _: Any) -> None:
        await connection.head()
        told = json.dumps({"error": {"code": 502, "message": f"\x1b[31mdown {key}"}}).encode()
        await connection.chunk(frame("partial") + b"data: " + told + b"\n\n")
        await connection.closed()

    _, parts, error = run(outcome(serve, script))
    assert texts(parts) == "partial"
    assert (error.info.kind, error.info.status, error.info.message) == ("provider", 502, "[31mdown [key]")


def test_nobody_listens(run: Any, secrets: Any) -> None:
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        port = sock.getsockname()[1]

    async def main() -> None:
        http = HttpTransport(secrets)
        error = await _error_of(http, Endpoint("e", f"http://127.0.0.1:{port}/v1", "openai"))
        assert (error.info.kind, error.retryable) == ("connect", False)
        assert str(port) in error.info.message

    run(main())


@pytest.mark.parametrize(
    ("url", "kind"),
    [
        ("http://no-such-host.invalid/v1", "dns"),
        ("ftp://host/v1", "url"),
        ("localhost:80/v1", "url"),
        ("http://[::1/v1", "url"),
    ],
)
def test_urls_that_lead_nowhere(run: Any, secrets: Any, url: str, kind: str) -> None:
    async def main() -> None:
        assert (await _error_of(HttpTransport(secrets), Endpoint("e", url, "openai"))).info.kind == kind

    run(main())


async def _error_of(http: HttpTransport, endpoint: Endpoint) -> CallError:
    from hive_tui.models.call import Call

    with pytest.raises(CallError) as caught:
        async for _ in http.stream(Call(endpoint, "m", ())):
            pass
    await http.aclose()
    return caught.value


@pytest.mark.parametrize("bad", ["sk-line\nbreak", "sk-ümlaut", "two words"])
def test_a_key_that_no_header_can_hold_is_refused_without_quoting_it(run: Any, serve: Any, bad: str) -> None:
    class Bad:
        def key_for(self, _: Endpoint) -> str:
            return bad

    async def main() -> None:
        async with serve(_status("200 OK")) as server:
            error = await _error_of(HttpTransport(Bad()), server.endpoint())
            assert error.info.kind == "auth"
            assert bad not in repr(error)
            assert error.__cause__ is None
            assert server.requests == []

    run(main())


def test_no_log_line_holds_the_key(run: Any, serve: Any, outcome: Any, frame: Any, key: str, caplog: Any) -> None:
    caplog.set_level(logging.DEBUG)

    async def script(connection: Any, _: Any) -> None:
        await connection.head()
        await connection.chunk(frame("a", finish_reason="stop") + DONE)
        await connection.end()

    run(outcome(serve, script))
    assert key not in caplog.text


def test_the_simulators_mark_stands_beside_an_error_too(run: Any, serve: Any, outcome: Any) -> None:
    _, parts, error = run(outcome(serve, _status("503 No", b"", "x-hive-simulated: 1")))
    assert parts == [Opened(503, "HTTP/1.1", False), Identity(simulated=True)]
    assert error.info.status == 503


@pytest.mark.parametrize(
    ("proxy", "words"),
    [
        ("socks5://127.0.0.1:1", "only HTTP proxies"),
        ("http://127.0.0.1:port", "no URL"),
        ("http://[::1", "no URL"),
        ("http://127.0.0.1:1", "cannot be reached: 127.0.0.1 port 1: Connection refused"),
    ],
)
def test_a_proxy_that_cannot_be_used_is_said(
    run: Any, secrets: Any, monkeypatch: pytest.MonkeyPatch, proxy: str, words: str
) -> None:
    monkeypatch.setenv("http_proxy", proxy)
    monkeypatch.delenv("no_proxy", raising=False)
    monkeypatch.delenv("NO_PROXY", raising=False)

    async def main() -> None:
        error = await _error_of(HttpTransport(secrets), Endpoint("e", "http://models.example/v1", "openai"))
        assert (error.info.kind, error.retryable) == ("proxy", False)
        assert words in error.info.message

    run(main())
