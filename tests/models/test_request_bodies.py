"""What is asked of each provider, in its own words."""

from __future__ import annotations

import json
from typing import Any

from hive_tui.events import Channel, Message, Params
from hive_tui.models.call import Call, Endpoint
from hive_tui.models.dialects import DIALECTS

ANSWER, REASONING, REFUSAL = Channel.ANSWER, Channel.REASONING, Channel.REFUSAL


def body(dialect: str, url: str = "http://localhost/v1", **params: Any) -> Any:
    messages = (Message("system", "s"), Message("user", "u"))
    return json.loads(
        DIALECTS[dialect].request(Call(Endpoint("e", url, dialect), "m", messages, Params(**params))).body
    )


def test_request_bodies() -> None:
    messages = [{"role": "system", "content": "s"}, {"role": "user", "content": "u"}]
    assert body("openai") == {
        "model": "m",
        "messages": messages,
        "stream": True,
        "stream_options": {"include_usage": True},
    }
    assert body("openrouter", reasoning_effort="high", max_tokens=5) == {
        "model": "m",
        "messages": messages,
        "stream": True,
        "max_tokens": 5,
        "reasoning": {"effort": "high"},
    }
    full = body("openai", temperature=0.0, top_p=0.5, max_tokens=5, seed=1, stop=("x",), reasoning_effort="low")
    assert {**full, "messages": 0, "stream_options": 0} == {
        "model": "m", "messages": 0, "stream": True, "stream_options": 0, "temperature": 0.0, "top_p": 0.5,
        "max_tokens": 5, "seed": 1, "stop": ["x"], "reasoning_effort": "low",
    }  # fmt: skip
    assert body("openai", "https://api.openai.com/v1", max_tokens=5)["max_completion_tokens"] == 5


def test_vllm_is_asked_for_the_usage_of_each_chunk() -> None:
    call = Call(Endpoint("vllm", "http://127.0.0.1:8000/v1", "openai"), "m", ())
    options = json.loads(DIALECTS["openai"].request(call).body)["stream_options"]
    assert options == {"include_usage": True, "continuous_usage_stats": True}
