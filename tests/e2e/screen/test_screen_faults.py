"""Endpoints that answer badly: the screen says what, where and what to do, keeps what came, and goes on."""

from __future__ import annotations

import socket

import pytest
import trustme

QUESTION = "What is 17% of 240?"
CANARY = "sk-or-v1-canary0123456789"
IMPATIENT = "[retry]\nbase_s = 0.01\nattempts = 2\n"


def ends(terminal, *words: str) -> str:
    """Wait for the end of a run without an answer, and for these words of it."""
    terminal.wait_for(lambda _: terminal.status.startswith("no usable answer"))
    for word in words:
        terminal.wait_for(lambda text, word=word: word.lower() in " ".join(text.split()).lower())
    return terminal.text


def goes_on(terminal) -> None:
    """The line takes the next question, the program its end, and nothing strange was written."""
    terminal.write("next?")
    terminal.wait_for("❯ next?")
    assert terminal.quit() == 0
    terminal.check_given_back()
    assert not terminal.strange


def test_a_rejected_key_is_said_in_the_pane_with_what_to_do(hive, open_hive, sim) -> None:
    env = {"MY_KEY": CANARY}
    terminal = open_hive(*sim.single("status:401"), "--key-env", "MY_KEY", QUESTION, env=env)
    text = ends(terminal, "401", "check the key")
    assert "✗" in text
    goes_on(terminal)
    assert sim.requests()[0]["headers"]["authorization"]["present"] is True
    assert CANARY.encode() not in bytes(terminal.raw)
    assert CANARY.encode() not in hive.bytes_kept()


def test_an_endpoint_that_is_down(hive, open_hive) -> None:
    hive.profile(IMPATIENT)
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        port = nobody.getsockname()[1]
        options = ["--endpoint", f"http://127.0.0.1:{port}/v1", "--plan", "single", "--model", "m"]
        terminal = open_hive(*options, QUESTION)
        ends(terminal, "connect", f"127.0.0.1:{port}")
        goes_on(terminal)


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        ("html", ["html"]),
        ("status:404", ["404"]),
        ("empty", ["answer text"]),
        ("reasoning-only", ["answer text"]),
        ("eof:9", ["ended"]),
        ("error:9", ["Simulated failure"]),
        ("rst:9", ["generator"]),
    ],
)
def test_an_answer_that_is_none(hive, open_hive, sim, fault: str, words: list[str]) -> None:
    hive.profile(IMPATIENT)
    terminal = open_hive(*sim.single(fault), QUESTION)
    text = ends(terminal, *words)
    attempt = hive.recorded().attempts[-1]
    if fault.startswith(("eof", "error", "rst")):
        assert attempt.text.chunks >= 3
        assert "## 1" in text, "what came is kept and shown"
    goes_on(terminal)


def test_a_server_whose_certificate_nobody_knows(hive, open_hive, tmp_path, another_simulator) -> None:
    hive.profile(IMPATIENT)
    pem = tmp_path / "server.pem"
    trustme.CA().issue_cert("127.0.0.1").private_key_and_cert_chain_pem.write_to_path(str(pem))
    with another_simulator("--tls", str(pem)) as server:
        terminal = open_hive(*server.single(), QUESTION)
        ends(terminal, "certificate")
        goes_on(terminal)


def test_ten_megabytes_on_one_line_leave_the_line_alive(hive, open_hive, sim) -> None:
    terminal = open_hive(*sim.single("line"))
    terminal.ask(QUESTION)
    terminal.wait_for("0123456789abcdef0123456789abcdef")
    terminal.write("typed meanwhile")
    terminal.wait_for("❯ typed meanwhile")
    terminal.wait_for(lambda _: terminal.status.startswith("answer ("))
    terminal.press("tab", "home", "end", "i")
    terminal.write("!")
    terminal.wait_for("❯ typed meanwhile!")
    assert terminal.quit() == 0
    assert len(hive.recorded().answer_text) >= 9_990_000


STRANGE = (
    "a\x1b[2Jb\x1b[31mc\x1b]0;title\x07d\x1b]52;c;ZXZpbA==\x07e\x1bP+q544e\x1b\\f\x1b[6ng\x1b[?1049lh\x9b31mi"
    "\x08\x08\x00\x7f\r\n\u202eright\u2066left\u2069\u200f \U0001f469\u200d\U0001f4bb \ufe0f e\u0301 \u2028 [end]"
)


def test_nothing_of_an_answer_acts_on_the_terminal(hive, open_hive, strange, sse) -> None:
    body = sse(STRANGE, reasoning_content=STRANGE)
    terminal = open_hive(*strange(body).options(), STRANGE.replace("\x00", ""))
    terminal.wait_for(lambda text: "[end]" in text and terminal.status.startswith("answer ("))
    terminal.press("tab", "m", "home", "end", "m", "i", "up")
    terminal.wait_for(lambda _: "right" in "".join(terminal.lines[-8:]))
    for size in ((60, 20), (160, 48)):
        terminal.resize(*size)
        terminal.wait_for("❯")
    assert terminal.quit() == 0
    terminal.check_given_back()
    assert not terminal.strange
    assert hive.recorded().answer_text == STRANGE, "the recording has it as it came"


@pytest.mark.parametrize("fault", ["escapes", "bad-utf8", "emoji-split", "u2028"])
def test_odd_bytes_are_shown_as_text(open_hive, sim, fault: str) -> None:
    terminal = open_hive(*sim.single(fault), QUESTION)
    terminal.wait_for(lambda text: "40.8" in text and terminal.status.startswith("answer ("))
    goes_on(terminal)


def test_model_names_and_errors_from_outside_cannot_act_either(open_hive, strange) -> None:
    evil = "\x1b]0;owned\x07 \x1b[2J \u202e"
    body = ('{"error": {"message": "' + evil.replace("\x1b", "\\u001b").replace("\x07", "\\u0007") + 'no"}}').encode()
    head = b"HTTP/1.1 400 Bad\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n" % len(body)
    server = strange(head + body)
    terminal = open_hive(*server.options()[:-1], f"m{evil}", QUESTION)
    ends(terminal, "400")
    goes_on(terminal)
