"""The guard by its law: each channel's text with the key replaced, however it is cut, and nothing held without need."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hive_tui.events import Channel
from hive_tui.models.call import Finish, Identity, Part, Text
from hive_tui.models.redaction import MARK, Guard

KEY = "sk-01234567"
A, R = Channel.ANSWER, Channel.REASONING
OTHER = Identity("gen")


def chunks(*reads: tuple[str, ...], key: str = KEY) -> list[list[str]]:
    """What comes of each read of an answer, and last of its end."""
    guard = Guard(key)
    brought = [guard.feed([Text(A, text) for text in read]) for read in reads] + [guard.feed([], last=True)]
    return [[part.text for part in parts if isinstance(part, Text)] for parts in brought]


@pytest.mark.parametrize(
    ("reads", "expected"),
    [
        pytest.param([(f"a {KEY} b",)], [["a [key] b"], []], id="in one chunk"),
        pytest.param([("a sk-", "01234567 b")], [["a [key]", " b"], []], id="the mark is where the key began"),
        pytest.param([("a ", "sk-", "0123", "4567", " b")], [["a ", "[key]", " b"], []], id="used-up chunks are gone"),
        pytest.param([("a sk-",), ("01234567 b",)], [["a "], ["[key] b"], []], id="over two reads"),
        pytest.param([(char,) for char in KEY], [*[[]] * 10, ["[key]"], []], id="a character a read"),
        pytest.param([("ask",), (" me",)], [["a"], ["sk me"], []], id="a rest comes with the next chunk"),
        pytest.param([("it ",), ("s",), ("o",)], [["it "], [], ["s", "o"], []], id="a whole chunk comes as itself"),
        pytest.param([("as",), ("k",), ("-",), ("x",)], [["a"], [], [], ["sk", "-", "x"], []], id="rest and chunks"),
        pytest.param([("yes",)], [["ye"], ["s"]], id="at the end a rest is a chunk"),
        pytest.param([("s",), ("k",)], [[], [], ["s", "k"]], id="at the end whole chunks are themselves"),
        pytest.param([("sk-sk-",), ("01234567",)], [["sk-"], ["[key]"], []], id="a beginning in front of the key"),
        pytest.param([(KEY + KEY[:4],), (KEY[4:],)], [["[key]"], ["[key]"], []], id="twice without a gap"),
    ],
)
def test_where_text_goes(reads: list[tuple[str, ...]], expected: list[list[str]]) -> None:
    assert chunks(*reads) == expected


def test_occurrences_that_overlap_are_taken_from_the_left() -> None:
    key = "abababab"
    assert chunks(("abababababx",), key=key) == [["[key]abx"], []]
    assert chunks(("abababab",), ("ababab",), ("x",), key=key) == [["[key]"], [], ["ababab", "x"], []]


def test_what_holds_no_key_is_handed_on_as_it_is() -> None:
    parts: list[Part] = [OTHER, Text(A, "so "), Text(A, "it is. "), Finish("stop", "stop")]
    guard = Guard(KEY)
    assert guard.feed(parts) is parts
    bare: list[Part] = [Finish("stop", "stop")]
    assert guard.feed(bare) is bare


def test_channels_do_not_mix_and_other_parts_keep_their_places() -> None:
    guard = Guard(KEY)
    first = guard.feed([Text(R, "r sk-0123"), OTHER, Text(A, "a sk-"), Text(R, "4567 "), Text(A, "no")])
    assert first == [Text(R, "r [key]"), OTHER, Text(A, "a sk-"), Text(R, " "), Text(A, "no")]
    assert guard.feed([Text(R, "was")]) == [Text(R, "wa")]
    # Another channel's text tells nothing about this one.
    assert guard.feed([Text(A, "hm")]) == [Text(A, "hm")]
    assert guard.feed([Finish("stop", "stop")], last=True) == [Text(R, "s"), Finish("stop", "stop")]


@pytest.mark.parametrize("secret", [None, "", "x", "1234567"])
def test_no_key_and_a_short_key_are_not_guarded(secret: str | None) -> None:
    assert Guard.of(secret) is None


@st.composite
def streams(draw: st.DrawFn) -> tuple[str, list[list[Part]]]:
    """A key that may overlap itself, and reads of text with keys and beginnings of keys planted in it."""
    key = draw(st.text("ab", min_size=8, max_size=11) | st.just(KEY))
    planted = st.sampled_from([key, key, *(key[:size] for size in range(1, len(key))), key[1:], " ", "a", "s", "é"])
    reads: list[list[Part]] = [[]]
    for channel in draw(st.lists(st.sampled_from(Channel), min_size=1, max_size=3)):
        text = "".join(draw(st.lists(planted, max_size=8)))
        while text:
            size = draw(st.integers(1, 12))
            reads[-1].append(Text(channel, text[:size]))
            text = text[size:]
            if draw(st.booleans()):
                reads[-1].append(Identity(str(len(reads))))
            if draw(st.booleans()):
                reads.append([])
    if draw(st.booleans()):
        # Channels by turns, as nobody sends them who has nothing in mind.
        reads = [[part for read in reads for part in read][at::3] for at in range(3)]
    return key, reads


def said(parts: list[Part], channel: Channel) -> list[str]:
    return [part.text for part in parts if isinstance(part, Text) and part.channel is channel]


@given(streams(), st.booleans())
def test_the_law(stream: tuple[str, list[list[Part]]], known_end: bool) -> None:
    key, reads = stream
    guard = Guard(key)
    sent: list[Part] = []
    seen: list[Part] = []
    for number, read in enumerate(reads, 1):
        last = known_end and number == len(reads)
        sent += read
        seen += guard.feed(list(read), last=last)
        for channel in Channel if not last else ():
            text = "".join(said(sent, channel))
            unsure = text.split(key)[-1]
            # The end that could begin a key, and no more, is held.
            held = next((size for size in range(len(key) - 1, 0, -1) if unsure.endswith(key[:size])), 0)
            assert "".join(said(seen, channel)) == text[: len(text) - held].replace(key, MARK)
    seen += guard.feed([], last=True)
    for channel in Channel:
        text = "".join(said(sent, channel))
        assert "".join(said(seen, channel)) == text.replace(key, MARK)
        assert key not in "".join(said(seen, channel))
        assert "" not in said(seen, channel)
        if key not in text:
            assert len(said(seen, channel)) - len(said(sent, channel)) in (0, 1)
    assert [part for part in seen if not isinstance(part, Text)] == [
        part for part in sent if not isinstance(part, Text)
    ]
