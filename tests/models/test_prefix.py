"""A model that is to go on from the beginning of an answer: how each server is told, and what comes back."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hive_tui.events import Channel, ErrorInfo, Message, Params
from hive_tui.models.call import Again, Batch, Call, CallError, Endpoint, Finish, Part, Text
from hive_tui.models.dialects import DIALECTS
from hive_tui.models.prefix import going_on, takes_prefix

BEGINNING = Message("assistant", "The answer is")
FAILED = CallError(ErrorInfo("reset", "the connection was reset"))


def body(dialect: str, way: str, **params: Any) -> Any:
    call = Call(
        Endpoint("e", "http://localhost/v1", dialect),
        "m",
        (Message("user", "u"), BEGINNING),
        Params(**params),
        prefix=way,
    )
    return json.loads(DIALECTS[dialect].request(call).body)


@pytest.mark.parametrize("dialect", ["openai", "openrouter"])
def test_each_way_of_telling_it(dialect: str) -> None:
    plain = {"role": "assistant", "content": "The answer is"}
    whole = body(dialect, "message")
    assert whole["messages"][-1] == plain
    assert body(dialect, "prefix")["messages"][-1] == {**plain, "prefix": True}
    assert body(dialect, "partial")["messages"][-1] == {**plain, "partial": True}
    assert body(dialect, "continue") == {**whole, "continue_final_message": True, "add_generation_prompt": False}


def test_anthropic_takes_it_without_thinking() -> None:
    told = body("anthropic", "message", reasoning_effort="high", max_tokens=9000, temperature=0.5)
    assert told["messages"][-1] == {"role": "assistant", "content": "The answer is"}
    assert "thinking" not in told
    assert told["temperature"] == 0.5


@pytest.mark.parametrize(
    ("model", "takes"),
    [
        ("claude-haiku-4-5", True),
        ("claude-sonnet-4-5-20250929", True),
        ("anthropic/claude-3.7-sonnet", True),
        ("claude-opus-4-1-20250805", True),
        ("claude-opus-4-6", False),
        ("anthropic/claude-sonnet-4.6", False),
        ("~anthropic/claude-sonnet-latest", False),
        ("claude-sonnet-5", False),
        ("mistral-large", True),
    ],
)
def test_later_claudes_are_known_to_refuse(model: str, takes: bool) -> None:
    assert takes_prefix(model) is takes


def heard(beginning: str, *steps: Batch | CallError) -> tuple[list[Part], CallError | None]:
    async def batches() -> AsyncGenerator[Batch, None]:
        for step in steps:
            if isinstance(step, CallError):
                raise step
            yield step

    async def listen() -> tuple[list[Part], CallError | None]:
        parts: list[Part] = []
        try:
            async for batch in going_on(batches(), beginning):
                assert batch.parts
                parts += batch.parts
        except CallError as error:
            return parts, error
        return parts, None

    return asyncio.run(listen())


def said(*texts: str) -> list[Batch]:
    return [Batch(0, (Text(Channel.ANSWER, text),)) for text in texts if text]


def joined(parts: list[Part]) -> str:
    return "".join(part.text for part in parts if isinstance(part, Text) and part.channel is Channel.ANSWER)


@given(st.text("ab", min_size=1), st.text("abc"), st.lists(st.integers(0, 40)))
def test_a_repeated_beginning_is_dropped_however_it_is_cut(beginning: str, rest: str, cuts: list[int]) -> None:
    whole = beginning + rest
    places = sorted({0, len(whole), *(cut for cut in cuts if cut < len(whole))})
    texts = [whole[a:b] for a, b in pairwise(places)]
    parts, _ = heard(beginning, *said(*texts), Batch(0, (Finish("stop", "stop"),)))
    assert joined(parts) == rest
    assert parts[-1] == Finish("stop", "stop")


@given(st.text("ab", min_size=1), st.lists(st.text("ab", min_size=1), min_size=1))
def test_what_is_no_repetition_arrives_whole_and_in_its_chunks(beginning: str, texts: list[str]) -> None:
    whole = "".join(texts)
    parts, _ = heard(beginning, *said(*texts), Batch(0, (Finish("stop", "stop"),)))
    if not whole.startswith(beginning):
        assert [part.text for part in parts if isinstance(part, Text)] == texts


def test_what_is_held_back_comes_before_the_end_whatever_that_is() -> None:
    assert joined(heard("The answer", *said("The"))[0]) == "The"
    parts, error = heard("The answer", *said("The"), FAILED)
    assert (joined(parts), error) == ("The", FAILED)


def test_another_attempt_may_repeat_it_too_and_nothing_of_the_one_before_is_lost() -> None:
    again = Again(ErrorInfo("overloaded", "busy"), 0.0, "retry", "m")
    thought = Batch(0, (Text(Channel.REASONING, "The"),))
    parts, _ = heard("The", thought, *said("Th"), Batch(0, (again,)), *said("The", " end"))
    assert parts == [Text(Channel.REASONING, "The"), Text(Channel.ANSWER, "Th"), again, Text(Channel.ANSWER, " end")]
