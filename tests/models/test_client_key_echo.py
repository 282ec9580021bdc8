"""An endpoint that echoes the caller's key in its answer, over real sockets: in each dialect, on each channel."""

from __future__ import annotations

import asyncio
import json
from contextlib import aclosing
from typing import Any

import pytest

from hive_tui.events import Channel
from hive_tui.models.call import Finish, Part, Text
from hive_tui.models.client import HttpTransport

DONE = b"data: [DONE]\n\n"


def said(parts: list[Part], channel: Channel = Channel.ANSWER) -> str:
    return "".join(part.text for part in parts if isinstance(part, Text) and part.channel is channel)


def event(document: dict[str, Any]) -> bytes:
    return b"data: " + json.dumps(document).encode() + b"\n\n"


def openai_chunk(name: str, text: str) -> bytes:
    return event({"choices": [{"delta": {name: text}}]})


def anthropic_chunk(name: str, text: str) -> bytes:
    return event({"type": "content_block_delta", "delta": {"type": f"{name}_delta", name: text}})


OPENAI_END = event({"choices": [{"delta": {}, "finish_reason": "stop"}]}) + DONE
ANTHROPIC_END = event({"type": "message_delta", "delta": {"stop_reason": "end_turn"}}) + event({"type": "message_stop"})
STREAMS = [
    ("openai", openai_chunk, {"content": Channel.ANSWER, "reasoning_content": Channel.REASONING}, OPENAI_END),
    ("openai", openai_chunk, {"refusal": Channel.REFUSAL}, OPENAI_END),
    ("openrouter", openai_chunk, {"content": Channel.ANSWER, "reasoning": Channel.REASONING}, OPENAI_END),
    ("anthropic", anthropic_chunk, {"text": Channel.ANSWER, "thinking": Channel.REASONING}, ANTHROPIC_END),
]


@pytest.mark.parametrize("size", [1, 7, 100], ids="cut by {}".format)
@pytest.mark.parametrize(
    ("dialect", "chunk", "names", "end"), STREAMS, ids=["openai", "refusal", "openrouter", "anthropic"]
)
def test_a_stream_that_echoes_the_key(
    run: Any,
    serve: Any,
    outcome: Any,
    key: str,
    dialect: str,
    chunk: Any,
    names: dict[str, Channel],
    end: bytes,
    size: int,
) -> None:
    text = f"You sent {key}{key} to us"

    async def script(connection: Any, _: Any) -> None:
        await connection.head()
        # The voices by turns, frames cut in the middle, and a turn of the loop between the reads.
        for place in range(0, len(text), size):
            for name in names:
                frame = chunk(name, text[place : place + size])
                await connection.chunk(frame[:40])
                await asyncio.sleep(0)
                await connection.chunk(frame[40:])
        await connection.chunk(end)
        await connection.end()

    _, parts, error = run(outcome(serve, script, dialect))
    assert error is None
    for channel in names.values():
        assert said(parts, channel) == "You sent [key][key] to us"
    assert isinstance(parts[-1], Finish)


@pytest.mark.parametrize("dialect", ["openai", "openrouter", "anthropic"])
def test_a_whole_document_that_echoes_the_key(run: Any, serve: Any, outcome: Any, key: str, dialect: str) -> None:
    text = f"You sent {key}"
    blocks = [{"type": "thinking", "thinking": text}, {"type": "text", "text": text}]
    message = {"role": "assistant", "content": text, "reasoning": text}
    documents = {
        "openai": {"choices": [{"message": message, "finish_reason": "stop"}]},
        "anthropic": {"type": "message", "content": blocks, "stop_reason": "end_turn"},
    }

    async def script(connection: Any, _: Any) -> None:
        body = json.dumps(documents["anthropic" if dialect == "anthropic" else "openai"]).encode()
        # JSON may write any character as an escape.
        await connection.answer("200 OK", body.replace(b"sk-", b"\\u0073k\\u002d"))

    _, parts, error = run(outcome(serve, script, dialect))
    assert error is None
    assert said(parts) == said(parts, Channel.REASONING) == "You sent [key]"


def test_text_that_only_begins_like_the_key_comes_whole_when_the_stream_breaks(
    run: Any, serve: Any, outcome: Any, frame: Any, key: str
) -> None:
    async def broken(connection: Any, _: Any) -> None:
        await connection.head()
        await connection.chunk(frame(f"It is {key[:9]}"))
        connection.writer.close()

    async def says_why(connection: Any, _: Any) -> None:
        await connection.head()
        await connection.chunk(frame(f"It is {key[:9]}") + event({"error": {"message": f"no {key}", "code": 502}}))
        await connection.end()

    async def babbles(connection: Any, _: Any) -> None:
        await connection.head()
        await connection.chunk(frame(f"It is {key[:9]}") + b"data: {" + key.encode() + b"\n\n")
        await connection.closed()

    for script, kind in ((broken, "reset"), (says_why, "provider"), (babbles, "protocol")):
        _, parts, error = run(outcome(serve, script))
        assert said(parts) == f"It is {key[:9]}"
        assert error.info.kind == kind
        assert key not in error.info.message


def test_text_that_is_held_is_a_first_token(run: Any, serve: Any, outcome: Any, frame: Any, key: str) -> None:
    async def script(connection: Any, _: Any) -> None:
        await connection.head()
        await connection.chunk(frame(key[:3]))
        await connection.closed()

    _, parts, error = run(outcome(serve, script, first_token=5, idle=0.1))
    assert said(parts) == key[:3]
    assert error.info.kind == "timeout_idle"


def test_a_cancel_keeps_text_that_was_held(run: Any, serve: Any, secrets: Any, frame: Any, key: str) -> None:
    async def script(connection: Any, _: Any) -> None:
        await connection.head()
        await connection.chunk(frame(f"It is {key[:3]}"))
        await connection.closed()

    async def main() -> None:
        http = HttpTransport(secrets)
        parts: list[Part] = []
        came = asyncio.Event()

        async def consume(call: Any) -> None:
            async with aclosing(http.stream(call)) as batches:
                async for batch in batches:
                    parts.extend(batch.parts)
                    if said(parts):
                        came.set()

        async with serve(script) as server:
            task = asyncio.create_task(consume(server.call()))
            await came.wait()
            assert said(parts) == "It is "
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            assert said(parts) == f"It is {key[:3]}"
            await http.aclose()

    run(main())


def test_a_call_without_a_key_is_not_guarded(run: Any, serve: Any, secrets: Any, frame: Any, key: str) -> None:
    async def script(connection: Any, _: Any) -> None:
        await connection.head()
        await connection.chunk(frame(key) + OPENAI_END)
        await connection.end()

    async def main() -> None:
        http = HttpTransport(secrets)
        async with serve(script) as server:
            endpoint = server.endpoint(name="keyless")
            call = server.call()
            parts: list[Part] = []
            async for batch in http.stream(type(call)(endpoint, "m", call.messages)):
                parts += batch.parts
            assert said(parts) == key
            await http.aclose()

    run(main())


def test_a_finish_reason_does_not_become_the_key_by_being_made_fit_to_be_shown(
    run: Any, serve: Any, outcome: Any, key: str
) -> None:
    async def script(connection: Any, _: Any) -> None:
        await connection.head()
        await connection.chunk(
            event({"choices": [{"delta": {"content": "a"}, "finish_reason": "\x01".join(key)}]}) + DONE
        )
        await connection.end()

    _, parts, _ = run(outcome(serve, script))
    assert parts[-1] == Finish("[key]", "[key]")
