"""A planted key is nowhere: not in a byte of the recording, of any export, of what a command says, of a crash report.

The key goes out in the request's header; the provider gives it back in an error, in its headers and all over the
answer. Others lie in the environment only. What is packed is unpacked before it is looked through.
"""

from __future__ import annotations

import base64
import gzip
import os
import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import duckdb
import pytest
from mcap.reader import make_reader

from hive_tui import crash
from hive_tui.cli.export import FORMATS

QUESTION = "What is 17% of 240?"
KEY = "sk-canary-9pRst/UvWx+0123456789abcdefABCDEF"
IN_ENVIRONMENT = {
    "OPENROUTER_API_KEY": "sk-or-v1-canary-openrouter-0123456789",
    "OPENAI_API_KEY": "sk-proj-canary-openai-0123456789",
    "ANTHROPIC_API_KEY": "sk-ant-api03-canary-anthropic-0123456789",
    "SOMEBODYS_PASSWORD": "canary-password-0123456789",
}
ESCAPES = re.compile(rb"\x1b\[[0-9;?]*[A-Za-z]|\\u001b\[[0-9;?]*[A-Za-z]")


def forms(key: str) -> Iterator[bytes]:
    """The key, pieces of it, and what common encodings make of it."""
    raw = key.encode()
    yield from (raw[:16], raw[-16:], raw[8:24], raw.hex().encode(), quote(key, safe="").encode(), raw[::-1])
    for shift in range(3):
        # Whatever stands before it, base64 of the key's middle is one of three.
        yield base64.b64encode(b"x" * shift + raw)[4:-4]


def leaks(seen: bytes) -> list[bytes]:
    flat = ESCAPES.sub(b"", seen)
    keys = (KEY, *IN_ENVIRONMENT.values())
    return [form for key in keys for form in forms(key) if form in seen or form in flat]


def unpacked(name: str, file: Path) -> bytes:
    """An export's bytes, and what is packed in them."""
    raw = file.read_bytes()
    if name == "html":
        page = raw.decode()
        return raw + gzip.decompress(base64.b64decode(page.split('id="recording">', 1)[1].split("</script>", 1)[0]))
    if name == "mcap":
        with file.open("rb") as stream:
            return raw + b"\n".join(message.data for _, _, message in make_reader(stream).iter_messages())
    if name == "parquet":
        with duckdb.connect(":memory:") as database:
            return raw + repr(database.execute(f"SELECT * FROM read_parquet('{file}')").fetchall()).encode()
    return raw


@pytest.fixture
def asked(hive, strange, sse):
    """A run against a provider that gives the key back wherever it can; its second attempt has an answer."""
    hive.profile("[retry]\nbase_s = 0.01\nattempts = 2\n")
    error = f'{{"error":{{"message":"bad key {KEY}","code":429,"metadata":{{"raw":"Bearer {KEY}"}}}}}}'.encode()
    said = f"You sent {KEY}. "

    def script(number: int, _request: bytes) -> Iterator[bytes]:
        if number == 1:
            yield b"HTTP/1.1 429 " + KEY.encode() + b"\r\nx-key: " + KEY.encode() + b"\r\n"
            yield b"content-type: application/json\r\ncontent-length: %d\r\n\r\n" % len(error) + error
            return
        head, blank, body = sse(said, said[:9], said[9:20], said[20:], reasoning=f"hm, {KEY}").partition(b"\r\n\r\n")
        yield head + b"\r\nset-cookie: key=" + KEY.encode() + blank + body

    server = strange(script=script)
    env = {"MY_KEY": KEY, **IN_ENVIRONMENT}
    done = hive("ask", *server.options(), "--key-env", "MY_KEY", "--json", QUESTION, env=env)
    assert done.code == 0, done.said
    assert all(KEY.encode() in request for request in server.requests)
    assert len(server.requests) == 2
    return done


def test_a_planted_key_is_in_no_byte_of_a_recording(hive, asked) -> None:
    kept = hive.bytes_kept()
    assert leaks(kept + asked.out + asked.err) == []
    assert b"[key]" in kept, "the other way round: where the key stood something is seen"


@pytest.mark.usefixtures("asked")
@pytest.mark.parametrize(
    "commands",
    [
        ("runs", "runs --json", "runs show last"),
        ("replay last --until 50% --json", "replay last --until error --json", "verify last --json"),
        ("stats last --json", "diff last last --json", "whatif last"),
        ("doctor",),
    ],
)
def test_a_planted_key_is_in_nothing_that_a_command_says(hive, commands: tuple[str, ...]) -> None:
    env = {"MY_KEY": KEY, **IN_ENVIRONMENT}
    # Compiled kernels have no key to tell of, and cost eight seconds in a fresh home.
    said = [hive(*words.split(), env={**env, "NUMBA_DISABLE_JIT": "1"}) for words in commands]
    assert all(each.out for each in said)
    assert leaks(b"".join(each.out + each.err for each in said) + hive.bytes_kept()) == []


@pytest.mark.usefixtures("asked")
@pytest.mark.parametrize("name", FORMATS)
def test_a_planted_key_is_in_no_export(hive, name: str) -> None:
    file = hive.folder / "out"
    words = ("export", "last", "--format", name, "--output", str(file), "--size", "240x50")
    done = hive(*words, env={"MY_KEY": KEY, **IN_ENVIRONMENT})
    assert done.code == 0, done.said
    seen = unpacked(name, file)
    assert leaks(seen + done.out + done.err) == []
    assert b"[key]" in ESCAPES.sub(b"", seen)


def test_a_planted_key_is_in_no_crash_report(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MY_KEY", KEY)
    for name, value in IN_ENVIRONMENT.items():
        monkeypatch.setenv(name, value)

    def fail(key: str) -> None:
        headers = {"authorization": f"Bearer {key}", "environment": dict(os.environ)}
        try:
            raise ValueError(f"bad {headers}")
        except ValueError as error:
            raise RuntimeError(key) from error

    with pytest.raises(RuntimeError) as caught:
        fail(KEY)
    report = crash.write(caught.value, (80, 24), tmp_path / "crashes").read_bytes()
    assert b"ValueError" in report
    assert leaks(report) == []


def test_what_looks_for_keys_would_find_one() -> None:
    for key in (KEY, *IN_ENVIRONMENT.values()):
        for seen in (key.encode(), base64.b64encode(f"user:{key}".encode()), b"\x1b[1m".join([b"", key.encode()])):
            assert leaks(seen) != []
    assert leaks(b"\x1b[0m".join([KEY[:5].encode(), KEY[5:].encode()])) != []
