"""Answers calls of models from a recorded run."""

from __future__ import annotations

from hive_tui.events import Outcome
from hive_tui.simulator import asked as asking
from hive_tui.simulator import exchange, recorded
from hive_tui.simulator.calls import Settings, generation_id, understood
from hive_tui.simulator.chance import seeded
from hive_tui.simulator.clock import Clock
from hive_tui.simulator.connection import Connection, Request
from hive_tui.simulator.dialects.chat import Chat, Dialect
from hive_tui.simulator.faults import Faults
from hive_tui.simulator.recorded import Recording
from hive_tui.simulator.replies import fail, send
from hive_tui.state import AttemptState


class RecordedCalls:
    """In the place of `calls.Calls`."""

    def __init__(self, recording: Recording, settings: Settings, clock: Clock) -> None:
        self._recording = recording
        self._settings = settings
        self._clock = clock
        self._serial = 0

    async def serve(self, request: Request, dialect: Dialect, connection: Connection) -> None:
        """Answer one call. Raises `Rejected`, and `Gone` when the recorded connection was lost."""
        seen = request.seen
        asked = understood(request, dialect)
        call, paced, clock = self._recording.call(asked), self._recording.paced, self._clock
        ended_ns = call.started_ns if call.ended_ns is None else call.ended_ns
        failure = recorded.refused(call)
        if failure is not None or recorded.never_opened(call):
            await clock.sleep((ended_ns - call.started_ns) / 1e9 if paced else 0.0)
            if failure is None:
                raise connection.break_off(reset=True)
            await fail(connection, dialect, failure)
            return
        chat = self._chat(asked, dialect, call)
        beginning = "" if asked.messages[-1][0] == "assistant" else call.beginning
        if asked.stream:
            steps = recorded.steps(dialect, chat, call, beginning, paced=paced)
            sender = exchange.Sender(connection, Faults(), clock, exchange.per_chunk(None, paced=paced))
            head = exchange.Head(dialect.headers(chat), dialect.early, False)
            await exchange.play(connection, head, steps, sender, clock, seen)
            return
        await clock.sleep((ended_ns - call.started_ns) / 1e9 if paced else 0.0)
        await self._whole(chat, dialect, call, beginning, connection)

    async def _whole(
        self, chat: Chat, dialect: Dialect, call: AttemptState, beginning: str, connection: Connection
    ) -> None:
        """The answer in one piece. Nobody gets half of one: what broke off is its error, or a lost connection."""
        while call.outcome == Outcome.TIMED_OUT:
            await self._clock.sleep(3600.0)
        failure = recorded.broken_off(call)
        if failure is not None:
            await fail(connection, dialect, failure)
            return
        if not recorded.said_why(call):
            raise connection.break_off(reset=True)
        said = {"answer": "", "reasoning": "", "refusal": ""}
        for _, channel, text in recorded.pieces(call, beginning):
            said[channel] += text
        extra = [header for header in dialect.headers(chat) if header[0] not in ("content-type", "cache-control")]
        texts, finish = (said["answer"] + said["refusal"], said["reasoning"]), call.finish_reason or ""
        await send(connection, 200, dialect.whole(chat, *texts, finish, recorded.usage_of(call)), extra)

    def _chat(self, asked: asking.Asked, dialect: Dialect, call: AttemptState) -> Chat:
        created = self._clock.time_ns() // 1_000_000_000
        self._serial += 1
        return Chat(
            generation=generation_id(dialect, created, seeded(self._recording.run, created, self._serial)),
            created=created,
            model=asked.model,
            include_usage=asked.include_usage,
            obfuscate=asked.obfuscate,
            prompt_tokens=call.usage.prompt_tokens or 0,
            ttft_ms=(call.ttft_ns or 0) / 1e6,
        )
