"""Whatever the framing, a parser that follows the WHATWG rules reads the same events."""

from __future__ import annotations

import json
from itertools import combinations

import pytest

from hive_tui.simulator.dialects.chat import Frame, encode
from hive_tui.simulator.faults import Faults, parse
from hive_tui.simulator.framing import BAD_UTF8, SPLIT, cut, framing, http_chunk

FRAMES = [
    Frame(comment=" hello"),
    Frame(encode({"a": "b c", "n": None})),
    Frame(encode({"x": "é\u2028"}), "named"),
    Frame("[DONE]"),
]
STYLES = ["lf", "crlf", "cr", "multiline", "nospace", "comments:3", "colon", "nulid"]


@pytest.mark.parametrize("styles", [",".join(pair) for pair in combinations(STYLES, 2)])
def test_every_framing_carries_the_same_events(sim, styles: str) -> None:
    style = framing(Faults({fault.name: fault for fault in parse(styles)}))
    events = sim.events(style.encode(FRAMES))
    assert [kind for kind, _ in events] == ["", "named", ""]
    assert [json.loads(data) for _, data in events[:2]] == [{"a": "b c", "n": None}, {"x": "é\u2028"}]
    assert events[2][1] == "[DONE]"


def test_the_plain_framing_byte_for_byte() -> None:
    assert framing(Faults()).encode([Frame(comment=""), Frame("{}", "ping"), Frame("x", blank=False)]) == (
        b":\n\nevent: ping\ndata: {}\n\ndata: x\n"
    )


def test_bytes_that_are_no_utf8() -> None:
    raw = framing(Faults()).encode([Frame(f"a{BAD_UTF8}b")])
    with pytest.raises(UnicodeDecodeError):
        raw.decode()


def test_an_emoji_is_cut_in_its_middle_and_nothing_is_lost() -> None:
    body = f"a{SPLIT}b{SPLIT}".encode()
    parts = cut(body)
    assert b"".join(parts) == body
    assert len(parts) == 3
    with pytest.raises(UnicodeDecodeError):
        parts[0].decode()
    assert cut(b"plain") == [b"plain"]


def test_an_empty_piece_does_not_end_the_message() -> None:
    assert http_chunk(b"") == b""
    assert http_chunk(b"0123456789abcdef") == b"10\r\n0123456789abcdef\r\n"
