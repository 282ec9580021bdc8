"""Calls of a model: read, put under their faults, and answered."""

from __future__ import annotations

from dataclasses import dataclass, replace
from random import Random
from typing import TYPE_CHECKING

from hive_tui.simulator import asked as asking
from hive_tui.simulator import exchange, tokens
from hive_tui.simulator.asked import Asked, Rejected
from hive_tui.simulator.chance import seeded
from hive_tui.simulator.characters import Character, lookup
from hive_tui.simulator.clock import Clock
from hive_tui.simulator.connection import Connection, Request
from hive_tui.simulator.dialects.chat import Chat, Cursor, Dialect, Failure, Usage
from hive_tui.simulator.faults import Fault, Faults
from hive_tui.simulator.generations import Generations
from hive_tui.simulator.pace import Pace, first_token
from hive_tui.simulator.replies import fail, send
from hive_tui.simulator.script import Answer, altered, script
from hive_tui.simulator.stats import BODY, Stats

if TYPE_CHECKING:
    from hive_tui.simulator.recorded import Recording

_MESSAGE = "Simulated failure: as the fault asked."
_PAGE = b"<!doctype html><html><head><title>Simulated</title></head><body><h1>It works!</h1></body></html>\n"
_FLOOD_FRAMES = 64


@dataclass(frozen=True, slots=True)
class Settings:
    """What holds for the whole server."""

    dialect: str
    seed: str = "0"
    pace: Pace | None = None
    """Of all models; `None` leaves each its own."""
    faults: tuple[Fault, ...] = ()
    recording: Recording | None = None
    """Of which all calls are answered; `None` lets the characters speak."""


def authorise(request: Request) -> None:
    """Any key will do, and none; but one that ends in `-wrong` is rejected. Raises `Rejected`."""
    key = request.header("x-api-key") or request.header("authorization") or ""
    if key.endswith("-wrong"):
        raise Rejected(Failure(401, "No auth credentials found or the key is wrong (simulated)."))


def understood(request: Request, dialect: Dialect) -> asking.Asked:
    """What a call asks for, noted in what the server has seen. Raises `Rejected`."""
    seen = request.seen
    seen.body = request.body[:BODY].decode("utf-8", "replace")
    asked = asking.read(request.body, dict(request.headers), anthropic=dialect.name == "anthropic")
    seen.model, seen.stream = asked.model, asked.stream
    authorise(request)
    return asked


def generation_id(dialect: Dialect, created: int, chance: Random) -> str:
    """As the dialect's providers name an answer."""
    letters = f"{chance.getrandbits(80):020x}"
    if dialect.name.startswith("openrouter"):
        return f"gen-{created}-{letters}"
    return {"anthropic": "msg_"}.get(dialect.name, "chatcmpl-") + letters


class Calls:
    """Answers calls of models in any dialect."""

    def __init__(self, settings: Settings, stats: Stats, generations: Generations, clock: Clock) -> None:
        self._settings = settings
        self._stats = stats
        self._generations = generations
        self._clock = clock
        self._serial = 0

    async def serve(self, request: Request, dialect: Dialect, connection: Connection) -> None:
        """Answer one call. Raises `Rejected`, and `Gone` when a fault closes the connection."""
        seen = request.seen
        asked = understood(request, dialect)
        faults = self._faults(asked, seen.id)
        seen.faults = list(faults)
        connection.drop = "drop-idle" in faults
        if "slow-headers" in faults:
            await self._clock.sleep(faults.number("slow-headers", 0, 3.0))
        if await self._refused(faults, dialect, connection, request):
            return
        character = lookup(asked.name)
        if character is None:
            status = 400 if dialect.name.startswith("openrouter") else 404
            raise Rejected(Failure(status, f"{asked.name} is not a valid model ID; GET /models lists them"))
        await self._speak(asked, character, dialect, faults, request, connection)

    async def _speak(
        self,
        asked: Asked,
        character: Character,
        dialect: Dialect,
        faults: Faults,
        request: Request,
        connection: Connection,
    ) -> None:
        options, seen, clock = asked.options, request.seen, self._clock
        seed = options.seed or self._settings.seed
        pace = options.pace or self._settings.pace or character.pace
        chance = seeded(seed, character.name, asked.seed, *asked.messages)
        said = altered(_answer(asked, character, f"{seed}/{asked.seed}"), faults)
        said = replace(said, usage=_usage(asked, character, said))
        first_s = first_token(pace, chance)
        chat = self._chat(asked, dialect, pace, said.usage, first_s, faults)
        hidden = int(faults.number("generation-404", 0, 1.0))
        self._generations.remember(chat, character, said.usage, said.finish, seen, hidden=hidden)
        headers = dialect.headers(chat)
        if not asked.stream:
            await clock.sleep(first_s + (said.usage.completion / pace.rate if pace.rate else 0.0))
            text, thought = "".join(said.answer), "".join(said.reasoning)
            body = dialect.whole(chat, text, thought, said.finish, said.usage)
            extra = [header for header in headers if header[0] not in ("content-type", "cache-control")]
            await send(connection, 200, body, extra, close="close" in faults)
        elif options.tokens is not None:
            usage = Usage(said.usage.prompt, options.tokens, 0, options.tokens * character.completion_pico)
            spoken = Cursor("answer", options.tokens, options.tokens)
            ends = (dialect.opening(chat), dialect.closing(chat, spoken, "stop", [usage]) + dialect.ending())
            order = exchange.Flood(options.tokens, options.frames or _FLOOD_FRAMES, options.rate)
            await exchange.flood(connection, dialect, chat, ends, order, clock, seen)
        else:
            if "gzip" in faults:
                headers.append(("content-encoding", "gzip"))
            per_chunk = exchange.per_chunk(options.frames, paced=pace.rate > 0.0)
            sender = exchange.Sender(connection, faults, clock, per_chunk)
            steps = script(dialect, chat, said, pace, first_s, faults, chance)
            head = exchange.Head(headers, dialect.early, "close" in faults)
            await exchange.play(connection, head, steps, sender, clock, seen)

    def _chat(self, asked: Asked, dialect: Dialect, pace: Pace, usage: Usage, first_s: float, faults: Faults) -> Chat:
        created = self._clock.time_ns() // 1_000_000_000
        self._serial += 1
        return Chat(
            generation=generation_id(dialect, created, seeded(self._settings.seed, created, self._serial)),
            created=created,
            model=asked.model,
            include_usage=asked.include_usage,
            continuous_usage=asked.continuous_usage,
            obfuscate=asked.obfuscate,
            old_wire="wire-2025-11" in faults,
            prompt_tokens=usage.prompt,
            ttft_ms=first_s * 1000.0,
            rate=pace.rate,
        )

    def _faults(self, asked: Asked, request: int) -> Faults:
        """Of each name the first fault that is still due: header before model name before server."""
        active = Faults()
        for place in (*asked.options.faults, self._settings.faults):
            for fault in place:
                uses = f"{fault} {asked.model}"
                spent = fault.times is not None and self._stats.fault_uses[uses] >= fault.times
                chance = seeded(self._settings.seed, "fault", fault.name, request)
                if fault.name in active or spent or chance.random() >= fault.probability:
                    continue
                self._stats.fault_uses[uses] += 1
                active[fault.name] = fault
        return active

    async def _refused(self, faults: Faults, dialect: Dialect, connection: Connection, request: Request) -> bool:
        """Send the response of a fault that has no stream; whether there was one."""
        close = "close" in faults
        if "status" in faults:
            await fail(connection, dialect, self._failure(faults["status"]), close=close)
        elif "availability" in faults:
            kind = "".join(faults["availability"].args[:1]) or "capacity_exhausted"
            await fail(
                connection, dialect, Failure(503, "No endpoint is available (simulated).", kind, "7"), close=close
            )
        elif "json200" in faults:
            await send(connection, 200, dialect.error_body(Failure(502, _MESSAGE)), close=close)
        elif "html" in faults:
            status = int(faults.number("html", 0, 200.0))
            await connection.document(status, [("content-type", "text/html; charset=utf-8")], _PAGE, close=close)
        elif "redirect" in faults:
            args = faults["redirect"].args
            location = args[1] if len(args) > 1 else f"/_sim/elsewhere{request.target}"
            status = int(faults.number("redirect", 0, 307.0))
            await send(connection, status, {"simulated": True}, [("location", location)], close=close)
        else:
            return False
        return True

    def _failure(self, fault: Fault) -> Failure:
        until = fault.option("date")
        retry = fault.option("after") or ""
        if until is not None:
            from email.utils import formatdate  # dear to import and seldom asked for

            retry = formatdate(self._clock.time_ns() / 1e9 + float(until), usegmt=True)
        return Failure(int(fault.number(0, 500.0)), _MESSAGE, fault.option("type") or "", retry)


def _answer(asked: Asked, character: Character, seed: str) -> Answer:
    """What the character says, cut at `max_tokens`."""
    if asked.options.tokens is not None:
        return Answer((), ())
    from hive_tui.simulator import mind, speech  # a third of the start: `serve` imports it once it listens

    reasoning, answer = mind.reply(character, asked.system, asked.last_user, seed, asked.options.errs)
    if asked.beginning:
        reasoning, answer = "", speech.rest(answer, asked.beginning)
    thought = tokens.split(reasoning) if asked.think else []
    spoken = tokens.split(answer)
    limit = asked.max_tokens
    if limit is None or len(thought) + len(spoken) <= limit:
        return Answer(thought, spoken)
    return Answer(thought[:limit], spoken[: max(0, limit - len(thought))], "length")


def _usage(asked: Asked, character: Character, said: Answer) -> Usage:
    """Tokens as the simulator counts them, and their price; a message costs four tokens of its own."""
    prompt = sum(tokens.count(text) + 4 for _, text in asked.messages)
    completion = len(said.reasoning) + len(said.answer)
    cost = prompt * character.prompt_pico + completion * character.completion_pico
    return Usage(prompt, completion, len(said.reasoning), 0 if asked.free else cost)
