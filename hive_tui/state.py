"""The reducer: `RunState` is a pure fold over records, and the screen draws a `RunState` and nothing else.

States are values: `fold` returns a new one and leaves the old one as it was, so a past moment can be kept by keeping
its state. Only text is shared: all states of a stream look at the same append-only buffers, each with its own length.
"""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal, InvalidOperation

import msgspec
from msgspec.structs import replace

from hive_tui.events import (
    AttemptEnded,
    AttemptOpened,
    AttemptStarted,
    CancelRequested,
    Carried,
    Channel,
    Decision,
    Delta,
    ErrorInfo,
    Message,
    Outcome,
    Params,
    Plan,
    Record,
    RetryScheduled,
    RunEnded,
    RunStarted,
    StageEnded,
    StageSpec,
    StageStarted,
    Unknown,
    Usage,
    UsageReported,
    Verdict,
    Warned,
)
from hive_tui.streamtext import StreamText

COST_LENGTH = 40
"""Digits before or behind the point, at most, of a cost that is believed."""


class AttemptState(msgspec.Struct, frozen=True):
    """One call of one model, as far as it is known. Times are nanoseconds since the run began."""

    stream: int
    stage: str
    round: int
    number: int
    model: str
    endpoint: str
    origin: str
    dialect: str
    reason: str
    started_ns: int
    messages: tuple[Message, ...] = ()
    params: Params = Params()
    text: StreamText = StreamText()
    opened_ns: int | None = None
    status: int | None = None
    http_version: str = ""
    reused: bool | None = None
    usage: Usage = Usage()
    cost_usd: Decimal | None = None
    cost_source: str = ""
    retry: RetryScheduled | None = None
    cancelling: bool = False
    ended_ns: int | None = None
    outcome: Outcome | None = None
    finish_reason: str | None = None
    native_finish_reason: str | None = None
    error: ErrorInfo | None = None
    generation: str = ""
    served_model: str = ""
    provider: str = ""
    simulated: bool = False

    @property
    def beginning(self) -> str:
        """Of the answer, as the call was given it to go on from; empty where the model began itself."""
        return self.messages[-1].content if self.messages and self.messages[-1].role == "assistant" else ""

    @property
    def phase(self) -> str:
        """`connecting`, `waiting`, `reasoning`, `streaming`, or the outcome."""
        if self.outcome is not None:
            return self.outcome.value
        if self.text.chunks:
            return "reasoning" if self.text.last_channel == Channel.REASONING else "streaming"
        return "waiting" if self.opened_ns is not None else "connecting"

    @property
    def ttft_ns(self) -> int | None:
        """From the start of the call to its first text on any channel."""
        first = self.text.first_ns
        return None if first is None else first - self.started_ns

    @property
    def billable(self) -> bool:
        """Whether the endpoint may charge for the call: one that was refused with an error status costs nothing.

        One that was given up while its answer was awaited may cost: nobody says so, and nobody says otherwise.
        """
        if self.status is not None:
            return self.status < 400
        given_up = self.outcome in (Outcome.TIMED_OUT, Outcome.CANCELLED)
        return given_up and (self.error is None or self.error.kind != "timeout_connect")


class StageState(msgspec.Struct, frozen=True):
    spec: StageSpec
    round: int = 1
    started_ns: int | None = None
    ended_ns: int | None = None
    verdict: Verdict | None = None
    carried: Carried | None = None
    skipped: str = ""
    streams: tuple[int, ...] = ()
    """Its attempts, oldest first."""


class Origin(msgspec.Struct, frozen=True):
    """What a run was forked from."""

    parent: str
    """The parent's id."""
    seq: int
    """The parent's last event that was copied."""
    streams: int = 0
    """The attempts of streams 1 to this one were copied; they were paid for in the parent."""


class RunState(msgspec.Struct, frozen=True):
    """All that is known of a run after the record with sequence `seq`."""

    slot: int = 0
    seq: int = 0
    time_ns: int = 0
    run: str = ""
    question: str = ""
    plan: Plan = Plan(name="", stages=())
    profile: str = ""
    simulated: bool = False
    """The run was given to the embedded simulator, or an endpoint has marked its answer as a simulator's."""
    wall_ns: int = 0
    version: str = ""
    timeout_s: float | None = None
    stages: tuple[StageState, ...] = ()
    attempts: tuple[AttemptState, ...] = ()
    """Attempt of stream n at index n - 1."""
    warnings: tuple[Warned, ...] = ()
    cancelling: bool = False
    outcome: Outcome | None = None
    decision: Decision | None = None
    answer: Carried | None = None
    error: ErrorInfo | None = None
    ended_ns: int | None = None
    missing: int = 0
    """Records that no reader could get back; shown, never hidden."""
    unknown: int = 0
    """Records of kinds that this version does not know."""
    forked: Origin | msgspec.UnsetType = msgspec.UNSET
    """Unset in a run that is no fork: it is left out of keyframes and hashes then, which stay what they were."""

    @property
    def origin(self) -> Origin | None:
        """What the run was forked from."""
        return None if self.forked is msgspec.UNSET else self.forked

    def is_inherited(self, stream: int) -> bool:
        """Whether that attempt was made, and paid for, in a run that this one was forked from."""
        return self.forked is not msgspec.UNSET and stream <= self.forked.streams

    def attempt(self, stream: int) -> AttemptState | None:
        return self.attempts[stream - 1] if 0 < stream <= len(self.attempts) else None

    def stage(self, name: str) -> StageState | None:
        """The latest round of a stage."""
        return next((stage for stage in reversed(self.stages) if stage.spec.stage == name), None)

    def carried_text(self, carried: Carried | None) -> str:
        attempt = None if carried is None else self.attempt(carried.stream)
        if carried is None or attempt is None:
            return ""
        return attempt.text.channel_text(Channel.ANSWER)[carried.start : carried.stop]

    @property
    def answer_text(self) -> str:
        return self.carried_text(self.answer)

    @property
    def cost_usd(self) -> Decimal | None:
        """Sum over the calls that an endpoint took; unknown as soon as one of them is. What a fork has from its parent
        costs it nothing."""
        return None if None in self._costs else self.known_cost_usd

    @property
    def known_cost_usd(self) -> Decimal:
        """Of that sum what is known: it has cost no less."""
        return sum((cost for cost in self._costs if cost is not None), Decimal(0))

    @property
    def _costs(self) -> list[Decimal | None]:
        return [each.cost_usd for each in self.attempts if each.billable and not self.is_inherited(each.stream)]

    @property
    def unrecorded(self) -> bool:
        return any(warning.code == "unrecorded" for warning in self.warnings)


def fold(state: RunState, record: Record) -> RunState:
    """The state after one more record.

    A record that was seen already changes nothing; a gap in the sequence is counted in `missing`. Final states
    absorb: after an attempt's end nothing changes that attempt, after the run's end nothing changes at all.
    """
    if record.seq <= state.seq:
        return state
    missing = state.missing + record.seq - state.seq - 1
    state = replace(state, seq=record.seq, time_ns=record.time_ns, missing=missing)
    if state.outcome is not None:
        return state
    if record.stream:
        return _fold_attempt(state, record)
    return _fold_run(state, record)


def fold_all(records: Iterable[Record], state: RunState | None = None) -> RunState:
    state = RunState() if state is None else state
    for record in records:
        state = fold(state, record)
    return state


def _fold_run(state: RunState, record: Record) -> RunState:
    match record.event:
        case RunStarted() as event:
            return replace(
                state,
                slot=record.slot,
                run=event.run,
                question=event.question,
                plan=event.plan,
                profile=event.profile,
                simulated=event.simulated,
                wall_ns=event.wall_ns,
                version=event.version,
                timeout_s=event.timeout_s,
                stages=tuple(StageState(spec=spec) for spec in event.plan.stages),
                forked=Origin(event.parent, event.parent_seq) if event.parent else msgspec.UNSET,
            )
        case StageStarted() as event:
            return _change_stage(state, event.stage, event.round, started_ns=record.time_ns)
        case StageEnded() as event:
            return _change_stage(
                state,
                event.stage,
                event.round,
                ended_ns=record.time_ns,
                verdict=event.verdict,
                carried=event.carried,
                skipped=event.skipped,
            )
        case Warned() as event:
            return replace(state, warnings=(*state.warnings, event))
        case CancelRequested():
            return replace(state, cancelling=True)
        case RunEnded() as event:
            return replace(
                state,
                outcome=event.outcome,
                decision=event.decision,
                answer=event.answer,
                error=event.error,
                ended_ns=record.time_ns,
            )
        case Unknown():
            return replace(state, unknown=state.unknown + 1)
    return state


def _change_stage(state: RunState, name: str, round_: int, **changes: object) -> RunState:
    """Change the stage's entry of this round; the first event of a later round adds an entry."""
    stages = list(state.stages)
    for index, stage in enumerate(stages):
        if stage.spec.stage == name and stage.round == round_:
            stages[index] = replace(stage, **changes)
            return replace(state, stages=tuple(stages))
    spec = next((stage.spec for stage in stages if stage.spec.stage == name), None)
    if spec is None:
        return state
    stages.append(replace(StageState(spec=spec, round=round_), **changes))
    return replace(state, stages=tuple(stages))


def _fold_attempt(state: RunState, record: Record) -> RunState:
    event = record.event
    if isinstance(event, AttemptStarted):
        return _start_attempt(state, record, event)
    if isinstance(event, Unknown):
        return replace(state, unknown=state.unknown + 1)
    attempt = state.attempt(record.stream)
    if attempt is None or attempt.outcome is not None:
        return state
    changed = _change_attempt(attempt, record)
    at = record.stream - 1
    attempts = (*state.attempts[:at], changed, *state.attempts[at + 1 :])
    return replace(state, attempts=attempts, simulated=state.simulated or changed.simulated)


def _start_attempt(state: RunState, record: Record, event: AttemptStarted) -> RunState:
    if record.stream != len(state.attempts) + 1:
        return state
    attempt = AttemptState(
        stream=record.stream,
        stage=event.stage,
        round=event.round,
        number=event.number,
        model=event.model,
        endpoint=event.endpoint,
        origin=event.origin,
        dialect=event.dialect,
        reason=event.reason,
        started_ns=record.time_ns,
        messages=event.messages,
        params=event.params,
    )
    state = replace(state, attempts=(*state.attempts, attempt))
    if state.forked is not msgspec.UNSET and record.seq <= state.forked.seq:
        state = replace(state, forked=replace(state.forked, streams=record.stream))
    current = next((s for s in state.stages if s.spec.stage == event.stage and s.round == event.round), None)
    if current is None:
        return state
    return _change_stage(state, event.stage, event.round, streams=(*current.streams, record.stream))


def _change_attempt(attempt: AttemptState, record: Record) -> AttemptState:
    match record.event:
        case Delta() as event:
            return replace(attempt, text=attempt.text.append(record.time_ns, event))
        case AttemptOpened() as event:
            return replace(
                attempt,
                opened_ns=record.time_ns,
                status=event.status,
                http_version=event.http_version,
                reused=event.reused,
            )
        case UsageReported() as event:
            cost = None if event.cost_usd is None else _cost(event.cost_usd)
            return replace(attempt, usage=event.usage, cost_usd=cost, cost_source=event.cost_source)
        case RetryScheduled() as event:
            return replace(attempt, retry=event)
        case CancelRequested():
            return replace(attempt, cancelling=True)
        case AttemptEnded() as event:
            return replace(
                attempt,
                ended_ns=record.time_ns,
                outcome=event.outcome,
                finish_reason=event.finish_reason,
                native_finish_reason=event.native_finish_reason,
                error=event.error,
                generation=event.generation,
                served_model=event.served_model,
                provider=event.provider,
                simulated=event.simulated,
            )
    return attempt


def _cost(text: str) -> Decimal | None:
    """A cost that is no number, or none that money has, is unknown: a recording may come from anybody, and a number
    such as 1e999999999 would take all memory to write down."""
    try:
        cost = Decimal(text)
    except InvalidOperation:
        return None
    return cost if cost.is_finite() and len(text) <= COST_LENGTH and abs(cost.adjusted()) <= COST_LENGTH else None
