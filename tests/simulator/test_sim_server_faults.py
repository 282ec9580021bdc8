"""The fault menu on a real socket."""

from __future__ import annotations

import asyncio
import gzip
import zlib

import pytest

from hive_tui.simulator.dialects import base_path
from hive_tui.simulator.faults import MENU

CHAT = "/api/v1/chat/completions"


def place(dialect: str) -> str:
    return f"/{dialect}{base_path(dialect)}/{'messages' if dialect == 'anthropic' else 'chat/completions'}"


@pytest.mark.parametrize(
    ("fault", "status", "headers"),
    [
        ("status:429:after=2", 429, {"retry-after": "2", "x-ratelimit-remaining": "0"}),
        ("status:503:date=60", 503, {"retry-after": "Fri, 15 Jan 2027 08:01:00 GMT"}),
        ("status:400", 400, {}),
        ("status:524", 524, {}),
        ("availability", 503, {"retry-after": "7"}),
        ("html:502", 502, {"content-type": "text/html; charset=utf-8"}),
        ("json200", 200, {"content-type": "application/json"}),
        ("redirect:308:http%3A//127.0.0.2/", 308, {"location": "http://127.0.0.2/"}),
    ],
)
def test_a_fault_without_a_stream(sim, fault: str, status: int, headers: dict[str, str]) -> None:
    async def run() -> None:
        async with sim.serving(clock=sim.patient_clock()) as server, server.connect() as raw:
            answer = await raw.ask(CHAT, sim.asking(), x_hive_fault=fault)
            assert answer.status == status
            assert {name: answer.headers[name] for name in headers} == headers
            assert answer.headers["x-hive-simulated"] == "1"

    asyncio.run(run())


def test_faults_may_be_limited_and_come_one_after_another(sim) -> None:
    async def run() -> None:
        async with sim.serving() as server, server.connect() as raw:
            scripted = sim.asking(model="sim/instant+fault=status:503@1,status:429@2")
            assert [(await raw.ask(CHAT, scripted)).status for _ in range(5)] == [503, 429, 429, 200, 200]
            maybe = sim.asking(model="sim/instant+fault=status:500~0.5")
            assert {(await raw.ask(CHAT, maybe)).status for _ in range(20)} == {200, 500}

    asyncio.run(run())


@pytest.mark.parametrize(
    "fault",
    [
        "lf",
        "crlf",
        "cr",
        "bytes",
        "drip:1",
        "multiline",
        "bom",
        "nospace",
        "comments:3",
        "colon",
        "nulid",
        "cold",
        "close",
    ],
)
def test_framing_leaves_the_answer_as_it_is(sim, fault: str) -> None:
    async def run() -> None:
        async with sim.serving(clock=sim.patient_clock()) as server, server.connect() as raw:
            body = sim.asking(max_tokens=4)
            plain = await raw.ask(CHAT, body)
            odd = await raw.ask(CHAT, body, x_hive_fault=fault)
            assert sim.text(odd.body) == sim.text(plain.body) != ""
            assert odd.whole
            assert odd.body.startswith(b"\xef\xbb\xbf") is (fault == "bom")
            if fault in ("bytes", "drip:1"):
                assert {len(chunk) for chunk in odd.chunks} == {1}

    asyncio.run(run())


def test_gzip_comes_with_its_header_or_without(sim) -> None:
    async def run() -> None:
        async with sim.serving() as server, server.connect() as raw:
            honest = await raw.ask(CHAT, sim.asking(), x_hive_fault="gzip")
            assert honest.headers["content-encoding"] == "gzip"
            assert "**42**" in sim.text(gzip.decompress(honest.body))
            secret = await raw.ask(CHAT, sim.asking(), x_hive_fault="gzip-bare")
            assert "content-encoding" not in secret.headers
            assert "**42**" in sim.text(zlib.decompressobj(31).decompress(secret.body))

    asyncio.run(run())


@pytest.mark.parametrize(("fault", "whole"), [("eof:3", True), ("cut:3", False), ("rst:3", False)])
def test_a_stream_breaks_off_where_asked(sim, fault: str, whole: bool) -> None:
    async def run() -> None:
        async with sim.serving() as server, server.connect() as raw:
            answer = await raw.ask(CHAT, sim.asking(), x_hive_fault=fault, x_hive_frames="1")
            assert answer.whole is whole
            assert sum(chunk.startswith(b"data: ") and b'"content":' in chunk for chunk in answer.chunks) == 3
            async with server.connect() as other:
                (entry,) = (await other.get("/_sim/stats")).json()["log"]
            assert entry["outcome"] == ("finished" if whole else "broken")

    asyncio.run(run())


def test_big_things_come_whole(sim) -> None:
    async def run() -> None:
        async with sim.serving() as server, server.connect() as raw:
            line = sim.text((await raw.ask(CHAT, sim.asking(), x_hive_fault="line:1000000")).body)
            assert len(line) == 4096 * (1_000_000 // 4096)
            assert "\n" not in line
            huge = await raw.ask(CHAT, sim.asking(), x_hive_fault="huge")
            assert max(len(data) for _, data in sim.events(huge.body)) > 2 * 1024 * 1024

    asyncio.run(run())


def test_connections_are_closed_as_faults_say(sim) -> None:
    async def run() -> None:
        async with sim.serving() as server:
            async with server.connect() as raw:
                answer = await raw.ask(CHAT, sim.asking(), x_hive_fault="close")
                assert answer.headers["connection"] == "close"
                assert await raw.reader.read() == b""
            async with server.connect() as raw:
                answer = await raw.ask(CHAT, sim.asking(), x_hive_fault="drop-idle")
                assert "connection" not in answer.headers
                assert await raw.reader.read() == b""

    asyncio.run(run())


@pytest.mark.parametrize("fault", sorted(set(MENU) - {"stall", "hang"}))
@pytest.mark.parametrize("dialect", ["openrouter-docs", "llamacpp-2025", "anthropic"])
def test_no_fault_breaks_the_server_itself(sim, dialect: str, fault: str) -> None:
    async def run() -> None:
        faulty: list[dict[str, object]] = []
        asyncio.get_running_loop().set_exception_handler(lambda _, context: faulty.append(context))
        async with sim.serving(clock=sim.patient_clock()) as server:
            async with server.connect() as raw:
                named = {"status": "status:429", "line": "line:9000", "huge": "huge:9000", "say": "say:hello"}.get(
                    fault, fault
                )
                await raw.ask(place(dialect), sim.asking(max_tokens=8), x_hive_fault=named)
            async with server.connect() as raw:
                (entry,) = (await raw.get("/_sim/stats")).json()["log"]
                assert entry["faults"] == [fault]
                assert entry["outcome"] == ("broken" if fault in ("cut", "rst") else "finished")
        assert faulty == []

    asyncio.run(run())
