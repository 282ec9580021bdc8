"""A recorded run played back over a real socket: who answers what, with which texts, how it ends, and at what pace."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from hive_tui import wire
from hive_tui.events import (
    AttemptEnded,
    AttemptOpened,
    AttemptStarted,
    Channel,
    Delta,
    ErrorInfo,
    Event,
    Message,
    Outcome,
    Plan,
    Record,
    RunStarted,
    StageSpec,
    Usage,
    UsageReported,
    UsageSource,
)
from hive_tui.recording.format import DamagedError, LogHeader, Span
from hive_tui.recording.writer import LogWriter
from hive_tui.simulator.dialects import DIALECTS, base_path
from hive_tui.simulator.recorded import Recording

QUESTION = "Why is the sky blue?"
CHAT = "/api/v1/chat/completions"
PLAN = Plan("p", (StageSpec("one", "generator", "there", "acme/large"),))
STEP_NS = 1_000_000_000


def said(*texts: str, channel: Channel = Channel.ANSWER) -> Delta:
    table = b"".join(wire.CHUNK.pack(0, len(text.encode())) for text in texts)
    return Delta(channel, table, "".join(texts).encode())


def started(model: str = "acme/large", *messages: tuple[str, str]) -> AttemptStarted:
    asked = tuple(Message(*message) for message in messages or (("user", QUESTION),))
    return AttemptStarted("one", model, "there", messages=asked)


def ended(outcome: Outcome = Outcome.FINISHED, finish: str | None = "stop", **more: Any) -> AttemptEnded:
    return AttemptEnded(outcome, finish, **more)


OPENED = AttemptOpened(200)


def written(folder: Path, *attempts: list[Event], step_ns: int = STEP_NS) -> Path:
    """A run with these attempts, one after the other, an event a second."""
    events: list[tuple[int, Event]] = [(0, RunStarted("01J", QUESTION, PLAN, "default", False, 1))]
    events += [(stream, event) for stream, attempt in enumerate(attempts, 1) for event in attempt]
    log = LogWriter(folder, LogHeader("01J", 1), lambda job: job())
    for seq, (stream, event) in enumerate(events, 1):
        at_ns = seq * step_ns
        log.append(wire.encode(Record(1, seq, at_ns, stream, event)), Span(1, seq, seq, at_ns, at_ns))
    log.finish()
    return folder


def asking(model: str = "acme/large", messages: tuple[tuple[str, str], ...] = (("user", QUESTION),)) -> bytes:
    asked = [{"role": role, "content": text} for role, text in messages]
    options = {"stream": True, "stream_options": {"include_usage": True}, "max_tokens": 500}
    return json.dumps({"model": model, "messages": asked, **options}).encode()


def played(sim: Any, folder: Path, work: Callable[[Any], Awaitable[None]], **settings: Any) -> None:
    async def run() -> None:
        recording = Recording(folder, paced=settings.pop("paced", False))
        async with sim.serving(recording=recording, **settings) as server, server.connect() as raw:
            await work(raw)

    asyncio.run(run())


@pytest.mark.parametrize("dialect", DIALECTS)
def test_every_dialect_gives_the_recorded_text_back(sim, tmp_path: Path, dialect: str) -> None:
    folder = written(tmp_path / "01J", [started(), OPENED, said("Scat", "tering", " é"), said("."), ended()])
    place = f"/{dialect}{base_path(dialect)}/{'messages' if dialect == 'anthropic' else 'chat/completions'}"

    async def work(raw: Any) -> None:
        response = await raw.ask(place, asking())
        assert (response.status, response.headers["x-hive-simulated"]) == (200, "1")
        assert sim.text(response.body) == "Scattering é."
        whole = await raw.ask(place, asking().replace(b'"stream": true', b'"stream": false'))
        assert "Scattering é." in json.dumps(whole.json(), ensure_ascii=False)

    played(sim, folder, work)


def test_a_call_that_went_on_from_a_beginning_answers_with_and_without_it(sim, tmp_path: Path) -> None:
    asked = (("user", QUESTION), ("assistant", "Scat"))
    begun = Delta(Channel.ANSWER, b"", b"Scat")
    folder = written(tmp_path / "01J", [started("m", *asked), begun, OPENED, said("ter", "ing"), ended()])

    async def work(raw: Any) -> None:
        for messages, text in ((asked, "tering"), (asked[:1], "Scattering")):
            assert sim.text((await raw.ask(CHAT, asking("m", messages))).body) == text
            request = asking("m", messages).replace(b'"stream": true', b'"stream": false')
            assert (await raw.ask(CHAT, request)).json()["choices"][0]["message"]["content"] == text

    played(sim, folder, work)


def test_each_chunk_and_channel_comes_as_it_came(sim, tmp_path: Path) -> None:
    usage = UsageReported(Usage(7, 5, 2, source=UsageSource.PROVIDER), "0.25", "provider")
    folder = written(
        tmp_path / "01J",
        [
            started(),
            OPENED,
            said("Hm", channel=Channel.REASONING),
            said("Blue", " light"),
            said("No", channel=Channel.REFUSAL),
            usage,
            ended(finish="length"),
        ],
    )

    async def work(raw: Any) -> None:
        payloads = sim.payloads((await raw.ask(CHAT, asking())).body)
        deltas = [choice["delta"] for payload in payloads for choice in payload["choices"]]
        names = ("reasoning", "content", "refusal")
        shown = [(name, delta[name]) for delta in deltas for name in names if delta.get(name)]
        assert shown == [("reasoning", "Hm"), ("content", "Blue"), ("content", " light"), ("refusal", "No")]
        assert payloads[-1]["choices"][0]["finish_reason"] == "length"
        assert payloads[-1]["usage"]["completion_tokens"] == 5
        assert payloads[-1]["usage"]["cost"] == 0.25

    played(sim, folder, work)


def test_a_cost_that_nobody_told_is_not_told(sim, tmp_path: Path) -> None:
    usage = UsageReported(Usage(7, 5, source=UsageSource.PROVIDER))
    folder = written(tmp_path / "01J", [started(), OPENED, said("a"), usage, ended()], [started("b"), OPENED, ended()])

    async def work(raw: Any) -> None:
        told = sim.payloads((await raw.ask(CHAT, asking())).body)[-1]["usage"]
        assert (told["prompt_tokens"], "cost" in told) == (7, False)
        assert all("usage" not in each for each in sim.payloads((await raw.ask(CHAT, asking("b"))).body))

    played(sim, folder, work)


def test_calls_with_the_same_messages_answer_in_their_order_and_then_again(sim, tmp_path: Path) -> None:
    limited = ErrorInfo("rate_limit", "slow down", 429)
    folder = written(
        tmp_path / "01J",
        [started(), AttemptOpened(429), ended(Outcome.ERRORED, None, error=limited)],
        [started(), OPENED, said("now"), ended()],
    )

    async def work(raw: Any) -> None:
        for _ in range(2):
            refused = await raw.ask(CHAT, asking())
            assert (refused.status, refused.json()["error"]["message"]) == (429, "slow down")
            assert sim.text((await raw.ask(CHAT, asking())).body) == "now"

    played(sim, folder, work)


def test_what_was_not_recorded_is_refused_with_a_word(sim, tmp_path: Path) -> None:
    folder = written(tmp_path / "01J", [started(), OPENED, said("a"), ended()])

    async def work(raw: Any) -> None:
        unknown = await raw.ask(CHAT, asking("acme/small"))
        assert unknown.status == 404
        assert "acme/small is not in recording 01J; it holds acme/large" in unknown.json()["error"]["message"]
        other = await raw.ask(CHAT, asking(messages=(("user", "Why is it green?"),)))
        assert other.status == 400
        assert f"no call of acme/large with these messages; its question: {QUESTION}" in other.body.decode()
        models = (await raw.get("/api/v1/models")).json()["data"]
        assert [(each["id"], each["pricing"]["prompt"]) for each in models] == [("acme/large", "-1")]

    played(sim, folder, work)


def test_the_number_of_quotations_is_not_compared_and_all_else_is(sim, tmp_path: Path) -> None:
    def quoting(number: str, answer: str) -> tuple[tuple[str, str], ...]:
        block = f'<answer from="one" id="{number}">\n{answer}\n</answer {number}>'
        return (("system", "Role: refiner"), ("user", f"{block}\nOnly {number} is ours."))

    folder = written(tmp_path / "01J", [started("m", *quoting("12ab", "so")), OPENED, said("a"), ended()])

    async def work(raw: Any) -> None:
        assert (await raw.ask(CHAT, asking("m", quoting("99ff", "so")))).status == 200
        assert (await raw.ask(CHAT, asking("m", quoting("99ff", "otherwise")))).status == 400

    played(sim, folder, work)


@pytest.mark.parametrize(
    ("last", "whole", "finish", "error"),
    [
        (ended(Outcome.TRUNCATED, None), True, None, None),
        (ended(Outcome.CANCELLED, None), True, None, None),
        (ended(Outcome.ERRORED, None, error=ErrorInfo("provider", "fell over")), True, None, "fell over"),
        (ended(Outcome.ERRORED, None, error=ErrorInfo("reset", "lost")), False, None, None),
        (ended(Outcome.ERRORED, "content_filter", error=ErrorInfo("refused", "no")), True, "content_filter", None),
    ],
)
def test_it_ends_as_it_ended(sim, tmp_path: Path, last: Event, whole: bool, finish: Any, error: Any) -> None:
    folder = written(tmp_path / "01J", [started(), OPENED, said("part"), last])

    async def work(raw: Any) -> None:
        response = await raw.ask(CHAT, asking())
        payloads = sim.payloads(response.body)
        assert (sim.text(response.body), response.whole) == ("part", whole)
        reasons = [choice["finish_reason"] for each in payloads for choice in each["choices"]]
        assert next(filter(None, reasons), None) == finish
        assert next((each["error"]["message"] for each in payloads if "error" in each), None) == error

    played(sim, folder, work)


@pytest.mark.parametrize("dialect", ["openrouter-wire", "openai", "anthropic"])
def test_who_asks_for_no_stream_gets_a_whole_answer_or_the_error(sim, tmp_path: Path, dialect: str) -> None:
    usage = UsageReported(Usage(7, 5, 2, 3, UsageSource.PROVIDER))
    fell = ended(Outcome.ERRORED, None, error=ErrorInfo("provider", "fell over", 503))
    folder = written(
        tmp_path / "01J",
        [started("counted"), OPENED, said("whole"), usage, ended()],
        [started("uncounted"), OPENED, said("whole"), ended()],
        [started("broken"), OPENED, said("part"), fell],
        [started("cut"), OPENED, said("part"), ended(Outcome.CANCELLED, None)],
        [started("slow"), OPENED, said("part"), ended(Outcome.TIMED_OUT, None)],
    )
    place = f"/{dialect}{base_path(dialect)}/{'messages' if dialect == 'anthropic' else 'chat/completions'}"

    def one_piece(model: str) -> bytes:
        return asking(model).replace(b'"stream": true', b'"stream": false').replace(b', "stream_options"', b', "x"')

    async def work(raw: Any) -> None:
        told = (await raw.ask(place, one_piece("counted"))).json()["usage"]
        if dialect == "anthropic":
            assert (told["input_tokens"], told["cache_read_input_tokens"], told["output_tokens"]) == (4, 3, 5)
        else:
            assert (told["prompt_tokens"], told["prompt_tokens_details"]["cached_tokens"]) == (7, 3)
        assert not (await raw.ask(place, one_piece("uncounted"))).json().get("usage")
        broken = await raw.ask(place, one_piece("broken"))
        assert (broken.status, broken.json()["error"]["message"]) == (503, "fell over")
        assert b"part" not in broken.body

    async def without(raw: Any, model: str) -> None:
        raw.send("POST", place, one_piece(model))
        with pytest.raises((ConnectionResetError, asyncio.IncompleteReadError, TimeoutError)) as found:
            await asyncio.wait_for(raw.reader.readuntil(b"\r\n"), 0.05 if model == "slow" else 30)
        assert (found.type is TimeoutError) == (model == "slow")

    played(sim, folder, work)
    for model in ("cut", "slow"):
        played(sim, folder, lambda raw, model=model: without(raw, model))


def test_an_error_without_a_count_brings_none(sim, tmp_path: Path) -> None:
    fell = ended(Outcome.ERRORED, None, error=ErrorInfo("provider", "fell over"))
    folder = written(tmp_path / "01J", [started(), OPENED, said("part"), fell])

    async def work(raw: Any) -> None:
        assert all("usage" not in each for each in sim.payloads((await raw.ask(CHAT, asking())).body))

    played(sim, folder, work)


def test_a_call_that_never_reached_anybody_is_cut_off(sim, tmp_path: Path) -> None:
    lost = ended(Outcome.ERRORED, None, error=ErrorInfo("connect", "nobody listens"))

    async def work(raw: Any) -> None:
        raw.send("POST", CHAT, asking())
        with pytest.raises(ConnectionResetError):
            await raw.reader.readuntil(b"\r\n")

    played(sim, written(tmp_path / "01J", [started(), lost]), work)


@pytest.mark.parametrize(("paced", "seconds"), [(True, 4.0), (False, 0.0)])
def test_pace_is_the_recorded_one_or_none(sim, tmp_path: Path, paced: bool, seconds: float) -> None:
    """Started at 2 s, text at 4 s and 5 s, ended at 6 s."""
    folder = written(tmp_path / "01J", [started(), OPENED, said("one"), said("two"), ended()])
    clock = sim.patient_clock()

    async def work(raw: Any) -> None:
        assert sim.text((await raw.ask(CHAT, asking())).body) == "onetwo"
        assert clock.monotonic_ns() / 1e9 == pytest.approx(seconds, abs=0.01)

    played(sim, folder, work, paced=paced, clock=clock)


def test_a_call_that_timed_out_falls_silent(sim, tmp_path: Path) -> None:
    slow = ended(Outcome.TIMED_OUT, None, error=ErrorInfo("timeout_idle", "silence"))
    folder = written(tmp_path / "01J", [started(), OPENED, said("part"), slow])

    async def work(raw: Any) -> None:
        raw.send("POST", CHAT, asking())
        assert (await raw.head()).status == 200
        heard = b""
        while b"part" not in heard:
            heard += await raw.chunk()
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(raw.chunk(), 0.05)

    played(sim, folder, work)


def test_damage_is_told_before_anything_is_served(tmp_path: Path) -> None:
    folder = written(tmp_path / "01J", [started(), OPENED, said("a"), ended()])
    log = folder / "log"
    data = bytearray(log.read_bytes())
    data[len(data) // 4] ^= 1
    log.write_bytes(data)
    with pytest.raises(DamagedError):
        Recording(folder, paced=False)
