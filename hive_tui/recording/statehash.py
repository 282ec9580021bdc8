"""The hash of a run's last state: what `hive verify` folds the records again for.

SHA-256 over MessagePack of the state, in which the wall clock and the ring's slot are 0, and each long thing stands as
the SHA-256 of its own bytes: question and plan, the messages of an attempt, and its deltas as their payloads, end to
end. A reducer that comes to other states gets another `REDUCER`; recordings keep the number of theirs.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

import msgspec
from msgspec.structs import replace

from hive_tui import wire
from hive_tui.events import Message, Plan
from hive_tui.state import RunState
from hive_tui.streamtext import StreamText

REDUCER = 1
_encode = msgspec.msgpack.Encoder(enc_hook=lambda _text: None).encode


def words_digest(question: str, plan: Plan) -> bytes:
    return hashlib.sha256(_encode([question, plan])).digest()


def messages_digest(messages: Sequence[Message]) -> bytes:
    return hashlib.sha256(_encode(messages)).digest()


def combined(state: RunState, words: bytes, attempts: Sequence[tuple[bytes, bytes]]) -> bytes:
    """The hash, from the digests of the words, and of messages and deltas of each attempt."""
    bare = replace(
        state,
        slot=0,
        wall_ns=0,
        question="",
        plan=Plan(name="", stages=()),
        attempts=tuple(replace(attempt, messages=(), text=StreamText()) for attempt in state.attempts),
    )
    lengths = [attempt.text.lengths for attempt in state.attempts]
    return hashlib.sha256(_encode([REDUCER, bare, words, attempts, lengths])).digest()


def hash_of(state: RunState) -> bytes:
    """The hash of a state that has all its texts."""
    attempts = [(messages_digest(attempt.messages), _text_digest(attempt.text)) for attempt in state.attempts]
    return combined(state, words_digest(state.question, state.plan), attempts)


def _text_digest(text: StreamText) -> bytes:
    digest = hashlib.sha256()
    for _, delta in text.all_deltas():
        digest.update(wire.encode_payload(delta)[2])
    return digest.digest()
