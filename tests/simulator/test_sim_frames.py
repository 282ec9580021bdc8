"""Each dialect's stream has the shape that its provider sends: documented or captured, as its name says."""

from __future__ import annotations

import json
from random import Random
from typing import Any

import pytest

from hive_tui.simulator import tokens
from hive_tui.simulator.characters import CHARACTERS
from hive_tui.simulator.dialects import DIALECTS
from hive_tui.simulator.dialects.chat import Chat, Failure, Frame, Usage, price
from hive_tui.simulator.faults import Faults, parse
from hive_tui.simulator.pace import PACES
from hive_tui.simulator.script import Answer, End, Step, altered, script

NAMES = list(DIALECTS)
COMPLETIONS = [name for name in NAMES if name != "anthropic"]
SAID = Answer(tokens.split("Let me think."), tokens.split("It is forty-two, surely."), "stop", Usage(9, 10, 4, 123_000))
WHOLE = len(SAID.reasoning) + len(SAID.answer)


def steps(name: str, faults: str = "", said: Answer = SAID, first_s: float = 0.0, **chat: Any) -> list[Step]:
    dialect = DIALECTS[name]
    active = Faults({fault.name: fault for fault in parse(faults)})
    call = Chat("gen-1-abcdefghijkl", 1, "sim/delta", **{"include_usage": True, "prompt_tokens": 9, **chat})
    return list(script(dialect, call, altered(said, active), PACES["instant"], first_s, active, Random(0)))


def frames(name: str, faults: str = "", **chat: Any) -> list[Frame]:
    return [frame for step in steps(name, faults, **chat) for frame in step.frames]


def payloads(name: str, faults: str = "", **chat: Any) -> list[dict[str, Any]]:
    return [json.loads(frame.data) for frame in frames(name, faults, **chat) if frame.data.startswith("{")]


def deltas(name: str, faults: str = "", **chat: Any) -> list[dict[str, Any]]:
    return [choice["delta"] for chunk in payloads(name, faults, **chat) for choice in chunk.get("choices", [])]


def finishes(name: str, faults: str = "", **chat: Any) -> list[str | None]:
    chunks = payloads(name, faults, **chat)
    return [choice["finish_reason"] for chunk in chunks for choice in chunk.get("choices", [])]


@pytest.mark.parametrize("name", COMPLETIONS)
def test_the_deltas_put_together_are_the_answer(name: str) -> None:
    assert "".join(delta.get("content") or "" for delta in deltas(name)) == "It is forty-two, surely."


@pytest.mark.parametrize("name", COMPLETIONS)
def test_every_chunk_is_marked_as_simulated_and_has_the_calls_id(name: str) -> None:
    for chunk in payloads(name):
        assert chunk["simulated"] is True
        assert chunk["id"] == "gen-1-abcdefghijkl"
        assert chunk["object"] == "chat.completion.chunk"


@pytest.mark.parametrize(
    ("name", "field"),
    [
        ("openrouter-docs", "reasoning"),
        ("openrouter-wire", "reasoning"),
        ("ollama-v1", "reasoning"),
        ("llamacpp-new", "reasoning_content"),
        ("llamacpp-2025", "reasoning_content"),
        ("vllm", "reasoning_content"),
        ("lmstudio", "reasoning_content"),
    ],
)
def test_reasoning_has_the_field_of_its_server(name: str, field: str) -> None:
    assert "".join(delta.get(field) or "" for delta in deltas(name)) == "Let me think."


def test_openai_shows_no_reasoning_text_but_counts_it() -> None:
    assert "think" not in json.dumps(deltas("openai"))
    assert payloads("openai")[-1]["usage"]["completion_tokens_details"]["reasoning_tokens"] == 4


@pytest.mark.parametrize("name", COMPLETIONS)
def test_done_ends_the_stream(name: str) -> None:
    last = frames(name)[-1]
    assert last.data == "[DONE]"
    assert last.blank is (name != "llamacpp-2025")
    assert steps(name)[-1].end is End.COMPLETE
    assert all(step.end is End.GO_ON for step in steps(name)[:-1])


# OpenRouter: documentation and captures differ in the usage chunk and in errors.


def test_openrouter_has_its_comments_and_names_role_and_provider_on_each_chunk() -> None:
    assert frames("openrouter-wire")[0].comment == " OPENROUTER PROCESSING"
    assert all(delta["role"] == "assistant" for delta in deltas("openrouter-wire"))
    assert all(chunk["provider"] for chunk in payloads("openrouter-wire"))
    thinking = next(delta for delta in deltas("openrouter-wire") if delta.get("reasoning"))
    assert thinking["content"] == ""
    assert thinking["reasoning_details"][0]["text"] == thinking["reasoning"]


def test_openrouters_usage_chunk_as_documented_and_as_captured() -> None:
    documented, captured, older = (
        payloads("openrouter-docs")[-1],
        payloads("openrouter-wire")[-1],
        payloads("openrouter-wire", old_wire=True)[-1],
    )
    assert documented["choices"] == []
    assert captured["choices"][0]["finish_reason"] == "stop"
    assert older["choices"][0]["finish_reason"] is None
    assert older["choices"][0]["logprobs"] is None
    assert finishes("openrouter-wire")[-2:] == ["stop", "stop"]
    for chunk in (documented, captured, older):
        assert chunk["usage"]["cost"] == 1.23e-7
        assert chunk["usage"]["completion_tokens_details"]["reasoning_tokens"] == 4


def test_openrouters_error_in_mid_stream_as_documented_and_as_captured() -> None:
    documented = payloads("openrouter-docs", "error:2")[-1]
    assert documented["choices"][0]["finish_reason"] == "error"
    assert documented["error"]["code"] == "server_error"
    assert frames("openrouter-docs", "error:2")[-1].data != "[DONE]"
    captured = payloads("openrouter-wire", "error:2:400")[-1]
    assert captured["choices"][0]["finish_reason"] is None
    assert captured["error"]["code"] == 400
    assert captured["usage"]["completion_tokens"] == 2
    assert frames("openrouter-wire", "error:2")[-1].data == "[DONE]"
    assert finishes("openrouter-wire", "token-limit:1")[-3:] == ["length", "length", None]


def test_openai_pads_and_puts_null_usage_on_each_chunk() -> None:
    chunks = payloads("openai")
    assert chunks[0]["choices"][0]["delta"] == {"role": "assistant", "content": "", "refusal": None}
    assert all(chunk["usage"] is None for chunk in chunks[:-1])
    assert chunks[-1]["choices"] == []
    assert any(chunk.get("obfuscation") for chunk in chunks)
    assert not any("obfuscation" in chunk for chunk in payloads("openai", obfuscate=False))
    assert "usage" not in payloads("openai", include_usage=False)[-1]


def test_ollama_names_the_role_once_and_hides_an_error() -> None:
    assert [("role" in delta) for delta in deltas("ollama-v1")][:2] == [True, False]
    last = payloads("ollama-v1", "error:3")[-1]
    assert last["choices"][0]["delta"]["content"] == ""
    assert "error" not in last
    assert frames("ollama-v1", "error:3")[-1].data != "[DONE]"


def test_llamacpp_begins_with_null_and_ends_with_timings() -> None:
    assert deltas("llamacpp-new")[0] == {"role": "assistant", "content": None}
    assert payloads("llamacpp-new")[-1]["timings"]["predicted_n"] == 10
    assert payloads("llamacpp-2025")[-1]["usage"]["completion_tokens"] == 10
    assert finishes("llamacpp-2025")[-1] == "stop"
    field = [frame.field for frame in frames("llamacpp-2025", "error:1") if "error" in frame.data]
    assert field == ["error"]
    assert payloads("llamacpp-new", "error:1")[-1]["error"]["type"] == "server_error"


def test_vllm_counts_on_every_chunk_when_asked() -> None:
    counted = [
        chunk["usage"]["completion_tokens"] for chunk in payloads("vllm", continuous_usage=True) if "usage" in chunk
    ]
    assert counted[:10] == list(range(1, 11))
    assert DIALECTS["vllm"].error_body(Failure(500, "x", "flat"))["object"] == "error"
    assert [frame.data for frame in frames("vllm", "only-done")] == ["[DONE]"]


def test_lmstudio_reports_no_usage_and_leaves_later_names_empty() -> None:
    assert not any(chunk.get("usage") for chunk in payloads("lmstudio"))
    calls = [delta["tool_calls"][0] for delta in deltas("lmstudio", "tools") if "tool_calls" in delta]
    assert [call["function"]["name"] for call in calls] == ["weather", "", "", "weather", "", ""]
    assert {call["index"] for call in calls} == {0}


def test_anthropic_sends_named_blocks_and_cumulative_usage() -> None:
    events = payloads("anthropic")
    kinds = [event["type"] for event in events]
    assert kinds[:3] == ["message_start", "ping", "content_block_start"]
    assert kinds[-3:] == ["content_block_stop", "message_delta", "message_stop"]
    assert events[0]["message"]["metadata"]["simulated"] is True
    assert [event["index"] for event in events if event["type"] == "content_block_start"] == [0, 1]
    assert events[-2]["usage"]["output_tokens"] == 10
    assert events[-2]["delta"]["stop_reason"] == "end_turn"
    assert [frame.event for frame in frames("anthropic")] == kinds
    text = [event["delta"]["text"] for event in events if event.get("delta", {}).get("type") == "text_delta"]
    assert "".join(text) == "It is forty-two, surely."
    assert payloads("anthropic", "error:2")[-1]["type"] == "error"
    assert payloads("anthropic", "refusal")[-2]["delta"]["stop_reason"] == "refusal"
    started = [event["index"] for event in payloads("anthropic", "tools") if event["type"] == "content_block_start"]
    assert started == [0, 1, 2, 3]


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(
    ("fault", "end"),
    [
        ("eof:2", End.COMPLETE),
        ("cut:2", End.CUT),
        ("rst:2", End.RESET),
        ("stall:2", End.SILENT),
        ("cut:999", End.CUT),
        ("hang", End.SILENT),
        ("error:0", End.COMPLETE),
        ("error-first", End.COMPLETE),
    ],
)
def test_a_broken_stream_ends_as_asked(name: str, fault: str, end: End) -> None:
    played = steps(name, fault)
    assert played[-1].end is end
    spoken = sum(step.tokens for step in played)
    expected = {"2": 2, "0": 0}.get(fault.partition(":")[2], WHOLE)
    assert spoken == (0 if fault == "error-first" else expected)


def test_a_stall_of_some_seconds_goes_on() -> None:
    played = steps("openai", "stall:2:7")
    assert [step.wait_s for step in played if step.wait_s] == [7.0]
    assert sum(step.tokens for step in played) == WHOLE


def test_a_cold_start_sends_keepalives_where_the_server_does() -> None:
    waits = [step.wait_s for step in steps("openrouter-wire", "cold:2") if step.wait_s]
    assert sum(waits) == pytest.approx(2.0)
    assert len(waits) > 3
    assert [step.wait_s for step in steps("openai", "cold:2") if step.wait_s] == [2.0]


@pytest.mark.parametrize("name", COMPLETIONS)
def test_payload_faults_leave_the_text_alone(name: str) -> None:
    odd = "empty-choices,no-choices,null-content,encrypted-reasoning,unknown-fields,empty-data,usage-twice"
    assert "".join(delta.get("content") or "" for delta in deltas(name, odd)) == "It is forty-two, surely."


@pytest.mark.parametrize(
    ("fault", "text", "finish"),
    [
        ("empty", "", "stop"),
        ("reasoning-only", "", "stop"),
        ("refusal", "", "content_filter"),
        ("say:Yes%2C%20no", "Yes, no", "stop"),
        ("length:2", "It is", "length"),
        ("no-finish", "It is forty-two, surely.", None),
    ],
)
def test_text_faults_change_the_text(fault: str, text: str, finish: str | None) -> None:
    chunks = payloads("openai", fault)
    spoken = [choice["delta"].get("content") or "" for chunk in chunks for choice in chunk["choices"]]
    assert "".join(spoken) == text
    assert [reason for reason in finishes("openai", fault) if reason] == ([finish] if finish else [])


@pytest.mark.parametrize(("fault", "count"), [("", 1), ("usage-none", 0), ("usage-twice", 2)])
def test_usage_comes_as_often_as_asked(fault: str, count: int) -> None:
    assert sum(bool(chunk.get("usage")) for chunk in payloads("openrouter-wire", fault)) == count


def test_odd_usage_has_more_reasoning_than_completion() -> None:
    usage = payloads("openrouter-docs", "usage-odd")[-1]["usage"]
    assert usage["completion_tokens_details"]["reasoning_tokens"] > usage["completion_tokens"]


@pytest.mark.parametrize(
    ("pico", "shown"), [(0, "0"), (150_000, "0.00000015"), (25_000_000, "0.000025"), (10**12, "1")]
)
def test_prices_are_exact_decimal_strings(pico: int, shown: str) -> None:
    assert price(pico) == shown


@pytest.mark.parametrize("name", NAMES)
def test_every_dialect_lists_the_models_and_words_its_errors(name: str) -> None:
    listed: Any = DIALECTS[name].models(CHARACTERS)
    assert [entry["id"] for entry in listed["data"]] == [one.name for one in CHARACTERS]
    body: Any = DIALECTS[name].error_body(Failure(429, "slow down"))
    assert body["error"]["message"] == "slow down"
    assert body["simulated"] is True
    assert ("retry-after", "7") in DIALECTS[name].error_headers(Failure(429, "x", "", "7"))


def test_availability_errors_have_no_code() -> None:
    error: Any = DIALECTS["openrouter-wire"].error_body(Failure(503, "x", "capacity_exhausted", "7"))["error"]
    assert "code" not in error
    assert error["availability"]["retryable"] is True
    assert error["availability"]["retry_after"] == 7
