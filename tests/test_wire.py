"""Events <-> bytes: what goes in comes out, whatever it is; what is no record is refused in one way."""

from __future__ import annotations

import types
import typing
from enum import Enum

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hive_tui import wire
from hive_tui.events import Channel, Delta, Event, Record, RunEnded, StageEnded, StageStarted, Unknown, Value, Warned
from hive_tui.wire import CHUNK, CONTINUES, HEADER_SIZE, KINDS, PLACED, WireError

U32 = st.integers(0, 2**32 - 1)
U64 = st.integers(0, 2**64 - 1)
PLAIN = {
    str: st.text(max_size=20),
    int: st.integers(-(2**63), 2**64 - 1),
    float: st.floats(allow_nan=False),
    bool: st.booleans(),
    bytes: st.binary(max_size=20),
    type(None): st.none(),
}


def of(annotation: object) -> st.SearchStrategy[object]:
    """Any value of a field's type."""
    if annotation in PLAIN:
        return PLAIN[annotation]
    if isinstance(annotation, type) and issubclass(annotation, Enum):
        return st.sampled_from(list(annotation))
    if isinstance(annotation, type) and issubclass(annotation, Value):
        return st.builds(annotation, **{field.name: of(field.type) for field in msgspec.structs.fields(annotation)})
    if typing.get_origin(annotation) is tuple:
        return st.lists(of(typing.get_args(annotation)[0]), max_size=3).map(tuple)
    assert isinstance(annotation, types.UnionType), annotation
    return st.one_of([of(each) for each in typing.get_args(annotation)])


CHUNKS = st.lists(st.tuples(U32, st.text(max_size=8), st.booleans()), max_size=8)


@st.composite
def deltas(draw: st.DrawFn) -> Delta:
    texts = [(age, text.encode(), continues) for age, text, continues in draw(CHUNKS)]
    table = b"".join(CHUNK.pack(age, len(text) | CONTINUES * continues) for age, text, continues in texts)
    return Delta(draw(st.sampled_from(Channel)), table, b"".join(text for _, text, _ in texts))


def records_of(events: st.SearchStrategy[Event]) -> st.SearchStrategy[Record]:
    return st.builds(Record, slot=U32, seq=U64, time_ns=U64, stream=U32, event=events)


KNOWN = {kind: deltas() if kind is Delta else of(kind) for kind in KINDS.values()}
UNKNOWN = st.one_of(
    st.builds(
        Unknown, kind=st.integers(max(KINDS) + 1, 2**16 - 1), payload=st.binary(), flags=st.integers(0, 2**16 - 1)
    ),
    st.builds(Unknown, kind=st.sampled_from(sorted(KINDS)), payload=st.binary(), flags=st.integers(1, 2**16 - 1)),
)
ANY = records_of(st.one_of(*KNOWN.values(), UNKNOWN))


@pytest.mark.parametrize("kind", KINDS.values(), ids=lambda kind: kind.__name__)
def test_every_kind_comes_back_as_it_was(kind: type[Event]) -> None:
    @given(records_of(KNOWN[kind]))
    def law(record: Record) -> None:
        encoded = wire.encode(record)
        assert wire.decode(encoded) == (record, len(encoded))

    law()


@given(records_of(UNKNOWN))
def test_an_unknown_kind_keeps_its_bytes(record: Record) -> None:
    encoded = wire.encode(record)
    decoded, _ = wire.decode(encoded)
    assert decoded == record
    assert wire.encode(decoded) == encoded


def test_a_delta_on_a_channel_that_is_not_known_keeps_its_bytes() -> None:
    payload = wire.DELTA_HEAD.pack(99, 1) + CHUNK.pack(5, 2) + b"hi"
    encoded = wire.HEADER.pack(len(payload), wire.DELTA_KIND, 0, 1, 2, 3, 4) + payload
    decoded, _ = wire.decode(encoded)
    assert decoded.event == Unknown(kind=wire.DELTA_KIND, payload=payload)
    assert wire.encode(decoded) == encoded


@given(st.lists(ANY, max_size=6))
def test_records_stand_end_to_end(batch: list[Record]) -> None:
    assert list(wire.records(b"".join(map(wire.encode, batch)))) == batch


@given(ANY, st.binary(max_size=40))
def test_a_record_is_found_at_any_offset(record: Record, before: bytes) -> None:
    encoded = before + wire.encode(record) + b"behind"
    assert wire.decode(encoded, len(before)) == (record, len(encoded) - len(b"behind"))


def test_the_bytes_of_a_record_are_for_ever() -> None:
    delta = Delta(Channel.REASONING, CHUNK.pack(1500, 2) + CHUNK.pack(0, 1 | CONTINUES), b"abc")
    encoded = wire.encode(Record(slot=7, seq=2**40, time_ns=2**33, stream=3, event=delta))
    assert encoded.hex(" ", -4) == (
        "1b000000 06000000 07000000 03000000 00000000 00010000 00000000 02000000"  # header
        " 01000000 02000000 dc050000 02000000 00000000 01000080 616263"
    )


def test_numbers_of_kinds_are_for_ever() -> None:
    assert [KINDS[number].__name__ for number in range(1, 13)] == [
        "RunStarted",
        "StageStarted",
        "StageEnded",
        "AttemptStarted",
        "AttemptOpened",
        "Delta",
        "UsageReported",
        "RetryScheduled",
        "AttemptEnded",
        "Warned",
        "CancelRequested",
        "RunEnded",
    ]


def test_a_field_that_is_added_later_is_ignored_by_this_version() -> None:
    payload = msgspec.msgpack.encode({"stage": "refiner", "colour": {"deep": [1, 2]}})
    assert wire.decode_payload(2, 0, payload) == StageStarted("refiner")


def test_a_placed_record_is_not_taken_for_its_kind() -> None:
    assert wire.decode_payload(10, PLACED, b"") == Unknown(kind=10, payload=b"", flags=PLACED)


@given(ANY)
def test_a_record_that_is_cut_anywhere_is_refused(record: Record) -> None:
    encoded = wire.encode(record)
    for stop in {0, 1, HEADER_SIZE - 1, HEADER_SIZE, len(encoded) // 2, len(encoded) - 1}:
        if stop < len(encoded):
            with pytest.raises(WireError):
                wire.decode(encoded[:stop])


@given(st.sampled_from([*KINDS, 99]), st.binary(max_size=80))
def test_any_payload_gives_an_event_or_a_wire_error(kind: int, payload: bytes) -> None:
    try:
        wire.decode_payload(kind, 0, payload)
    except WireError:
        return


@given(ANY, st.data())
def test_any_damage_gives_an_event_or_a_wire_error(record: Record, data: st.DataObject) -> None:
    encoded = bytearray(wire.encode(record))
    for _ in range(data.draw(st.integers(1, 4))):
        encoded[data.draw(st.integers(0, len(encoded) - 1))] = data.draw(st.integers(0, 255))
    try:
        wire.decode(bytes(encoded))
    except WireError:
        return


@pytest.mark.parametrize(
    "payload",
    [
        pytest.param(b"\x82\xa4code\xa2\xff\xfe\xa7message\xa1x", id="a text that is no UTF-8"),
        pytest.param(b"\x81\xa1x" + b"\x91" * 100_000, id="lists in lists in lists"),
        pytest.param(b"\xdf\xff\xff\xff\xff", id="a map of four milliards of entries"),
        pytest.param(b"", id="nothing"),
    ],
)
def test_hostile_payloads_are_refused(payload: bytes) -> None:
    with pytest.raises(WireError):
        wire.decode_payload(10, 0, payload)


@given(deltas())
def test_a_chunk_table_counts_what_begins(delta: Delta) -> None:
    entries = list(wire.chunks(delta.table))
    assert sum(length for _, length, _ in entries) == len(delta.data)
    assert wire.chunk_count(delta.table) == sum(not continues for _, _, continues in entries)


@given(st.sampled_from([Warned("code", "message"), StageEnded("refiner"), RunEnded(outcome="finished")]))
def test_defaults_are_left_out_of_the_encoding(event: Event) -> None:
    _, _, payload = wire.encode_payload(event)
    assert set(msgspec.msgpack.decode(payload)) == {
        field.name for field in msgspec.structs.fields(type(event)) if field.required
    }


@pytest.mark.parametrize("text", [b"a\xff", b"\xed\xa0\x80", "ü".encode()[:1], "ü".encode()[1:]])
def test_a_delta_whose_text_is_no_utf8_is_refused(text: bytes) -> None:
    delta = Delta(Channel.ANSWER, CHUNK.pack(0, len(text)), text)
    with pytest.raises(WireError, match="UTF-8"):
        wire.decode(wire.encode(Record(slot=1, seq=1, time_ns=0, stream=1, event=delta)))
