"""Runs a plan: asks each stage in turn, carries its text on, and states what happened.

One task asks the stages, another watches for the run's cancel and its time limit; whichever is first ends the other.
"""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Coroutine, Mapping
from typing import TypeVar

from hive_tui.config.origin import origin
from hive_tui.config.request import RunRequest
from hive_tui.council import prompts
from hive_tui.council.conversation import Conversation, Means
from hive_tui.council.costs import Counting, Pricing
from hive_tui.council.decision import Conclusion, Held, Reply, conclude, run_outcome
from hive_tui.council.endings import run_timed_out
from hive_tui.council.inbox import RunInbox
from hive_tui.council.journal import Journal
from hive_tui.council.recorded import Beginning, conclusions, replies
from hive_tui.council.rules import RULES, Case
from hive_tui.events import (
    CancelRequested,
    ErrorInfo,
    Message,
    Outcome,
    Plan,
    RunEnded,
    StageEnded,
    StageSpec,
    StageStarted,
    Warned,
)
from hive_tui.models.call import Call, Endpoint, Limits, Transport
from hive_tui.state import RunState, StageState

T = TypeVar("T")


async def run_council(
    run: str,
    request: RunRequest,
    plan: Plan,
    endpoints: Mapping[str, Endpoint],
    *,
    transport: Transport,
    journal: Journal,
    inbox: RunInbox,
    pricing: Pricing,
    counting: Counting,
    spent_s: float = 0.0,
    recorded: RunState | None = None,
    beginning: Beginning | None = None,
) -> None:
    """Run the plan to its end; the caller has stated `RunStarted`, and the last event is `RunEnded`.

    `run` is the run's id, `plan` that of `build_plan(request)`; `endpoints` holds each one that the plan names; of the
    run's time limit `spent_s` are over already. `recorded` is what the journal holds already of a run that goes on:
    stages that have ended there are not asked again, and nothing more is stated of them; one that had begun there goes
    on with its next call, or with the reply that it has. The stage of `beginning` is asked to go on from that text.
    What models and providers do
    wrong becomes events. A cancel of the calling task ends the run as `inbox.cancel()` does, and is passed on. Any
    other exception is a bug; it arrives in an `ExceptionGroup`, and no `RunEnded` is stated.

    Raises:
        KeyError: the plan names an endpoint that is not there.
        BadUrl: an endpoint's base URL is none.
    """
    council = _Council(run, request, plan, endpoints, transport, journal, inbox, pricing, counting, recorded, beginning)
    await council.run(spent_s)


async def unless_stopped(preparing: Coroutine[None, None, T], inbox: RunInbox, timeout_s: float | None) -> T | RunEnded:
    """What has to be there before a run's first stage; or, if its cancel or its time limit comes first, its end."""
    task, cancelled = asyncio.create_task(preparing), asyncio.create_task(inbox.cancelled())
    try:
        done, _ = await asyncio.wait({task, cancelled}, timeout=timeout_s, return_when=asyncio.FIRST_COMPLETED)
        if task in done:
            return task.result()
        if cancelled in done:
            return RunEnded(Outcome.CANCELLED)
        assert timeout_s is not None
        return RunEnded(Outcome.TIMED_OUT, error=run_timed_out(timeout_s))
    finally:
        task.cancel()
        cancelled.cancel()


class _Council:
    def __init__(
        self,
        run: str,
        request: RunRequest,
        plan: Plan,
        endpoints: Mapping[str, Endpoint],
        transport: Transport,
        journal: Journal,
        inbox: RunInbox,
        pricing: Pricing,
        counting: Counting,
        recorded: RunState | None,
        beginning: Beginning | None,
    ) -> None:
        self._run = run
        self._request = request
        self._beginning = beginning
        self._plan = plan
        self._endpoints = {spec.endpoint: endpoints[spec.endpoint] for spec in plan.stages}
        self._origins = {name: origin(endpoint.base_url) for name, endpoint in self._endpoints.items()}
        self._journal = journal
        self._inbox = inbox
        streams = itertools.count(1 if recorded is None else len(recorded.attempts) + 1)
        self._means = Means(transport, journal, inbox, pricing, counting, streams, interrupted=self._interrupted)
        self._conclusions: dict[str, Conclusion] = {}
        self._held: Held | None = None
        """The text that the council has so far."""
        self._failed: ErrorInfo | None = None
        """Why the writer gave no text."""
        self._withdrawn = False
        """Whether a person cancelled the writer's attempt."""
        self._stopped: Outcome | None = None
        """Set when the whole run is being stopped: `CANCELLED` or `TIMED_OUT`."""
        self._begun: dict[str, StageState] = {}
        """Stages that had begun where a recorded run goes on, and not ended."""
        self._said: dict[str, Reply] = {}
        """The last reply that each of them had."""
        if recorded is not None:
            self._recall(recorded)

    def _recall(self, recorded: RunState) -> None:
        """Take the stages that have ended there as they were, and of one that goes on the calls that it has made."""
        said = replies(recorded)
        states = [(spec, recorded.stage(spec.stage)) for spec in self._plan.stages]
        ended = [spec for spec, stage in states if stage is not None and stage.ended_ns is not None]
        self._conclusions, self._held = conclusions(ended, said.get)
        for spec in ended:
            if spec.stage in said:
                self._note(spec, said[spec.stage], self._conclusions[spec.stage])
        self._begun = {
            spec.stage: stage
            for spec, stage in states
            if stage is not None and stage.started_ns is not None and stage.ended_ns is None
        }
        self._said = {name: reply for name, reply in said.items() if name in self._begun}

    async def run(self, spent_s: float) -> None:
        try:
            async with asyncio.TaskGroup() as group:
                asking = group.create_task(self._ask())
                watching = group.create_task(self._watch(asking, spent_s))
                asking.add_done_callback(lambda _: watching.cancel())
        except asyncio.CancelledError:
            self._stopped = self._stopped or Outcome.CANCELLED
            self._finish()
            raise
        self._finish()

    async def _watch(self, asking: asyncio.Task[None], spent_s: float) -> None:
        limit_s = self._request.timeout_s
        try:
            async with asyncio.timeout(None if limit_s is None else limit_s - spent_s):
                await self._inbox.cancelled()
            stopped = Outcome.CANCELLED
        except TimeoutError:
            stopped = Outcome.TIMED_OUT
        if asking.done():
            return
        self._stopped = stopped
        if stopped is Outcome.CANCELLED:
            self._journal.emit(CancelRequested())
        asking.cancel()

    def _interrupted(self) -> tuple[Outcome, ErrorInfo | None]:
        if self._stopped is Outcome.TIMED_OUT and self._request.timeout_s is not None:
            return Outcome.TIMED_OUT, run_timed_out(self._request.timeout_s)
        return Outcome.CANCELLED, None

    async def _ask(self) -> None:
        for spec in self._plan.stages:
            if spec.stage in self._conclusions:
                continue
            if all(self._conclusions[name].held is not None for name in spec.inputs):
                await self._ask_stage(spec)
            else:
                self._conclude(spec, Conclusion(None, None), "there is no answer to judge")

    async def _ask_stage(self, spec: StageSpec) -> None:
        begun, said = self._begun.get(spec.stage), self._said.get(spec.stage)
        if said is not None and said.outcome is Outcome.FINISHED:
            self._end_stage(spec, said)
            return
        endpoint = self._endpoints[spec.endpoint]
        limits = self._request.limits
        messages, way = self._messages(spec), ""
        if self._beginning is not None and self._beginning.stage == spec.stage:
            messages, way = (*messages, Message("assistant", self._beginning.text)), self._beginning.way
        call = Call(
            endpoint,
            spec.model,
            messages,
            spec.params,
            Limits(limits.connect, limits.first_token, limits.idle, limits.total),
            spec.fallbacks,
            way,
        )
        made = 0 if begun is None else len(begun.streams)
        conversation = Conversation(self._means, spec, call, self._origins[spec.endpoint], made)
        if begun is None:
            self._journal.emit(StageStarted(spec.stage))
        try:
            await conversation.hold()
        except asyncio.CancelledError:
            self._end_stage(spec, conversation.reply)
            raise
        self._end_stage(spec, conversation.reply)

    def _messages(self, spec: StageSpec) -> tuple[Message, ...]:
        """What the stage is given: each text that its inputs pass on, once, and what they said."""
        versions: dict[int, prompts.Version] = {}
        reviews = []
        for name in spec.inputs:
            given = self._conclusions[name]
            if given.held is not None:
                # What the last input passes on comes last, even if an earlier one passed on the same.
                versions.pop(given.held.carried.stream, None)
                versions[given.held.carried.stream] = prompts.Version(given.held.author, given.held.text)
            if given.verdict is not None:
                reviews.append(prompts.Review(name, given.verdict))
        return prompts.render(spec, self._run, self._request.question, tuple(versions.values()), reviews)

    def _end_stage(self, spec: StageSpec, reply: Reply) -> None:
        conclusion = self._weigh(spec, reply)
        self._conclude(spec, conclusion)
        if conclusion.held is not None and conclusion.why and self._stopped is None:
            message = f"{spec.stage} abstains: {conclusion.why}; the answer by {conclusion.held.author} goes on"
            self._journal.emit(Warned("abstain", message))

    def _weigh(self, spec: StageSpec, reply: Reply) -> Conclusion:
        """What the stage comes to; the council has its text from now on."""
        given = self._conclusions[spec.inputs[-1]].held if spec.inputs else None
        conclusion = conclude(spec.role, reply, given)
        self._held = conclusion.held
        self._note(spec, reply, conclusion)
        return conclusion

    def _note(self, spec: StageSpec, reply: Reply, conclusion: Conclusion) -> None:
        """Keep why there is no text, where there is none."""
        if conclusion.held is None:
            self._withdrawn = reply.withdrawn
            self._failed = None if reply.fault is None else self._placed(spec, reply, reply.fault)

    def _conclude(self, spec: StageSpec, conclusion: Conclusion, skipped: str = "") -> None:
        self._conclusions[spec.stage] = conclusion
        carried = None if conclusion.held is None else conclusion.held.carried
        self._journal.emit(StageEnded(spec.stage, verdict=conclusion.verdict, carried=carried, skipped=skipped))
        self._journal.sync()

    def _placed(self, spec: StageSpec, reply: Reply, error: ErrorInfo) -> ErrorInfo:
        """The error, and where it happened."""
        place = f"{spec.stage} ({reply.model} at {self._origins[spec.endpoint]})"
        return ErrorInfo(error.kind, f"{place}: {error.message}", error.status, error.advice)

    def _finish(self) -> None:
        stopped = self._stopped
        for spec in self._plan.stages:
            if spec.stage not in self._conclusions:
                why = "the run's time was over" if stopped is Outcome.TIMED_OUT else "the run was cancelled"
                self._conclude(spec, Conclusion(None, None), why)
        made = RULES[self._plan.tally](Case(self._plan.stages, self._conclusions, self._held, {}))
        held = made.answer
        outcome = run_outcome(stopped, answered=held is not None, withdrawn=self._withdrawn)
        error = self._failed if outcome is Outcome.ERRORED else None
        if stopped is Outcome.TIMED_OUT and self._request.timeout_s is not None:
            late = run_timed_out(self._request.timeout_s)
            if held is None:
                error = late
            else:
                message = f"{late.message}; the answer is what the council had by then, from {held.author}"
                self._journal.emit(Warned("timeout", message))
        self._journal.emit(RunEnded(outcome, made.decision, None if held is None else held.carried, error))
        self._journal.sync()
