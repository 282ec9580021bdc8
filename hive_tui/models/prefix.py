"""The beginning of an answer from which a model is to go on: how servers are told of it, and what they send back.

The beginning is the closing message of the call, with the role `assistant`. Servers take it in one of these ways:

    message    as it is: Anthropic up to Claude 4.5, llama.cpp's server, OpenRouter where the model's provider does
    prefix     with `"prefix": true` in the message: Mistral, DeepSeek (`/beta`), LiteLLM
    partial    with `"partial": true` in the message: Moonshot, Alibaba's Model Studio
    continue   with `continue_final_message` and without `add_generation_prompt` in the body: vLLM, SGLang, llama.cpp

Others take it for a whole message and begin another. What a server that was told answers with is the rest; some
(Mistral) repeat the beginning first. Source: the documentation of those servers and providers.
"""

from __future__ import annotations

import re
from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Any

from msgspec.structs import replace

from hive_tui.events import Channel
from hive_tui.models.call import Again, Batch, CallError, Finish, Part, Text

WAYS = ("message", "prefix", "partial", "continue")
NONE = "none"

_CLAUDE = re.compile(r"claude[-.\w]*")
_UP_TO_4_5 = re.compile(r"claude-(?:[123]|instant|[a-z]+-4(?:[-.][015])?(?:$|[-@:]\d{8}))")


def takes_prefix(model: str) -> bool:
    """Whether a model may go on from a beginning where its endpoint lets it: Claude since 4.6 refuses."""
    return _CLAUDE.search(model) is None or _UP_TO_4_5.search(model) is not None


def mark(body: dict[str, Any], way: str) -> None:
    """Say in the body of a chat completion that its last message is the beginning of the answer."""
    if way in ("prefix", "partial"):
        body["messages"][-1][way] = True
    elif way == "continue":
        body["continue_final_message"] = True
        body["add_generation_prompt"] = False


class Unrepeated:
    """Drops a beginning that is repeated at the start of an answer, and nothing else; chunk by chunk."""

    def __init__(self, beginning: str) -> None:
        self._beginning = beginning
        self._held: list[Text] | None = []
        """What may yet turn out to repeat it; `None` once that is settled."""
        self._at = 0
        """How much of the beginning that is, in characters."""

    def feed(self, text: Text) -> list[Text]:
        """What is known to be the model's own by now."""
        if self._held is None or text.channel is not Channel.ANSWER:
            return [text]
        left = len(self._beginning) - self._at
        if len(text.text) < left and self._beginning.startswith(text.text, self._at):
            self._held.append(text)
            self._at += len(text.text)
            return []
        if len(text.text) >= left and text.text.startswith(self._beginning[self._at :]):
            self._held = None
            return [Text(Channel.ANSWER, text.text[left:])] if len(text.text) > left else []
        return [*self.rest(), text]

    def rest(self) -> list[Text]:
        """What was held back; the answer has ended, or goes on otherwise."""
        held, self._held = self._held or [], None
        return held


async def going_on(batches: AsyncGenerator[Batch, None], beginning: str) -> AsyncGenerator[Batch, None]:
    """The batches of a call without a repeated beginning; closing it closes them. Raises what they raise."""
    unrepeated, at_ns = Unrepeated(beginning), 0
    failure: CallError | None = None
    async with aclosing(batches):
        try:
            async for batch in batches:
                at_ns = batch.at_ns
                parts: list[Part] = []
                for part in batch.parts:
                    if isinstance(part, Text):
                        parts += unrepeated.feed(part)
                        continue
                    if isinstance(part, Finish | Again):
                        parts += unrepeated.rest()
                    if isinstance(part, Again):
                        unrepeated = Unrepeated(beginning)
                    parts.append(part)
                if parts:
                    yield replace(batch, parts=tuple(parts))
        except CallError as error:
            failure = error
    if rest := unrepeated.rest():
        yield Batch(at_ns, tuple(rest))
    if failure is not None:
        raise failure
