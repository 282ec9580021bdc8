"""Chunks become delta payloads: nothing is lost, nothing is cut inside a character, no record is too large."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from hive_tui import wire
from hive_tui.core.coalesce import Pending, split_by_channel
from hive_tui.events import Channel, Delta
from hive_tui.models.call import Text

READS = st.lists(st.tuples(st.integers(0, 10**9), st.lists(st.text(max_size=40), min_size=1, max_size=8)), max_size=12)


def _deltas(reads: list[tuple[int, list[str]]], now_ns: int, limit: int) -> list[Delta]:
    pending = Pending(Channel.ANSWER)
    for at_ns, texts in reads:
        pending.add(at_ns, texts)
    payloads = list(pending.payloads(now_ns, limit))
    assert all(wire.HEADER_SIZE + len(payload) <= limit for payload in payloads)
    deltas = [wire.decode_payload(wire.DELTA_KIND, 0, payload) for payload in payloads]
    return [delta for delta in deltas if isinstance(delta, Delta)]


@given(READS, st.integers(80, 400))
def test_every_chunk_comes_back_with_its_length_and_age(reads: list[tuple[int, list[str]]], limit: int) -> None:
    now_ns = 2 * 10**9
    deltas = _deltas(reads, now_ns, limit)
    assert b"".join(delta.data for delta in deltas).decode() == "".join(text for _, texts in reads for text in texts)
    whole: list[tuple[int, int]] = []
    for delta in deltas:
        delta.data.decode()
        for age_us, length, continues in wire.chunks(delta.table):
            if continues:
                whole[-1] = (whole[-1][0], whole[-1][1] + length)
            else:
                whole.append((age_us, length))
    expected = [((now_ns - at_ns) // 1000, len(text.encode())) for at_ns, texts in reads for text in texts]
    assert whole == expected
    assert sum(wire.chunk_count(delta.table) for delta in deltas) == len(expected)


def test_a_chunk_of_many_records_is_one_chunk() -> None:
    deltas = _deltas([(0, ["\N{GRINNING FACE}" * 5000])], 0, 1024)
    assert len(deltas) > 15
    assert [wire.chunk_count(delta.table) for delta in deltas] == [1] + [0] * (len(deltas) - 1)


def test_channels_keep_their_order() -> None:
    a, r = Channel.ANSWER, Channel.REASONING
    texts = [Text(r, "1"), Text(r, "2"), Text(a, "3"), Text(r, "4")]
    assert list(split_by_channel(texts)) == [(r, ["1", "2"]), (a, ["3"]), (r, ["4"])]
