"""`hive ask` with endpoints that answer, well or badly: what is on stdout, what on stderr, and the exit code."""

from __future__ import annotations

import json
from typing import Any

import pytest

QUESTION = "What is 17% of 240?"
KEYS = [
    "run", "parent", "question", "plan", "profile", "simulated", "decision", "answer", "stages", "usage",
    "cost_usd", "duration_ms", "recording", "error",
]  # fmt: skip
STAGE_KEYS = {"stage", "round", "attempts"}
ATTEMPT_KEYS = {
    "model", "endpoint", "outcome", "text", "reasoning", "usage", "cost_usd", "ttft_ms", "duration_ms", "chunks",
    "error", "inherited",
}  # fmt: skip
USAGE_KEYS = {"prompt_tokens", "completion_tokens", "reasoning_tokens", "cached_tokens", "source"}
# So that a test of what happens in the end need not wait for what happens in between.
IMPATIENT = "[retry]\nbase_s = 0.01\n"


def check_document(document: Any) -> None:
    """What holds for every document, whatever happened."""
    assert list(document) == KEYS
    assert set(document["usage"]) == USAGE_KEYS
    assert document["cost_usd"] is None or isinstance(document["cost_usd"], str)
    assert document["error"] is None or set(document["error"]) == {"kind", "status", "message"}
    for stage in document["stages"]:
        assert set(stage) >= STAGE_KEYS
        for attempt in stage["attempts"]:
            assert set(attempt) == ATTEMPT_KEYS
            assert set(attempt["usage"]) == USAGE_KEYS
            assert attempt["usage"]["source"] in ("provider", "tokenizer", "estimate", "unknown")
            assert attempt["cost_usd"] is None or isinstance(attempt["cost_usd"], str)
            assert attempt["error"] is None or set(attempt["error"]) == {"kind", "status", "message"}


@pytest.mark.parametrize("loop", ["asyncio", "uvloop"])
def test_the_council_answers_and_the_recording_says_the_same_later(hive, sim, loop: str) -> None:
    asked = hive("ask", *sim.at(), "--model", "sim/instant", "--json", QUESTION, env={"HIVE_LOOP": loop})
    assert asked.code == 0, asked.said
    document = asked.document
    check_document(document)
    assert "40.8" in document["answer"]
    assert document["question"] == QUESTION
    assert [stage["stage"] for stage in document["stages"]] == ["generator", "refiner", "validator", "curator"]
    assert [stage["attempts"][0]["outcome"] for stage in document["stages"]] == ["finished"] * 4
    assert document["decision"] == "unanimous"
    assert document["error"] is None
    assert document["recording"] == str(hive.runs / document["run"])
    assert document["usage"]["source"] == "provider"
    for name in (document["run"], document["run"][:-3].upper(), "last", document["recording"]):
        assert hive("runs", "show", name, "--json").out == asked.out
    lines = asked.said.splitlines()
    assert [line.split()[0] for line in lines] == ["generator", "refiner", "validator", "curator", "SIMULATED:"]
    assert all("tokens (provider)" in line for line in lines[:-1])


def test_without_json_stdout_is_the_answer_and_nothing_else(hive, sim) -> None:
    asked = hive("ask", *sim.single("say:forty%20point%20eight"), QUESTION)
    assert (asked.code, asked.out) == (0, b"forty point eight\n")


def test_the_embedded_simulator_answers_when_nothing_is_set_up_and_says_so(hive) -> None:
    asked = hive("ask", "--plan", "single", "--model", "sim/instant", "--json", QUESTION)
    document = asked.document
    assert asked.code == 0
    assert document["simulated"] is True
    assert (document["cost_usd"], document["stages"][0]["attempts"][0]["cost_usd"]) == ("0", "0")
    assert asked.said.startswith("SIMULATED: no endpoint is set up")
    shown = hive("runs", "show", "last")
    assert b"SIMULATED" in shown.out


def test_a_run_is_marked_simulated_wherever_the_simulator_runs(hive, sim) -> None:
    asked = hive("ask", *sim.single(), "--json", QUESTION)
    assert asked.document["simulated"] is True
    assert "SIMULATED" in asked.said
    assert b"\tSIMULATED\t" in hive("runs").out
    assert b"SIMULATED" in hive("runs", "show", "last").out


@pytest.mark.parametrize("dialect", ["openrouter-docs", "openai", "anthropic", "ollama-v1", "vllm"])
def test_every_dialect(hive, sim, dialect: str) -> None:
    options = [*sim.at(dialect), "--plan", "single", "--model", "sim/instant"]
    asked = hive("ask", *options, "--json", QUESTION)
    assert asked.code == 0, asked.said
    assert "40.8" in asked.document["answer"]
    assert asked.document["usage"]["completion_tokens"]


def test_a_model_for_each_stage(hive, sim) -> None:
    said = {"generator": "40.8", "refiner": "ACCEPT", "validator": "ACCEPT", "curator": "REVISE%0AIt%20is%2040.8."}
    models = [f"--model={stage}=sim/instant+fault=say:{text}" for stage, text in said.items()]
    document = hive("ask", *sim.at(), *models, "--json", QUESTION).document
    assert document["answer"].strip() == "It is 40.8."
    assert document["decision"] == "curator"
    assert [call["model"] for call in sim.requests()] == [each.partition("=")[2].partition("=")[2] for each in models]


def test_one_model_for_all_whatever_signs_its_name_holds(hive, sim) -> None:
    asked = hive("ask", *sim.at(), "--plan", "single", "--model", "sim/instant+fault=say:yes", QUESTION)
    assert (asked.code, asked.out) == (0, b"yes\n"), asked.said


FAILURES = [
    # fault, requests that it may cost, kind and status of the error, a word on what to do
    ("status:400", 1, "bad_request", 400, "model"),
    ("status:401", 1, "auth", 401, "key"),
    ("status:402", 1, "payment", 402, "credit"),
    ("status:403", 1, "forbidden", 403, "permissions"),
    ("status:404", 1, "not_found", 404, "model's name"),
    ("status:413", 1, "context_length", 413, "shorten"),
    ("status:422", 1, "bad_request", 422, "parameters"),
    ("status:500", 3, "server", 500, "try again"),
    ("status:502", 3, "provider", 502, "try again"),
    ("status:503", 3, "overloaded", 503, "try again"),
    ("status:529", 3, "overloaded", 529, "try again"),
    ("status:429", 3, "rate_limit", 429, "wait"),
    ("html", 1, "html", None, "base URL"),
    ("html:404", 1, "not_found", 404, "base URL"),
    ("redirect", 1, "redirect", 307, "base URL"),
    ("json200", None, None, None, ""),
    ("only-done", None, None, None, ""),
    ("empty", 1, "empty", None, "try again"),
    ("reasoning-only", 1, "empty", None, "try again"),
    ("refusal", 1, "refused", None, "rephrase"),
]


@pytest.mark.parametrize(("fault", "calls", "kind", "status", "advice"), FAILURES, ids=[row[0] for row in FAILURES])
def test_no_usable_answer_is_exit_4_and_says_what_where_and_what_to_do(
    hive, sim, fault: str, calls: int | None, kind: str | None, status: int | None, advice: str
) -> None:
    hive.profile(IMPATIENT)
    asked = hive("ask", *sim.single(fault), "--json", QUESTION)
    assert asked.code == 4, asked.said
    document = asked.document
    check_document(document)
    assert document["answer"] is None
    assert document["decision"] is None
    attempts = document["stages"][0]["attempts"]
    assert len(attempts) == len(sim.requests())
    error = document["error"]
    if kind is not None:
        assert len(attempts) == calls
        assert (error["kind"], error["status"]) == (kind, status)
    assert "generator" in error["message"]
    assert sim.root in error["message"], "where"
    assert advice.lower() in error["message"].lower()
    assert error["message"].split(". ")[0].rstrip(".") in asked.said
    assert "Traceback" not in asked.said
    if fault in ("status:401", "status:503", "refusal"):
        assert hive("runs", "show", "last", "--json").out == asked.out


def test_an_unknown_model(hive, sim) -> None:
    asked = hive("ask", *sim.at(), "--plan", "single", "--model", "sim/nobody", "--json", QUESTION)
    assert asked.code == 4
    assert "sim/nobody" in asked.document["error"]["message"]
    assert len(sim.requests()) == 1


CUT = ["eof", "cut", "rst", "error", "error:5:503", "no-finish"]


@pytest.mark.parametrize("fault", CUT)
def test_a_stream_that_breaks_keeps_its_text_and_is_no_answer(hive, sim, fault: str) -> None:
    asked = hive("ask", *sim.single(fault), "--json", QUESTION)
    assert asked.code == 4, asked.said
    document = asked.document
    attempt = document["stages"][0]["attempts"][0]
    assert attempt["text"].startswith("## 17"[: len(attempt["text"])])
    assert attempt["text"]
    assert len(document["stages"][0]["attempts"]) == 1, "after the first token there is no second call"
    assert attempt["outcome"] in ("errored", "truncated")
    assert attempt["error"]["message"]
    assert document["answer"] is None
    assert document["error"] is not None
    assert len(sim.requests()) == 1
    shown = hive("runs", "show", "last")
    assert shown.code == 0
    assert document["run"] in asked.said


def test_a_stream_that_just_ends_at_once(hive, strange, sse) -> None:
    hive.profile(IMPATIENT)
    server = strange(sse(finish=None))
    asked = hive("ask", *server.options(), "--json", QUESTION)
    assert asked.code == 4
    assert asked.document["error"]["message"]


def test_a_content_filter_is_no_answer(hive, strange, sse) -> None:
    asked = hive("ask", *strange(sse("Well", finish="content_filter")).options(), "--json", QUESTION)
    assert asked.code == 4
    assert asked.document["error"]["kind"] == "refused"
    assert asked.document["stages"][0]["attempts"][0]["text"] == "Well"


def test_an_answer_cut_by_its_length_is_usable_and_warned_of(hive, sim) -> None:
    asked = hive("ask", *sim.single("length:20"), QUESTION)
    assert asked.code == 0
    assert asked.out
    assert "warning: generator" in asked.said
    assert "token limit" in asked.said


@pytest.mark.parametrize("hint", ["after=1", "date=1"])
def test_a_server_that_says_when_to_come_back_is_heeded(hive, sim, hint: str) -> None:
    asked = hive("ask", *sim.single(f"status:429:{hint}@1"), "--json", QUESTION)
    assert asked.code == 0, asked.said
    first, second = sim.requests()
    # A date has whole seconds: up to one of them may be over when it is read.
    least_s = 1.0 if hint.startswith("after") else 0.0
    assert second["seen_ns"] - first["finished_ns"] >= least_s * 1e9
    attempts = asked.document["stages"][0]["attempts"]
    assert [attempt["outcome"] for attempt in attempts] == ["errored", "finished"]
    assert attempts[0]["error"]["status"] == 429
    assert "2 attempts" in asked.said


def test_a_fallback_model_takes_over(hive, sim) -> None:
    broken, good = "sim/instant+fault=status:503", "sim/instant"
    hive.profile(
        f'{IMPATIENT}attempts = 2\n[stages.generator]\nmodel = "{broken}"\nfallbacks = ["{good}"]\n'
        f'endpoint = "mine"\n[endpoints.mine]\nbase_url = "{sim.root}/api/v1"\ndialect = "openrouter"\n'
    )
    asked = hive("ask", "--plan", "single", "--json", QUESTION)
    assert asked.code == 0, asked.said
    attempts = asked.document["stages"][0]["attempts"]
    assert [attempt["model"] for attempt in attempts] == [broken, broken, good]
    assert "asked instead" in asked.said


@pytest.mark.parametrize(("fault", "kind"), [("status:503:after=1", "timeout_total"), ("stall:3", "timeout_total")])
def test_the_time_limit_bounds_everything(hive, sim, fault: str, kind: str) -> None:
    asked = hive("ask", *sim.single(fault), "--timeout", "0.7", "--json", QUESTION)
    assert asked.code == 4
    document = asked.document
    assert document["error"]["kind"] == kind
    assert "--timeout" in document["error"]["message"]
    assert document["duration_ms"] < 5000
    if fault.startswith("stall"):
        attempt = document["stages"][0]["attempts"][-1]
        assert attempt["outcome"] == "timed_out"
        assert attempt["text"]
        assert sim.requests()[0]["outcome"] == "client-closed"


def test_a_limit_after_the_first_answer_leaves_that_answer(hive, sim) -> None:
    models = ["--model", "sim/instant", "--model", "refiner=sim/instant+fault=stall:2"]
    asked = hive("ask", *sim.at(), *models, "--timeout", "1.5", "--json", QUESTION)
    assert asked.code == 0
    document = asked.document
    assert "40.8" in document["answer"]
    assert document["decision"] == "partial"
    assert document["stages"][1]["attempts"][0]["outcome"] == "timed_out"
    assert "warning" in asked.said


def test_an_error_after_the_finish_reason_is_a_warning(hive, sim) -> None:
    """As OpenRouter was seen to send it: two chunks that say `length`, then an error with the usage."""
    asked = hive("ask", *sim.single("token-limit"), QUESTION)
    assert asked.code == 0
    assert "Token limit reached" in asked.said


def test_a_server_that_never_hangs_up_holds_nobody_up(hive, sim) -> None:
    assert hive("ask", *sim.single("hang"), QUESTION).code == 0


def test_usage_that_nobody_reports_is_marked_and_costs_are_unknown(hive, sim) -> None:
    document = hive("ask", *sim.single("usage-none"), "--json", QUESTION).document
    attempt = document["stages"][0]["attempts"][0]
    assert attempt["usage"]["source"] in ("tokenizer", "estimate", "unknown")
    assert (attempt["usage"]["source"] == "unknown") == (attempt["usage"]["completion_tokens"] is None)
    assert (attempt["cost_usd"], document["cost_usd"]) == (None, None)
    assert attempt["chunks"] > 1


def test_limits_of_the_profile(hive, sim) -> None:
    hive.profile("[limits]\nfirst_token = 0.3\n[retry]\nattempts = 1\n")
    asked = hive("ask", *sim.single("slow-headers:30"), "--json", QUESTION)
    assert asked.code == 4
    assert asked.document["error"]["kind"] == "timeout_first_token"
    assert asked.document["stages"][0]["attempts"][0]["outcome"] == "timed_out"


def test_ten_megabytes_on_one_line(hive, sim) -> None:
    asked = hive("ask", *sim.single("line:10000000"), QUESTION)
    assert asked.code == 0
    assert len(asked.out) >= 9_990_000
    assert asked.out.count(b"\n") == 1


def test_an_event_without_an_end_is_given_up_and_what_came_before_is_kept(hive, strange, sse) -> None:
    flood = b'data: {"choices":[{"delta":{"content":"' + b"x" * 3_000_000
    asked = hive("ask", *strange(sse("Before. ", finish=None), flood).options(), "--json", QUESTION)
    assert asked.code == 4
    assert asked.document["error"]["kind"] == "too_large"
    assert asked.document["stages"][0]["attempts"][0]["text"] == "Before. "


def test_what_is_no_text_becomes_valid_text(hive, strange, sse) -> None:
    frame = b'data: {"choices":[{"index":0,"delta":{"content":"a\xff\xfeb \xf0\x9f\x98 c\\ud83d d"}}]}\n\n'
    end = b'data: {"choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}\n\ndata: [DONE]\n\n'
    asked = hive("ask", *strange(sse(finish=None) + frame + end).options(), "--json", QUESTION)
    assert asked.code == 0, asked.said
    answer = asked.document["answer"]
    assert answer.startswith("a")
    assert answer.encode()
    assert "\N{REPLACEMENT CHARACTER}" in answer
    assert hive("runs", "show", "last", "--json").out == asked.out


@pytest.mark.parametrize(
    "piece", [b"", b"garbage\r\n\r\n", b"SSH-2.0-OpenSSH_9.6\r\n", b"HTTP/1.1 200 OK\r\n", b"\x16\x03\x01"]
)
def test_a_server_that_does_not_speak_http(hive, strange, piece: bytes) -> None:
    hive.profile(IMPATIENT)
    asked = hive("ask", *strange(piece).options(), "--json", QUESTION)
    assert asked.code == 4
    assert asked.document["error"]["kind"] in ("protocol", "reset")
    assert "Traceback" not in asked.said


def test_nobody_listens(hive, strange) -> None:
    hive.profile(IMPATIENT)
    server = strange()
    server.close()
    asked = hive("ask", *server.options(), "--json", QUESTION)
    assert asked.code == 4
    assert asked.document["error"]["kind"] == "connect"
    assert str(server.port) in asked.said
    assert "Check that the server runs" in asked.said


def test_a_host_that_is_nowhere(hive) -> None:
    hive.profile(IMPATIENT)
    asked = hive("ask", "--endpoint", "http://hive.invalid/v1", "--plan", "single", "--model", "m", "--json", QUESTION)
    assert asked.code == 4
    assert asked.document["error"]["kind"] == "dns"
    assert "hive.invalid" in asked.said


def test_a_server_without_tls_and_one_that_nobody_vouches_for(hive, sim, tmp_path, another_simulator) -> None:
    import trustme

    hive.profile(IMPATIENT)
    plain = ["--endpoint", f"{sim.root.replace('http', 'https')}/v1", "--plan", "single", "--model", "sim/instant"]
    asked = hive("ask", *plain, "--json", QUESTION)
    assert (asked.code, asked.document["error"]["kind"]) == (4, "tls"), asked.said
    pem = tmp_path / "server.pem"
    trustme.CA().issue_cert("127.0.0.1").private_key_and_cert_chain_pem.write_to_path(str(pem))
    with another_simulator("--tls", str(pem)) as server:
        unknown = ["--endpoint", f"https://127.0.0.1:{server.root.rpartition(':')[2]}/v1", *plain[2:]]
        asked = hive("ask", *unknown, "--json", QUESTION)
    assert (asked.code, asked.document["error"]["kind"]) == (4, "tls"), asked.said
    assert "certificate" in json.dumps(asked.document["error"])
