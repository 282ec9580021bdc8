"""Anthropic's messages API: named events in, parts out."""

from __future__ import annotations

import json
from typing import Any

import pytest

from hive_tui.events import Channel, Message, Params, Usage, UsageSource
from hive_tui.models.call import Call, Counted, Endpoint, Finish, Identity, Part, Text
from hive_tui.models.dialect import Reader
from hive_tui.models.dialects import DIALECTS
from hive_tui.models.sse import SseParser

PROVIDER = UsageSource.PROVIDER


def event(kind: str, **fields: Any) -> bytes:
    return f"event: {kind}\ndata: {json.dumps({'type': kind, **fields})}\n\n".encode()


def start(**usage: int) -> bytes:
    return event("message_start", message={"id": "msg_1", "model": "claude", "content": [], "usage": usage})


def delta(**fields: Any) -> bytes:
    return event("content_block_delta", index=0, delta=fields)


def stop(reason: str = "end_turn", **usage: int) -> bytes:
    return event("message_delta", delta={"stop_reason": reason, "stop_sequence": None}, usage=usage) + event(
        "message_stop"
    )


def read(*stream: bytes) -> tuple[list[Part], Reader]:
    subject, parser = DIALECTS["anthropic"].reader(simulated=False, secret="sk-secret"), SseParser()
    parts = subject.feed(parser.feed(b"".join(stream)) + parser.close())
    subject.close()
    return parts, subject


def test_a_whole_stream_with_thinking_pings_and_unknown_events() -> None:
    parts, subject = read(
        start(input_tokens=10, output_tokens=1, cache_read_input_tokens=100, cache_creation_input_tokens=5),
        event("content_block_start", index=0, content_block={"type": "thinking", "thinking": "", "signature": ""}),
        event("ping"),
        delta(type="thinking_delta", thinking="Hm."),
        delta(type="signature_delta", signature="abc"),
        event("content_block_stop", index=0),
        event("content_block_start", index=1, content_block={"type": "text", "text": ""}),
        event("news_of_tomorrow", data=[1]),
        b"event: unheard_of\ndata: not json\n\n",
        delta(type="text_delta", text="Hel"),
        delta(type="citations_delta", citation={}),
        delta(type="text_delta", text="lo"),
        delta(type="input_json_delta", partial_json="{"),
        stop(output_tokens=25),
        b"event: data\ndata: [DONE]\n\n",
    )
    assert parts == [
        Identity("msg_1", "claude"),
        Text(Channel.REASONING, "Hm."),
        Text(Channel.ANSWER, "Hel"),
        Text(Channel.ANSWER, "lo"),
        Finish("stop", "end_turn"),
        Counted(Usage(115, 25, None, 100, PROVIDER)),
    ]
    assert subject.done
    assert subject.failure is None


def test_usage_is_cumulative_and_a_later_report_replaces_what_it_has() -> None:
    subject, parser = DIALECTS["anthropic"].reader(simulated=False, secret=None), SseParser()
    first = subject.feed(parser.feed(start(input_tokens=10, output_tokens=1)))
    second = subject.feed(parser.feed(delta(type="text_delta", text="a") + stop(output_tokens=7, input_tokens=12)))
    # The 1 was counted before the answer: of a stream that is cut off now nobody knows how long it was.
    assert first[-1] == Counted(Usage(10, None, None, None, PROVIDER))
    assert second[-1] == Counted(Usage(12, 7, None, None, PROVIDER))


@pytest.mark.parametrize(
    ("native", "reason"),
    [
        ("end_turn", "stop"),
        ("stop_sequence", "stop"),
        ("max_tokens", "length"),
        ("model_context_window_exceeded", "length"),
        ("tool_use", "tool_calls"),
        ("refusal", "content_filter"),
        ("pause_turn", "pause_turn"),
    ],
)
def test_stop_reasons(native: str, reason: str) -> None:
    assert Finish(reason, native) in read(start(), delta(type="text_delta", text="a"), stop(native))[0]


@pytest.mark.parametrize("data", [b'{"message": "Oh"}', b"Oh", b'{"error": {"message": "Oh"}}', b'{"error": "Oh"}'])
def test_an_error_event_of_another_shape(data: bytes) -> None:
    _, subject = read(start(), b"event: error\ndata: " + data + b"\n\n")
    assert subject.failure is not None
    assert subject.failure.info.message == "Oh"


@pytest.mark.parametrize(
    ("kind", "expected", "status", "retryable"),
    [
        ("overloaded_error", "overloaded", 529, True),
        ("rate_limit_error", "rate_limit", 429, True),
        ("api_error", "server", 500, True),
        ("authentication_error", "auth", 401, False),
        ("invalid_request_error", "bad_request", 400, False),
        ("new_error", "provider", None, True),
    ],
)
def test_an_error_event(kind: str, expected: str, status: int | None, retryable: bool) -> None:
    parts, subject = read(
        start(), delta(type="text_delta", text="a"), event("error", error={"type": kind, "message": "Oh"})
    )
    assert parts[-1] == Text(Channel.ANSWER, "a")
    failure = subject.failure
    assert failure is not None
    assert (failure.info.kind, failure.info.status, failure.info.message, failure.retryable) == (
        expected,
        status,
        "Oh",
        retryable,
    )


def test_fields_of_other_types_than_expected_kill_nothing() -> None:
    parts, subject = read(
        event(
            "message_start", message={"id": 5, "model": "claude", "usage": {"input_tokens": 1, "output_tokens": "x"}}
        ),
        event("content_block_delta", index="a", delta={"type": 1, "text": "a"}, usage=[]),
        event("content_block_delta", index=0, delta="text"),
        stop(),
    )
    assert parts == [
        Identity("", "claude"),
        Text(Channel.ANSWER, "a"),
        Finish("stop", "end_turn"),
        Counted(Usage(1, None, None, None, PROVIDER)),
    ]
    assert subject.failure is None


def test_a_known_event_that_is_no_json_is_a_protocol_error() -> None:
    _, subject = read(start(), b"event: content_block_delta\ndata: {oops\n\n")
    assert subject.failure is not None
    assert subject.failure.info.kind == "protocol"


def test_the_simulator_marks_itself() -> None:
    message = {"id": "msg_1", "model": "sim", "metadata": {"simulated": True}}
    assert read(event("message_start", message=message))[0] == [Identity("msg_1", "sim", "", True)]


def test_an_empty_stream_is_an_error() -> None:
    _, subject = read(event("ping"))
    assert subject.failure is not None
    assert subject.failure.info.kind == "empty"


def test_a_whole_message_instead_of_a_stream() -> None:
    subject = DIALECTS["anthropic"].reader(simulated=False, secret=None)
    content = [{"type": "thinking", "thinking": "Hm."}, {"type": "text", "text": "Hello"}]
    message = {"type": "message", "id": "msg_1", "model": "claude", "content": content, "stop_reason": "end_turn",
               "usage": {"input_tokens": 1, "output_tokens": 2}}  # fmt: skip
    assert subject.whole(json.dumps(message).encode()) == [
        Identity("msg_1", "claude"),
        Text(Channel.REASONING, "Hm."),
        Text(Channel.ANSWER, "Hello"),
        Finish("stop", "end_turn"),
        Counted(Usage(1, 2, None, None, PROVIDER)),
    ]


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b'{"type":"error","error":{"type":"not_found_error","message":"model: x"}}', "not_found"),
        (b'{"choices":[]}', "protocol"),
        (b"[]", "protocol"),
        (b'{"type":"message","content":5}', "protocol"),
    ],
)
def test_documents_that_are_no_message(body: bytes, kind: str) -> None:
    subject = DIALECTS["anthropic"].reader(simulated=False, secret=None)
    assert subject.whole(body) == []
    assert subject.failure is not None
    assert subject.failure.info.kind == kind


def body(model: str = "m", **params: Any) -> Any:
    messages = (Message("system", "s1"), Message("user", "u"), Message("system", "s2"), Message("assistant", "a"))
    call = Call(Endpoint("e", "https://api.anthropic.com/v1", "anthropic"), model, messages, Params(**params))
    return json.loads(DIALECTS["anthropic"].request(call).body)


def test_request_bodies() -> None:
    assert body() == {
        "model": "m",
        "max_tokens": 4096,
        "stream": True,
        "system": "s1\n\ns2",
        "messages": [{"role": "user", "content": "u"}, {"role": "assistant", "content": "a"}],
    }
    sampled = body(temperature=0.5, top_p=0.9, max_tokens=100, stop=("x",), seed=1)
    assert (sampled["temperature"], sampled["top_p"], sampled["max_tokens"]) == (0.5, 0.9, 100)
    assert sampled["stop_sequences"] == ["x"]
    assert "seed" not in sampled


def test_effort_is_a_thinking_budget_without_sampling_parameters() -> None:
    thinking = body(reasoning_effort="medium", max_tokens=8000, temperature=0.5, top_p=0.9)
    assert thinking["thinking"] == {"type": "enabled", "budget_tokens": 4000}
    assert "temperature" not in thinking
    assert "top_p" not in thinking
    assert "thinking" not in body(reasoning_effort="none")
    assert "thinking" not in body(reasoning_effort="high", max_tokens=1000)


@pytest.mark.parametrize("model", ["claude-opus-4-6", "anthropic/claude-sonnet-5", "claude-opus-4-15-20270101"])
def test_newer_models_are_told_the_effort_itself(model: str) -> None:
    thinking = body(model, reasoning_effort="xhigh", temperature=0.5)
    assert thinking["thinking"] == {"type": "adaptive", "display": "summarized"}
    assert thinking["output_config"] == {"effort": "xhigh"}
    assert "temperature" not in thinking
    assert body(model, reasoning_effort="minimal")["output_config"] == {"effort": "low"}
    assert not body(model).keys() & {"thinking", "output_config"}


@pytest.mark.parametrize(
    "model",
    ["claude-haiku-4-5", "claude-sonnet-4-20250514", "anthropic/claude-opus-4.1", "claude-3-7-sonnet-latest", "glm-5"],
)
def test_older_and_other_models_are_given_a_budget(model: str) -> None:
    assert body(model, reasoning_effort="high")["thinking"]["type"] == "enabled"
