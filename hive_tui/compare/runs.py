"""The difference of two runs, aligned by stage and round."""

from __future__ import annotations

import re
from collections.abc import Iterator
from decimal import Decimal

import msgspec

from hive_tui.compare.words import Op, Piece, common_length, word_diff
from hive_tui.events import Channel
from hive_tui.state import AttemptState, RunState, StageState


class Change(msgspec.Struct, frozen=True):
    """A setting or a result that is not the same in both runs; `None` where there is none."""

    path: str
    """Such as `stages.refiner.params.temperature`."""
    a: object
    b: object


class Delta(msgspec.Struct, frozen=True):
    """A number in both runs; unknown is `None`."""

    a: Decimal | None
    b: Decimal | None

    @property
    def change(self) -> Decimal | None:
        return None if self.a is None or self.b is None else self.b - self.a


class StageDifference(msgspec.Struct, frozen=True):
    stage: str
    round: int
    in_a: bool
    in_b: bool
    verdict: tuple[str | None, str | None]
    outcome: tuple[str | None, str | None]
    """Of the last attempt."""
    calls: tuple[int, int]
    text: tuple[Piece, ...]
    """Word diff of the last attempts' answers."""
    cost_usd: Delta
    duration_ns: Delta

    @property
    def same(self) -> bool:
        """Whether both said the same; what it took may differ."""
        pairs = (self.verdict, self.outcome)
        return self.in_a and self.in_b and all(a == b for a, b in pairs) and _same(self.text)


class Moment(msgspec.Struct, frozen=True):
    """Where in a run something shows."""

    time_ns: int
    """Since the run began: of an event or, with a stream, of a chunk."""
    stream: int = 0
    chunks: int = 0
    """With a stream: when it had said so many chunks."""


class Divergence(msgspec.Struct, frozen=True):
    """Where two runs part: a stage that was asked, or answered, differently; the first to be so in time."""

    stage: str
    round: int
    what: str
    """`stage` (one run has it not, or never began it),
    `call`, `messages`, `reasoning`, `refusal`, `answer`, `outcome` or `verdict`."""
    at: tuple[Moment | None, Moment | None]
    """Where it shows, in each run; `None` in one that has not got so far."""
    offset: int = 0
    """Characters of that text which are still the same."""


class Difference(msgspec.Struct, frozen=True):
    runs: tuple[str, str]
    simulated: tuple[bool, bool]
    configuration: tuple[Change, ...]
    stages: tuple[StageDifference, ...]
    """In the order of the first run; what only the second has comes last."""
    answer: tuple[Piece, ...]
    outcome: tuple[str | None, str | None]
    decision: tuple[str | None, str | None]
    divergence: Divergence | None
    cost_usd: Delta
    duration_ns: Delta

    @property
    def same(self) -> bool:
        """Whether nothing differs but ids, times and costs."""
        results = self.outcome[0] == self.outcome[1] and self.decision[0] == self.decision[1]
        told = not self.configuration and _same(self.answer) and self.divergence is None
        return results and told and all(stage.same for stage in self.stages)


def difference(a: RunState, b: RunState) -> Difference:
    """What differs between two runs, at whatever moment each of them is."""
    pairs = _aligned(a, b)
    return Difference(
        runs=(a.run, b.run),
        simulated=(a.simulated, b.simulated),
        configuration=tuple(_configuration(a, b)),
        stages=tuple(_stage(a, b, left, right) for left, right in pairs),
        answer=word_diff(a.answer_text, b.answer_text),
        outcome=(a.outcome, b.outcome),
        decision=(a.decision, b.decision),
        divergence=min(filter(None, (_divergence(a, b, *pair) for pair in pairs)), key=_soonest, default=None),
        cost_usd=Delta(a.cost_usd, b.cost_usd),
        duration_ns=Delta(_number(a.ended_ns), _number(b.ended_ns)),
    )


_NEVER = 1 << 64
_QUOTATION = re.compile(r'<(?:answer|question)\b[^<>\n]* id="([0-9a-f]{16})">')
"""As `council.quoting` writes it; nothing that is quoted can look like it."""
Pair = tuple[StageState | None, StageState | None]


def _aligned(a: RunState, b: RunState) -> list[Pair]:
    left = {(stage.spec.stage, stage.round): stage for stage in a.stages}
    right = {(stage.spec.stage, stage.round): stage for stage in b.stages}
    return [(left.get(key), right.get(key)) for key in dict.fromkeys([*left, *right])]


def _configuration(a: RunState, b: RunState) -> Iterator[Change]:
    left, right = dict(_settings(a)), dict(_settings(b))
    for path in dict.fromkeys([*left, *right]):
        if left.get(path) != right.get(path):
            yield Change(path, left.get(path), right.get(path))


def _settings(state: RunState) -> Iterator[tuple[str, object]]:
    yield "question", state.question
    yield "profile", state.profile
    yield "plan", state.plan.name
    yield "tally", state.plan.tally
    yield "timeout_s", state.timeout_s
    yield "simulated", state.simulated
    for spec in state.plan.stages:
        for name, value in msgspec.to_builtins(spec).items():
            if name != "stage":
                for setting, each in value.items() if isinstance(value, dict) else [("", value)]:
                    yield ".".join(filter(None, ("stages", spec.stage, name, setting))), each


def _stage(a: RunState, b: RunState, left: StageState | None, right: StageState | None) -> StageDifference:
    either = left or right
    assert either is not None
    calls = _attempts(a, left), _attempts(b, right)
    last = [each[-1] if each else None for each in calls]
    texts = ["" if each is None else each.text.channel_text(Channel.ANSWER) for each in last]
    return StageDifference(
        stage=either.spec.stage,
        round=either.round,
        in_a=left is not None,
        in_b=right is not None,
        verdict=(None if left is None else left.verdict, None if right is None else right.verdict),
        outcome=(None if last[0] is None else last[0].outcome, None if last[1] is None else last[1].outcome),
        calls=(len(calls[0]), len(calls[1])),
        text=word_diff(texts[0], texts[1]),
        cost_usd=Delta(_cost(a, calls[0]), _cost(b, calls[1])),
        duration_ns=Delta(_duration(left), _duration(right)),
    )


def _divergence(a: RunState, b: RunState, left: StageState | None, right: StageState | None) -> Divergence | None:
    either = left or right
    assert either is not None

    def parts(what: str, at_a: int | None, at_b: int | None) -> Divergence:
        at = (None if at_a is None else Moment(at_a), None if at_b is None else Moment(at_b))
        return Divergence(either.spec.stage, either.round, what, at)

    begins = [None if stage is None else stage.started_ns for stage in (left, right)]
    if left is None or right is None or (begins[0] is None) != (begins[1] is None):
        return parts("stage", begins[0], begins[1])
    calls = _attempts(a, left), _attempts(b, right)
    for one, other in zip(*calls, strict=False):
        begun = one.started_ns, other.started_ns
        if (one.endpoint, one.model, one.params) != (other.endpoint, other.model, other.params):
            return parts("call", *begun)
        if _as_asked(one) != _as_asked(other):
            return parts("messages", *begun)
        for channel in (Channel.REASONING, Channel.REFUSAL, Channel.ANSWER):
            texts = one.text.channel_text(channel), other.text.channel_text(channel)
            if texts[0] != texts[1]:
                offset = common_length(*texts)
                shown = (_moment(one, channel, texts[0][:offset]), _moment(other, channel, texts[1][:offset]))
                return Divergence(either.spec.stage, either.round, channel.name.lower(), shown, offset)
        if one.outcome != other.outcome:
            return parts("outcome", one.ended_ns, other.ended_ns)
    if len(calls[0]) != len(calls[1]):
        more = min(len(calls[0]), len(calls[1]))
        at = [each[more].started_ns if len(each) > more else None for each in calls]
        return parts("call", at[0], at[1])
    if left.verdict != right.verdict or (left.skipped == "") != (right.skipped == ""):
        return parts("verdict", left.ended_ns, right.ended_ns)
    return None


def _soonest(parts: Divergence) -> tuple[list[int], str, int]:
    """Sorts divergences by the time at which one of the runs shows them, whichever comes first."""
    times = [at.time_ns for at in parts.at if at is not None]
    return sorted(times) or [_NEVER], parts.stage, parts.round


def _moment(attempt: AttemptState, channel: Channel, before: str) -> Moment | None:
    """The first chunk that goes beyond this text; the attempt's end for one that says no more."""
    size, seen = len(before.encode()), len(attempt.beginning.encode()) if channel == Channel.ANSWER else 0
    for number, (time_ns, length, each) in enumerate(attempt.text.arrivals(), 1):
        if each == channel:
            seen += length
            if seen > size:
                return Moment(time_ns, attempt.stream, number)
    return None if attempt.ended_ns is None else Moment(attempt.ended_ns)


def _as_asked(attempt: AttemptState) -> list[tuple[str, str]]:
    """The messages without the numbers of their quotations, which are each run's own, and without the beginning of an
    answer, which is compared as a part of it."""
    messages = attempt.messages[:-1] if attempt.beginning else attempt.messages
    numbers = [number for message in messages for number in _QUOTATION.findall(message.content)]
    asked = []
    for message in messages:
        content = message.content
        for place, number in enumerate(dict.fromkeys(numbers)):
            content = content.replace(number, f"#{place}")
        asked.append((message.role, content))
    return asked


def _attempts(state: RunState, stage: StageState | None) -> list[AttemptState]:
    streams = () if stage is None else stage.streams
    return [attempt for stream in streams if (attempt := state.attempt(stream)) is not None]


def _cost(state: RunState, attempts: list[AttemptState]) -> Decimal | None:
    """What the run itself paid for: a fork's inherited calls are its parent's."""
    costs = [each.cost_usd for each in attempts if each.billable and not state.is_inherited(each.stream)]
    return None if None in costs else sum((cost for cost in costs if cost is not None), Decimal(0))


def _duration(stage: StageState | None) -> Decimal | None:
    if stage is None or stage.started_ns is None or stage.ended_ns is None:
        return None
    return Decimal(stage.ended_ns - stage.started_ns)


def _number(value: int | None) -> Decimal | None:
    return None if value is None else Decimal(value)


def _same(pieces: tuple[Piece, ...]) -> bool:
    return all(piece.op is Op.SAME for piece in pieces)
