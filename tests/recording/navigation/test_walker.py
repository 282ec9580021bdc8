"""Walking: wherever one went before, the state at a place is the fold up to it; steps take each chunk once."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

import hive_tui.recording.navigation.walker as walker_module
from hive_tui import wire
from hive_tui.events import AttemptStarted, Channel, Delta, Record
from hive_tui.recording.navigation.walker import Place, Walker, chunk_ends
from hive_tui.state import fold_all
from tests.recording.test_timeline import ENDS, recorded
from tests.test_state import START, runs

SIMPLE = [
    Record(1, 1, 1000, 0, START),
    Record(1, 2, 2000, 1, AttemptStarted("generator", "sim/one", "simulator")),
]
PIECES = st.lists(st.tuples(st.integers(0, 3), st.booleans()), min_size=1, max_size=5)


@pytest.fixture(autouse=True)
def near(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(walker_module, "STRIDE", 3)


def delta_of(pieces: list[tuple[int, bool]]) -> Delta:
    """A delta of pieces: bytes, and whether the piece goes on with the chunk before."""
    table = b"".join(wire.CHUNK.pack(1, size | (wire.CONTINUES if on else 0)) for size, on in pieces)
    return Delta(Channel.ANSWER, table, bytes(97 + at % 26 for at in range(sum(size for size, _ in pieces))))


@st.composite
def many_chunks(draw: st.DrawFn) -> list[Record]:
    """A run whose deltas hold several chunks each."""
    return [
        replace(record, event=delta_of(draw(PIECES))) if isinstance(record.event, Delta) else record
        for record in draw(runs())
    ]


@given(many_chunks(), st.sampled_from(ENDS), st.data())
def test_the_way_to_a_place_does_not_matter(records: list[Record], end: str, data: st.DataObject) -> None:
    with recorded(records, [2, 1], end) as timeline:
        walker = Walker(timeline)
        for seq in data.draw(st.lists(st.integers(0, len(records) + 2), max_size=8)):
            assert walker.go(Place(seq)) == fold_all(records[:seq])
            assert walker.place == Place(min(seq, len(records)))


@given(many_chunks())
def test_steps_forward_and_back_meet_the_same_states(records: list[Record]) -> None:
    with recorded(records, [3], "finished") as timeline:
        walker = Walker(timeline)
        states, places = [walker.state], [walker.place]
        while walker.place < Place(len(records)):
            states.append(walker.step(1))
            places.append(walker.place)
        assert len(states) == 1 + sum(len(chunk_ends(record)) for record in records)
        assert places == sorted(set(places))
        assert walker.step(1) == states[-1] == fold_all(records)
        for state, place in zip(reversed(states[:-1]), reversed(places[:-1]), strict=True):
            assert walker.step(-1) == state
            assert walker.place == place
        assert walker.step(-1) == states[0]


def test_a_step_shows_a_chunk_more() -> None:
    event = delta_of([(2, False), (1, True), (3, False)])
    records = [*SIMPLE, Record(1, 3, 3000, 1, event)]
    with recorded(records, [1], "abandoned") as timeline:
        walker = Walker(timeline)
        walker.go(Place(2))
        seen = []
        for _ in range(2):
            attempt = walker.step(1).attempt(1)
            assert attempt is not None
            seen.append((attempt.text.channel_text(Channel.ANSWER), attempt.text.chunks))
        assert seen == [("abc", 1), ("abcdef", 2)]


def test_who_walks_for_long_holds_little_text(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(walker_module, "HELD", 5)
    records = [*SIMPLE, *(Record(1, seq, seq * 1000, 1, delta_of([(3, False)])) for seq in range(3, 40))]
    with recorded(records, [2], "finished") as timeline:
        walker = Walker(timeline)
        for seq in range(1, len(records) + 1):
            state = walker.go(Place(seq))
            assert state == fold_all(records[:seq])
            held = [attempt.text.deltas - attempt.text.before.deltas for attempt in state.attempts]
            assert sum(held) <= 5
