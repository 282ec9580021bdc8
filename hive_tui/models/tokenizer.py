"""Counting tokens where a provider reports none.

Exact for OpenAI's models when tiktoken's vocabulary lies on this machine; nothing is fetched. Everything else is an
estimate and says so: a token for 4 ASCII characters or for 1.5 others, rounded up. (English prose has about 4.5
characters a token, code 3, Chinese and Japanese 1 to 2.)
"""

from __future__ import annotations

import asyncio
import hashlib
import os
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Protocol

from hive_tui.events import UsageSource

VOCABULARIES = {
    "o200k_base": "446a9538cb6c348e3516120d7c08b09f57c36495e2acfffe59a5bf8b0cfb1a2d",
    "cl100k_base": "223921b76ee99bde995b7ff738513eef100fb51d18c93597a113bcffe865b2a7",
}
"""SHA-256 of the vocabularies, as tiktoken demands it. With another one it would delete the file and fetch it again."""
_PLACE = "https://openaipublic.blob.core.windows.net/encodings/{}.tiktoken"
"""tiktoken names the file in its cache by the SHA-1 of this."""


class Encoding(Protocol):
    def encode_ordinary(self, text: str) -> list[int]: ...


class Tokenizer:
    """Counts tokens off the event loop; loads a vocabulary (about 100 MB, 0.3 s) when one is first needed."""

    def __init__(self, load: Callable[[str], Encoding | None] | None = None) -> None:
        """`load` gives the encoding of a name, or `None` when its vocabulary is not at hand."""
        self._load = load or load_offline
        self._encodings: dict[str, Encoding | None] = {}
        """By model; `None` where no vocabulary is at hand. tiktoken itself keeps one object an encoding."""
        self._lock = asyncio.Lock()

    async def count(self, text: str, model: str) -> tuple[int, UsageSource]:
        """How many tokens `text` is for `model`, and who says so (`TOKENIZER` or `ESTIMATE`)."""
        async with self._lock:
            if model not in self._encodings:
                self._encodings[model] = await asyncio.to_thread(self._encoding, model)
        encoding = self._encodings[model]
        if encoding is None:
            return estimate(text), UsageSource.ESTIMATE
        return len(await asyncio.to_thread(encoding.encode_ordinary, text)), UsageSource.TOKENIZER

    def _encoding(self, model: str) -> Encoding | None:
        name = encoding_name(model)
        return None if name is None else self._load(name)


def estimate(text: str) -> int:
    """The marked estimate; its rule stands at the top of this module."""
    ascii_only = len(text.encode("ascii", "ignore"))
    # In twelfths of a token, so that the sum is exact.
    return -(-(3 * ascii_only + 8 * (len(text) - ascii_only)) // 12)


def encoding_name(model: str) -> str | None:
    """tiktoken's name of an OpenAI model's encoding; `None` for other makers' models."""
    from tiktoken.model import encoding_name_for_model

    maker, _, bare = model.rpartition("/")
    if maker not in ("", "openai"):
        return None
    try:
        return encoding_name_for_model(bare.partition(":")[0])
    except KeyError:
        return None


def vocabulary(name: str, environ: Mapping[str, str] = os.environ) -> Path | None:
    """The file of an encoding's vocabulary where tiktoken looks for it; `None` when it is missing or another one."""
    folder = environ.get("TIKTOKEN_CACHE_DIR", environ.get("DATA_GYM_CACHE_DIR"))
    if folder is None:
        folder = os.path.join(tempfile.gettempdir(), "data-gym-cache")
    if not folder or name not in VOCABULARIES:
        return None
    path = Path(folder) / hashlib.sha1(_PLACE.format(name).encode(), usedforsecurity=False).hexdigest()
    try:
        data = path.read_bytes()
    except OSError:
        return None
    return path if hashlib.sha256(data).hexdigest() == VOCABULARIES[name] else None


def load_offline(name: str) -> Encoding | None:
    """The encoding, when its vocabulary is at hand. Takes 0.2-0.5 s."""
    if vocabulary(name) is None:
        return None
    import tiktoken

    return tiktoken.get_encoding(name)
