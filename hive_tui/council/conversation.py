"""One stage's talk with its model: a call, the attempts that the transport makes of it, and a person's commands.

Three tasks at most, in one group: one reads the stream, one hears the attempt's inbox, and while the transport waits
before another attempt, one states that attempt's start when the wait is over, so that its times are its own.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable, Iterator
from contextlib import aclosing
from dataclasses import dataclass

from msgspec.structs import replace

from hive_tui.council.attempt import Attempt
from hive_tui.council.costs import Counting, Pricing, count, priced, reported
from hive_tui.council.decision import Reply
from hive_tui.council.endings import ending
from hive_tui.council.inbox import AttemptInbox, Command, RunInbox
from hive_tui.council.journal import Journal
from hive_tui.events import (
    AttemptStarted,
    CancelRequested,
    Channel,
    Delta,
    ErrorInfo,
    Outcome,
    RetryScheduled,
    StageSpec,
    UsageSource,
    Warned,
)
from hive_tui.models.call import Again, Batch, Call, CallError, Text, Transport
from hive_tui.models.prefix import going_on


@dataclass(frozen=True, slots=True)
class Means:
    """What every conversation of a run works with."""

    transport: Transport
    journal: Journal
    inbox: RunInbox
    pricing: Pricing
    counting: Counting
    streams: Iterator[int]
    """Gives the run's next stream number."""
    interrupted: Callable[[], tuple[Outcome, ErrorInfo | None]]
    """How an attempt ends when the whole run is being stopped."""


class Conversation:
    def __init__(self, means: Means, spec: StageSpec, call: Call, origin: str, made: int = 0) -> None:
        """`made` is how many calls the stage has made already, in what is recorded of the run. A call with a prefix
        ends with the beginning of its answer."""
        self._means = means
        self._journal = means.journal
        self._spec = spec
        self._call = call
        self._origin = origin
        self._beginning = call.messages[-1].content if call.prefix else ""
        self._number = made
        self._attempt: Attempt
        """The latest; there is one from the first step of `hold` on."""
        self._inbox: AttemptInbox
        self._command: Command | None = None
        """What the inbox brought; it ended the reading."""
        self._again: Again | None = None
        """Set while the transport waits before the next attempt."""
        self._starter: asyncio.Task[None] | None = None
        self._group: asyncio.TaskGroup

    async def hold(self) -> None:
        """Talk until there is a reply or none is to be had. Cancelling ends the live attempt and closes its stream."""
        await self._talk("continued" if self._beginning else "asked" if self._number else "first")
        while self._command is Command.RETRY:
            await self._talk("asked")

    async def _talk(self, reason: str) -> None:
        self._command = self._again = self._starter = None
        self._inbox = AttemptInbox()
        self._begin(self._call.model, reason)
        try:
            async with asyncio.TaskGroup() as self._group:
                reading = self._group.create_task(self._read())
                hearing = self._group.create_task(self._hear(reading))
                reading.add_done_callback(lambda _: hearing.cancel())
        finally:
            self._means.inbox.dismiss(self._attempt.stream)

    @property
    def reply(self) -> Reply:
        """What the latest attempt came to, once `hold` has ended, however it did."""
        attempt = self._attempt
        outcome = Outcome.CANCELLED if attempt.outcome is None else attempt.outcome
        return Reply(
            self._spec.stage,
            attempt.stream,
            attempt.answer,
            outcome,
            attempt.error,
            attempt.model,
            reasoned=bool(attempt.reasoning),
            withdrawn=self._command is Command.CANCEL,
        )

    async def _hear(self, reading: asyncio.Task[None]) -> None:
        command = await self._inbox.next()
        if not reading.done():
            self._command = command
            self._journal.emit(CancelRequested(), self._attempt.stream)
            reading.cancel()

    async def _read(self) -> None:
        failure: ErrorInfo | None = None
        try:
            async with aclosing(self._stream()) as stream:
                async for batch in stream:
                    texts = [part for part in batch.parts if type(part) is Text]
                    if self._again is None and len(texts) == len(batch.parts):
                        self._attempt.hear(batch.at_ns, texts)
                    else:
                        self._sort(batch)
        except CallError as error:
            failure = self._advised(error.info)
        except asyncio.CancelledError:
            self._interrupt()
            raise
        finally:
            if self._starter is not None:
                self._starter.cancel()
        if self._again is not None:
            self._begin_again(self._again)
        await self._settle(failure)

    def _stream(self) -> AsyncGenerator[Batch, None]:
        stream = self._means.transport.stream(self._call)
        return going_on(stream, self._beginning) if self._beginning else stream

    def _advised(self, error: ErrorInfo) -> ErrorInfo:
        """A request that is refused for its form, and ends with a beginning, may be refused for that."""
        if not self._beginning or error.status not in (400, 422):
            return error
        return replace(error, advice="It may take no beginning of an answer: fork with --prefix none, or another way.")

    def _sort(self, batch: Batch) -> None:
        texts: list[Text] = []
        for part in batch.parts:
            if self._again is not None:
                self._begin_again(self._again)
            if isinstance(part, Text):
                texts.append(part)
                continue
            if texts:
                self._attempt.hear(batch.at_ns, texts)
                texts = []
            if isinstance(part, Again):
                self._schedule(part)
            else:
                self._attempt.note(batch.at_ns, part)
        if texts:
            self._attempt.hear(batch.at_ns, texts)

    def _begin(self, model: str, reason: str) -> None:
        self._number += 1
        spec, call, stream = self._spec, self._call, next(self._means.streams)
        self._attempt = Attempt(self._journal, stream, model, self._beginning)
        self._means.inbox.admit(stream, self._inbox)
        self._journal.emit(
            AttemptStarted(
                stage=spec.stage,
                model=model,
                endpoint=spec.endpoint,
                number=self._number,
                reason=reason,
                dialect=call.endpoint.dialect,
                messages=call.messages,
                params=call.params,
                origin=self._origin,
            ),
            stream,
        )
        if self._beginning:
            self._journal.emit(Delta(Channel.ANSWER, table=b"", data=self._beginning.encode()), stream)

    def _schedule(self, again: Again) -> None:
        """The live attempt failed, and the transport asks once more after a wait."""
        attempt = self._attempt
        other = again.model != attempt.model
        wait_ms = round(again.wait_s * 1000)
        self._journal.emit(RetryScheduled(wait_ms, again.error, again.model if other else ""), attempt.stream)
        attempt.end(*ending(None, "", again.error))
        if other:
            message = f"{self._spec.stage}: {attempt.model} failed ({again.error.kind}); {again.model} is asked instead"
            self._journal.emit(Warned("fallback", message))
        self._again = again
        self._starter = self._group.create_task(self._begin_after(again))

    async def _begin_after(self, again: Again) -> None:
        await asyncio.sleep(again.wait_s)
        if self._again is again:
            self._starter = None
            self._begin_again(again)

    def _begin_again(self, again: Again) -> None:
        self._again = None
        if self._starter is not None:
            self._starter.cancel()
            self._starter = None
        self._means.inbox.dismiss(self._attempt.stream)
        self._begin(again.model, again.reason)

    def _interrupt(self) -> None:
        """The reading is being cancelled; between two attempts there is none to end."""
        if self._attempt.outcome is not None:
            return
        if self._attempt.counted is not None:
            self._attempt.state_usage(reported(self._attempt.counted))
        asked = self._command is not None
        self._attempt.end(*((Outcome.CANCELLED, None) if asked else self._means.interrupted()))

    async def _settle(self, failure: ErrorInfo | None) -> None:
        attempt, stage = self._attempt, self._spec.stage
        outcome, error = ending(attempt.finish, attempt.refusal, failure)
        try:
            await self._account()
        finally:
            # How the stream ended is known by now, even if a cancel cuts the counting short.
            attempt.end(outcome, error)
        if outcome is not Outcome.FINISHED:
            return
        if attempt.finish is not None and attempt.finish.reason == "length":
            message = f"{stage}: {attempt.model} stopped at its token limit; its answer may be cut off"
            self._journal.emit(Warned("length", message))
        if failure is not None:
            message = f"{stage}: {attempt.model} had given its finish reason when the call failed: {failure.message}"
            self._journal.emit(Warned("late_error", message))

    async def _account(self) -> None:
        """State usage and cost. A call without a finish reason has no price: its usage may be less than is billed."""
        attempt, means = self._attempt, self._means
        if attempt.counted is not None and attempt.counted.cost_usd is not None:
            attempt.state_usage(reported(attempt.counted))
            return
        if attempt.counted is not None:
            usage = attempt.counted.usage
        elif attempt.said or attempt.reasoning or attempt.refusal:
            spoken = attempt.said + attempt.refusal
            usage = await count(self._call.messages, spoken, attempt.reasoning, attempt.model, means.counting)
        else:
            return
        complete = attempt.finish is not None
        price = means.pricing(attempt.model, self._call.endpoint, usage) if complete else None
        attempt.state_usage(priced(usage, price))
        if price is not None and usage.source is not UsageSource.PROVIDER:
            message = f"{self._spec.stage}: {attempt.model} reported no usage; its cost is taken from a count made here"
            self._journal.emit(Warned("estimate", message))
