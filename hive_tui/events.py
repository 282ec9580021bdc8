"""The vocabulary: every fact that the core can state.

A `Record` is one fact with its place: run, sequence number, time and stream. Records are the only thing that
crosses from the core to the screen, to the disk and to another machine, in the one encoding of `wire`. They are
immutable. A fact that a reader does not know (a newer version wrote it) arrives as `Unknown` and keeps its bytes.

Fields may be added with a default; a field never changes its meaning and a kind's number is never used again.
"""

from __future__ import annotations

from enum import IntEnum, StrEnum

import msgspec


class Outcome(StrEnum):
    """How an attempt or a run ended. Stated by the core, never inferred from a closed socket."""

    FINISHED = "finished"
    """The provider gave a finish reason (`length` included: the text is usable, with a warning)."""
    ERRORED = "errored"
    """The call failed or the model refused; `ErrorInfo` says how."""
    TRUNCATED = "truncated"
    """The stream just ended: no finish reason ever came."""
    CANCELLED = "cancelled"
    TIMED_OUT = "timed_out"


class Verdict(StrEnum):
    """What a reviewing stage says of the text that it was given."""

    ACCEPT = "ACCEPT"
    REVISE = "REVISE"
    ABSTAIN = "ABSTAIN"


class Decision(StrEnum):
    """By what right the answer won."""

    UNANIMOUS = "unanimous"
    MAJORITY = "majority"
    CURATOR = "curator"
    DIRECT = "direct"
    PARTIAL = "partial"
    """A stage failed, abstained or was cut off; the answer is what the others had agreed on so far."""


class Channel(IntEnum):
    """Which of a model's voices a delta belongs to."""

    ANSWER = 0
    REASONING = 1
    REFUSAL = 2


class UsageSource(StrEnum):
    """Who counted the tokens."""

    PROVIDER = "provider"
    TOKENIZER = "tokenizer"
    ESTIMATE = "estimate"
    UNKNOWN = "unknown"


class Value(msgspec.Struct, frozen=True, omit_defaults=True):
    """Base of everything that is stored: immutable, defaults left out of the encoding."""


class ErrorInfo(Value, frozen=True):
    """What went wrong, in words that a person can act on; never holds a secret."""

    kind: str
    """One of `models.errors.KINDS`, such as `connect`, `auth`, `rate_limit`, `refused`, `timeout_first_token`."""
    message: str
    """The provider's own text, cleaned, or ours."""
    status: int | None = None
    """HTTP status, where there was one."""
    advice: str = ""
    """What to do about it."""


class Params(Value, frozen=True):
    """Sampling parameters of a call; `None` leaves the provider's default."""

    temperature: float | None = None
    top_p: float | None = None
    max_tokens: int | None = None
    seed: int | None = None
    reasoning_effort: str | None = None
    stop: tuple[str, ...] = ()


class Message(Value, frozen=True):
    role: str
    """`system`, `user` or `assistant`."""
    content: str


class StageSpec(Value, frozen=True):
    """One place of the plan: who speaks there and what it is given."""

    stage: str
    role: str
    endpoint: str
    """Name of the endpoint, such as `openrouter` or `simulator`."""
    model: str
    inputs: tuple[str, ...] = ()
    """Earlier stages whose answers this one is given."""
    fallbacks: tuple[str, ...] = ()
    """Models tried in turn when `model` fails before its first token."""
    params: Params = Params()
    prompt: str = ""
    """Id of the role's prompt, such as `refiner.v1`."""


class Plan(Value, frozen=True):
    name: str
    stages: tuple[StageSpec, ...]
    """In an order in which every stage stands after its inputs."""
    tally: str = "chain"
    """The rule that turns verdicts into the decision: a name of `council.rules.RULES`."""


class Carried(Value, frozen=True):
    """The text that a stage passes on: a span, in characters, of one stream's answer text."""

    stream: int
    start: int = 0
    stop: int | None = None
    """Exclusive; `None` is the end of the text."""


class Usage(Value, frozen=True):
    """Token counts of one call; `None` is unknown. Never a count of chunks."""

    prompt_tokens: int | None = None
    completion_tokens: int | None = None
    reasoning_tokens: int | None = None
    cached_tokens: int | None = None
    source: UsageSource = UsageSource.UNKNOWN


class RunStarted(Value, frozen=True):
    """The first event of each run; declares what the run slot of the header stands for."""

    run: str
    """The run's id, unique in the world and sortable by its time."""
    question: str
    plan: Plan
    profile: str
    simulated: bool
    wall_ns: int
    """Unix time of the run's time 0, in nanoseconds. All other times are monotonic, counted from there."""
    version: str = ""
    """Version of Hive that made the run."""
    timeout_s: float | None = None
    parent: str = ""
    """The run that this one was forked from; empty for one that is no fork."""
    parent_seq: int = 0
    """The last event of the parent that it goes on from."""


class StageStarted(Value, frozen=True):
    stage: str
    round: int = 1


class StageEnded(Value, frozen=True):
    stage: str
    round: int = 1
    verdict: Verdict | None = None
    """`None` for a stage that only writes."""
    carried: Carried | None = None
    """The text that goes on from here; `None` when there is none."""
    skipped: str = ""
    """Why the stage was not asked at all; empty when it was."""


class AttemptStarted(Value, frozen=True):
    """A call to a model begins; the header's stream is the attempt's from now on."""

    stage: str
    model: str
    endpoint: str
    round: int = 1
    number: int = 1
    """Counts the calls of this stage in this round."""
    reason: str = "first"
    """`first`, `retry`, `fallback`, `asked` (a person pressed retry) or `continued`: a fork goes on from what the
    parent's call had said, which is its last message and the stream's first delta, without chunks."""
    dialect: str = ""
    messages: tuple[Message, ...] = ()
    params: Params = Params()
    origin: str = ""
    """Scheme, host and port of the endpoint; never a path with a key in it."""


class AttemptOpened(Value, frozen=True):
    """The response's headers came."""

    status: int
    http_version: str = ""
    reused: bool | None = None
    """Whether a pooled connection carried the call; `None` when the transport cannot tell."""


class Delta(Value, frozen=True):
    """Chunks that one stream brought on one channel since the last publish.

    `table` holds, for each chunk in order, two little-endian u32: its age in microseconds when the record was
    published (record time minus age is when it came), and its length in bytes, with bit 31 set when this piece goes on
    with the chunk before it. `data` is their UTF-8, end to end, and is never cut inside a character. Text without
    chunks was not brought by the stream: it is the beginning of the answer that the call was given.
    """

    channel: Channel
    table: bytes
    data: bytes


class UsageReported(Value, frozen=True):
    """Token counts and cost so far; the last one of a stream counts."""

    usage: Usage
    cost_usd: str | None = None
    """Decimal string; `None` is unknown."""
    cost_source: str = ""
    """`provider` (its own report) or `price` (list price times usage); empty when unknown."""


class RetryScheduled(Value, frozen=True):
    """The attempt of the header's stream failed before its first token; another follows after the wait."""

    wait_ms: int
    error: ErrorInfo
    next_model: str = ""
    """Set when the next attempt asks another model."""


class AttemptEnded(Value, frozen=True):
    outcome: Outcome
    finish_reason: str | None = None
    """Normalised: `stop`, `length`, `tool_calls`, `content_filter`, `error`, or the raw word when unknown."""
    native_finish_reason: str | None = None
    error: ErrorInfo | None = None
    generation: str = ""
    """The provider's own id of the call."""
    served_model: str = ""
    """The model that the provider says answered."""
    provider: str = ""
    simulated: bool = False
    """The endpoint marked its answer as simulated."""


class Warned(Value, frozen=True):
    """Something that the person should know and that stops nothing."""

    code: str
    """Such as `length`, `unrecorded`, `fallback`, `estimate`."""
    message: str


class CancelRequested(Value, frozen=True):
    """A person asked to stop: the run, or with the header's stream set that attempt."""


class RunEnded(Value, frozen=True):
    outcome: Outcome
    """`finished` when there is a usable answer, `errored` when there is none."""
    decision: Decision | None = None
    answer: Carried | None = None
    error: ErrorInfo | None = None


class Unknown(Value, frozen=True):
    """A kind that this version does not know; skipped by the reducer, kept byte for byte."""

    kind: int
    payload: bytes
    flags: int = 0


Event = (
    RunStarted
    | StageStarted
    | StageEnded
    | AttemptStarted
    | AttemptOpened
    | Delta
    | UsageReported
    | RetryScheduled
    | AttemptEnded
    | Warned
    | CancelRequested
    | RunEnded
    | Unknown
)


class Record(msgspec.Struct, frozen=True):
    """An event with its place."""

    slot: int
    """u32: stands for the run in this core's ring; the run's first event declares it."""
    seq: int
    """u64: 1, 2, 3 ... within the run, without a gap."""
    time_ns: int
    """u64: monotonic nanoseconds since the run began; never falls."""
    stream: int
    """u32: the attempt's number within the run, 1 and up; 0 for the run itself."""
    event: Event
