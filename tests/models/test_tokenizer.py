"""Counting: exact where a vocabulary is at hand, else an estimate that says so; the network is never asked."""

from __future__ import annotations

import asyncio
import hashlib
import socket
from pathlib import Path
from typing import Any

import pytest

from hive_tui.events import UsageSource
from hive_tui.models.tokenizer import Tokenizer, encoding_name, estimate, vocabulary


class Words:
    def encode_ordinary(self, text: str) -> list[int]:
        return [0] * len(text.split())


def count(tokenizer: Tokenizer, text: str, model: str) -> Any:
    return asyncio.run(tokenizer.count(text, model))


def test_a_vocabulary_at_hand_counts_openai_models_and_is_loaded_once() -> None:
    loads: list[str] = []

    def load(name: str) -> Words:
        loads.append(name)
        return Words()

    async def main() -> None:
        tokenizer = Tokenizer(load)
        assert await tokenizer.count("three little words", "openai/gpt-4o-mini") == (3, UsageSource.TOKENIZER)
        assert await tokenizer.count("two words", "openai/gpt-4o-mini") == (2, UsageSource.TOKENIZER)
        assert await tokenizer.count("x" * 8, "anthropic/claude") == (2, UsageSource.ESTIMATE)
        assert loads == ["o200k_base"]

    asyncio.run(main())


@pytest.mark.parametrize(
    ("model", "name"),
    [
        ("gpt-4o", "o200k_base"),
        ("openai/gpt-4o:free", "o200k_base"),
        ("gpt-4", "cl100k_base"),
        ("anthropic/claude-4", None),
        ("someone/gpt-4o", None),
        ("llama3:8b", None),
    ],
)
def test_only_openais_models_have_an_encoding(model: str, name: str | None) -> None:
    assert encoding_name(model) == name


@pytest.mark.parametrize(("text", "tokens"), [("", 0), ("a", 1), ("abcd", 1), ("abcde", 2), ("漢字漢", 2), ("ab漢", 2)])
def test_the_rule_of_the_estimate(text: str, tokens: int) -> None:
    assert estimate(text) == tokens


def test_a_missing_or_false_vocabulary_is_an_estimate_without_a_request(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise AssertionError("the network was asked")

    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    monkeypatch.setenv("TIKTOKEN_CACHE_DIR", str(tmp_path))
    assert count(Tokenizer(), "abcdefgh", "gpt-4o") == (2, UsageSource.ESTIMATE)
    url = "https://openaipublic.blob.core.windows.net/encodings/o200k_base.tiktoken"
    false = tmp_path / hashlib.sha1(url.encode()).hexdigest()
    false.write_bytes(b"IQ== 0\n")
    assert vocabulary("o200k_base") is None
    assert count(Tokenizer(), "abcdefgh", "gpt-4o") == (2, UsageSource.ESTIMATE)
    assert false.exists()


def test_an_empty_cache_folder_means_no_cache() -> None:
    assert vocabulary("o200k_base", {"TIKTOKEN_CACHE_DIR": ""}) is None
