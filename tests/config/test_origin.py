"""The law of origins: equal exactly when a browser would send the same key, and never two readings of one URL."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hive_tui.config.origin import BadUrl, host, origin

LABEL = st.from_regex(r"[a-zA-Z]([a-zA-Z0-9-]{0,20}[a-zA-Z0-9])?", fullmatch=True).filter(
    lambda label: "xn--" not in label.lower()
)
HOST = st.lists(LABEL, min_size=1, max_size=4).map(".".join)


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://api.openai.com/v1", "https://api.openai.com:443"),
        ("HTTPS://API.OpenAI.com:443/v1/", "https://api.openai.com:443"),
        ("http://127.0.0.1:11434/v1", "http://127.0.0.1:11434"),
        ("http://localhost", "http://localhost:80"),
        ("https://bücher.example/v1", "https://xn--bcher-kva.example:443"),
        ("https://BÜCHER.example", "https://xn--bcher-kva.example:443"),
        ("http://[0:0:0:0:0:0:0:1]:8080/v1", "http://[::1]:8080"),
        ("https://api.openai.com./v1", "https://api.openai.com.:443"),
    ],
)
def test_scheme_host_and_port_make_the_origin(url: str, expected: str) -> None:
    assert origin(url) == expected


@pytest.mark.parametrize(
    "url",
    [
        "",
        "api.openai.com/v1",
        "ftp://api.openai.com",
        "https://",
        "https:///v1",
        "https://user:word@api.openai.com/v1",
        "https://api.openai.com@evil.example/v1",
        "https://api.openai.com\\@evil.example/v1",
        "https://api.openai.com\t.evil.example",
        "https://api.openai.com /v1",
        "https://api.openai.com/v1?key=1",
        "https://api.openai.com/v1#x",
        "https://api.openai.com:0",
        "https://api.openai.com:99999",
        "https://api.openai.com:",
        "https://api.openai.com:+443",
        "https://[::1",
        "https://[nonsense]/v1",
        "https://faß.example",
        "https://a..b",
        "https://%61pi.openai.com",
        "https://" + "a" * 64 + ".example",
    ],
)
def test_what_could_be_read_in_two_ways_is_refused(url: str) -> None:
    with pytest.raises(BadUrl):
        origin(url)


def test_a_refused_url_never_repeats_its_password() -> None:
    with pytest.raises(BadUrl) as refusal:
        origin("https://me:hunter2@host/v1")
    assert "hunter2" not in str(refusal.value)


@given(HOST, st.integers(1, 65535), st.sampled_from(["http", "https"]), st.sampled_from(["", "/", "/v1", "/a/b/"]))
def test_case_and_path_do_not_change_an_origin(name: str, port: int, scheme: str, path: str) -> None:
    assert origin(f"{scheme}://{name}:{port}{path}") == origin(f"{scheme.upper()}://{name.upper()}:{port}")


@given(HOST, st.integers(1, 65535), st.sampled_from(["http", "https"]))
def test_an_origin_is_its_own_origin(name: str, port: int, scheme: str) -> None:
    once = origin(f"{scheme}://{name}:{port}/v1")
    assert origin(once) == once


@given(HOST, HOST, st.integers(1, 65535), st.integers(1, 65535))
def test_another_host_or_port_is_another_origin(one: str, two: str, port: int, other: int) -> None:
    same = one.lower() == two.lower() and port == other
    assert (origin(f"https://{one}:{port}") == origin(f"https://{two}:{other}")) == same


@given(st.text(max_size=40))
def test_any_text_gives_an_origin_or_a_refusal(text: str) -> None:
    for url in (text, f"https://{text}", f"https://host{text}"):
        try:
            found = origin(url)
        except BadUrl:
            continue
        assert found.isascii()
        assert host(url) in found
