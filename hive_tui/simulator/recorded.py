"""A recorded run as what a server answers: which of its calls answers a request, and what it said, when.

A request is answered by the recorded call of the same model with the same messages; of several such calls (retries, a
later round) by the next in the recording's order, and behind the last by the first again. The number in the marks
around quotations differs from run to run and is not compared. A call that was given the beginning of its answer also
answers who does not bring that beginning: with the whole answer.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

from hive_tui.events import Channel, Outcome, UsageSource
from hive_tui.recording.timeline import Timeline
from hive_tui.simulator.asked import Asked, Rejected
from hive_tui.simulator.characters import lookup
from hive_tui.simulator.dialects.chat import PICO, Chat, Cursor, Dialect, Failure, Listed, Usage
from hive_tui.simulator.script import End, Step, silence
from hive_tui.state import AttemptState
from hive_tui.wire import chunks

_NUMBER = re.compile(r"""<(?:question|answer)\b[^>]*\bid="([\w-]+)">""")
_CHANNELS = {Channel.ANSWER: "answer", Channel.REASONING: "reasoning", Channel.REFUSAL: "refusal"}
_SHOWN = 80
"""Characters of a recorded question in an error."""

Messages = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Model:
    """A recorded model that is none of the simulator's own, for lists: nobody knows its price."""

    name: str
    about: str
    context: int = 131_072
    prompt_pico: int = -PICO
    completion_pico: int = -PICO
    reasons: bool = False


class Recording:
    """The calls of one run.

    Raises:
        FileNotFoundError: no log there.
        DamagedError: the log is damaged.
        hive_tui.wire.WireError: a sound block holds bytes that are no records.
    """

    def __init__(self, folder: Path, *, paced: bool) -> None:
        """`paced`: at the recorded times, and not as fast as the socket takes it."""
        self.paced = paced
        timeline = Timeline(folder)
        for index in range(len(timeline.blocks.places)):
            timeline.blocks.raw(index)  # Damage is told now, and not in the middle of an answer.
        state = timeline.last_state()
        self.run = state.run
        self.question = state.question
        self.stages = tuple((stage.stage, stage.model) for stage in state.plan.stages)
        self._calls: dict[tuple[str, Messages], list[AttemptState]] = {}
        self._answered: dict[tuple[str, Messages], int] = {}
        for attempt in state.attempts:
            said = _plain(tuple((message.role, message.content) for message in attempt.messages))
            for asked in (said, said[:-1]) if attempt.beginning else (said,):
                self._calls.setdefault((attempt.model, asked), []).append(attempt)

    @property
    def models(self) -> Sequence[Listed]:
        """Of all calls, each once."""
        names = dict.fromkeys(model for model, _ in self._calls)
        return [lookup(name) or Model(name, f"As recorded in run {self.run}.") for name in names]

    def call(self, asked: Asked) -> AttemptState:
        """The call that answers a request. Raises Rejected when there is none."""
        key = asked.model, _plain(asked.messages)
        found = self._calls.get(key)
        if found is None:
            raise Rejected(self._missing(asked.model))
        turn = self._answered.get(key, 0)
        self._answered[key] = turn + 1
        return found[turn % len(found)]

    def _missing(self, model: str) -> Failure:
        models = list(dict.fromkeys(name for name, _ in self._calls))
        if model not in models:
            return Failure(404, f"{model} is not in recording {self.run}; it holds {', '.join(models) or 'no calls'}")
        question = " ".join(self.question.split())
        shown = question if len(question) <= _SHOWN else question[:_SHOWN] + "..."
        return Failure(400, f"recording {self.run} holds no call of {model} with these messages; its question: {shown}")


def _plain(messages: Messages) -> Messages:
    """Without the number of the quotations, and the words for a system prompt as one."""
    return tuple(("system" if role == "developer" else role, _unnumbered(text)) for role, text in messages)


def _unnumbered(text: str) -> str:
    number = _NUMBER.search(text)
    return text if number is None else text.replace(number[1], "")


def pieces(attempt: AttemptState, beginning: str = "") -> Iterator[tuple[int, str, str]]:
    """(time in ns since the run began, channel, text) of each chunk; one that was cut in pieces comes once.

    `beginning`: of the answer, what the request did not bring; it comes with the first chunk.
    """
    if beginning:
        yield attempt.text.first_ns or attempt.started_ns, "answer", beginning
    pending: tuple[int, str, bytes] | None = None
    for time_ns, delta in attempt.text.all_deltas():
        at = 0
        for age_us, length, continues in chunks(delta.table):
            data = delta.data[at : at + length]
            at += length
            if continues and pending is not None:
                pending = pending[0], pending[1], pending[2] + data
                continue
            if pending is not None:
                yield pending[0], pending[1], pending[2].decode()
            pending = time_ns - age_us * 1000, _CHANNELS[delta.channel], data
    if pending is not None:
        yield pending[0], pending[1], pending[2].decode()


def usage_of(attempt: AttemptState) -> Usage | None:
    """What the provider reported; `None` when it did not."""
    told = attempt.usage
    if told.source != UsageSource.PROVIDER or told.prompt_tokens is None or told.completion_tokens is None:
        return None
    cost = attempt.cost_usd if attempt.cost_source == "provider" else None
    pico = int((cost or Decimal(0)) * PICO)
    reasoning, cached = told.reasoning_tokens or 0, min(told.cached_tokens or 0, told.prompt_tokens)
    return Usage(told.prompt_tokens, told.completion_tokens, reasoning, pico, cost is not None, cached)


def refused(attempt: AttemptState) -> Failure | None:
    """The response of a call that was refused with an error status."""
    if attempt.status is None or attempt.status < 400:
        return None
    return Failure(attempt.status, attempt.error.message if attempt.error is not None else "")


def said_why(attempt: AttemptState) -> bool:
    """Whether the provider gave a reason why it stopped."""
    return attempt.finish_reason not in (None, "error")


def broken_off(attempt: AttemptState) -> Failure | None:
    """The error that a provider told in the midst of its answer."""
    error = attempt.error
    if attempt.outcome != Outcome.ERRORED or error is None or error.kind == "reset" or said_why(attempt):
        return None
    return Failure(error.status if error.status is not None and error.status >= 400 else 502, error.message)


def never_opened(attempt: AttemptState) -> bool:
    """Whether the call failed before any response, for whatever reason."""
    return attempt.outcome == Outcome.ERRORED and attempt.status is None and not attempt.text.chunks


def steps(dialect: Dialect, chat: Chat, attempt: AttemptState, beginning: str = "", *, paced: bool) -> Iterator[Step]:
    """The response as it came, with that beginning; the last step, and only it, has an end other than `GO_ON`.

    A call that timed out falls silent where it did; one that a person cancelled, or that goes on as the recording
    ends, just ends there.
    """
    at_ns = attempt.text.first_ns or attempt.ended_ns or attempt.started_ns
    yield from silence(dialect, (at_ns - attempt.started_ns) / 1e9 if paced else 0.0)
    yield Step(0.0, tuple(dialect.opening(chat)))
    cursor = Cursor()
    for time_ns, channel, text in pieces(attempt, beginning):
        block = cursor.block + (channel != cursor.previous and bool(cursor.previous))
        cursor = cursor._replace(tokens=cursor.tokens + 1, block=block)
        wait_s = max(0.0, (time_ns - at_ns) / 1e9) if paced else 0.0
        yield Step(wait_s, tuple(dialect.piece(chat, cursor, channel, text)), tokens=1)
        cursor = cursor._replace(previous=channel, number=cursor.number + 1)
        at_ns = max(at_ns, time_ns)
    if paced and attempt.ended_ns is not None:
        yield Step(max(0.0, (attempt.ended_ns - at_ns) / 1e9))
    yield _last(dialect, chat, cursor, attempt)


def _last(dialect: Dialect, chat: Chat, cursor: Cursor, attempt: AttemptState) -> Step:
    usage, error = usage_of(attempt), attempt.error
    if attempt.outcome == Outcome.TIMED_OUT:
        return Step(end=End.SILENT)
    if said_why(attempt):
        closing = dialect.closing(chat, cursor, attempt.finish_reason, [] if usage is None else [usage])
        return Step(0.0, tuple(closing + dialect.ending()), End.COMPLETE)
    if attempt.outcome == Outcome.ERRORED and error is not None and error.kind == "reset":
        return Step(end=End.RESET)
    failure = broken_off(attempt)
    if failure is not None:
        return Step(0.0, tuple(dialect.failing(chat, failure, usage)), End.COMPLETE)
    return Step(end=End.COMPLETE)
