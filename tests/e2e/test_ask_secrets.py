"""Keys: they go to their own endpoint, and nowhere else: not to another, not to the disk, not to a stream."""

from __future__ import annotations

import base64
import hashlib
import time
from collections.abc import Iterator
from typing import Any

import pytest

QUESTION = "What is 17% of 240?"
KEY = "sk-canary-5T0pMeNow0123456789abcdef"
OTHERS = {
    "OPENROUTER_API_KEY": "sk-or-canary-openrouter-0123456789",
    "OPENAI_API_KEY": "sk-canary-openai-0123456789",
    "ANTHROPIC_API_KEY": "sk-ant-canary-anthropic-0123456789",
}
IMPATIENT = "[retry]\nbase_s = 0.01\nattempts = 2\n"


def check_nothing_leaked(hive: Any, *done: Any) -> None:
    seen = hive.bytes_kept() + b"".join(each.out + each.err for each in done)
    for key in (KEY, *OTHERS.values()):
        for form in (key[:20].encode(), base64.b64encode(key.encode()), key[8:].encode(), key.encode().hex().encode()):
            assert form not in seen


def test_an_endpoint_on_the_command_line_gets_no_key_unless_one_is_named(hive, sim) -> None:
    asked = hive("ask", *sim.single(), QUESTION, env=OTHERS)
    assert asked.code == 0
    assert not {"authorization", "x-api-key"} & set(sim.call()["headers"])
    named = hive("ask", *sim.single(), "--key-env", "MY_KEY", QUESTION, env={**OTHERS, "MY_KEY": KEY})
    assert named.code == 0
    assert sim.call(2)["headers"]["authorization"]["sha256"] == hashlib.sha256(KEY.encode()).hexdigest()[:12]
    check_nothing_leaked(hive, asked, named)


def test_the_key_of_the_anthropic_dialect_has_its_own_header(hive, sim) -> None:
    options = [*sim.at("anthropic"), "--plan", "single", "--model", "sim/instant", "--key-env", "MY_KEY"]
    assert hive("ask", *options, QUESTION, env={"MY_KEY": KEY}).code == 0
    headers = sim.call()["headers"]
    assert headers["x-api-key"]["sha256"] == hashlib.sha256(KEY.encode()).hexdigest()[:12]
    assert "authorization" not in headers
    assert headers["anthropic-version"]


def test_a_profiles_key_stays_at_its_endpoint(hive, sim) -> None:
    hive.profile(
        'endpoint = "paid"\nplan = "single"\n[endpoints.paid]\nbase_url = "https://paid.invalid/v1"\n'
        'key_env = "MY_KEY"\n'
    )
    asked = hive("ask", *sim.single(), QUESTION, env={"MY_KEY": KEY, **OTHERS})
    assert asked.code == 0
    assert not {"authorization", "x-api-key"} & set(sim.call()["headers"])
    check_nothing_leaked(hive, asked)


def test_a_key_follows_no_redirect(hive, sim, strange) -> None:
    place = f"{sim.root}/openrouter-wire/api/v1/chat/completions?{KEY}"
    server = strange(f"HTTP/1.1 307 Away\r\nlocation: {place}\r\ncontent-length: 0\r\n\r\n".encode())
    asked = hive("ask", *server.options(), "--key-env", "MY_KEY", "--json", QUESTION, env={"MY_KEY": KEY})
    assert (asked.code, asked.document["error"]["kind"]) == (4, "redirect")
    assert b"authorization: bearer " + KEY.lower().encode() in server.requests[0].lower()
    assert sim.requests() == []
    check_nothing_leaked(hive, asked, hive("runs", "show", "last"), hive("runs", "show", "last", "--json"))


ERROR = b'{"error":{"message":"Incorrect key: %s (Bearer %s)","code":401,"metadata":{"raw":"{\\"error\\":\\"%s\\"}"}}}'
ECHOES = {
    "json": b"HTTP/1.1 401 No\r\ncontent-type: application/json\r\n\r\n" + ERROR.replace(b"%s", KEY.encode()),
    "text": b"HTTP/1.1 403 No\r\n\r\nYour key " + KEY.encode() + b" has no right to this",
    "html": b"HTTP/1.1 401 No\r\ncontent-type: text/html\r\n\r\n<html>" + KEY.encode() + b"</html>",
    "html with 200": b"HTTP/1.1 200 OK\r\ncontent-type: text/html\r\n\r\n<html>" + KEY.encode() + b"</html>",
    "reason": b"HTTP/1.1 401 " + KEY.encode() + b"\r\ncontent-length: 0\r\n\r\n",
    "headers": b"HTTP/1.1 401 No\r\nx-your-key: " + KEY.encode() + b"\r\ncontent-length: 0\r\n\r\n",
    "no http": KEY.encode() + b" is what you sent\r\n\r\n",
    "bad header": b"HTTP/1.1 200 OK\r\nauthorization bearer " + KEY.encode() + b"\r\n\r\n",
    "bad length": b"HTTP/1.1 200 OK\r\ncontent-length: " + KEY.encode() + b"\r\n\r\n",
    "bad chunk": b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n" + KEY.encode() + b"\r\n",
    "stream": b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n\r\ndata: "
    + ERROR.replace(b"%s", KEY.encode())
    + b"\n\n",
    "no json": b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n\r\ndata: {" + KEY.encode() + b"\n\n",
    "cut short": b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n\r\ndata: {"
    + b"x" * 175
    + KEY.encode()
    + b"\n\n",
    "names": b'HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n\r\ndata: {"id":"%s","model":"%s","provider":"%s",'
    b'"choices":[{"delta":{"content":""},"finish_reason":"%s"}]}\n\n'.replace(b"%s", KEY.encode()),
    "field": b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n\r\nerror: " + KEY.encode() + b"\n\n",
}


@pytest.mark.parametrize("shape", ECHOES)
def test_a_server_that_echoes_the_key_does_not_get_it_printed_or_recorded(hive, strange, shape: str) -> None:
    hive.profile(IMPATIENT)
    server = strange(ECHOES[shape])
    env = {"MY_KEY": KEY, **OTHERS}
    asked = hive("ask", *server.options(), "--key-env", "MY_KEY", "--json", QUESTION, env=env)
    assert asked.code == 4, asked.said
    assert KEY.encode() in server.requests[0]
    check_nothing_leaked(hive, asked, hive("runs", "show", "last", env=env))


def test_a_rejected_key_is_named_by_its_place_and_a_missing_one_is_said(hive, strange) -> None:
    server = strange(ECHOES["json"], ECHOES["json"])
    rejected = hive("ask", *server.options(), "--key-env", "MY_KEY", "--json", QUESTION, env={"MY_KEY": KEY})
    assert "Check the key in MY_KEY" in rejected.document["error"]["message"]
    keyless = hive("ask", *server.options(), "--json", QUESTION, env={"MY_KEY": KEY})
    assert "No key was sent" in keyless.document["error"]["message"]


def cut(text: str, size: int) -> Iterator[str]:
    return (text[place : place + size] for place in range(0, len(text), size))


@pytest.mark.parametrize("size", [1, 6, 100])
@pytest.mark.parametrize("voice", ["content", "reasoning", "refusal"])
def test_an_answer_that_echoes_the_key_is_kept_without_it(hive, strange, sse, voice: str, size: int) -> None:
    said = f"You sent {KEY}, and {KEY[:4]} is how it begins. " * 2
    kept = said.replace(KEY, "[key]")
    answer = sse("Well." if voice == "reasoning" else "", finish=None)
    for piece in cut(said, size):
        answer += sse(finish=None, **{voice: piece}).partition(b"\r\n\r\n")[2]
    answer += sse(KEY[:4]).partition(b"\r\n\r\n")[2]

    def script(_number: int, _request: bytes) -> Iterator[bytes]:
        head, blank, body = answer.partition(b"\r\n\r\n")
        yield head + blank
        # The middle comes in reads of its own, cut wherever it falls.
        for place in range(0, len(body), 997):
            yield body[place : place + 997]
            time.sleep(0.001)

    server = strange(script=script)
    env = {"MY_KEY": KEY, **OTHERS}
    options = [*server.options(), "--plan", "pipeline", "--key-env", "MY_KEY"]
    asked = hive("ask", *options, "--json", QUESTION, env=env)
    assert asked.code == (4 if voice == "refusal" else 0), asked.said
    attempt = asked.document["stages"][0]["attempts"][0]
    if voice == "content":
        assert asked.document["answer"] == attempt["text"] == kept + KEY[:4]
    elif voice == "reasoning":
        assert attempt["reasoning"] == kept
        assert attempt["text"] == "Well." + KEY[:4]
    for request in server.requests:
        # What the first stages said is given to the later ones.
        assert request.count(KEY.encode()) == 1
    shown = [hive("runs", "show", "last", env=env), hive("runs", "show", "last", "--json", env=env)]
    # The other way round: what lies there is the text, and it would have been found.
    assert b"[key]" in hive.bytes_kept()
    check_nothing_leaked(hive, asked, hive("ask", *options, QUESTION, env=env), *shown)


def test_a_key_that_is_not_there_is_found_before_anything_is_sent(hive, sim) -> None:
    asked = hive("ask", *sim.single(), "--key-env", "MY_KEY", "--json", QUESTION)
    assert (asked.code, asked.document["run"]) == (3, None)
    assert "MY_KEY" in asked.document["error"]["message"]
    broken = hive("ask", *sim.single(), "--key-env", "MY_KEY", QUESTION, env={"MY_KEY": f"{KEY}\u2028{KEY}"})
    assert broken.code == 3
    pasted = hive("ask", *sim.single(), "--key-env", KEY, QUESTION)
    assert pasted.code == 2
    in_url = hive("ask", "--endpoint", f"http://user:{KEY}@127.0.0.1:1/v1", "--model", "m", QUESTION)
    assert in_url.code == 2
    assert sim.requests() == []
    check_nothing_leaked(hive, asked, broken, pasted, in_url)


def test_a_file_of_keys_that_others_can_read_is_refused(hive, sim) -> None:
    folder = hive.home / "config"
    folder.mkdir(parents=True)
    keys = folder / "keys.toml"
    keys.write_text(f'MY_KEY = "{KEY}"\n')
    keys.chmod(0o644)
    words = ["ask", *sim.single(), "--key-env", "MY_KEY", QUESTION]
    refused = hive(*words)
    assert refused.code == 3
    assert "chmod 600" in refused.said
    keys.chmod(0o600)
    assert hive(*words).code == 0
    assert len(sim.requests()) == 1
    assert sim.call()["headers"]["authorization"]["present"]
    keys.write_text(f'MY_KEY = "{KEY}')
    broken = hive(*words)
    assert broken.code == 3
    keys.unlink()
    check_nothing_leaked(hive, refused, broken)


def test_recordings_are_for_their_owner_alone(hive, sim) -> None:
    hive("ask", *sim.single(), QUESTION)
    for path in [hive.runs, *hive.runs.rglob("*")]:
        assert path.stat().st_mode & 0o077 == 0, path
