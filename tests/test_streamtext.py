"""A stream's text: exactly its deltas, end to end; and every view keeps its moment."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from hive_tui.events import Channel, Delta
from hive_tui.streamtext import StreamText
from hive_tui.wire import CHUNK, CONTINUES

PIECES = st.lists(st.tuples(st.integers(0, 5_000_000), st.text(max_size=6), st.booleans()), max_size=5)
FLOW = st.lists(st.tuples(st.integers(5_000, 10**10), st.sampled_from(Channel), PIECES), max_size=12)

Flow = list[tuple[int, Channel, list[tuple[int, str, bool]]]]


def delta(channel: Channel, pieces: list[tuple[int, str, bool]]) -> Delta:
    table = b"".join(CHUNK.pack(age // 1000, len(text.encode()) | CONTINUES * goes_on) for age, text, goes_on in pieces)
    return Delta(channel, table, "".join(text for _, text, _ in pieces).encode())


def grown(flow: Flow, view: StreamText | None = None) -> StreamText:
    view = StreamText() if view is None else view
    for time_ns, channel, pieces in flow:
        view = view.append(time_ns, delta(channel, pieces))
    return view


def text(flow: Flow, channel: Channel | None = None) -> str:
    return "".join(t for _, own, pieces in flow if channel in (None, own) for _, t, _ in pieces)


@given(FLOW)
def test_text_is_exactly_the_concatenation_of_the_deltas(flow: Flow) -> None:
    view = grown(flow)
    assert "".join(part for _, part in view.segments()) == text(flow)
    assert view.size == len(text(flow).encode())
    assert b"".join(piece for _, piece in view.pieces()).decode() == text(flow)
    for channel in Channel:
        assert view.channel_text(channel) == text(flow, channel)


@given(FLOW)
def test_neighbouring_segments_are_of_different_channels(flow: Flow) -> None:
    channels = [channel for channel, _ in grown(flow).segments()]
    assert all(one != other for one, other in pairwise(channels))


@given(FLOW, st.integers(0, 12))
def test_segments_go_on_from_any_delta(flow: Flow, start: int) -> None:
    assert "".join(part for _, part in grown(flow).segments(start)) == text(flow[start:])


@given(FLOW, st.integers(0, 12))
def test_deltas_go_on_from_any_number(flow: Flow, start: int) -> None:
    assert list(grown(flow).all_deltas(start)) == list(grown(flow).all_deltas())[start:]


@given(FLOW, FLOW)
def test_an_old_view_keeps_its_moment_when_more_is_appended(flow: Flow, more: Flow) -> None:
    views = [StreamText()]
    for each in [*flow, *more]:
        views.append(grown([each], views[-1]))
    for length, view in enumerate(views):
        assert view == grown([*flow, *more][:length])


@given(FLOW, FLOW, FLOW)
def test_two_futures_of_one_view_do_not_touch_each_other(flow: Flow, one: Flow, other: Flow) -> None:
    past = grown(flow)
    first, second = grown(one, past), grown(other, past)
    assert first == grown([*flow, *one])
    assert second == grown([*flow, *other])
    assert past == grown(flow)


@given(FLOW)
def test_chunks_are_counted_where_they_begin(flow: Flow) -> None:
    assert grown(flow).chunks == sum(not goes_on for _, _, pieces in flow for _, _, goes_on in pieces)


@given(FLOW)
def test_arrivals_hold_every_byte_once_and_pieces_with_their_chunk(flow: Flow) -> None:
    arrivals = list(grown(flow).arrivals())
    flags = [goes_on for _, _, pieces in flow for _, _, goes_on in pieces]
    # A first piece that says it goes on with nothing is a chunk all the same: its bytes came.
    assert len(arrivals) == sum(not goes_on for goes_on in flags) + bool(flags and flags[0])
    assert sum(length for _, length, _ in arrivals) == len(text(flow).encode())


def test_a_chunk_came_before_its_record_by_its_age() -> None:
    view = StreamText().append(9_000_000, delta(Channel.ANSWER, [(4_000_000, "ab", False), (1_000_000, "c", False)]))
    assert list(view.arrivals()) == [(5_000_000, 2, Channel.ANSWER), (8_000_000, 1, Channel.ANSWER)]
    assert (view.first_ns, view.last_ns) == (5_000_000, 8_000_000)


def test_an_empty_stream_says_nothing() -> None:
    view = StreamText()
    assert (view.size, view.chunks, view.first_ns, view.last_ns, view.last_channel) == (0, 0, None, None, None)
    assert list(view.segments()) == list(view.arrivals()) == []
