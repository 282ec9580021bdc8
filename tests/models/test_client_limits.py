"""Time limits and cancelling at every phase of a call, over real sockets, on both event loops."""

from __future__ import annotations

import asyncio
import socket
from contextlib import aclosing
from typing import Any

import pytest

from hive_tui.models import deadlines
from hive_tui.models.call import Call, CallError, Endpoint, Finish, Limits, Text
from hive_tui.models.client import HttpTransport

TURNS = 20
"""Milliseconds' turns of the loop until the server must have seen its connection closed after a cancel. Turns are
counted and not time, so that a machine that stalls fails nothing."""


async def _soon(event: asyncio.Event) -> bool:
    for _ in range(TURNS):
        if event.is_set():
            break
        await asyncio.sleep(0.001)
    return event.is_set()


async def _silent(connection: Any, _: Any) -> None:
    await connection.closed()


async def _headers_only(connection: Any, _: Any) -> None:
    await connection.head()
    await connection.closed()


async def _pings(connection: Any, _: Any) -> None:
    await connection.head()
    closing = asyncio.ensure_future(connection.closed())
    while not closing.done():
        await connection.chunk(b": ping\n\n")
        await asyncio.wait({closing}, timeout=0.02)


def _text_then(frame: Any, *after: bytes) -> Any:
    async def script(connection: Any, _: Any) -> None:
        await connection.head()
        await connection.chunk(frame("a"))
        closing = asyncio.ensure_future(connection.closed())
        while not closing.done():
            for piece in after:
                await connection.chunk(piece)
            await asyncio.wait({closing}, timeout=0.02)

    return script


@pytest.mark.parametrize(
    ("phase", "limits", "kind"),
    [
        ("headers", Limits(first_token=0.1), "timeout_first_token"),
        ("first token", Limits(first_token=0.1), "timeout_first_token"),
        ("pings", Limits(first_token=0.15, idle=0.05), "timeout_first_token"),
        ("silence", Limits(idle=0.1), "timeout_idle"),
        ("babble", Limits(idle=0.1, total=0.3), "timeout_total"),
        ("pings after text", Limits(idle=0.1, total=0.3), "timeout_total"),
        ("headers", Limits(first_token=None, total=0.1), "timeout_total"),
    ],
)
def test_each_limit_has_its_own_error(
    run: Any, serve: Any, secrets: Any, frame: Any, phase: str, limits: Limits, kind: str
) -> None:
    scripts = {
        "headers": _silent,
        "first token": _headers_only,
        "pings": _pings,
        "silence": _text_then(frame),
        "babble": _text_then(frame, frame("b")),
        "pings after text": _text_then(frame, b":\n\n"),
    }

    async def main() -> None:
        http = HttpTransport(secrets)
        texts = 0
        async with serve(scripts[phase]) as server:
            with pytest.raises(CallError) as caught:  # noqa: PT012
                async for batch in http.stream(server.call(limits=limits)):
                    texts += sum(isinstance(part, Text) for part in batch.parts)
            assert caught.value.info.kind == kind
            assert (texts > 0) == (phase in ("silence", "babble", "pings after text"))
            await http.aclose()

    run(main())


def test_the_connect_limit_holds_while_a_connection_is_not_taken(run: Any, secrets: Any) -> None:
    async def main() -> None:
        # A listener whose queue is full takes no connection and refuses none.
        with socket.socket() as listener:
            listener.bind(("127.0.0.1", 0))
            listener.listen(0)
            fillers = [socket.socket() for _ in range(4)]
            for filler in fillers:
                filler.setblocking(False)
                filler.connect_ex(listener.getsockname())
            await asyncio.sleep(0.05)
            http = HttpTransport(secrets)
            endpoint = Endpoint("e", f"http://127.0.0.1:{listener.getsockname()[1]}/v1", "openai")
            with pytest.raises(CallError) as caught:
                async for _ in http.stream(Call(endpoint, "m", (), limits=Limits(connect=0.1))):
                    pass
            assert (caught.value.info.kind, caught.value.retryable) == ("timeout_connect", True)
            for filler in fillers:
                filler.close()
            await http.aclose()

    run(main())


@pytest.mark.parametrize("pings", [0, 1000])
@pytest.mark.parametrize("end", [b"", b"data: [DONE]\n\n"], ids=["finish reason", "end mark"])
def test_a_server_that_hangs_after_its_answer_does_not_hang_us(
    run: Any, serve: Any, secrets: Any, frame: Any, monkeypatch: pytest.MonkeyPatch, end: bytes, pings: int
) -> None:
    monkeypatch.setattr(deadlines, "FINISH_S", 0.2)

    async def script(connection: Any, _: Any) -> None:
        await connection.head()
        await connection.chunk(frame("a", finish_reason="stop") + end)
        for _ in range(pings):
            await connection.chunk(b":\n\n")
            await asyncio.sleep(0.05)
        await connection.closed()

    async def main() -> None:
        http = HttpTransport(secrets)
        async with serve(script) as server:
            parts = [part async for batch in http.stream(server.call()) for part in batch.parts]
            assert parts[-1] == Finish("stop", "stop")
            await http.aclose()

    run(main())


@pytest.mark.parametrize("how", ["task", "generator"])
@pytest.mark.parametrize("phase", ["headers", "first token", "pings", "mid-stream", "flood"])
def test_a_cancel_closes_the_stream(run: Any, serve: Any, secrets: Any, frame: Any, phase: str, how: str) -> None:
    scripts = {
        "headers": _silent,
        "first token": _headers_only,
        "pings": _pings,
        "mid-stream": _text_then(frame, frame("b")),
        "flood": _text_then(frame, *([frame("b") * 200] * 10)),
    }
    gone = asyncio.Event()

    async def script(connection: Any, request: Any) -> None:
        try:
            await scripts[phase](connection, request)
        except ConnectionError:
            pass
        finally:
            gone.set()

    async def consume(http: HttpTransport, call: Call) -> None:
        async for _ in http.stream(call):
            pass

    async def main() -> None:
        http = HttpTransport(secrets)
        async with serve(script) as server:
            if how == "task":
                task = asyncio.ensure_future(consume(http, server.call()))
                await asyncio.sleep(0.1)
                task.cancel()
                await asyncio.wait({task})
                assert task.cancelled()
            else:
                async with aclosing(http.stream(server.call())) as stream:
                    waiting = asyncio.ensure_future(anext(stream))
                    await asyncio.sleep(0.1)
                    waiting.cancel()
                    await asyncio.wait({waiting})
            assert await _soon(gone)
            await http.aclose()
        assert len(asyncio.all_tasks()) == 2, "the call left a task behind"

    run(main())


def test_a_cancel_while_connecting_ends_at_once_and_leaves_nothing(run: Any, secrets: Any) -> None:
    async def main() -> None:
        with socket.socket() as listener:
            listener.bind(("127.0.0.1", 0))
            listener.listen(0)
            fillers = [socket.socket() for _ in range(4)]
            for filler in fillers:
                filler.setblocking(False)
                filler.connect_ex(listener.getsockname())
            await asyncio.sleep(0.05)
            http = HttpTransport(secrets)
            endpoint = Endpoint("e", f"http://127.0.0.1:{listener.getsockname()[1]}/v1", "openai")
            stream = http.stream(Call(endpoint, "m", ()))
            waiting = asyncio.ensure_future(anext(stream))
            await asyncio.sleep(0.05)
            waiting.cancel()
            done, _ = await asyncio.wait({waiting}, timeout=1)
            assert done
            await asyncio.sleep(0.01)
            assert len(asyncio.all_tasks()) == 2
            for filler in fillers:
                filler.close()
            await http.aclose()

    run(main())
