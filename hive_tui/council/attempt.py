"""One live attempt: what came of it so far. Mutable, and touched by the one task that reads its stream."""

from __future__ import annotations

from hive_tui.council.costs import reported
from hive_tui.council.journal import Journal
from hive_tui.events import (
    AttemptEnded,
    AttemptOpened,
    Channel,
    ErrorInfo,
    Outcome,
    UsageReported,
)
from hive_tui.models.call import Counted, Finish, Identity, Opened, Text

USAGE_EVERY_NS = 100_000_000
"""Least time between two reports of usage mid-stream: some servers send one with each chunk."""


class Attempt:
    """States what its stream brings, and keeps what the council needs of it."""

    __slots__ = (
        "_answer", "_beginning", "_identity", "_journal", "_reasoning", "_refusal", "_stated", "_stated_ns",
        "counted", "error", "finish", "model", "outcome", "stream",
    )  # fmt: skip

    def __init__(self, journal: Journal, stream: int, model: str, beginning: str = "") -> None:
        """`beginning` is that of its answer, where the call was given one."""
        self._journal = journal
        self._beginning = beginning
        self.stream = stream
        self.model = model
        self._answer: list[str] = []
        self._reasoning: list[str] = []
        self._refusal: list[str] = []
        self._identity = Identity()
        self._stated: UsageReported | None = None
        self._stated_ns = -USAGE_EVERY_NS
        self.counted: Counted | None = None
        self.finish: Finish | None = None
        self.outcome: Outcome | None = None
        """Set by `end`."""
        self.error: ErrorInfo | None = None

    def hear(self, at_ns: int, texts: list[Text]) -> None:
        """Chunks that one read brought. This is the way of every token: its cost is one list and one join a read."""
        self._journal.chunks(self.stream, at_ns, texts)
        answer = [text.text for text in texts if text.channel is Channel.ANSWER]
        self._answer.append("".join(answer))
        if len(answer) != len(texts):
            self._reasoning += [text.text for text in texts if text.channel is Channel.REASONING]
            self._refusal += [text.text for text in texts if text.channel is Channel.REFUSAL]

    def note(self, at_ns: int, part: Opened | Identity | Counted | Finish) -> None:
        """Everything else that a stream brings."""
        match part:
            case Opened():
                self._journal.emit(AttemptOpened(part.status, part.http_version, part.reused), self.stream)
            case Identity():
                self._identity = part
            case Finish():
                self.finish = part
            case Counted():
                self.counted = part
                if at_ns - self._stated_ns >= USAGE_EVERY_NS:
                    self._stated_ns = at_ns
                    self.state_usage(reported(part))

    def state_usage(self, usage: UsageReported) -> None:
        if usage != self._stated:
            self._stated = usage
            self._journal.emit(usage, self.stream)

    def end(self, outcome: Outcome, error: ErrorInfo | None) -> None:
        """The last event of the stream."""
        self.outcome = outcome
        self.error = error
        finish, identity = self.finish, self._identity
        self._journal.emit(
            AttemptEnded(
                outcome=outcome,
                finish_reason=None if finish is None else finish.reason,
                native_finish_reason=None if finish is None else finish.native,
                error=error,
                generation=identity.generation,
                served_model=identity.served_model,
                provider=identity.provider,
                simulated=identity.simulated,
            ),
            self.stream,
        )

    @property
    def answer(self) -> str:
        """All of it, with the beginning that it was given."""
        return self._beginning + self.said

    @property
    def said(self) -> str:
        """What the model said of its answer."""
        return "".join(self._answer)

    @property
    def reasoning(self) -> str:
        return "".join(self._reasoning)

    @property
    def refusal(self) -> str:
        return "".join(self._refusal)
