"""What a dialect is: how a call is put as a request, and how the events of its answer become parts.

Readers are pure and incremental: events in, parts out, no I/O and no clock.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

import msgspec

from hive_tui.events import Channel, Usage
from hive_tui.models.call import Call, CallError, Counted, Finish, Identity, Part, Text
from hive_tui.models.errors import decoded, failure, from_payload
from hive_tui.models.sse import Event


class Request(msgspec.Struct, frozen=True):
    """A call as a provider wants it; the key is not in it."""

    path: str
    """Appended to the endpoint's base URL."""
    headers: tuple[tuple[str, str], ...]
    body: bytes


class Reader(Protocol):
    """Reads one answer."""

    done: bool
    """The dialect's own end mark has come; what follows is not read."""
    finished: bool
    """A finish reason has come."""
    failure: CallError | None
    """The error that the stream stated, to be raised once the parts before it were handed on."""

    def feed(self, events: Sequence[Event]) -> list[Part]:
        """The parts that `events` bring. Never raises: what goes wrong stands in `failure`."""
        ...

    def whole(self, body: bytes) -> list[Part]:
        """The parts of an answer that came as one JSON document although a stream was asked for."""
        ...

    def close(self) -> None:
        """The body has ended: sets `failure` when the answer cannot end like this."""
        ...


class Dialect(Protocol):
    name: str

    def request(self, call: Call) -> Request: ...

    def authorization(self, key: str) -> tuple[str, str]:
        """The header that carries the key."""
        ...

    def reader(self, *, simulated: bool, secret: str | None) -> Reader:
        """A reader for one answer. `simulated` when the headers have said so; `secret` is cut out of error texts."""
        ...


class Progress:
    """What every reader keeps: who answers, usage, finish, and whether any text came."""

    def __init__(self, *, simulated: bool, secret: str | None) -> None:
        self.done = False
        self.finished = False
        self.failure: CallError | None = None
        self._secret = secret
        self._generation = ""
        self._model = ""
        self._provider = ""
        self._simulated = simulated
        self._identity = Identity(simulated=simulated)
        self._finish: Finish | None = None
        self._counted: Counted | None = None
        self._reported: Counted | None = None
        self._spoke = False

    def _identify(self, parts: list[Part], generation: str, model: str, provider: str, simulated: bool) -> None:
        """Adds an `Identity` when something new is known; an empty field leaves what was known."""
        self._generation = generation or self._generation
        self._model = model or self._model
        self._provider = provider or self._provider
        self._simulated = simulated or self._simulated
        names = (valid(self._generation), valid(self._model), valid(self._provider))
        identity = Identity(*names, self._simulated)
        if identity != self._identity:
            self._identity = identity
            generation, model, provider = map(self._keyless, names)
            parts.append(Identity(generation, model, provider, self._simulated))

    def _keyless(self, text: str) -> str:
        """A server may send our own key back in any field."""
        return text.replace(self._secret, "[key]") if self._secret else text

    def _finished(self, parts: list[Part], reason: str, native: str) -> None:
        # What `word` drops may have stood within the key.
        finish = Finish(*(self._keyless(word(self._keyless(each))) for each in (reason, native)))
        if finish != self._finish:
            self._finish = finish
            self.finished = True
            parts.append(finish)

    def _erred(self, stated: bytes) -> None:
        """The stream says by an event or a field of that name that it has failed; `stated` is JSON or words."""
        payload = decoded(stated)
        if not isinstance(payload, Mapping):
            payload = {"error": stated.decode("utf-8", "replace")}
        self.failure = from_payload(payload, secret=self._secret)

    def _count(self, parts: list[Part]) -> None:
        """Adds the last usage report; once a read, since some servers send one with each chunk."""
        if self._counted is not None and self._counted != self._reported:
            self._reported = self._counted
            parts.append(self._counted)

    def close(self) -> None:
        """The body has ended."""
        if self.failure is not None:
            return
        if self._finish is not None:
            if self._finish.reason == "error":
                self.failure = failure("provider", "the provider ended the answer with an error and did not say which")
        elif not self._spoke:
            self.failure = failure("empty", "the answer ended before it began: no text and no finish reason")


def text_part(channel: Channel, text: str) -> Text:
    return Text(channel, text if text.isascii() else valid(text))


def valid(text: str) -> str:
    """The text with lone surrogates, which JSON escapes can bring, replaced; so it can be encoded as UTF-8."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return text


def word(reason: str) -> str:
    """A provider's own word, fit to be shown: printable and short."""
    return "".join(char for char in reason[:60] if char.isprintable())


def count_of(value: object) -> int | None:
    """A token count as providers write it; anything else is unknown."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return int(value) if 0 <= value < 2**53 else None


def more(first: int | None, second: int | None) -> int | None:
    """Sum of counts where a missing one adds nothing; unknown only when both are."""
    return None if first is None and second is None else (first or 0) + (second or 0)


def is_usage(usage: Usage) -> bool:
    """Whether a report says anything at all."""
    return usage.prompt_tokens is not None or usage.completion_tokens is not None
