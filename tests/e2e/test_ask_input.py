"""What `hive ask` is given: questions of all kinds, profiles, options; what is unusable is found before it is sent."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from typing import Any

import pytest

QUESTION = "What is 17% of 240?"


def unusable(hive: Any, *words: Any, code: int = 3, **options: Any) -> Any:
    """Asks both ways, to find the same said in both; gives the error of the document."""
    plain = hive("ask", *words, **options)
    assert (plain.code, plain.out) == (code, b""), plain.said
    assert "Traceback" not in plain.said
    asked = hive("ask", "--json", *words, **options)
    assert asked.code == code
    document = asked.document
    assert (document["run"], document["recording"], document["stages"]) == (None, None, [])
    assert document["error"]["message"].split(". ")[0] in " ".join(plain.said.split())
    assert not hive.runs.exists() or not list(hive.runs.iterdir())
    return document["error"]


def test_what_the_shell_tells_python_reaches_no_process_of_the_script(hive, sim) -> None:
    (hive.folder / "msgspec.py").write_text("raise SystemExit(99)")
    start = "from hive_tui.__main__ import main; raise SystemExit(main())"  # as scripts/hive does
    command = [sys.executable, "-I", "-c", start, "ask", *sim.single("say:yes"), QUESTION]
    environment = hive.environment({"PYTHONPATH": str(hive.folder)})
    asked = subprocess.run(command, env=environment, cwd=hive.folder, capture_output=True, timeout=30)
    assert (asked.returncode, asked.stdout) == (0, b"yes\n"), asked.stderr


def test_a_question_from_stdin(hive, sim) -> None:
    asked = hive("ask", *sim.single(), "--json", "-", stdin=b"What is 17% of 240?\n")
    assert asked.code == 0
    assert asked.document["question"] == "What is 17% of 240?\n"


def test_a_megabyte_from_stdin_and_by_argument(hive, sim) -> None:
    # One argument may have 128 KiB on Linux, all of them 2 MiB.
    words = ["wörd" * 20_000 for _ in range(10)]
    piped = hive("ask", *sim.single("say:yes"), "--json", "-", stdin=" ".join(words).encode())
    typed = hive("ask", *sim.single("say:yes"), "--json", *words)
    for asked in (piped, typed):
        assert asked.code == 0, asked.said
        assert len(asked.document["question"].encode()) > 1_000_000
        assert asked.document["question"] == " ".join(words)
        assert asked.document["answer"] == "yes"
    assert hive("runs", "show", "last", "--json").out == typed.out
    assert all(call["status"] == 200 for call in sim.requests())


@pytest.mark.parametrize(
    ("stdin", "word"),
    [(b"", "empty"), (b" \n\t ", "empty"), (b"What \xff?", "UTF-8"), (b"x" * (16 << 20) + b"x", "over 16 MiB")],
)
def test_a_stdin_that_holds_no_question(hive, sim, stdin: bytes, word: str) -> None:
    error = unusable(hive, *sim.single(), "-", stdin=stdin)
    assert error["kind"] == "config"
    assert word in error["message"]
    assert sim.requests() == []


def test_a_stdin_that_cannot_be_read(hive) -> None:
    for closed in (False, True):
        sink = os.open(os.devnull, os.O_WRONLY)
        options = {"preexec_fn": lambda: os.close(0)} if closed else {}
        done = hive.start("ask", "--json", "-", stdin=sink, **options).wait()
        os.close(sink)
        assert done.code == 3
        assert done.document["error"]["message"].startswith("stdin: ")


def test_an_argument_that_is_no_utf8(hive, sim) -> None:
    error = unusable(hive, *sim.single(), b"What \xff is that?")
    assert "UTF-8" in error["message"]
    for option in (b"--model=a\xff", b"--endpoint=http://127.0.0.1:1/\xff", b"--profile=\xff", b"--key-env=\xff"):
        done = hive("ask", option, QUESTION)
        assert done.code == 2, done.said
        assert "Traceback" not in done.said
    assert sim.requests() == []


@pytest.mark.parametrize("words", [[], [""], [" \t\n"], ["--json"], ["--json", ""]])
def test_an_empty_question_is_wrong_usage(hive, words: list[str]) -> None:
    done = hive("ask", *words)
    assert (done.code, done.out) == (2, b"")
    assert "question" in done.said


def test_a_question_that_looks_like_an_option_or_a_command(hive, sim) -> None:
    assert hive("ask", *sim.single("say:yes"), "--json", "--", "--json").document["question"] == "--json"
    assert hive("ask", *sim.single("say:yes"), "--json", "doctor").document["question"] == "doctor"
    assert hive("ask", *sim.single("say:yes"), "--json", "--", "-").document["question"] == "-"


PROFILES = [
    ("[stages.refiner]\ntemperature = 'hot'\n", "profiles/default.toml: stages.refiner.temperature", "0.0-2.0"),
    ("plan = 'singel'\n", "profiles/default.toml: plan", "single or pipeline"),
    ("[stages\n", "profiles/default.toml", "TOML"),
    ("[stages.editor]\n", "stages.editor", "no such stage"),
    ("[retry]\nattempts = 0\n", "retry.attempts", "from 1 to 10"),
    ("[endpoints.a]\nbase_url = 'ftp://x'\n", "endpoints.a.base_url", "http://"),
    ("[endpoints.a]\nbase_url = 'http://x'\nheaders = {Authorization = 'k'}\n", "headers.Authorization", "no place"),
    ("endpoint = 'nowhere'\n", "profiles/default.toml: endpoint", "nowhere"),
    ("colour = 'red'\n", "colour", ""),
    ("[[stages]]\n", "stages", "table"),
]


@pytest.mark.parametrize(("text", "where", "what"), PROFILES, ids=[row[1] for row in PROFILES])
def test_a_broken_profile_is_named_by_file_and_key(hive, text: str, where: str, what: str) -> None:
    hive.profile(text)
    error = unusable(hive, QUESTION)
    assert error["kind"] == "config"
    assert where in error["message"]
    assert what in error["message"]


def test_a_profile_that_is_not_there_and_one_that_is_no_text(hive) -> None:
    assert "there are: default" in unusable(hive, "--profile", "mine", QUESTION)["message"]
    hive.profile("", "bad")
    (hive.home / "config" / "profiles" / "bad.toml").write_bytes(b"plan = '\xff'")
    assert "UTF-8" in unusable(hive, "--profile", "bad", QUESTION)["message"]


def test_a_named_profile_and_the_options_that_overrule_it(hive, sim) -> None:
    hive.profile(
        f'plan = "single"\nendpoint = "mine"\n[endpoints.mine]\nbase_url = "{sim.root}/anthropic/v1"\n'
        'dialect = "anthropic"\n[stages.generator]\nmodel = "sim/instant"\nmax_tokens = 500\ntemperature = 0.5\n',
        "mine",
    )
    asked = hive("ask", "--profile", "mine", "--json", QUESTION).document
    assert (asked["profile"], asked["plan"]) == ("mine", "single")
    assert asked["stages"][0]["attempts"][0]["endpoint"] == "mine"
    body = json.loads(sim.call()["body"])
    assert (body["model"], body["max_tokens"], body["temperature"]) == ("sim/instant", 500, 0.5)
    over = hive(
        "ask", "--profile", "mine", "--plan", "pipeline", "--model", "sim/instant+fault=say:ACCEPT", "--json", "q"
    )
    assert len(over.document["stages"]) == 4


def test_a_stage_that_the_plan_has_not_and_an_endpoint_without_a_model(hive, sim) -> None:
    assert "refiner" in unusable(hive, *sim.single(), "--model", "refiner=x", QUESTION)["message"]
    assert "--model" in unusable(hive, *sim.at(), QUESTION)["message"]
    assert sim.requests() == []


@pytest.mark.parametrize("name", ["a_file", "a_link_to_nowhere/x", "a_file/deeper"])
def test_a_home_that_cannot_be_used_is_exit_5_before_anything_is_sent(hive, sim, name: str) -> None:
    (hive.folder / "a_file").write_text("mine")
    (hive.folder / "a_link_to_nowhere").symlink_to("/proc/self/nowhere")
    env = {"HIVE_HOME": str(hive.folder / name)}
    error = unusable(hive, *sim.single(), QUESTION, code=5, env=env)
    assert error["kind"] == "disk"
    assert "HIVE_HOME" in error["message"]
    assert name.partition("/")[0] in error["message"]
    assert sim.requests() == []
    assert (hive.folder / "a_file").read_text() == "mine"
    for words in (["runs"], ["runs", "show", "last"]):
        done = hive(*words, env=env)
        assert "Traceback" not in done.said


def test_a_runs_folder_that_cannot_be_written_is_exit_5_before_anything_is_sent(hive, sim) -> None:
    hive.runs.parent.mkdir(parents=True)
    hive.runs.write_text("no folder")
    asked = hive("ask", *sim.single(), "--json", QUESTION)
    assert (asked.code, asked.document["error"]["kind"]) == (5, "disk")
    listed = hive("runs")
    assert (listed.code, "Traceback" in listed.said) == (5, False)
    hive.runs.unlink()
    hive.runs.symlink_to("/proc/self/fdinfo")  # there, and writable for nobody, not even for root
    asked = hive("ask", *sim.single(), "--json", QUESTION)
    assert (asked.code, asked.document["error"]["kind"]) == (5, "disk"), asked.said
    assert sim.requests() == []
    hive.runs.unlink()


def test_a_relative_home_with_blanks_and_signs(hive, sim) -> None:
    asked = hive("ask", *sim.single(), "--json", QUESTION, env={"HIVE_HOME": "a höme; $(x)"})
    assert asked.code == 0, asked.said
    recording = asked.document["recording"]
    assert recording.startswith(str(hive.folder / "a höme; $(x)"))
    assert hive("runs", "show", recording, "--json").out == asked.out


def test_nothing_of_the_surroundings_is_needed(hive, sim) -> None:
    poor = {"LANG": "C", "LC_ALL": "C", "HOME": "", "NO_COLOR": "1", "TERM": "dumb"}
    asked = hive("ask", *sim.single("say:%C3%B6l"), "--json", "wörd?", env=poor)
    assert asked.code == 0, asked.said
    assert (asked.document["answer"], asked.document["question"]) == ("öl", "wörd?")
    ascii_only = hive("ask", *sim.single("say:%C3%B6l"), "q", env={**poor, "PYTHONIOENCODING": "ascii"})
    assert (ascii_only.code, ascii_only.out) == (0, b"?l\n")


def test_no_request_is_made_but_the_calls(hive, sim) -> None:
    hive("ask", *sim.single(), QUESTION)
    assert [(call["method"], call["path"]) for call in sim.requests()] == [
        ("POST", "/openrouter-wire/api/v1/chat/completions")
    ]


def test_a_proxy_of_the_environment_is_not_used_for_this_machine(hive, sim, strange) -> None:
    proxy = strange(b"HTTP/1.1 502 Nope\r\ncontent-length: 0\r\n\r\n")
    env = {name: f"http://127.0.0.1:{proxy.port}" for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY")}
    asked = hive("ask", *sim.single("say:yes"), QUESTION, env=env)
    assert (asked.code, asked.out, proxy.requests) == (0, b"yes\n", []), asked.said


def test_two_at_once_have_a_run_each(hive, sim) -> None:
    both = [hive.start("ask", *sim.single(f"say:{word}"), "--json", QUESTION) for word in ("one", "two")]
    assert [each.wait().document["answer"] for each in both] == ["one", "two"]
    assert len(list(hive.runs.iterdir())) == 2
    assert len(hive("runs").out.splitlines()) == 2


def test_an_endpoint_that_takes_the_connection_and_says_nothing(hive) -> None:
    hive.profile("[limits]\nconnect = 0.3\nfirst_token = 0.3\n[retry]\nattempts = 1\n")
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        for scheme, kind in (("http", "timeout_first_token"), ("https", "timeout_connect")):
            options = ["--endpoint", f"{scheme}://127.0.0.1:{port}/v1", "--plan", "single", "--model", "m"]
            asked = hive("ask", *options, "--json", QUESTION)
            assert (asked.code, asked.document["error"]["kind"]) == (4, kind), asked.said
