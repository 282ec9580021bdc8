"""The parser by the standard's own rules: vectors re-derived from its text, and any cut of the bytes gives the same."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hive_tui.models.sse import Event, EventTooLarge, SseParser


def read(*pieces: bytes, cap: int = 1 << 20) -> list[Event]:
    parser = SseParser(cap)
    events = [event for piece in pieces for event in parser.feed(piece)]
    return events + parser.close()


def data(*pieces: bytes) -> list[bytes]:
    return [event.data for event in read(*pieces)]


@pytest.mark.parametrize(
    ("stream", "expected"),
    [
        pytest.param(b"data: a\n\n", [b"a"], id="one"),
        pytest.param(b"data:a\n\n", [b"a"], id="no space after the colon"),
        pytest.param(b"data:  a\n\n", [b" a"], id="one space is dropped, not two"),
        pytest.param(b"data:\ta\n\n", [b"\ta"], id="a tab is no space"),
        pytest.param(b"data: a\ndata: b\n\n", [b"a\nb"], id="lines are joined"),
        pytest.param(b"data\n\n", [b""], id="no colon is an empty value"),
        pytest.param(b"data:\n\ndata\ndata\n\ndata:test\n\n", [b"", b"\n", b"test"], id="empty data"),
        pytest.param(b"data: a\r\n\r\ndata: b\r\rdata: c\n\n", [b"a", b"b", b"c"], id="three line ends"),
        pytest.param(b"data: a\r\n\n", [b"a"], id="mixed line ends"),
        pytest.param(b":\n: ping\ndata: a\n:\n\n: x\n\n", [b"a"], id="comments"),
        pytest.param(b":\n\n:\n\ndata: a\n\n", [b"a"], id="bare colons"),
        pytest.param(b"\n\n\n\ndata: a\n\n\n\n\ndata: b\n\n", [b"a", b"b"], id="more blank lines"),
        pytest.param(b"event: x\n\ndata: a\n\n", [b"a"], id="a type alone is no event"),
        pytest.param(b"DATA: a\nda-ta: b\n data: c\ndata : d\ndata_e\n\n", [], id="names are exact"),
        pytest.param(b"\xef\xbb\xbfdata: a\n\n\xef\xbb\xbfdata: b\n\ndata: c\n\n", [b"a", b"c"], id="one BOM, once"),
        pytest.param(b"\xef\xbb\xbf\xef\xbb\xbfdata: a\n\ndata: b\n\n", [b"b"], id="a second BOM is part of a name"),
        pytest.param(
            b"data:\0\ndata:  2\rData:1\ndata\0:2\ndata:1\r\0data:4\nda-ta:3\rdata_5\ndata:3\rdata:\r\n data:32\n"
            b"data:4\n\n",
            [b"\0\n 2\n1\n3\n\n4"],
            id="field parsing",
        ),
        pytest.param(
            "data: a\x0b\x0c\x1c\x1d\x1e\x85\u2028\u2029b\n\n".encode(),
            ["a\x0b\x0c\x1c\x1d\x1e\x85\u2028\u2029b".encode()],
            id="other breaks are text",
        ),
    ],
)
def test_data(stream: bytes, expected: list[bytes]) -> None:
    assert data(stream) == expected
    assert data(*(stream[i : i + 1] for i in range(len(stream)))) == expected


def test_types_persist_for_one_event() -> None:
    events = read(b"event: a\ndata: 1\n\ndata: 2\n\nevent: b\n\ndata: 3\n\nevent:\ndata: 4\n\n")
    assert [(event.type, event.data) for event in events] == [
        ("a", b"1"),
        ("message", b"2"),
        ("message", b"3"),
        ("message", b"4"),
    ]


def test_ids_persist_and_one_with_nul_is_ignored() -> None:
    events = read(b"id: 1\ndata: a\n\ndata: b\n\nid: 2\0\ndata: c\n\nid\ndata: d\n\nid: 3\n\ndata: e\n\n")
    assert [event.id for event in events] == ["1", "1", "1", "", "3"]


@pytest.mark.parametrize(
    ("value", "expected"),
    [(b"1000", 1000), (b"+5", None), (b" 7", None), (b"1_000", None), ("٣".encode(), None), (b"", None), (b"5x", None)],
)
def test_retry_takes_ascii_digits_only(value: bytes, expected: int | None) -> None:
    parser = SseParser()
    parser.feed(b"retry:" + value + b"\n\n" if value != b" 7" else b"retry:  7\n\n")
    assert parser.retry_ms == expected


def test_bad_utf8_is_replaced_and_flagged() -> None:
    good, bad = read("data: ä\n\n".encode() + b"data: a\xff\xe2\x82b\n\n")
    assert (good.data, good.replaced) == ("ä".encode(), False)
    assert (bad.data.decode(), bad.replaced) == ("a\ufffd\ufffdb", True)


def test_the_field_error_is_visible_with_and_without_data() -> None:
    first, second = read(b'error: {"message":"x"}\n\nerror: 1\nerror: 2\ndata: a\n\n')
    assert (first.data, first.error) == (b"", b'{"message":"x"}')
    assert (second.data, second.error) == (b"a", b"1\n2")


def test_a_lone_cr_dispatches_at_once_and_a_late_lf_belongs_to_it() -> None:
    parser = SseParser()
    assert [event.data for event in parser.feed(b"data: a\r\r")] == [b"a"]
    assert parser.feed(b"\n") == []
    assert [event.data for event in parser.feed(b"data: b\r")] == []
    assert [event.data for event in parser.feed(b"\ndata: c\r\n\r")] == [b"b\nc"]
    assert [event.data for event in parser.feed(b"\ndata: d\n\n")] == [b"d"]


@pytest.mark.parametrize(
    ("stream", "expected"),
    [
        (b"data: [DONE]", [b"[DONE]"]),
        (b"data: [DONE]\n", [b"[DONE]"]),
        (b'data: {"a":1}', [b'{"a":1}']),
        (b'data: {"a":1}\n', [b'{"a":1}']),
        (b'data: {"a":', []),
        (b'data: {"a":1}x', []),
        (b"data: 12", []),
        (b"data: text\n", []),
        (b"dat", []),
    ],
)
def test_at_the_end_only_what_is_whole_is_dispatched_and_marked(stream: bytes, expected: list[bytes]) -> None:
    events = read(b"data: first\n\n" + stream)
    assert [event.data for event in events] == [b"first", *expected]
    assert [event.at_eof for event in events[1:]] == [True] * len(expected)


@pytest.mark.parametrize("size", [1, 7, 100, 5000])
@pytest.mark.parametrize("flood", [b"data: " + b"x" * 2000, b"data: 123456789\n" * 200, b": " + b"x" * 2000])
def test_an_event_beyond_the_cap_is_an_error_that_keeps_what_came_before(flood: bytes, size: int) -> None:
    parser = SseParser(cap=1000)
    stream = b"data: first\n\n" + flood + b"\n\n"
    seen: list[Event] = []
    with pytest.raises(EventTooLarge) as caught:  # noqa: PT012
        for start in range(0, len(stream), size):
            seen += parser.feed(stream[start : start + size])
    assert [event.data for event in seen + caught.value.events] == [b"first"]


def test_many_small_events_in_one_read_are_no_large_event() -> None:
    assert len(read(b"data: 123456789\n\n" * 1000, cap=100)) == 1000


line = st.one_of(
    st.sampled_from(
        [b"", b"", b"data", b":", b"data:", b"id: 1", b"id: \0", b"event: e", b"retry: 5", b"\xef\xbb\xbfdata: q"]
    ),
    st.binary(max_size=8).map(lambda value: b"data: " + value),
    st.binary(max_size=6),
)
streams = st.lists(st.tuples(line, st.sampled_from([b"\n", b"\n", b"\r\n", b"\r"])), max_size=12).map(
    lambda lines: b"".join(text + end for text, end in lines)
)


@settings(max_examples=400)
@given(streams, st.lists(st.integers(0, 120), max_size=8))
def test_any_cut_gives_the_same_events(stream: bytes, cuts: list[int]) -> None:
    places = [0, *sorted(cut for cut in cuts if cut < len(stream)), len(stream)]
    pieces = [stream[start:stop] for start, stop in itertools.pairwise(places)]
    assert read(*pieces) == read(stream)
    assert read(*(stream[i : i + 1] for i in range(len(stream)))) == read(stream)


class _Counting(SseParser):
    """Counts the bytes that are copied when pieces become a line: the only place where buffered bytes are."""

    joined = 0
    joins = 0

    def _joined(self, last: bytes) -> bytes:
        whole = super()._joined(last)
        self.joined += len(whole)
        self.joins += 1
        return whole


@pytest.mark.parametrize("piece", [1, 16, 1000])
def test_cost_is_linear_when_one_event_spans_many_reads(piece: int) -> None:
    stream = b"data: " + b"x" * 200_000 + b"\n\n"
    parser = _Counting()
    events = [event for i in range(0, len(stream), piece) for event in parser.feed(stream[i : i + piece])]
    assert [len(event.data) for event in events] == [200_000]
    assert parser.joined <= len(stream)
    assert parser.joins == 1
