"""All back ends give equal columns and equal refusals, for sound records and for any bytes."""

from __future__ import annotations

from array import array

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hive_tui import wire
from hive_tui.events import Channel, Delta, Event, Record, Unknown, Warned
from hive_tui.kernels.compiled import CompiledBackend
from hive_tui.kernels.device import ArrayBackend
from hive_tui.kernels.interface import Backend, Fault, Scans
from hive_tui.kernels.plain import PlainBackend
from hive_tui.kernels.vectors import VectorBackend
from hive_tui.recording.counts import FOREVER_NS, Counts, Taken
from hive_tui.streamtext import Lengths
from hive_tui.wire import CHUNK, CONTINUES, WireError

PIECES = st.lists(st.tuples(st.integers(0, 10**7), st.text(max_size=5), st.booleans()), max_size=6)


def delta(channel: Channel, pieces: list[tuple[int, str, bool]]) -> Delta:
    table = b"".join(CHUNK.pack(age, len(text.encode()) | CONTINUES * more) for age, text, more in pieces)
    return Delta(channel, table, "".join(text for _, text, _ in pieces).encode())


PIECE = st.tuples(st.integers(0, 10**7), st.text(max_size=20), st.booleans())
DELTAS = st.builds(delta, st.sampled_from(Channel), PIECES)
EVENTS = st.one_of(
    DELTAS,
    st.builds(Warned, st.text(max_size=4), st.text(max_size=4)),
    st.builds(
        Unknown, kind=st.sampled_from([6, 13, 6 + 256, 2**16 - 1]), payload=st.binary(max_size=9), flags=st.just(1)
    ),
    st.just(Unknown(kind=6, payload=wire.DELTA_HEAD.pack(9, 1) + CHUNK.pack(1, 2) + b"hi")),
)
STREAMS = st.one_of(st.integers(0, 4), st.integers(0, 2**32 - 1))


@st.composite
def logs(draw: st.DrawFn) -> list[bytes]:
    """Encoded records that follow each other, as in a log; sometimes deltas of one chunk alone, which most are."""
    ones = st.builds(lambda channel, piece: delta(channel, [piece]), st.sampled_from(Channel), PIECE)
    events = draw(st.sampled_from([EVENTS, DELTAS, ones]))
    facts = draw(st.lists(st.tuples(events, STREAMS, st.integers(0, 10**9)), max_size=20))
    time_ns, made = draw(st.sampled_from([0, 10**9, 2**62])), []
    for seq, (event, stream, wait) in enumerate(facts, 1):
        time_ns += wait
        made.append(wire.encode(Record(1, seq, time_ns, stream, event)))
    return made


@st.composite
def damaged(draw: st.DrawFn) -> bytes:
    data = bytearray(b"".join(draw(logs())))
    for _ in range(draw(st.integers(0, 3)) if data else 0):
        # Few values, so that damage also gives lengths and counts that look possible.
        data[draw(st.integers(0, len(data) - 1))] = draw(
            st.sampled_from([0, 1, 2, 6, 8, 40, 127, 128, 0xC3, 0xED, 255])
        )
    return bytes(data[: draw(st.integers(0, len(data)))]) if draw(st.booleans()) else bytes(data)


def said(job: object, *arguments: object) -> object:
    """What a kernel gives, or the words in which it refuses."""
    try:
        return job(*arguments)  # type: ignore[operator]
    except WireError as error:
        return str(error)


def ends_of(records: list[bytes], blocks: list[int]) -> array[int]:
    """Ends of blocks that begin at these records, and of the last one."""
    return array("Q", [*(sum(map(len, records[:count])) for count in sorted(blocks)), sum(map(len, records))])


def test_columns_of_a_log_are_equal(
    plain: PlainBackend, compiled: CompiledBackend, vectors: VectorBackend, arrays: ArrayBackend
) -> None:
    @given(logs(), st.lists(st.integers(0, 20), max_size=4))
    def law(records: list[bytes], blocks: list[int]) -> None:
        data, ends = b"".join(records), ends_of(records, blocks)
        assert compiled.scan_records(data) == plain.scan_records(data)
        assert compiled.index(data, ends) == plain.index(data, ends)
        for each in (compiled, vectors):
            assert each.verify(data, 0, 0) == plain.verify(data, 0, 0)
        for other in (compiled, arrays):
            assert other.scan_chunks(data) == plain.scan_chunks(data)

    law()


def test_any_damage_is_found_alike(
    plain: PlainBackend, compiled: CompiledBackend, vectors: VectorBackend, arrays: ArrayBackend
) -> None:
    @given(damaged(), st.integers(0, 3), st.sampled_from([(0, 0), (1, 0), (0, 1), (0, 10**9), (2**64 - 1, 2**64 - 1)]))
    def law(data: bytes, cut: int, before: tuple[int, int]) -> None:
        ends = array("Q", [max(len(data) - cut, 0)])
        assert compiled.scan_records(data) == plain.scan_records(data)
        for each in (compiled, vectors):
            assert each.verify(data, *before) == plain.verify(data, *before)
        assert said(compiled.index, data, ends) == said(plain.index, data, ends)
        for other in (compiled, arrays):
            assert said(other.scan_chunks, data) == said(plain.scan_chunks, data)

    law()


Told = tuple[Taken, list[tuple[object, bytes]]]


def told(backend: Backend, data: bytes, *moment: int, closed: int = -1) -> Told:
    """What a back end counts of a buffer's deltas, from wherever it stops on behind the record there."""
    counts = [Counts() for _ in range(4)]
    for number, each in enumerate(counts):
        each.open = number != closed
    most, due_ns, seq, time_ns, missing = moment
    taken = backend.tally(data, 0, most, due_ns, seq, time_ns, missing, counts)
    while taken.offset + 4 <= len(data):
        # Another record stands there: as a tracker does, it is passed over.
        behind = taken.offset + wire.HEADER_SIZE + int.from_bytes(data[taken.offset : taken.offset + 4], "little")
        taken = backend.tally(data, behind, most, FOREVER_NS, taken.seq, taken.time_ns, taken.missing, counts)
    return taken, [(each.text().lengths, b"".join(each.parts)) for each in counts]


@pytest.mark.parametrize("source", [logs().map(b"".join), damaged()], ids=["sound", "damaged"])
def test_the_tally_is_equal(
    source: st.SearchStrategy[bytes], plain: PlainBackend, compiled: CompiledBackend, vectors: VectorBackend
) -> None:
    @given(
        source,
        st.one_of(st.integers(1, 5), st.just(1000)),
        st.sampled_from([0, 10**9, 2**61, 2**63, FOREVER_NS]),
        st.sampled_from([0, 1, 5, 2**61 - 1, 2**62, 2**64 - 1]),
        st.sampled_from([0, 10**9, 2**63]),
        st.integers(-1, 3),
    )
    def law(data: bytes, most: int, due_ns: int, seq: int, time_ns: int, closed: int) -> None:
        moment = (most, due_ns, seq, time_ns, 0)
        expected = told(plain, data, *moment, closed=closed)
        assert told(compiled, data, *moment, closed=closed) == told(vectors, data, *moment, closed=closed) == expected

    law()


def test_the_tally_of_a_log(backend: Backend) -> None:
    data = b"".join(LOG)
    counts = [Counts() for _ in range(7)]
    assert backend.tally(data, 0, 9, FOREVER_NS, 0, 0, 0, counts) == Taken(0, 0, 0, 0, 0)
    taken = backend.tally(data, len(LOG[0]), 2, FOREVER_NS, 0, 0, 0, counts)
    assert taken == Taken(len(b"".join(LOG[:3])), 2, 3, 6_000_000, 1)
    taken = backend.tally(data, taken.offset, 9, FOREVER_NS, *taken[2:], counts)
    assert taken == Taken(len(data), 1, 4, 6_000_000, 1)
    assert counts[6].text().lengths == Lengths(2, 2, 8, 2_000_000, 6_000_000 - 7_000_000, Channel.ANSWER)
    assert b"".join(counts[6].parts) == LOG[1][wire.HEADER_SIZE :] + LOG[2][wire.HEADER_SIZE :]
    assert counts[2].text().lengths == Lengths(1, 1, 1, 6_000_000, 6_000_000, Channel.REASONING)
    assert backend.tally(data, len(LOG[0]), 9, 5_000_000, 0, 0, 0, []).records == 1


def test_density_is_equal(plain: PlainBackend, compiled: CompiledBackend, arrays: ArrayBackend) -> None:
    @given(
        logs(),
        st.lists(STREAMS, unique=True, max_size=6),
        st.integers(0, 2 * 10**9),
        st.integers(1, 10**9),
        st.integers(1, 50),
        st.sampled_from(["bytes", "chunks"]),
    )
    def law(records: list[bytes], streams: list[int], start: int, width: int, bins: int, weight: str) -> None:
        chunks = plain.scan_chunks(b"".join(records))
        window = (array("I", streams), start, width, bins, weight)
        expected = plain.density(chunks, *window)
        assert len(expected) == len(streams) * bins
        for other in (compiled, arrays):
            assert other.density(chunks, *window) == expected

    law()


def test_utf8_is_judged_as_python_judges_it(
    plain: PlainBackend, compiled: CompiledBackend, vectors: VectorBackend
) -> None:
    leads = [0x7F, 0x80, 0xC1, 0xC2, 0xDF, 0xE0, 0xE1, 0xEC, 0xED, 0xEF, 0xF0, 0xF3, 0xF4, 0xF5, 0xFF]
    edges = [0x00, 0x7F, 0x80, 0x8F, 0x90, 0x9F, 0xA0, 0xBF, 0xC0, 0xFF]
    texts = [bytes([lead, *rest][:size]) for lead in leads for rest in _rests(edges) for size in (1, 2, 3, 4, 5)]
    for text in {*texts, "€😀é".encode(), b""}:
        event: Event = Delta(Channel.ANSWER, CHUNK.pack(0, len(text)), text)
        data = wire.encode(Record(1, 1, 1, 1, event))
        assert compiled.verify(data, 0, 0) == vectors.verify(data, 0, 0) == plain.verify(data, 0, 0)


def _rests(edges: list[int]) -> list[tuple[int, ...]]:
    firsts = [(edge, 0x80, 0x80, 0x41) for edge in edges]
    return [*firsts, *((0x80, edge, 0x80, 0x41) for edge in edges), *((0xA0, 0x80, edge, 0x41) for edge in edges)]


def test_more_streams_than_rows_were_made_for(plain: PlainBackend, compiled: CompiledBackend) -> None:
    records = [
        wire.encode(Record(1, seq, seq, seq * 2_654_435_761 % 2**32, Warned("a", "b"))) for seq in range(1, 1500)
    ]
    data, ends = b"".join(records), ends_of(records, [])
    found = compiled.index(data, ends)
    assert len(found.streams) == 1499
    assert found == plain.index(data, ends)


@pytest.fixture(params=["plain", "compiled", "arrays"])
def scans(request: pytest.FixtureRequest) -> Scans:
    found: Scans = request.getfixturevalue(request.param)
    return found


@pytest.fixture(params=["plain", "compiled", "vectors"])
def backend(request: pytest.FixtureRequest) -> Backend:
    found: Backend = request.getfixturevalue(request.param)
    return found


LOG = [
    wire.encode(Record(1, 1, 1_000_000, 0, Warned("a", "b"))),
    wire.encode(Record(1, 2, 5_000_000, 7, delta(Channel.ANSWER, [(3000, "héé", False), (1000, "c", False)]))),
    wire.encode(Record(1, 3, 6_000_000, 7, delta(Channel.ANSWER, [(7000, "dd", True)]))),
    wire.encode(Record(1, 4, 6_000_000, 3, delta(Channel.REASONING, [(0, "e", False)]))),
]


def test_the_chunks_of_a_log(scans: Scans) -> None:
    chunks = scans.scan_chunks(b"".join(LOG))
    rows = zip(chunks.streams, chunks.times, chunks.lengths, chunks.channels, chunks.begins, strict=True)
    assert list(rows) == [(7, 2_000_000, 5, 0, 1), (7, 4_000_000, 1, 0, 1), (7, 0, 2, 0, 0), (3, 6_000_000, 1, 1, 1)]


def test_the_density_of_a_log(scans: Scans) -> None:
    chunks = scans.scan_chunks(b"".join(LOG))
    window = (array("I", [3, 7]), 1_000_000, 2_000_000, 3)
    assert list(scans.density(chunks, *window, "bytes")) == [0, 0, 1, 5, 1, 0]
    assert list(scans.density(chunks, *window, "chunks")) == [0, 0, 1, 1, 1, 0]


def test_the_headers_of_a_log_that_is_cut(backend: Backend) -> None:
    records = backend.scan_records(b"".join(LOG)[:-1])
    assert list(records.seqs) == [1, 2, 3]
    assert (list(records.kinds), list(records.streams)) == ([10, 6, 6], [0, 7, 7])
    assert list(records.offsets) == [0, len(LOG[0]), len(LOG[0] + LOG[1])]
    assert records.used == len(b"".join(LOG[:3]))


def test_the_index_of_a_log(backend: Backend) -> None:
    facts = backend.index(b"".join(LOG), ends_of(LOG, [2, 2]))
    assert (list(facts.records), list(facts.first_seqs), list(facts.last_seqs)) == ([2, 0, 2], [1, 0, 3], [2, 0, 4])
    assert (list(facts.first_ns), list(facts.last_ns)) == ([1_000_000, 0, 6_000_000], [5_000_000, 0, 6_000_000])
    assert (list(facts.streams), list(facts.stream_bytes)) == ([0, 7, 3], [0, 8, 1])
    assert list(facts.stream_chunks) == [0, 2, 1]
    assert (list(facts.stream_first_seqs), list(facts.stream_last_seqs)) == ([1, 2, 4], [1, 3, 4])


def changed(record: bytes, at: int, value: bytes) -> bytes:
    return record[:at] + value + record[at + len(value) :]


FAULTS = {
    Fault.CUT: LOG[1][:-1],
    Fault.SEQUENCE: changed(LOG[1], 16, b"\3"),
    Fault.TIME: changed(LOG[1], 24, bytes(8)),
    Fault.TABLE: changed(LOG[1], 36, b"\7"),
    Fault.SUM: changed(LOG[1], 44, b"\6"),
    Fault.TEXT: changed(LOG[1], 57, b"\xff"),
}


@pytest.mark.parametrize("fault", Fault)
def test_each_fault_is_named_and_the_prefix_kept(backend: Backend, fault: Fault) -> None:
    found = backend.verify(LOG[0] + FAULTS[fault] + LOG[2], 0, 0)
    if fault is Fault.CUT:
        # What follows fills the gap, so it is the next record that is seen to be wrong.
        found = backend.verify(LOG[0] + FAULTS[fault], 0, 0)
    assert (found.fault, found.records, found.used, found.seq, found.time_ns) == (fault, 1, len(LOG[0]), 1, 1_000_000)


def test_a_sound_log_is_verified_in_any_pieces(backend: Backend) -> None:
    seq = time_ns = 0
    for record in LOG:
        found = backend.verify(record, seq, time_ns)
        assert (found.fault, found.used) == (None, len(record))
        seq, time_ns = found.seq, found.time_ns
    assert (seq, time_ns) == (4, 6_000_000)


def test_text_without_chunks_is_sound_and_has_to_be_text(backend: Backend) -> None:
    """The beginning of an answer that a call was given."""
    given = wire.encode(Record(1, 2, 2_000_000, 7, Delta(Channel.ANSWER, b"", "schön".encode())))
    assert (backend.verify(LOG[0] + given, 0, 0).fault, backend.verify(LOG[0] + given, 0, 0).records) == (None, 2)
    assert backend.verify(LOG[0] + changed(given, len(given) - 2, b"\xff"), 0, 0).fault is Fault.TEXT


def test_what_looks_like_a_record_inside_a_text_is_none(backend: Backend) -> None:
    """One back end looks for records by their kind and number before it follows their chain."""
    said = "....\6\0\0\0........\3\0\0\0\0\0\0\0" + "." * 32
    records = [*LOG, wire.encode(Record(1, 5, 6_000_000, 7, delta(Channel.ANSWER, [(0, said, False)])))]
    data, counts = b"".join(records), [Counts() for _ in range(7)]
    assert backend.verify(data, 0, 0).records == 5
    assert backend.tally(data, len(LOG[0]), 9, FOREVER_NS, 1, 0, 0, counts).records == 4
    assert counts[6].text().lengths.size == 8 + len(said)


def test_nothing_gives_nothing(backend: Backend) -> None:
    assert backend.verify(b"", 5, 6).seq == 5
    assert len(backend.scan_records(b"").offsets) == len(backend.scan_chunks(b"").times) == 0
    assert len(backend.index(b"", array("Q")).streams) == 0
