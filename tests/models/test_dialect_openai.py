"""OpenAI-compatible servers and OpenRouter: captured and documented shapes in, parts out."""

from __future__ import annotations

import itertools
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hive_tui.events import Channel, Usage, UsageSource
from hive_tui.models.call import Counted, Finish, Identity, Part, Text
from hive_tui.models.dialect import Reader
from hive_tui.models.dialects import DIALECTS
from hive_tui.models.sse import SseParser

ANSWER, REASONING, REFUSAL = Channel.ANSWER, Channel.REASONING, Channel.REFUSAL
PROVIDER = UsageSource.PROVIDER


def reader(dialect: str = "openai", *, simulated: bool = False) -> Reader:
    return DIALECTS[dialect].reader(simulated=simulated, secret="sk-secret")


def frames(*payloads: Any) -> bytes:
    texts = [payload if isinstance(payload, str) else json.dumps(payload) for payload in payloads]
    return "".join(f"data: {text}\n\n" for text in texts).encode()


def read(stream: bytes, dialect: str = "openai", **more: Any) -> tuple[list[Part], Reader]:
    subject, parser = reader(dialect, **more), SseParser()
    parts = subject.feed(parser.feed(stream) + parser.close())
    subject.close()
    return parts, subject


def choice(delta: Any = None, finish: str | None = None, **more: Any) -> dict[str, Any]:
    return {"index": 0, "delta": {} if delta is None else delta, "finish_reason": finish, **more}


def chunk(delta: Any = None, finish: str | None = None, **more: Any) -> dict[str, Any]:
    return {"id": "c1", "model": "m1", "choices": [choice(delta, finish)], **more}


ME = Identity("c1", "m1", "", False)


def test_openai_with_usage_in_a_chunk_of_its_own() -> None:
    parts, subject = read(
        frames(
            chunk({"role": "assistant", "content": ""}, usage=None),
            chunk({"content": "Hel"}, usage=None, obfuscation="xyz"),
            chunk({"content": "lo"}, usage=None),
            chunk({}, "stop", usage=None),
            {
                "id": "c1",
                "model": "m1",
                "choices": [],
                "usage": {
                    "prompt_tokens": 9,
                    "completion_tokens": 2,
                    "total_tokens": 11,
                    "prompt_tokens_details": {"cached_tokens": 4},
                    "completion_tokens_details": {"reasoning_tokens": 0},
                },
            },
            "[DONE]",
            chunk({"content": "after the end"}),
        )
    )
    assert parts == [
        ME,
        Text(ANSWER, "Hel"),
        Text(ANSWER, "lo"),
        Finish("stop", "stop"),
        Counted(Usage(9, 2, 0, 4, PROVIDER)),
    ]
    assert subject.done
    assert subject.failure is None


def test_openrouter_as_documented() -> None:
    parts, subject = read(
        b": OPENROUTER PROCESSING\n\n"
        + frames(chunk({"content": "a"}, provider="P"), chunk({}, "stop", provider="P"))
        + b": OPENROUTER PROCESSING\n\n"
        + frames(
            {"id": "c1", "choices": [], "usage": {"prompt_tokens": 1, "completion_tokens": 2, "cost": 0.00012}},
            "[DONE]",
        ),
        "openrouter",
    )
    assert parts == [
        Identity("c1", "m1", "P", False),
        Text(ANSWER, "a"),
        Finish("stop", "stop"),
        Counted(Usage(1, 2, None, None, PROVIDER), "0.00012"),
    ]
    assert subject.failure is None


def test_openrouter_as_captured_repeats_the_finish_beside_usage() -> None:
    finished = choice({"content": "", "role": "assistant"}, "stop", native_finish_reason="completed")
    parts, _ = read(
        frames(
            chunk({"content": "a", "role": "assistant"}),
            {"id": "c1", "model": "m1", "choices": [finished]},
            {
                "id": "c1",
                "model": "m1",
                "choices": [finished],
                "usage": {
                    "prompt_tokens": 5,
                    "completion_tokens": 10,
                    "cost": 0,
                    "completion_tokens_details": {"reasoning_tokens": 11},
                },
            },
            "[DONE]",
        ),
        "openrouter",
    )
    assert parts == [
        ME,
        Text(ANSWER, "a"),
        Finish("stop", "completed"),
        Counted(Usage(5, 10, 11, None, PROVIDER), "0"),
    ]


def test_openrouter_error_as_documented() -> None:
    error = {"code": "server_error", "message": "Provider disconnected"}
    parts, subject = read(frames(chunk({"content": "a"}), chunk({"content": ""}, "error", error=error)), "openrouter")
    assert parts == [ME, Text(ANSWER, "a"), Finish("error", "error")]
    assert subject.failure is not None
    assert subject.failure.info.kind == "server"
    assert subject.failure.info.message == "Provider disconnected"


def test_openrouter_error_as_captured_after_two_length_chunks_beside_usage() -> None:
    usage = {"prompt_tokens": 1, "completion_tokens": 2, "cost": 0.5}
    error = {"code": 400, "message": "Token limit reached"}
    parts, subject = read(
        frames(
            chunk({"content": "a"}), chunk({}, "length"), chunk({}, "length"), chunk(usage=usage, error=error), "[DONE]"
        ),
        "openrouter",
    )
    assert parts == [
        ME,
        Text(ANSWER, "a"),
        Finish("length", "length"),
        Counted(Usage(1, 2, None, None, PROVIDER), "0.5"),
    ]
    assert subject.failure is not None
    assert (subject.failure.info.status, subject.failure.retryable) == (400, False)


def test_a_finish_with_error_and_no_explanation_is_an_error_at_the_end() -> None:
    _, subject = read(frames(chunk({"content": "a"}), chunk({}, "error"), "[DONE]"))
    assert subject.failure is not None
    assert subject.failure.info.kind == "provider"


@pytest.mark.parametrize(
    ("delta", "expected"),
    [
        ({"reasoning": "r", "reasoning_content": "r", "content": ""}, [Text(REASONING, "r")]),
        ({"reasoning_content": "r", "content": None}, [Text(REASONING, "r")]),
        (
            {
                "reasoning": "ab",
                "reasoning_details": [
                    {"type": "reasoning.text", "text": "a"},
                    {"type": "reasoning.summary", "summary": "b"},
                ],
            },
            [Text(REASONING, "ab")],
        ),
        ({"reasoning": None, "reasoning_details": [{"type": "reasoning.encrypted", "data": "x" * 2000}]}, []),
        (
            {"reasoning": "r", "reasoning_details": [{"type": "reasoning.encrypted", "data": "x"}]},
            [Text(REASONING, "r")],
        ),
        ({"reasoning": "r", "reasoning_details": []}, [Text(REASONING, "r")]),
        ({"reasoning": "r", "content": "c"}, [Text(REASONING, "r"), Text(ANSWER, "c")]),
        ({"content": [{"type": "text", "text": "c"}, 5, {"type": "reference", "text": "x"}]}, [Text(ANSWER, "c")]),
        ({"content": [{"type": "thinking", "thinking": [{"type": "text", "text": "r"}]}]}, [Text(REASONING, "r")]),
        ({"refusal": "no"}, [Text(REFUSAL, "no")]),
        ({"content": "<think>t</think>c"}, [Text(ANSWER, "<think>t</think>c")]),
        ({"tool_calls": [{"index": 0, "function": {"name": "f", "arguments": "{"}}]}, []),
    ],
)
def test_each_voice_is_taken_once(delta: Any, expected: list[Part]) -> None:
    assert read(frames(chunk(delta), chunk({}, "stop")))[0] == [ME, *expected, Finish("stop", "stop")]


@pytest.mark.parametrize(
    "odd",
    [
        {"choices": []},
        {"choices": None},
        {},
        {"choices": [{"index": 0}]},
        {"choices": [{"index": 0, "delta": None}]},
        {"choices": [{"index": 0, "delta": {"content": 5}}]},
        {"choices": [{"index": 0, "delta": {"content": [{"type": "text"}]}}]},
        {"choices": [{"index": 1, "delta": {"content": "another choice"}}]},
        {"choices": ["x", None]},
        {"choices": {"0": "x"}},
        {"usage": "many", "created": "yesterday", "model": 7, "timings": 1},
        {"usage": {}},
    ],
)
def test_odd_frames_are_no_errors_and_say_nothing(odd: Any) -> None:
    parts, subject = read(frames(odd, chunk({"content": "a"}), chunk({}, "stop")))
    assert parts == [ME, Text(ANSWER, "a"), Finish("stop", "stop")]
    assert subject.failure is None


def test_a_wrong_type_beside_text_leaves_the_text() -> None:
    frame = {
        "id": 5,
        "model": "m1",
        "choices": [{"index": 0, "delta": {"content": "a", "reasoning_details": "x"}}],
        "usage": {"prompt_tokens": "3", "completion_tokens": 4.0, "cost": True},
    }
    parts, subject = read(frames(frame, chunk({}, "stop")), "openrouter")
    assert Text(ANSWER, "a") in parts
    assert Counted(Usage(None, 4, None, None, PROVIDER)) in parts
    assert subject.failure is None


def test_json_that_is_only_nearly_json_is_read() -> None:
    stream = b'data: {"choices":[{"delta":{"content":"a\tb"},"logprobs":NaN}]}\n\n'
    assert Text(ANSWER, "a\tb") in read(stream)[0]


def test_lone_surrogates_are_replaced_and_pairs_are_kept() -> None:
    stream = rb'data: {"choices":[{"delta":{"content":"\ud83d\ude00 \ud83d x \ude00"}}]}' + b"\n\n"
    assert Text(ANSWER, "😀 \ufffd x \ufffd") in read(stream)[0]


@pytest.mark.parametrize("data", ["hello", "[1]", '{"a":', "{" + '"a":[' * 100_000])
def test_a_frame_that_is_no_json_object_is_a_protocol_error(data: str) -> None:
    parts, subject = read(frames(chunk({"content": "a"}), data, chunk({"content": "b"})))
    assert parts == [ME, Text(ANSWER, "a")]
    assert subject.failure is not None
    assert subject.failure.info.kind == "protocol"


@pytest.mark.parametrize(
    ("stream", "kind", "status", "message"),
    [
        (
            frames({"error": {"code": 503, "message": "loading", "type": "unavailable_error"}}),
            "overloaded",
            503,
            "loading",
        ),
        (b'error: {"code":500,"message":"boom","type":"server_error"}\n\ndata: [DONE]', "server", 500, "boom"),
        (b"error: just text\n\n", "provider", None, "just text"),
        (
            frames({"error": {"message": "bad", "type": "BadRequestError", "code": 400}}, "[DONE]"),
            "bad_request",
            400,
            "bad",
        ),
        (frames({"object": "error", "message": "old", "type": "X", "code": 400}, "[DONE]"), "bad_request", 400, "old"),
        (frames({"error": "model crashed"}), "provider", None, "model crashed"),
        (b'event: error\ndata: {"message":"boom","code":500}\n\n', "server", 500, "boom"),
        (b"event: error\ndata: just text\n\n", "provider", None, "just text"),
        (frames({"error": {"message": "key sk-secret is bad", "code": "401"}}), "auth", 401, "key [key] is bad"),
    ],
    ids=[
        "llamacpp",
        "llamacpp 2025",
        "error field with text",
        "vllm",
        "vllm flat",
        "ollama",
        "error event",
        "error event with text",
        "key in the text",
    ],
)
def test_errors_in_a_stream(stream: bytes, kind: str, status: int | None, message: str) -> None:
    _, subject = read(stream)
    assert subject.failure is not None
    info = subject.failure.info
    assert (info.kind, info.status, info.message) == (kind, status, message)
    assert info.advice


@pytest.mark.parametrize(
    "stream", [b"", frames("[DONE]"), b": ping\n\n", frames({"choices": []}), frames(chunk({"content": ""}))]
)
def test_nothing_at_all_is_an_error_that_may_be_tried_again(stream: bytes) -> None:
    _, subject = read(stream)
    assert subject.failure is not None
    assert (subject.failure.info.kind, subject.failure.retryable) == ("empty", True)


def test_a_stream_that_just_ends_gives_no_finish_and_no_error() -> None:
    parts, subject = read(frames(chunk({"content": "a"})))
    assert parts == [ME, Text(ANSWER, "a")]
    assert subject.failure is None
    assert not subject.finished


def test_running_usage_is_reported_once_a_read() -> None:
    usages = [chunk({"content": "a"}, usage={"prompt_tokens": 3, "completion_tokens": n}) for n in range(1, 5)]
    parts, _ = read(frames(*usages))
    assert [part for part in parts if isinstance(part, Counted)] == [Counted(Usage(3, 4, None, None, PROVIDER))]


def test_llamacpp_timings_stand_in_for_usage() -> None:
    timings = {"prompt_n": 7, "cache_n": 3, "predicted_n": 5, "predicted_ms": 1.5}
    parts, _ = read(frames(chunk({"content": "a"}), chunk({}, "stop", timings=timings)))
    assert parts[-1] == Counted(Usage(10, 5, None, 3, PROVIDER))


@pytest.mark.parametrize(
    ("word", "reason"),
    [("function_call", "tool_calls"), ("content_filter", "content_filter"), ("odd\x1b[1m", "odd[1m")],
)
def test_finish_reasons_are_normalised_or_shown_as_they_are(word: str, reason: str) -> None:
    assert read(frames(chunk({"content": "a"}), chunk({}, word)))[0][-1] == Finish(reason, word.replace("\x1b", ""))


def test_identity_is_told_again_when_it_changes_and_absence_is_no_change() -> None:
    parts, _ = read(frames(chunk({"content": "a"}), {"choices": []}, {**chunk({"content": "b"}), "model": "m2"}))
    assert parts == [ME, Text(ANSWER, "a"), Identity("c1", "m2"), Text(ANSWER, "b")]


@pytest.mark.parametrize("more", [{"header": True}, {"frame": True}])
def test_simulated_is_taken_from_header_or_frame(more: dict[str, bool]) -> None:
    frame = chunk({"content": "a"}, **({"simulated": True} if "frame" in more else {}))
    assert read(frames(frame), simulated="header" in more)[0][0] == Identity("c1", "m1", "", True)


@given(st.lists(st.text(max_size=5), max_size=20), st.lists(st.integers(0, 2000), max_size=6))
def test_the_text_is_the_concatenation_of_the_deltas_however_the_bytes_are_cut(
    texts: list[str], cuts: list[int]
) -> None:
    stream = frames(*(chunk({"content": text}) for text in texts), chunk({}, "stop"), "[DONE]")
    subject, parser = reader(), SseParser()
    places = [0, *sorted(min(cut, len(stream)) for cut in cuts), len(stream)]
    parts = [
        part for start, stop in itertools.pairwise(places) for part in subject.feed(parser.feed(stream[start:stop]))
    ]
    assert [part.text for part in parts if isinstance(part, Text)] == [text for text in texts if text]
