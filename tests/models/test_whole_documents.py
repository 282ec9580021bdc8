"""A whole JSON document where a stream was asked for."""

from __future__ import annotations

import json

import pytest

from hive_tui.events import Usage
from hive_tui.models.call import Counted, Finish, Text
from tests.models.test_dialect_openai import ANSWER, ME, PROVIDER, REASONING, reader


def test_a_whole_document_instead_of_a_stream() -> None:
    subject = reader("openrouter")
    parts = subject.whole(
        json.dumps(
            {
                "id": "c1",
                "model": "m1",
                "choices": [{"index": 0, "message": {"content": "all", "reasoning": "why"}, "finish_reason": "stop"}],
                "usage": {"prompt_tokens": 1, "completion_tokens": 2, "cost": 0.1},
            }
        ).encode()
    )
    assert parts == [
        ME,
        Text(REASONING, "why"),
        Text(ANSWER, "all"),
        Finish("stop", "stop"),
        Counted(Usage(1, 2, None, None, PROVIDER), "0.1"),
    ]
    assert subject.failure is None


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b'{"error":{"message":"no","code":429}}', "rate_limit"),
        (b'{"detail":"Not here"}', "provider"),
        (b'{"models":[]}', "protocol"),
        (b'{"message":{"content":"a"},"done":false}\n{"done":true}', "protocol"),
    ],
)
def test_documents_that_are_no_completion(body: bytes, kind: str) -> None:
    subject = reader()
    subject.whole(body)
    assert subject.failure is not None
    assert subject.failure.info.kind == kind
