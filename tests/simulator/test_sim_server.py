"""The server on a real socket: connections, calls, floods, and what it tells about them."""

from __future__ import annotations

import asyncio
import hashlib
import json
import time
from decimal import Decimal

import pytest

from hive_tui.simulator.dialects import DIALECTS, base_path

CHAT = "/api/v1/chat/completions"


def place(dialect: str) -> str:
    return f"/{dialect}{base_path(dialect)}/{'messages' if dialect == 'anthropic' else 'chat/completions'}"


@pytest.mark.parametrize("dialect", DIALECTS)
def test_every_dialect_is_served_under_its_prefix(sim, dialect: str) -> None:
    async def run() -> None:
        async with sim.serving() as server, server.connect() as raw:
            streamed = await raw.ask(place(dialect), sim.asking(max_tokens=500))
            assert streamed.status == 200
            assert streamed.headers["x-hive-simulated"] == "1"
            assert streamed.headers["content-type"].startswith("text/event-stream")
            assert "**42**" in sim.text(streamed.body)
            whole = await raw.ask(place(dialect), sim.asking(stream=False, max_tokens=500))
            assert whole.headers["content-type"] == "application/json"
            assert "**42**" in json.dumps(whole.json())

    asyncio.run(run())


def test_the_bare_path_speaks_the_servers_dialect(sim) -> None:
    async def run() -> None:
        async with sim.serving(dialect="anthropic") as server, server.connect() as raw:
            assert server.base_url.endswith("/v1")
            assert b"message_start" in (await raw.ask("/v1/messages", sim.asking(max_tokens=9))).body
            refused = await raw.ask("/v1/messages", sim.asking())
            assert (refused.status, refused.json()["type"]) == (400, "error")

    asyncio.run(run())


def test_a_connection_is_reused_and_may_be_pipelined(sim) -> None:
    async def run() -> None:
        async with sim.serving() as server, server.connect() as raw:
            for question in ("What is 1+1?", "What is 2+2?", "What is 3+3?"):
                raw.send("POST", CHAT, sim.asking(question=question))
            answers = [sim.text((await raw.receive()).body) for _ in range(3)]
            assert ["**2**" in answers[0], "**4**" in answers[1], "**6**" in answers[2]] == [True] * 3
            stats = (await raw.get("/_sim/stats")).json()
            assert stats["connections_opened"] == 1
            assert stats["requests_on_reused_connections"] == 3
            assert [entry["number"] for entry in stats["log"]] == [1, 2, 3]
            assert all(entry["outcome"] == "finished" for entry in stats["log"])

    asyncio.run(run())


def test_a_client_that_leaves_is_noticed_and_timed(sim) -> None:
    async def run() -> None:
        async with sim.serving() as server:
            async with server.connect() as raw:
                raw.send("POST", CHAT, sim.asking(), x_hive_fault="stall:2")
                assert (await raw.head()).status == 200
                await raw.chunk()
                left = time.monotonic_ns()
            async with server.connect() as raw:
                for _ in range(3_000):
                    (entry,) = (await raw.get("/_sim/stats")).json()["log"]
                    if entry["outcome"] != "open":
                        break
                    await asyncio.sleep(0.01)
            assert entry["outcome"] == "client-closed"
            assert entry["client_closed_ns"] >= left
            assert entry["client_closed_wall_ns"] > 0
            assert entry["chunks"] == 2

    asyncio.run(run())


def test_a_generation_is_found_at_the_second_try_and_knows_of_a_cancel(sim) -> None:
    async def run() -> None:
        async with sim.serving() as server:
            async with server.connect() as raw:
                raw.send("POST", CHAT, sim.asking(model="sim/atlas"), x_hive_fault="stall:3,generation-404:1")
                name = (await raw.head()).headers["x-generation-id"]
                seen = b""
                while seen.count(b'"content":') < 3:
                    seen += await raw.chunk() or b""
            async with server.connect() as raw:
                assert (await raw.get(f"/api/v1/generation?id={name}")).status == 404
                found = (await raw.get(f"/api/v1/generation?id={name}")).json()["data"]
                assert found["id"] == name
                assert found["cancelled"] is True
                assert found["finish_reason"] is None
                assert found["tokens_completion"] < 20
                assert (await raw.get("/api/v1/generation?id=other")).status == 404

    asyncio.run(run())


def test_cost_is_price_times_usage(sim) -> None:
    async def run() -> None:
        async with sim.serving(pace=None) as server, server.connect() as raw:
            listed = {entry["id"]: entry["pricing"] for entry in (await raw.get("/api/v1/models")).json()["data"]}
            for model in ("sim/atlas", "sim/delta", "sim/ember"):
                answer = await raw.ask(CHAT, sim.asking(model=f"{model}+pace=instant"))
                usage = next(chunk["usage"] for chunk in sim.payloads(answer.body) if "usage" in chunk)
                expected = Decimal(listed[model]["prompt"]) * usage["prompt_tokens"]
                expected += Decimal(listed[model]["completion"]) * usage["completion_tokens"]
                assert Decimal(repr(usage["cost"])) == expected
            free = await raw.ask(CHAT, sim.asking(model="sim/atlas:free+pace=instant"))
            assert next(chunk["usage"] for chunk in sim.payloads(free.body) if "usage" in chunk)["cost"] == 0

    asyncio.run(run())


def test_the_log_shows_which_key_came_but_not_the_key(sim) -> None:
    async def run() -> None:
        async with sim.serving() as server, server.connect() as raw:
            await raw.ask(CHAT, sim.asking(), authorization="Bearer sk-secret")
            logged = await raw.get("/_sim/requests")
            (entry,) = logged.json()["requests"]
            digest = hashlib.sha256(b"sk-secret").hexdigest()[:12]
            assert entry["headers"]["authorization"] == {"present": True, "sha256": digest}
            assert json.loads(entry["body"])["model"] == "sim/instant"
            assert b"sk-secret" not in logged.body
            assert (await raw.ask("/_sim/reset", b"")).status == 200
            assert (await raw.get("/_sim/requests")).json()["requests"] == []
            assert (await raw.get("/_sim/reset")).status == 404

    asyncio.run(run())


@pytest.mark.parametrize(
    ("path", "body", "headers", "status"),
    [
        (CHAT, b"{", {}, 400),
        (CHAT, b"[" * 100_000, {}, 400),
        (CHAT, b"[]", {}, 400),
        (CHAT, b'{"model":"sim/atlas"}', {}, 400),
        (CHAT, b'{"messages":[{"role":"user","content":"x"}]}', {}, 400),
        (CHAT, b'{"model":"gpt-9","messages":[{"role":"user","content":"x"}]}', {}, 400),
        ("/openai/v1/chat/completions", b'{"model":"gpt-9","messages":[{"role":"user","content":"x"}]}', {}, 404),
        (CHAT, None, {"authorization": "Bearer sk-wrong"}, 401),
        (CHAT, None, {"x_hive_fault": "nope"}, 400),
        (CHAT, None, {"x_hive_pace": "nope"}, 400),
        (CHAT, None, {"x_hive_tokens": "many"}, 400),
        ("/elsewhere", b"{}", {}, 404),
    ],
)
def test_a_request_that_is_none_gets_its_status(sim, path: str, body, headers, status: int) -> None:
    async def run() -> None:
        async with sim.serving() as server, server.connect() as raw:
            answer = await raw.ask(path, sim.asking() if body is None else body, **headers)
            assert answer.status == status
            assert answer.json()["simulated"] is True
            assert (await raw.get("/api/v1/key")).json()["data"]["label"]

    asyncio.run(run())


@pytest.mark.parametrize("frames", [1, 8, 64])
@pytest.mark.parametrize("dialect", ["openrouter-wire", "anthropic", "vllm"])
def test_a_flood_loses_nothing(sim, frames: int, dialect: str) -> None:
    async def run() -> None:
        count = 5000
        async with sim.serving() as server, server.connect() as raw:
            path, body = place(dialect), sim.asking(max_tokens=1)
            answer = await raw.ask(path, body, x_hive_tokens=str(count), x_hive_frames=str(frames))
            assert sim.text(answer.body) == "".join(f" {number % 4096:04x}" for number in range(count))
            middle = answer.chunks[3]
            assert middle.count(b"data: ") == frames
            (entry,) = (await raw.get("/_sim/stats")).json()["log"]
            assert entry["tokens"] == count

    asyncio.run(run())


def test_a_flood_keeps_its_rate(sim) -> None:
    async def run() -> None:
        clock = sim.patient_clock()
        async with sim.serving(clock=clock) as server, server.connect() as raw:
            await raw.ask(CHAT, sim.asking(model="sim/instant+tokens=5000+frames=8+rate=1000"))
            assert clock.monotonic_ns() / 1e9 == pytest.approx(5.0, abs=0.02)

    asyncio.run(run())


def test_the_same_request_gets_the_same_answer_at_the_same_pace(sim) -> None:
    async def run() -> None:
        took, texts = [], []
        for seed in ("1", "1", "2"):
            clock = sim.patient_clock()
            async with sim.serving(clock=clock, seed=seed) as server, server.connect() as raw:
                answer = await raw.ask(CHAT, sim.asking(model="sim/delta", question="Why do cats purr?"))
                texts.append(sim.text(answer.body))
                took.append(clock.monotonic_ns())
        assert texts[0] == texts[1] != texts[2]
        assert took[0] == took[1] != took[2]
        assert took[0] > 1e9

    asyncio.run(run())


def test_what_is_no_http_is_refused_in_plain_text(sim) -> None:
    async def run() -> None:
        async with sim.serving() as server, server.connect() as raw:
            raw.writer.write(b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\x00" * 300)  # a TLS client's hello
            assert (await raw.reader.read()).startswith(b"HTTP/1.1 400")

    asyncio.run(run())


def test_http_1_0_gets_a_body_without_chunks(sim) -> None:
    async def run() -> None:
        async with sim.serving() as server, server.connect() as raw:
            raw.send("POST", CHAT, sim.asking(), "1.0")
            answer = await raw.receive()
            assert "transfer-encoding" not in answer.headers
            assert "**42**" in sim.text(answer.body)
            assert answer.body.endswith(b"data: [DONE]\n\n")

    asyncio.run(run())


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/api/v1/models", 200),
        ("/api/v1/key", 200),
        ("/api/v1/credits", 403),
        ("/api/v1/models/sim/atlas/endpoints", 200),
        ("/api/v1/models/sim/nobody/endpoints", 404),
        ("/openai/v1/models", 200),
        ("/openai/v1/key", 404),
        ("/llamacpp-new/health", 200),
        ("/llamacpp-2025/props", 200),
        ("/vllm/health", 200),
        ("/ollama-v1/api/version", 200),
        ("/api/v1/chat/completions", 405),
        ("/", 404),
    ],
)
def test_side_endpoints(sim, path: str, status: int) -> None:
    async def run() -> None:
        async with sim.serving() as server, server.connect() as raw:
            answer = await raw.get(path)
            assert answer.status == status
            assert answer.json()["simulated"] is True

    asyncio.run(run())
